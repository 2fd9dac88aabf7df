// SPDX-License-Identifier: Apache-2.0
// The slow paths of growing text.
#include "server/base/out.h"

#include "server/base/must.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST_BYTES = 128 };

void out_grow(struct out *out, size_t extra) {
    must(extra <= SIZE_MAX / 4 && out->size <= SIZE_MAX / 4);
    size_t needed = out->size + extra;
    size_t grown = out->capacity + out->capacity / 2;
    if (grown < needed) grown = needed;
    if (grown < LEAST_BYTES) grown = LEAST_BYTES;
    out->data = must_grow(out->data, grown);
    out->capacity = grown;
}

void out_string(struct out *out, const char *text) {
    if (text) out_append(out, text, strlen(text));
}

void out_format(struct out *out, const char *format, ...) {
    must(format != NULL);
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    must(length >= 0);
    (void)vsnprintf(out_room(out, (size_t)length + 1), (size_t)length + 1, format, again);
    va_end(again);
    out->size += (size_t)length;
}

const char *out_text(struct out *out) {
    must(out->size <= out->capacity);
    *out_room(out, 1) = '\0';
    return out->data;
}

void out_dispose(struct out *out) {
    free(out->data);
    *out = (struct out){ 0 };
}
