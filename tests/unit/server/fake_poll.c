// SPDX-License-Identifier: Apache-2.0
// The double's polls.
#include "server/base/must.h"
#include "tests/unit/server/fake_state.h"

#include <stdlib.h>
#include <string.h>

static bool has_record(const struct kc_poll *poll, size_t i) {
    const struct fake_place *place = &poll->consumer->places[i];
    return place->assigned && !place->paused && poll->next[i] < fake_end(&fake.partitions[i]) &&
           poll->moves[i] == place->moves;
}

static bool is_ready(struct kc_poll *poll) {
    for (size_t i = 0; poll->handed_count == 0 && i < fake.partition_count; i++) {
        poll->next[i] = poll->consumer->places[i].position;
        poll->moves[i] = poll->consumer->places[i].moves;
    }
    for (size_t i = 0; i < fake.partition_count; i++) {
        if (has_record(poll, i)) return true;
    }
    return poll->consumer->poll_error.status != KC_OK;
}

void fake_complete_wait(struct fake_consumer *consumer) {
    struct kc_poll *poll = consumer->poll;
    if (!poll || !poll->waiting || fake.held[FAKE_WAIT]) return;
    enum kc_status status = is_ready(poll)                       ? KC_OK
                            : poll->interrupted                  ? KC_INTERRUPTED
                            : consumer->closed                   ? KC_CLOSED
                            : fake_now_ms() >= poll->deadline_ms ? KC_TIMED_OUT
                                                                 : KC_NO_RECORDS;
    if (status == KC_NO_RECORDS) return;
    if (poll->interrupted) status = KC_INTERRUPTED;
    poll->waiting = false;
    struct kc_call call = poll->wait;
    fake_changed();
    fake_unlock();
    call.done(call.arg, &(struct kc_result){ .status = status, .message = "" });
    fake_lock();
}

static void acknowledge(struct fake_consumer *consumer) {
    for (size_t i = 0; i < fake.partition_count; i++) {
        struct fake_place *place = &consumer->places[i];
        if (!place->is_kept) place->acknowledged = place->position;
    }
}

void fake_rewind(
    const struct fake_partition *found, struct fake_place *place, struct kc_partition *result
) {
    int64_t settled = found->first_offset;
    if (place->committed > settled) settled = place->committed;
    if (place->acknowledged > settled) settled = place->acknowledged;
    if (settled < place->position) {
        place->moves++;
        place->position = settled;
    }
    place->is_kept = false;
    result->offset = place->position;
}

enum kc_status kc_poll_open(struct kc_consumer *consumer, unsigned flags, struct kc_poll **poll) {
    struct fake_consumer *state = consumer->state;
    fake_lock();
    enum kc_status status = state->closed ? KC_CLOSED : state->poll ? KC_POLL_IN_PROGRESS : KC_OK;
    if (status == KC_OK) {
        *poll = state->poll = must_have(sizeof *state->poll);
        state->poll->consumer = state;
        state->poll->flags = flags;
        state->counts.last_flags = flags;
        if (flags == 0) acknowledge(state);
        state->counts.opened++;
        fake_changed();
    }
    fake_unlock();
    return status;
}

bool kc_poll_ready(struct kc_poll *poll) {
    fake_lock();
    bool ready = is_ready(poll);
    fake_unlock();
    return ready;
}

void kc_poll_wait(struct kc_poll *poll, struct kc_call call) {
    fake_lock();
    must(!poll->waiting);
    poll->waiting = true;
    poll->interrupted = false;
    poll->wait = call;
    poll->deadline_ms = fake_now_ms() + call.timeout_ms;
    fake_changed();
    fake_unlock();
}

void kc_poll_interrupt(struct kc_poll *poll) {
    fake_lock();
    poll->interrupted = poll->waiting;
    fake_changed();
    fake_unlock();
}

static void hand_out(struct kc_poll *poll, size_t i, struct kc_record *record) {
    const struct fake_partition *from = &fake.partitions[i];
    const struct fake_entry *entry = &from->entries[poll->next[i] - from->first_offset];
    *record = (struct kc_record){
        .topic = from->topic,
        .partition = from->partition,
        .leader_epoch = 4,
        .offset = poll->next[i]++,
        .timestamp_ms = entry->has_checksum ? -1 : entry->timestamp_ms,
        .timestamp_type = entry->has_checksum ? -1 : 0,
        .has_checksum = entry->has_checksum,
        .checksum = entry->checksum,
        .header_count = entry->header_count,
        .key = entry->key,
        .value = entry->value,
        .headers = entry->headers,
    };
    poll->handed[i] = true;
    poll->handed_count++;
    poll->last = i;
}

void kc_poll_unread(struct kc_poll *poll) {
    fake_lock();
    must(poll->handed_count > 1);
    poll->next[poll->last]--;
    poll->handed_count--;
    fake_unlock();
}

enum kc_status kc_poll_next(struct kc_poll *poll, struct kc_record *record) {
    enum kc_status status = KC_NO_RECORDS;
    fake_lock();
    bool ready = is_ready(poll);
    struct kc_poll_error *error = &poll->consumer->poll_error;
    if (error->status != KC_OK) {
        if (poll->handed_count == 0) {
            poll->error = *error;
            status = poll->error.status;
            error->status = KC_OK;
        }
    } else if (ready) {
        for (size_t i = 0; status != KC_OK && i < fake.partition_count; i++) {
            if (!has_record(poll, i)) continue;
            hand_out(poll, i, record);
            status = KC_OK;
        }
    }
    fake_unlock();
    return status;
}

const struct kc_poll_error *kc_poll_last_error(const struct kc_poll *poll) {
    return &poll->error;
}

const struct kc_partition *kc_poll_next_offsets(struct kc_poll *poll, size_t *count) {
    fake_lock();
    *count = 0;
    for (size_t i = 0; i < fake.partition_count; i++) {
        if (!poll->handed[i]) continue;
        poll->next_offsets[(*count)++] =
            (struct kc_partition){ .topic = fake.partitions[i].topic,
                                   .partition = fake.partitions[i].partition,
                                   .leader_epoch = 4,
                                   .offset = poll->next[i] };
    }
    fake_unlock();
    return poll->next_offsets;
}

static void end(struct kc_poll *poll, bool accepted) {
    struct fake_consumer *consumer = poll->consumer;
    fake_lock();
    must(consumer->poll == poll && !poll->waiting);
    bool moves = accepted && !(poll->flags & KC_POLL_PEEK);
    for (size_t i = 0; moves && i < fake.partition_count; i++) {
        struct fake_place *place = &consumer->places[i];
        if (!poll->handed[i] || poll->moves[i] != place->moves) continue;
        place->position = poll->next[i];
        place->is_kept = place->is_kept || poll->flags & KC_POLL_KEEP;
    }
    consumer->counts.accepted += accepted;
    consumer->counts.put_back += !accepted;
    consumer->poll = NULL;
    fake_changed();
    fake_unlock();
    free(poll);
}

void kc_poll_accept(struct kc_poll *poll) {
    end(poll, true);
}

void kc_poll_put_back(struct kc_poll *poll) {
    end(poll, false);
}
