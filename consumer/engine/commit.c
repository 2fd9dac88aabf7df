// SPDX-License-Identifier: Apache-2.0
// The line of commits. A commit of a subscribed consumer waits until its member may commit, is sent
// with the member's identity of that moment, and an error is held against that identity (pitfalls
// 4, 6). What an error means for the commit stands in one table; what it means for the membership
// is the member's own.
#include "consumer/engine/commit.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_groups.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/figures.h"
#include "consumer/engine/reporter.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { LAST_VERSION_BY_NAME = 9 };

// What an error code means for a partition of a commit.
static const struct {
    int16_t code;
    bool again; // the same commit may succeed soon
    enum status status;
} meanings[] = {
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_COORDINATOR_NOT_AVAILABLE, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_NOT_COORDINATOR, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_REQUEST_TIMED_OUT, true, STATUS_TIMED_OUT },
    { ERROR_UNKNOWN_TOPIC_OR_PARTITION, true, STATUS_NO_SUCH_PARTITION },
    { ERROR_UNKNOWN_TOPIC_ID, true, STATUS_NO_SUCH_PARTITION },
    { ERROR_REBALANCE_IN_PROGRESS, false, STATUS_REBALANCE_IN_PROGRESS },
    { ERROR_ILLEGAL_GENERATION, false, STATUS_ILLEGAL_GENERATION },
    { ERROR_UNKNOWN_MEMBER_ID, false, STATUS_UNKNOWN_MEMBER },
    { ERROR_FENCED_INSTANCE_ID, false, STATUS_FENCED },
    { ERROR_OFFSET_METADATA_TOO_LARGE, false, STATUS_OFFSET_METADATA_TOO_LARGE },
    { ERROR_TOPIC_AUTHORIZATION_FAILED, false, STATUS_TOPIC_AUTHORIZATION_FAILED },
    { ERROR_GROUP_AUTHORIZATION_FAILED, false, STATUS_GROUP_AUTHORIZATION_FAILED },
};

static enum status meaning_of(int16_t code, bool *again) {
    must(code != ERROR_NONE);
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code != code) continue;
        *again = meanings[i].again;
        return meanings[i].status;
    }
    *again = kafka_error_find(code)->retriable;
    return STATUS_KAFKA_ERROR;
}

struct commit *commit_new(size_t count, int64_t deadline_ms) {
    struct commit *commit = must_alloc(sizeof *commit);
    commit->deadline_ms = deadline_ms;
    commit->rows = arena_array(&commit->arena, count + 1, sizeof *commit->rows);
    commit->row_count = count;
    for (size_t i = 0; i < count; i++)
        commit->rows[i] = (struct row){ .offset = -1, .leader_epoch = -1, .timestamp_ms = -1 };
    return commit;
}

// Notes which position and which topic of its name a row is for, as they are now.
static void note_target(const struct engine *engine, struct row *row) {
    must(row->topic != NULL);
    const struct position *position =
        position_set_find(&engine->positions, row->topic, row->partition);
    const struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, row->topic);
    row->version = position ? position->version : engine->positions.next_version - 1;
    row->incarnation = position ? position->incarnation : topic ? topic->incarnation : 0;
}

void commit_start_take(struct engine *engine, struct commit *commit) {
    must(commit->on_done != NULL);
    commit->coordinator_answers = engine->coordinator.answer_count;
    for (size_t i = 0; i < commit->row_count; i++)
        note_target(engine, &commit->rows[i]);
    DL_APPEND(engine->commits.first, commit);
    engine->is_dirty = true;
}

static void free_commit(struct commit *commit) {
    must(!commit->in_flight);
    free(commit->sent_member_id);
    arena_dispose(&commit->arena);
    free(commit);
}

// Success moves what is known as committed; the outcome goes to whoever asked.
static void finish(struct engine *engine, struct commit *commit, struct commit_outcome outcome) {
    must(!commit->is_abandoned);
    DL_DELETE(engine->commits.first, commit);
    engine->is_dirty = true;
    for (size_t i = 0; i < commit->row_count; i++) {
        struct row *row = &commit->rows[i];
        if (outcome.status && !row->status && !row->is_done) row->status = outcome.status;
        struct position *position =
            position_set_find(&engine->positions, row->topic, row->partition);
        if (!row->status && position)
            position_on_commit(position, row->offset, row->leader_epoch, row->version);
        if (!row->status) {
            engine->commits.committed_count++;
        } else {
            engine->commits.failed_count++;
        }
    }
    commit->on_done(engine, commit, &outcome);
    if (commit->in_flight) {
        commit->is_abandoned = true;
    } else {
        free_commit(commit);
    }
}

static bool is_group_error(enum status status) {
    return status == STATUS_REBALANCE_IN_PROGRESS || status == STATUS_ILLEGAL_GENERATION ||
           status == STATUS_UNKNOWN_MEMBER || status == STATUS_FENCED ||
           status == STATUS_GROUP_AUTHORIZATION_FAILED;
}

// ------------------------------------------------------------------------------------------------
// Answers

static struct row *find_row(
    struct commit *commit, size_t *cursor, struct slice topic, struct uuid id, int32_t partition
) {
    for (size_t tries = 0; tries < commit->row_count; tries++) {
        size_t i = (*cursor + tries) % commit->row_count;
        struct row *row = &commit->rows[i];
        bool same_topic =
            topic.size > 0 ? slice_equal_string(topic, row->topic) : uuid_equal(id, row->topic_id);
        if (row->partition != partition || !same_topic) continue;
        *cursor = i + 1;
        return row;
    }
    return NULL;
}

static void tell_member(struct engine *engine, const struct commit *commit, int16_t code) {
    if (code == ERROR_NOT_COORDINATOR || code == ERROR_COORDINATOR_NOT_AVAILABLE) {
        coordinator_lost(&engine->coordinator, commit->sent_to);
    }
    if (!engine->member || engine->assigned_by_hand) return;
    struct member_identity sent = {
        .generation = commit->sent_generation,
        .member_id = commit->sent_member_id,
        .group_instance_id = options_text(&engine->options, OPTION_GROUP_INSTANCE_ID),
    };
    member_on_commit_error(engine->member, code, &sent, engine->now_ms);
}

// Reads the answer into the rows; true when some must be asked again.
static bool take_answer(
    struct engine *engine, struct commit *commit, const struct offset_commit_response *response
) {
    bool again = false;
    size_t cursor = 0;
    for (size_t i = 0; i < commit->row_count; i++)
        commit->rows[i].is_in_flight = !commit->rows[i].is_done;
    for (int32_t t = 0; t < response->topics_count; t++) {
        const struct offset_commit_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct offset_commit_response_partition *answer = &topic->partitions[p];
            struct row *row =
                find_row(commit, &cursor, topic->name, topic->topic_id, answer->partition_index);
            if (!row || !row->is_in_flight) continue;
            bool retriable = false;
            row->is_in_flight = false;
            row->kafka_error = answer->error_code;
            row->status =
                answer->error_code ? meaning_of(answer->error_code, &retriable) : STATUS_OK;
            // What is deleted for sure need not be tried until the deadline (pitfall 9).
            if (row->status == STATUS_NO_SUCH_PARTITION && retriable)
                retriable = !metadata_is_gone(&engine->cluster.metadata, row->topic);
            row->is_done = !retriable;
            again = again || retriable;
            if (answer->error_code) tell_member(engine, commit, answer->error_code);
        }
    }
    // A partition that the answer leaves out is not known to be committed (pitfall 18).
    for (size_t i = 0; i < commit->row_count; i++)
        again = again || commit->rows[i].is_in_flight;
    return again;
}

static void retry_later(struct engine *engine, struct commit *commit) {
    commit->failures++;
    commit->retry_at_ms = engine->now_ms + engine_backoff_ms(engine, commit->failures);
}

static struct commit_outcome outcome_of(const struct commit *commit) {
    struct commit_outcome outcome = { 0 };
    for (size_t i = 0; i < commit->row_count; i++) {
        if (!is_group_error(commit->rows[i].status)) continue;
        outcome.status = commit->rows[i].status;
        outcome.kafka_error = commit->rows[i].kafka_error;
    }
    return outcome;
}

static void on_answer(void *owner, const struct reply *reply) {
    struct commit *commit = owner;
    must(commit->in_flight);
    commit->in_flight = false;
    if (commit->is_abandoned) {
        free_commit(commit);
        return;
    }
    struct engine *engine = commit->engine;
    engine->is_dirty = true;
    if (reply->status == STATUS_UNSUPPORTED_VERSION || reply->status == STATUS_TOO_LARGE) {
        finish(engine, commit, (struct commit_outcome){ .status = reply->status });
        return;
    }
    if (reply->status) {
        coordinator_lost(&engine->coordinator, commit->sent_to);
        retry_later(engine, commit);
        return;
    }
    figures_on_commit(engine->figures, engine->now_ms - commit->sent_at_ms, engine->now_ms);
    if (take_answer(engine, commit, reply->message)) {
        retry_later(engine, commit);
    } else {
        finish(engine, commit, outcome_of(commit));
    }
}

// ------------------------------------------------------------------------------------------------
// Requests

static bool note_topic_ids(const struct engine *engine, struct commit *commit) {
    bool all = true;
    for (size_t i = 0; i < commit->row_count; i++) {
        const struct topic_metadata *topic =
            metadata_find(&engine->cluster.metadata, commit->rows[i].topic);
        commit->rows[i].topic_id = topic ? topic->id : (struct uuid){ 0 };
        if (uuid_is_zero(commit->rows[i].topic_id)) all = false;
    }
    return all;
}

// Only rows that have no final answer yet are sent.
static size_t pending_rows(const struct commit *commit, const char **topics, size_t *indexes) {
    must(commit->row_count > 0);
    size_t count = 0;
    for (size_t i = 0; i < commit->row_count; i++) {
        if (commit->rows[i].is_done) continue;
        topics[count] = commit->rows[i].topic;
        indexes[count++] = i;
    }
    return count;
}

static void fill_topics(
    struct arena *arena, const struct commit *commit, struct offset_commit_request *message
) {
    size_t *indexes = arena_array(arena, commit->row_count + 1, sizeof *indexes);
    const char **topics = arena_array(arena, commit->row_count + 1, sizeof *topics);
    size_t count = pending_rows(commit, topics, indexes);
    struct topic_groups groups = topic_groups_make(arena, topics, count);
    struct offset_commit_request_partition *partitions =
        arena_array(arena, count + 1, sizeof *partitions);
    message->topics = arena_array(arena, groups.count + 1, sizeof *message->topics);
    message->topics_count = (int32_t)groups.count;
    for (size_t g = 0; g < groups.count; g++) {
        schema_init(&offset_commit_request_topic_schema, &message->topics[g]);
        message->topics[g].name = slice_from_string(groups.topics[g]);
        message->topics[g].topic_id =
            commit->rows[indexes[groups.order[groups.starts[g]]]].topic_id;
        message->topics[g].partitions = &partitions[groups.starts[g]];
        message->topics[g].partitions_count = (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &commit->rows[indexes[groups.order[i]]];
        schema_init(&offset_commit_request_partition_schema, &partitions[i]);
        partitions[i].partition_index = row->partition;
        partitions[i].committed_offset = row->offset;
        partitions[i].committed_leader_epoch = row->leader_epoch;
        partitions[i].committed_metadata = row->metadata.data ? row->metadata : SLICE_LITERAL("");
    }
}

static struct member_identity identity_of(const struct engine *engine) {
    if (engine->member && !engine->assigned_by_hand) return member_identity(engine->member);
    return (struct member_identity){ .generation = -1, .member_id = "" };
}

static void send_commit(struct engine *engine, struct commit *commit) {
    must(!commit->in_flight && engine->coordinator.node_id != NO_NODE);
    int64_t timeout_ms = options_number(&engine->options, OPTION_REQUEST_TIMEOUT_MS);
    struct request *request = request_new(api_find(API_OFFSET_COMMIT), engine->now_ms + timeout_ms);
    request->on_reply = on_answer;
    request->owner = commit;
    commit->engine = engine;
    if (!note_topic_ids(engine, commit)) request->max_version = LAST_VERSION_BY_NAME;
    struct member_identity identity = identity_of(engine);
    commit->sent_generation = identity.generation;
    free(commit->sent_member_id);
    commit->sent_member_id = must_strdup(identity.member_id);
    commit->sent_to = engine->coordinator.node_id;
    commit->sent_at_ms = engine->now_ms;
    struct offset_commit_request *message = request->message;
    struct arena *arena = &request->arena;
    message->group_id = slice_from_string(engine->coordinator.group_id);
    message->generation_id_or_member_epoch = identity.generation;
    message->member_id = arena_copy(arena, slice_from_string(identity.member_id));
    message->group_instance_id = arena_copy(arena, slice_from_string(identity.group_instance_id));
    fill_topics(arena, commit, message);
    commit->in_flight = true;
    cluster_send_take(&engine->cluster, engine->coordinator.node_id, PURPOSE_GROUP, request);
}

// ------------------------------------------------------------------------------------------------
// Steps

bool commits_are_done(const struct engine *engine) {
    return engine->commits.first == NULL;
}

void commits_abandon(struct engine *engine, enum status status) {
    while (engine->commits.first) {
        struct commit_outcome outcome = { .status = status };
        finish(engine, engine->commits.first, outcome);
    }
}

static bool may_send(const struct engine *engine) {
    if (!engine->member || engine->assigned_by_hand) return true;
    return member_may_commit(engine->member);
}

static void end_late(struct engine *engine) {
    struct commit *commit;
    struct commit *next;
    DL_FOREACH_SAFE(engine->commits.first, commit, next) {
        if (engine->now_ms < commit->deadline_ms) continue;
        bool waits_for_group = !commit->in_flight && !may_send(engine);
        enum status status = waits_for_group ? STATUS_REBALANCE_IN_PROGRESS : STATUS_TIMED_OUT;
        if (!waits_for_group && engine->coordinator.node_id == NO_NODE)
            status = STATUS_COORDINATOR_UNAVAILABLE;
        for (size_t i = 0; i < commit->row_count; i++) {
            if (!commit->rows[i].is_done && !commit->rows[i].status)
                commit->rows[i].status = status;
        }
        finish(engine, commit, (struct commit_outcome){ .status = status });
    }
}

static void refuse(struct engine *engine, struct commit *commit, struct commit_outcome outcome) {
    must(!commit->in_flight && outcome.status != STATUS_OK);
    for (size_t i = 0; i < commit->row_count; i++) {
        if (!commit->rows[i].is_done) commit->rows[i].kafka_error = outcome.kafka_error;
    }
    finish(engine, commit, outcome);
}

// A member that has failed for good, or may not use its group, will not get to commit: its error is
// the answer (pitfalls 69, 99).
static bool end_by_failed_member(struct engine *engine, struct commit *commit) {
    if (may_send(engine)) return false;
    struct member_error error = member_describe(engine->member).error;
    if (!error.fatal && error.status != STATUS_GROUP_AUTHORIZATION_FAILED) return false;
    refuse(engine, commit, (struct commit_outcome){ error.status, error.kafka_error });
    return true;
}

// Who has lost its partitions since the application does not poll would wait for that poll, which
// may be the caller's next step (pitfall 72).
static bool waits_in_vain(const struct engine *engine) {
    if (!engine->member || engine->assigned_by_hand) return false;
    return member_is_stale(engine->member);
}

// What stands in the way of a row that waited in the line: partitions may have gone (pitfall 1),
// unless another assignment by hand replaced them, and topics, for others of their names (pitfall
// 52).
static enum status hindrance_of(
    const struct engine *engine, const struct commit *commit, const struct row *row
) {
    const struct topic_metadata *topic = metadata_find(&engine->cluster.metadata, row->topic);
    if (topic && topic->incarnation != row->incarnation) return STATUS_NO_SUCH_TOPIC;
    bool was_replaced = engine->assigned_by_hand && commit->is_automatic;
    if (was_replaced) return STATUS_OK;
    bool is_assigned = position_set_find(&engine->positions, row->topic, row->partition) != NULL;
    return is_assigned ? STATUS_OK : STATUS_NOT_ASSIGNED;
}

// False when nothing is left to be committed.
static bool drop_hindered(const struct engine *engine, struct commit *commit) {
    bool any_left = false;
    for (size_t i = 0; i < commit->row_count; i++) {
        struct row *row = &commit->rows[i];
        enum status hindrance = row->is_done ? STATUS_OK : hindrance_of(engine, commit, row);
        if (hindrance) row->status = hindrance;
        if (hindrance) row->is_done = true;
        any_left = any_left || !row->is_done;
    }
    return any_left;
}

void commits_step(struct engine *engine, int64_t now_ms) {
    must(now_ms == engine->now_ms);
    end_late(engine);
    struct commit *commit = engine->commits.first;
    if (!commit || commit->in_flight || end_by_failed_member(engine, commit)) return;
    bool gets_answer = may_send(engine) || waits_in_vain(engine);
    if (now_ms < commit->retry_at_ms || !gets_answer) return;
    if (!drop_hindered(engine, commit)) {
        finish(engine, commit, outcome_of(commit));
        return;
    }
    struct coordinator *coordinator = &engine->coordinator;
    coordinator_want(coordinator);
    if (coordinator_refuses(coordinator, commit->coordinator_answers)) {
        struct commit_outcome outcome = { coordinator->last_error, coordinator->kafka_error };
        refuse(engine, commit, outcome);
    } else if (coordinator->node_id != NO_NODE) {
        send_commit(engine, commit);
    }
}

int64_t commits_next_due_ms(const struct engine *engine, int64_t now_ms) {
    int64_t due_ms = INT64_MAX;
    const struct commit *commit;
    DL_FOREACH(engine->commits.first, commit) {
        if (commit->deadline_ms < due_ms) due_ms = commit->deadline_ms;
    }
    const struct commit *first = engine->commits.first;
    bool waits = first && !first->in_flight && first->retry_at_ms > now_ms;
    if (waits && first->retry_at_ms < due_ms) due_ms = first->retry_at_ms;
    return due_ms;
}

// ------------------------------------------------------------------------------------------------
// Automatic commits

static void on_automatic(
    struct engine *engine, struct commit *commit, const struct commit_outcome *outcome
) {
    reporter_on_automatic_commit(engine, commit);
    for (size_t i = 0; i < commit->row_count; i++) {
        const struct row *row = &commit->rows[i];
        if (!row->status) continue;
        log_warn(
            &engine->log,
            "commit",
            "failed",
            "topic=%s partition=%d automatic=true why=%s error=%s",
            row->topic,
            (int)row->partition,
            status_name(outcome->status ? outcome->status : row->status),
            kafka_error_name(row->kafka_error)
        );
        return;
    }
}

// What is acknowledged lies behind a commit of the application's own that went further; only a seek
// leads back.
static bool is_ahead(const struct position *position, int64_t acknowledged) {
    if (acknowledged < 0 || acknowledged == position->committed) return false;
    return acknowledged > position->committed || position->is_rewound;
}

void commit_acknowledged(struct engine *engine, int64_t deadline_ms) {
    struct commit *commit = commit_new(engine->positions.count, deadline_ms);
    commit->is_automatic = true;
    commit->on_done = on_automatic;
    size_t count = 0;
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        struct queue_view view = queue_view(position->queue);
        if (!is_ahead(position, view.acknowledged)) continue;
        struct row *row = &commit->rows[count++];
        row->topic = arena_string(&commit->arena, slice_from_string(position->topic));
        row->partition = position->partition;
        row->offset = view.acknowledged;
        row->leader_epoch = view.acknowledged_epoch;
    }
    commit->row_count = count;
    if (count > 0) {
        commit_start_take(engine, commit);
    } else {
        free_commit(commit);
    }
}
