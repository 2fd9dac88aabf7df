// SPDX-License-Identifier: Apache-2.0
// Requests are filled from the member's state; answers go through the tables of classic_errors to
// one action each, and act() says what an action means for which API.
#include "consumer/group/classic.h"

#include "consumer/base/must.h"
#include "consumer/group/classic_trouble.h"
#include "consumer/wire/kafka_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char protocol_type[] = "consumer";

// What the member sends -----------------------------------------------------------------------

enum { JOIN_GRACE_MS = 5000, WHY_BYTES = 96 };

static void fill_join(struct member *member, struct member_want *want) {
    const struct member_config *config = &member->config;
    member_open(member, MEMBER_JOIN, want);
    // The broker answers when all others have joined, or the rebalance timeout is over (pitfall
    // 66).
    int64_t patience_ms = (int64_t)config->rebalance_timeout_ms + JOIN_GRACE_MS;
    if (want->timeout_ms < patience_ms) want->timeout_ms = patience_ms;
    topic_list_set(&member->joined, member->wish.topics.names, member->wish.topics.count);
    memcpy(member->rebalance_reason, member->wish.reason, sizeof member->rebalance_reason);
    member->wish.rejoin = false;
    member->wish.reason[0] = '\0';
    want->join = (struct member_join){
        .member_id = member->member_id,
        .group_instance_id = config->group_instance_id,
        .session_timeout_ms = config->session_timeout_ms,
        .rebalance_timeout_ms = config->rebalance_timeout_ms,
        .protocols = member->classic.protocols,
        .protocol_count = config->assignor_count,
        .topics = member->joined.names,
        .topic_count = member->joined.count,
        .owned = &member->held,
        .generation = member->generation,
        .reason = member->rebalance_reason,
    };
}

static void fill_sync(struct member *member, struct member_want *want) {
    struct classic *classic = &member->classic;
    const struct leader *leader = &classic->leader;
    member_open(member, MEMBER_SYNC, want);
    want->sync = (struct member_sync){
        .generation = member->generation,
        .member_id = member->member_id,
        .group_instance_id = member->config.group_instance_id,
        .protocol_type = protocol_type,
        .protocol_name = classic->assignor->name,
    };
    if (!classic->shares) return;
    for (size_t i = 0; i < leader->member_count; i++) {
        classic->shares[i] = (struct member_sync_assignment){
            leader->members[i].member_id,
            &leader->results[i],
        };
    }
    want->sync.assignments = classic->shares;
    want->sync.assignment_count = leader->member_count;
}

static void fill_heartbeat(struct member *member, int64_t now_ms, struct member_want *want) {
    must(member->generation >= 0);
    member_open(member, MEMBER_HEARTBEAT, want);
    if (want->timeout_ms > member->config.session_timeout_ms)
        want->timeout_ms = member->config.session_timeout_ms;
    member->heartbeat_due_at_ms = now_ms + member->config.heartbeat_interval_ms;
    want->heartbeat = (struct member_heartbeat){
        .generation = member->generation,
        .member_id = member->member_id,
        .group_instance_id = member->config.group_instance_id,
    };
}

static void fill_leave(struct member *member, struct member_want *want) {
    member_open(member, MEMBER_LEAVE, want);
    want->leave = (struct member_leave){
        .member_id = member->member_id,
        .group_instance_id = member->config.group_instance_id,
        .reason = member->wish.leave_reason,
    };
}

static bool is_under_way(const struct member *member, enum member_request request) {
    return member->slots[request].request_id != 0;
}

/// True when the time has come; else the want wakes no later than then.
static bool is_due(struct member_want *want, int64_t due_at_ms, int64_t now_ms) {
    if (now_ms >= due_at_ms) return true;
    if (due_at_ms < want->wake_at_ms) want->wake_at_ms = due_at_ms;
    return false;
}

static void next_heartbeat(struct member *member, int64_t now_ms, struct member_want *want) {
    must(member_has_session(member) && !is_under_way(member, MEMBER_JOIN));
    if (member->coordinator != COORDINATOR_KNOWN) return;
    if (is_under_way(member, MEMBER_HEARTBEAT)) return;
    if (is_due(want, member->heartbeat_due_at_ms, now_ms)) fill_heartbeat(member, now_ms, want);
}

static void next(struct member *member, int64_t now_ms, struct member_want *want) {
    bool reachable = member->coordinator == COORDINATOR_KNOWN;
    switch (member->state) {
    case MEMBER_JOINING:
        // One Join at a time (pitfall 66), be it one of an earlier attempt that nobody wants now.
        if (is_under_way(member, MEMBER_JOIN)) return;
        must(member_is_wanted(member));
        if (is_due(want, member->not_before_ms, now_ms) && reachable) fill_join(member, want);
        return;
    case MEMBER_ASSIGNING:
        if (!member->told) {
            member->told = true;
            want->kind = MEMBER_WANTS_METADATA;
            want->metadata.topics = member->classic.leader.watched.names;
            want->metadata.topic_count = member->classic.leader.watched.count;
            return;
        }
        next_heartbeat(member, now_ms, want);
        return;
    case MEMBER_SYNCING:
        if (!is_under_way(member, MEMBER_SYNC) && reachable) fill_sync(member, want);
        return;
    case MEMBER_LEAVING:
        if (is_under_way(member, MEMBER_LEAVE)) return;
        if (is_due(want, member->not_before_ms, now_ms) && reachable) fill_leave(member, want);
        return;
    case MEMBER_STABLE:
    case MEMBER_PREPARING: next_heartbeat(member, now_ms, want); return;
    case MEMBER_UNJOINED:
    case MEMBER_LOST:
    case MEMBER_STALE:
    case MEMBER_FATAL: return;
    }
}

// What answers lead to ------------------------------------------------------------------------

/// Meets an answer whose content cannot be.
static void meet_nonsense(
    struct member *member, enum classic_api api, int16_t error_code, const char *why, int64_t now_ms
) {
    struct classic_trouble trouble = {
        .api = api,
        .rule = { error_code, CLASSIC_SHOW_AND_RETRY, STATUS_KAFKA_ERROR },
        .sent = { .current = true, .same_coordinator = true },
        .error_code = error_code,
        .why = why,
    };
    classic_meet(member, &trouble, now_ms);
}

/// The assignor of a name, if JoinGroup offered it; else NULL.
static const struct assignor *find_offered(const struct member *member, const char *name) {
    if (!name) return NULL;
    for (size_t i = 0; i < member->config.assignor_count; i++) {
        if (strcmp(name, member->config.assignors[i]->name) == 0)
            return member->config.assignors[i];
    }
    return NULL;
}

/// What is wrong with a good JoinGroup answer; NULL: nothing.
static const char *fault_of_join(
    const struct member *member, const struct member_join_response *join
) {
    if (join->generation < 0) return "JoinGroup: negative generation";
    if (!join->member_id || join->member_id[0] == '\0') return "JoinGroup: no member id";
    if (join->protocol_type && strcmp(join->protocol_type, protocol_type) != 0)
        return "JoinGroup: the group is of another protocol type";
    if (!find_offered(member, join->protocol_name))
        return "JoinGroup: an assignor that was not offered";
    return NULL;
}

/// A good answer of the coordinator: the session begins anew.
static void hear(struct member *member, int64_t now_ms) {
    member->heard_at_ms = now_ms;
    member->answered_at_ms = now_ms;
    member->heartbeat_failures = 0;
}

static void stop_leading(struct classic *classic) {
    free(classic->shares);
    classic->shares = NULL;
    leader_end(&classic->leader);
}

/// The leader has its counts: computes who gets what, and goes on to hand it over.
static void share_out(
    struct member *member, const struct topic_count *counts, size_t count, int64_t now_ms
) {
    struct classic *classic = &member->classic;
    leader_take_counts(&classic->leader, counts, count);
    if (classic->shares) leader_assign(&classic->leader, classic->assignor);
    member_enter(member, MEMBER_SYNCING, "assigned", now_ms);
}

static void on_joined(
    struct member *member, const struct member_join_response *join, int64_t now_ms
) {
    const char *fault = fault_of_join(member, join);
    if (fault) {
        meet_nonsense(member, CLASSIC_JOIN, ERROR_INCONSISTENT_GROUP_PROTOCOL, fault, now_ms);
        return;
    }
    struct classic *classic = &member->classic;
    member_set_identity(member, join->generation, join->member_id);
    classic->assignor = find_offered(member, join->protocol_name);
    hear(member, now_ms);
    member->heartbeat_due_at_ms = now_ms + member->config.heartbeat_interval_ms;
    stop_leading(classic);
    if (!join->leader || strcmp(join->leader, join->member_id) != 0) {
        member_enter(member, MEMBER_SYNCING, "joined", now_ms);
        return;
    }
    leader_begin(&classic->leader, join->members, join->member_count);
    // KIP-814: the leader is back and the group goes on with the assignment that it has.
    if (!join->skip_assignment)
        classic->shares = must_alloc((join->member_count + 1) * sizeof *classic->shares);
    member_enter(member, MEMBER_ASSIGNING, "joined as leader", now_ms);
    if (classic->leader.watched.count == 0) share_out(member, NULL, 0, now_ms);
}

static void adopt_member_id(struct member *member, const char *member_id, int64_t now_ms) {
    if (!member_id || member_id[0] == '\0') {
        meet_nonsense(
            member, CLASSIC_JOIN, ERROR_MEMBER_ID_REQUIRED, "JoinGroup: no member id", now_ms
        );
        return;
    }
    member_set_identity(member, -1, member_id);
    member_set_reason(member, member->rebalance_reason);
    member_delay(member, true, now_ms);
}

static void on_join(
    struct member *member,
    struct member_exchange sent,
    const struct member_response *response,
    int64_t now_ms
) {
    enum classic_action action = classic_rule_find(CLASSIC_JOIN, response->error_code)->action;
    bool good = action == CLASSIC_ACCEPT || action == CLASSIC_ADOPT_MEMBER_ID;
    if (!good) {
        classic_meet_error(member, CLASSIC_JOIN, response->error_code, sent, now_ms);
    } else if (!classic_concerns(member, CLASSIC_JOIN, sent.current)) {
        log_debug(&member->config.log, "join", "ignored", "of=earlier_attempt");
    } else if (action == CLASSIC_ACCEPT) {
        on_joined(member, &response->join, now_ms);
    } else {
        adopt_member_id(member, response->join.member_id, now_ms);
    }
}

/// Keeps of the answer what the subscription allows (pitfall 73); false when something else came
/// too.
static bool take_target(struct member *member, const struct member_sync_response *sync) {
    must(sync->partitions || sync->partition_count == 0);
    const struct topic_list *topics = &member->wish.topics;
    struct arena scratch = { 0 };
    struct topic_partition *kept = arena_array(&scratch, sync->partition_count, sizeof *kept);
    must(kept);
    size_t count = 0;
    for (size_t i = 0; i < sync->partition_count; i++) {
        if (topic_list_find(topics, sync->partitions[i].topic) < topics->count)
            kept[count++] = sync->partitions[i];
    }
    assignment_set(&member->target, kept, count);
    arena_dispose(&scratch);
    return count == sync->partition_count;
}

static void on_synced(
    struct member *member, const struct member_sync_response *sync, int64_t now_ms
) {
    const char *assignor = member->classic.assignor->name;
    bool of_this_type = !sync->protocol_type || strcmp(sync->protocol_type, protocol_type) == 0;
    bool of_this_name = !sync->protocol_name || strcmp(sync->protocol_name, assignor) == 0;
    if (!of_this_type || !of_this_name) {
        const char *why = "SyncGroup: another protocol than JoinGroup said";
        meet_nonsense(member, CLASSIC_SYNC, ERROR_INCONSISTENT_GROUP_PROTOCOL, why, now_ms);
        return;
    }
    hear(member, now_ms);
    if (!topic_list_equal(&member->wish.topics, &member->joined)) {
        const char *why = "the subscription has changed"; // pitfall 73
        member_set_reason(member, why);
        member_enter(member, MEMBER_JOINING, why, now_ms);
        return;
    }
    bool fits = take_target(member, sync);
    member_enter(member, MEMBER_STABLE, "synced", now_ms);
    if (fits) return;
    log_warn(&member->config.log, "partitions", "ignored", "why=\"of topics not subscribed to\"");
    member_want_rejoin(
        member,
        "the assignment does not match the subscription",
        now_ms + member_slow_backoff_ms(member),
        now_ms
    );
}

static void on_sync(
    struct member *member,
    struct member_exchange sent,
    const struct member_response *response,
    int64_t now_ms
) {
    if (response->error_code != ERROR_NONE) {
        classic_meet_error(member, CLASSIC_SYNC, response->error_code, sent, now_ms);
    } else if (classic_concerns(member, CLASSIC_SYNC, sent.current)) {
        on_synced(member, &response->sync, now_ms);
    }
}

static void on_heartbeat(
    struct member *member, struct member_exchange sent, int16_t error_code, int64_t now_ms
) {
    // A group that rebalances keeps its members alive (KAFKA-10134).
    bool alive = error_code == ERROR_NONE || error_code == ERROR_REBALANCE_IN_PROGRESS;
    if (alive && classic_concerns(member, CLASSIC_HEARTBEAT, sent.current)) {
        hear(member, now_ms);
        member->error = (struct member_error){ 0 };
    }
    if (error_code != ERROR_NONE)
        classic_meet_error(member, CLASSIC_HEARTBEAT, error_code, sent, now_ms);
}

static void on_leave(
    struct member *member, struct member_exchange sent, int16_t error_code, int64_t now_ms
) {
    if (classic_rule_find(CLASSIC_LEAVE, error_code)->action != CLASSIC_ACCEPT) {
        classic_meet_error(member, CLASSIC_LEAVE, error_code, sent, now_ms);
    } else if (classic_concerns(member, CLASSIC_LEAVE, sent.current)) {
        member_finish_leaving(member, "left", now_ms);
    }
}

static void on_response(
    struct member *member,
    struct member_exchange sent,
    const struct member_response *response,
    int64_t now_ms
) {
    switch (sent.request) {
    case MEMBER_JOIN: on_join(member, sent, response, now_ms); return;
    case MEMBER_SYNC: on_sync(member, sent, response, now_ms); return;
    case MEMBER_HEARTBEAT: on_heartbeat(member, sent, response->error_code, now_ms); return;
    case MEMBER_LEAVE: on_leave(member, sent, response->error_code, now_ms); return;
    }
}

static void on_failure(
    struct member *member, struct member_exchange sent, enum status status, int64_t now_ms
) {
    static const enum classic_api apis[MEMBER_REQUEST_COUNT] = {
        [MEMBER_JOIN] = CLASSIC_JOIN,
        [MEMBER_SYNC] = CLASSIC_SYNC,
        [MEMBER_HEARTBEAT] = CLASSIC_HEARTBEAT,
        [MEMBER_LEAVE] = CLASSIC_LEAVE,
    };
    enum classic_api api = apis[sent.request];
    char why[WHY_BYTES];
    (void)snprintf(why, sizeof why, "%s: %s", classic_api_name(api), status_name(status));
    struct classic_trouble trouble = {
        .api = api,
        .rule = *classic_rule_of_failure(status),
        .sent = sent,
        .why = why,
    };
    if (trouble.rule.status == STATUS_DISCONNECTED) trouble.rule.status = status;
    classic_meet(member, &trouble, now_ms);
}

static void on_coordinator_failed(
    struct member *member, enum status status, int16_t kafka_error, int64_t now_ms
) {
    if (kafka_error != ERROR_NONE) {
        struct member_exchange sent = { .current = true };
        classic_meet_error(member, CLASSIC_FIND_COORDINATOR, kafka_error, sent, now_ms);
        return;
    }
    char why[WHY_BYTES];
    (void)snprintf(why, sizeof why, "FindCoordinator: %s", status_name(status));
    bool hopeless = status == STATUS_UNSUPPORTED_VERSION;
    struct classic_trouble trouble = {
        .api = CLASSIC_FIND_COORDINATOR,
        .rule = { ERROR_NONE, hopeless ? CLASSIC_FAIL : CLASSIC_RETRY, status },
        .why = why,
    };
    if (member_needs_coordinator(member)) member_show_error(member, status, ERROR_NONE);
    classic_meet(member, &trouble, now_ms);
}

static void on_commit_error(
    struct member *member, int16_t error_code, bool current, int64_t now_ms
) {
    struct member_exchange sent = { .current = current, .same_coordinator = true };
    classic_meet_error(member, CLASSIC_COMMIT, error_code, sent, now_ms);
}

static void on_partition_counts(
    struct member *member, const struct topic_count *counts, size_t count, int64_t now_ms
) {
    struct classic *classic = &member->classic;
    if (member->state == MEMBER_ASSIGNING) {
        if (!member->told) return; // of an earlier generation's topics
        share_out(member, counts, count, now_ms);
    } else if (leader_sees_change(&classic->leader, counts, count)) {
        if (member->state == MEMBER_SYNCING || member->state == MEMBER_STABLE)
            member_want_rejoin(member, "partition counts have changed", now_ms, now_ms);
    }
}

static const struct topic_list *watched(const struct member *member) {
    bool leads = member->generation >= 0 && member->classic.leader.leads;
    return leads ? &member->classic.leader.watched : NULL;
}

static const char *assignor_name(const struct member *member) {
    if (member->generation < 0) return NULL;
    must(member->classic.assignor);
    return member->classic.assignor->name;
}

static void init(struct member *member) {
    size_t count = member->config.assignor_count;
    member->classic.protocols = must_alloc(count * sizeof *member->classic.protocols);
    for (size_t i = 0; i < count; i++)
        member->classic.protocols[i] = member->config.assignors[i]->name;
}

static void dispose(struct member *member) {
    stop_leading(&member->classic);
    free(member->classic.protocols);
}

const struct member_driver classic_driver = {
    .name = "classic",
    .init = init,
    .dispose = dispose,
    .next = next,
    .on_response = on_response,
    .on_failure = on_failure,
    .on_coordinator_failed = on_coordinator_failed,
    .on_commit_error = on_commit_error,
    .on_partition_counts = on_partition_counts,
    .watched = watched,
    .assignor = assignor_name,
};
