// SPDX-License-Identifier: Apache-2.0
// The delivery knows of which rebalance the poller has really been told: an answer that it did not
// take told it nothing.
#include "server/http/poller.h"

#include "server/base/must.h"
#include "server/http/delivery.h"
#include "server/http/events.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct poller {
    struct events *events;
    struct delivery *delivery;
    int64_t linger_ms;
    struct waiter waiter; ///< guarded by the events
    bool has_joined;
};

/// A rebalance waits for the poller: a poll that is waiting is to answer now. On the engine's
/// thread, with the mutex of the events held.
static void on_asked(void *arg) {
    const struct poller *poller = arg;
    delivery_interrupt(poller->delivery);
}

struct poller *poller_new(struct events *events, struct delivery *delivery, int64_t linger_ms) {
    must(linger_ms >= 0);
    struct poller *poller = must_have(sizeof *poller);
    poller->events = events;
    poller->delivery = delivery;
    poller->linger_ms = linger_ms;
    poller->waiter.on_asked = on_asked;
    poller->waiter.arg = poller;
    poller->has_joined = events_join(events, &poller->waiter);
    if (poller->has_joined) events_await(events, &poller->waiter, 0);
    return poller;
}

void poller_free(struct poller *poller) {
    if (!poller) return;
    if (poller->has_joined) events_leave(poller->events, &poller->waiter);
    free(poller);
}

void poller_on_poll(struct poller *poller) {
    events_await(poller->events, &poller->waiter, INT64_MAX);
}

void poller_on_answer(struct poller *poller) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    events_await(poller->events, &poller->waiter, now_ms + poller->linger_ms);
}

void poller_excuse(struct poller *poller) {
    if (poller->has_joined) events_excuse(poller->events, &poller->waiter);
}

int64_t poller_notice(struct poller *poller) {
    int64_t held = events_held(poller->events);
    return held == delivery_told_notice(poller->delivery) ? 0 : held;
}

int64_t poller_owed(struct poller *poller) {
    int64_t held = events_held(poller->events);
    return held == delivery_told_notice(poller->delivery) ? held : 0;
}
