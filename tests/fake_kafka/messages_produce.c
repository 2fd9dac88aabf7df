// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "tests/fake_kafka/messages_produce.h"

#include "consumer/wire/field.h"

#define OF struct produce_request_partition
static const struct field produce_request_partition_fields[] = {
    { INT32(index), SINCE(0) },
    { RECORDS(records), SINCE(0), NULLABLE(0) },
};
#undef OF
NESTED(produce_request_partition);

#define OF struct produce_request_topic
static const struct field produce_request_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(12) },
    { STRUCT_ARRAY(partition_data, produce_request_partition), SINCE(0) },
};
#undef OF
NESTED(produce_request_topic);

#define OF struct produce_request
static const struct field produce_request_fields[] = {
    { STRING(transactional_id), SINCE(3), NULLABLE(3), DEFAULT_NULL },
    { INT16(acks), SINCE(0) },
    { INT32(timeout_ms), SINCE(0) },
    { STRUCT_ARRAY(topic_data, produce_request_topic), SINCE(0) },
};
#undef OF
MESSAGE(produce_request, 9);

#define OF struct produce_response_record_error
static const struct field produce_response_record_error_fields[] = {
    { INT32(batch_index), SINCE(8) },
    { STRING(batch_index_error_message), SINCE(8), NULLABLE(8), DEFAULT_NULL },
};
#undef OF
NESTED(produce_response_record_error);

#define OF struct produce_response_leader
static const struct field produce_response_leader_fields[] = {
    { INT32(leader_id), SINCE(10), DEFAULT(-1) },
    { INT32(leader_epoch), SINCE(10), DEFAULT(-1) },
};
#undef OF
NESTED(produce_response_leader);

#define OF struct produce_response_partition
static const struct field produce_response_partition_fields[] = {
    { INT32(index), SINCE(0) },
    { INT16(error_code), SINCE(0) },
    { INT64(base_offset), SINCE(0) },
    { INT64(log_append_time_ms), SINCE(2), DEFAULT(-1) },
    { INT64(log_start_offset), SINCE(5), DEFAULT(-1) },
    { STRUCT_ARRAY(record_errors, produce_response_record_error), SINCE(8) },
    { STRING(error_message), SINCE(8), NULLABLE(8), DEFAULT_NULL },
    { STRUCT(current_leader, produce_response_leader), SINCE(10), TAG(0) },
};
#undef OF
NESTED(produce_response_partition);

#define OF struct produce_response_topic
static const struct field produce_response_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(12) },
    { STRUCT_ARRAY(partition_responses, produce_response_partition), SINCE(0) },
};
#undef OF
NESTED(produce_response_topic);

#define OF struct produce_response_node_endpoint
static const struct field produce_response_node_endpoint_fields[] = {
    { INT32(node_id), SINCE(10) },
    { STRING(host), SINCE(10) },
    { INT32(port), SINCE(10) },
    { STRING(rack), SINCE(10), NULLABLE(10), DEFAULT_NULL },
};
#undef OF
NESTED(produce_response_node_endpoint);

#define OF struct produce_response
static const struct field produce_response_fields[] = {
    { STRUCT_ARRAY(responses, produce_response_topic), SINCE(0) },
    { INT32(throttle_time_ms), SINCE(1) },
    { STRUCT_ARRAY(node_endpoints, produce_response_node_endpoint), SINCE(10), TAG(0) },
};
#undef OF
MESSAGE(produce_response, 9);

#define OF struct create_topics_request_assignment
static const struct field create_topics_request_assignment_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT32_ARRAY(broker_ids), SINCE(0) },
};
#undef OF
NESTED(create_topics_request_assignment);

#define OF struct create_topics_request_config
static const struct field create_topics_request_config_fields[] = {
    { STRING(name), SINCE(0) },
    { STRING(value), SINCE(0), NULLABLE(0) },
};
#undef OF
NESTED(create_topics_request_config);

#define OF struct create_topics_request_topic
static const struct field create_topics_request_topic_fields[] = {
    { STRING(name), SINCE(0) },
    { INT32(num_partitions), SINCE(0) },
    { INT16(replication_factor), SINCE(0) },
    { STRUCT_ARRAY(assignments, create_topics_request_assignment), SINCE(0) },
    { STRUCT_ARRAY(configs, create_topics_request_config), SINCE(0) },
};
#undef OF
NESTED(create_topics_request_topic);

#define OF struct create_topics_request
static const struct field create_topics_request_fields[] = {
    { STRUCT_ARRAY(topics, create_topics_request_topic), SINCE(0) },
    { INT32(timeout_ms), SINCE(0), DEFAULT(60000) },
    { BOOL(validate_only), SINCE(1) },
};
#undef OF
MESSAGE(create_topics_request, 5);

#define OF struct create_topics_response_config
static const struct field create_topics_response_config_fields[] = {
    { STRING(name), SINCE(5) },       { STRING(value), SINCE(5), NULLABLE(5) },
    { BOOL(read_only), SINCE(5) },    { INT8(config_source), SINCE(5), DEFAULT(-1) },
    { BOOL(is_sensitive), SINCE(5) },
};
#undef OF
NESTED(create_topics_response_config);

#define OF struct create_topics_response_topic
static const struct field create_topics_response_topic_fields[] = {
    { STRING(name), SINCE(0) },
    { UUID(topic_id), SINCE(7) },
    { INT16(error_code), SINCE(0) },
    { STRING(error_message), SINCE(1), NULLABLE(1) },
    { INT16(topic_config_error_code), SINCE(5), TAG(0) },
    { INT32(num_partitions), SINCE(5), DEFAULT(-1) },
    { INT16(replication_factor), SINCE(5), DEFAULT(-1) },
    { STRUCT_ARRAY(configs, create_topics_response_config), SINCE(5), NULLABLE(5) },
};
#undef OF
NESTED(create_topics_response_topic);

#define OF struct create_topics_response
static const struct field create_topics_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(2) },
    { STRUCT_ARRAY(topics, create_topics_response_topic), SINCE(0) },
};
#undef OF
MESSAGE(create_topics_response, 5);
