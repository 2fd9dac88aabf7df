// SPDX-License-Identifier: Apache-2.0
// Blocks in a list, the newest of which is bumped.
#include "server/base/pool.h"

#include "server/base/must.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4000, ALIGNMENT = _Alignof(max_align_t) };

struct pool_block {
    struct pool_block *older;
    size_t used;
    size_t capacity;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct pool_block *block_with_room(struct pool *pool, size_t size) {
    struct pool_block *block = pool->newest;
    if (block && block->capacity - block->used >= size) return block;
    size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    block = must_have(sizeof *block + capacity);
    block->capacity = capacity;
    block->older = pool->newest;
    pool->newest = block;
    return block;
}

void *pool_array(struct pool *pool, size_t count, size_t size) {
    must(size != 0 && count <= SIZE_MAX / 4 / size);
    size_t needed = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct pool_block *block = block_with_room(pool, needed);
    void *memory = block->bytes + block->used;
    block->used += needed;
    return memory;
}

char *pool_copy(struct pool *pool, const void *bytes, size_t size) {
    if (!bytes) return NULL;
    char *copy = pool_array(pool, size + 1, 1);
    memcpy(copy, bytes, size);
    return copy;
}

char *pool_string(struct pool *pool, const char *text) {
    return text ? pool_copy(pool, text, strlen(text)) : NULL;
}

void pool_dispose(struct pool *pool) {
    while (pool->newest) {
        struct pool_block *block = pool->newest;
        pool->newest = block->older;
        free(block);
    }
}
