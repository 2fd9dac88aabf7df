// SPDX-License-Identifier: Apache-2.0
// How a member goes from state to state: member_settle() compares what is wished with what is, one
// step at a time. Drivers report facts; where they lead is decided here.
#include "consumer/group/member_core.h"

#include "consumer/base/must.h"
#include "consumer/group/member_figures.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_BACKOFF_MS = 10000, MOST_STEPS = 8 };

bool member_is_wanted(const struct member *member) {
    return member->wish.topics.count > 0 && !member->wish.closed && !member->wish.stale;
}

static bool must_say_goodbye(const struct member *member) {
    if (member->member_id[0] == '\0') return false;
    switch (member->wish.farewell) {
    case MEMBER_FAREWELL_DEFAULT: return !member->config.group_instance_id; // pitfall 70
    case MEMBER_FAREWELL_LEAVE: return true;
    case MEMBER_FAREWELL_REMAIN: return false;
    }
    return false;
}

/// Where a member rests that is not wanted in the group.
static enum member_state resting_state(const struct member *member) {
    bool waits = member->wish.stale && !member->wish.closed && member->wish.topics.count > 0;
    return waits ? MEMBER_STALE : MEMBER_UNJOINED;
}

/// Where a member goes that holds nothing.
static enum member_state next_with_free_hands(const struct member *member) {
    if (member_is_wanted(member)) return MEMBER_JOINING;
    if (must_say_goodbye(member)) return MEMBER_LEAVING;
    return resting_state(member);
}

void member_set_identity(struct member *member, int32_t generation, const char *member_id) {
    must(member_id && generation >= -1);
    bool same_id = strcmp(member->member_id, member_id) == 0;
    if (same_id && member->generation == generation) return;
    if (!same_id) {
        char *old = member->member_id;
        member->member_id = must_strdup(member_id);
        free(old);
    }
    member->generation = generation;
    member->identity++;
}

/// Times a rebalance, from the first step out of the old generation.
static void begin_rebalance(struct member *member, int64_t now_ms) {
    struct member_figures *figures = member->figures;
    if (figures->rebalance_began_at_ms < 0) figures->rebalance_began_at_ms = now_ms;
}

static void complete_rebalance(struct member *member, int64_t now_ms) {
    struct member_figures *figures = member->figures;
    must(figures->rebalance_began_at_ms >= 0);
    sampler_add(&figures->rebalance_ms, now_ms - figures->rebalance_began_at_ms, now_ms);
    figures->rebalance_began_at_ms = -1;
    figures->rebalanced_at_ms = now_ms;
    member->rebalance_count++;
}

/// Forgets all of the last time in the group.
static void rest(struct member *member) {
    must(!member->holds);
    member->figures->rebalance_began_at_ms = -1;
    member_set_identity(member, -1, "");
    member->failures = 0;
    member->not_before_ms = 0;
    member->wish.rejoin = false;
    member->wish.reason[0] = '\0';
    member->error = (struct member_error){ 0 };
}

static void run_entry_action(struct member *member, int64_t now_ms) {
    switch (member->state) {
    case MEMBER_UNJOINED:
        member->wish.stale = false;
        rest(member);
        break;
    case MEMBER_STALE: rest(member); break;
    case MEMBER_JOINING:
        must(!member->holds);
        begin_rebalance(member, now_ms);
        break;
    case MEMBER_ASSIGNING:
    case MEMBER_SYNCING: must(!member->holds); break;
    case MEMBER_STABLE:
        complete_rebalance(member, now_ms);
        member->failures = 0;
        member->error = (struct member_error){ 0 };
        break;
    case MEMBER_PREPARING:
        if (member_is_wanted(member)) begin_rebalance(member, now_ms);
        member->deadline_ms = now_ms + member->config.rebalance_timeout_ms;
        if (member->wish.closed && member->deadline_ms > member->wish.leave_deadline_ms)
            member->deadline_ms = member->wish.leave_deadline_ms;
        break;
    case MEMBER_LOST:
        member_set_identity(member, -1, member->member_id);
        if (member->error.fatal) member->error = (struct member_error){ 0 };
        break;
    case MEMBER_LEAVING:
        member->failures = 0;
        member->not_before_ms = now_ms;
        member->deadline_ms = member->wish.leave_deadline_ms;
        if (member->deadline_ms < now_ms) member->deadline_ms = now_ms;
        break;
    case MEMBER_FATAL:
        member->figures->rebalance_began_at_ms = -1;
        member_set_identity(member, -1, "");
        member->wish.rejoin = false;
        member->wish.stale = false;
        break;
    }
}

void member_enter(struct member *member, enum member_state state, const char *why, int64_t now_ms) {
    must(member_state_may_follow(member->state, state));
    log_info(
        &member->config.log,
        "member",
        "entered",
        "from=%s to=%s why=\"%s\" generation=%d member_id=%s",
        member_state_name(member->state),
        member_state_name(state),
        why,
        (int)member->generation,
        member->member_id
    );
    member->state = state;
    member->told = false;
    run_entry_action(member, now_ms);
    if (member->config.on_entered) member->config.on_entered(member->config.arg, why);
}

bool member_has_session(const struct member *member) {
    switch (member->state) {
    case MEMBER_ASSIGNING:
    case MEMBER_STABLE:
    case MEMBER_PREPARING: return true;
    // A Sync waits for the leader; the broker expires nobody meanwhile.
    case MEMBER_SYNCING: return member->slots[MEMBER_SYNC].request_id == 0;
    case MEMBER_UNJOINED:
    case MEMBER_JOINING:
    case MEMBER_LOST:
    case MEMBER_LEAVING:
    case MEMBER_STALE:
    case MEMBER_FATAL: return false;
    }
    return false;
}

bool member_needs_coordinator(const struct member *member) {
    switch (member->state) {
    case MEMBER_JOINING:
    case MEMBER_ASSIGNING:
    case MEMBER_SYNCING:
    case MEMBER_STABLE:
    case MEMBER_PREPARING:
    case MEMBER_LEAVING: return true;
    case MEMBER_UNJOINED:
    case MEMBER_LOST:
    case MEMBER_STALE:
    case MEMBER_FATAL: return false;
    }
    return false;
}

void member_lose_coordinator(struct member *member, const char *why) {
    if (member->coordinator != COORDINATOR_KNOWN) return;
    log_info(&member->config.log, "coordinator", "lost", "why=\"%s\"", why);
    member->coordinator = COORDINATOR_UNKNOWN;
}

void member_set_reason(struct member *member, const char *reason) {
    size_t size = strnlen(reason, MEMBER_REASON_BYTES);
    if (size == MEMBER_REASON_BYTES) {
        size--;
        while (size > 0 && ((unsigned char)reason[size] & 0xc0u) == 0x80u)
            size--;
    }
    memmove(member->wish.reason, reason, size);
    member->wish.reason[size] = '\0';
}

void member_want_rejoin(
    struct member *member, const char *reason, int64_t not_before_ms, int64_t now_ms
) {
    if (!member->wish.rejoin) {
        member_set_reason(member, reason);
        member->wish.rejoin_not_before_ms = not_before_ms;
    } else if (not_before_ms < member->wish.rejoin_not_before_ms) {
        member->wish.rejoin_not_before_ms = not_before_ms;
    }
    member->wish.rejoin = true;
    log_debug(
        &member->config.log,
        "rejoin",
        "wanted",
        "reason=\"%s\" in_ms=%lld",
        member->wish.reason,
        (long long)(member->wish.rejoin_not_before_ms - now_ms)
    );
}

int64_t member_backoff_ms(struct member *member, int failures) {
    return random_backoff_ms(
        &member->random,
        member->config.retry_backoff_ms,
        member->config.retry_backoff_max_ms,
        failures
    );
}

int64_t member_slow_backoff_ms(struct member *member) {
    return random_backoff_ms(&member->random, SLOW_BACKOFF_MS, SLOW_BACKOFF_MS, 1);
}

void member_delay(struct member *member, bool at_once, int64_t now_ms) {
    int failures = member->failures++;
    member->not_before_ms = now_ms + member_backoff_ms(member, at_once ? failures : failures + 1);
}

void member_drop_out(struct member *member, const char *why, int64_t now_ms) {
    member_set_reason(member, why);
    bool may_hold = member->state == MEMBER_STABLE || member->state == MEMBER_PREPARING;
    if (!may_hold) member_set_identity(member, -1, member->member_id);
    member_enter(member, may_hold ? MEMBER_LOST : MEMBER_JOINING, why, now_ms);
}

void member_finish_leaving(struct member *member, const char *why, int64_t now_ms) {
    must(member->state == MEMBER_LEAVING);
    member_set_identity(member, -1, "");
    member_enter(member, next_with_free_hands(member), why, now_ms);
}

void member_show_error(struct member *member, enum status status, int16_t kafka_error) {
    must(status != STATUS_OK);
    member->error = (struct member_error){ .status = status, .kafka_error = kafka_error };
}

void member_fail(
    struct member *member, struct member_error error, const char *why, int64_t now_ms
) {
    log_error(
        &member->config.log,
        "member",
        "failed",
        "why=\"%s\" status=%s kafka_error=%d",
        why,
        status_name(error.status),
        error.kafka_error
    );
    member_enter(member, MEMBER_FATAL, why, now_ms);
    member_show_error(member, error.status, error.kafka_error);
    member->error.fatal = true;
}

void member_open(struct member *member, enum member_request request, struct member_want *want) {
    static const enum member_want_kind kinds[MEMBER_REQUEST_COUNT] = {
        [MEMBER_JOIN] = MEMBER_WANTS_JOIN,
        [MEMBER_SYNC] = MEMBER_WANTS_SYNC,
        [MEMBER_HEARTBEAT] = MEMBER_WANTS_HEARTBEAT,
        [MEMBER_LEAVE] = MEMBER_WANTS_LEAVE,
    };
    struct member_slot *slot = &member->slots[request];
    must(slot->request_id == 0 && member->coordinator == COORDINATOR_KNOWN);
    must(member->last_request_id < UINT32_MAX);
    *slot = (struct member_slot){
        .request_id = ++member->last_request_id,
        .identity = member->identity,
        .finds = member->coordinator_finds,
    };
    want->kind = kinds[request];
    want->request_id = slot->request_id;
    want->timeout_ms = member->config.request_timeout_ms;
}

/// True while an unanswered first Join is the only way to learn the member id to leave with.
static bool waits_for_member_id(const struct member *member, int64_t now_ms) {
    return member->slots[MEMBER_JOIN].request_id != 0 && member->member_id[0] == '\0' &&
           member->wish.farewell != MEMBER_FAREWELL_REMAIN &&
           now_ms <= member->wish.leave_deadline_ms;
}

/// One step from STABLE; false when there is none.
static bool step_from_stable(struct member *member, int64_t now_ms) {
    const struct member_wish *wish = &member->wish;
    if (wish->stale) {
        member_enter(member, MEMBER_LOST, wish->leave_reason, now_ms);
        return true;
    }
    if (!member_is_wanted(member)) {
        member_enter(member, MEMBER_PREPARING, wish->leave_reason, now_ms);
        return true;
    }
    if (!topic_list_equal(&wish->topics, &member->joined)) {
        member_want_rejoin(member, "the subscription has changed", now_ms, now_ms);
        member_enter(member, MEMBER_PREPARING, "the subscription has changed", now_ms);
        return true;
    }
    if (!wish->rejoin || now_ms < wish->rejoin_not_before_ms) return false;
    member_enter(member, MEMBER_PREPARING, wish->reason, now_ms);
    return true;
}

/// One step on the way into the group; false when the member is wanted there.
static bool step_while_joining(struct member *member, int64_t now_ms) {
    if (member_is_wanted(member)) return false;
    if (member->state == MEMBER_JOINING && waits_for_member_id(member, now_ms)) return false;
    member_enter(member, next_with_free_hands(member), member->wish.leave_reason, now_ms);
    return true;
}

/// One step while partitions are given up; false while they are held.
static bool step_while_giving_up(struct member *member, int64_t now_ms) {
    if (member->state == MEMBER_PREPARING && member->wish.stale) {
        member_enter(member, MEMBER_LOST, member->wish.leave_reason, now_ms);
        return true;
    }
    if (member->holds) return false;
    member_enter(member, next_with_free_hands(member), "holds no partitions", now_ms);
    return true;
}

/// One step towards what is wished; false when there is none to take now.
static bool step(struct member *member, int64_t now_ms) {
    enum member_state at_rest = resting_state(member);
    switch (member->state) {
    case MEMBER_UNJOINED:
    case MEMBER_STALE:
        if (member_is_wanted(member)) {
            member_enter(member, MEMBER_JOINING, "wanted in the group", now_ms);
            return true;
        }
        if (member->state == at_rest) return false;
        member_enter(member, at_rest, member->wish.leave_reason, now_ms);
        return true;
    case MEMBER_JOINING:
    case MEMBER_ASSIGNING:
    case MEMBER_SYNCING: return step_while_joining(member, now_ms);
    case MEMBER_STABLE: return step_from_stable(member, now_ms);
    case MEMBER_PREPARING:
    case MEMBER_LOST: return step_while_giving_up(member, now_ms);
    case MEMBER_FATAL:
        if (member_is_wanted(member)) return false;
        member_enter(member, MEMBER_LOST, member->wish.leave_reason, now_ms);
        return true;
    case MEMBER_LEAVING: return false;
    }
    return false;
}

static int64_t session_ends_at_ms(const struct member *member) {
    return member->heard_at_ms + member->config.session_timeout_ms;
}

/// Lets due time-outs take effect.
static void expire(struct member *member, int64_t now_ms) {
    if (member_has_session(member) && now_ms >= session_ends_at_ms(member)) {
        const char *why = "no answer of the coordinator within session.timeout.ms";
        member_lose_coordinator(member, why);
        member_drop_out(member, why, now_ms);
    }
    if (member->state == MEMBER_PREPARING && member->holds && now_ms >= member->deadline_ms)
        member_drop_out(member, "giving up partitions took too long", now_ms);
    if (member->state == MEMBER_LEAVING && now_ms > member->deadline_ms)
        member_finish_leaving(member, "leaving took too long", now_ms);
}

void member_settle(struct member *member, int64_t now_ms) {
    expire(member, now_ms);
    int steps = 0;
    while (step(member, now_ms))
        must(++steps <= MOST_STEPS);
}

int64_t member_wake_at_ms(const struct member *member) {
    int64_t wake_at_ms = INT64_MAX;
    if (member_has_session(member)) wake_at_ms = session_ends_at_ms(member);
    int64_t own_ms = INT64_MAX;
    if (member->state == MEMBER_PREPARING) own_ms = member->deadline_ms;
    if (member->state == MEMBER_LEAVING) own_ms = member->deadline_ms + 1;
    if (member->state == MEMBER_STABLE && member->wish.rejoin)
        own_ms = member->wish.rejoin_not_before_ms;
    if (member->state == MEMBER_JOINING && !member_is_wanted(member))
        own_ms = member->wish.leave_deadline_ms + 1;
    return own_ms < wake_at_ms ? own_ms : wake_at_ms;
}
