// SPDX-License-Identifier: Apache-2.0
// Takes batches off the queue, checks and decompresses them on the polling thread, and walks their
// records in place. Until the lease is closed the batches stay whole, so that putting back is no
// more than relinking them.
#include "consumer/fetch/lease.h"

#include "consumer/base/must.h"
#include "consumer/fetch/unpacker.h"
#include "consumer/wire/record_batch.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void acknowledge_all(struct queue *queue) {
    must(queue->lease == NULL);
    struct queue_partition *partition;
    DL_FOREACH(queue->partitions, partition) {
        queue_acknowledge_locked(partition);
    }
}

enum status lease_open(struct queue *queue, unsigned flags, struct lease **lease) {
    must((flags & ~(unsigned)(LEASE_PEEK | LEASE_KEEP)) == 0);
    enum status status = STATUS_OK;
    (void)pthread_mutex_lock(&queue->lock);
    // A member that has left since nobody polled waits for just this, and for nothing else.
    bool wake = !queue->is_closed && !queue->partitions;
    if (queue->is_closed) {
        status = STATUS_CLOSED;
    } else if (queue->lease) {
        status = STATUS_POLL_IN_PROGRESS;
    } else {
        if (flags == 0) acknowledge_all(queue);
        queue->has_activity = true;
        *lease = must_alloc(sizeof **lease);
        (*lease)->queue = queue;
        (*lease)->position_before = -1;
        (*lease)->flags = flags;
        queue->lease = *lease;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    if (wake) queue->settings.wake(queue->settings.arg);
    return status;
}

bool lease_is_ready(struct lease *lease) {
    if (lease->has_stopped) return false;
    return lease->batch || queue_is_ready(lease->queue);
}

static struct lease_entry *find_entry(
    struct lease *lease, const struct queue_partition *partition
) {
    for (size_t i = 0; i < lease->entry_count; i++) {
        if (lease->entries[i].partition == partition) return &lease->entries[i];
    }
    return NULL;
}

static void begin_entry(struct lease_entry *entry, struct queue_partition *partition) {
    must(!partition->is_removed);
    *entry = (struct lease_entry){
        .partition = partition,
        .version = partition->version,
        .position = partition->position,
        .leader_epoch = partition->position_epoch,
    };
}

static struct lease_entry *add_entry(struct lease *lease, struct queue_partition *partition) {
    if (lease->entry_count == lease->entry_capacity) {
        size_t current = lease->current ? (size_t)(lease->current - lease->entries) : 0;
        lease->entry_capacity = lease->entry_capacity ? lease->entry_capacity * 2 : 8;
        lease->entries =
            must_realloc(lease->entries, lease->entry_capacity * sizeof *lease->entries);
        if (lease->current) lease->current = &lease->entries[current];
    }
    struct lease_entry *entry = &lease->entries[lease->entry_count++];
    begin_entry(entry, partition);
    partition->is_leased = true;
    return entry;
}

// The entry to take a batch for: as it is, new, or begun anew because the partition was set anew.
static struct lease_entry *prepare_entry(struct lease *lease, struct queue_partition *partition) {
    struct lease_entry *entry = find_entry(lease, partition);
    if (!entry) return add_entry(lease, partition);
    if (entry->version == partition->version) return entry;
    must(entry->record_count == 0 && lease->batch == NULL);
    queued_batches_free(entry->taken);
    begin_entry(entry, partition);
    return entry;
}

// Batches of a partition that was set anew while the lease held older ones belong to the next poll:
// one poll must not go back in a partition. Of which nothing was handed out yet, that begins anew.
static bool may_take_from(struct lease *lease, const struct queue_partition *partition) {
    const struct lease_entry *entry = find_entry(lease, partition);
    return !entry || entry->version == partition->version || entry->record_count == 0;
}

static struct queue_partition *choose_partition(struct lease *lease) {
    struct queue *queue = lease->queue;
    if (lease->current) {
        struct queue_partition *same = lease->current->partition;
        if (same->is_ready && same->version == lease->current->version) return same;
    }
    struct queue_partition *partition;
    DL_FOREACH2(queue->ready, partition, ready_next) {
        if (may_take_from(lease, partition)) return partition;
    }
    return NULL;
}

static void remember_taken(struct lease_entry *entry, struct queued_batch *batch) {
    must((entry->taken == NULL) == (entry->taken_last == NULL));
    if (entry->taken_last) {
        entry->taken_last->next = batch;
    } else {
        entry->taken = batch;
    }
    entry->taken_last = batch;
}

// Moves the next batch from the queue into the lease; false when there is none.
static bool take_batch(struct lease *lease, struct resume *resume) {
    struct queue *queue = lease->queue;
    (void)pthread_mutex_lock(&queue->lock);
    struct queue_partition *partition = choose_partition(lease);
    bool wake = false;
    if (partition) {
        struct queued_batch *batch = queue_take_first_locked(partition);
        must(batch != NULL);
        struct lease_entry *entry = prepare_entry(lease, partition);
        remember_taken(entry, batch);
        lease->current = entry;
        lease->batch = batch;
        if (queue->unpacker->resume.batch == batch) *resume = queue->unpacker->resume;
        queue->unpacker->resume.batch = NULL;
        wake = queue->is_full && queue->buffered_bytes <= queue->settings.limit_bytes / 2;
        if (wake) queue->is_full = false;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    if (wake) queue->settings.wake(queue->settings.arg);
    return partition != NULL;
}

// Checks and decompresses a batch, unless that is done already.
static enum status unpack_batch(struct queue *queue, const struct record_batch *batch) {
    if (queue->settings.check_crcs && !record_batch_crc_is_right(batch))
        return STATUS_CORRUPT_RECORDS;
    enum compression codec = record_batch_compression(batch);
    if (codec == COMPRESSION_NONE) return STATUS_OK;
    return compression_decompress(
        &queue->unpacker->compression,
        codec,
        record_batch_payload(batch),
        queue->settings.batch_max_bytes,
        &queue->unpacker->decompressed
    );
}

static enum status open_records(
    struct lease *lease, const struct record_batch *batch, const struct resume *resume
) {
    struct queue *queue = lease->queue;
    lease->timestamp_type = record_batch_is_log_append_time(batch) ? 1 : 0;
    lease->has_checksum = false;
    lease->checksum = 0;
    lease->messages = (struct message_walker){ 0 };
    if (resume->batch && !resume->from_start) {
        lease->walker = resume->walker;
        return STATUS_OK;
    }
    if (!resume->batch && unpack_batch(queue, batch)) return STATUS_CORRUPT_RECORDS;
    bool is_packed = record_batch_compression(batch) != COMPRESSION_NONE;
    struct slice records =
        is_packed ? buf_slice(&queue->unpacker->decompressed) : record_batch_payload(batch);
    record_walker_init(&lease->walker, batch, records);
    return STATUS_OK;
}

static enum status open_messages(struct lease *lease, const struct resume *resume) {
    struct queue *queue = lease->queue;
    struct slice set = lease->batch->bytes;
    lease->has_checksum = true;
    lease->walker = (struct record_walker){ 0 };
    lease->messages = (struct message_walker){ 0 };
    if (resume->batch && !resume->from_start) {
        lease->messages = resume->messages;
        return STATUS_OK;
    }
    const struct message_unpacking how = {
        .context = &queue->unpacker->compression,
        .max_size = queue->settings.batch_max_bytes,
        .check_crcs = queue->settings.check_crcs,
    };
    if (!resume->batch && message_set_unpack(set, &how, &queue->unpacker->decompressed))
        return STATUS_CORRUPT_RECORDS;
    message_walker_init(
        &lease->messages, set, buf_slice(&queue->unpacker->decompressed), queue->settings.check_crcs
    );
    return STATUS_OK;
}

static enum status open_batch(struct lease *lease, const struct resume *resume) {
    must(lease->batch->chunk != NULL);
    struct record_batch batch;
    switch (record_batch_parse(lease->batch->bytes, &batch)) {
    case BATCH_WHOLE: return open_records(lease, &batch, resume);
    case BATCH_OLD_FORMAT: return open_messages(lease, resume);
    case BATCH_PARTIAL:
    case BATCH_CORRUPT: return STATUS_CORRUPT_RECORDS;
    }
    must(!"a batch of no kind");
    return STATUS_CORRUPT_RECORDS;
}

// Asked at the end of each batch only: one of the older formats has none but messages.
static bool next_message(struct lease *lease, struct record *record) {
    if (!lease->has_checksum) return false;
    lease->messages_before = lease->messages;
    if (!message_walker_next(&lease->messages, record)) return false;
    lease->timestamp_type = lease->messages.timestamp_type;
    lease->checksum = lease->messages.checksum;
    return true;
}

// Damage in the batch at hand. After good records of this poll it waits for the next one (pitfall
// 33); else it is told now, and the partition is fetched again, since the damage may have been on
// the way.
static enum status on_damage(struct lease *lease) {
    must(lease->batch != NULL && lease->current != NULL);
    struct lease_entry *entry = lease->current;
    lease->walker.bad = true; // no walk to go on with: the next poll checks the batch anew
    if (lease->record_count > 0) {
        lease->has_stopped = true;
        lease->is_damaged = true;
        return STATUS_NO_RECORDS;
    }
    struct queue *queue = lease->queue;
    struct queue_partition *partition = entry->partition;
    lease->error =
        (struct queue_error){ .status = STATUS_CORRUPT_RECORDS, .offset = entry->position };
    lease->error_topic = partition->topic;
    lease->error_partition = partition->partition;
    lease->skip_offset =
        lease->messages.bad ? lease->messages.skip_offset : lease->batch->next_offset;
    lease->has_stopped = true;
    lease->batch = NULL;
    lease->current = NULL;
    (void)pthread_mutex_lock(&queue->lock);
    if (!partition->is_removed && partition->version == entry->version) {
        queued_batches_free(entry->taken);
        entry->taken = NULL;
        entry->taken_last = NULL;
        queue_drop_locked(partition);
        partition->wants_refetch = true;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    queue->settings.wake(queue->settings.arg);
    return STATUS_CORRUPT_RECORDS;
}

static void finish_batch(struct lease *lease) {
    must(lease->batch != NULL && lease->current != NULL);
    struct lease_entry *entry = lease->current;
    if (lease->batch->next_offset > entry->position) {
        entry->position = lease->batch->next_offset;
        entry->leader_epoch = lease->batch->leader_epoch;
    }
    lease->batch = NULL;
}

// A stretch to skip has no records, and what lies before the position is not looked at any more:
// damage there is nobody's trouble.
static bool has_records(const struct lease *lease) {
    return lease->batch->chunk && lease->batch->next_offset > lease->current->position;
}

static enum status next_batch(struct lease *lease) {
    for (;;) {
        struct resume resume = { 0 };
        if (!take_batch(lease, &resume)) return STATUS_NO_RECORDS;
        if (has_records(lease)) return open_batch(lease, &resume) ? on_damage(lease) : STATUS_OK;
        finish_batch(lease);
    }
}

static void tell_topic_error(struct lease *lease) {
    struct queue *queue = lease->queue;
    must(queue->topic_errors != NULL);
    lease->told = queue->topic_errors;
    DL_DELETE(queue->topic_errors, lease->told);
    lease->error = lease->told->error;
    lease->error_topic = lease->told->topic;
}

static void tell_partition_error(struct lease *lease) {
    struct queue_partition *partition;
    must(lease->error.status == STATUS_OK);
    DL_FOREACH(lease->queue->partitions, partition) {
        if (!partition->error.status || partition->is_paused) continue;
        lease->error = partition->error;
        lease->error_topic = partition->topic;
        lease->error_partition = partition->partition;
        if (partition->error.once) partition->error = (struct queue_error){ 0 };
        if (!find_entry(lease, partition)) add_entry(lease, partition);
        return;
    }
}

// What stands in the way of all, of a topic or of a partition, when no record does. What is told
// once goes before what stays: else it would wait for ever.
static enum status tell_error(struct lease *lease) {
    struct queue *queue = lease->queue;
    lease->error = (struct queue_error){ 0 };
    lease->error_topic = NULL;
    lease->error_partition = -1;
    free(lease->told);
    lease->told = NULL;
    (void)pthread_mutex_lock(&queue->lock);
    if (queue->failure.status) {
        lease->error = queue->failure;
    } else if (queue->topic_errors) {
        tell_topic_error(lease);
    } else {
        tell_partition_error(lease);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    lease->skip_offset = -1;
    return lease->error.status ? lease->error.status : STATUS_NO_RECORDS;
}

enum status lease_next(
    struct lease *lease, struct record *record, const struct lease_entry **entry
) {
    if (lease->has_stopped) return STATUS_NO_RECORDS;
    for (;;) {
        if (!lease->batch) {
            enum status status = next_batch(lease);
            if (status == STATUS_NO_RECORDS && lease->record_count == 0 && !lease->has_stopped) {
                return tell_error(lease);
            }
            if (status) return status;
        }
        lease->before = lease->walker;
        if (record_walker_next(&lease->walker, record) || next_message(lease, record)) {
            struct lease_entry *current = lease->current;
            if (record->offset < current->position) continue;
            lease->position_before = current->position;
            lease->record_end_before = current->record_end;
            lease->bytes_before = lease->record_bytes;
            current->position = current->record_end = record->offset + 1;
            current->leader_epoch = lease->batch->leader_epoch;
            current->record_count++;
            lease->record_count++;
            lease->record_bytes += record->key.size + record->value.size;
            *entry = current;
            return STATUS_OK;
        }
        if (lease->walker.bad || lease->messages.bad) return on_damage(lease);
        finish_batch(lease);
    }
}

void lease_unread(struct lease *lease) {
    must(lease->record_count > 1 && lease->batch != NULL && lease->position_before >= 0);
    struct lease_entry *entry = lease->current;
    lease->walker = lease->before;
    lease->messages = lease->messages_before;
    lease->record_bytes = lease->bytes_before;
    lease->record_count--;
    lease->has_stopped = true;
    entry->position = lease->position_before;
    entry->record_end = lease->record_end_before;
    entry->record_count--;
    lease->position_before = -1;
}

// Moves a partition's position to where the lease came to; a batch that was not finished goes back
// to the front.
static void accept_entry(struct lease *lease, struct lease_entry *entry) {
    struct queue_partition *partition = entry->partition;
    struct queued_batch *unfinished = lease->current == entry ? lease->batch : NULL;
    must(entry->position >= partition->position);
    bool keeps = lease->flags & LEASE_KEEP && entry->record_count > 0;
    if (keeps) queue_keep_locked(partition, entry->record_end);
    partition->position = entry->position;
    partition->position_epoch = entry->leader_epoch;
    while (entry->taken) {
        struct queued_batch *batch = entry->taken;
        entry->taken = batch->next;
        if (batch == unfinished) {
            queue_insert_locked(partition, batch, true);
        } else {
            batch->next = NULL;
            queued_batches_free(batch);
        }
    }
}

static void put_back_entry(struct lease_entry *entry) {
    struct queued_batch *reversed = NULL;
    while (entry->taken) {
        struct queued_batch *batch = entry->taken;
        entry->taken = batch->next;
        batch->next = reversed;
        reversed = batch;
    }
    while (reversed) {
        struct queued_batch *batch = reversed;
        reversed = batch->next;
        queue_insert_locked(entry->partition, batch, true);
    }
}

static void close_entry(struct lease *lease, struct lease_entry *entry, bool accepted) {
    struct queue_partition *partition = entry->partition;
    must(partition->is_leased);
    bool valid = !partition->is_removed && partition->version == entry->version;
    if (!valid) {
        if (lease->queue->unpacker->resume.batch && lease->current == entry)
            lease->queue->unpacker->resume.batch = NULL;
        queued_batches_free(entry->taken);
    } else if (accepted) {
        accept_entry(lease, entry);
    } else {
        put_back_entry(entry);
    }
    partition->is_leased = false;
    if (partition->is_removed) {
        queue_free_partition_locked(partition);
    } else {
        queue_settle_skips_locked(partition);
    }
}

// Remembers the walk of an unfinished batch, whose decompressed bytes are still there.
static void remember_walk(struct lease *lease, bool accepted) {
    struct queue *queue = lease->queue;
    if (!lease->batch || lease->is_damaged) return;
    queue->unpacker->resume = (struct resume){
        .batch = lease->batch,
        .walker = lease->walker,
        .messages = lease->messages,
        .from_start = !accepted,
    };
}

// A partition that still has batches lets the others come first in the next poll (pitfall 45).
static void rotate(struct queue *queue, struct queue_partition *partition) {
    if (!partition->is_ready) return;
    DL_DELETE2(queue->ready, partition, ready_prev, ready_next);
    DL_APPEND2(queue->ready, partition, ready_prev, ready_next);
}

void lease_close(struct lease *lease, bool accepted) {
    struct queue *queue = lease->queue;
    bool moves = accepted && !(lease->flags & LEASE_PEEK);
    (void)pthread_mutex_lock(&queue->lock);
    must(queue->lease == lease);
    remember_walk(lease, moves);
    struct queue_partition *last = lease->current ? lease->current->partition : NULL;
    if (last && last->is_removed) last = NULL;
    if (moves) {
        queue->delivered_records += lease->record_count;
        queue->delivered_bytes += lease->record_bytes;
    }
    for (size_t i = 0; i < lease->entry_count; i++)
        close_entry(lease, &lease->entries[i], moves);
    if (moves && last) rotate(queue, last);
    queue->lease = NULL;
    (void)pthread_mutex_unlock(&queue->lock);
    free(lease->told);
    free(lease->entries);
    free(lease);
}
