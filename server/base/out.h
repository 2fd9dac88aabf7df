// SPDX-License-Identifier: Apache-2.0
// Text that grows at its end: answer bodies, log lines, help. One thread at a time. Appending is
// inline, since every byte of every answer passes here.
#pragma once

#include <stddef.h>
#include <string.h>

/// Owned bytes. A zeroed out is empty and needs no init.
struct out {
    char *data;
    size_t size;
    size_t capacity;
};

/// The slow part of out_room(): grows by at least half. Aborts without memory.
void out_grow(struct out *out, size_t extra);

/// A place for at least `extra` more bytes behind the end. The caller adds what it wrote to `size`.
static inline char *out_room(struct out *out, size_t extra) {
    if (out->capacity - out->size < extra) out_grow(out, extra);
    return out->data + out->size;
}

/// Appends bytes; `data` may be NULL when size is 0.
static inline void out_append(struct out *out, const void *data, size_t size) {
    if (size == 0 || !data) return;
    memcpy(out_room(out, size), data, size);
    out->size += size;
}

/// Appends a string literal.
#define OUT_LITERAL(out, text) out_append(out, "" text, sizeof(text) - 1)

/// Appends one character.
static inline void out_byte(struct out *out, char byte) {
    *out_room(out, 1) = byte;
    out->size++;
}

/// Appends a NUL-terminated string; NULL appends nothing.
void out_string(struct out *out, const char *text);

/// Appends formatted text.
__attribute__((format(printf, 2, 3))) void out_format(struct out *out, const char *format, ...);

/// The text with a NUL behind it, borrowed until the next change.
const char *out_text(struct out *out);

/// Frees the bytes; the out is empty and can be used again.
void out_dispose(struct out *out);
