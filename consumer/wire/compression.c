// SPDX-License-Identifier: Apache-2.0
// Every codec fills the same kind of sink: a buf that grows as bytes come out and ends one byte
// above the bound, so that a byte written there says "too much" where a full buf could also mean
// "just fits". gzip, lz4 and zstd are streams behind one loop; snappy knows each block's size.
#include "consumer/wire/compression.h"

#include "consumer/base/must.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zstd.h>

#define ZLIB_CONST
#include <zstd_errors.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    GZIP_ONLY = 16, // added to the window bits: no zlib or raw deflate
    XERIAL_HEADER_SIZE = 16,
    XERIAL_LENGTH_SIZE = 4,
    SNAPPY_BEST_RATIO = 22, // a copy of 64 bytes takes three
};

/// Where decompressed bytes go.
struct sink {
    struct buf *out;
    size_t most; ///< bytes in `out`: one more than are allowed
};

/// What one step of a stream came to.
enum step { STEP_MORE, STEP_FRAME_ENDS, STEP_BAD, STEP_NO_MEMORY };

/// A codec that works in steps. A step takes bytes off `in` and puts some into the sink, which has
/// room for one at least.
struct stream_codec {
    enum status (*begin)(struct compression_context *context);
    enum step (*step)(struct compression_context *context, struct slice *in, struct sink *sink);
};

void compression_context_init(struct compression_context *context) {
    *context = (struct compression_context){ 0 };
}

void compression_context_dispose(struct compression_context *context) {
    if (context->gzip) (void)inflateEnd(context->gzip);
    free(context->gzip);
    (void)LZ4F_freeDecompressionContext(context->lz4);
    (void)ZSTD_freeDCtx(context->zstd);
    compression_context_init(context);
}

static void skip(struct slice *in, size_t size) {
    must(size <= in->size);
    in->data += size;
    in->size -= size;
}

static size_t sink_room(const struct sink *sink) {
    must(sink->out->size <= sink->most);
    size_t end = sink->out->capacity < sink->most ? sink->out->capacity : sink->most;
    return end - sink->out->size;
}

static uint8_t *sink_end(const struct sink *sink) {
    return sink->out->data + sink->out->size;
}

/// Makes room for `extra` bytes, or for as many as are left to the end of the sink. Not by
/// buf_reserve(), which aborts without memory: this size comes from outside.
static enum status sink_reserve(struct sink *sink, size_t extra) {
    struct buf *out = sink->out;
    if (out->size == sink->most) return STATUS_TOO_LARGE;
    if (extra > sink->most - out->size) extra = sink->most - out->size;
    if (extra <= sink_room(sink)) return STATUS_OK;
    size_t capacity = out->capacity > sink->most / 2 ? sink->most : out->capacity * 2;
    if (capacity < out->size + extra) capacity = out->size + extra;
    uint8_t *data = realloc(out->data, capacity);
    if (!data) return STATUS_OUT_OF_MEMORY;
    out->data = data;
    out->capacity = capacity;
    return STATUS_OK;
}

static enum status gzip_begin(struct compression_context *context) {
    if (context->gzip) {
        return inflateReset(context->gzip) == Z_OK ? STATUS_OK : STATUS_CORRUPT_RECORDS;
    }
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return STATUS_OUT_OF_MEMORY;
    if (inflateInit2(stream, GZIP_ONLY + MAX_WBITS) != Z_OK) {
        free(stream);
        return STATUS_OUT_OF_MEMORY;
    }
    context->gzip = stream;
    return STATUS_OK;
}

static uInt at_most_uint(size_t size) {
    return size < UINT_MAX ? (uInt)size : UINT_MAX;
}

static enum step gzip_step(
    struct compression_context *context, struct slice *in, struct sink *sink
) {
    z_stream *stream = context->gzip;
    must(stream != NULL && sink_room(sink) > 0);
    uInt size = at_most_uint(in->size);
    uInt room = at_most_uint(sink_room(sink));
    stream->next_in = in->data;
    stream->avail_in = size;
    stream->next_out = sink_end(sink);
    stream->avail_out = room;
    int result = inflate(stream, Z_NO_FLUSH);
    skip(in, size - stream->avail_in);
    sink->out->size += room - stream->avail_out;
    if (result == Z_STREAM_END) return inflateReset(stream) == Z_OK ? STEP_FRAME_ENDS : STEP_BAD;
    if (result == Z_MEM_ERROR) return STEP_NO_MEMORY;
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static enum status lz4_begin(struct compression_context *context) {
    if (context->lz4) {
        LZ4F_resetDecompressionContext(context->lz4);
        return STATUS_OK;
    }
    LZ4F_errorCode_t error = LZ4F_createDecompressionContext(&context->lz4, LZ4F_VERSION);
    return LZ4F_isError(error) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

static enum step lz4_step(
    struct compression_context *context, struct slice *in, struct sink *sink
) {
    must(context->lz4 != NULL && sink_room(sink) > 0);
    size_t used = in->size;
    size_t made = sink_room(sink);
    size_t result = LZ4F_decompress(context->lz4, sink_end(sink), &made, in->data, &used, NULL);
    if (LZ4F_isError(result)) return STEP_BAD;
    skip(in, used);
    sink->out->size += made;
    return result == 0 ? STEP_FRAME_ENDS : STEP_MORE;
}

static enum status zstd_begin(struct compression_context *context) {
    if (!context->zstd) context->zstd = ZSTD_createDCtx();
    if (!context->zstd) return STATUS_OUT_OF_MEMORY;
    size_t result = ZSTD_DCtx_reset(context->zstd, ZSTD_reset_session_only);
    must(!ZSTD_isError(result));
    return STATUS_OK;
}

static enum step zstd_step(
    struct compression_context *context, struct slice *in, struct sink *sink
) {
    must(context->zstd != NULL && sink_room(sink) > 0);
    ZSTD_inBuffer from = { in->data, in->size, 0 };
    ZSTD_outBuffer to = { sink_end(sink), sink_room(sink), 0 };
    size_t result = ZSTD_decompressStream(context->zstd, &to, &from);
    if (ZSTD_isError(result)) {
        bool no_memory = ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
        return no_memory ? STEP_NO_MEMORY : STEP_BAD;
    }
    skip(in, from.pos);
    sink->out->size += to.pos;
    return result == 0 ? STEP_FRAME_ENDS : STEP_MORE;
}

/// Runs a stream over all of `in`, frame after frame. A step that neither takes nor gives a byte
/// waits for input that will never come.
static enum status decompress_stream(
    const struct stream_codec *codec,
    struct compression_context *context,
    struct slice in,
    struct sink *sink
) {
    enum status status = codec->begin(context);
    if (status != STATUS_OK) return status;
    enum step step = STEP_MORE;
    while (in.size > 0 || step == STEP_MORE) {
        status = sink_reserve(sink, 1);
        if (status != STATUS_OK) return status;
        size_t in_size = in.size;
        size_t out_size = sink->out->size;
        step = codec->step(context, &in, sink);
        if (step == STEP_NO_MEMORY) return STATUS_OUT_OF_MEMORY;
        if (step == STEP_BAD) return STATUS_CORRUPT_RECORDS;
        bool moved = in.size != in_size || sink->out->size != out_size;
        if (!moved && (step == STEP_MORE || in.size > 0)) return STATUS_CORRUPT_RECORDS;
    }
    return STATUS_OK;
}

/// One raw snappy block. The size that it declares is checked against what its own bytes could
/// give at best before memory is got for it.
static enum status decompress_snappy_block(struct slice block, struct sink *sink) {
    const char *data = (const char *)block.data;
    size_t size = 0;
    if (snappy_uncompressed_length(data, block.size, &size) != SNAPPY_OK) {
        return STATUS_CORRUPT_RECORDS;
    }
    if (size / SNAPPY_BEST_RATIO > block.size) return STATUS_CORRUPT_RECORDS;
    if (size >= sink->most - sink->out->size) return STATUS_TOO_LARGE;
    enum status status = sink_reserve(sink, size);
    if (status != STATUS_OK) return status;
    if (snappy_uncompress(data, block.size, (char *)sink_end(sink), &size) != SNAPPY_OK) {
        return STATUS_CORRUPT_RECORDS;
    }
    sink->out->size += size;
    must(sink->out->size < sink->most);
    return STATUS_OK;
}

static bool is_xerial(struct slice in) {
    static const uint8_t magic[] = { 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0 };
    return in.size >= sizeof magic && memcmp(in.data, magic, sizeof magic) == 0;
}

/// Takes one length and the block behind it off `in`.
static enum status decompress_xerial_block(struct slice *in, struct sink *sink) {
    if (in->size < XERIAL_LENGTH_SIZE) return STATUS_CORRUPT_RECORDS;
    uint32_t size = (uint32_t)in->data[0] << 24 | (uint32_t)in->data[1] << 16 |
                    (uint32_t)in->data[2] << 8 | in->data[3];
    skip(in, XERIAL_LENGTH_SIZE);
    if (size > in->size) return STATUS_CORRUPT_RECORDS;
    struct slice block = { in->data, size };
    skip(in, size);
    return decompress_snappy_block(block, sink);
}

/// Raw snappy, or blocks with lengths behind xerial's header, which joined streams repeat. The
/// header's two version numbers differ between writers and mean nothing.
static enum status decompress_snappy(struct slice in, struct sink *sink) {
    if (!is_xerial(in)) return decompress_snappy_block(in, sink);
    enum status status = STATUS_OK;
    while (in.size > 0 && status == STATUS_OK) {
        if (!is_xerial(in)) {
            status = decompress_xerial_block(&in, sink);
        } else if (in.size >= XERIAL_HEADER_SIZE) {
            skip(&in, XERIAL_HEADER_SIZE);
        } else {
            status = STATUS_CORRUPT_RECORDS;
        }
    }
    return status;
}

static enum status copy(struct slice in, struct sink *sink) {
    if (in.size >= sink->most) return STATUS_TOO_LARGE;
    enum status status = sink_reserve(sink, in.size);
    if (status == STATUS_OK) buf_append(sink->out, in.data, in.size);
    return status;
}

static enum status decompress(
    struct compression_context *context, enum compression codec, struct slice in, struct sink *sink
) {
    static const struct stream_codec gzip = { gzip_begin, gzip_step };
    static const struct stream_codec lz4 = { lz4_begin, lz4_step };
    static const struct stream_codec zstd = { zstd_begin, zstd_step };
    switch (codec) {
    case COMPRESSION_NONE: return copy(in, sink);
    case COMPRESSION_GZIP: return decompress_stream(&gzip, context, in, sink);
    case COMPRESSION_SNAPPY: return decompress_snappy(in, sink);
    case COMPRESSION_LZ4: return decompress_stream(&lz4, context, in, sink);
    case COMPRESSION_ZSTD: return decompress_stream(&zstd, context, in, sink);
    }
    return STATUS_CORRUPT_RECORDS;
}

enum status compression_decompress(
    struct compression_context *context,
    enum compression codec,
    struct slice in,
    size_t max_size,
    struct buf *out
) {
    must(max_size < SIZE_MAX / 2);
    struct sink sink = { .out = out, .most = max_size + 1 };
    buf_clear(out);
    if (in.size == 0 && codec != COMPRESSION_NONE) return STATUS_CORRUPT_RECORDS;
    // A first guess, from bytes that are really there; most batches fit and need no second.
    enum status status = sink_reserve(&sink, in.size < SIZE_MAX / 8 ? in.size * 4 : in.size);
    if (status == STATUS_OK) status = decompress(context, codec, in, &sink);
    if (status == STATUS_OK && out->size > max_size) status = STATUS_TOO_LARGE;
    if (status != STATUS_OK) buf_clear(out);
    return status;
}

const char *compression_name(enum compression codec) {
    switch (codec) {
    case COMPRESSION_NONE: return "none";
    case COMPRESSION_GZIP: return "gzip";
    case COMPRESSION_SNAPPY: return "snappy";
    case COMPRESSION_LZ4: return "lz4";
    case COMPRESSION_ZSTD: return "zstd";
    }
    return "unknown";
}
