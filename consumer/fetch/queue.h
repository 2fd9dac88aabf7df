// SPDX-License-Identifier: Apache-2.0
// Prefetched batches on their way from the engine thread to the thread that polls, and the position
// of each partition. One of the two places where threads meet: every function takes the queue's
// lock for a few steps.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/chunk.h"
#include "consumer/base/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One batch, or a set of messages of an older format, as it was received, still compressed; or,
/// without a chunk, a stretch of offsets with nothing to deliver (control batches, aborted
/// transactions).
struct queued_batch {
    struct queued_batch *next;
    struct chunk *chunk; ///< a reference of its own; NULL: a stretch to skip
    struct slice bytes;  ///< inside the chunk
    int64_t next_offset; ///< the position after it
    int32_t leader_epoch;
};

/// What stands in the way of a partition, or of the whole consumer.
struct queue_error {
    enum status status; ///< STATUS_OK: nothing
    int16_t kafka_error;
    int64_t offset; ///< -1: none
    bool once;      ///< one poll tells it, later ones go on
};

/// What stands in the way of a topic as a whole, which has no partitions here that could tell it.
struct queue_topic_error {
    struct queue_topic_error *prev; ///< utlist
    struct queue_topic_error *next;
    struct queue_error error;
    char topic[]; ///< with its NUL
};

/// One assigned partition. Fields are guarded by the queue's lock.
struct queue_partition {
    struct queue *queue;
    struct queue_partition *prev; ///< utlist, in `partitions`
    struct queue_partition *next;
    struct queue_partition *ready_prev; ///< utlist, in `ready`
    struct queue_partition *ready_next;
    char *topic;
    int32_t partition;
    uint32_t
        version; ///< grows when the position is set anew: what a lease holds from before is void
    int64_t position; ///< the next offset to deliver; -1: not known
    int32_t position_epoch;
    int64_t acknowledged; ///< the position that a later poll has acknowledged; -1: none
    int32_t acknowledged_epoch;
    int64_t kept_from;  ///< delivered from here on, up to `kept_until`, by polls whose records only
                        ///< commits acknowledge; -1: none
    int32_t kept_epoch; ///< leader epoch of the record before `kept_from`
    int64_t kept_until;
    struct queued_batch *first;
    struct queued_batch *last;
    size_t bytes;
    size_t record_batches; ///< batches that are no skips
    bool is_ready;         ///< in the ready list
    bool is_paused;
    bool is_leased;  ///< a poll holds batches of it
    bool is_removed; ///< freed when the lease ends
    bool wants_refetch;
    struct queue_error error;
};

/// What a queue is set up with.
struct queue_settings {
    size_t limit_bytes;     ///< most bytes, as long as queue_set_limit() says nothing else
    size_t batch_max_bytes; ///< bound on one decompressed batch
    bool check_crcs;
    void (*wake)(void *arg
    ); ///< called by the polling thread when the engine should look at the queue
    void *arg;
};

struct lease;
struct unpacker;

/// A time of the last minute.
struct queue_time {
    double mean_ms;
    double most_ms;
};

/// What the engine publishes for whoever asks for metrics. Counts only grow, but for the
/// connections.
struct queue_counters {
    uint64_t fetches;
    uint64_t fetched_bytes;
    uint64_t stale_answers;
    uint64_t committed_offsets;
    uint64_t failed_commits;
    uint64_t rebalances;
    uint64_t expired_holds;
    uint64_t connections;
    uint64_t tls_handshakes;
    uint64_t resumed_tls_handshakes;
    uint64_t tls_failures;
    uint64_t authentications;
    uint64_t reauthentications;
    uint64_t authentication_failures;
    uint64_t failed_rebalances;
    uint64_t heartbeats;
    uint64_t joins;
    uint64_t syncs;
    int64_t rebalanced_at_ms; ///< -1: never
    struct queue_time fetch_time;
    struct queue_time commit_time;
    struct queue_time heartbeat_time;
    struct queue_time join_time;
    struct queue_time sync_time;
    struct queue_time rebalance_time;
};

/// What a queue counts itself.
struct queue_totals {
    struct queue_counters engine;
    uint64_t delivered_records;
    uint64_t delivered_bytes;
    size_t buffered_bytes; ///< of partitions that are not paused
    size_t parked_bytes;   ///< of paused ones
    size_t limit_bytes;    ///< of either
    size_t partitions;
};

/// One consumer's queue.
struct queue {
    pthread_mutex_t lock;
    struct queue_settings settings;
    struct queue_partition *partitions;
    struct queue_partition *ready;
    size_t buffered_bytes; ///< of partitions that are not paused
    size_t parked_bytes;   ///< of paused ones
    size_t ready_batches;  ///< batches with records that a poll could take now
    bool is_full;
    bool is_closed;
    bool has_activity; ///< a poll was opened since the engine last asked
    struct lease *lease;
    struct queue_error failure;
    struct queue_topic_error *topic_errors; ///< not told yet, the oldest first
    struct unpacker *unpacker;              ///< of the one lease
    uint64_t delivered_records;
    uint64_t delivered_bytes;
    struct queue_counters counters;
};

/// A partition as it stands.
struct queue_view {
    int64_t position;
    int32_t position_epoch;
    int64_t acknowledged;
    int32_t acknowledged_epoch;
    size_t bytes;
    int64_t buffered_until; ///< the offset behind what is prefetched; -1: nothing is
    bool is_paused;
    bool is_leased; ///< records are handed out whose fate is open
    struct queue_error error;
};

/// A new empty queue; freed by queue_free().
struct queue *queue_new(const struct queue_settings *settings);

/// Frees a queue without a lease, and all of its partitions.
void queue_free(struct queue *queue);

/// Adds a partition whose position is not known yet. Owned by the queue until queue_remove().
struct queue_partition *queue_add(struct queue *queue, const char *topic, int32_t partition);

/// Forgets a partition and what is buffered of it. What a poll holds of it is void.
void queue_remove(struct queue_partition *partition);

/// Sets the position (-1: not known yet), drops what is buffered, clears the partition's error.
void queue_reset(struct queue_partition *partition, int64_t position, int32_t leader_epoch);

/// Goes back to an earlier position, or stays. What is acknowledged before it stays so, and what
/// only commits acknowledge; what is buffered is dropped, and what a poll holds is void.
void queue_rewind(struct queue_partition *partition, int64_t position, int32_t leader_epoch);

/// The application has committed: what was kept for that up to `offset` counts as acknowledged.
void queue_on_committed(struct queue_partition *partition, int64_t offset, int32_t leader_epoch);

/// Appends a batch; the queue owns it.
void queue_push_take(struct queue_partition *partition, struct queued_batch *batch);

/// Tells that nothing is to be delivered before `next_offset`. Of no effect where the position is
/// there already, and behind dropped records that will be fetched again.
void queue_skip(struct queue_partition *partition, int64_t next_offset, int32_t leader_epoch);

/// Pauses or resumes. What is buffered is parked, unless that would exceed the bound: then it is
/// dropped and fetched again.
void queue_set_paused(struct queue_partition *partition, bool paused);

/// Sets or clears (STATUS_OK) what stands in the way of a partition.
void queue_set_error(struct queue_partition *partition, struct queue_error error);

/// Puts what stands in the way of a topic before one poll, whatever its `once`; with STATUS_OK,
/// withdraws what no poll has told yet.
void queue_set_topic_error(struct queue *queue, const char *topic, struct queue_error error);

/// Sets or clears what stands in the way of the whole consumer.
void queue_set_failure(struct queue *queue, struct queue_error error);

/// The partition as it stands.
struct queue_view queue_view(struct queue_partition *partition);

/// True when a poll would find a record or an error.
bool queue_is_ready(struct queue *queue);

/// Sets the bound on prefetched bytes. What lies above a lower one stays until it is delivered.
void queue_set_limit(struct queue *queue, size_t limit_bytes);

/// How many more bytes may be prefetched: 0 from the limit on, until half of it is free again.
size_t queue_room(struct queue *queue);

/// Bytes buffered, parked ones included.
size_t queue_bytes(struct queue *queue);

/// Takes the mark that a partition must be fetched again from its position, with that position.
bool queue_take_refetch(
    struct queue_partition *partition, int64_t *position, int32_t *leader_epoch
);

/// Publishes the engine's counts.
void queue_publish(struct queue *queue, const struct queue_counters *counters);

/// All counts, at one moment. Any thread.
struct queue_totals queue_totals(struct queue *queue);

/// True while a poll is open.
bool queue_is_polled(struct queue *queue);

/// True when a poll was opened since the last call.
bool queue_take_activity(struct queue *queue);

/// From now on no poll can be opened. Open ones go on.
void queue_close(struct queue *queue);

/// Frees a list of batches.
void queued_batches_free(struct queued_batch *batches);

// For lease.c, with the lock held:

/// Appends or prepends a batch and keeps the counts.
void queue_insert_locked(struct queue_partition *partition, struct queued_batch *batch, bool front);

/// Takes the first batch; the caller owns it. NULL when there is none.
struct queued_batch *queue_take_first_locked(struct queue_partition *partition);

/// Drops all that is buffered.
void queue_drop_locked(struct queue_partition *partition);

/// Acknowledges all that was delivered, but for what only commits acknowledge.
void queue_acknowledge_locked(struct queue_partition *partition);

/// Notes that a poll delivered from the position up to `until` what only commits acknowledge.
void queue_keep_locked(struct queue_partition *partition, int64_t until);

/// Moves the position over leading stretches to skip.
void queue_settle_skips_locked(struct queue_partition *partition);

/// Frees a partition that was removed while leased.
void queue_free_partition_locked(struct queue_partition *partition);
