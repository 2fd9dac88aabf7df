// SPDX-License-Identifier: Apache-2.0
// Decompression of a batch's records, with a bound on what may come out. A context belongs to one
// thread at a time: each reader thread keeps its own.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/status.h"

/// The codec of a batch, with the numbers that its attributes hold. 5 to 7 are none of Kafka's:
/// compression_decompress() refuses them.
enum compression {
    COMPRESSION_NONE = 0,
    COMPRESSION_GZIP = 1,
    COMPRESSION_SNAPPY = 2,
    COMPRESSION_LZ4 = 3,
    COMPRESSION_ZSTD = 4,
};

/// The libraries' states, made when a codec is first met and used again for every later batch. A
/// zeroed one is fresh.
struct compression_context {
    struct z_stream_s *gzip;
    struct LZ4F_dctx_s *lz4;
    struct ZSTD_DCtx_s *zstd;
};

/// A context without any state yet.
void compression_context_init(struct compression_context *context);

/// Frees the states; the context is fresh again.
void compression_context_dispose(struct compression_context *context);

/// Replaces the bytes of `out` by the decompressed `in`; its memory is kept from call to call and
/// never grows beyond `max_size` bytes through this one. Takes gzip with several members, snappy
/// raw or in xerial's framing, and lz4 and zstd with several frames; COMPRESSION_NONE copies.
/// STATUS_CORRUPT_RECORDS: `in` is damaged, cut short (no bytes at all included) or of no known
/// codec. STATUS_TOO_LARGE: it would give more than `max_size` bytes. STATUS_OUT_OF_MEMORY: no
/// memory for what it would give. After an error `out` holds nothing.
enum status compression_decompress(
    struct compression_context *context,
    enum compression codec,
    struct slice in,
    size_t max_size,
    struct buf *out
);

/// The name as configurations spell it ("gzip"); "unknown" for 5 to 7. Static.
const char *compression_name(enum compression codec);
