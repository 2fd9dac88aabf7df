// SPDX-License-Identifier: Apache-2.0
// A group's machine, as Kafka's classic coordinator has it: members join until all are there or
// time is up, the leader assigns, everybody gets a share; sessions run out without heartbeats.
#include "tests/fake_kafka/fake_group.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct fake_group *fake_group_find(const struct fake_cluster *cluster, struct slice id) {
    struct fake_group *group;
    DL_FOREACH(cluster->groups, group) {
        if (slice_equal_string(id, group->id)) return group;
    }
    return NULL;
}

struct fake_group *fake_group_get(struct fake_cluster *cluster, struct slice id) {
    struct fake_group *group = fake_group_find(cluster, id);
    if (group) return group;
    group = must_alloc(sizeof *group);
    group->id = slice_dup_string(id);
    DL_APPEND(cluster->groups, group);
    return group;
}

struct fake_member *fake_member_find(const struct fake_group *group, struct slice id) {
    struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (slice_equal_string(id, member->id)) return member;
    }
    return NULL;
}

struct fake_member *fake_member_find_instance(
    const struct fake_group *group, struct slice instance_id
) {
    struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (member->instance_id && slice_equal_string(instance_id, member->instance_id))
            return member;
    }
    return NULL;
}

size_t fake_group_size(const struct fake_group *group) {
    size_t size = 0;
    const struct fake_member *member;
    DL_FOREACH(group->members, member) {
        size += !member->is_pending;
    }
    return size;
}

void fake_member_touch(const struct fake_cluster *cluster, struct fake_member *member) {
    member->expires_at_ms = cluster->now_ms + member->session_timeout_ms;
}

struct fake_member *fake_member_add(
    struct fake_cluster *cluster,
    struct fake_group *group,
    struct slice client_id,
    struct slice instance_id
) {
    struct fake_member *member = must_alloc(sizeof *member);
    char id[400];
    char *prefix = slice_dup_string(instance_id.data ? instance_id : client_id);
    uint64_t number = fake_cluster_new_id(cluster);
    (void)snprintf(id, sizeof id, "%.300s-%" PRIu64, prefix ? prefix : "", number);
    free(prefix);
    member->id = must_strdup(id);
    member->instance_id = slice_dup_string(instance_id);
    DL_APPEND(group->members, member);
    return member;
}

static void dispose_protocols(struct fake_member *member) {
    for (size_t i = 0; i < member->protocol_count; i++) {
        free(member->protocols[i].name);
        buf_dispose(&member->protocols[i].metadata);
    }
    free(member->protocols);
}

static void free_member(struct fake_group *group, struct fake_member *member) {
    DL_DELETE(group->members, member);
    dispose_protocols(member);
    buf_dispose(&member->assignment);
    free(member->id);
    free(member->instance_id);
    free(member);
}

static void set_text(char **text, const char *value) {
    char *copy = must_strdup(value);
    free(*text);
    *text = copy;
}

void fake_groups_clear(struct fake_cluster *cluster) {
    while (cluster->groups) {
        struct fake_group *group = cluster->groups;
        while (group->members) {
            if (group->members->join) fake_call_free(group->members->join);
            if (group->members->sync) fake_call_free(group->members->sync);
            free_member(group, group->members);
        }
        for (size_t i = 0; i < group->offset_count; i++) {
            free(group->offsets[i].topic);
            buf_dispose(&group->offsets[i].metadata);
        }
        DL_DELETE(cluster->groups, group);
        free(group->offsets);
        free(group->protocol_type);
        free(group->protocol_name);
        free(group->leader);
        free(group->id);
        free(group);
    }
}

// ------------------------------------------------------------------------------------------------
// Held calls

static const struct fake_protocol *find_protocol(
    const struct fake_member *member, const char *name
) {
    for (size_t i = 0; name && i < member->protocol_count; i++) {
        if (strcmp(member->protocols[i].name, name) == 0) return &member->protocols[i];
    }
    return NULL;
}

static void list_members(
    const struct fake_group *group, struct fake_call *call, struct join_group_response *response
) {
    response->members =
        fake_call_array(call, &join_group_response_member_schema, (int32_t)fake_group_size(group));
    const struct fake_member *each;
    DL_FOREACH(group->members, each) {
        if (each->is_pending) continue;
        struct join_group_response_member *row = &response->members[response->members_count++];
        const struct fake_protocol *protocol = find_protocol(each, group->protocol_name);
        must(protocol != NULL);
        row->member_id = arena_copy(&call->arena, slice_from_string(each->id));
        row->group_instance_id = arena_copy(&call->arena, slice_from_string(each->instance_id));
        row->metadata = arena_copy(&call->arena, buf_slice(&protocol->metadata));
    }
}

void fake_group_fill_join(
    const struct fake_group *group, const struct fake_member *member, struct fake_call *call
) {
    must(group->protocol_name != NULL && group->leader != NULL);
    struct join_group_response *response = call->response;
    response->error_code = ERROR_NONE;
    response->generation_id = group->generation;
    response->protocol_type = arena_copy(&call->arena, slice_from_string(group->protocol_type));
    response->protocol_name = arena_copy(&call->arena, slice_from_string(group->protocol_name));
    response->leader = arena_copy(&call->arena, slice_from_string(group->leader));
    response->member_id = arena_copy(&call->arena, slice_from_string(member->id));
    if (strcmp(group->leader, member->id) == 0) list_members(group, call, response);
}

void fake_group_answer_join(struct fake_member *member, int16_t error) {
    struct fake_call *call = member->join;
    if (!call) return;
    member->join = NULL;
    struct join_group_response *response = call->response;
    if (error) {
        response->error_code = error;
        response->generation_id = -1;
        response->protocol_name = SLICE_LITERAL("");
        response->leader = SLICE_LITERAL("");
        response->member_id = arena_copy(&call->arena, slice_from_string(member->id));
    }
    fake_call_answer(call);
}

void fake_group_answer_sync(
    const struct fake_group *group, struct fake_member *member, int16_t error
) {
    struct fake_call *call = member->sync;
    if (!call) return;
    member->sync = NULL;
    struct sync_group_response *response = call->response;
    response->error_code = error;
    response->assignment = SLICE_LITERAL("");
    if (!error) {
        response->protocol_type = arena_copy(&call->arena, slice_from_string(group->protocol_type));
        response->protocol_name = arena_copy(&call->arena, slice_from_string(group->protocol_name));
        if (member->assignment.size > 0)
            response->assignment = arena_copy(&call->arena, buf_slice(&member->assignment));
    }
    fake_call_answer(call);
}

// ------------------------------------------------------------------------------------------------
// Rebalances

static int64_t longest_rebalance_ms(const struct fake_group *group) {
    int64_t longest_ms = 0;
    const struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (member->rebalance_timeout_ms > longest_ms) longest_ms = member->rebalance_timeout_ms;
    }
    return longest_ms;
}

static bool have_all_joined(const struct fake_group *group) {
    const struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (!member->join) return false;
    }
    return true;
}

// The number of members whose first choice among the common protocols it is.
static size_t count_votes(const struct fake_group *group, const char *name) {
    size_t votes = 0;
    const struct fake_member *voter;
    DL_FOREACH(group->members, voter) {
        for (size_t i = 0; i < voter->protocol_count; i++) {
            const char *choice = voter->protocols[i].name;
            bool common = true;
            const struct fake_member *other;
            DL_FOREACH(group->members, other) {
                common = common && find_protocol(other, choice);
            }
            if (!common) continue;
            votes += strcmp(choice, name) == 0;
            break;
        }
    }
    return votes;
}

static void choose_protocol(struct fake_group *group) {
    const struct fake_member *first = group->members;
    const char *chosen = NULL;
    size_t most = 0;
    for (size_t i = 0; i < first->protocol_count; i++) {
        size_t votes = count_votes(group, first->protocols[i].name);
        if (votes <= most) continue;
        most = votes;
        chosen = first->protocols[i].name;
    }
    must(chosen != NULL);
    set_text(&group->protocol_name, chosen);
}

static void drop_absent(struct fake_group *group) {
    struct fake_member *member;
    struct fake_member *next;
    DL_FOREACH_SAFE(group->members, member, next) {
        bool absent = !member->join && !member->instance_id;
        if (member->is_pending || absent) free_member(group, member);
    }
}

static void complete(struct fake_cluster *cluster, struct fake_group *group) {
    drop_absent(group);
    group->generation++;
    if (!group->members) {
        group->state = FAKE_GROUP_EMPTY;
        set_text(&group->protocol_name, NULL);
        set_text(&group->protocol_type, NULL);
        set_text(&group->leader, NULL);
        return;
    }
    choose_protocol(group);
    bool has_leader = group->leader && fake_member_find(group, slice_from_string(group->leader));
    if (!has_leader) set_text(&group->leader, group->members->id);
    group->state = FAKE_GROUP_COMPLETING;
    group->due_at_ms = cluster->now_ms + longest_rebalance_ms(group);
    struct fake_member *member;
    DL_FOREACH(group->members, member) {
        member->has_synced = false;
        buf_clear(&member->assignment);
        fake_member_touch(cluster, member);
        if (!member->join) continue;
        fake_group_fill_join(group, member, member->join);
        fake_group_answer_join(member, ERROR_NONE);
    }
}

void fake_group_try_complete(struct fake_cluster *cluster, struct fake_group *group) {
    if (group->state != FAKE_GROUP_PREPARING || !have_all_joined(group)) return;
    // A first rebalance waits a little for more members.
    bool waits = cluster->initial_rebalance_delay_ms > 0 && group->members && !group->leader &&
                 cluster->now_ms < group->due_at_ms;
    if (!waits) complete(cluster, group);
}

void fake_group_prepare(struct fake_cluster *cluster, struct fake_group *group) {
    if (group->state == FAKE_GROUP_PREPARING) return;
    struct fake_member *member;
    DL_FOREACH(group->members, member) {
        fake_group_answer_sync(group, member, ERROR_REBALANCE_IN_PROGRESS);
    }
    bool first = group->state == FAKE_GROUP_EMPTY;
    bool delays = first && cluster->initial_rebalance_delay_ms > 0;
    group->state = FAKE_GROUP_PREPARING;
    group->due_at_ms = cluster->now_ms +
                       (delays ? cluster->initial_rebalance_delay_ms : longest_rebalance_ms(group));
}

void fake_group_stabilize(struct fake_cluster *cluster, struct fake_group *group) {
    must(group->state == FAKE_GROUP_COMPLETING);
    group->state = FAKE_GROUP_STABLE;
    struct fake_member *member;
    DL_FOREACH(group->members, member) {
        if (!member->sync) continue;
        member->has_synced = true;
        fake_member_touch(cluster, member);
        fake_group_answer_sync(group, member, ERROR_NONE);
    }
}

void fake_member_remove(
    struct fake_cluster *cluster, struct fake_group *group, struct fake_member *member
) {
    fake_group_answer_join(member, ERROR_UNKNOWN_MEMBER_ID);
    fake_group_answer_sync(group, member, ERROR_UNKNOWN_MEMBER_ID);
    bool was_pending = member->is_pending;
    free_member(group, member);
    switch (group->state) {
    case FAKE_GROUP_EMPTY: return;
    case FAKE_GROUP_PREPARING: break;
    case FAKE_GROUP_COMPLETING:
    case FAKE_GROUP_STABLE:
        if (was_pending) return;
        fake_group_prepare(cluster, group);
        break;
    }
    fake_group_try_complete(cluster, group);
}

int16_t fake_group_check(
    const struct fake_group *group,
    struct slice member_id,
    struct slice instance_id,
    int32_t generation,
    struct fake_member **member
) {
    *member = NULL;
    if (!group || group->state == FAKE_GROUP_EMPTY) return ERROR_UNKNOWN_MEMBER_ID;
    if (instance_id.data) {
        struct fake_member *holder = fake_member_find_instance(group, instance_id);
        if (!holder) return ERROR_UNKNOWN_MEMBER_ID;
        if (!slice_equal_string(member_id, holder->id)) return ERROR_FENCED_INSTANCE_ID;
    }
    *member = fake_member_find(group, member_id);
    if (!*member || (*member)->is_pending) return ERROR_UNKNOWN_MEMBER_ID;
    if (generation != FAKE_ANY_GENERATION && generation != group->generation)
        return ERROR_ILLEGAL_GENERATION;
    return ERROR_NONE;
}

// ------------------------------------------------------------------------------------------------
// Time

// True when a member must be heard of: not while the coordinator holds its answer.
static bool is_silent(const struct fake_member *member) {
    return !member->join && !member->sync;
}

static void expire_members(struct fake_cluster *cluster, struct fake_group *group) {
    struct fake_member *member;
    struct fake_member *next;
    DL_FOREACH_SAFE(group->members, member, next) {
        bool expired = is_silent(member) && cluster->now_ms >= member->expires_at_ms;
        if (!expired) continue;
        fake_member_remove(cluster, group, member);
        return; // others may have gone with it; the next step looks again
    }
}

static void drop_unsynced(struct fake_cluster *cluster, struct fake_group *group) {
    struct fake_member *member;
    struct fake_member *next;
    DL_FOREACH_SAFE(group->members, member, next) {
        bool unsynced = !member->sync && !member->has_synced && !member->is_pending;
        if (unsynced) free_member(group, member);
    }
    fake_group_prepare(cluster, group);
    fake_group_try_complete(cluster, group);
}

static void step(struct fake_cluster *cluster, struct fake_group *group) {
    expire_members(cluster, group);
    bool due = cluster->now_ms >= group->due_at_ms;
    if (group->state == FAKE_GROUP_PREPARING && due) complete(cluster, group);
    if (group->state == FAKE_GROUP_COMPLETING && due) drop_unsynced(cluster, group);
}

void fake_groups_step(struct fake_cluster *cluster) {
    struct fake_group *group;
    DL_FOREACH(cluster->groups, group) {
        step(cluster, group);
    }
}

int64_t fake_groups_next_due_ms(const struct fake_cluster *cluster) {
    int64_t due_ms = INT64_MAX;
    const struct fake_group *group;
    DL_FOREACH(cluster->groups, group) {
        bool waits = group->state == FAKE_GROUP_PREPARING || group->state == FAKE_GROUP_COMPLETING;
        if (waits && group->due_at_ms < due_ms) due_ms = group->due_at_ms;
        const struct fake_member *member;
        DL_FOREACH(group->members, member) {
            if (is_silent(member) && member->expires_at_ms < due_ms) due_ms = member->expires_at_ms;
        }
    }
    return due_ms;
}

// ------------------------------------------------------------------------------------------------
// Offsets

struct fake_offset *fake_group_find_offset(
    const struct fake_group *group, const char *topic, int32_t partition
) {
    for (size_t i = 0; group && i < group->offset_count; i++) {
        struct fake_offset *offset = &group->offsets[i];
        if (offset->partition == partition && strcmp(offset->topic, topic) == 0) return offset;
    }
    return NULL;
}

struct fake_offset *fake_group_get_offset(
    struct fake_group *group, const char *topic, int32_t partition
) {
    struct fake_offset *offset = fake_group_find_offset(group, topic, partition);
    if (offset) return offset;
    group->offsets =
        must_realloc(group->offsets, (group->offset_count + 1) * sizeof *group->offsets);
    offset = &group->offsets[group->offset_count++];
    *offset = (struct fake_offset){ .topic = must_strdup(topic), .partition = partition };
    return offset;
}
