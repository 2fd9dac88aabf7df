// SPDX-License-Identifier: Apache-2.0
// Cuts a byte stream into Kafka's length-prefixed frames. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/chunk.h"
#include "consumer/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { FRAME_STAGING_BYTES = 16 * 1024 };

/// The receiving side of one connection. Small frames are cut out of a staging buffer; the rest of
/// a frame that is larger is received straight into its chunk.
struct frame_reader {
    uint8_t *staging;      ///< FRAME_STAGING_BYTES, or NULL before the first byte
    size_t staged_from;    ///< first byte not yet cut
    size_t staged_to;      ///< end of the received bytes
    struct chunk *filling; ///< a frame that is being received, or NULL
    size_t filled;
    size_t limit; ///< largest frame accepted
};

/// An empty reader that accepts frames of at most `limit` bytes.
void frame_reader_init(struct frame_reader *reader, size_t limit);

/// Frees what is held. The reader can be initialised again.
void frame_reader_dispose(struct frame_reader *reader);

/// Where the next received bytes go: borrowed until frame_reader_on_bytes(). Never empty.
void frame_reader_space(struct frame_reader *reader, uint8_t **data, size_t *size);

/// Tells that `count` bytes were received into the space.
void frame_reader_on_bytes(struct frame_reader *reader, size_t count);

/// Takes the next whole frame, without its length prefix: the caller owns the reference. `frame`
/// NULL when there is none yet. STATUS_INVALID_FRAME or STATUS_TOO_LARGE when the length is none of
/// Kafka's (the stream is lost then), STATUS_OUT_OF_MEMORY.
enum status frame_reader_take(struct frame_reader *reader, struct chunk **frame);

/// Names what the first four bytes of a stream look like when they are no length: "an HTTP server",
/// "TLS"… or NULL.
const char *frame_peer_guess(uint32_t first_bytes);

/// The four bytes that frame_reader_take() refused as a length.
uint32_t frame_reader_prefix(const struct frame_reader *reader);
