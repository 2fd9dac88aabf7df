// SPDX-License-Identifier: Apache-2.0
// The 61 bytes before a batch's records, at fixed places (KIP-98). The broker may cut the last
// batch of a response anywhere, so each check waits until the bytes that it needs are there.
#include "consumer/wire/record_batch.h"

#include "consumer/base/must.h"
#include "consumer/wire/crc32c.h"
#include "consumer/wire/record_walker.h"

// Where the fields are. The length counts what follows it.
enum {
    AT_LENGTH = 8,
    AT_LEADER_EPOCH = 12,
    AT_MAGIC = 16,
    AT_CRC = 17,
    AT_ATTRIBUTES = 21,
    AT_LAST_OFFSET_DELTA = 23,
    AT_BASE_TIMESTAMP = 27,
    AT_MAX_TIMESTAMP = 35,
    AT_PRODUCER_ID = 43,
    AT_PRODUCER_EPOCH = 51,
    AT_BASE_SEQUENCE = 53,
    AT_RECORD_COUNT = 57,
    AT_RECORDS = 61,
};

enum {
    PREFIX_SIZE = 12,
    OLD_FORMAT_LEAST_SIZE = 26, // a message of format 0 with null key and value
    LEAST_RECORD_SIZE = 7,      // seven fields of one byte
};

enum {
    COMPRESSION_MASK = 0x07,
    LOG_APPEND_TIME = 0x08,
    TRANSACTIONAL = 0x10,
    CONTROL = 0x20,
    DELETE_HORIZON = 0x40,
};

static uint16_t load_16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t load_32(const uint8_t *at) {
    return (uint32_t)load_16(at) << 16 | load_16(at + 2);
}

static uint64_t load_64(const uint8_t *at) {
    return (uint64_t)load_32(at) << 32 | load_32(at + 4);
}

static void load_header(struct record_batch *batch, const uint8_t *at) {
    batch->partition_leader_epoch = (int32_t)load_32(at + AT_LEADER_EPOCH);
    batch->crc = load_32(at + AT_CRC);
    batch->attributes = (int16_t)load_16(at + AT_ATTRIBUTES);
    batch->last_offset_delta = (int32_t)load_32(at + AT_LAST_OFFSET_DELTA);
    batch->base_timestamp = (int64_t)load_64(at + AT_BASE_TIMESTAMP);
    batch->max_timestamp = (int64_t)load_64(at + AT_MAX_TIMESTAMP);
    batch->producer_id = (int64_t)load_64(at + AT_PRODUCER_ID);
    batch->producer_epoch = (int16_t)load_16(at + AT_PRODUCER_EPOCH);
    batch->base_sequence = (int32_t)load_32(at + AT_BASE_SEQUENCE);
    batch->record_count = (int32_t)load_32(at + AT_RECORD_COUNT);
}

/// True when offsets and counts can be those of a batch. Records have growing offsets, so there are
/// no more of them than offsets; uncompressed ones have a least size.
static bool is_plausible(const struct record_batch *batch) {
    must(batch->magic == 2 && batch->size >= AT_RECORDS);
    if (batch->last_offset_delta < 0 || batch->record_count < 0) return false;
    if (batch->base_offset >= INT64_MAX - batch->last_offset_delta) return false;
    if ((int64_t)batch->record_count > (int64_t)batch->last_offset_delta + 1) return false;
    if (record_batch_compression(batch) != COMPRESSION_NONE) return true;
    return (size_t)batch->record_count <= record_batch_payload(batch).size / LEAST_RECORD_SIZE;
}

enum batch_parse record_batch_parse(struct slice bytes, struct record_batch *batch) {
    *batch = (struct record_batch){ 0 };
    if (bytes.size < PREFIX_SIZE) return BATCH_PARTIAL;
    batch->base_offset = (int64_t)load_64(bytes.data);
    int32_t length = (int32_t)load_32(bytes.data + AT_LENGTH);
    if (batch->base_offset < 0 || length < OLD_FORMAT_LEAST_SIZE - PREFIX_SIZE)
        return BATCH_CORRUPT;
    if (length > INT32_MAX - PREFIX_SIZE) return BATCH_CORRUPT;
    batch->size = length + PREFIX_SIZE;
    if (bytes.size <= AT_MAGIC) return BATCH_PARTIAL;
    batch->magic = (int8_t)bytes.data[AT_MAGIC];
    if (batch->magic < 0 || batch->magic > 2) return BATCH_CORRUPT;
    if (batch->magic == 2 && batch->size < AT_RECORDS) return BATCH_CORRUPT;
    if ((size_t)batch->size > bytes.size) return BATCH_PARTIAL;
    batch->bytes = (struct slice){ bytes.data, (size_t)batch->size };
    if (batch->magic < 2) return batch->base_offset < INT64_MAX ? BATCH_OLD_FORMAT : BATCH_CORRUPT;
    load_header(batch, bytes.data);
    return is_plausible(batch) ? BATCH_WHOLE : BATCH_CORRUPT;
}

bool record_batch_crc_is_right(const struct record_batch *batch) {
    must(batch->magic == 2 && batch->bytes.size >= AT_RECORDS);
    struct slice bytes = batch->bytes;
    return crc32c(0, bytes.data + AT_ATTRIBUTES, bytes.size - AT_ATTRIBUTES) == batch->crc;
}

enum compression record_batch_compression(const struct record_batch *batch) {
    return (enum compression)(batch->attributes & COMPRESSION_MASK);
}

bool record_batch_is_log_append_time(const struct record_batch *batch) {
    return (batch->attributes & LOG_APPEND_TIME) != 0;
}

bool record_batch_is_transactional(const struct record_batch *batch) {
    return (batch->attributes & TRANSACTIONAL) != 0;
}

bool record_batch_is_control(const struct record_batch *batch) {
    return (batch->attributes & CONTROL) != 0;
}

bool record_batch_has_delete_horizon(const struct record_batch *batch) {
    return (batch->attributes & DELETE_HORIZON) != 0;
}

int64_t record_batch_next_offset(const struct record_batch *batch) {
    must(batch->base_offset >= 0 && batch->last_offset_delta >= 0);
    return batch->base_offset + batch->last_offset_delta + 1;
}

struct slice record_batch_payload(const struct record_batch *batch) {
    must(batch->magic == 2 && batch->bytes.size >= AT_RECORDS);
    return (struct slice){ batch->bytes.data + AT_RECORDS, batch->bytes.size - AT_RECORDS };
}

enum control_type record_batch_control_type(const struct record_batch *batch) {
    must(record_batch_is_control(batch));
    if (batch->record_count == 0) return CONTROL_OTHER;
    if (record_batch_compression(batch) != COMPRESSION_NONE) return CONTROL_BAD;
    struct record_walker walker;
    struct record marker;
    record_walker_init(&walker, batch, record_batch_payload(batch));
    if (!record_walker_next(&walker, &marker)) return CONTROL_BAD;
    // The key: a version, which says nothing about where the type is, and the type.
    if (marker.key.size < 4) return CONTROL_BAD;
    switch (load_16(marker.key.data + 2)) {
    case 0: return CONTROL_ABORT;
    case 1: return CONTROL_COMMIT;
    }
    return CONTROL_OTHER;
}
