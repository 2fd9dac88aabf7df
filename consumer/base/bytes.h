// SPDX-License-Identifier: Apache-2.0
// Borrowed bytes (slice) and owned growing bytes (buf). Values without threads of their own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Borrowed bytes, passed by value. `data` NULL is Kafka's null; an empty slice has data and size
/// 0.
struct slice {
    const uint8_t *data;
    size_t size;
};

/// Owned bytes that grow. A zeroed buf is empty and needs no init.
struct buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

/// The null slice.
#define SLICE_NULL ((struct slice){ NULL, 0 })

/// A slice over a string literal.
#define SLICE_LITERAL(text) ((struct slice){ (const uint8_t *)(text), sizeof(text) - 1 })

/// A slice over a NUL-terminated string, without its NUL; NULL gives the null slice.
struct slice slice_from_string(const char *text);

/// True when both are null, or both have the same bytes. Null and empty differ.
bool slice_equal(struct slice a, struct slice b);

/// True when the slice has just the bytes of a NUL-terminated string.
bool slice_equal_string(struct slice a, const char *text);

/// Copies a slice into a new NUL-terminated string that the caller frees; null gives NULL.
char *slice_dup_string(struct slice bytes);

/// Makes room for `extra` more bytes behind `size`, growing by at least half. Aborts without
/// memory.
void buf_reserve(struct buf *buf, size_t extra);

/// Appends bytes; `data` may be NULL when size is 0.
void buf_append(struct buf *buf, const void *data, size_t size);

/// Appends one byte.
void buf_append_byte(struct buf *buf, uint8_t byte);

/// Forgets the bytes and keeps the memory.
void buf_clear(struct buf *buf);

/// Frees the memory; the buf is empty and can be used again.
void buf_dispose(struct buf *buf);

/// The bytes as a slice, borrowed until the next call that changes the buf.
struct slice buf_slice(const struct buf *buf);
