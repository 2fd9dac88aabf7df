// SPDX-License-Identifier: Apache-2.0
// Records are encoded one by one into a buf; the header and the compression come last, when counts
// and the latest time are known.
#include "tests/fake_kafka/record_writer.h"

#include "consumer/base/must.h"
#include "consumer/wire/crc32c.h"
#include "consumer/wire/writer.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zstd.h>

#define ZLIB_CONST
#include <string.h>
#include <zlib.h>

enum {
    AT_LENGTH = 8,
    AT_CRC = 17,
    AT_ATTRIBUTES = 21,
    LOG_APPEND_TIME = 0x08,
    TRANSACTIONAL = 0x10,
    CONTROL = 0x20,
    GZIP_ONLY = 16,
    GZIP_MEMORY = 8,
    XERIAL_BLOCK_SIZE = 32 * 1024,
};

void record_writer_init(struct record_writer *writer, const struct record_writer_options *options) {
    *writer = (struct record_writer){
        .options = *options,
        .max_timestamp = options->base_timestamp,
    };
}

static void write_nullable(struct buf *out, struct slice bytes) {
    must(bytes.size <= INT32_MAX);
    writer_varint(out, bytes.data ? (int32_t)bytes.size : -1);
    buf_append(out, bytes.data, bytes.size);
}

void record_writer_add(struct record_writer *writer, const struct record_to_write *record) {
    struct buf body = { 0 };
    writer_int8(&body, 0);
    writer_varlong(&body, record->timestamp - writer->options.base_timestamp);
    writer_varint(&body, writer->next_offset_delta);
    write_nullable(&body, record->key);
    write_nullable(&body, record->value);
    writer_varint(&body, (int32_t)record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        write_nullable(&body, record->headers[i].key);
        write_nullable(&body, record->headers[i].value);
    }
    writer_varint(&writer->records, (int32_t)body.size);
    buf_append(&writer->records, body.data, body.size);
    buf_dispose(&body);
    if (record->timestamp > writer->max_timestamp) writer->max_timestamp = record->timestamp;
    writer->next_offset_delta++;
    writer->record_count++;
}

void record_writer_skip(struct record_writer *writer, int32_t count) {
    must(count >= 0 && count <= INT32_MAX - writer->next_offset_delta);
    writer->next_offset_delta += count;
}

static void gzip(struct slice in, struct buf *out) {
    z_stream stream = { .next_in = in.data, .avail_in = (uInt)in.size };
    int result = deflateInit2(
        &stream,
        Z_DEFAULT_COMPRESSION,
        Z_DEFLATED,
        GZIP_ONLY + MAX_WBITS,
        GZIP_MEMORY,
        Z_DEFAULT_STRATEGY
    );
    must(result == Z_OK);
    uLong bound = deflateBound(&stream, (uLong)in.size);
    buf_reserve(out, bound);
    stream.next_out = out->data + out->size;
    stream.avail_out = (uInt)bound;
    result = deflate(&stream, Z_FINISH);
    must(result == Z_STREAM_END);
    out->size += stream.total_out;
    (void)deflateEnd(&stream);
}

static void snappy_block(struct slice in, struct buf *out) {
    size_t size = snappy_max_compressed_length(in.size);
    buf_reserve(out, size);
    char *to = (char *)out->data + out->size;
    snappy_status result = snappy_compress((const char *)in.data, in.size, to, &size);
    must(result == SNAPPY_OK);
    out->size += size;
}

static void xerial(struct slice in, struct buf *out) {
    static const uint8_t header[] = {
        0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1
    };
    buf_append(out, header, sizeof header);
    for (size_t at = 0; at < in.size; at += XERIAL_BLOCK_SIZE) {
        size_t size = in.size - at < XERIAL_BLOCK_SIZE ? in.size - at : XERIAL_BLOCK_SIZE;
        size_t length_at = out->size;
        writer_int32(out, 0);
        snappy_block((struct slice){ in.data + at, size }, out);
        writer_int32_at(out, length_at, (int32_t)(out->size - length_at - 4));
    }
}

static void lz4(struct slice in, struct buf *out) {
    size_t bound = LZ4F_compressFrameBound(in.size, NULL);
    buf_reserve(out, bound);
    size_t size = LZ4F_compressFrame(out->data + out->size, bound, in.data, in.size, NULL);
    must(!LZ4F_isError(size));
    out->size += size;
}

static void zstd(struct slice in, struct buf *out) {
    size_t bound = ZSTD_compressBound(in.size);
    buf_reserve(out, bound);
    size_t size =
        ZSTD_compress(out->data + out->size, bound, in.data, in.size, ZSTD_CLEVEL_DEFAULT);
    must(!ZSTD_isError(size));
    out->size += size;
}

void record_writer_compress(enum compression codec, struct slice in, struct buf *out) {
    switch (codec) {
    case COMPRESSION_NONE: buf_append(out, in.data, in.size); break;
    case COMPRESSION_GZIP: gzip(in, out); break;
    case COMPRESSION_SNAPPY: xerial(in, out); break;
    case COMPRESSION_LZ4: lz4(in, out); break;
    case COMPRESSION_ZSTD: zstd(in, out); break;
    }
}

static int16_t attributes_of(const struct record_writer_options *options) {
    unsigned attributes = (unsigned)options->compression;
    if (options->is_log_append_time) attributes |= LOG_APPEND_TIME;
    if (options->is_transactional) attributes |= TRANSACTIONAL;
    return (int16_t)attributes;
}

static void write_header(const struct record_writer *writer, int16_t attributes, struct buf *out) {
    const struct record_writer_options *options = &writer->options;
    must(writer->next_offset_delta > 0);
    writer_int64(out, options->base_offset);
    writer_int32(out, 0); // the length, known last
    writer_int32(out, options->leader_epoch);
    writer_int8(out, 2);
    writer_int32(out, 0); // the checksum, known last
    writer_int16(out, attributes);
    writer_int32(out, writer->next_offset_delta - 1);
    writer_int64(out, options->base_timestamp);
    writer_int64(out, writer->max_timestamp);
    writer_int64(out, options->producer_id);
    writer_int16(out, options->producer_epoch);
    writer_int32(out, options->base_sequence);
    writer_int32(out, writer->record_count);
}

static void finish(struct record_writer *writer, int16_t attributes, struct buf *out) {
    size_t start = out->size;
    write_header(writer, attributes, out);
    struct slice records = buf_slice(&writer->records);
    if (writer->options.compression == COMPRESSION_SNAPPY && writer->options.is_snappy_raw) {
        snappy_block(records, out);
    } else {
        record_writer_compress(writer->options.compression, records, out);
    }
    writer_int32_at(out, start + AT_LENGTH, (int32_t)(out->size - start - AT_LENGTH - 4));
    record_writer_mend_crc(out->data + start, out->size - start);
    buf_dispose(&writer->records);
}

void record_writer_finish(struct record_writer *writer, struct buf *out) {
    finish(writer, attributes_of(&writer->options), out);
}

void record_writer_add_marker(
    const struct record_writer_options *options, enum control_type type, struct buf *out
) {
    must(type == CONTROL_ABORT || type == CONTROL_COMMIT);
    const uint8_t key[] = { 0, 0, 0, type == CONTROL_COMMIT };
    static const uint8_t value[] = { 0, 0, 0, 0, 0, 0 };
    struct record_writer writer;
    record_writer_init(&writer, options);
    struct record_to_write record = {
        .timestamp = options->base_timestamp,
        .key = { key, sizeof key },
        .value = { value, sizeof value },
    };
    record_writer_add(&writer, &record);
    writer.options.compression = COMPRESSION_NONE;
    finish(&writer, (int16_t)(attributes_of(&writer.options) | TRANSACTIONAL | CONTROL), out);
}

void record_writer_mend_crc(uint8_t *batch, size_t size) {
    must(size > AT_ATTRIBUTES);
    uint32_t crc = crc32c(0, batch + AT_ATTRIBUTES, size - AT_ATTRIBUTES);
    for (int i = 0; i < 4; i++)
        batch[AT_CRC + i] = (uint8_t)(crc >> (24 - 8 * i));
}
