// SPDX-License-Identifier: Apache-2.0
// Whether two clients poll one consumer by turns, each over a connection of its own that stays
// open: then each sees a part of the records, and the poll of one acknowledges what the other got.
// Values without threads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SHARING_RETURNS = 3, SHARING_SHOWN_MS = 300000 };

/// The last two connections that polled; zeroed: none. They are told apart by their addresses
/// alone.
struct sharing {
    const void *last;
    const void *before;
    int returns; ///< how often a poll came over the connection before the last, one after another
    int64_t returned_at_ms;
};

/// A poll came over a connection.
void sharing_on_poll(struct sharing *sharing, const void *connection, int64_t now_ms);

/// A connection is closed.
void sharing_on_close(struct sharing *sharing, const void *connection);

/// True once polls have come by turns SHARING_RETURNS times, and for SHARING_SHOWN_MS behind the
/// last time, while both connections are open.
bool sharing_is_seen(const struct sharing *sharing, int64_t now_ms);
