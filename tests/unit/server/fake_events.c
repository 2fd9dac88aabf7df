// SPDX-License-Identifier: Apache-2.0
// The double's events and rebalances: what the tests emit, what the server acknowledges.
#include "server/base/must.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/server/fake_state.h"

#include <stdio.h>

bool fake_emit(const struct kc_event *event) {
    fake_lock();
    struct fake_consumer *consumer = fake_chosen();
    must(consumer->event == NULL);
    consumer->event = event;
    fake_changed();
    while (consumer->event)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    bool held = consumer->event_held;
    fake_unlock();
    return held;
}

int64_t fake_held_rebalance(void) {
    fake_lock();
    int64_t held = fake_chosen()->held_rebalance;
    fake_unlock();
    return held;
}

void fake_expire_rebalance(void) {
    fake_lock();
    fake_chosen()->held_rebalance = 0;
    fake_unlock();
}

void fake_wait_for_acknowledged(int count) {
    fake_lock();
    while (fake_chosen()->counts.acknowledged < count)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

void fake_tell_event(struct fake_consumer *consumer) {
    const struct kc_event *event = consumer->event;
    bool can_be_held =
        event->kind == KC_PARTITIONS_REVOKED || event->kind == KC_PARTITIONS_ASSIGNED;
    // It counts as held before the listener can acknowledge it.
    if (can_be_held) consumer->held_rebalance = event->rebalance_id;
    struct kc_listener listener = consumer->listener;
    fake_unlock();
    bool held = listener.on_event && listener.on_event(listener.arg, event);
    fake_lock();
    bool over = event->kind == KC_PARTITIONS_LOST || (can_be_held && !held);
    if (over) consumer->held_rebalance = 0;
    consumer->event_held = held;
    consumer->event = NULL;
    fake_changed();
}

void fake_acknowledge(const struct fake_call *call, struct kc_result *result) {
    struct fake_consumer *consumer = call->consumer;
    consumer->counts.acknowledged_id = call->rebalance_id;
    if (consumer->held_rebalance == 0 || consumer->held_rebalance != call->rebalance_id) {
        result->status = KC_NO_SUCH_REBALANCE;
        return;
    }
    consumer->held_rebalance = 0;
    consumer->counts.acknowledged++;
}

void fake_rebalance(const struct fake_call *call) {
    struct fake_counts *counts = &call->consumer->counts;
    counts->rebalances++;
    (void)snprintf(counts->reason, sizeof counts->reason, "%s", call->reason ? call->reason : "");
}

void kc_acknowledge(struct kc_consumer *consumer, int64_t rebalance_id, struct kc_call call) {
    struct fake_call *made = fake_new_call(consumer, FAKE_ACKNOWLEDGE, call);
    made->rebalance_id = rebalance_id;
    fake_enqueue(made);
}

void kc_rebalance(struct kc_consumer *consumer, const char *reason, struct kc_call call) {
    struct fake_call *made = fake_new_call(consumer, FAKE_REBALANCE, call);
    made->reason = must_copy(reason);
    fake_enqueue(made);
}
