// SPDX-License-Identifier: Apache-2.0
// Batches come from the tests' record writer, each in a chunk of its own.
#include "tests/unit/fetch/queue_rig.h"

#include "consumer/base/must.h"
#include "tests/fake_kafka/record_writer.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { BATCH_MOST_BYTES = 1024 * 1024, MISSING_OF_EIGHT = 3 };

static void count_wake(void *arg) {
    struct queue_rig *rig = arg;
    __atomic_add_fetch(&rig->wakes, 1, __ATOMIC_RELAXED);
}

void queue_rig_init(struct queue_rig *rig, size_t limit_bytes) {
    struct queue_settings settings = {
        .limit_bytes = limit_bytes,
        .batch_max_bytes = BATCH_MOST_BYTES,
        .check_crcs = true,
        .wake = count_wake,
        .arg = rig,
    };
    *rig = (struct queue_rig){ .queue = queue_new(&settings) };
}

void queue_rig_dispose(struct queue_rig *rig) {
    queue_free(rig->queue);
}

struct queue_partition *queue_rig_add(struct queue_rig *rig, int32_t partition, int64_t position) {
    struct queue_partition *added = queue_add(rig->queue, "t", partition);
    queue_reset(added, position, 0);
    return added;
}

struct queue_partition *queue_rig_begin(struct queue_rig *rig, size_t limit_bytes) {
    queue_rig_init(rig, limit_bytes);
    return queue_rig_add(rig, 0, 0);
}

// The batch's bytes in a chunk, as they are received.
static struct queued_batch *batch_of(struct buf *bytes) {
    struct record_batch batch;
    must(record_batch_parse(buf_slice(bytes), &batch) == BATCH_WHOLE);
    struct queued_batch *queued = must_alloc(sizeof *queued);
    queued->chunk = chunk_new(bytes->size);
    must(queued->chunk != NULL);
    memcpy(queued->chunk->data, bytes->data, bytes->size);
    queued->bytes = (struct slice){ queued->chunk->data, bytes->size };
    queued->next_offset = record_batch_next_offset(&batch);
    queued->leader_epoch = batch.partition_leader_epoch;
    buf_dispose(bytes);
    return queued;
}

static void add_record(struct record_writer *writer, int32_t partition, int64_t offset) {
    struct rig_value value;
    memset(&value, 0, sizeof value);
    value.partition = partition;
    value.offset = offset;
    struct record_to_write record = {
        .timestamp = offset,
        .value = { (const uint8_t *)&value, sizeof value },
    };
    record_writer_add(writer, &record);
}

static void damage(struct buf *bytes) {
    bytes->data[bytes->size - 1] ^= 0x40;
}

static struct queued_batch *make(
    int32_t partition, int64_t base_offset, int32_t count, bool damaged
) {
    struct record_writer_options options = RECORD_WRITER_OPTIONS(base_offset);
    struct record_writer writer;
    struct buf bytes = { 0 };
    record_writer_init(&writer, &options);
    for (int32_t i = 0; i < count; i++)
        add_record(&writer, partition, base_offset + i);
    record_writer_finish(&writer, &bytes);
    if (damaged) damage(&bytes);
    return batch_of(&bytes);
}

void queue_rig_push(struct queue_partition *partition, int64_t base_offset, int32_t count) {
    queue_push_take(partition, make(partition->partition, base_offset, count, false));
}

void queue_rig_push_damaged(struct queue_partition *partition, int64_t base_offset, int32_t count) {
    queue_push_take(partition, make(partition->partition, base_offset, count, true));
    queue_push_take(partition, make(partition->partition, base_offset + count, count, false));
}

static bool is_there(int32_t partition, int64_t offset) {
    uint64_t mixed = ((uint64_t)offset + 1) * 0x9e3779b97f4a7c15U + (uint64_t)partition;
    mixed ^= mixed >> 29;
    mixed *= 0xbf58476d1ce4e5b9U;
    // Each seventh batch is one of control records.
    return offset / RIG_BATCH_OFFSETS % 7 != 3 && (mixed >> 40) % 8 >= MISSING_OF_EIGHT;
}

int64_t queue_rig_next_record(int32_t partition, int64_t offset) {
    while (!is_there(partition, offset))
        offset++;
    return offset;
}

int64_t queue_rig_push_log(struct queue_partition *partition, int64_t offset, bool damaged) {
    int64_t base = offset - offset % RIG_BATCH_OFFSETS;
    int64_t end = base + RIG_BATCH_OFFSETS;
    if (queue_rig_next_record(partition->partition, base) >= end) {
        queue_skip(partition, end, 0);
        return end;
    }
    struct record_writer_options options = RECORD_WRITER_OPTIONS(base);
    options.compression = base % 3 ? COMPRESSION_NONE : COMPRESSION_LZ4;
    struct record_writer writer;
    struct buf bytes = { 0 };
    record_writer_init(&writer, &options);
    for (int64_t at = base; at < end; at++) {
        if (is_there(partition->partition, at)) {
            add_record(&writer, partition->partition, at);
        } else {
            record_writer_skip(&writer, 1);
        }
    }
    record_writer_finish(&writer, &bytes);
    if (damaged) damage(&bytes);
    queue_push_take(partition, batch_of(&bytes));
    return end;
}

struct lease *queue_rig_open(struct queue_rig *rig, unsigned flags) {
    struct lease *lease = NULL;
    EXPECT(lease_open(rig->queue, flags, &lease) == STATUS_OK);
    return lease;
}

void queue_rig_check_value(const struct record *record, int32_t partition, int64_t offset) {
    struct rig_value value;
    EXPECT(record->value.size == sizeof value);
    memcpy(&value, record->value.data, sizeof value);
    EXPECT(value.partition == partition);
    EXPECT(value.offset == offset);
    EXPECT(record->offset == offset);
}

void queue_rig_expect(struct lease *lease, int32_t partition, int64_t offset) {
    struct record record;
    const struct lease_entry *entry = NULL;
    ck_assert_int_eq(lease_next(lease, &record, &entry), STATUS_OK);
    ck_assert_int_eq(entry->partition->partition, partition);
    ck_assert_int_eq(record.offset, offset);
    queue_rig_check_value(&record, partition, offset);
}

void queue_rig_expect_status(struct lease *lease, enum status status) {
    struct record record;
    const struct lease_entry *entry = NULL;
    ck_assert_int_eq(lease_next(lease, &record, &entry), status);
}

void queue_rig_check_counts(struct queue *queue) {
    size_t bytes[2] = { 0, 0 };
    size_t ready_batches = 0;
    size_t ready_partitions = 0;
    const struct queue_partition *partition;
    DL_FOREACH(queue->partitions, partition) {
        size_t own_bytes = 0;
        size_t own_batches = 0;
        const struct queued_batch *batch;
        LL_FOREACH(partition->first, batch) {
            own_bytes += batch->bytes.size;
            own_batches += batch->chunk != NULL;
            EXPECT(batch->next || batch == partition->last);
        }
        EXPECT(partition->bytes == own_bytes && partition->record_batches == own_batches);
        EXPECT(partition->is_ready == (partition->first && !partition->is_paused));
        bytes[partition->is_paused] += own_bytes;
        if (!partition->is_paused) ready_batches += own_batches;
        ready_partitions += partition->is_ready;
    }
    DL_FOREACH2(queue->ready, partition, ready_next) {
        EXPECT(ready_partitions-- > 0);
    }
    EXPECT(ready_partitions == 0 && queue->ready_batches == ready_batches);
    EXPECT(queue->buffered_bytes == bytes[0] && queue->parked_bytes == bytes[1]);
}
