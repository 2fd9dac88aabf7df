// SPDX-License-Identifier: Apache-2.0
// A queue with batches of a log that is the same whenever it is read: which offsets are there, in
// which batches, and what their values say follows from partition and offset alone.
#pragma once

#include "consumer/fetch/lease.h"
#include "consumer/fetch/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Offsets of one batch of the log: batches begin at multiples of it.
enum { RIG_BATCH_OFFSETS = 5 };

/// What a record's value says.
struct rig_value {
    int32_t partition;
    int64_t offset;
};

/// A queue and how often it woke its engine.
struct queue_rig {
    struct queue *queue;
    int wakes;
};

/// A rig whose queue has a bound of `limit_bytes`. Disposed by queue_rig_dispose().
void queue_rig_init(struct queue_rig *rig, size_t limit_bytes);

/// Frees the queue, which has no lease.
void queue_rig_dispose(struct queue_rig *rig);

/// The same, with "t"-0, to be delivered from its beginning on.
struct queue_partition *queue_rig_begin(struct queue_rig *rig, size_t limit_bytes);

/// Adds "t"-`partition`, to be delivered from `position` on.
struct queue_partition *queue_rig_add(struct queue_rig *rig, int32_t partition, int64_t position);

/// Pushes `count` records at `base_offset` and its followers as one batch.
void queue_rig_push(struct queue_partition *partition, int64_t base_offset, int32_t count);

/// Pushes two such batches, of which the first has a wrong checksum.
void queue_rig_push_damaged(struct queue_partition *partition, int64_t base_offset, int32_t count);

/// The first offset from `offset` on that has a record in the log.
int64_t queue_rig_next_record(int32_t partition, int64_t offset);

/// Pushes what the log has around `offset`: the batch that holds it, or a skip over it when it is
/// empty. `damaged`: with a wrong checksum. Returns the offset behind it.
int64_t queue_rig_push_log(struct queue_partition *partition, int64_t offset, bool damaged);

/// Opens a lease with flags of enum lease_flags, which must succeed.
struct lease *queue_rig_open(struct queue_rig *rig, unsigned flags);

/// Ends the test unless the lease's next record is `offset` of `partition`, with its own value.
void queue_rig_expect(struct lease *lease, int32_t partition, int64_t offset);

/// Ends the test unless the lease says `status` now.
void queue_rig_expect_status(struct lease *lease, enum status status);

/// Ends the test unless `record` says that it is `offset` of `partition`.
void queue_rig_check_value(const struct record *record, int32_t partition, int64_t offset);

/// Ends the test unless the queue's counts are those of the batches that it holds.
void queue_rig_check_counts(struct queue *queue);
