// SPDX-License-Identifier: Apache-2.0
// OffsetCommit and OffsetFetch.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/fake_kafka/fake_group.h"
#include "tests/fake_kafka/fake_handlers.h"

#include <string.h>

enum { FIRST_VERSION_BY_ID = 10, FIRST_VERSION_BY_GROUP = 8, FIRST_VERSION_WITH_ERROR = 2 };

static int16_t check_coordinator(const struct fake_call *call) {
    int16_t error = fake_call_error(call);
    if (error) return error;
    return call->cluster->coordinator == call->broker ? ERROR_NONE : ERROR_NOT_COORDINATOR;
}

static const struct fake_topic *find_topic(
    const struct fake_call *call, struct slice name, struct uuid id
) {
    bool by_id = call->version >= FIRST_VERSION_BY_ID;
    return by_id ? fake_topic_find_id(call->cluster, id) : fake_topic_find(call->cluster, name);
}

static int16_t unknown(const struct fake_call *call) {
    bool by_id = call->version >= FIRST_VERSION_BY_ID;
    return by_id ? ERROR_UNKNOWN_TOPIC_ID : ERROR_UNKNOWN_TOPIC_OR_PARTITION;
}

// ------------------------------------------------------------------------------------------------
// OffsetCommit

static int16_t check_committer(struct fake_call *call) {
    const struct offset_commit_request *request = call->request;
    int16_t error = check_coordinator(call);
    if (error) return error;
    struct fake_group *group = fake_group_get(call->cluster, request->group_id);
    bool simple = request->generation_id_or_member_epoch < 0 && request->member_id.size == 0;
    if (simple) return group->members ? ERROR_UNKNOWN_MEMBER_ID : ERROR_NONE;
    struct fake_member *member = NULL;
    error = fake_group_check(
        group,
        request->member_id,
        request->group_instance_id,
        request->generation_id_or_member_epoch,
        &member
    );
    if (error) return error;
    fake_member_touch(call->cluster, member);
    return group->state == FAKE_GROUP_COMPLETING ? ERROR_REBALANCE_IN_PROGRESS : ERROR_NONE;
}

static int16_t store(
    struct fake_call *call,
    const struct fake_topic *topic,
    const struct offset_commit_request_partition *sent
) {
    const struct offset_commit_request *request = call->request;
    if (!topic || sent->partition_index < 0 || sent->partition_index >= topic->partition_count)
        return unknown(call);
    int16_t error =
        fake_call_partition_error(call, slice_from_string(topic->name), sent->partition_index);
    if (error) return error;
    if (sent->committed_metadata.size > call->cluster->metadata_max_bytes)
        return ERROR_OFFSET_METADATA_TOO_LARGE;
    struct fake_group *group = fake_group_get(call->cluster, request->group_id);
    struct fake_offset *offset = fake_group_get_offset(group, topic->name, sent->partition_index);
    offset->topic_id = topic->id;
    offset->offset = sent->committed_offset;
    offset->leader_epoch = sent->committed_leader_epoch;
    buf_clear(&offset->metadata);
    buf_append(&offset->metadata, sent->committed_metadata.data, sent->committed_metadata.size);
    return ERROR_NONE;
}

enum fake_served fake_offset_commit_serve(struct fake_call *call) {
    const struct offset_commit_request *request = call->request;
    struct offset_commit_response *response = call->response;
    int16_t error = check_committer(call);
    int32_t count = request->topics_count > 0 ? request->topics_count : 0;
    response->topics = fake_call_array(call, &offset_commit_response_topic_schema, count);
    response->topics_count = count;
    for (int32_t t = 0; t < count; t++) {
        const struct offset_commit_request_topic *sent = &request->topics[t];
        struct offset_commit_response_topic *answer = &response->topics[t];
        const struct fake_topic *topic = find_topic(call, sent->name, sent->topic_id);
        int32_t partitions = sent->partitions_count > 0 ? sent->partitions_count : 0;
        answer->name = sent->name;
        answer->topic_id = sent->topic_id;
        answer->partitions =
            fake_call_array(call, &offset_commit_response_partition_schema, partitions);
        answer->partitions_count = partitions;
        for (int32_t p = 0; p < partitions; p++) {
            answer->partitions[p].partition_index = sent->partitions[p].partition_index;
            answer->partitions[p].error_code = error;
            if (error) continue;
            answer->partitions[p].error_code = store(call, topic, &sent->partitions[p]);
        }
    }
    return FAKE_ANSWERED;
}

// ------------------------------------------------------------------------------------------------
// OffsetFetch

static void show_offset(
    struct fake_call *call,
    const struct fake_group *group,
    const struct fake_topic *topic,
    struct offset_fetch_response_partition *answer
) {
    answer->committed_offset = -1;
    answer->committed_leader_epoch = -1;
    answer->metadata = SLICE_LITERAL("");
    if (!topic) {
        if (call->version >= FIRST_VERSION_BY_ID) answer->error_code = unknown(call);
        return;
    }
    answer->error_code =
        fake_call_partition_error(call, slice_from_string(topic->name), answer->partition_index);
    const struct fake_offset *offset =
        fake_group_find_offset(group, topic->name, answer->partition_index);
    // Offsets of a topic that was deleted went with it.
    bool is_its = offset && uuid_equal(offset->topic_id, topic->id);
    if (answer->error_code || !is_its) return;
    answer->committed_offset = offset->offset;
    answer->committed_leader_epoch = offset->leader_epoch;
    answer->metadata = arena_copy(&call->arena, buf_slice(&offset->metadata));
    if (!answer->metadata.data) answer->metadata = SLICE_LITERAL("");
}

static struct offset_fetch_response_topic *show_topics(
    struct fake_call *call,
    const struct fake_group *group,
    const struct offset_fetch_request_topic *asked,
    int32_t count
) {
    struct offset_fetch_response_topic *topics =
        fake_call_array(call, &offset_fetch_response_topic_schema, count);
    for (int32_t t = 0; t < count; t++) {
        const struct fake_topic *topic = find_topic(call, asked[t].name, asked[t].topic_id);
        int32_t partitions =
            asked[t].partition_indexes_count > 0 ? asked[t].partition_indexes_count : 0;
        topics[t].name = asked[t].name;
        topics[t].topic_id = asked[t].topic_id;
        topics[t].partitions =
            fake_call_array(call, &offset_fetch_response_partition_schema, partitions);
        topics[t].partitions_count = partitions;
        for (int32_t p = 0; p < partitions; p++) {
            topics[t].partitions[p].partition_index = asked[t].partition_indexes[p];
            show_offset(call, group, topic, &topics[t].partitions[p]);
        }
    }
    return topics;
}

// All offsets of a group, one topic entry each.
static struct offset_fetch_response_topic *show_all(
    struct fake_call *call, const struct fake_group *group, int32_t *count
) {
    size_t stored = group ? group->offset_count : 0;
    struct offset_fetch_response_topic *topics =
        fake_call_array(call, &offset_fetch_response_topic_schema, (int32_t)stored);
    for (size_t i = 0; i < stored; i++) {
        const struct fake_offset *offset = &group->offsets[i];
        topics[i].name = arena_copy(&call->arena, slice_from_string(offset->topic));
        topics[i].topic_id = offset->topic_id;
        topics[i].partitions = fake_call_array(call, &offset_fetch_response_partition_schema, 1);
        topics[i].partitions_count = 1;
        topics[i].partitions->partition_index = offset->partition;
        const struct fake_topic *topic = fake_topic_find(call->cluster, topics[i].name);
        show_offset(call, group, topic, topics[i].partitions);
    }
    *count = (int32_t)stored;
    return topics;
}

static void show_group(
    struct fake_call *call,
    const struct offset_fetch_request_group *asked,
    struct offset_fetch_response_group *answer
) {
    answer->group_id = asked->group_id;
    answer->error_code = check_coordinator(call);
    if (answer->error_code) return;
    const struct fake_group *group = fake_group_find(call->cluster, asked->group_id);
    if (asked->topics_count < 0) {
        answer->topics = show_all(call, group, &answer->topics_count);
    } else {
        answer->topics = show_topics(call, group, asked->topics, asked->topics_count);
        answer->topics_count = asked->topics_count;
    }
}

enum fake_served fake_offset_fetch_serve(struct fake_call *call) {
    const struct offset_fetch_request *request = call->request;
    struct offset_fetch_response *response = call->response;
    if (call->version >= FIRST_VERSION_BY_GROUP) {
        int32_t count = request->groups_count > 0 ? request->groups_count : 0;
        response->groups = fake_call_array(call, &offset_fetch_response_group_schema, count);
        response->groups_count = count;
        for (int32_t i = 0; i < count; i++)
            show_group(call, &request->groups[i], &response->groups[i]);
        return FAKE_ANSWERED;
    }
    struct offset_fetch_request_group asked = {
        .group_id = request->group_id,
        .topics = request->topics,
        .topics_count = request->topics_count,
    };
    struct offset_fetch_response_group answer = { 0 };
    show_group(call, &asked, &answer);
    response->topics = answer.topics;
    response->topics_count = answer.topics_count;
    response->error_code = answer.error_code;
    return FAKE_ANSWERED;
}
