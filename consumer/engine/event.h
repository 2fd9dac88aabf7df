// SPDX-License-Identifier: Apache-2.0
// What an engine tells the application of its own accord. Engine thread.
#pragma once

#include "consumer/engine/row.h"

#include <stddef.h>

/// What happened; the meanings are those of the public events.
enum event_kind {
    EVENT_PARTITIONS_REVOKED,
    EVENT_PARTITIONS_ASSIGNED,
    EVENT_PARTITIONS_LOST,
    EVENT_STATE_CHANGED,
    EVENT_ERROR,
};

/// One event. What it points to is borrowed until the listener returns.
struct event {
    enum event_kind kind;
    int64_t rebalance_id;  ///< of REVOKED and ASSIGNED: counts up from 1; else 0
    int32_t ack_within_ms; ///< of REVOKED and ASSIGNED: how long the engine would wait; 0: not
    const struct row *rows;
    size_t row_count;
    const char *old_state; ///< of STATE_CHANGED, as the two below
    const char *new_state;
    const char *reason;
    enum status status; ///< of ERROR, as the three below
    int16_t kafka_error;
    const char *text;
    bool fatal;
};

/// Who is told. `on_event` must not call into the engine; NULL: nobody. What it returns counts for
/// REVOKED and ASSIGNED: true asks the engine to wait for an acknowledgement.
struct listener {
    bool (*on_event)(void *arg, const struct event *event);
    void *arg;
};
