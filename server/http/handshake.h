// SPDX-License-Identifier: Apache-2.0
// Who is waited for when partitions go or come, and what became of the last rebalances. It decides;
// its owner tells the engine. One thread at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDSHAKE_REMEMBERED = 16 };

/// What became of a rebalance.
enum rebalance_fate {
    REBALANCE_UNKNOWN,      ///< never heard of, or long ago
    REBALANCE_HELD,         ///< → ACKNOWLEDGED, OVER
    REBALANCE_ACKNOWLEDGED, ///< → OVER, when the engine says that it came too late
    REBALANCE_OVER,         ///< it went on without an acknowledgement
};

/// One who is waited for: a stream with listener=true, or whoever else can acknowledge. Its owner's
/// storage, zeroed before it joins, but for what it is told by.
struct waiter {
    struct waiter *prev; ///< utlist
    struct waiter *next;
    void (*on_asked)(void *arg); ///< a rebalance waits for it from now on; NULL: it need not know
    void *arg;
    int64_t until_ms; ///< what begins later does not ask it; INT64_MAX, as when it joins: all does
    bool is_asked;    ///< it was there when the held rebalance began
};

/// The last rebalances, newest at `newest`.
struct handshake {
    struct waiter *waiters;
    size_t asked_count; ///< waiters that are asked about the held rebalance

    struct {
        int64_t id; ///< 0: none
        enum rebalance_fate fate;
    } remembered[HANDSHAKE_REMEMBERED];

    size_t newest;
};

/// From now on it is asked.
void handshake_join(struct handshake *handshake, struct waiter *waiter);

/// It is not waited for any more. Returns the rebalance that goes on because it was the last who
/// was asked; 0: none.
int64_t handshake_leave(struct handshake *handshake, struct waiter *waiter);

/// A rebalance begins, which ends one that is held. True when it is to be held: `may_hold`, and
/// somebody is there to be asked, by the monotonic clock.
bool handshake_begin(struct handshake *handshake, int64_t id, bool may_hold, int64_t now_ms);

/// The rebalance that is held; 0: none.
int64_t handshake_held(const struct handshake *handshake);

/// Somebody acknowledges. Returns the fate before: when it was held, the engine must be told, and
/// the rebalance counts as acknowledged unless handshake_on_late() follows.
enum rebalance_fate handshake_acknowledge(struct handshake *handshake, int64_t id);

/// The engine had gone on before it was told.
void handshake_on_late(struct handshake *handshake, int64_t id);

/// The held rebalance is over without an acknowledgement: its partitions are lost, or the consumer
/// is closed.
void handshake_on_over(struct handshake *handshake);
