// SPDX-License-Identifier: Apache-2.0
// What the listeners of the world's consumers are told.
#include "consumer/base/must.h"
#include "tests/unit/engine/world.h"

#include <check.h>

#include <inttypes.h>
#include <stdio.h>

static void copy_text(char to[WORLD_TEXT_BYTES], const char *from) {
    (void)snprintf(to, WORLD_TEXT_BYTES, "%s", from ? from : "");
}

static void copy_rows(struct world_event *to, const struct event *from) {
    to->row_count = from->row_count;
    to->rows = must_alloc((from->row_count + 1) * sizeof *to->rows);
    for (size_t i = 0; i < from->row_count; i++) {
        const struct row *row = &from->rows[i];
        to->rows[i] = (struct world_row){
            .partition = row->partition,
            .offset = row->offset,
            .leader_epoch = row->leader_epoch,
        };
        (void)snprintf(to->rows[i].topic, sizeof to->rows[i].topic, "%s", row->topic);
    }
}

bool world_on_event(void *arg, const struct event *event) {
    struct world_consumer *consumer = arg;
    struct world *world = consumer->world;
    size_t size = (consumer->event_count + 1) * sizeof *consumer->events;
    consumer->events = must_realloc(consumer->events, size);
    struct world_event *told = &consumer->events[consumer->event_count++];
    *told = (struct world_event){
        .kind = event->kind,
        .at_ms = world->now_ms,
        .rebalance_id = event->rebalance_id,
        .ack_within_ms = event->ack_within_ms,
        .status = event->status,
        .kafka_error = event->kafka_error,
        .fatal = event->fatal,
    };
    copy_rows(told, event);
    copy_text(told->texts[0], event->kind == EVENT_ERROR ? event->text : event->old_state);
    copy_text(told->texts[1], event->new_state);
    copy_text(told->texts[2], event->reason);
    if (world->on_event) world->on_event(world->arg, consumer, told);
    return consumer->holds[event->kind];
}

const struct world_event *world_event(const struct world_consumer *consumer, enum event_kind kind) {
    for (size_t i = consumer->event_count; i > 0; i--) {
        if (consumer->events[i - 1].kind == kind) return &consumer->events[i - 1];
    }
    return NULL;
}

int world_event_count(const struct world_consumer *consumer, enum event_kind kind) {
    int count = 0;
    for (size_t i = 0; i < consumer->event_count; i++)
        count += consumer->events[i].kind == kind;
    return count;
}

struct wanted {
    const struct world_consumer *consumer;
    enum event_kind kind;
    int count;
};

static bool are_there(void *arg) {
    const struct wanted *wanted = arg;
    return world_event_count(wanted->consumer, wanted->kind) >= wanted->count;
}

const struct world_event *world_await_event(
    struct world_consumer *consumer, enum event_kind kind, int count, int64_t limit_ms
) {
    struct wanted wanted = { consumer, kind, count };
    bool in_time = world_run_until(consumer->world, are_there, &wanted, limit_ms);
    int there = world_event_count(consumer, kind);
    ck_assert_msg(
        in_time,
        "%d of %d events of kind %d after %" PRId64 " ms",
        there,
        count,
        (int)kind,
        limit_ms
    );
    return world_event(consumer, kind);
}
