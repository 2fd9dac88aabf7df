// SPDX-License-Identifier: Apache-2.0
// Numbers are taken apart into bytes, so that the machine's byte order does not matter.
#include "consumer/wire/writer.h"

#include "consumer/base/must.h"

static void put_big_endian(uint8_t *at, uint64_t value, size_t size) {
    must(size <= sizeof value);
    for (size_t i = size; i-- > 0; value >>= 8)
        at[i] = (uint8_t)value;
}

static void append_big_endian(struct buf *out, uint64_t value, size_t size) {
    buf_reserve(out, size);
    put_big_endian(out->data + out->size, value, size);
    out->size += size;
}

void writer_bool(struct buf *out, bool value) {
    buf_append_byte(out, value ? 1 : 0);
}

void writer_int8(struct buf *out, int8_t value) {
    buf_append_byte(out, (uint8_t)value);
}

void writer_int16(struct buf *out, int16_t value) {
    append_big_endian(out, (uint16_t)value, 2);
}

void writer_uint16(struct buf *out, uint16_t value) {
    append_big_endian(out, value, 2);
}

void writer_int32(struct buf *out, int32_t value) {
    append_big_endian(out, (uint32_t)value, 4);
}

void writer_int64(struct buf *out, int64_t value) {
    append_big_endian(out, (uint64_t)value, 8);
}

void writer_int32_at(struct buf *out, size_t offset, int32_t value) {
    must(offset <= out->size && out->size - offset >= 4);
    put_big_endian(out->data + offset, (uint32_t)value, 4);
}

static void append_varint(struct buf *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        buf_append_byte(out, (uint8_t)(value | 0x80));
    buf_append_byte(out, (uint8_t)value);
}

void writer_uvarint(struct buf *out, uint32_t value) {
    append_varint(out, value);
}

void writer_varint(struct buf *out, int32_t value) {
    uint32_t bits = (uint32_t)value;
    append_varint(out, (bits << 1) ^ (value < 0 ? UINT32_MAX : 0));
}

void writer_varlong(struct buf *out, int64_t value) {
    uint64_t bits = (uint64_t)value;
    append_varint(out, (bits << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

void writer_uuid(struct buf *out, struct uuid value) {
    buf_append(out, value.bytes, sizeof value.bytes);
}

void writer_string(struct buf *out, struct slice value) {
    must(value.size <= INT16_MAX);
    must(value.data != NULL || value.size == 0);
    writer_int16(out, (int16_t)(value.data ? (int)value.size : -1));
    buf_append(out, value.data, value.size);
}

void writer_compact_string(struct buf *out, struct slice value) {
    must(value.size <= INT16_MAX);
    writer_compact_bytes(out, value);
}

void writer_bytes(struct buf *out, struct slice value) {
    must(value.size <= INT32_MAX);
    must(value.data != NULL || value.size == 0);
    writer_int32(out, value.data ? (int32_t)value.size : -1);
    buf_append(out, value.data, value.size);
}

void writer_compact_bytes(struct buf *out, struct slice value) {
    must(value.size <= INT32_MAX);
    must(value.data != NULL || value.size == 0);
    writer_uvarint(out, value.data ? (uint32_t)value.size + 1 : 0);
    buf_append(out, value.data, value.size);
}
