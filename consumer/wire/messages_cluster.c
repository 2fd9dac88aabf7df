// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "consumer/wire/messages_cluster.h"

#include "consumer/wire/field.h"

#define OF struct metadata_request_topic
static const struct field metadata_request_topic_fields[] = {
    { UUID(topic_id), SINCE(10) },
    { STRING(name), SINCE(0), NULLABLE(10) },
};
#undef OF
NESTED(metadata_request_topic);

#define OF struct metadata_request
static const struct field metadata_request_fields[] = {
    { STRUCT_ARRAY(topics, metadata_request_topic), SINCE(0), NULLABLE(1) },
    { BOOL(allow_auto_topic_creation), SINCE(4), DEFAULT(true) },
    { BOOL(include_cluster_authorized_operations), SINCE(8), UNTIL(10) },
    { BOOL(include_topic_authorized_operations), SINCE(8) },
};
#undef OF
MESSAGE(metadata_request, 9);

#define OF struct metadata_response_broker
static const struct field metadata_response_broker_fields[] = {
    { INT32(node_id), SINCE(0) },
    { STRING(host), SINCE(0) },
    { INT32(port), SINCE(0) },
    { STRING(rack), SINCE(1), NULLABLE(1), DEFAULT_NULL },
};
#undef OF
NESTED(metadata_response_broker);

#define OF struct metadata_response_partition
static const struct field metadata_response_partition_fields[] = {
    { INT16(error_code), SINCE(0) },
    { INT32(partition_index), SINCE(0) },
    { INT32(leader_id), SINCE(0) },
    { INT32(leader_epoch), SINCE(7), DEFAULT(-1) },
    { INT32_ARRAY(replica_nodes), SINCE(0) },
    { INT32_ARRAY(isr_nodes), SINCE(0) },
    { INT32_ARRAY(offline_replicas), SINCE(5) },
};
#undef OF
NESTED(metadata_response_partition);

#define OF struct metadata_response_topic
static const struct field metadata_response_topic_fields[] = {
    { INT16(error_code), SINCE(0) },
    { STRING(name), SINCE(0), NULLABLE(12) },
    { UUID(topic_id), SINCE(10) },
    { BOOL(is_internal), SINCE(1) },
    { STRUCT_ARRAY(partitions, metadata_response_partition), SINCE(0) },
    { INT32(topic_authorized_operations), SINCE(8), DEFAULT(INT32_MIN) },
};
#undef OF
NESTED(metadata_response_topic);

#define OF struct metadata_response
static const struct field metadata_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(3) },
    { STRUCT_ARRAY(brokers, metadata_response_broker), SINCE(0) },
    { STRING(cluster_id), SINCE(2), NULLABLE(2), DEFAULT_NULL },
    { INT32(controller_id), SINCE(1), DEFAULT(-1) },
    { STRUCT_ARRAY(topics, metadata_response_topic), SINCE(0) },
    { INT32(cluster_authorized_operations), SINCE(8), UNTIL(10), DEFAULT(INT32_MIN) },
    { INT16(error_code), SINCE(13) },
};
#undef OF
MESSAGE(metadata_response, 9);

#define OF struct find_coordinator_request
static const struct field find_coordinator_request_fields[] = {
    { STRING(key), SINCE(0), UNTIL(3) },
    { INT8(key_type), SINCE(1) },
    { STRING_ARRAY(coordinator_keys), SINCE(4) },
};
#undef OF
MESSAGE(find_coordinator_request, 3);

#define OF struct find_coordinator_response_coordinator
static const struct field find_coordinator_response_coordinator_fields[] = {
    { STRING(key), SINCE(4) },       { INT32(node_id), SINCE(4) },
    { STRING(host), SINCE(4) },      { INT32(port), SINCE(4) },
    { INT16(error_code), SINCE(4) }, { STRING(error_message), SINCE(4), NULLABLE(4) },
};
#undef OF
NESTED(find_coordinator_response_coordinator);

#define OF struct find_coordinator_response
static const struct field find_coordinator_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(1) },
    { INT16(error_code), SINCE(0), UNTIL(3) },
    { STRING(error_message), SINCE(1), UNTIL(3), NULLABLE(1) },
    { INT32(node_id), SINCE(0), UNTIL(3) },
    { STRING(host), SINCE(0), UNTIL(3) },
    { INT32(port), SINCE(0), UNTIL(3) },
    { STRUCT_ARRAY(coordinators, find_coordinator_response_coordinator), SINCE(4) },
};
#undef OF
MESSAGE(find_coordinator_response, 3);
