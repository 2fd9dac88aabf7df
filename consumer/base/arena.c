// SPDX-License-Identifier: Apache-2.0
// A list of blocks, each twice the last, from which memory is handed out in order.
#include "consumer/base/arena.h"

#include "consumer/base/must.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 1024, LARGEST_GROWTH_BYTES = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t limit) {
    *arena = (struct arena){ .limit = limit };
}

static struct arena_block *add_block(struct arena *arena, size_t at_least) {
    size_t size = arena->newest ? arena->newest->size * 2 : FIRST_BLOCK_BYTES;
    if (size > LARGEST_GROWTH_BYTES) size = LARGEST_GROWTH_BYTES;
    if (size < at_least) size = at_least;
    struct arena_block *block = must_alloc(sizeof *block + size);
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) return NULL;
    size_t rounded =
        (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (arena->limit && (rounded > arena->limit || arena->used > arena->limit - rounded))
        return NULL;
    struct arena_block *block = arena->newest;
    if (!block || block->size - block->used < rounded) block = add_block(arena, rounded);
    void *memory = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    must(size > 0);
    if (count > SIZE_MAX / size) return NULL;
    return arena_alloc(arena, count * size);
}

struct slice arena_copy(struct arena *arena, struct slice bytes) {
    if (!bytes.data) return SLICE_NULL;
    uint8_t *copy = arena_alloc(arena, bytes.size + 1);
    if (!copy) return SLICE_NULL;
    memcpy(copy, bytes.data, bytes.size);
    return (struct slice){ copy, bytes.size };
}

char *arena_string(struct arena *arena, struct slice bytes) {
    if (!bytes.data) return NULL;
    char *copy = arena_alloc(arena, bytes.size + 1);
    if (copy) memcpy(copy, bytes.data, bytes.size);
    return copy;
}

void arena_dispose(struct arena *arena) {
    for (struct arena_block *block = arena->newest; block;) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena->newest = NULL;
    arena->used = 0;
}
