// SPDX-License-Identifier: Apache-2.0
// Runs look-ups: finds out whom to ask for which rows, repeats what failed for now, ends what is
// late. What goes over the wire is job_wire.c's.
#include "consumer/engine/job.h"

#include "consumer/base/must.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/job_wire.h"
#include "consumer/wire/kafka_error.h"

#include <stdlib.h>
#include <utlist.h>

struct job *job_new(enum job_kind kind, size_t count, int64_t deadline_ms) {
    struct job *job = must_alloc(sizeof *job);
    job->kind = kind;
    job->deadline_ms = deadline_ms;
    job->rows = arena_array(&job->arena, count + 1, sizeof *job->rows);
    job->row_count = count;
    for (size_t i = 0; i < count; i++)
        job->rows[i] = (struct row){ .offset = -1, .leader_epoch = -1, .timestamp_ms = -1 };
    return job;
}

void job_start_take(struct engine *engine, struct job *job) {
    must(job->on_done != NULL);
    job->coordinator_answers = engine->coordinator.answer_count;
    DL_APPEND(engine->jobs, job);
    engine->is_dirty = true;
}

static void free_job(struct engine *engine, struct job *job) {
    must(job->in_flight == 0);
    DL_DELETE(engine->jobs, job);
    arena_dispose(&job->arena);
    free(job);
}

static void finish(struct engine *engine, struct job *job) {
    must(job->on_done != NULL);
    must(!job->is_finished);
    job->is_finished = true;
    job->on_done(engine, job);
}

static void fail_row(struct row *row, enum status status, int16_t kafka_error) {
    must(status != STATUS_OK && !row->is_done);
    row->is_done = true;
    row->status = status;
    row->kafka_error = kafka_error;
}

// The leader to ask, NO_NODE when it is not known yet; a row whose partition does not exist is
// failed.
static int32_t find_leader(struct engine *engine, const struct job *job, struct row *row) {
    cluster_want_topic(&engine->cluster, row->topic);
    const struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, row->topic);
    must(topic != NULL);
    int16_t kafka_error = 0;
    enum status refusal = metadata_refusal(topic, row->partition, job->failures, &kafka_error);
    if (refusal) fail_row(row, refusal, kafka_error);
    bool is_known = !refusal && row->partition < topic->partition_count;
    return is_known ? topic->partitions[row->partition].leader : NO_NODE;
}

// A row that the group is refused for is failed.
static int32_t find_coordinator(struct engine *engine, const struct job *job, struct row *row) {
    struct coordinator *coordinator = &engine->coordinator;
    must(job->kind == JOB_COMMITTED);
    coordinator_want(coordinator);
    if (coordinator_refuses(coordinator, job->coordinator_answers))
        fail_row(row, coordinator->last_error, coordinator->kafka_error);
    return coordinator->node_id;
}

static int32_t find_node(struct engine *engine, const struct job *job, struct row *row) {
    switch (job->kind) {
    case JOB_COMMITTED: return find_coordinator(engine, job, row);
    case JOB_OFFSETS:
    case JOB_EPOCH_END: return find_leader(engine, job, row);
    }
    must(!"a job of no kind");
    return NO_NODE;
}

static bool is_pending(const struct row *row) {
    return !row->is_done && !row->is_in_flight;
}

static void retry_later(struct engine *engine, struct job *job) {
    must(!job->is_finished || job->in_flight > 0);
    job->failures++;
    job->retry_at_ms = engine->now_ms + engine_backoff_ms(engine, job->failures);
    if (job->kind != JOB_COMMITTED) cluster_refresh(&engine->cluster);
}

// Sends every pending row whose broker is known, one request a broker.
static void send_pending(struct engine *engine, struct job *job) {
    size_t *indexes = must_alloc((job->row_count + 1) * sizeof *indexes);
    int32_t *nodes = must_alloc((job->row_count + 1) * sizeof *nodes);
    bool missing = false;
    for (size_t i = 0; i < job->row_count; i++) {
        nodes[i] = is_pending(&job->rows[i]) ? find_node(engine, job, &job->rows[i]) : NO_NODE;
        if (is_pending(&job->rows[i]) && nodes[i] == NO_NODE) missing = true;
    }
    for (size_t first = 0; first < job->row_count; first++) {
        int32_t node_id = nodes[first];
        if (node_id == NO_NODE) continue;
        size_t count = 0;
        for (size_t i = first; i < job->row_count; i++) {
            if (nodes[i] != node_id) continue;
            nodes[i] = NO_NODE;
            indexes[count++] = i;
        }
        job_wire_send(engine, job, node_id, indexes, count);
    }
    if (missing) retry_later(engine, job);
    free(indexes);
    free(nodes);
}

void job_on_answer(
    struct engine *engine, struct job *job, const size_t *indexes, size_t count, enum status status
) {
    must(job->in_flight > 0);
    job->in_flight--;
    engine->is_dirty = true;
    bool again = false;
    for (size_t i = 0; i < count; i++) {
        struct row *row = &job->rows[indexes[i]];
        row->is_in_flight = false;
        if (status == STATUS_UNSUPPORTED_VERSION && !row->is_done) fail_row(row, status, 0);
        if (!row->is_done) again = true;
    }
    if (again) {
        retry_later(engine, job);
    } else {
        job->failures = 0;
    }
}

void job_fail_row(struct row *row, enum status status, int16_t kafka_error) {
    fail_row(row, status, kafka_error);
}

static bool is_complete(const struct job *job) {
    for (size_t i = 0; i < job->row_count; i++) {
        if (!job->rows[i].is_done) return false;
    }
    return true;
}

static void end_late(struct job *job) {
    for (size_t i = 0; i < job->row_count; i++) {
        if (!job->rows[i].is_done)
            fail_row(&job->rows[i], STATUS_TIMED_OUT, job->rows[i].kafka_error);
    }
}

static void step(struct engine *engine, struct job *job) {
    if (!job->is_finished) {
        if (engine->now_ms >= job->deadline_ms) end_late(job);
        if (!is_complete(job) && engine->now_ms >= job->retry_at_ms) send_pending(engine, job);
        if (is_complete(job)) finish(engine, job);
    }
    if (job->is_finished && job->in_flight == 0) free_job(engine, job);
}

void jobs_step(struct engine *engine, int64_t now_ms) {
    must(now_ms == engine->now_ms);
    struct job *job;
    struct job *next;
    DL_FOREACH_SAFE(engine->jobs, job, next) {
        step(engine, job);
    }
}

static bool has_pending(const struct job *job) {
    for (size_t i = 0; i < job->row_count; i++) {
        if (is_pending(&job->rows[i])) return true;
    }
    return false;
}

int64_t jobs_next_due_ms(const struct engine *engine, int64_t now_ms) {
    int64_t due_ms = INT64_MAX;
    const struct job *job;
    DL_FOREACH(engine->jobs, job) {
        if (job->is_finished) continue;
        if (job->deadline_ms < due_ms) due_ms = job->deadline_ms;
        if (has_pending(job) && job->retry_at_ms < due_ms)
            due_ms = job->retry_at_ms > now_ms ? job->retry_at_ms : now_ms;
    }
    return due_ms;
}

void jobs_dispose(struct engine *engine) {
    struct job *job;
    struct job *next;
    DL_FOREACH_SAFE(engine->jobs, job, next) {
        for (size_t i = 0; i < job->row_count && !job->is_finished; i++) {
            if (!job->rows[i].is_done) fail_row(&job->rows[i], STATUS_CLOSED, 0);
        }
        if (!job->is_finished) finish(engine, job);
        free_job(engine, job);
    }
}
