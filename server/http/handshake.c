// SPDX-License-Identifier: Apache-2.0
// One rebalance at most is held. An acknowledgement says nothing of who gives it, hence the first
// one counts for all.
#include "server/http/handshake.h"

#include "server/base/must.h"

#include <utlist.h>

static const unsigned may_follow[] = {
    [REBALANCE_UNKNOWN] = 1u << REBALANCE_HELD | 1u << REBALANCE_OVER,
    [REBALANCE_HELD] = 1u << REBALANCE_ACKNOWLEDGED | 1u << REBALANCE_OVER,
    [REBALANCE_ACKNOWLEDGED] = 1u << REBALANCE_OVER,
    [REBALANCE_OVER] = 0,
};

/// The place of a rebalance; -1: it is not remembered.
static int find(const struct handshake *handshake, int64_t id) {
    for (int i = 0; id > 0 && i < HANDSHAKE_REMEMBERED; i++) {
        if (handshake->remembered[i].id == id) return i;
    }
    return -1;
}

/// The one writer of a fate.
static void enter(struct handshake *handshake, int64_t id, enum rebalance_fate fate) {
    int place = find(handshake, id);
    must(place >= 0 && may_follow[handshake->remembered[place].fate] & 1u << fate);
    bool was_held = handshake->remembered[place].fate == REBALANCE_HELD;
    handshake->remembered[place].fate = fate;
    if (!was_held) return;
    struct waiter *waiter;
    DL_FOREACH(handshake->waiters, waiter) {
        waiter->is_asked = false;
    }
    handshake->asked_count = 0;
}

static enum rebalance_fate fate_of(const struct handshake *handshake, int64_t id) {
    int place = find(handshake, id);
    return place < 0 ? REBALANCE_UNKNOWN : handshake->remembered[place].fate;
}

void handshake_join(struct handshake *handshake, struct waiter *waiter) {
    must(!waiter->is_asked);
    waiter->until_ms = INT64_MAX;
    DL_APPEND(handshake->waiters, waiter);
}

int64_t handshake_leave(struct handshake *handshake, struct waiter *waiter) {
    must(handshake->waiters != NULL);
    int64_t id = handshake_held(handshake);
    DL_DELETE(handshake->waiters, waiter);
    if (!waiter->is_asked) return 0;
    waiter->is_asked = false;
    must(id > 0 && handshake->asked_count > 0);
    if (--handshake->asked_count > 0) return 0;
    enter(handshake, id, REBALANCE_OVER);
    return id;
}

static bool is_there(const struct waiter *waiter, int64_t now_ms) {
    return now_ms <= waiter->until_ms;
}

static bool anybody_is_there(const struct handshake *handshake, int64_t now_ms) {
    const struct waiter *waiter;
    DL_FOREACH(handshake->waiters, waiter) {
        if (is_there(waiter, now_ms)) return true;
    }
    return false;
}

bool handshake_begin(struct handshake *handshake, int64_t id, bool may_hold, int64_t now_ms) {
    must(id > 0 && find(handshake, id) < 0);
    handshake_on_over(handshake);
    handshake->newest = (handshake->newest + 1) % HANDSHAKE_REMEMBERED;
    handshake->remembered[handshake->newest].id = id;
    handshake->remembered[handshake->newest].fate = REBALANCE_UNKNOWN;
    bool holds = may_hold && anybody_is_there(handshake, now_ms);
    enter(handshake, id, holds ? REBALANCE_HELD : REBALANCE_OVER);
    if (!holds) return false;
    struct waiter *waiter;
    DL_FOREACH(handshake->waiters, waiter) {
        if (!is_there(waiter, now_ms)) continue;
        waiter->is_asked = true;
        handshake->asked_count++;
        if (waiter->on_asked) waiter->on_asked(waiter->arg);
    }
    return true;
}

int64_t handshake_held(const struct handshake *handshake) {
    bool held = handshake->remembered[handshake->newest].fate == REBALANCE_HELD;
    return held ? handshake->remembered[handshake->newest].id : 0;
}

enum rebalance_fate handshake_acknowledge(struct handshake *handshake, int64_t id) {
    enum rebalance_fate fate = fate_of(handshake, id);
    if (fate == REBALANCE_HELD) enter(handshake, id, REBALANCE_ACKNOWLEDGED);
    return fate;
}

void handshake_on_late(struct handshake *handshake, int64_t id) {
    must(id > 0);
    if (fate_of(handshake, id) == REBALANCE_ACKNOWLEDGED) enter(handshake, id, REBALANCE_OVER);
}

void handshake_on_over(struct handshake *handshake) {
    int64_t id = handshake_held(handshake);
    if (id > 0) enter(handshake, id, REBALANCE_OVER);
}
