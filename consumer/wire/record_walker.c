// SPDX-License-Identifier: Apache-2.0
// A record is a length and seven fields, most of them variable-length integers of one byte. Reading
// functions take a place and return the next one, or NULL when the bytes are not what they should
// be; NULL goes in and out of all of them, so a record's fields are read in a row and asked once.
#include "consumer/wire/record_walker.h"

#include "consumer/base/must.h"

#include <stddef.h>

enum { MOST_BYTES_OF_32 = 5, MOST_BYTES_OF_64 = 10, NULL_LENGTH = 1 };

static __attribute__((noinline)) const uint8_t *read_long_varint(
    const uint8_t *at, const uint8_t *end, unsigned most_bytes, uint64_t *value
) {
    must(at != NULL && most_bytes <= MOST_BYTES_OF_64);
    uint64_t sum = 0;
    for (unsigned i = 0; i < most_bytes && at < end; i++) {
        uint64_t byte = *at++;
        if (i == MOST_BYTES_OF_64 - 1 && byte > 1) return NULL;
        sum |= (byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *value = sum;
            return at;
        }
    }
    return NULL;
}

/// An unsigned integer, seven bits a byte, the lowest first; in most records one byte or two.
static inline const uint8_t *read_varint(
    const uint8_t *at, const uint8_t *end, unsigned most_bytes, uint64_t *value
) {
    *value = 0;
    if (!at || at == end) return NULL;
    if (at[0] < 0x80) {
        *value = at[0];
        return at + 1;
    }
    if (end - at >= 2 && at[1] < 0x80) {
        *value = (at[0] & 0x7fU) | (uint64_t)at[1] << 7;
        return at + 2;
    }
    return read_long_varint(at, end, most_bytes, value);
}

/// A signed 64-bit integer, zigzag: 0, -1, 1, -2 ...
static inline const uint8_t *read_signed(const uint8_t *at, const uint8_t *end, int64_t *value) {
    uint64_t zigzag = 0;
    at = read_varint(at, end, MOST_BYTES_OF_64, &zigzag);
    *value = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    return at;
}

/// A signed 32-bit integer that may not be negative: zigzag's odd numbers are.
static inline const uint8_t *read_count(const uint8_t *at, const uint8_t *end, uint32_t *value) {
    uint64_t zigzag = 0;
    at = read_varint(at, end, MOST_BYTES_OF_32, &zigzag);
    if (zigzag & 1 || zigzag > UINT32_MAX) return NULL;
    *value = (uint32_t)zigzag >> 1;
    return at;
}

/// A length, -1 for null, and as many bytes.
static inline const uint8_t *read_bytes(
    const uint8_t *at, const uint8_t *end, struct slice *bytes
) {
    uint64_t zigzag = 0;
    at = read_varint(at, end, MOST_BYTES_OF_32, &zigzag);
    if (!at) return NULL;
    if (zigzag == NULL_LENGTH) {
        *bytes = SLICE_NULL;
        return at;
    }
    uint64_t size = zigzag >> 1;
    if (zigzag & 1 || size > (uint64_t)(end - at)) return NULL;
    *bytes = (struct slice){ at, (size_t)size };
    return at + size;
}

static inline const uint8_t *read_header(
    const uint8_t *at, const uint8_t *end, struct slice *key, struct slice *value
) {
    at = read_bytes(at, end, key);
    if (!at || !key->data) return NULL;
    return read_bytes(at, end, value);
}

/// Where `count` headers end. A hostile count ends where the bytes do.
static const uint8_t *skip_headers(const uint8_t *at, const uint8_t *end, uint32_t count) {
    struct slice key;
    struct slice value;
    for (; at && count > 0; count--)
        at = read_header(at, end, &key, &value);
    return at;
}

/// Turns deltas into the record's own offset and time.
static inline bool place_record(
    const struct record_walker *walker,
    uint32_t offset_delta,
    int64_t timestamp_delta,
    struct record *record
) {
    int64_t delta = offset_delta;
    if (delta < walker->least_offset_delta || delta > walker->last_offset_delta) return false;
    record->offset = walker->base_offset + delta;
    record->timestamp = walker->timestamp;
    if (walker->is_log_append_time) return true;
    return !__builtin_add_overflow(walker->timestamp, timestamp_delta, &record->timestamp);
}

/// Reads one record; the next one's place, or NULL.
static inline const uint8_t *read_record(struct record_walker *walker, struct record *record) {
    uint32_t size = 0;
    const uint8_t *at = read_count(walker->at, walker->end, &size);
    if (!at || size == 0 || size > walker->end - at) return NULL;
    const uint8_t *end = at + size;
    int64_t timestamp_delta = 0;
    uint32_t offset_delta = 0;
    at = read_signed(at + 1, end, &timestamp_delta); // behind the attributes, which mean nothing
    at = read_count(at, end, &offset_delta);
    at = read_bytes(at, end, &record->key);
    at = read_bytes(at, end, &record->value);
    at = read_count(at, end, &record->header_count);
    if (!at) return NULL;
    record->headers = (struct slice){ at, (size_t)(end - at) };
    at = skip_headers(at, end, record->header_count);
    if (at != end || !place_record(walker, offset_delta, timestamp_delta, record)) return NULL;
    walker->least_offset_delta = (int64_t)offset_delta + 1;
    return end;
}

void record_walker_init(
    struct record_walker *walker, const struct record_batch *batch, struct slice records
) {
    must(batch->magic == 2 && records.data != NULL);
    must(batch->base_offset >= 0 && batch->last_offset_delta >= 0 && batch->record_count >= 0);
    bool is_log_append_time = record_batch_is_log_append_time(batch);
    *walker = (struct record_walker){
        .at = records.data,
        .end = records.data + records.size,
        .base_offset = batch->base_offset,
        .timestamp = is_log_append_time ? batch->max_timestamp : batch->base_timestamp,
        .last_offset_delta = batch->last_offset_delta,
        .records_left = batch->record_count,
        .is_log_append_time = is_log_append_time,
    };
}

bool record_walker_next(struct record_walker *walker, struct record *record) {
    if (walker->records_left == 0) {
        walker->bad = walker->at != walker->end;
        return false;
    }
    const uint8_t *next = read_record(walker, record);
    walker->bad = next == NULL;
    if (!next) return false;
    walker->at = next;
    walker->records_left--;
    return true;
}

bool record_header_next(struct slice *headers, struct slice *key, struct slice *value) {
    must(headers->data != NULL);
    const uint8_t *end = headers->data + headers->size;
    const uint8_t *next = read_header(headers->data, end, key, value);
    if (!next) return false;
    *headers = (struct slice){ next, (size_t)(end - next) };
    return true;
}
