// SPDX-License-Identifier: Apache-2.0
// Received bytes, counted: one chunk holds one response frame, written once by the engine thread
// while it is being received, immutable afterwards, and released by whichever thread drops the last
// reference.
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// A frame's bytes behind a reference count.
struct chunk {
    atomic_size_t references;
    size_t size;
    uint8_t data[];
};

/// A new chunk of `size` bytes with one reference, owned by the caller; NULL when there is no
/// memory (the size comes from a peer, so this fails that connection and not the process).
struct chunk *chunk_new(size_t size);

/// Adds a reference; returns the same chunk.
struct chunk *chunk_ref(struct chunk *chunk);

/// Drops a reference, freeing the bytes with the last one. NULL is fine.
void chunk_unref(struct chunk *chunk);
