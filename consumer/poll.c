// SPDX-License-Identifier: Apache-2.0
// The public polling calls over a lease. They run on the caller's thread and never wait for the
// engine.
#include "consumer/base/must.h"
#include "consumer/consumer_state.h"
#include "consumer/driver/loop.h"
#include "consumer/engine/command.h"
#include "consumer/fetch/lease.h"
#include "consumer/wire/kafka_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum kc_status kc_poll_open(struct kc_consumer *consumer, unsigned flags, struct kc_poll **poll) {
    _Static_assert((int)KC_POLL_PEEK == (int)LEASE_PEEK, "flags are the lease's");
    _Static_assert((int)KC_POLL_KEEP == (int)LEASE_KEEP, "flags are the lease's");
    if (flags & ~(unsigned)(KC_POLL_PEEK | KC_POLL_KEEP)) return KC_INVALID_ARGUMENT;
    struct lease *lease = NULL;
    enum status status = lease_open(consumer->queue, flags, &lease);
    if (status) return public_status(status);
    *poll = must_alloc(sizeof **poll);
    (*poll)->consumer = consumer;
    (*poll)->lease = lease;
    (*poll)->error = (struct kc_poll_error){ .offset = -1, .skip_offset = -1, .message = "" };
    return KC_OK;
}

bool kc_poll_ready(struct kc_poll *poll) {
    return lease_is_ready(poll->lease);
}

void kc_poll_wait(struct kc_poll *poll, struct kc_call call) {
    loop_post_take(poll->consumer->host, public_command(COMMAND_WAIT, call));
}

static void ignore(struct command *command, const struct command_result *result) {
    (void)command, (void)result;
}

void kc_poll_interrupt(struct kc_poll *poll) {
    struct command *command = command_new(COMMAND_INTERRUPT);
    command->done = ignore;
    loop_post_take(poll->consumer->host, command);
}

static struct kc_bytes bytes_of(struct slice slice) {
    return (struct kc_bytes){ slice.data, slice.size };
}

// "topic-partition: sentence: BROKERS_NAME", as far as there is a partition, a topic, a name.
static void write_message(const struct lease *lease, char *message, size_t size) {
    must(size > 0);
    const char *topic = lease->error_topic ? lease->error_topic : "";
    const char *name = lease->error.kafka_error ? kafka_error_name(lease->error.kafka_error) : "";
    char partition[16] = "";
    if (lease->error_partition >= 0)
        (void)snprintf(partition, sizeof partition, "-%" PRId32, lease->error_partition);
    (void)snprintf(
        message,
        size,
        "%.80s%s%s%s%s%s",
        topic,
        partition,
        *topic ? ": " : "",
        status_text(lease->error.status),
        *name ? ": " : "",
        name
    );
}

static void note_error(struct kc_poll *poll) {
    const struct lease *lease = poll->lease;
    must(lease->error.status != STATUS_OK);
    poll->error = (struct kc_poll_error){
        .status = public_status(lease->error.status),
        .kafka_error = lease->error.kafka_error,
        .topic = lease->error_topic,
        .partition = lease->error_partition,
        .offset = lease->error.offset,
        .skip_offset = lease->skip_offset,
        .message = poll->message,
    };
    write_message(lease, poll->message, sizeof poll->message);
}

enum kc_status kc_poll_next(struct kc_poll *poll, struct kc_record *record) {
    struct record from;
    const struct lease_entry *entry = NULL;
    enum status status = lease_next(poll->lease, &from, &entry);
    if (status) {
        if (status != STATUS_NO_RECORDS) note_error(poll);
        return public_status(status);
    }
    *record = (struct kc_record){
        .topic = entry->partition->topic,
        .partition = entry->partition->partition,
        .leader_epoch = entry->leader_epoch,
        .offset = from.offset,
        .timestamp_ms = from.timestamp,
        .timestamp_type = poll->lease->timestamp_type,
        .has_checksum = poll->lease->has_checksum,
        .checksum = poll->lease->checksum,
        .header_count = from.header_count,
        .key = bytes_of(from.key),
        .value = bytes_of(from.value),
        .headers = bytes_of(from.headers),
    };
    return KC_OK;
}

void kc_poll_unread(struct kc_poll *poll) {
    lease_unread(poll->lease);
}

bool kc_header_next(struct kc_bytes *headers, struct kc_header *header) {
    struct slice left = { headers->data, headers->size };
    struct slice key;
    struct slice value;
    if (!record_header_next(&left, &key, &value)) return false;
    *headers = bytes_of(left);
    *header = (struct kc_header){ .key = bytes_of(key), .value = bytes_of(value) };
    return true;
}

const struct kc_poll_error *kc_poll_last_error(const struct kc_poll *poll) {
    return &poll->error;
}

const struct kc_partition *kc_poll_next_offsets(struct kc_poll *poll, size_t *count) {
    const struct lease *lease = poll->lease;
    free(poll->next_offsets);
    poll->next_offsets = must_alloc((lease->entry_count + 1) * sizeof *poll->next_offsets);
    *count = 0;
    for (size_t i = 0; i < lease->entry_count; i++) {
        const struct lease_entry *entry = &lease->entries[i];
        if (entry->record_count == 0) continue;
        poll->next_offsets[(*count)++] = (struct kc_partition){
            .topic = entry->partition->topic,
            .partition = entry->partition->partition,
            .offset = entry->position,
            .leader_epoch = entry->leader_epoch,
            .timestamp_ms = -1,
        };
    }
    return poll->next_offsets;
}

static void end(struct kc_poll *poll, bool accepted) {
    must(poll->lease != NULL);
    lease_close(poll->lease, accepted);
    free(poll->next_offsets);
    free(poll);
}

void kc_poll_accept(struct kc_poll *poll) {
    end(poll, true);
}

void kc_poll_put_back(struct kc_poll *poll) {
    end(poll, false);
}
