// SPDX-License-Identifier: Apache-2.0
// The log of one fake partition: record batches as they were produced, leader epochs, open and
// aborted transactions. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/record_batch.h"
#include "tests/fake_kafka/record_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One batch with offsets and leader epoch as the log gave them.
struct fake_batch {
    uint8_t *bytes; ///< owned
    size_t size;
    int64_t base_offset;
    int64_t next_offset;
    int64_t max_timestamp_ms;
};

/// A leader epoch and the first offset that was written in it.
struct fake_epoch {
    int32_t epoch;
    int64_t start_offset;
};

/// A transaction that is open, or that was aborted by a marker at `last_offset`.
struct fake_transaction {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset; ///< of aborted ones
};

/// A log. A zeroed one is empty, at offset 0 and leader epoch 0.
struct fake_log {
    struct fake_batch *batches;
    size_t batch_count;
    struct fake_epoch *epochs; ///< ascending; only those in which something was written
    size_t epoch_count;
    struct fake_transaction *open;
    size_t open_count;
    struct fake_transaction *aborted;
    size_t aborted_count;
    int64_t start_offset;
    int64_t end_offset;
    int64_t held_back;    ///< how many offsets before the end the high watermark stays
    int32_t leader_epoch; ///< what is appended gets it
};

/// Frees what the log owns.
void fake_log_dispose(struct fake_log *log);

/// Appends every batch of what a producer sent, at the log's offsets. False, and nothing appended,
/// when the bytes are no whole batches with right checksums.
bool fake_log_append(struct fake_log *log, struct slice records);

/// Appends messages of format 0 or 1 at the log's end, as a producer of old left them: one wrapper,
/// or one message, that leads to `next_offset`. For fetching; they have no place in searches by
/// time.
void fake_log_append_messages(struct fake_log *log, struct slice messages, int64_t next_offset);

/// Appends one record as a batch of its own; timestamp in ms since 1970.
void fake_log_append_record(struct fake_log *log, const struct record_to_write *record);

/// Appends one text value without key by a transactional producer (or an idempotent one's batch).
void fake_log_append_transactional(struct fake_log *log, int64_t producer_id, const char *value);

/// Ends a producer's transaction by a control batch. CONTROL_ABORT or CONTROL_COMMIT.
void fake_log_append_marker(struct fake_log *log, int64_t producer_id, enum control_type type);

/// Drops everything from an offset on, as a new leader with a shorter log does. Epochs that began
/// there are forgotten.
void fake_log_truncate(struct fake_log *log, int64_t offset);

/// Moves the start of the log, as retention or DeleteRecords does: batches wholly below it go.
void fake_log_delete_before(struct fake_log *log, int64_t offset);

/// Offsets below are readable.
int64_t fake_log_high_watermark(const struct fake_log *log);

/// Offsets below belong to no open transaction.
int64_t fake_log_last_stable_offset(const struct fake_log *log);

/// Appends to `out` the bytes from the batch with `offset` on and below `limit_offset`, at most
/// `max_bytes` of them: the last batch may be cut; a first one that does not fit comes whole
/// (`whole_first`) or not at all (KIP-74). Returns the first offset behind what was given.
int64_t fake_log_read(
    const struct fake_log *log,
    int64_t offset,
    int64_t limit_offset,
    size_t max_bytes,
    bool whole_first,
    struct buf *out
);

/// Where an epoch ends: the largest known epoch not above the asked one, and the first offset
/// after it (KIP-320). False, with both at -1, when the log knows none.
bool fake_log_epoch_end(
    const struct fake_log *log, int32_t epoch, int32_t *found_epoch, int64_t *end_offset
);

/// The leader epoch in which an offset was written; -1: none.
int32_t fake_log_epoch_at(const struct fake_log *log, int64_t offset);

/// The first record with a timestamp not before `timestamp_ms`; false: none.
bool fake_log_find_time(
    const struct fake_log *log, int64_t timestamp_ms, int64_t *offset, int64_t *found_ms
);

/// The record with the latest timestamp; false: the log is empty.
bool fake_log_find_latest_time(const struct fake_log *log, int64_t *offset, int64_t *found_ms);
