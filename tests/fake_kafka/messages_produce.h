// SPDX-License-Identifier: Apache-2.0
// Produce and CreateTopics, for the fake broker and the test tools alone. Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// One partition of ProduceRequest.
struct produce_request_partition {
    int32_t index;
    struct slice records;
};

/// One topic of ProduceRequest.
struct produce_request_topic {
    struct slice name;
    struct produce_request_partition *partition_data;
    int32_t partition_data_count;
};

/// Produce (0), v3-11.
struct produce_request {
    struct slice transactional_id;
    int16_t acks;
    int32_t timeout_ms;
    struct produce_request_topic *topic_data;
    int32_t topic_data_count;
};

/// The table of struct produce_request_partition.
extern const struct schema produce_request_partition_schema;
/// The table of struct produce_request_topic.
extern const struct schema produce_request_topic_schema;
/// The table of struct produce_request.
extern const struct schema produce_request_schema;

/// One record error of ProduceResponse.
struct produce_response_record_error {
    int32_t batch_index;
    struct slice batch_index_error_message;
};

/// One leader of ProduceResponse.
struct produce_response_leader {
    int32_t leader_id;
    int32_t leader_epoch;
};

/// One partition of ProduceResponse.
struct produce_response_partition {
    int32_t index;
    int16_t error_code;
    int64_t base_offset;
    int64_t log_append_time_ms;
    int64_t log_start_offset;
    struct produce_response_record_error *record_errors;
    int32_t record_errors_count;
    struct slice error_message;
    struct produce_response_leader current_leader;
};

/// One topic of ProduceResponse.
struct produce_response_topic {
    struct slice name;
    struct produce_response_partition *partition_responses;
    int32_t partition_responses_count;
};

/// One node endpoint of ProduceResponse.
struct produce_response_node_endpoint {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack;
};

/// The answer to Produce.
struct produce_response {
    struct produce_response_topic *responses;
    int32_t responses_count;
    int32_t throttle_time_ms;
    struct produce_response_node_endpoint *node_endpoints;
    int32_t node_endpoints_count;
};

/// The table of struct produce_response_record_error.
extern const struct schema produce_response_record_error_schema;
/// The table of struct produce_response_leader.
extern const struct schema produce_response_leader_schema;
/// The table of struct produce_response_partition.
extern const struct schema produce_response_partition_schema;
/// The table of struct produce_response_topic.
extern const struct schema produce_response_topic_schema;
/// The table of struct produce_response_node_endpoint.
extern const struct schema produce_response_node_endpoint_schema;
/// The table of struct produce_response.
extern const struct schema produce_response_schema;

/// One assignment of CreateTopicsRequest.
struct create_topics_request_assignment {
    int32_t partition_index;
    int32_t *broker_ids;
    int32_t broker_ids_count;
};

/// One config of CreateTopicsRequest.
struct create_topics_request_config {
    struct slice name;
    struct slice value;
};

/// One topic of CreateTopicsRequest.
struct create_topics_request_topic {
    struct slice name;
    int32_t num_partitions;
    int16_t replication_factor;
    struct create_topics_request_assignment *assignments;
    int32_t assignments_count;
    struct create_topics_request_config *configs;
    int32_t configs_count;
};

/// CreateTopics (19), v2-7.
struct create_topics_request {
    struct create_topics_request_topic *topics;
    int32_t topics_count;
    int32_t timeout_ms;
    bool validate_only;
};

/// The table of struct create_topics_request_assignment.
extern const struct schema create_topics_request_assignment_schema;
/// The table of struct create_topics_request_config.
extern const struct schema create_topics_request_config_schema;
/// The table of struct create_topics_request_topic.
extern const struct schema create_topics_request_topic_schema;
/// The table of struct create_topics_request.
extern const struct schema create_topics_request_schema;

/// One config of CreateTopicsResponse.
struct create_topics_response_config {
    struct slice name;
    struct slice value;
    bool read_only;
    int8_t config_source;
    bool is_sensitive;
};

/// One topic of CreateTopicsResponse.
struct create_topics_response_topic {
    struct slice name;
    struct uuid topic_id;
    int16_t error_code;
    struct slice error_message;
    int16_t topic_config_error_code;
    int32_t num_partitions;
    int16_t replication_factor;
    struct create_topics_response_config *configs;
    int32_t configs_count;
};

/// The answer to CreateTopics.
struct create_topics_response {
    int32_t throttle_time_ms;
    struct create_topics_response_topic *topics;
    int32_t topics_count;
};

/// The table of struct create_topics_response_config.
extern const struct schema create_topics_response_config_schema;
/// The table of struct create_topics_response_topic.
extern const struct schema create_topics_response_topic_schema;
/// The table of struct create_topics_response.
extern const struct schema create_topics_response_schema;
