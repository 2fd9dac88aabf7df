// SPDX-License-Identifier: Apache-2.0
// The member's outside: inputs note what happened or is wished, tell the driver, and settle;
// member_next_want() gives out what is due. What follows from what is in member_core.c.
#include "consumer/group/member.h"

#include "consumer/base/must.h"
#include "consumer/group/member_core.h"
#include "consumer/group/member_figures.h"

#include <stdlib.h>
#include <string.h>

struct member *member_new(const struct member_config *config) {
    must(config->assignor_count > 0 && config->rebalance_timeout_ms > 0);
    must(config->heartbeat_interval_ms > 0 && config->session_timeout_ms > 0);
    struct member *member = must_alloc(sizeof *member);
    member->driver = &classic_driver;
    member->config = *config;
    member->group_instance_id = must_strdup(config->group_instance_id);
    member->config.group_instance_id = member->group_instance_id;
    size_t size = config->assignor_count * sizeof(const struct assignor *);
    member->assignors = must_alloc(size);
    memcpy(member->assignors, config->assignors, size);
    member->config.assignors = member->assignors;
    random_init(&member->random, config->seed);
    member->wish.leave_reason = "";
    member->member_id = must_strdup("");
    member->generation = -1;
    member->answered_at_ms = -1;
    member->figures = must_alloc(sizeof *member->figures);
    member->figures->rebalance_began_at_ms = -1;
    member->figures->rebalanced_at_ms = -1;
    member->driver->init(member);
    return member;
}

void member_free(struct member *member) {
    if (!member) return;
    member->driver->dispose(member);
    topic_list_dispose(&member->wish.topics);
    topic_list_dispose(&member->joined);
    assignment_dispose(&member->target);
    assignment_dispose(&member->held);
    assignment_dispose(&member->added);
    free(member->member_id);
    free(member->figures);
    free(member->group_instance_id);
    free(member->assignors);
    free(member);
}

// Wants ---------------------------------------------------------------------------------------

/// REVOKE, if the state asks for it and it was not given yet.
static bool next_revoke(struct member *member, struct member_want *want) {
    bool lost = member->state == MEMBER_LOST || member->state == MEMBER_FATAL;
    if (!lost && member->state != MEMBER_PREPARING) return false;
    if (!member->holds || member->told) return false;
    member->told = true;
    want->kind = MEMBER_WANTS_REVOKE;
    want->revoke = (struct member_revoke){
        .partitions = &member->held,
        .lost = lost,
        .deadline_ms = lost ? INT64_MAX : member->deadline_ms,
    };
    return true;
}

/// ASSIGN, if the last generation's assignment was not given yet.
static bool next_assign(struct member *member, struct member_want *want) {
    if (member->state != MEMBER_STABLE || member->holds) return false;
    assignment_difference(&member->added, &member->target, &member->held);
    assignment_copy(&member->held, &member->target);
    member->holds = true;
    want->kind = MEMBER_WANTS_ASSIGN;
    want->assign = (struct member_assign){ &member->held, &member->added };
    return true;
}

/// COORDINATOR, if it is needed and its look-up is not under way.
static bool next_coordinator(struct member *member, int64_t now_ms, struct member_want *want) {
    if (member->coordinator != COORDINATOR_UNKNOWN || !member_needs_coordinator(member))
        return false;
    if (now_ms < member->coordinator_not_before_ms) {
        if (member->coordinator_not_before_ms < want->wake_at_ms)
            want->wake_at_ms = member->coordinator_not_before_ms;
        return false;
    }
    member->coordinator = COORDINATOR_ASKED;
    want->kind = MEMBER_WANTS_COORDINATOR;
    return true;
}

struct member_want member_next_want(struct member *member, int64_t now_ms) {
    member_settle(member, now_ms);
    struct member_want want = {
        .kind = MEMBER_WANTS_NOTHING,
        .wake_at_ms = member_wake_at_ms(member),
    };
    if (next_revoke(member, &want)) return want;
    if (next_assign(member, &want)) return want;
    if (next_coordinator(member, now_ms, &want)) return want;
    member->driver->next(member, now_ms, &want);
    for (int i = 0; i < MEMBER_REQUEST_COUNT && want.request_id; i++) {
        if (member->slots[i].request_id == want.request_id) member->slots[i].sent_at_ms = now_ms;
    }
    return want;
}

// What the application wants --------------------------------------------------------------------

/// Notes how and until when the member may say goodbye.
static void plan_leaving(struct member *member, const char *reason, int64_t deadline_ms) {
    member->wish.leave_reason = reason;
    member->wish.leave_deadline_ms = deadline_ms;
}

void member_subscribe(
    struct member *member, const char *const *topics, size_t count, int64_t now_ms
) {
    if (member->wish.closed) return;
    topic_list_set(&member->wish.topics, topics, count);
    if (count == 0) {
        int64_t deadline_ms = now_ms + member->config.request_timeout_ms;
        plan_leaving(member, "the consumer unsubscribed", deadline_ms);
    } else if (member->state == MEMBER_FATAL) {
        member_enter(member, MEMBER_LOST, "a new subscription", now_ms);
    }
    member_settle(member, now_ms);
}

void member_request_rejoin(struct member *member, const char *reason, int64_t now_ms) {
    must(reason);
    if (member->state == MEMBER_FATAL || !member_is_wanted(member)) return;
    member_want_rejoin(member, reason, now_ms, now_ms);
    member_settle(member, now_ms);
}

void member_on_poll(struct member *member, int64_t now_ms) {
    if (!member->wish.stale) return;
    member->wish.stale = false;
    member_settle(member, now_ms);
}

void member_on_poll_interval_exceeded(struct member *member, int64_t now_ms) {
    if (member->state == MEMBER_FATAL || !member_is_wanted(member)) return;
    int64_t deadline_ms = now_ms + member->config.request_timeout_ms;
    plan_leaving(member, "no poll within max.poll.interval.ms", deadline_ms);
    member->wish.stale = true;
    member_settle(member, now_ms);
}

void member_close(
    struct member *member, enum member_farewell farewell, int64_t deadline_ms, int64_t now_ms
) {
    struct member_wish *wish = &member->wish;
    if (!wish->closed) {
        wish->closed = true;
        wish->farewell = farewell;
        plan_leaving(member, "the consumer is being closed", deadline_ms);
    } else if (deadline_ms < wish->leave_deadline_ms) {
        wish->leave_deadline_ms = deadline_ms;
    }
    bool on_its_way = member->state == MEMBER_PREPARING || member->state == MEMBER_LEAVING;
    if (on_its_way && wish->leave_deadline_ms < member->deadline_ms)
        member->deadline_ms = wish->leave_deadline_ms;
    member_settle(member, now_ms);
}

// What happened ---------------------------------------------------------------------------------

void member_on_coordinator_found(struct member *member, int64_t now_ms) {
    member->coordinator = COORDINATOR_KNOWN;
    member->coordinator_finds++;
    member->coordinator_failures = 0;
    if (!member->error.fatal) member->error = (struct member_error){ 0 };
    member_settle(member, now_ms);
}

void member_on_coordinator_failed(
    struct member *member, enum status status, int16_t kafka_error, int64_t now_ms
) {
    must(status != STATUS_OK);
    if (member->coordinator != COORDINATOR_ASKED) return;
    member->coordinator = COORDINATOR_UNKNOWN;
    member->coordinator_not_before_ms =
        now_ms + member_backoff_ms(member, ++member->coordinator_failures);
    member->driver->on_coordinator_failed(member, status, kafka_error, now_ms);
    member_settle(member, now_ms);
}

void member_on_coordinator_lost(struct member *member, int64_t now_ms) {
    member_lose_coordinator(member, "the engine says so");
    member_settle(member, now_ms);
}

void member_on_revoked(struct member *member, int64_t now_ms) {
    bool asked = member->state == MEMBER_PREPARING || member->state == MEMBER_LOST ||
                 member->state == MEMBER_FATAL;
    if (!asked || !member->holds) return;
    member->holds = false;
    assignment_dispose(&member->held);
    member_settle(member, now_ms);
}

void member_on_partition_counts(
    struct member *member, const struct topic_count *counts, size_t count, int64_t now_ms
) {
    must(counts || count == 0);
    member->driver->on_partition_counts(member, counts, count, now_ms);
    member_settle(member, now_ms);
}

/// Closes the slot of a request under way; false when there is none of this id.
static bool close_slot(
    struct member *member, uint32_t request_id, struct member_exchange *exchange
) {
    for (int i = 0; i < MEMBER_REQUEST_COUNT; i++) {
        struct member_slot *slot = &member->slots[i];
        if (request_id == 0 || slot->request_id != request_id) continue;
        *exchange = (struct member_exchange){
            .request = (enum member_request)i,
            .current = slot->identity == member->identity,
            .same_coordinator = slot->finds == member->coordinator_finds,
        };
        slot->request_id = 0;
        return true;
    }
    log_debug(&member->config.log, "answer", "ignored", "request_id=%u", request_id);
    return false;
}

/// Counts and times a good answer.
static void measure(struct member *member, enum member_request request, int64_t now_ms) {
    struct member_figures *figures = member->figures;
    int64_t took_ms = now_ms - member->slots[request].sent_at_ms;
    switch (request) {
    case MEMBER_JOIN:
        figures->joins++;
        sampler_add(&figures->join_ms, took_ms, now_ms);
        return;
    case MEMBER_SYNC:
        figures->syncs++;
        sampler_add(&figures->sync_ms, took_ms, now_ms);
        return;
    case MEMBER_HEARTBEAT:
        figures->heartbeats++;
        sampler_add(&figures->heartbeat_ms, took_ms, now_ms);
        return;
    case MEMBER_LEAVE: return;
    }
}

void member_on_response(
    struct member *member,
    uint32_t request_id,
    const struct member_response *response,
    int64_t now_ms
) {
    struct member_exchange exchange;
    if (!close_slot(member, request_id, &exchange)) return;
    if (response->error_code == 0) measure(member, exchange.request, now_ms);
    member->driver->on_response(member, exchange, response, now_ms);
    member_settle(member, now_ms);
}

void member_on_request_failed(
    struct member *member, uint32_t request_id, enum status status, int64_t now_ms
) {
    must(status != STATUS_OK);
    struct member_exchange exchange;
    if (!close_slot(member, request_id, &exchange)) return;
    member->driver->on_failure(member, exchange, status, now_ms);
    member_settle(member, now_ms);
}

struct member_identity member_identity(const struct member *member) {
    bool has_id = member->member_id[0] != '\0';
    return (struct member_identity){
        .generation = member->generation,
        .member_id = member->member_id,
        .group_instance_id = has_id ? member->config.group_instance_id : NULL,
    };
}

void member_on_commit_error(
    struct member *member, int16_t error_code, const struct member_identity *sent, int64_t now_ms
) {
    must(sent->member_id);
    bool current =
        sent->generation == member->generation && strcmp(sent->member_id, member->member_id) == 0;
    member->driver->on_commit_error(member, error_code, current, now_ms);
    member_settle(member, now_ms);
}

// What can be asked ------------------------------------------------------------------------------

bool member_may_commit(const struct member *member) {
    bool in_generation = member->state == MEMBER_STABLE || member->state == MEMBER_PREPARING;
    return in_generation && member->holds;
}

bool member_is_stale(const struct member *member) {
    return member->state == MEMBER_STALE;
}

bool member_is_stable(const struct member *member) {
    return member->state == MEMBER_STABLE && member->holds;
}

bool member_has_left(const struct member *member) {
    return member->state == MEMBER_UNJOINED;
}

const char *const *member_watched_topics(const struct member *member, size_t *count) {
    const struct topic_list *watched = member->driver->watched(member);
    *count = watched ? watched->count : 0;
    return watched ? watched->names : NULL;
}

struct member_description member_describe(const struct member *member) {
    return (struct member_description){
        .state = member->state,
        .protocol = member->driver->name,
        .member_id = member->member_id,
        .group_instance_id = member->config.group_instance_id,
        .generation = member->generation,
        .assignor = member->driver->assignor(member),
        .leader = member->driver->watched(member) != NULL,
        .coordinator_known = member->coordinator == COORDINATOR_KNOWN,
        .held = &member->held,
        .rebalance_count = member->rebalance_count,
        .failed_rebalance_count = member->failed_rebalance_count,
        .rebalance_reason = member->rebalance_reason,
        .heartbeat_answered_at_ms = member->answered_at_ms,
        .error = member->error,
        .rebalanced_at_ms = member->figures->rebalanced_at_ms,
        .figures = member->figures,
    };
}
