// SPDX-License-Identifier: Apache-2.0
// Events as clients see them: names, and one line of JSON each. Values without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The name of an event ("partitions_revoked"). Static.
const char *event_name(enum kc_event_kind kind);

/// Writes an event's data. `is_held` says of a rebalance that it waits for an acknowledgement, from
/// `now_ms` (wall clock) on.
void event_write(struct out *out, const struct kc_event *event, bool is_held, int64_t now_ms);

/// A rebalance that is held, as its event has told of it.
struct held_rebalance {
    const char *event; ///< the event's name; NULL: none is held
    const char *data;  ///< the event's data, an object
    size_t size;
};

/// Writes a held rebalance as one object that has its event's name, or null.
void event_write_held(struct out *out, const struct held_rebalance *held);

/// Writes a snapshot of the assignment.
void event_write_assignment(
    struct out *out, const struct kc_description *description, const struct held_rebalance *held
);

/// Writes that the outcome of a commit is not known yet.
void event_write_pending(struct out *out, const char *commit_id);

/// Writes what a commit came to: the offsets as the synchronous answer has them.
void event_write_commit(struct out *out, const char *commit_id, const struct kc_result *result);

/// Writes a time as RFC 3339 has it, in UTC with milliseconds, with its quotes.
void event_write_time(struct out *out, int64_t wall_ms);
