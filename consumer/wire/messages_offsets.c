// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "consumer/wire/messages_offsets.h"

#include "consumer/wire/field.h"

#define OF struct offset_fetch_request_topic
static const struct field offset_fetch_request_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(9) },
    { UUID(topic_id), SINCE(10) },
    { INT32_ARRAY(partition_indexes), SINCE(0) },
};
#undef OF
NESTED(offset_fetch_request_topic);

#define OF struct offset_fetch_request_group
static const struct field offset_fetch_request_group_fields[] = {
    { STRING(group_id), SINCE(8) },
    { STRING(member_id), SINCE(9), NULLABLE(9), DEFAULT_NULL },
    { INT32(member_epoch), SINCE(9), DEFAULT(-1) },
    { STRUCT_ARRAY(topics, offset_fetch_request_topic), SINCE(8), NULLABLE(8) },
};
#undef OF
NESTED(offset_fetch_request_group);

#define OF struct offset_fetch_request
static const struct field offset_fetch_request_fields[] = {
    { STRING(group_id), SINCE(0), UNTIL(7) },
    { STRUCT_ARRAY(topics, offset_fetch_request_topic), SINCE(0), UNTIL(7), NULLABLE(2) },
    { STRUCT_ARRAY(groups, offset_fetch_request_group), SINCE(8) },
    { BOOL(require_stable), SINCE(7) },
};
#undef OF
MESSAGE(offset_fetch_request, 6);

#define OF struct offset_fetch_response_partition
static const struct field offset_fetch_response_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT64(committed_offset), SINCE(0) },
    { INT32(committed_leader_epoch), SINCE(5), DEFAULT(-1) },
    { STRING(metadata), SINCE(0), NULLABLE(0) },
    { INT16(error_code), SINCE(0) },
};
#undef OF
NESTED(offset_fetch_response_partition);

#define OF struct offset_fetch_response_topic
static const struct field offset_fetch_response_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(9) },
    { UUID(topic_id), SINCE(10) },
    { STRUCT_ARRAY(partitions, offset_fetch_response_partition), SINCE(0) },
};
#undef OF
NESTED(offset_fetch_response_topic);

#define OF struct offset_fetch_response_group
static const struct field offset_fetch_response_group_fields[] = {
    { STRING(group_id), SINCE(8) },
    { STRUCT_ARRAY(topics, offset_fetch_response_topic), SINCE(8) },
    { INT16(error_code), SINCE(8) },
};
#undef OF
NESTED(offset_fetch_response_group);

#define OF struct offset_fetch_response
static const struct field offset_fetch_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(3) },
    { STRUCT_ARRAY(topics, offset_fetch_response_topic), SINCE(0), UNTIL(7) },
    { INT16(error_code), SINCE(2), UNTIL(7) },
    { STRUCT_ARRAY(groups, offset_fetch_response_group), SINCE(8) },
};
#undef OF
MESSAGE(offset_fetch_response, 6);

#define OF struct offset_commit_request_partition
static const struct field offset_commit_request_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT64(committed_offset), SINCE(0) },
    { INT32(committed_leader_epoch), SINCE(6), DEFAULT(-1) },
    { STRING(committed_metadata), SINCE(0), NULLABLE(0) },
};
#undef OF
NESTED(offset_commit_request_partition);

#define OF struct offset_commit_request_topic
static const struct field offset_commit_request_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(9) },
    { UUID(topic_id), SINCE(10) },
    { STRUCT_ARRAY(partitions, offset_commit_request_partition), SINCE(0) },
};
#undef OF
NESTED(offset_commit_request_topic);

#define OF struct offset_commit_request
static const struct field offset_commit_request_fields[] = {
    { STRING(group_id), SINCE(0) },
    { INT32(generation_id_or_member_epoch), SINCE(1), DEFAULT(-1) },
    { STRING(member_id), SINCE(1) },
    { STRING(group_instance_id), SINCE(7), NULLABLE(7), DEFAULT_NULL },
    { INT64(retention_time_ms), SINCE(2), UNTIL(4), DEFAULT(-1) },
    { STRUCT_ARRAY(topics, offset_commit_request_topic), SINCE(0) },
};
#undef OF
MESSAGE(offset_commit_request, 8);

#define OF struct offset_commit_response_partition
static const struct field offset_commit_response_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT16(error_code), SINCE(0) },
};
#undef OF
NESTED(offset_commit_response_partition);

#define OF struct offset_commit_response_topic
static const struct field offset_commit_response_topic_fields[] = {
    { STRING(name), SINCE(0), UNTIL(9) },
    { UUID(topic_id), SINCE(10) },
    { STRUCT_ARRAY(partitions, offset_commit_response_partition), SINCE(0) },
};
#undef OF
NESTED(offset_commit_response_topic);

#define OF struct offset_commit_response
static const struct field offset_commit_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(3) },
    { STRUCT_ARRAY(topics, offset_commit_response_topic), SINCE(0) },
};
#undef OF
MESSAGE(offset_commit_response, 8);

#define OF struct list_offsets_request_partition
static const struct field list_offsets_request_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },
    { INT32(current_leader_epoch), SINCE(4), DEFAULT(-1) },
    { INT64(timestamp), SINCE(0) },
};
#undef OF
NESTED(list_offsets_request_partition);

#define OF struct list_offsets_request_topic
static const struct field list_offsets_request_topic_fields[] = {
    { STRING(name), SINCE(0) },
    { STRUCT_ARRAY(partitions, list_offsets_request_partition), SINCE(0) },
};
#undef OF
NESTED(list_offsets_request_topic);

#define OF struct list_offsets_request
static const struct field list_offsets_request_fields[] = {
    { INT32(replica_id), SINCE(0) },
    { INT8(isolation_level), SINCE(2) },
    { STRUCT_ARRAY(topics, list_offsets_request_topic), SINCE(0) },
    { INT32(timeout_ms), SINCE(10) },
};
#undef OF
MESSAGE(list_offsets_request, 6);

#define OF struct list_offsets_response_partition
static const struct field list_offsets_response_partition_fields[] = {
    { INT32(partition_index), SINCE(0) },           { INT16(error_code), SINCE(0) },
    { INT64(timestamp), SINCE(1), DEFAULT(-1) },    { INT64(offset), SINCE(1), DEFAULT(-1) },
    { INT32(leader_epoch), SINCE(4), DEFAULT(-1) },
};
#undef OF
NESTED(list_offsets_response_partition);

#define OF struct list_offsets_response_topic
static const struct field list_offsets_response_topic_fields[] = {
    { STRING(name), SINCE(0) },
    { STRUCT_ARRAY(partitions, list_offsets_response_partition), SINCE(0) },
};
#undef OF
NESTED(list_offsets_response_topic);

#define OF struct list_offsets_response
static const struct field list_offsets_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(2) },
    { STRUCT_ARRAY(topics, list_offsets_response_topic), SINCE(0) },
};
#undef OF
MESSAGE(list_offsets_response, 6);

#define OF struct offset_for_leader_epoch_request_partition
static const struct field offset_for_leader_epoch_request_partition_fields[] = {
    { INT32(partition), SINCE(0) },
    { INT32(current_leader_epoch), SINCE(2), DEFAULT(-1) },
    { INT32(leader_epoch), SINCE(0) },
};
#undef OF
NESTED(offset_for_leader_epoch_request_partition);

#define OF struct offset_for_leader_epoch_request_topic
static const struct field offset_for_leader_epoch_request_topic_fields[] = {
    { STRING(topic), SINCE(0) },
    { STRUCT_ARRAY(partitions, offset_for_leader_epoch_request_partition), SINCE(0) },
};
#undef OF
NESTED(offset_for_leader_epoch_request_topic);

#define OF struct offset_for_leader_epoch_request
static const struct field offset_for_leader_epoch_request_fields[] = {
    { INT32(replica_id), SINCE(3), DEFAULT(-2) },
    { STRUCT_ARRAY(topics, offset_for_leader_epoch_request_topic), SINCE(0) },
};
#undef OF
MESSAGE(offset_for_leader_epoch_request, 4);

#define OF struct offset_for_leader_epoch_response_partition
static const struct field offset_for_leader_epoch_response_partition_fields[] = {
    { INT16(error_code), SINCE(0) },
    { INT32(partition), SINCE(0) },
    { INT32(leader_epoch), SINCE(1), DEFAULT(-1) },
    { INT64(end_offset), SINCE(0), DEFAULT(-1) },
};
#undef OF
NESTED(offset_for_leader_epoch_response_partition);

#define OF struct offset_for_leader_epoch_response_topic
static const struct field offset_for_leader_epoch_response_topic_fields[] = {
    { STRING(topic), SINCE(0) },
    { STRUCT_ARRAY(partitions, offset_for_leader_epoch_response_partition), SINCE(0) },
};
#undef OF
NESTED(offset_for_leader_epoch_response_topic);

#define OF struct offset_for_leader_epoch_response
static const struct field offset_for_leader_epoch_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(2) },
    { STRUCT_ARRAY(topics, offset_for_leader_epoch_response_topic), SINCE(0) },
};
#undef OF
MESSAGE(offset_for_leader_epoch_response, 4);
