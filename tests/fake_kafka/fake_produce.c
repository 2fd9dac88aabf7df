// SPDX-License-Identifier: Apache-2.0
// Produce: batches go into the log as they are.
#include "consumer/wire/kafka_error.h"
#include "tests/fake_kafka/fake_handlers.h"
#include "tests/fake_kafka/messages_produce.h"

static int16_t append(
    struct fake_call *call,
    struct slice topic_name,
    const struct produce_request_partition *sent,
    int64_t *base_offset
) {
    int16_t error = fake_call_error(call);
    if (!error) error = fake_call_partition_error(call, topic_name, sent->index);
    if (error) return error;
    struct fake_topic *topic = fake_topic_find(call->cluster, topic_name);
    if (!topic || sent->index < 0 || sent->index >= topic->partition_count)
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    struct fake_partition *partition = &topic->partitions[sent->index];
    if (partition->leader != call->broker) return ERROR_NOT_LEADER_OR_FOLLOWER;
    *base_offset = partition->log.end_offset;
    if (!fake_log_append(&partition->log, sent->records)) return ERROR_CORRUPT_MESSAGE;
    return ERROR_NONE;
}

static void take_topic(
    struct fake_call *call,
    const struct produce_request_topic *sent,
    struct produce_response_topic *taken
) {
    int32_t count = sent->partition_data_count > 0 ? sent->partition_data_count : 0;
    taken->name = sent->name;
    taken->partition_responses = fake_call_array(call, &produce_response_partition_schema, count);
    taken->partition_responses_count = count;
    for (int32_t i = 0; i < count; i++) {
        struct produce_response_partition *answer = &taken->partition_responses[i];
        answer->index = sent->partition_data[i].index;
        answer->base_offset = -1;
        answer->error_code =
            append(call, sent->name, &sent->partition_data[i], &answer->base_offset);
        if (!answer->error_code) answer->log_start_offset = 0;
    }
}

enum fake_served fake_produce_serve(struct fake_call *call) {
    const struct produce_request *request = call->request;
    struct produce_response *response = call->response;
    int32_t count = request->topic_data_count > 0 ? request->topic_data_count : 0;
    response->responses = fake_call_array(call, &produce_response_topic_schema, count);
    response->responses_count = count;
    for (int32_t i = 0; i < count; i++)
        take_topic(call, &request->topic_data[i], &response->responses[i]);
    return request->acks == 0 ? FAKE_SILENT : FAKE_ANSWERED;
}
