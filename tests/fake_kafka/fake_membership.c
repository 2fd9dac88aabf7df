// SPDX-License-Identifier: Apache-2.0
// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: checks in Kafka's order, then the group's machine.
#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "tests/fake_kafka/fake_group.h"
#include "tests/fake_kafka/fake_handlers.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    FIRST_JOIN_WITH_MEMBER_ID = 4,
    FIRST_JOIN_WITH_SKIP = 9,
    FIRST_LEAVE_BY_LIST = 3,
};

// The error that any group request gets here; 0: none.
static int16_t check_coordinator(const struct fake_call *call, struct slice group_id) {
    int16_t error = fake_call_error(call);
    if (error) return error;
    if (call->cluster->coordinator != call->broker) return ERROR_NOT_COORDINATOR;
    return group_id.size == 0 ? ERROR_INVALID_GROUP_ID : ERROR_NONE;
}

// ------------------------------------------------------------------------------------------------
// JoinGroup

static enum fake_served refuse_join(struct fake_call *call, int16_t error, struct slice member_id) {
    struct join_group_response *response = call->response;
    response->error_code = error;
    response->generation_id = -1;
    response->protocol_name = SLICE_LITERAL("");
    response->member_id = arena_copy(&call->arena, member_id);
    return FAKE_ANSWERED;
}

static bool is_same_protocols(
    const struct fake_member *member, const struct join_group_request *request
) {
    if (member->protocol_count != (size_t)request->protocols_count) return false;
    for (size_t i = 0; i < member->protocol_count; i++) {
        const struct join_group_request_protocol *asked = &request->protocols[i];
        if (!slice_equal_string(asked->name, member->protocols[i].name)) return false;
        if (!slice_equal(asked->metadata, buf_slice(&member->protocols[i].metadata))) return false;
    }
    return true;
}

static void set_member(struct fake_member *member, const struct join_group_request *request) {
    for (size_t i = 0; i < member->protocol_count; i++) {
        free(member->protocols[i].name);
        buf_dispose(&member->protocols[i].metadata);
    }
    size_t count = (size_t)request->protocols_count;
    member->protocols = must_realloc(member->protocols, (count + 1) * sizeof *member->protocols);
    member->protocol_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct join_group_request_protocol *asked = &request->protocols[i];
        member->protocols[i] = (struct fake_protocol){ .name = slice_dup_string(asked->name) };
        buf_append(&member->protocols[i].metadata, asked->metadata.data, asked->metadata.size);
    }
    member->session_timeout_ms = request->session_timeout_ms;
    member->rebalance_timeout_ms = request->rebalance_timeout_ms;
    member->is_pending = false;
}

static bool offers(const struct fake_member *member, struct slice name) {
    for (size_t i = 0; i < member->protocol_count; i++) {
        if (slice_equal_string(name, member->protocols[i].name)) return true;
    }
    return false;
}

// True when all members but one offer a protocol.
static bool all_offer(const struct fake_group *group, struct slice name, struct slice except) {
    const struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (member->is_pending || slice_equal_string(except, member->id)) continue;
        if (!offers(member, name)) return false;
    }
    return true;
}

// True when some protocol is offered by the request and all other members.
static bool fits_group(
    const struct fake_group *group, const struct join_group_request *request, struct slice except
) {
    if (request->protocols_count <= 0) return false;
    if (fake_group_size(group) == 0) return true;
    bool other_type =
        group->protocol_type && !slice_equal_string(request->protocol_type, group->protocol_type);
    if (other_type) return false;
    for (int32_t i = 0; i < request->protocols_count; i++) {
        if (all_offer(group, request->protocols[i].name, except)) return true;
    }
    return false;
}

static enum fake_served hold_join(
    struct fake_call *call, struct fake_group *group, struct fake_member *member
) {
    const struct join_group_request *request = call->request;
    set_member(member, request);
    if (!group->protocol_type) group->protocol_type = slice_dup_string(request->protocol_type);
    fake_group_answer_join(member, ERROR_UNKNOWN_MEMBER_ID);
    member->join = call;
    fake_group_prepare(call->cluster, group);
    fake_group_try_complete(call->cluster, group);
    return FAKE_HELD;
}

// A static member that comes back with no id takes its old one's place; when nothing changed, in
// the running generation (KIP-345, KIP-814).
static enum fake_served replace_static(
    struct fake_call *call, struct fake_group *group, struct fake_member *member
) {
    const struct join_group_request *request = call->request;
    struct join_group_response *response = call->response;
    char *old_id = member->id;
    fake_group_answer_join(member, ERROR_FENCED_INSTANCE_ID);
    fake_group_answer_sync(group, member, ERROR_FENCED_INSTANCE_ID);
    struct fake_member *fresh = fake_member_add(
        call->cluster, group, call->client_id, slice_from_string(member->instance_id)
    );
    member->id = fresh->id;
    DL_DELETE(group->members, fresh);
    free(fresh->instance_id);
    free(fresh);
    bool leads = group->leader && strcmp(group->leader, old_id) == 0;
    if (leads) {
        free(group->leader);
        group->leader = must_strdup(member->id);
    }
    bool same = is_same_protocols(member, request);
    fake_member_touch(call->cluster, member);
    enum fake_served served = FAKE_ANSWERED;
    if (group->state != FAKE_GROUP_STABLE || !same) {
        served = hold_join(call, group, member);
    } else {
        fake_group_fill_join(group, member, call);
        response->skip_assignment = leads && call->version >= FIRST_JOIN_WITH_SKIP;
        if (leads && !response->skip_assignment) {
            response->leader = arena_copy(&call->arena, slice_from_string(old_id));
            response->members_count = 0;
        }
    }
    free(old_id);
    return served;
}

static enum fake_served join_new(struct fake_call *call, struct fake_group *group) {
    const struct join_group_request *request = call->request;
    struct slice instance_id = request->group_instance_id;
    if (instance_id.data) {
        struct fake_member *holder = fake_member_find_instance(group, instance_id);
        if (holder) return replace_static(call, group, holder);
    }
    struct fake_member *member =
        fake_member_add(call->cluster, group, call->client_id, instance_id);
    if (!instance_id.data && call->version >= FIRST_JOIN_WITH_MEMBER_ID) {
        member->is_pending = true;
        member->session_timeout_ms = request->session_timeout_ms;
        fake_member_touch(call->cluster, member);
        return refuse_join(call, ERROR_MEMBER_ID_REQUIRED, slice_from_string(member->id));
    }
    return hold_join(call, group, member);
}

static enum fake_served join_again(
    struct fake_call *call, struct fake_group *group, struct fake_member *member
) {
    const struct join_group_request *request = call->request;
    fake_member_touch(call->cluster, member);
    bool leads = group->leader && strcmp(group->leader, member->id) == 0;
    bool same = !member->is_pending && is_same_protocols(member, request);
    bool as_it_is = (group->state == FAKE_GROUP_COMPLETING && same) ||
                    (group->state == FAKE_GROUP_STABLE && same && !leads);
    if (!as_it_is) return hold_join(call, group, member);
    fake_group_fill_join(group, member, call);
    return FAKE_ANSWERED;
}

enum fake_served fake_join_group_serve(struct fake_call *call) {
    const struct join_group_request *request = call->request;
    int16_t error = check_coordinator(call, request->group_id);
    if (error) return refuse_join(call, error, request->member_id);
    struct fake_group *group = fake_group_get(call->cluster, request->group_id);
    if (!fits_group(group, request, request->member_id))
        return refuse_join(call, ERROR_INCONSISTENT_GROUP_PROTOCOL, request->member_id);
    if (request->member_id.size == 0) return join_new(call, group);
    struct fake_member *member = fake_member_find(group, request->member_id);
    if (request->group_instance_id.data) {
        struct fake_member *holder = fake_member_find_instance(group, request->group_instance_id);
        if (holder && holder != member)
            return refuse_join(call, ERROR_FENCED_INSTANCE_ID, request->member_id);
    }
    if (!member) return refuse_join(call, ERROR_UNKNOWN_MEMBER_ID, request->member_id);
    return join_again(call, group, member);
}

// ------------------------------------------------------------------------------------------------
// SyncGroup

static void take_assignments(struct fake_group *group, const struct sync_group_request *request) {
    for (int32_t i = 0; i < request->assignments_count; i++) {
        const struct sync_group_request_assignment *given = &request->assignments[i];
        struct fake_member *member = fake_member_find(group, given->member_id);
        if (!member) continue;
        buf_clear(&member->assignment);
        buf_append(&member->assignment, given->assignment.data, given->assignment.size);
    }
}

static enum fake_served refuse_sync(struct fake_call *call, int16_t error) {
    struct sync_group_response *response = call->response;
    response->error_code = error;
    response->assignment = SLICE_LITERAL("");
    return FAKE_ANSWERED;
}

enum fake_served fake_sync_group_serve(struct fake_call *call) {
    const struct sync_group_request *request = call->request;
    int16_t error = check_coordinator(call, request->group_id);
    if (error) return refuse_sync(call, error);
    struct fake_group *group = fake_group_find(call->cluster, request->group_id);
    struct fake_member *member = NULL;
    error = fake_group_check(
        group, request->member_id, request->group_instance_id, request->generation_id, &member
    );
    if (error) return refuse_sync(call, error);
    bool other_protocol = request->protocol_name.data &&
                          !slice_equal_string(request->protocol_name, group->protocol_name);
    if (other_protocol) return refuse_sync(call, ERROR_INCONSISTENT_GROUP_PROTOCOL);
    if (group->state == FAKE_GROUP_PREPARING) return refuse_sync(call, ERROR_REBALANCE_IN_PROGRESS);
    fake_group_answer_sync(group, member, ERROR_UNKNOWN_MEMBER_ID);
    member->sync = call;
    if (group->state == FAKE_GROUP_STABLE) {
        member->has_synced = true;
        fake_member_touch(call->cluster, member);
        fake_group_answer_sync(group, member, ERROR_NONE);
    } else if (strcmp(group->leader, member->id) == 0) {
        take_assignments(group, request);
        fake_group_stabilize(call->cluster, group);
    }
    return FAKE_HELD;
}

// ------------------------------------------------------------------------------------------------
// Heartbeat, LeaveGroup

enum fake_served fake_heartbeat_serve(struct fake_call *call) {
    const struct heartbeat_request *request = call->request;
    struct heartbeat_response *response = call->response;
    response->error_code = check_coordinator(call, request->group_id);
    if (response->error_code) return FAKE_ANSWERED;
    struct fake_group *group = fake_group_find(call->cluster, request->group_id);
    struct fake_member *member = NULL;
    response->error_code = fake_group_check(
        group, request->member_id, request->group_instance_id, request->generation_id, &member
    );
    if (response->error_code) return FAKE_ANSWERED;
    fake_member_touch(call->cluster, member);
    if (group->state == FAKE_GROUP_PREPARING) response->error_code = ERROR_REBALANCE_IN_PROGRESS;
    return FAKE_ANSWERED;
}

static int16_t leave(
    struct fake_call *call, struct fake_group *group, struct slice member_id, struct slice instance
) {
    struct fake_member *member = NULL;
    if (!group) return ERROR_UNKNOWN_MEMBER_ID;
    if (instance.data) {
        member = fake_member_find_instance(group, instance);
        if (!member) return ERROR_UNKNOWN_MEMBER_ID;
        bool other = member_id.size > 0 && !slice_equal_string(member_id, member->id);
        if (other) return ERROR_FENCED_INSTANCE_ID;
    } else {
        member = fake_member_find(group, member_id);
    }
    if (!member) return ERROR_UNKNOWN_MEMBER_ID;
    fake_member_remove(call->cluster, group, member);
    return ERROR_NONE;
}

enum fake_served fake_leave_group_serve(struct fake_call *call) {
    const struct leave_group_request *request = call->request;
    struct leave_group_response *response = call->response;
    response->error_code = check_coordinator(call, request->group_id);
    if (response->error_code) return FAKE_ANSWERED;
    struct fake_group *group = fake_group_find(call->cluster, request->group_id);
    if (call->version < FIRST_LEAVE_BY_LIST) {
        response->error_code = leave(call, group, request->member_id, SLICE_NULL);
        return FAKE_ANSWERED;
    }
    int32_t count = request->members_count > 0 ? request->members_count : 0;
    response->members = fake_call_array(call, &leave_group_response_member_schema, count);
    response->members_count = count;
    for (int32_t i = 0; i < count; i++) {
        const struct leave_group_request_member *leaver = &request->members[i];
        response->members[i].member_id = leaver->member_id;
        response->members[i].group_instance_id = leaver->group_instance_id;
        response->members[i].error_code =
            leave(call, group, leaver->member_id, leaver->group_instance_id);
    }
    return FAKE_ANSWERED;
}
