// SPDX-License-Identifier: Apache-2.0
// The position machine. Every new position goes through the queue as well, so that what was
// prefetched from the old one is never delivered.
#include "consumer/fetch/position.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/fetch/queue.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct {
    const char *name;
    unsigned may_follow;
} states[] = {

#define TO(state) (1u << POSITION_##state)
    [POSITION_AWAIT_COMMITTED] = { "await_committed",
                                   TO(AWAIT_COMMITTED) | TO(AWAIT_RESET) | TO(AWAIT_VALIDATION) |
                                       TO(FETCHING) | TO(FAILED) },
    [POSITION_AWAIT_RESET] = { "await_reset",
                               TO(AWAIT_COMMITTED) | TO(AWAIT_RESET) | TO(AWAIT_VALIDATION) |
                                   TO(FETCHING) | TO(FAILED) },
    [POSITION_AWAIT_VALIDATION] = { "await_validation",
                                    TO(AWAIT_COMMITTED) | TO(AWAIT_RESET) | TO(AWAIT_VALIDATION) |
                                        TO(FETCHING) | TO(FAILED) },
    [POSITION_FETCHING] = { "fetching",
                            TO(AWAIT_COMMITTED) | TO(AWAIT_RESET) | TO(AWAIT_VALIDATION) |
                                TO(FETCHING) | TO(FAILED) },
    [POSITION_FAILED] = { "failed",
                          TO(AWAIT_COMMITTED) | TO(AWAIT_RESET) | TO(AWAIT_VALIDATION) |
                              TO(FETCHING) },
#undef TO
};

const char *position_state_name(enum position_state state) {
    must((size_t)state < sizeof states / sizeof states[0]);
    return states[state].name;
}

static void enter(struct position *position, enum position_state state, const char *why) {
    must(states[position->state].may_follow & (1u << state));
    log_line(
        position->log,
        state == POSITION_FAILED || state == POSITION_AWAIT_RESET ? LOG_INFO : LOG_DEBUG,
        "position",
        "entered",
        "topic=%s partition=%" PRId32 " from=%s to=%s offset=%" PRId64 " why=\"%s\"",
        position->topic,
        position->partition,
        states[position->state].name,
        states[state].name,
        position->offset,
        why
    );
    position->state = state;
    position->is_looking_up = false;
    position->retry_at_ms = 0;
    position->failures = 0;
    position->last_error = STATUS_OK;
    position->kafka_error = 0;
}

struct position *position_new(
    struct queue *queue,
    const struct log *log,
    const char *topic,
    int32_t partition,
    enum position_policy policy
) {
    must(queue != NULL && topic != NULL && partition >= 0);
    struct position *position = must_alloc(sizeof *position);
    position->log = log;
    position->topic = must_strdup(topic);
    position->partition = partition;
    position->policy = policy;
    position->queue = queue_add(queue, topic, partition);
    position->state = POSITION_AWAIT_COMMITTED;
    position->offset = -1;
    position->offset_epoch = -1;
    position->leader_epoch = -1;
    position->high_watermark = -1;
    position->last_stable_offset = -1;
    position->committed = -1;
    position->start = -1;
    position->start_epoch = -1;
    position->settled = -1;
    position->settled_epoch = -1;
    position->preferred_replica = -1;
    return position;
}

void position_free(struct position *position) {
    if (!position) return;
    queue_remove(position->queue);
    free(position->topic);
    free(position->key);
    free(position);
}

bool position_may_flow(const struct position *position) {
    return !position->is_paused && position->hold == POSITION_FREE;
}

void position_set_paused(struct position *position, bool paused) {
    position->is_paused = paused;
    queue_set_paused(position->queue, !position_may_flow(position));
}

void position_set_hold(struct position *position, enum position_hold hold) {
    must(position->hold != POSITION_REVOKING || hold == POSITION_REVOKING);
    position->hold = hold;
    queue_set_paused(position->queue, !position_may_flow(position));
}

// Voids everything that was asked or buffered for the old position.
static void set(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(offset >= -1);
    position->version++;
    position->is_rewound = true;
    position->offset = offset;
    position->offset_epoch = offset_epoch;
    queue_reset(position->queue, offset, offset_epoch);
}

// To where delivery has been, or is: what was acknowledged before that stays so.
static void go_back(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(offset >= 0);
    position->version++;
    position->offset = offset;
    position->offset_epoch = offset_epoch;
    queue_rewind(position->queue, offset, offset_epoch);
}

static void settle(struct position *position, int64_t offset, int32_t offset_epoch) {
    position->settled = offset;
    position->settled_epoch = offset_epoch;
}

static void note_start(struct position *position, int64_t offset, int32_t offset_epoch) {
    position->start = offset;
    position->start_epoch = offset_epoch;
    position->start_version = position->version;
    settle(position, offset, offset_epoch);
}

// The same, by whoever decides where to read: nothing before it is to be undone.
static void start(struct position *position, int64_t offset, int32_t offset_epoch) {
    set(position, offset, offset_epoch);
    note_start(position, offset, offset_epoch);
}

static void start_at(
    struct position *position, int64_t offset, int32_t offset_epoch, const char *why
) {
    start(position, offset, offset_epoch);
    enter(position, offset_epoch >= 0 ? POSITION_AWAIT_VALIDATION : POSITION_FETCHING, why);
}

void position_seek(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(offset >= 0);
    start_at(position, offset, offset_epoch, "seek");
}

bool position_rewind(struct position *position, int64_t acknowledged, int32_t acknowledged_epoch) {
    must(acknowledged >= -1);
    bool further = acknowledged > position->settled;
    int64_t offset = further ? acknowledged : position->settled;
    int32_t offset_epoch = further ? acknowledged_epoch : position->settled_epoch;
    if (offset < 0 || queue_view(position->queue).position <= offset) return false;
    go_back(position, offset, offset_epoch);
    enter(position, offset_epoch >= 0 ? POSITION_AWAIT_VALIDATION : POSITION_FETCHING, "rewind");
    return true;
}

void position_on_commit(
    struct position *position, int64_t offset, int32_t offset_epoch, uint32_t version
) {
    must(offset >= 0);
    position->committed = offset;
    if ((int32_t)(version - position->start_version) < 0) return;
    position->is_rewound = false;
    // An application may take back what it has committed.
    if (offset > position->start) {
        settle(position, offset, offset_epoch);
    } else {
        settle(position, position->start, position->start_epoch);
    }
    queue_on_committed(position->queue, offset, offset_epoch);
}

static void await_reset(struct position *position, int64_t timestamp, const char *why) {
    must(timestamp >= POSITION_EARLIEST);
    position->reset_timestamp = timestamp;
    start(position, -1, -1);
    enter(position, POSITION_AWAIT_RESET, why);
}

void position_seek_timestamp(struct position *position, int64_t timestamp) {
    await_reset(position, timestamp, "seek");
}

void position_seek_committed(struct position *position) {
    start(position, -1, -1);
    enter(position, POSITION_AWAIT_COMMITTED, "seek");
}

void position_report(
    struct position *position, enum status status, int16_t kafka_error, int64_t offset, bool once
) {
    must(status != STATUS_OK);
    struct queue_error error = {
        .status = status,
        .kafka_error = kafka_error,
        .offset = offset,
        .once = once,
    };
    queue_set_error(position->queue, error);
    position->untold_error = status;
}

static void fail(struct position *position, enum status status, int64_t offset) {
    must(status != STATUS_OK);
    enter(position, POSITION_FAILED, status_text(status));
    position->last_error = status;
    position_report(position, status, 0, offset, false);
}

static void reset_by_policy(struct position *position, enum status status, const char *why) {
    switch (position->policy) {
    case POSITION_POLICY_EARLIEST: await_reset(position, POSITION_EARLIEST, why); return;
    case POSITION_POLICY_LATEST: await_reset(position, POSITION_LATEST, why); return;
    case POSITION_POLICY_NONE: fail(position, status, position->offset); return;
    }
}

void position_on_committed(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(position->state == POSITION_AWAIT_COMMITTED);
    position->committed = offset;
    if (offset < 0) {
        reset_by_policy(position, STATUS_NO_OFFSET, "no committed offset");
    } else {
        start_at(position, offset, offset_epoch, "committed offset");
    }
}

void position_on_reset(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(position->state == POSITION_AWAIT_RESET && offset >= 0);
    start(position, offset, offset_epoch);
    enter(position, POSITION_FETCHING, "reset");
}

// What was delivered behind `end_offset` is no more; commits of it say nothing of what comes now.
static void note_truncation(struct position *position, int64_t end_offset, int32_t end_epoch) {
    position->is_rewound = true;
    position->start_version = position->version;
    if (position->start > end_offset) {
        note_start(position, end_offset, end_epoch);
    } else if (position->settled > end_offset) {
        settle(position, end_offset, end_epoch);
    }
}

void position_on_epoch_end(struct position *position, int64_t end_offset, int32_t end_epoch) {
    if (end_offset < 0 || end_epoch < 0) {
        reset_by_policy(position, STATUS_LOG_TRUNCATED, "leader epoch not known to the broker");
        return;
    }
    if (end_offset >= position->offset) {
        if (position->state == POSITION_AWAIT_VALIDATION)
            enter(position, POSITION_FETCHING, "validated");
        return;
    }
    log_warn(
        position->log,
        "position",
        "truncated",
        "topic=%s partition=%" PRId32 " offset=%" PRId64 " diverged_at=%" PRId64,
        position->topic,
        position->partition,
        position->offset,
        end_offset
    );
    struct queue_view view = queue_view(position->queue);
    if (view.position <= end_offset) {
        // Only what was prefetched is affected: fetch it again.
        go_back(position, view.position, view.position_epoch);
        enter(position, POSITION_FETCHING, "prefetched records truncated");
    } else if (position->policy == POSITION_POLICY_NONE) {
        fail(position, STATUS_LOG_TRUNCATED, end_offset);
    } else {
        go_back(position, end_offset, end_epoch);
        note_truncation(position, end_offset, end_epoch);
        enter(position, POSITION_FETCHING, "log truncated");
    }
}

void position_refetch(struct position *position, int64_t offset, int32_t offset_epoch) {
    must(offset >= 0);
    position->version++;
    position->offset = offset;
    position->offset_epoch = offset_epoch;
    position->is_looking_up = false; // what is under way is of the offset before
}

void position_on_validation_skipped(struct position *position) {
    if (position->state == POSITION_AWAIT_VALIDATION)
        enter(position, POSITION_FETCHING, "not validated");
}

void position_on_leader_epoch(struct position *position, int32_t leader_epoch) {
    if (leader_epoch < 0 || leader_epoch == position->leader_epoch) return;
    bool compare = position->state == POSITION_FETCHING && position->offset_epoch >= 0 &&
                   position->leader_epoch >= 0;
    position->leader_epoch = leader_epoch;
    position->preferred_replica = -1;
    position->retry_at_ms = 0;
    if (compare) enter(position, POSITION_AWAIT_VALIDATION, "new leader epoch");
}

void position_on_out_of_range(struct position *position) {
    reset_by_policy(position, STATUS_OFFSET_OUT_OF_RANGE, "offset out of range");
}

void position_on_recreated(struct position *position) {
    position->leader_epoch = -1;
    position->committed = -1;
    reset_by_policy(position, STATUS_OFFSET_OUT_OF_RANGE, "topic created anew");
}

void position_on_failure(
    struct position *position, enum status status, int16_t kafka_error, int64_t retry_at_ms
) {
    position->is_looking_up = false;
    position->failures++;
    position->retry_at_ms = retry_at_ms;
    position->last_error = status;
    position->kafka_error = kafka_error;
}

void position_on_success(struct position *position) {
    position->is_looking_up = false;
    position->failures = 0;
    position->retry_at_ms = 0;
    if (position->last_error == STATUS_OK) return;
    position->last_error = STATUS_OK;
    position->kafka_error = 0;
    queue_set_error(position->queue, (struct queue_error){ 0 });
}

bool position_wants_lookup(
    const struct position *position, enum position_state state, int64_t now_ms
) {
    return position->state == state && !position->is_looking_up && now_ms >= position->retry_at_ms;
}
