// SPDX-License-Identifier: Apache-2.0
// Batches are kept whole, in a list by offset. What a real log derives from its files (epoch cache,
// transaction index) is kept beside it while batches are appended.
#include "tests/fake_kafka/fake_log.h"

#include "consumer/base/must.h"
#include "consumer/wire/record_walker.h"

#include <stdlib.h>
#include <string.h>

enum { AT_LEADER_EPOCH = 12, MOST_DECOMPRESSED_BYTES = 64 * 1024 * 1024 };

void fake_log_dispose(struct fake_log *log) {
    for (size_t i = 0; i < log->batch_count; i++)
        free(log->batches[i].bytes);
    free(log->batches);
    free(log->epochs);
    free(log->open);
    free(log->aborted);
    *log = (struct fake_log){ 0 };
}

static void put_big_endian(uint8_t *at, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static void note_epoch(struct fake_log *log, int64_t offset) {
    bool known =
        log->epoch_count > 0 && log->epochs[log->epoch_count - 1].epoch == log->leader_epoch;
    if (known) return;
    log->epochs = must_realloc(log->epochs, (log->epoch_count + 1) * sizeof *log->epochs);
    log->epochs[log->epoch_count++] = (struct fake_epoch){ log->leader_epoch, offset };
}

static void open_transaction(struct fake_log *log, int64_t producer_id, int64_t offset) {
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].producer_id == producer_id) return;
    }
    log->open = must_realloc(log->open, (log->open_count + 1) * sizeof *log->open);
    log->open[log->open_count++] = (struct fake_transaction){ producer_id, offset, -1 };
}

static void end_transaction(
    struct fake_log *log, int64_t producer_id, int64_t marker_offset, bool aborts
) {
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].producer_id != producer_id) continue;
        struct fake_transaction ended = log->open[i];
        log->open_count--;
        memmove(&log->open[i], &log->open[i + 1], (log->open_count - i) * sizeof *log->open);
        if (!aborts) return;
        ended.last_offset = marker_offset;
        log->aborted = must_realloc(log->aborted, (log->aborted_count + 1) * sizeof *log->aborted);
        log->aborted[log->aborted_count++] = ended;
        return;
    }
}

// Takes a batch in at the end of the log; `batch` is parsed from `bytes`, which the log owns from
// now on.
static void append_one_take(
    struct fake_log *log, uint8_t *bytes, const struct record_batch *batch
) {
    int64_t base_offset = log->end_offset;
    int64_t next_offset = base_offset + batch->last_offset_delta + 1;
    put_big_endian(bytes, (uint64_t)base_offset, sizeof(int64_t));
    put_big_endian(bytes + AT_LEADER_EPOCH, (uint32_t)log->leader_epoch, sizeof(int32_t));
    log->batches = must_realloc(log->batches, (log->batch_count + 1) * sizeof *log->batches);
    log->batches[log->batch_count++] = (struct fake_batch){
        .bytes = bytes,
        .size = (size_t)batch->size,
        .base_offset = base_offset,
        .next_offset = next_offset,
        .max_timestamp_ms = batch->max_timestamp,
    };
    note_epoch(log, base_offset);
    if (record_batch_is_control(batch)) {
        bool aborts = record_batch_control_type(batch) == CONTROL_ABORT;
        end_transaction(log, batch->producer_id, base_offset, aborts);
    } else if (record_batch_is_transactional(batch)) {
        open_transaction(log, batch->producer_id, base_offset);
    }
    log->end_offset = next_offset;
}

static bool are_whole(struct slice records) {
    if (records.size == 0) return false;
    while (records.size > 0) {
        struct record_batch batch;
        if (record_batch_parse(records, &batch) != BATCH_WHOLE) return false;
        if (!record_batch_crc_is_right(&batch)) return false;
        records.data += batch.size;
        records.size -= (size_t)batch.size;
    }
    return true;
}

bool fake_log_append(struct fake_log *log, struct slice records) {
    if (!are_whole(records)) return false;
    while (records.size > 0) {
        struct record_batch batch;
        enum batch_parse parsed = record_batch_parse(records, &batch);
        must(parsed == BATCH_WHOLE);
        uint8_t *bytes = must_alloc((size_t)batch.size);
        memcpy(bytes, records.data, (size_t)batch.size);
        records.data += batch.size;
        records.size -= (size_t)batch.size;
        append_one_take(log, bytes, &batch);
    }
    return true;
}

static void append_buf(struct fake_log *log, struct buf *bytes) {
    bool appended = fake_log_append(log, buf_slice(bytes));
    must(appended);
    buf_dispose(bytes);
}

void fake_log_append_messages(struct fake_log *log, struct slice messages, int64_t next_offset) {
    must(next_offset > log->end_offset && messages.size > 0);
    uint8_t *bytes = must_alloc(messages.size);
    memcpy(bytes, messages.data, messages.size);
    log->batches = must_realloc(log->batches, (log->batch_count + 1) * sizeof *log->batches);
    log->batches[log->batch_count++] = (struct fake_batch){
        .bytes = bytes,
        .size = messages.size,
        .base_offset = log->end_offset,
        .next_offset = next_offset,
        .max_timestamp_ms = INT64_MIN,
    };
    log->end_offset = next_offset;
}

static void append_with(
    struct fake_log *log,
    struct record_writer_options *options,
    const struct record_to_write *record
) {
    options->base_timestamp = record->timestamp;
    struct record_writer writer;
    struct buf bytes = { 0 };
    record_writer_init(&writer, options);
    record_writer_add(&writer, record);
    record_writer_finish(&writer, &bytes);
    append_buf(log, &bytes);
}

void fake_log_append_record(struct fake_log *log, const struct record_to_write *record) {
    struct record_writer_options options = RECORD_WRITER_OPTIONS(0);
    append_with(log, &options, record);
}

void fake_log_append_transactional(struct fake_log *log, int64_t producer_id, const char *value) {
    struct record_writer_options options = RECORD_WRITER_OPTIONS(0);
    options.producer_id = producer_id;
    options.producer_epoch = 0;
    options.base_sequence = 0;
    options.is_transactional = true;
    struct record_to_write record = { .value = slice_from_string(value) };
    append_with(log, &options, &record);
}

void fake_log_append_marker(struct fake_log *log, int64_t producer_id, enum control_type type) {
    must(type == CONTROL_ABORT || type == CONTROL_COMMIT);
    struct record_writer_options options = RECORD_WRITER_OPTIONS(0);
    options.producer_id = producer_id;
    options.producer_epoch = 0;
    options.is_transactional = true;
    struct buf bytes = { 0 };
    record_writer_add_marker(&options, type, &bytes);
    append_buf(log, &bytes);
}

static size_t keep_below(struct fake_transaction *list, size_t count, int64_t offset) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool reaches = list[i].first_offset >= offset || list[i].last_offset >= offset;
        if (!reaches) list[kept++] = list[i];
    }
    return kept;
}

void fake_log_truncate(struct fake_log *log, int64_t offset) {
    must(offset >= log->start_offset && offset <= log->end_offset);
    while (log->batch_count > 0 && log->batches[log->batch_count - 1].next_offset > offset) {
        must(log->batches[log->batch_count - 1].base_offset >= offset);
        free(log->batches[--log->batch_count].bytes);
    }
    while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].start_offset >= offset)
        log->epoch_count--;
    log->open_count = keep_below(log->open, log->open_count, offset);
    log->aborted_count = keep_below(log->aborted, log->aborted_count, offset);
    log->end_offset = offset;
}

void fake_log_delete_before(struct fake_log *log, int64_t offset) {
    must(offset <= log->end_offset);
    if (offset <= log->start_offset) return;
    log->start_offset = offset;
    size_t gone = 0;
    while (gone < log->batch_count && log->batches[gone].next_offset <= offset)
        free(log->batches[gone++].bytes);
    log->batch_count -= gone;
    memmove(log->batches, log->batches + gone, log->batch_count * sizeof *log->batches);
}

int64_t fake_log_high_watermark(const struct fake_log *log) {
    int64_t watermark = log->end_offset - log->held_back;
    return watermark > log->start_offset ? watermark : log->start_offset;
}

int64_t fake_log_last_stable_offset(const struct fake_log *log) {
    int64_t stable = fake_log_high_watermark(log);
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].first_offset < stable) stable = log->open[i].first_offset;
    }
    return stable;
}

int64_t fake_log_read(
    const struct fake_log *log,
    int64_t offset,
    int64_t limit_offset,
    size_t max_bytes,
    bool whole_first,
    struct buf *out
) {
    size_t first = 0;
    while (first < log->batch_count && log->batches[first].next_offset <= offset)
        first++;
    int64_t next_offset = offset;
    size_t given = 0;
    for (size_t i = first; i < log->batch_count; i++) {
        const struct fake_batch *batch = &log->batches[i];
        if (batch->base_offset >= limit_offset) break;
        bool fits = given + batch->size <= max_bytes;
        if (i == first && !fits && !whole_first) break;
        size_t size = fits || i == first ? batch->size : max_bytes - given;
        buf_append(out, batch->bytes, size);
        given += size;
        next_offset = batch->next_offset;
        if (given >= max_bytes) break;
    }
    return next_offset;
}

bool fake_log_epoch_end(
    const struct fake_log *log, int32_t epoch, int32_t *found_epoch, int64_t *end_offset
) {
    *found_epoch = -1;
    *end_offset = -1;
    if (epoch == log->leader_epoch) {
        *found_epoch = epoch;
        *end_offset = log->end_offset;
        return true;
    }
    for (size_t i = log->epoch_count; i-- > 0;) {
        if (log->epochs[i].epoch > epoch) continue;
        *found_epoch = log->epochs[i].epoch;
        *end_offset = i + 1 < log->epoch_count ? log->epochs[i + 1].start_offset : log->end_offset;
        return true;
    }
    return false;
}

int32_t fake_log_epoch_at(const struct fake_log *log, int64_t offset) {
    int32_t epoch = -1;
    for (size_t i = 0; i < log->epoch_count && log->epochs[i].start_offset <= offset; i++)
        epoch = log->epochs[i].epoch;
    return epoch;
}

// The first record of a batch at or after a time.
static bool find_in_batch(
    const struct fake_batch *from, int64_t timestamp_ms, int64_t *offset, int64_t *found_ms
) {
    struct record_batch batch;
    enum batch_parse parsed = record_batch_parse((struct slice){ from->bytes, from->size }, &batch);
    must(parsed == BATCH_WHOLE);
    if (record_batch_is_control(&batch)) return false;
    struct compression_context context;
    compression_context_init(&context);
    struct buf records = { 0 };
    enum compression codec = record_batch_compression(&batch);
    enum status status = compression_decompress(
        &context, codec, record_batch_payload(&batch), MOST_DECOMPRESSED_BYTES, &records
    );
    struct record_walker walker;
    struct record record;
    bool found = false;
    if (!status) {
        record_walker_init(&walker, &batch, buf_slice(&records));
        while (!found && record_walker_next(&walker, &record))
            found = record.timestamp >= timestamp_ms;
    }
    if (found) {
        *offset = record.offset;
        *found_ms = record.timestamp;
    }
    buf_dispose(&records);
    compression_context_dispose(&context);
    return found;
}

bool fake_log_find_time(
    const struct fake_log *log, int64_t timestamp_ms, int64_t *offset, int64_t *found_ms
) {
    for (size_t i = 0; i < log->batch_count; i++) {
        if (log->batches[i].max_timestamp_ms < timestamp_ms) continue;
        if (find_in_batch(&log->batches[i], timestamp_ms, offset, found_ms)) return true;
    }
    return false;
}

bool fake_log_find_latest_time(const struct fake_log *log, int64_t *offset, int64_t *found_ms) {
    int64_t latest_ms = INT64_MIN;
    for (size_t i = 0; i < log->batch_count; i++) {
        if (log->batches[i].max_timestamp_ms > latest_ms)
            latest_ms = log->batches[i].max_timestamp_ms;
    }
    return log->batch_count > 0 && fake_log_find_time(log, latest_ms, offset, found_ms);
}
