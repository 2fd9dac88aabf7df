// SPDX-License-Identifier: Apache-2.0
// The classic group protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// One protocol of JoinGroupRequest.
struct join_group_request_protocol {
    struct slice name;
    struct slice metadata;
};

/// JoinGroup (11), v2-9: a member of a classic group enters a rebalance.
struct join_group_request {
    struct slice group_id;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;
    struct slice member_id;
    struct slice group_instance_id;
    struct slice protocol_type;
    struct join_group_request_protocol *protocols;
    int32_t protocols_count;
    struct slice reason;
};

/// The table of struct join_group_request_protocol.
extern const struct schema join_group_request_protocol_schema;
/// The table of struct join_group_request.
extern const struct schema join_group_request_schema;

/// One member of JoinGroupResponse.
struct join_group_response_member {
    struct slice member_id;
    struct slice group_instance_id;
    struct slice metadata;
};

/// The answer to JoinGroup; only the leader gets the members.
struct join_group_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    int32_t generation_id;
    struct slice protocol_type;
    struct slice protocol_name;
    struct slice leader;
    bool skip_assignment;
    struct slice member_id;
    struct join_group_response_member *members;
    int32_t members_count;
};

/// The table of struct join_group_response_member.
extern const struct schema join_group_response_member_schema;
/// The table of struct join_group_response.
extern const struct schema join_group_response_schema;

/// One assignment of SyncGroupRequest.
struct sync_group_request_assignment {
    struct slice member_id;
    struct slice assignment;
};

/// SyncGroup (14), v0-5: hands over (leader) or asks for (others) the assignment.
struct sync_group_request {
    struct slice group_id;
    int32_t generation_id;
    struct slice member_id;
    struct slice group_instance_id;
    struct slice protocol_type;
    struct slice protocol_name;
    struct sync_group_request_assignment *assignments;
    int32_t assignments_count;
};

/// The table of struct sync_group_request_assignment.
extern const struct schema sync_group_request_assignment_schema;
/// The table of struct sync_group_request.
extern const struct schema sync_group_request_schema;

/// The answer to SyncGroup.
struct sync_group_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    struct slice protocol_type;
    struct slice protocol_name;
    struct slice assignment;
};

/// The table of struct sync_group_response.
extern const struct schema sync_group_response_schema;

/// Heartbeat (12), v0-4.
struct heartbeat_request {
    struct slice group_id;
    int32_t generation_id;
    struct slice member_id;
    struct slice group_instance_id;
};

/// The table of struct heartbeat_request.
extern const struct schema heartbeat_request_schema;

/// The answer to Heartbeat.
struct heartbeat_response {
    int32_t throttle_time_ms;
    int16_t error_code;
};

/// The table of struct heartbeat_response.
extern const struct schema heartbeat_response_schema;

/// One member of LeaveGroupRequest.
struct leave_group_request_member {
    struct slice member_id;
    struct slice group_instance_id;
    struct slice reason;
};

/// LeaveGroup (13), v0-5: one member before v3, many from then on.
struct leave_group_request {
    struct slice group_id;
    struct slice member_id;
    struct leave_group_request_member *members;
    int32_t members_count;
};

/// The table of struct leave_group_request_member.
extern const struct schema leave_group_request_member_schema;
/// The table of struct leave_group_request.
extern const struct schema leave_group_request_schema;

/// One member of LeaveGroupResponse.
struct leave_group_response_member {
    struct slice member_id;
    struct slice group_instance_id;
    int16_t error_code;
};

/// The answer to LeaveGroup.
struct leave_group_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    struct leave_group_response_member *members;
    int32_t members_count;
};

/// The table of struct leave_group_response_member.
extern const struct schema leave_group_response_member_schema;
/// The table of struct leave_group_response.
extern const struct schema leave_group_response_schema;
