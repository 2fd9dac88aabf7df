// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "consumer/wire/messages_fetch.h"

#include "consumer/wire/field.h"

#define OF struct fetch_request_replica_state
static const struct field fetch_request_replica_state_fields[] = {
    { INT32(replica_id), SINCE(15), DEFAULT(-1) },
    { INT64(replica_epoch), SINCE(15), DEFAULT(-1) },
};
#undef OF
NESTED(fetch_request_replica_state);

#define OF struct fetch_request_partition
static const struct field fetch_request_partition_fields[] = {
    { INT32(partition), SINCE(0) },
    { INT32(current_leader_epoch), SINCE(9), DEFAULT(-1) },
    { INT64(fetch_offset), SINCE(0) },
    { INT32(last_fetched_epoch), SINCE(12), DEFAULT(-1) },
    { INT64(log_start_offset), SINCE(5), DEFAULT(-1) },
    { INT32(partition_max_bytes), SINCE(0) },
    { UUID(replica_directory_id), SINCE(17), TAG(0) },
};
#undef OF
NESTED(fetch_request_partition);

#define OF struct fetch_request_topic
static const struct field fetch_request_topic_fields[] = {
    { STRING(topic), SINCE(0), UNTIL(12) },
    { UUID(topic_id), SINCE(13) },
    { STRUCT_ARRAY(partitions, fetch_request_partition), SINCE(0) },
};
#undef OF
NESTED(fetch_request_topic);

#define OF struct fetch_request_forgotten_topic
static const struct field fetch_request_forgotten_topic_fields[] = {
    { STRING(topic), SINCE(7), UNTIL(12) },
    { UUID(topic_id), SINCE(13) },
    { INT32_ARRAY(partitions), SINCE(7) },
};
#undef OF
NESTED(fetch_request_forgotten_topic);

#define OF struct fetch_request
static const struct field fetch_request_fields[] = {
    { STRING(cluster_id), SINCE(12), NULLABLE(12), TAG(0), DEFAULT_NULL },
    { INT32(replica_id), SINCE(0), UNTIL(14), DEFAULT(-1) },
    { STRUCT(replica_state, fetch_request_replica_state), SINCE(15), TAG(1) },
    { INT32(max_wait_ms), SINCE(0) },
    { INT32(min_bytes), SINCE(0) },
    { INT32(max_bytes), SINCE(3), DEFAULT(INT32_MAX) },
    { INT8(isolation_level), SINCE(4) },
    { INT32(session_id), SINCE(7) },
    { INT32(session_epoch), SINCE(7), DEFAULT(-1) },
    { STRUCT_ARRAY(topics, fetch_request_topic), SINCE(0) },
    { STRUCT_ARRAY(forgotten_topics_data, fetch_request_forgotten_topic), SINCE(7) },
    { STRING(rack_id), SINCE(11) },
};
#undef OF
MESSAGE(fetch_request, 12);

#define OF struct fetch_response_diverging_epoch
static const struct field fetch_response_diverging_epoch_fields[] = {
    { INT32(epoch), SINCE(12), DEFAULT(-1) },
    { INT64(end_offset), SINCE(12), DEFAULT(-1) },
};
#undef OF
NESTED(fetch_response_diverging_epoch);

#define OF struct fetch_response_leader
static const struct field fetch_response_leader_fields[] = {
    { INT32(leader_id), SINCE(12), DEFAULT(-1) },
    { INT32(leader_epoch), SINCE(12), DEFAULT(-1) },
};
#undef OF
NESTED(fetch_response_leader);

#define OF struct fetch_response_snapshot_id
static const struct field fetch_response_snapshot_id_fields[] = {
    { INT64(end_offset), SINCE(0), DEFAULT(-1) },
    { INT32(epoch), SINCE(0), DEFAULT(-1) },
};
#undef OF
NESTED(fetch_response_snapshot_id);

#define OF struct fetch_response_aborted_transaction
static const struct field fetch_response_aborted_transaction_fields[] = {
    { INT64(producer_id), SINCE(4) },
    { INT64(first_offset), SINCE(4) },
};
#undef OF
NESTED(fetch_response_aborted_transaction);

#define OF struct fetch_response_partition
static const struct field fetch_response_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT16(error_code), SINCE(0) },
    { INT64(high_watermark), SINCE(0) },
    { INT64(last_stable_offset), SINCE(4), DEFAULT(-1) },
    { INT64(log_start_offset), SINCE(5), DEFAULT(-1) },
    { STRUCT(diverging_epoch, fetch_response_diverging_epoch), SINCE(12), TAG(0) },
    { STRUCT(current_leader, fetch_response_leader), SINCE(12), TAG(1) },
    { STRUCT(snapshot_id, fetch_response_snapshot_id), SINCE(12), TAG(2) },
    { STRUCT_ARRAY(aborted_transactions, fetch_response_aborted_transaction),
      SINCE(4),
      NULLABLE(4) },
    { INT32(preferred_read_replica), SINCE(11), DEFAULT(-1) },
    { RECORDS(records), SINCE(0), NULLABLE(0) },
};
#undef OF
NESTED(fetch_response_partition);

#define OF struct fetch_response_topic
static const struct field fetch_response_topic_fields[] = {
    { STRING(topic), SINCE(0), UNTIL(12) },
    { UUID(topic_id), SINCE(13) },
    { STRUCT_ARRAY(partitions, fetch_response_partition), SINCE(0) },
};
#undef OF
NESTED(fetch_response_topic);

#define OF struct fetch_response_node_endpoint
static const struct field fetch_response_node_endpoint_fields[] = {
    { INT32(node_id), SINCE(16) },
    { STRING(host), SINCE(16) },
    { INT32(port), SINCE(16) },
    { STRING(rack), SINCE(16), NULLABLE(16), DEFAULT_NULL },
};
#undef OF
NESTED(fetch_response_node_endpoint);

#define OF struct fetch_response
static const struct field fetch_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(1) },
    { INT16(error_code), SINCE(7) },
    { INT32(session_id), SINCE(7) },
    { STRUCT_ARRAY(responses, fetch_response_topic), SINCE(0) },
    { STRUCT_ARRAY(node_endpoints, fetch_response_node_endpoint), SINCE(16), TAG(0) },
};
#undef OF
MESSAGE(fetch_response, 12);
