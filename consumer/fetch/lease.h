// SPDX-License-Identifier: Apache-2.0
// The records of one poll, from the first taken until the application is known to have them or not.
// Used by the polling thread, one call at a time; a queue has at most one lease.
#pragma once

#include "consumer/fetch/queue.h"
#include "consumer/wire/message_set.h"
#include "consumer/wire/record_walker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a poll differs from one that acknowledges and takes: any of these, or 0.
enum lease_flags {
    LEASE_PEEK = 1, ///< acknowledges nothing and moves nothing
    LEASE_KEEP = 2, ///< acknowledges nothing, and no later poll acknowledges what it delivers
};

/// What a lease holds of one partition.
struct lease_entry {
    struct queue_partition *partition;
    uint32_t version;   ///< of the partition when the lease began to take from it
    int64_t position;   ///< after what was handed out, and what there was to skip behind it
    int64_t record_end; ///< after the last record that was handed out
    int32_t leader_epoch;
    uint64_t record_count;      ///< handed out
    struct queued_batch *taken; ///< in order
    struct queued_batch *taken_last;
};

/// Records handed out and not yet settled.
struct lease {
    struct queue *queue;
    unsigned flags; ///< of enum lease_flags
    struct lease_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct lease_entry *current; ///< the entry of `batch`; NULL: none
    struct queued_batch *batch;  ///< the one that is being walked; NULL: none
    struct record_walker walker;
    struct record_walker before;    ///< the walk as it was before the last record
    struct message_walker messages; ///< in place of `walker`, of messages of an older format
    struct message_walker messages_before;
    int32_t timestamp_type; ///< of the last record: 0 create time, 1 log append time, -1 none
    bool has_checksum;      ///< the last record has one of its own
    uint32_t checksum;
    int64_t position_before; ///< of `current`, likewise; -1: there is no last record to take back
    int64_t record_end_before;
    uint64_t bytes_before;
    uint64_t record_count;
    uint64_t record_bytes;
    bool has_stopped;        ///< at damage that the next poll tells
    bool is_damaged;         ///< the batch at hand cannot be read: no walk of it to go on with
    const char *error_topic; ///< NULL: the consumer as a whole
    int32_t error_partition; ///< -1: the topic, or the consumer, as a whole
    struct queue_topic_error *told; ///< owns the name of a topic as a whole; NULL: none is told
    int64_t skip_offset;
    struct queue_error error;
};

/// Opens a lease; without flags, everything delivered before is acknowledged.
/// STATUS_POLL_IN_PROGRESS, STATUS_CLOSED.
enum status lease_open(struct queue *queue, unsigned flags, struct lease **lease);

/// The next record, with the entry it belongs to. STATUS_NO_RECORDS: no more at hand. Another
/// status concerns what would come next and is given only before the first record; particulars are
/// in the lease's error fields.
enum status lease_next(
    struct lease *lease, struct record *record, const struct lease_entry **entry
);

/// Takes the last record back, which was handed out by the call before: the next poll begins with
/// it. This lease gives no more records. Not the first record, so that every poll comes forward.
void lease_unread(struct lease *lease);

/// True when lease_next() may give a record or an error.
bool lease_is_ready(struct lease *lease);

/// Ends the lease: positions move past what was handed out (`accepted`, and no peek), or everything
/// goes back to the front of the queue.
void lease_close(struct lease *lease, bool accepted);
