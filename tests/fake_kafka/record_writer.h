// SPDX-License-Identifier: Apache-2.0
// Builds record batches of format 2, for the fake broker and for tests. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/compression.h"
#include "consumer/wire/record_batch.h"

#include <stdbool.h>
#include <stdint.h>

/// What a batch says of itself.
struct record_writer_options {
    int64_t base_offset;
    int64_t base_timestamp; ///< ms since 1970
    int64_t producer_id;
    int32_t base_sequence;
    int32_t leader_epoch;
    int16_t producer_epoch;
    enum compression compression;
    bool is_snappy_raw; ///< one raw block in place of xerial's framing
    bool is_transactional;
    bool is_log_append_time; ///< the time of all records is that of the latest
};

/// Options of a batch at an offset, uncompressed, by no idempotent producer: a start for others.
#define RECORD_WRITER_OPTIONS(offset) \
    ((struct record_writer_options    \
    ){ .base_offset = (offset), .producer_id = -1, .base_sequence = -1, .producer_epoch = -1 })

/// One header of a record to write; the value may be null.
struct header_to_write {
    struct slice key;
    struct slice value;
};

/// One record to write. Everything is borrowed for the call.
struct record_to_write {
    int64_t timestamp; ///< ms since 1970
    struct slice key;
    struct slice value;
    const struct header_to_write *headers;
    uint32_t header_count;
};

/// A batch in the making.
struct record_writer {
    struct record_writer_options options;
    struct buf records; ///< encoded, not compressed
    int64_t max_timestamp;
    int32_t record_count;
    int32_t next_offset_delta;
};

/// Begins a batch.
void record_writer_init(struct record_writer *writer, const struct record_writer_options *options);

/// Adds a record at the next offset.
void record_writer_add(struct record_writer *writer, const struct record_to_write *record);

/// Leaves `count` offsets out, as compaction does; at the end of a batch too.
void record_writer_skip(struct record_writer *writer, int32_t count);

/// Appends the batch to `out` and frees the writer's memory. At least one offset must have been
/// used or left out.
void record_writer_finish(struct record_writer *writer, struct buf *out);

/// Appends a control batch of one marker at base_offset, CONTROL_ABORT or CONTROL_COMMIT, as a
/// transaction coordinator of epoch 0 writes it.
void record_writer_add_marker(
    const struct record_writer_options *options, enum control_type type, struct buf *out
);

/// Appends `in` compressed; snappy in xerial's framing.
void record_writer_compress(enum compression codec, struct slice in, struct buf *out);

/// Makes the checksum of a whole batch right again, for a test that changed its bytes.
void record_writer_mend_crc(uint8_t *batch, size_t size);
