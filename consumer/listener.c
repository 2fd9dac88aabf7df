// SPDX-License-Identifier: Apache-2.0
// Tells a consumer's listener, in the words of the public API, what its engine says. Engine thread.
#include "consumer/base/must.h"
#include "consumer/consumer_state.h"
#include "consumer/engine/event.h"

bool public_on_event(void *arg, const struct event *event) {
    _Static_assert((int)KC_ERROR == (int)EVENT_ERROR, "kinds of events have one order");
    const struct kc_consumer *consumer = arg;
    must(consumer->listener.on_event != NULL);
    struct arena arena = { 0 };
    struct kc_event told = {
        .kind = (enum kc_event_kind)event->kind,
        .rebalance_id = event->rebalance_id,
        .ack_within_ms = event->ack_within_ms,
        .partitions = public_partitions(&arena, event->rows, event->row_count),
        .partition_count = event->row_count,
        .old_state = event->old_state,
        .new_state = event->new_state,
        .reason = event->reason,
        .status = public_status(event->status),
        .kafka_error = event->kafka_error,
        .text = event->text,
        .fatal = event->fatal,
    };
    bool hold = consumer->listener.on_event(consumer->listener.arg, &told);
    arena_dispose(&arena);
    return hold;
}
