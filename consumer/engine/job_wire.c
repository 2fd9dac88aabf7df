// SPDX-License-Identifier: Apache-2.0
// Builds the requests of look-ups and reads their answers into rows. What an error code means
// stands in one table.
#include "consumer/engine/job_wire.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_groups.h"
#include "consumer/engine/engine_state.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"

#include <stdlib.h>
#include <string.h>

// Rows that are being asked in one request, in the request's order.
struct batch {
    struct engine *engine;
    struct job *job;
    int32_t node_id;
    size_t count;
    size_t cursor; // where the next answer is expected
    size_t indexes[];
};

enum { CONSUMER_REPLICA_ID = -1, LAST_COMMITTED_VERSION_BY_NAME = 9 };

// Errors of partitions and groups that are no plain "retriable" or "not".
static const struct {
    int16_t code;
    bool again;
    enum status status;
} meanings[] = {
    { ERROR_UNSTABLE_OFFSET_COMMIT, true, STATUS_KAFKA_ERROR },
    { ERROR_COORDINATOR_LOAD_IN_PROGRESS, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_COORDINATOR_NOT_AVAILABLE, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_NOT_COORDINATOR, true, STATUS_COORDINATOR_UNAVAILABLE },
    { ERROR_UNKNOWN_LEADER_EPOCH, true, STATUS_KAFKA_ERROR },
    { ERROR_OFFSET_NOT_AVAILABLE, true, STATUS_KAFKA_ERROR },
    { ERROR_GROUP_AUTHORIZATION_FAILED, false, STATUS_GROUP_AUTHORIZATION_FAILED },
    { ERROR_TOPIC_AUTHORIZATION_FAILED, false, STATUS_TOPIC_AUTHORIZATION_FAILED },
    { ERROR_UNKNOWN_MEMBER_ID, false, STATUS_UNKNOWN_MEMBER },
};

// Marks a row by an error code: asked again later, or failed.
static void on_error(struct row *row, int16_t code) {
    must(code != ERROR_NONE);
    row->kafka_error = code;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code != code) continue;
        if (!meanings[i].again) job_fail_row(row, meanings[i].status, code);
        return;
    }
    if (!kafka_error_find(code)->retriable) job_fail_row(row, STATUS_KAFKA_ERROR, code);
}

static void finish_row(struct row *row) {
    must(!row->is_done);
    row->kafka_error = 0;
    row->is_done = true;
}

static struct row *row_at(const struct batch *batch, size_t i) {
    must(i < batch->count);
    return &batch->job->rows[batch->indexes[i]];
}

// The row of an answered partition; answers mostly come in the order of the request. NULL: nobody
// asked.
static struct row *find_row(
    struct batch *batch, struct slice topic, struct uuid topic_id, int32_t partition
) {
    for (size_t tries = 0; tries < batch->count; tries++) {
        struct row *row = row_at(batch, (batch->cursor + tries) % batch->count);
        bool same_topic = topic.size > 0 ? slice_equal_string(topic, row->topic)
                                         : uuid_equal(topic_id, row->topic_id);
        if (row->partition != partition || !same_topic) continue;
        batch->cursor = (batch->cursor + tries + 1) % batch->count;
        return row;
    }
    return NULL;
}

static struct topic_groups group_rows(struct batch *batch, struct arena *arena) {
    const char **topics = arena_array(arena, batch->count + 1, sizeof *topics);
    for (size_t i = 0; i < batch->count; i++)
        topics[i] = row_at(batch, i)->topic;
    struct topic_groups groups = topic_groups_make(arena, topics, batch->count);
    size_t *sorted = arena_array(arena, batch->count + 1, sizeof *sorted);
    for (size_t i = 0; i < batch->count; i++)
        sorted[i] = batch->indexes[groups.order[i]];
    memcpy(batch->indexes, sorted, batch->count * sizeof *sorted);
    return groups;
}

static int32_t leader_epoch_of(const struct engine *engine, const struct row *row) {
    const struct partition_metadata *known =
        metadata_partition(&engine->cluster.metadata, row->topic, row->partition);
    return known ? known->leader_epoch : -1;
}

// ------------------------------------------------------------------------------------------------
// ListOffsets

static void build_list_offsets(struct batch *batch, struct request *request) {
    struct engine *engine = batch->engine;
    struct arena *arena = &request->arena;
    struct list_offsets_request *message = request->message;
    struct topic_groups groups = group_rows(batch, arena);
    struct list_offsets_request_partition *partitions =
        arena_array(arena, batch->count + 1, sizeof *partitions);
    message->replica_id = CONSUMER_REPLICA_ID;
    message->isolation_level = (int8_t)options_number(&engine->options, OPTION_ISOLATION_LEVEL);
    message->timeout_ms = (int32_t)options_number(&engine->options, OPTION_REQUEST_TIMEOUT_MS);
    message->topics = arena_array(arena, groups.count + 1, sizeof *message->topics);
    message->topics_count = (int32_t)groups.count;
    for (size_t g = 0; g < groups.count; g++) {
        schema_init(&list_offsets_request_topic_schema, &message->topics[g]);
        message->topics[g].name = arena_copy(arena, slice_from_string(groups.topics[g]));
        message->topics[g].partitions = &partitions[groups.starts[g]];
        message->topics[g].partitions_count = (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct row *row = row_at(batch, i);
        schema_init(&list_offsets_request_partition_schema, &partitions[i]);
        partitions[i].partition_index = row->partition;
        partitions[i].current_leader_epoch = leader_epoch_of(engine, row);
        partitions[i].timestamp = row->timestamp_ms;
    }
}

static void take_list_offsets(struct batch *batch, const struct list_offsets_response *response) {
    for (int32_t t = 0; t < response->topics_count; t++) {
        const struct list_offsets_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct list_offsets_response_partition *answer = &topic->partitions[p];
            struct row *row =
                find_row(batch, topic->name, (struct uuid){ 0 }, answer->partition_index);
            if (!row || row->is_done) continue;
            bool too_old = answer->error_code == ERROR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
            if (answer->error_code && !too_old) {
                on_error(row, answer->error_code);
                continue;
            }
            row->offset = too_old ? -1 : answer->offset;
            row->timestamp_ms = too_old ? -1 : answer->timestamp;
            row->leader_epoch = too_old ? -1 : answer->leader_epoch;
            finish_row(row);
        }
    }
}

// ------------------------------------------------------------------------------------------------
// OffsetForLeaderEpoch

static void build_epoch_end(struct batch *batch, struct request *request) {
    struct arena *arena = &request->arena;
    struct offset_for_leader_epoch_request *message = request->message;
    struct topic_groups groups = group_rows(batch, arena);
    struct offset_for_leader_epoch_request_partition *partitions =
        arena_array(arena, batch->count + 1, sizeof *partitions);
    message->replica_id = CONSUMER_REPLICA_ID;
    message->topics = arena_array(arena, groups.count + 1, sizeof *message->topics);
    message->topics_count = (int32_t)groups.count;
    for (size_t g = 0; g < groups.count; g++) {
        schema_init(&offset_for_leader_epoch_request_topic_schema, &message->topics[g]);
        message->topics[g].topic = arena_copy(arena, slice_from_string(groups.topics[g]));
        message->topics[g].partitions = &partitions[groups.starts[g]];
        message->topics[g].partitions_count = (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct row *row = row_at(batch, i);
        schema_init(&offset_for_leader_epoch_request_partition_schema, &partitions[i]);
        partitions[i].partition = row->partition;
        // Read anew for each request, so that a stale epoch is not asked for ever (pitfall 56).
        partitions[i].current_leader_epoch = leader_epoch_of(batch->engine, row);
        partitions[i].leader_epoch = row->leader_epoch;
    }
}

static void take_epoch_end(
    struct batch *batch, const struct offset_for_leader_epoch_response *response
) {
    for (int32_t t = 0; t < response->topics_count; t++) {
        const struct offset_for_leader_epoch_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct offset_for_leader_epoch_response_partition *answer = &topic->partitions[p];
            struct row *row = find_row(batch, topic->topic, (struct uuid){ 0 }, answer->partition);
            if (!row || row->is_done) continue;
            if (answer->error_code) {
                on_error(row, answer->error_code);
                continue;
            }
            row->offset = answer->end_offset;
            row->leader_epoch = answer->leader_epoch;
            finish_row(row);
        }
    }
}

// ------------------------------------------------------------------------------------------------
// OffsetFetch

static bool note_topic_ids(struct batch *batch) {
    bool all = true;
    for (size_t i = 0; i < batch->count; i++) {
        struct row *row = row_at(batch, i);
        const struct topic_metadata *topic =
            metadata_find(&batch->engine->cluster.metadata, row->topic);
        row->topic_id = topic ? topic->id : (struct uuid){ 0 };
        if (uuid_is_zero(row->topic_id)) all = false;
    }
    return all;
}

static void build_committed(struct batch *batch, struct request *request) {
    struct arena *arena = &request->arena;
    struct offset_fetch_request *message = request->message;
    struct topic_groups groups = group_rows(batch, arena);
    int32_t *partitions = arena_array(arena, batch->count + 1, sizeof *partitions);
    if (!note_topic_ids(batch)) request->max_version = LAST_COMMITTED_VERSION_BY_NAME;
    message->group_id = slice_from_string(batch->engine->coordinator.group_id);
    message->require_stable = true;
    message->topics = arena_array(arena, groups.count + 1, sizeof *message->topics);
    message->topics_count = (int32_t)groups.count;
    for (size_t g = 0; g < groups.count; g++) {
        schema_init(&offset_fetch_request_topic_schema, &message->topics[g]);
        message->topics[g].name = arena_copy(arena, slice_from_string(groups.topics[g]));
        message->topics[g].topic_id = row_at(batch, groups.starts[g])->topic_id;
        message->topics[g].partition_indexes = &partitions[groups.starts[g]];
        message->topics[g].partition_indexes_count =
            (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < batch->count; i++)
        partitions[i] = row_at(batch, i)->partition;
    message->groups = arena_array(arena, 1, sizeof *message->groups);
    message->groups_count = 1;
    schema_init(&offset_fetch_request_group_schema, message->groups);
    message->groups->group_id = message->group_id;
    message->groups->topics = message->topics;
    message->groups->topics_count = message->topics_count;
}

static void take_committed_topics(
    struct batch *batch, const struct offset_fetch_response_topic *topics, int32_t count
) {
    for (int32_t t = 0; t < count; t++) {
        for (int32_t p = 0; p < topics[t].partitions_count; p++) {
            const struct offset_fetch_response_partition *answer = &topics[t].partitions[p];
            struct row *row =
                find_row(batch, topics[t].name, topics[t].topic_id, answer->partition_index);
            if (!row || row->is_done) continue;
            if (answer->error_code) {
                on_error(row, answer->error_code);
                continue;
            }
            row->offset = answer->committed_offset;
            row->leader_epoch = answer->committed_leader_epoch;
            row->metadata = arena_copy(&batch->job->arena, answer->metadata);
            finish_row(row);
        }
    }
}

static void on_group_error(struct batch *batch, int16_t code) {
    if (code == ERROR_NOT_COORDINATOR || code == ERROR_COORDINATOR_NOT_AVAILABLE) {
        coordinator_lost(&batch->engine->coordinator, batch->node_id);
    }
    for (size_t i = 0; i < batch->count; i++)
        on_error(row_at(batch, i), code);
}

static void take_committed(
    struct batch *batch, const struct offset_fetch_response *response, int16_t version
) {
    enum { FIRST_VERSION_BY_GROUP = 8 };

    int16_t code = response->error_code;
    const struct offset_fetch_response_topic *topics = response->topics;
    int32_t count = response->topics_count;
    if (version >= FIRST_VERSION_BY_GROUP) {
        if (response->groups_count < 1) return;
        code = response->groups[0].error_code;
        topics = response->groups[0].topics;
        count = response->groups[0].topics_count;
    }
    if (code) {
        on_group_error(batch, code);
    } else {
        take_committed_topics(batch, topics, count);
    }
}

// ------------------------------------------------------------------------------------------------

static void on_answer(void *owner, const struct reply *reply) {
    struct batch *batch = owner;
    must(batch->job->in_flight > 0);
    if (reply->status == STATUS_OK) {
        switch (batch->job->kind) {
        case JOB_COMMITTED: take_committed(batch, reply->message, reply->version); break;
        case JOB_OFFSETS: take_list_offsets(batch, reply->message); break;
        case JOB_EPOCH_END: take_epoch_end(batch, reply->message); break;
        }
    } else if (batch->job->kind == JOB_COMMITTED) {
        coordinator_lost(&batch->engine->coordinator, batch->node_id);
    }
    job_on_answer(batch->engine, batch->job, batch->indexes, batch->count, reply->status);
    free(batch);
}

static enum api_key api_of(enum job_kind kind) {
    switch (kind) {
    case JOB_COMMITTED: return API_OFFSET_FETCH;
    case JOB_OFFSETS: return API_LIST_OFFSETS;
    case JOB_EPOCH_END: return API_OFFSET_FOR_LEADER_EPOCH;
    }
    must(!"a job of no kind");
    return API_OFFSET_FETCH;
}

void job_wire_send(
    struct engine *engine, struct job *job, int32_t node_id, const size_t *indexes, size_t count
) {
    must(count > 0);
    struct batch *batch = must_alloc(sizeof *batch + count * sizeof *indexes);
    batch->engine = engine;
    batch->job = job;
    batch->node_id = node_id;
    batch->count = count;
    memcpy(batch->indexes, indexes, count * sizeof *indexes);
    int64_t timeout_ms = options_number(&engine->options, OPTION_REQUEST_TIMEOUT_MS);
    struct request *request =
        request_new(api_find((int16_t)api_of(job->kind)), engine->now_ms + timeout_ms);
    request->on_reply = on_answer;
    request->owner = batch;
    switch (job->kind) {
    case JOB_COMMITTED: build_committed(batch, request); break;
    case JOB_OFFSETS: build_list_offsets(batch, request); break;
    case JOB_EPOCH_END: build_epoch_end(batch, request); break;
    }
    for (size_t i = 0; i < count; i++)
        row_at(batch, i)->is_in_flight = true;
    job->in_flight++;
    cluster_send_take(&engine->cluster, node_id, PURPOSE_GENERAL, request);
}
