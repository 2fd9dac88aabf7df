// SPDX-License-Identifier: Apache-2.0
// Where in a log: ListOffsets and OffsetForLeaderEpoch.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/fake_kafka/fake_handlers.h"

enum { LATEST = -1, EARLIEST = -2, MAX_TIMESTAMP = -3 };

// The partition that a request may be answered for here; an error else.
static int16_t find_led(
    struct fake_call *call,
    struct slice topic_name,
    int32_t index,
    int32_t current_leader_epoch,
    struct fake_partition **found
) {
    int16_t error = fake_call_error(call);
    if (!error) error = fake_call_partition_error(call, topic_name, index);
    if (error) return error;
    struct fake_topic *topic = fake_topic_find(call->cluster, topic_name);
    if (!topic || index < 0 || index >= topic->partition_count)
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    *found = &topic->partitions[index];
    if ((*found)->leader != call->broker) return ERROR_NOT_LEADER_OR_FOLLOWER;
    if (current_leader_epoch < 0) return ERROR_NONE;
    if (current_leader_epoch < (*found)->log.leader_epoch) return ERROR_FENCED_LEADER_EPOCH;
    if (current_leader_epoch > (*found)->log.leader_epoch) return ERROR_UNKNOWN_LEADER_EPOCH;
    return ERROR_NONE;
}

static void list_partition(
    struct fake_call *call,
    struct slice topic,
    const struct list_offsets_request_partition *asked,
    struct list_offsets_response_partition *answer
) {
    const struct list_offsets_request *request = call->request;
    struct fake_partition *partition = NULL;
    answer->partition_index = asked->partition_index;
    answer->offset = -1;
    answer->timestamp = -1;
    answer->leader_epoch = -1;
    answer->error_code =
        find_led(call, topic, asked->partition_index, asked->current_leader_epoch, &partition);
    if (answer->error_code) return;
    const struct fake_log *log = &partition->log;
    if (asked->timestamp == EARLIEST) {
        answer->offset = log->start_offset;
        answer->leader_epoch = fake_log_epoch_at(log, log->start_offset);
    } else if (asked->timestamp == LATEST) {
        answer->offset = request->isolation_level ? fake_log_last_stable_offset(log)
                                                  : fake_log_high_watermark(log);
        answer->leader_epoch = log->leader_epoch;
    } else {
        bool found =
            asked->timestamp == MAX_TIMESTAMP
                ? fake_log_find_latest_time(log, &answer->offset, &answer->timestamp)
                : fake_log_find_time(log, asked->timestamp, &answer->offset, &answer->timestamp);
        if (found) answer->leader_epoch = fake_log_epoch_at(log, answer->offset);
    }
}

enum fake_served fake_list_offsets_serve(struct fake_call *call) {
    const struct list_offsets_request *request = call->request;
    struct list_offsets_response *response = call->response;
    int32_t count = request->topics_count > 0 ? request->topics_count : 0;
    response->topics = fake_call_array(call, &list_offsets_response_topic_schema, count);
    response->topics_count = count;
    for (int32_t t = 0; t < count; t++) {
        const struct list_offsets_request_topic *asked = &request->topics[t];
        struct list_offsets_response_topic *answer = &response->topics[t];
        int32_t partitions = asked->partitions_count > 0 ? asked->partitions_count : 0;
        answer->name = asked->name;
        answer->partitions =
            fake_call_array(call, &list_offsets_response_partition_schema, partitions);
        answer->partitions_count = partitions;
        for (int32_t p = 0; p < partitions; p++)
            list_partition(call, asked->name, &asked->partitions[p], &answer->partitions[p]);
    }
    return FAKE_ANSWERED;
}

// ------------------------------------------------------------------------------------------------

static void find_epoch_end(
    struct fake_call *call,
    struct slice topic,
    const struct offset_for_leader_epoch_request_partition *asked,
    struct offset_for_leader_epoch_response_partition *answer
) {
    struct fake_partition *partition = NULL;
    answer->partition = asked->partition;
    answer->leader_epoch = -1;
    answer->end_offset = -1;
    answer->error_code =
        find_led(call, topic, asked->partition, asked->current_leader_epoch, &partition);
    if (answer->error_code) return;
    (void)fake_log_epoch_end(
        &partition->log, asked->leader_epoch, &answer->leader_epoch, &answer->end_offset
    );
}

enum fake_served fake_epoch_end_serve(struct fake_call *call) {
    const struct offset_for_leader_epoch_request *request = call->request;
    struct offset_for_leader_epoch_response *response = call->response;
    int32_t count = request->topics_count > 0 ? request->topics_count : 0;
    response->topics = fake_call_array(call, &offset_for_leader_epoch_response_topic_schema, count);
    response->topics_count = count;
    for (int32_t t = 0; t < count; t++) {
        const struct offset_for_leader_epoch_request_topic *asked = &request->topics[t];
        struct offset_for_leader_epoch_response_topic *answer = &response->topics[t];
        int32_t partitions = asked->partitions_count > 0 ? asked->partitions_count : 0;
        answer->topic = asked->topic;
        answer->partitions =
            fake_call_array(call, &offset_for_leader_epoch_response_partition_schema, partitions);
        answer->partitions_count = partitions;
        for (int32_t p = 0; p < partitions; p++)
            find_epoch_end(call, asked->topic, &asked->partitions[p], &answer->partitions[p]);
    }
    return FAKE_ANSWERED;
}
