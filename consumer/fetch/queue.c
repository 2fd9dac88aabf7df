// SPDX-License-Identifier: Apache-2.0
// The engine's side of the queue, and the counts that both sides rely on: bytes for backpressure,
// batches with records for readiness.
#include "consumer/fetch/queue.h"

#include "consumer/base/must.h"
#include "consumer/fetch/unpacker.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct queue *queue_new(const struct queue_settings *settings) {
    must(settings->limit_bytes > 0);
    struct queue *queue = must_alloc(sizeof *queue);
    queue->settings = *settings;
    int failed = pthread_mutex_init(&queue->lock, NULL);
    must(failed == 0);
    queue->unpacker = must_alloc(sizeof *queue->unpacker);
    return queue;
}

static void free_batch(struct queued_batch *batch) {
    must(batch != NULL);
    chunk_unref(batch->chunk);
    free(batch);
}

void queued_batches_free(struct queued_batch *batches) {
    while (batches) {
        struct queued_batch *next = batches->next;
        free_batch(batches);
        batches = next;
    }
}

void queue_free_partition_locked(struct queue_partition *partition) {
    must(!partition->is_leased && !partition->first);
    free(partition->topic);
    free(partition);
}

static void drop_topic_error(struct queue *queue, struct queue_topic_error *topic_error) {
    must(topic_error != NULL);
    DL_DELETE(queue->topic_errors, topic_error);
    free(topic_error);
}

void queue_free(struct queue *queue) {
    if (!queue) return;
    must(queue->lease == NULL);
    struct queue_partition *partition;
    struct queue_partition *next;
    DL_FOREACH_SAFE(queue->partitions, partition, next) {
        queue_remove(partition);
    }
    while (queue->topic_errors)
        drop_topic_error(queue, queue->topic_errors);
    compression_context_dispose(&queue->unpacker->compression);
    buf_dispose(&queue->unpacker->decompressed);
    free(queue->unpacker);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

struct queue_partition *queue_add(struct queue *queue, const char *topic, int32_t partition) {
    must(topic != NULL && partition >= 0);
    struct queue_partition *added = must_alloc(sizeof *added);
    added->queue = queue;
    added->topic = must_strdup(topic);
    added->partition = partition;
    added->position = -1;
    added->position_epoch = -1;
    added->acknowledged = -1;
    added->acknowledged_epoch = -1;
    added->kept_from = -1;
    (void)pthread_mutex_lock(&queue->lock);
    DL_APPEND(queue->partitions, added);
    (void)pthread_mutex_unlock(&queue->lock);
    return added;
}

// Keeps the ready list and its count true after a change of a partition's batches or pause.
static void update_ready(struct queue_partition *partition) {
    struct queue *queue = partition->queue;
    must((partition->first == NULL) == (partition->last == NULL));
    bool ready = partition->first && !partition->is_paused && !partition->is_removed;
    if (ready && !partition->is_ready) DL_APPEND2(queue->ready, partition, ready_prev, ready_next);
    if (!ready && partition->is_ready) DL_DELETE2(queue->ready, partition, ready_prev, ready_next);
    partition->is_ready = ready;
}

static void count(struct queue_partition *partition, const struct queued_batch *batch, int sign) {
    struct queue *queue = partition->queue;
    size_t *total = partition->is_paused ? &queue->parked_bytes : &queue->buffered_bytes;
    size_t records = batch->chunk ? 1 : 0;
    if (sign > 0) {
        partition->bytes += batch->bytes.size;
        *total += batch->bytes.size;
        partition->record_batches += records;
        if (!partition->is_paused) queue->ready_batches += records;
    } else {
        must(partition->bytes >= batch->bytes.size && *total >= batch->bytes.size);
        partition->bytes -= batch->bytes.size;
        *total -= batch->bytes.size;
        partition->record_batches -= records;
        if (!partition->is_paused) queue->ready_batches -= records;
    }
}

void queue_insert_locked(
    struct queue_partition *partition, struct queued_batch *batch, bool front
) {
    must(!partition->is_removed);
    if (front) {
        batch->next = partition->first;
        partition->first = batch;
        if (!partition->last) partition->last = batch;
    } else {
        batch->next = NULL;
        if (partition->last) {
            partition->last->next = batch;
        } else {
            partition->first = batch;
        }
        partition->last = batch;
    }
    count(partition, batch, +1);
    update_ready(partition);
}

struct queued_batch *queue_take_first_locked(struct queue_partition *partition) {
    struct queued_batch *batch = partition->first;
    if (!batch) return NULL;
    partition->first = batch->next;
    if (!partition->first) partition->last = NULL;
    batch->next = NULL;
    count(partition, batch, -1);
    update_ready(partition);
    return batch;
}

void queue_drop_locked(struct queue_partition *partition) {
    struct queued_batch *batch;
    while ((batch = queue_take_first_locked(partition))) {
        struct resume *resume = &partition->queue->unpacker->resume;
        if (resume->batch == batch) resume->batch = NULL;
        free_batch(batch);
    }
    must(partition->bytes == 0 && partition->record_batches == 0);
}

static void move_over(struct queue_partition *partition, const struct queued_batch *skip) {
    must(skip->chunk == NULL && skip->next_offset > partition->position);
    bool all_acknowledged = partition->acknowledged == partition->position;
    partition->position = skip->next_offset;
    partition->position_epoch = skip->leader_epoch;
    if (all_acknowledged) {
        partition->acknowledged = partition->position;
        partition->acknowledged_epoch = partition->position_epoch;
    }
}

// What was fetched again while a poll held it may lie before the position by now.
void queue_settle_skips_locked(struct queue_partition *partition) {
    while (partition->first && !partition->first->chunk && !partition->is_leased) {
        struct queued_batch *skip = queue_take_first_locked(partition);
        if (skip->next_offset > partition->position) move_over(partition, skip);
        free_batch(skip);
    }
}

void queue_remove(struct queue_partition *partition) {
    struct queue *queue = partition->queue;
    must(!partition->is_removed);
    (void)pthread_mutex_lock(&queue->lock);
    queue_drop_locked(partition);
    DL_DELETE(queue->partitions, partition);
    partition->is_removed = true;
    partition->version++;
    if (!partition->is_leased) queue_free_partition_locked(partition);
    (void)pthread_mutex_unlock(&queue->lock);
}

static void set_anew(struct queue_partition *partition, int64_t position, int32_t leader_epoch) {
    must(position >= -1);
    queue_drop_locked(partition);
    partition->version++;
    partition->position = position;
    partition->position_epoch = leader_epoch;
    partition->wants_refetch = false;
    partition->error = (struct queue_error){ 0 };
}

void queue_reset(struct queue_partition *partition, int64_t position, int32_t leader_epoch) {
    (void)pthread_mutex_lock(&partition->queue->lock);
    set_anew(partition, position, leader_epoch);
    partition->acknowledged = -1;
    partition->acknowledged_epoch = -1;
    partition->kept_from = -1;
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

void queue_rewind(struct queue_partition *partition, int64_t position, int32_t leader_epoch) {
    (void)pthread_mutex_lock(&partition->queue->lock);
    must(position >= 0 && position <= partition->position);
    set_anew(partition, position, leader_epoch);
    if (partition->acknowledged > position) {
        partition->acknowledged = position;
        partition->acknowledged_epoch = leader_epoch;
    }
    if (partition->kept_from >= position) partition->kept_from = -1;
    if (partition->kept_until > position) partition->kept_until = position;
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

void queue_acknowledge_locked(struct queue_partition *partition) {
    bool has_kept = partition->kept_from >= 0;
    must(!has_kept || partition->kept_from <= partition->position);
    partition->acknowledged = has_kept ? partition->kept_from : partition->position;
    partition->acknowledged_epoch = has_kept ? partition->kept_epoch : partition->position_epoch;
}

void queue_keep_locked(struct queue_partition *partition, int64_t until) {
    must(until > partition->position);
    if (partition->kept_from < 0) {
        partition->kept_from = partition->position;
        partition->kept_epoch = partition->position_epoch;
    }
    partition->kept_until = until;
}

void queue_on_committed(struct queue_partition *partition, int64_t offset, int32_t leader_epoch) {
    must(offset >= 0);
    (void)pthread_mutex_lock(&partition->queue->lock);
    if (partition->kept_from >= 0 && offset >= partition->kept_until) {
        partition->kept_from = -1;
    } else if (partition->kept_from >= 0 && offset > partition->kept_from) {
        partition->kept_from = offset;
        partition->kept_epoch = leader_epoch;
    }
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

// A paused partition gets what was asked before the pause, as far as there is room to park it.
static bool is_too_much(const struct queue_partition *partition, const struct queued_batch *batch) {
    const struct queue *queue = partition->queue;
    return partition->is_paused &&
           queue->parked_bytes + batch->bytes.size > queue->settings.limit_bytes;
}

void queue_push_take(struct queue_partition *partition, struct queued_batch *batch) {
    must(batch->chunk != NULL && batch->bytes.size > 0);
    (void)pthread_mutex_lock(&partition->queue->lock);
    if (!partition->wants_refetch && is_too_much(partition, batch)) {
        queue_drop_locked(partition);
        partition->wants_refetch = true;
    }
    // What comes after records that were dropped must not take their place.
    if (partition->wants_refetch) {
        free_batch(batch);
    } else {
        queue_insert_locked(partition, batch, false);
    }
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

// A stretch that continues the last one; of what was fetched again while a poll held it, only what
// goes further.
static void append_skip(
    struct queue_partition *partition, int64_t next_offset, int32_t leader_epoch
) {
    struct queued_batch *last = partition->last;
    if (last && last->next_offset >= next_offset) return;
    if (!last || last->chunk) {
        last = must_alloc(sizeof *last);
        queue_insert_locked(partition, last, false);
    }
    last->next_offset = next_offset;
    last->leader_epoch = leader_epoch;
}

void queue_skip(struct queue_partition *partition, int64_t next_offset, int32_t leader_epoch) {
    must(next_offset > 0);
    (void)pthread_mutex_lock(&partition->queue->lock);
    // Behind records that were dropped a stretch would hide them.
    if (!partition->wants_refetch) append_skip(partition, next_offset, leader_epoch);
    queue_settle_skips_locked(partition);
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

static void move_counts(struct queue_partition *partition, bool paused) {
    struct queue *queue = partition->queue;
    must(partition->is_paused != paused);
    if (paused) {
        queue->buffered_bytes -= partition->bytes;
        queue->parked_bytes += partition->bytes;
        queue->ready_batches -= partition->record_batches;
    } else {
        queue->parked_bytes -= partition->bytes;
        queue->buffered_bytes += partition->bytes;
        queue->ready_batches += partition->record_batches;
    }
}

void queue_set_paused(struct queue_partition *partition, bool paused) {
    struct queue *queue = partition->queue;
    (void)pthread_mutex_lock(&queue->lock);
    if (partition->is_paused != paused) {
        bool too_much =
            paused && queue->parked_bytes + partition->bytes > queue->settings.limit_bytes;
        if (too_much && partition->first) {
            queue_drop_locked(partition);
            partition->wants_refetch = true;
        }
        move_counts(partition, paused);
        partition->is_paused = paused;
        update_ready(partition);
    }
    (void)pthread_mutex_unlock(&queue->lock);
}

void queue_set_error(struct queue_partition *partition, struct queue_error error) {
    (void)pthread_mutex_lock(&partition->queue->lock);
    partition->error = error;
    (void)pthread_mutex_unlock(&partition->queue->lock);
}

static struct queue_topic_error *find_topic_error(const struct queue *queue, const char *topic) {
    struct queue_topic_error *topic_error;
    DL_FOREACH(queue->topic_errors, topic_error) {
        if (strcmp(topic_error->topic, topic) == 0) break;
    }
    return topic_error;
}

static void add_topic_error(struct queue *queue, const char *topic, struct queue_error error) {
    must(error.status != STATUS_OK);
    size_t size = strlen(topic) + 1;
    struct queue_topic_error *added = must_alloc(sizeof *added + size);
    added->error = error;
    memcpy(added->topic, topic, size);
    DL_APPEND(queue->topic_errors, added);
}

void queue_set_topic_error(struct queue *queue, const char *topic, struct queue_error error) {
    must(topic != NULL);
    (void)pthread_mutex_lock(&queue->lock);
    struct queue_topic_error *known = find_topic_error(queue, topic);
    if (known) drop_topic_error(queue, known);
    if (error.status) add_topic_error(queue, topic, error);
    (void)pthread_mutex_unlock(&queue->lock);
}

void queue_set_failure(struct queue *queue, struct queue_error error) {
    (void)pthread_mutex_lock(&queue->lock);
    queue->failure = error;
    (void)pthread_mutex_unlock(&queue->lock);
}

struct queue_view queue_view(struct queue_partition *partition) {
    (void)pthread_mutex_lock(&partition->queue->lock);
    struct queue_view view = {
        .position = partition->position,
        .position_epoch = partition->position_epoch,
        .acknowledged = partition->acknowledged,
        .acknowledged_epoch = partition->acknowledged_epoch,
        .bytes = partition->bytes,
        .buffered_until = partition->last ? partition->last->next_offset : -1,
        .is_paused = partition->is_paused,
        .is_leased = partition->is_leased,
        .error = partition->error,
    };
    (void)pthread_mutex_unlock(&partition->queue->lock);
    return view;
}

static bool has_error(const struct queue *queue) {
    if (queue->failure.status || queue->topic_errors) return true;
    const struct queue_partition *partition;
    DL_FOREACH(queue->partitions, partition) {
        if (partition->error.status && !partition->is_paused) return true;
    }
    return false;
}

bool queue_is_ready(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    bool ready = queue->ready_batches > 0 || has_error(queue);
    (void)pthread_mutex_unlock(&queue->lock);
    return ready;
}

void queue_set_limit(struct queue *queue, size_t limit_bytes) {
    must(limit_bytes > 0);
    (void)pthread_mutex_lock(&queue->lock);
    queue->settings.limit_bytes = limit_bytes;
    queue->is_full = queue->buffered_bytes >= limit_bytes;
    (void)pthread_mutex_unlock(&queue->lock);
}

size_t queue_room(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    size_t limit = queue->settings.limit_bytes;
    size_t used = queue->buffered_bytes;
    bool was_full = queue->is_full;
    queue->is_full = was_full ? used > limit / 2 : used >= limit;
    size_t room = queue->is_full ? 0 : limit - used;
    (void)pthread_mutex_unlock(&queue->lock);
    return room;
}

size_t queue_bytes(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    size_t bytes = queue->buffered_bytes + queue->parked_bytes;
    (void)pthread_mutex_unlock(&queue->lock);
    return bytes;
}

bool queue_take_refetch(
    struct queue_partition *partition, int64_t *position, int32_t *leader_epoch
) {
    (void)pthread_mutex_lock(&partition->queue->lock);
    bool wanted = partition->wants_refetch;
    partition->wants_refetch = false;
    *position = partition->position;
    *leader_epoch = partition->position_epoch;
    (void)pthread_mutex_unlock(&partition->queue->lock);
    return wanted;
}

bool queue_is_polled(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    bool polled = queue->lease != NULL;
    (void)pthread_mutex_unlock(&queue->lock);
    return polled;
}

bool queue_take_activity(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    bool active = queue->has_activity;
    queue->has_activity = false;
    (void)pthread_mutex_unlock(&queue->lock);
    return active;
}

void queue_close(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    (void)pthread_mutex_unlock(&queue->lock);
}

void queue_publish(struct queue *queue, const struct queue_counters *counters) {
    (void)pthread_mutex_lock(&queue->lock);
    queue->counters = *counters;
    (void)pthread_mutex_unlock(&queue->lock);
}

struct queue_totals queue_totals(struct queue *queue) {
    (void)pthread_mutex_lock(&queue->lock);
    struct queue_totals totals = {
        .engine = queue->counters,
        .delivered_records = queue->delivered_records,
        .delivered_bytes = queue->delivered_bytes,
        .buffered_bytes = queue->buffered_bytes,
        .parked_bytes = queue->parked_bytes,
        .limit_bytes = queue->settings.limit_bytes,
    };
    const struct queue_partition *partition;
    DL_FOREACH(queue->partitions, partition) {
        totals.partitions++;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return totals;
}
