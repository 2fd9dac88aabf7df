// SPDX-License-Identifier: Apache-2.0
// Slices and growing buffers. A buf grows geometrically, so that appending costs a constant a byte.
#include "consumer/base/bytes.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

struct slice slice_from_string(const char *text) {
    return (struct slice){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

bool slice_equal(struct slice a, struct slice b) {
    if (!a.data || !b.data) return !a.data && !b.data;
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_equal_string(struct slice a, const char *text) {
    return slice_equal(a, slice_from_string(text));
}

char *slice_dup_string(struct slice bytes) {
    if (!bytes.data) return NULL;
    char *text = must_alloc(bytes.size + 1);
    memcpy(text, bytes.data, bytes.size);
    return text;
}

void buf_reserve(struct buf *buf, size_t extra) {
    must(extra <= SIZE_MAX / 4 && buf->size <= SIZE_MAX / 4);
    size_t needed = buf->size + extra;
    if (needed <= buf->capacity) return;
    size_t grown = buf->capacity + buf->capacity / 2;
    if (grown < needed) grown = needed;
    if (grown < 64) grown = 64;
    buf->data = must_realloc(buf->data, grown);
    buf->capacity = grown;
}

void buf_append(struct buf *buf, const void *data, size_t size) {
    if (size == 0) return;
    must(data != NULL);
    buf_reserve(buf, size);
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void buf_append_byte(struct buf *buf, uint8_t byte) {
    buf_reserve(buf, 1);
    buf->data[buf->size++] = byte;
}

void buf_clear(struct buf *buf) {
    buf->size = 0;
}

void buf_dispose(struct buf *buf) {
    free(buf->data);
    *buf = (struct buf){ 0 };
}

struct slice buf_slice(const struct buf *buf) {
    static const uint8_t nothing[1];
    return (struct slice){ buf->data ? buf->data : nothing, buf->size };
}
