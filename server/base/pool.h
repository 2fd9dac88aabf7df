// SPDX-License-Identifier: Apache-2.0
// Memory that is given back all at once: what one request or one command's result needs. One thread
// at a time.
#pragma once

#include <stddef.h>

struct pool_block;

/// A bump allocator. A zeroed pool is empty and needs no init.
struct pool {
    struct pool_block *newest;
};

/// `count` zeroed items of `size` bytes each, aligned for any type, valid until the pool is
/// disposed of. Aborts without memory or when the product overflows.
void *pool_array(struct pool *pool, size_t count, size_t size);

/// A copy of bytes with a NUL behind them; NULL stays NULL.
char *pool_copy(struct pool *pool, const void *bytes, size_t size);

/// A copy of a NUL-terminated string; NULL stays NULL.
char *pool_string(struct pool *pool, const char *text);

/// Frees all that was handed out; the pool can be used again.
void pool_dispose(struct pool *pool);
