// SPDX-License-Identifier: Apache-2.0
// A frame is a 32-bit big-endian length and that many bytes. The length is checked before anything
// is allocated.
#include "consumer/net/frame.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 4, SMALLEST_FRAME = 4 };

void frame_reader_init(struct frame_reader *reader, size_t limit) {
    must(limit >= SMALLEST_FRAME);
    *reader = (struct frame_reader){ .limit = limit };
}

void frame_reader_dispose(struct frame_reader *reader) {
    free(reader->staging);
    chunk_unref(reader->filling);
    *reader = (struct frame_reader){ .limit = reader->limit };
}

void frame_reader_space(struct frame_reader *reader, uint8_t **data, size_t *size) {
    if (reader->filling) {
        must(reader->filled < reader->filling->size);
        *data = reader->filling->data + reader->filled;
        *size = reader->filling->size - reader->filled;
        return;
    }
    if (!reader->staging) reader->staging = must_alloc(FRAME_STAGING_BYTES);
    if (reader->staged_from > 0) {
        memmove(
            reader->staging,
            reader->staging + reader->staged_from,
            reader->staged_to - reader->staged_from
        );
        reader->staged_to -= reader->staged_from;
        reader->staged_from = 0;
    }
    must(reader->staged_to < FRAME_STAGING_BYTES);
    *data = reader->staging + reader->staged_to;
    *size = FRAME_STAGING_BYTES - reader->staged_to;
}

void frame_reader_on_bytes(struct frame_reader *reader, size_t count) {
    if (reader->filling) {
        reader->filled += count;
        must(reader->filled <= reader->filling->size);
    } else {
        reader->staged_to += count;
        must(reader->staged_to <= FRAME_STAGING_BYTES);
    }
}

uint32_t frame_reader_prefix(const struct frame_reader *reader) {
    must(reader->staged_to - reader->staged_from >= PREFIX_BYTES);
    const uint8_t *at = reader->staging + reader->staged_from;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// Begins the frame whose prefix is staged, moving what is already there of it into its chunk.
static enum status begin_frame(struct frame_reader *reader) {
    must(reader->filling == NULL);
    uint32_t size = frame_reader_prefix(reader);
    if (size < SMALLEST_FRAME || size > INT32_MAX) return STATUS_INVALID_FRAME;
    if (size > reader->limit) return STATUS_TOO_LARGE;
    struct chunk *chunk = chunk_new(size);
    if (!chunk) return STATUS_OUT_OF_MEMORY;
    reader->staged_from += PREFIX_BYTES;
    size_t here = reader->staged_to - reader->staged_from;
    if (here > size) here = size;
    memcpy(chunk->data, reader->staging + reader->staged_from, here);
    reader->staged_from += here;
    reader->filling = chunk;
    reader->filled = here;
    return STATUS_OK;
}

enum status frame_reader_take(struct frame_reader *reader, struct chunk **frame) {
    *frame = NULL;
    if (!reader->filling) {
        if (reader->staged_to - reader->staged_from < PREFIX_BYTES) return STATUS_OK;
        enum status status = begin_frame(reader);
        if (status) return status;
    }
    if (reader->filled < reader->filling->size) return STATUS_OK;
    *frame = reader->filling;
    reader->filling = NULL;
    reader->filled = 0;
    return STATUS_OK;
}

const char *frame_peer_guess(uint32_t first_bytes) {
    enum { TLS_ALERT_3 = 0x1503, TLS_HANDSHAKE_3 = 0x1603 };

    if (first_bytes == 0x48545450u) return "an HTTP server";
    if (first_bytes >> 16 == TLS_ALERT_3 || first_bytes >> 16 == TLS_HANDSHAKE_3) return "TLS";
    if (first_bytes == 0x5353482du) return "an SSH server";
    return NULL;
}
