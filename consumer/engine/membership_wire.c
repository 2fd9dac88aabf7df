// SPDX-License-Identifier: Apache-2.0
// Subscriptions and assignments travel as bytes inside JoinGroup and SyncGroup; they are encoded
// and decoded here.
#include "consumer/engine/membership_wire.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_groups.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/row.h"
#include "consumer/group/assignor.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/consumer_protocol.h"
#include "consumer/wire/messages_classic.h"

#include <stdlib.h>
#include <string.h>

enum { CONSUMER_PROTOCOL_VERSION = 3 };

static struct slice text(struct arena *arena, const char *value) {
    return arena_copy(arena, slice_from_string(value));
}

// ------------------------------------------------------------------------------------------------
// Requests

// A set of partitions as topics with partition lists.
static int32_t topics_of(
    struct arena *arena,
    const struct assignment *set,
    struct consumer_protocol_topic_partitions **topics
) {
    const char **names = arena_array(arena, set->count + 1, sizeof *names);
    int32_t *partitions = arena_array(arena, set->count + 1, sizeof *partitions);
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->items[i].topic;
    struct topic_groups groups = topic_groups_make(arena, names, set->count);
    *topics = arena_array(arena, groups.count + 1, sizeof **topics);
    for (size_t g = 0; g < groups.count; g++) {
        (*topics)[g].topic = text(arena, groups.topics[g]);
        (*topics)[g].partitions = &partitions[groups.starts[g]];
        (*topics)[g].partitions_count = (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < set->count; i++)
        partitions[i] = set->items[groups.order[i]].partition;
    return (int32_t)groups.count;
}

static struct slice encode_subscription(
    struct engine *engine, struct arena *arena, const struct member_join *join
) {
    struct consumer_protocol_subscription subscription;
    schema_init(&consumer_protocol_subscription_schema, &subscription);
    subscription.topics = arena_array(arena, join->topic_count + 1, sizeof *subscription.topics);
    subscription.topics_count = (int32_t)join->topic_count;
    for (size_t i = 0; i < join->topic_count; i++)
        subscription.topics[i] = text(arena, join->topics[i]);
    subscription.owned_partitions_count =
        topics_of(arena, join->owned, &subscription.owned_partitions);
    subscription.generation_id = join->generation;
    const char *rack = options_text(&engine->options, OPTION_CLIENT_RACK);
    if (rack && *rack) subscription.rack_id = text(arena, rack);
    struct buf bytes = { 0 };
    enum status status =
        consumer_protocol_encode_subscription(CONSUMER_PROTOCOL_VERSION, &subscription, &bytes);
    struct slice encoded = status ? SLICE_NULL : arena_copy(arena, buf_slice(&bytes));
    buf_dispose(&bytes);
    return encoded;
}

static void fill_join(
    struct engine *engine, struct request *request, const struct member_join *join
) {
    struct arena *arena = &request->arena;
    struct join_group_request *message = request->message;
    message->group_id = slice_from_string(engine->coordinator.group_id);
    message->session_timeout_ms = join->session_timeout_ms;
    message->rebalance_timeout_ms = join->rebalance_timeout_ms;
    message->member_id = text(arena, join->member_id);
    message->group_instance_id = text(arena, join->group_instance_id);
    message->protocol_type = SLICE_LITERAL("consumer");
    message->reason = join->reason && *join->reason ? text(arena, join->reason) : SLICE_NULL;
    struct slice metadata = encode_subscription(engine, arena, join);
    message->protocols = arena_array(arena, join->protocol_count + 1, sizeof *message->protocols);
    message->protocols_count = (int32_t)join->protocol_count;
    for (size_t i = 0; i < join->protocol_count; i++) {
        message->protocols[i].name = text(arena, join->protocols[i]);
        message->protocols[i].metadata = metadata;
    }
}

static struct slice encode_assignment(struct arena *arena, const struct assignment *partitions) {
    struct consumer_protocol_assignment assignment;
    schema_init(&consumer_protocol_assignment_schema, &assignment);
    assignment.assigned_partitions_count =
        topics_of(arena, partitions, &assignment.assigned_partitions);
    struct buf bytes = { 0 };
    enum status status =
        consumer_protocol_encode_assignment(CONSUMER_PROTOCOL_VERSION, &assignment, &bytes);
    struct slice encoded = status ? SLICE_NULL : arena_copy(arena, buf_slice(&bytes));
    buf_dispose(&bytes);
    return encoded;
}

static void fill_sync(
    struct engine *engine, struct request *request, const struct member_sync *sync
) {
    struct arena *arena = &request->arena;
    struct sync_group_request *message = request->message;
    message->group_id = slice_from_string(engine->coordinator.group_id);
    message->generation_id = sync->generation;
    message->member_id = text(arena, sync->member_id);
    message->group_instance_id = text(arena, sync->group_instance_id);
    message->protocol_type = text(arena, sync->protocol_type);
    message->protocol_name = text(arena, sync->protocol_name);
    message->assignments =
        arena_array(arena, sync->assignment_count + 1, sizeof *message->assignments);
    message->assignments_count = (int32_t)sync->assignment_count;
    for (size_t i = 0; i < sync->assignment_count; i++) {
        message->assignments[i].member_id = text(arena, sync->assignments[i].member_id);
        message->assignments[i].assignment =
            encode_assignment(arena, sync->assignments[i].partitions);
    }
}

static void fill_heartbeat(
    struct engine *engine, struct request *request, const struct member_heartbeat *heartbeat
) {
    struct heartbeat_request *message = request->message;
    message->group_id = slice_from_string(engine->coordinator.group_id);
    message->generation_id = heartbeat->generation;
    message->member_id = text(&request->arena, heartbeat->member_id);
    message->group_instance_id = text(&request->arena, heartbeat->group_instance_id);
}

static void fill_leave(
    struct engine *engine, struct request *request, const struct member_leave *leave
) {
    struct leave_group_request *message = request->message;
    message->group_id = slice_from_string(engine->coordinator.group_id);
    message->member_id = text(&request->arena, leave->member_id);
    message->members = arena_array(&request->arena, 1, sizeof *message->members);
    message->members_count = 1;
    message->members->member_id = message->member_id;
    message->members->group_instance_id = text(&request->arena, leave->group_instance_id);
    message->members->reason =
        leave->reason && *leave->reason ? text(&request->arena, leave->reason) : SLICE_NULL;
}

// ------------------------------------------------------------------------------------------------
// Answers

static void read_members(
    struct arena *arena,
    const struct join_group_response *response,
    struct member_join_response *join
) {
    struct assignor_member *members =
        arena_array(arena, (size_t)response->members_count + 1, sizeof *members);
    for (int32_t i = 0; i < response->members_count; i++) {
        const struct join_group_response_member *from = &response->members[i];
        struct consumer_protocol_subscription subscription;
        members[i].member_id = arena_string(arena, from->member_id);
        members[i].group_instance_id = arena_string(arena, from->group_instance_id);
        if (consumer_protocol_decode_subscription(from->metadata, arena, &subscription)) continue;
        size_t count = subscription.topics_count > 0 ? (size_t)subscription.topics_count : 0;
        const char **topics = arena_array(arena, count + 1, sizeof *topics);
        for (size_t t = 0; t < count; t++)
            topics[t] = arena_string(arena, subscription.topics[t]);
        members[i].topics = topics;
        members[i].topic_count = count;
    }
    join->members = members;
    join->member_count = response->members_count > 0 ? (size_t)response->members_count : 0;
}

static const char *text_or_empty(struct arena *arena, struct slice value) {
    return value.data ? arena_string(arena, value) : "";
}

static void read_join(
    struct arena *arena, const struct join_group_response *response, struct member_response *answer
) {
    answer->error_code = response->error_code;
    answer->join.generation = response->generation_id;
    answer->join.protocol_type = arena_string(arena, response->protocol_type);
    answer->join.protocol_name = arena_string(arena, response->protocol_name);
    answer->join.leader = text_or_empty(arena, response->leader);
    answer->join.member_id = text_or_empty(arena, response->member_id);
    answer->join.skip_assignment = response->skip_assignment;
    read_members(arena, response, &answer->join);
}

static enum status read_sync(
    struct arena *arena, const struct sync_group_response *response, struct member_response *answer
) {
    answer->error_code = response->error_code;
    answer->sync.protocol_type = arena_string(arena, response->protocol_type);
    answer->sync.protocol_name = arena_string(arena, response->protocol_name);
    if (response->error_code) return STATUS_OK;
    struct consumer_protocol_assignment assignment;
    enum status status =
        consumer_protocol_decode_assignment(response->assignment, arena, &assignment);
    if (status) return STATUS_INVALID_FRAME;
    size_t count = 0;
    for (int32_t t = 0; t < assignment.assigned_partitions_count; t++) {
        int32_t partitions_count = assignment.assigned_partitions[t].partitions_count;
        if (partitions_count > 0) count += (size_t)partitions_count;
    }
    struct topic_partition *partitions = arena_array(arena, count + 1, sizeof *partitions);
    size_t filled = 0;
    for (int32_t t = 0; t < assignment.assigned_partitions_count; t++) {
        const struct consumer_protocol_topic_partitions *topic = &assignment.assigned_partitions[t];
        const char *name = text_or_empty(arena, topic->topic);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            if (!row_is_plausible(name, topic->partitions[p])) return STATUS_INVALID_FRAME;
            partitions[filled++] = (struct topic_partition){ name, topic->partitions[p] };
        }
    }
    answer->sync.partitions = partitions;
    answer->sync.partition_count = filled;
    return STATUS_OK;
}

static int16_t read_leave(const struct leave_group_response *response) {
    if (response->error_code || response->members_count < 1) return response->error_code;
    return response->members[0].error_code;
}

// Which request of which member is under way.
struct errand {
    struct engine *engine;
    enum member_want_kind kind;
    uint32_t request_id;
    int32_t node_id;
};

static enum status read_answer(
    const struct errand *errand,
    const void *message,
    struct arena *arena,
    struct member_response *answer
) {
    switch (errand->kind) {
    case MEMBER_WANTS_JOIN: read_join(arena, message, answer); return STATUS_OK;
    case MEMBER_WANTS_SYNC: return read_sync(arena, message, answer);
    case MEMBER_WANTS_HEARTBEAT:
        answer->error_code = ((const struct heartbeat_response *)message)->error_code;
        return STATUS_OK;
    case MEMBER_WANTS_LEAVE: answer->error_code = read_leave(message); return STATUS_OK;
    case MEMBER_WANTS_NOTHING:
    case MEMBER_WANTS_COORDINATOR:
    case MEMBER_WANTS_REVOKE:
    case MEMBER_WANTS_ASSIGN:
    case MEMBER_WANTS_METADATA: break;
    }
    must(!"a want without an answer");
    return STATUS_INVALID_FRAME;
}

static void on_answer(void *owner, const struct reply *reply) {
    struct errand *errand = owner;
    must(errand->request_id != 0);
    struct engine *engine = errand->engine;
    struct arena arena = { 0 };
    struct member_response answer = { 0 };
    engine->is_dirty = true;
    enum status status = reply->status;
    if (!status) status = read_answer(errand, reply->message, &arena, &answer);
    if (status) {
        member_on_request_failed(engine->member, errand->request_id, status, reply->now_ms);
    } else {
        member_on_response(engine->member, errand->request_id, &answer, reply->now_ms);
    }
    arena_dispose(&arena);
    free(errand);
}

static enum api_key api_of(enum member_want_kind kind) {
    switch (kind) {
    case MEMBER_WANTS_JOIN: return API_JOIN_GROUP;
    case MEMBER_WANTS_SYNC: return API_SYNC_GROUP;
    case MEMBER_WANTS_HEARTBEAT: return API_HEARTBEAT;
    case MEMBER_WANTS_LEAVE: return API_LEAVE_GROUP;
    case MEMBER_WANTS_NOTHING:
    case MEMBER_WANTS_COORDINATOR:
    case MEMBER_WANTS_REVOKE:
    case MEMBER_WANTS_ASSIGN:
    case MEMBER_WANTS_METADATA: break;
    }
    must(!"a want without a request");
    return API_HEARTBEAT;
}

void membership_wire_send(struct engine *engine, const struct member_want *want) {
    struct errand *errand = must_alloc(sizeof *errand);
    *errand = (struct errand){
        .engine = engine,
        .kind = want->kind,
        .request_id = want->request_id,
        .node_id = engine->coordinator.node_id,
    };
    struct request *request =
        request_new(api_find((int16_t)api_of(want->kind)), engine->now_ms + want->timeout_ms);
    request->on_reply = on_answer;
    request->owner = errand;
    // A goodbye must not wait behind a JoinGroup that the coordinator holds.
    enum purpose purpose = PURPOSE_GROUP;
    if (want->kind == MEMBER_WANTS_JOIN) fill_join(engine, request, &want->join);
    if (want->kind == MEMBER_WANTS_SYNC) fill_sync(engine, request, &want->sync);
    if (want->kind == MEMBER_WANTS_HEARTBEAT) fill_heartbeat(engine, request, &want->heartbeat);
    if (want->kind == MEMBER_WANTS_LEAVE) {
        fill_leave(engine, request, &want->leave);
        purpose = PURPOSE_GENERAL;
    }
    cluster_send_take(&engine->cluster, engine->coordinator.node_id, purpose, request);
}
