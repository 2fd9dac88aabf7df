// SPDX-License-Identifier: Apache-2.0
// Where fetching stands in one assigned partition: a machine from "not known" to "fetching". It
// asks for look-ups by its state; the engine makes them and tells the results. Engine thread.
#pragma once

#include "consumer/base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct log;
struct queue;
struct queue_partition;

/// Each value names the states that may follow; a seek leads from any to the first four.
enum position_state {
    POSITION_AWAIT_COMMITTED,  ///< needs the committed offset → AWAIT_RESET, AWAIT_VALIDATION,
                               ///< FETCHING, FAILED
    POSITION_AWAIT_RESET,      ///< needs an offset by timestamp → FETCHING, FAILED
    POSITION_AWAIT_VALIDATION, ///< needs the end offset of its leader epoch (KIP-320) → FETCHING,
                               ///< AWAIT_RESET, FAILED
    POSITION_FETCHING,         ///< offset known → AWAIT_VALIDATION, AWAIT_RESET, FAILED
    POSITION_FAILED,           ///< the application must decide where to go on → (seek)
};

/// Timestamps with a meaning in ListOffsets.
enum { POSITION_LATEST = -1, POSITION_EARLIEST = -2 };

/// What to do where there is no offset, or one outside the log.
enum position_policy { POSITION_POLICY_EARLIEST, POSITION_POLICY_LATEST, POSITION_POLICY_NONE };

/// Whether a rebalance has its hand on a partition.
enum position_hold {
    POSITION_FREE,      ///< it does not → REVOKING
    POSITION_ASSIGNING, ///< the application has yet to acknowledge it: looked up, neither fetched
                        ///< nor delivered → FREE, REVOKING
    POSITION_REVOKING,  ///< being given up: neither looked up, fetched nor delivered
};

/// One assigned partition, as the engine sees it.
struct position {
    struct position *prev; ///< utlist, owner's
    struct position *next;
    const struct log *log;
    char *topic;
    int32_t partition;
    struct queue_partition *queue; ///< the delivering side
    enum position_policy policy;
    enum position_state state;
    uint32_t version; ///< grows whenever the position is set anew: answers asked before are stale
    uint32_t start_version;  ///< `version` since it was last decided where to read; commits that
                             ///< were asked for before say nothing of what came after
    int64_t offset;          ///< next to fetch; -1: not known
    int32_t offset_epoch;    ///< leader epoch of the record before `offset`; -1: not known
    int32_t leader_epoch;    ///< of the leader that the offset is valid on; -1: not known
    int64_t reset_timestamp; ///< of AWAIT_RESET
    bool is_paused;
    enum position_hold hold;
    bool is_looking_up;     ///< the look-up of its state is under way
    int64_t retry_at_ms;    ///< no look-up or fetch before
    int failures;           ///< in a row
    int64_t high_watermark; ///< -1: not known
    int64_t last_stable_offset;
    int64_t committed; ///< last known; -1: none
    int64_t start;     ///< where the position was set last by whoever decides; -1: not known
    int32_t start_epoch;
    int64_t settled; ///< a rewind undoes what was delivered from here on: the start, or what was
                     ///< committed since; -1: not known
    int32_t settled_epoch;
    bool is_rewound; ///< set anew since the last commit: what is acknowledged may lie before what
                     ///< is committed
    int32_t preferred_replica; ///< follower to fetch from (KIP-392); -1: the leader
    int64_t preferred_until_ms;
    int32_t incarnation; ///< of the topic's metadata
    enum status last_error;
    int16_t kafka_error;
    enum status untold_error; ///< reported, and the listener has not been told yet
    char *key;                ///< of the set it is in
    size_t key_size;
    UT_hash_handle hh;
};

/// A position that awaits its committed offset. The queue's partition is made here.
struct position *position_new(
    struct queue *queue,
    const struct log *log,
    const char *topic,
    int32_t partition,
    enum position_policy policy
);

/// Frees it and takes the partition off the queue.
void position_free(struct position *position);

/// Pauses or resumes for the application; a rebalance's hold stays.
void position_set_paused(struct position *position, bool paused);

/// Sets the hold of a rebalance; the application's pause stays.
void position_set_hold(struct position *position, enum position_hold hold);

/// True while records may be fetched and delivered: neither paused nor held.
bool position_may_flow(const struct position *position);

/// Moves to an offset; everything buffered is dropped. `offset_epoch` -1: not known, and then
/// nothing is validated.
void position_seek(struct position *position, int64_t offset, int32_t offset_epoch);

/// Undoes what was delivered since the position was set and is neither committed nor
/// `acknowledged` (-1: nothing is). False when there is nothing to undo.
bool position_rewind(struct position *position, int64_t acknowledged, int32_t acknowledged_epoch);

/// The application or a timer has committed an offset; `version` is the position's when that was
/// asked for.
void position_on_commit(
    struct position *position, int64_t offset, int32_t offset_epoch, uint32_t version
);

/// Moves to what a timestamp, POSITION_LATEST or POSITION_EARLIEST says.
void position_seek_timestamp(struct position *position, int64_t timestamp);

/// Moves to the committed offset.
void position_seek_committed(struct position *position);

/// The committed offset is known; -1: none.
void position_on_committed(struct position *position, int64_t offset, int32_t offset_epoch);

/// The offset of the reset is known.
void position_on_reset(struct position *position, int64_t offset, int32_t offset_epoch);

/// The end of the offset's epoch is known: where the log diverged the position goes back, or fails
/// by policy (KIP-320). `end_offset` -1: the broker knows no such epoch.
void position_on_epoch_end(struct position *position, int64_t end_offset, int32_t end_epoch);

/// Fetches again from an offset whose records the queue has dropped; the position to deliver stays.
void position_refetch(struct position *position, int64_t offset, int32_t offset_epoch);

/// No validation is possible or needed with this leader.
void position_on_validation_skipped(struct position *position);

/// The leader has another epoch than the position was valid on: validate first, if there is
/// something to compare.
void position_on_leader_epoch(struct position *position, int32_t leader_epoch);

/// The leader says that the offset is outside the log.
void position_on_out_of_range(struct position *position);

/// The topic was deleted and made anew.
void position_on_recreated(struct position *position);

/// A look-up or fetch failed for now: wait until `retry_at_ms`.
void position_on_failure(
    struct position *position, enum status status, int16_t kafka_error, int64_t retry_at_ms
);

/// Puts an error before the application: the next poll tells it (`once`: and later ones go on), and
/// the listener.
void position_report(
    struct position *position, enum status status, int16_t kafka_error, int64_t offset, bool once
);

/// A look-up or fetch succeeded: counts and errors of failures are cleared.
void position_on_success(struct position *position);

/// True when the state's look-up should be made now.
bool position_wants_lookup(
    const struct position *position, enum position_state state, int64_t now_ms
);

/// The state's name in lower case. Static.
const char *position_state_name(enum position_state state);
