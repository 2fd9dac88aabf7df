// SPDX-License-Identifier: Apache-2.0
// The header of a record batch of message format 2 (KIP-98): decoded and checked without looking at
// the records, so that what to do with a batch is decided before it is decompressed. Any thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/compression.h"

#include <stdbool.h>
#include <stdint.h>

/// What record_batch_parse() found at the front of the bytes.
enum batch_parse {
    BATCH_WHOLE,      ///< a batch of format 2, with every field of struct record_batch
    BATCH_PARTIAL,    ///< less than one batch: the broker cut it at the response's size (KIP-74)
    BATCH_OLD_FORMAT, ///< a whole message of format 0 or 1: base_offset, size, magic, bytes are set
    BATCH_CORRUPT,    ///< no batch: a length, count or offset that cannot be, or an unknown magic
};

/// One batch's header. All of it is what the peer said, in the ranges that record_batch_parse()
/// lets through; only the checksum tells whether it is what the producer wrote.
struct record_batch {
    int64_t base_offset;            ///< >= 0
    int32_t size;                   ///< bytes of the whole batch, offset and length included
    int32_t partition_leader_epoch; ///< -1: unknown
    int8_t magic;                   ///< the message format: 2
    uint32_t crc;
    int16_t attributes;
    int32_t last_offset_delta; ///< >= 0; base_offset + this does not overflow, nor does one more
    int64_t base_timestamp;    ///< ms since 1970
    int64_t max_timestamp;     ///< ms since 1970; log append time: the time of every record
    int64_t producer_id;       ///< -1: neither idempotent nor transactional
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t record_count; ///< 0 (all compacted away) to last_offset_delta + 1
    struct slice bytes;   ///< the whole batch, borrowed from what was parsed
};

/// What a control batch says.
enum control_type {
    CONTROL_ABORT,  ///< the producer's transaction ended here and counts for nothing
    CONTROL_COMMIT, ///< the producer's transaction ended here and counts
    CONTROL_OTHER,  ///< nothing that concerns a consumer, or its marker was compacted away
    CONTROL_BAD,    ///< its marker cannot be read
};

/// Looks at the first batch of `bytes` (the records of one partition in a fetch response, or what
/// is left of them) and never beyond it. With BATCH_CORRUPT, base_offset, size and magic are set
/// as far as bytes were there to tell, for an error's text; else they are 0.
enum batch_parse record_batch_parse(struct slice bytes, struct record_batch *batch);

/// True when the checksum fits the bytes that it covers: from the attributes to the end. The one
/// function here that reads all of the batch.
bool record_batch_crc_is_right(const struct record_batch *batch);

/// The codec of the payload; may be one that compression_decompress() refuses.
enum compression record_batch_compression(const struct record_batch *batch);

/// True when the broker set the time (LogAppendTime): it is max_timestamp for every record.
bool record_batch_is_log_append_time(const struct record_batch *batch);

/// True when the batch belongs to a transaction, control batches included.
bool record_batch_is_transactional(const struct record_batch *batch);

/// True for a control batch, whose records are never delivered.
bool record_batch_is_control(const struct record_batch *batch);

/// True when base_timestamp is the time from which tombstones may be deleted, not the first
/// record's (KIP-534); records' times count from it all the same.
bool record_batch_has_delete_horizon(const struct record_batch *batch);

/// The offset to read after this batch, whichever of its records are still there.
int64_t record_batch_next_offset(const struct record_batch *batch);

/// The records, compressed if the batch is; borrowed from the batch.
struct slice record_batch_payload(const struct record_batch *batch);

/// What the marker of a control batch says. The batch must be one.
enum control_type record_batch_control_type(const struct record_batch *batch);
