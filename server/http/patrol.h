// SPDX-License-Identifier: Apache-2.0
// Cuts connections whose request takes too long to arrive: libmicrohttpd's own timeout begins anew
// with every byte. A thread of its own looks at all of them from time to time; the rest is the HTTP
// thread's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metrics;
struct peer;

/// What a connection is at, as far as reading goes.
enum patrol_phase {
    PATROL_QUIET,     ///< nothing of a request has come yet
    PATROL_RECEIVING, ///< one is coming
    PATROL_ANSWERING, ///< it has come as a whole
};

/// A connection under watch, within the caller's own memory. The members are the patrol's.
struct patrol_entry {
    struct patrol_entry *prev; ///< utlist
    struct patrol_entry *next;
    const struct peer *peer;
    enum patrol_phase phase;
    uint64_t received_bytes; ///< while quiet: as many as had come when that began
    int64_t since_ms;        ///< while receiving: when that was seen first
    bool is_cut;
};

/// All connections of a listener.
struct patrol;

/// A patrol with its thread. What takes longer than `timeout_ms` is cut and counted in `metrics`,
/// which must outlive it. The caller frees it.
struct patrol *patrol_new(int64_t timeout_ms, struct metrics *metrics);

/// Ends the thread. No connection is under watch any more. NULL is fine.
void patrol_free(struct patrol *patrol);

/// A new connection, whose peer stays valid until patrol_remove(). `is_urgent`: its first request
/// counts as begun, whether anything has come or not. So does that of a Unix socket, of which the
/// kernel does not tell.
void patrol_add(
    struct patrol *patrol, struct patrol_entry *entry, const struct peer *peer, bool is_urgent
);

/// The connection is about to be closed; its fd is still open.
void patrol_remove(struct patrol *patrol, struct patrol_entry *entry);

/// What it is at from now on.
void patrol_enter(struct patrol *patrol, struct patrol_entry *entry, enum patrol_phase phase);

/// Looks at all connections once, as the thread does; `now_ms` is on the monotonic clock. Returns
/// how many were cut.
size_t patrol_pass(struct patrol *patrol, int64_t now_ms);
