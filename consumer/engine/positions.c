// SPDX-License-Identifier: Apache-2.0
// One look-up gathers all positions that wait for the same thing. Its answers find their positions
// by name and version, so that an answer that comes after a seek or a rebalance is stale and
// ignored.
#include "consumer/engine/positions.h"

#include "consumer/base/must.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/job.h"
#include "consumer/fetch/queue.h"

#include <utlist.h>

// Answers of a look-up that can still be used.
static struct position *find_current(
    struct engine *engine, const struct row *row, enum position_state state
) {
    struct position *position = position_set_find(&engine->positions, row->topic, row->partition);
    if (!position || position->version != row->version || position->state != state) return NULL;
    return position;
}

static enum position_state state_of(enum job_kind kind) {
    switch (kind) {
    case JOB_COMMITTED: return POSITION_AWAIT_COMMITTED;
    case JOB_OFFSETS: return POSITION_AWAIT_RESET;
    case JOB_EPOCH_END: return POSITION_AWAIT_VALIDATION;
    }
    must(!"a job of no kind");
    return POSITION_FAILED;
}

// An error that stays is told once by a poll; the look-up is repeated all the same, since operators
// mend such things.
static void on_failed(
    struct engine *engine, struct position *position, enum status status, int16_t kafka_error
) {
    bool is_new = status && position->last_error != status;
    int64_t retry_at_ms = engine->now_ms + engine_backoff_ms(engine, position->failures + 1);
    position_on_failure(position, status, kafka_error, retry_at_ms);
    if (is_new) position_report(position, status, kafka_error, -1, true);
}

static void on_answered(
    struct engine *engine, struct position *position, enum job_kind kind, const struct row *row
) {
    must(row->is_done && row->status == STATUS_OK);
    switch (kind) {
    case JOB_COMMITTED: position_on_committed(position, row->offset, row->leader_epoch); break;
    case JOB_OFFSETS:
        if (row->offset >= 0) {
            position_on_reset(position, row->offset, row->leader_epoch);
        } else if (position->reset_timestamp >= 0) {
            position_seek_timestamp(position, POSITION_LATEST); // no record is that late
        } else {
            on_failed(engine, position, STATUS_OK, 0);
        }
        break;
    case JOB_EPOCH_END: position_on_epoch_end(position, row->offset, row->leader_epoch); break;
    }
}

static void on_done(struct engine *engine, struct job *job) {
    enum position_state state = state_of(job->kind);
    for (size_t i = 0; i < job->row_count; i++) {
        const struct row *row = &job->rows[i];
        struct position *position = find_current(engine, row, state);
        if (!position || row->status == STATUS_CLOSED) continue;
        position->is_looking_up = false;
        if (row->status == STATUS_UNSUPPORTED_VERSION && job->kind == JOB_EPOCH_END) {
            position_on_validation_skipped(position);
        } else if (row->status) {
            on_failed(engine, position, row->status, row->kafka_error);
        } else {
            on_answered(engine, position, job->kind, row);
        }
    }
    engine->is_dirty = true;
}

static bool wants(
    const struct engine *engine, const struct position *position, enum position_state state
) {
    bool stays = position->hold != POSITION_REVOKING;
    return stays && position_wants_lookup(position, state, engine->now_ms);
}

static void start_look_up(struct engine *engine, enum job_kind kind) {
    enum position_state state = state_of(kind);
    size_t count = 0;
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        count += wants(engine, position, state);
    }
    if (count == 0) return;
    struct job *job = job_new(kind, count, INT64_MAX);
    job->on_done = on_done;
    size_t i = 0;
    DL_FOREACH(engine->positions.first, position) {
        if (!wants(engine, position, state)) continue;
        struct row *row = &job->rows[i++];
        row->topic = arena_string(&job->arena, slice_from_string(position->topic));
        row->partition = position->partition;
        row->version = position->version;
        row->timestamp_ms = position->reset_timestamp;
        row->leader_epoch = position->offset_epoch;
        position->is_looking_up = true;
    }
    job_start_take(engine, job);
}

// A partition that metadata does not show is not fetched, and where the application has said the
// offset it is not looked up either: nothing else would tell that the topic is refused.
static void follow_refusal(
    struct engine *engine, struct position *position, const struct topic_metadata *topic
) {
    must(topic->partition_count <= position->partition);
    bool waits = position->state == POSITION_FETCHING && position_may_flow(position) &&
                 engine->now_ms >= position->retry_at_ms;
    bool is_answered = topic->error_code || topic->partition_count > 0;
    if (!waits || !is_answered) return;
    int16_t kafka_error = 0;
    enum status refusal =
        metadata_refusal(topic, position->partition, position->failures, &kafka_error);
    if (!refusal) kafka_error = position->kafka_error;
    on_failed(engine, position, refusal ? refusal : position->last_error, kafka_error);
}

static void follow_metadata(struct engine *engine, struct position *position) {
    const struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, position->topic);
    if (!topic) return;
    if (topic->partition_count <= position->partition) {
        follow_refusal(engine, position, topic);
        return;
    }
    if (topic->incarnation != position->incarnation) {
        position->incarnation = topic->incarnation;
        position_on_recreated(position);
        return;
    }
    position_on_leader_epoch(position, topic->partitions[position->partition].leader_epoch);
    bool cannot_compare = position->leader_epoch < 0;
    if (position->state == POSITION_AWAIT_VALIDATION && cannot_compare)
        position_on_validation_skipped(position);
}

static void follow_queue(struct position *position) {
    int64_t offset = -1;
    int32_t offset_epoch = -1;
    if (!queue_take_refetch(position->queue, &offset, &offset_epoch)) return;
    if (position->state == POSITION_FETCHING || position->state == POSITION_AWAIT_VALIDATION) {
        position_refetch(position, offset, offset_epoch);
    }
}

void positions_step(struct engine *engine, int64_t now_ms) {
    must(now_ms == engine->now_ms && engine->closing == CLOSING_NOT);
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        follow_queue(position);
        follow_metadata(engine, position);
        bool no_group = !engine_has_group(engine);
        if (no_group && position->state == POSITION_AWAIT_COMMITTED)
            position_on_committed(position, -1, -1);
    }
    start_look_up(engine, JOB_COMMITTED);
    start_look_up(engine, JOB_OFFSETS);
    start_look_up(engine, JOB_EPOCH_END);
}

int64_t positions_next_due_ms(const struct engine *engine, int64_t now_ms) {
    int64_t due_ms = INT64_MAX;
    const struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        bool waits = position->state != POSITION_FETCHING && position->state != POSITION_FAILED;
        if (!waits || position->is_looking_up || position->hold == POSITION_REVOKING) continue;
        int64_t retry_ms = position->retry_at_ms > now_ms ? position->retry_at_ms : now_ms;
        if (retry_ms < due_ms) due_ms = retry_ms;
    }
    return due_ms;
}
