// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order.
#include "consumer/wire/messages_classic.h"

#include "consumer/wire/field.h"

#define OF struct join_group_request_protocol
static const struct field join_group_request_protocol_fields[] = {
    { STRING(name), SINCE(0) },
    { BYTES(metadata), SINCE(0) },
};
#undef OF
NESTED(join_group_request_protocol);

#define OF struct join_group_request
static const struct field join_group_request_fields[] = {
    { STRING(group_id), SINCE(0) },
    { INT32(session_timeout_ms), SINCE(0) },
    { INT32(rebalance_timeout_ms), SINCE(1), DEFAULT(-1) },
    { STRING(member_id), SINCE(0) },
    { STRING(group_instance_id), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { STRING(protocol_type), SINCE(0) },
    { STRUCT_ARRAY(protocols, join_group_request_protocol), SINCE(0) },
    { STRING(reason), SINCE(8), NULLABLE(8), DEFAULT_NULL },
};
#undef OF
MESSAGE(join_group_request, 6);

#define OF struct join_group_response_member
static const struct field join_group_response_member_fields[] = {
    { STRING(member_id), SINCE(0) },
    { STRING(group_instance_id), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { BYTES(metadata), SINCE(0) },
};
#undef OF
NESTED(join_group_response_member);

#define OF struct join_group_response
static const struct field join_group_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(2) },
    { INT16(error_code), SINCE(0) },
    { INT32(generation_id), SINCE(0), DEFAULT(-1) },
    { STRING(protocol_type), SINCE(7), NULLABLE(7), DEFAULT_NULL },
    { STRING(protocol_name), SINCE(0), NULLABLE(7) },
    { STRING(leader), SINCE(0) },
    { BOOL(skip_assignment), SINCE(9) },
    { STRING(member_id), SINCE(0) },
    { STRUCT_ARRAY(members, join_group_response_member), SINCE(0) },
};
#undef OF
MESSAGE(join_group_response, 6);

#define OF struct sync_group_request_assignment
static const struct field sync_group_request_assignment_fields[] = {
    { STRING(member_id), SINCE(0) },
    { BYTES(assignment), SINCE(0) },
};
#undef OF
NESTED(sync_group_request_assignment);

#define OF struct sync_group_request
static const struct field sync_group_request_fields[] = {
    { STRING(group_id), SINCE(0) },
    { INT32(generation_id), SINCE(0) },
    { STRING(member_id), SINCE(0) },
    { STRING(group_instance_id), SINCE(3), NULLABLE(3), DEFAULT_NULL },
    { STRING(protocol_type), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { STRING(protocol_name), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { STRUCT_ARRAY(assignments, sync_group_request_assignment), SINCE(0) },
};
#undef OF
MESSAGE(sync_group_request, 4);

#define OF struct sync_group_response
static const struct field sync_group_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(1) },
    { INT16(error_code), SINCE(0) },
    { STRING(protocol_type), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { STRING(protocol_name), SINCE(5), NULLABLE(5), DEFAULT_NULL },
    { BYTES(assignment), SINCE(0) },
};
#undef OF
MESSAGE(sync_group_response, 4);

#define OF struct heartbeat_request
static const struct field heartbeat_request_fields[] = {
    { STRING(group_id), SINCE(0) },
    { INT32(generation_id), SINCE(0) },
    { STRING(member_id), SINCE(0) },
    { STRING(group_instance_id), SINCE(3), NULLABLE(3), DEFAULT_NULL },
};
#undef OF
MESSAGE(heartbeat_request, 4);

#define OF struct heartbeat_response
static const struct field heartbeat_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(1) },
    { INT16(error_code), SINCE(0) },
};
#undef OF
MESSAGE(heartbeat_response, 4);

#define OF struct leave_group_request_member
static const struct field leave_group_request_member_fields[] = {
    { STRING(member_id), SINCE(3) },
    { STRING(group_instance_id), SINCE(3), NULLABLE(3), DEFAULT_NULL },
    { STRING(reason), SINCE(5), NULLABLE(5), DEFAULT_NULL },
};
#undef OF
NESTED(leave_group_request_member);

#define OF struct leave_group_request
static const struct field leave_group_request_fields[] = {
    { STRING(group_id), SINCE(0) },
    { STRING(member_id), SINCE(0), UNTIL(2) },
    { STRUCT_ARRAY(members, leave_group_request_member), SINCE(3) },
};
#undef OF
MESSAGE(leave_group_request, 4);

#define OF struct leave_group_response_member
static const struct field leave_group_response_member_fields[] = {
    { STRING(member_id), SINCE(3) },
    { STRING(group_instance_id), SINCE(3), NULLABLE(3) },
    { INT16(error_code), SINCE(3) },
};
#undef OF
NESTED(leave_group_response_member);

#define OF struct leave_group_response
static const struct field leave_group_response_fields[] = {
    { INT32(throttle_time_ms), SINCE(1) },
    { INT16(error_code), SINCE(0) },
    { STRUCT_ARRAY(members, leave_group_response_member), SINCE(3) },
};
#undef OF
MESSAGE(leave_group_response, 4);
