// SPDX-License-Identifier: Apache-2.0
// Memory that is given back all at once: a decoded response, or one command with its texts. One
// thread at a time.
#pragma once

#include "consumer/base/bytes.h"

#include <stddef.h>

struct arena_block;

/// A bump allocator. A zeroed arena is empty and without a limit.
struct arena {
    struct arena_block *newest;
    size_t used;  ///< bytes handed out, for the limit
    size_t limit; ///< 0: none
};

/// An empty arena that hands out at most `limit` bytes (0: no limit).
void arena_init(struct arena *arena, size_t limit);

/// `size` zeroed bytes, aligned for any type, valid until the arena is disposed of. NULL when the
/// limit is reached; never NULL without a limit.
void *arena_alloc(struct arena *arena, size_t size);

/// Room for `count` items of `size` bytes each, with the multiplication checked; NULL as
/// arena_alloc().
void *arena_array(struct arena *arena, size_t count, size_t size);

/// A copy of bytes with a NUL behind them, as a slice (null stays null).
struct slice arena_copy(struct arena *arena, struct slice bytes);

/// A NUL-terminated copy of bytes; NULL for null.
char *arena_string(struct arena *arena, struct slice bytes);

/// Frees all that was handed out; the arena can be used again.
void arena_dispose(struct arena *arena);
