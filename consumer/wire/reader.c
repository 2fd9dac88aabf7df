// SPDX-License-Identifier: Apache-2.0
// Every read goes through reader_take(), so there is one place that looks at the end. Numbers are
// put together from bytes: the peer's bytes have no alignment and their own byte order.
#include "consumer/wire/reader.h"

#include "consumer/base/must.h"

#include <string.h>

enum { LONGEST_STRING = INT16_MAX };

struct reader reader_over(struct slice bytes) {
    must(bytes.data != NULL || bytes.size == 0);
    const uint8_t *end = bytes.data ? bytes.data + bytes.size : NULL;
    return (struct reader){ .at = bytes.data, .end = end };
}

size_t reader_left(const struct reader *reader) {
    must(reader->at <= reader->end);
    return (size_t)(reader->end - reader->at);
}

void reader_fail(struct reader *reader) {
    must(reader != NULL);
    reader->bad = true;
    reader->at = reader->end;
}

struct slice reader_take(struct reader *reader, size_t size) {
    if (reader->bad || size > reader_left(reader)) {
        reader_fail(reader);
        return SLICE_NULL;
    }
    struct slice taken = { reader->at, size };
    if (size > 0) reader->at += size;
    return taken;
}

static uint64_t big_endian(struct reader *reader, size_t size) {
    must(size <= sizeof(uint64_t));
    struct slice bytes = reader_take(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = (value << 8) | bytes.data[i];
    return value;
}

bool reader_bool(struct reader *reader) {
    return big_endian(reader, 1) != 0;
}

int8_t reader_int8(struct reader *reader) {
    return (int8_t)big_endian(reader, 1);
}

int16_t reader_int16(struct reader *reader) {
    return (int16_t)big_endian(reader, 2);
}

uint16_t reader_uint16(struct reader *reader) {
    return (uint16_t)big_endian(reader, 2);
}

int32_t reader_int32(struct reader *reader) {
    return (int32_t)big_endian(reader, 4);
}

uint32_t reader_uint32(struct reader *reader) {
    return (uint32_t)big_endian(reader, 4);
}

int64_t reader_int64(struct reader *reader) {
    return (int64_t)big_endian(reader, 8);
}

// Seven bits a byte, lowest first. Longer encodings of small numbers are allowed; bits above
// `bits` are not.
static uint64_t varint_of(struct reader *reader, unsigned bits) {
    must(bits == 32 || bits == 64);
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits && reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        uint64_t part = byte & 0x7f;
        if (bits - shift < 7 && part >> (bits - shift) != 0) break;
        value |= part << shift;
        if (byte < 0x80) return value;
    }
    reader_fail(reader);
    return 0;
}

uint32_t reader_uvarint(struct reader *reader) {
    return (uint32_t)varint_of(reader, 32);
}

int32_t reader_varint(struct reader *reader) {
    uint32_t zigzag = reader_uvarint(reader);
    return (int32_t)((zigzag >> 1) ^ (0U - (zigzag & 1)));
}

int64_t reader_varlong(struct reader *reader) {
    uint64_t zigzag = varint_of(reader, 64);
    return (int64_t)((zigzag >> 1) ^ (UINT64_C(0) - (zigzag & 1)));
}

struct uuid reader_uuid(struct reader *reader) {
    struct uuid uuid = { { 0 } };
    struct slice bytes = reader_take(reader, sizeof uuid.bytes);
    if (bytes.data) memcpy(uuid.bytes, bytes.data, sizeof uuid.bytes);
    return uuid;
}

// A length of -1 is null, below is impossible.
static struct slice take_counted(struct reader *reader, int64_t size, int64_t largest) {
    must(largest <= INT32_MAX);
    if (size < -1 || size > largest) reader_fail(reader);
    if (reader->bad || size < 0) return SLICE_NULL;
    return reader_take(reader, (size_t)size);
}

struct slice reader_string(struct reader *reader) {
    return take_counted(reader, reader_int16(reader), LONGEST_STRING);
}

struct slice reader_compact_string(struct reader *reader) {
    return take_counted(reader, (int64_t)reader_uvarint(reader) - 1, LONGEST_STRING);
}

struct slice reader_bytes(struct reader *reader) {
    return take_counted(reader, reader_int32(reader), INT32_MAX);
}

struct slice reader_compact_bytes(struct reader *reader) {
    return take_counted(reader, (int64_t)reader_uvarint(reader) - 1, INT32_MAX);
}
