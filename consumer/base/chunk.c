// SPDX-License-Identifier: Apache-2.0
// The reference count of received bytes. Dropping uses release/acquire, so that the thread that
// frees sees all reads of the others as done.
#include "consumer/base/chunk.h"

#include "consumer/base/must.h"

#include <stdlib.h>

struct chunk *chunk_new(size_t size) {
    struct chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk) return NULL;
    atomic_init(&chunk->references, 1);
    chunk->size = size;
    return chunk;
}

struct chunk *chunk_ref(struct chunk *chunk) {
    size_t before = atomic_fetch_add_explicit(&chunk->references, 1, memory_order_relaxed);
    must(before > 0);
    return chunk;
}

void chunk_unref(struct chunk *chunk) {
    if (!chunk) return;
    size_t before = atomic_fetch_sub_explicit(&chunk->references, 1, memory_order_acq_rel);
    must(before > 0);
    if (before == 1) free(chunk);
}
