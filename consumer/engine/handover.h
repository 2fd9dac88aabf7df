// SPDX-License-Identifier: Apache-2.0
// How partitions come to the application and go from it: what is told, what waits for an
// acknowledgement and how long, what is committed before they are gone. Engine thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct member_assign;
struct member_revoke;

/// Each value names the states that may follow.
enum handover_state {
    HANDOVER_NONE,       ///< nothing waits → REVOKED, COMMITTING, ASSIGNED
    HANDOVER_REVOKED,    ///< what goes waits to be acknowledged → COMMITTING, NONE (lost)
    HANDOVER_COMMITTING, ///< what goes waits for its commits → NONE
    HANDOVER_ASSIGNED,   ///< what came waits to be acknowledged → NONE, REVOKED, COMMITTING
};

/// A consumer's hand-over.
struct handover {
    enum handover_state state;
    int64_t rebalance_id;   ///< the last that was given
    int64_t since_ms;       ///< of the state
    int64_t until_ms;       ///< of REVOKED and ASSIGNED: then it goes on by itself
    int64_t deadline_ms;    ///< of a revocation: then the partitions are lost
    uint64_t expired_count; ///< holds that nobody acknowledged in time
};

/// A hand-over in which nothing waits; the caller frees it by free().
struct handover *handover_new(void);

/// Gives up all partitions, for the member, who hears of it when it is done.
void handover_revoke(struct engine *engine, const struct member_revoke *want);

/// Takes partitions over, for the member.
void handover_assign(struct engine *engine, const struct member_assign *want);

/// The application acknowledges; false when no rebalance of this id is held (any more).
bool handover_acknowledge(struct engine *engine, int64_t rebalance_id);

/// True while the application may still commit what goes.
bool handover_holds_revocation(const struct engine *engine);

/// A close must be over by `deadline_ms`: what is held is held for less.
void handover_shorten(struct engine *engine, int64_t deadline_ms);

/// Goes on with what is acknowledged, late or committed.
void handover_step(struct engine *engine);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t handover_next_due_ms(const struct engine *engine);

/// A close that is late drops what is still there: those partitions are lost.
void handover_abandon(struct engine *engine);
