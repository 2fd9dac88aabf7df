// SPDX-License-Identifier: Apache-2.0
// classic_meet() asks whether the error concerns the member and does the rule's action; each action
// is a function of its own.
#include "consumer/group/classic_trouble.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"

#include <stdio.h>

enum { WHY_BYTES = 96 };

bool classic_concerns(const struct member *member, enum classic_api api, bool current) {
    enum member_state state = member->state;
    bool holds_generation = state == MEMBER_STABLE || state == MEMBER_PREPARING;
    switch (api) {
    case CLASSIC_FIND_COORDINATOR: return member_needs_coordinator(member);
    case CLASSIC_JOIN: return current && state == MEMBER_JOINING;
    case CLASSIC_SYNC: return current && state == MEMBER_SYNCING;
    case CLASSIC_HEARTBEAT:
        return current &&
               (holds_generation || state == MEMBER_ASSIGNING || state == MEMBER_SYNCING);
    case CLASSIC_LEAVE: return current && state == MEMBER_LEAVING;
    case CLASSIC_COMMIT: return current && holds_generation;
    }
    return false;
}

/// The request is to be made again after a back-off, a slow one for errors that are shown.
static void retry(struct member *member, const struct classic_trouble *trouble, int64_t now_ms) {
    bool slow = trouble->rule.action == CLASSIC_SHOW_AND_RETRY;
    int64_t slow_until_ms = slow ? now_ms + member_slow_backoff_ms(member) : 0;
    switch (trouble->api) {
    case CLASSIC_FIND_COORDINATOR:
        if (slow) member->coordinator_not_before_ms = slow_until_ms;
        return;
    case CLASSIC_JOIN:
    case CLASSIC_SYNC:
        member->failed_rebalance_count++;
        member_delay(member, false, now_ms);
        if (slow) member->not_before_ms = slow_until_ms;
        member_set_reason(member, trouble->why);
        if (trouble->api == CLASSIC_SYNC)
            member_enter(member, MEMBER_JOINING, trouble->why, now_ms);
        return;
    case CLASSIC_HEARTBEAT: {
        int64_t backoff_ms = member_backoff_ms(member, ++member->heartbeat_failures);
        if (slow) backoff_ms = member->config.heartbeat_interval_ms;
        member->heartbeat_due_at_ms = now_ms + backoff_ms;
        return;
    }
    case CLASSIC_LEAVE: member_delay(member, false, now_ms); return;
    case CLASSIC_COMMIT: return;
    }
}

/// Another rebalance has begun in this generation. Heard while giving up partitions or while
/// waiting for the assignment it is no news.
static void rebalance(
    struct member *member, const struct classic_trouble *trouble, int64_t now_ms
) {
    if (trouble->api == CLASSIC_SYNC) {
        member->failed_rebalance_count++;
        member_delay(member, true, now_ms);
        member_set_reason(member, trouble->why);
        member_enter(member, MEMBER_JOINING, trouble->why, now_ms);
    } else if (member->state == MEMBER_STABLE) {
        member_want_rejoin(member, "the group is rebalancing", now_ms, now_ms);
    }
}

/// The broker does not know the generation, or with `member_id` "" the member, any more.
static void drop(
    struct member *member,
    const struct classic_trouble *trouble,
    const char *member_id,
    int64_t now_ms
) {
    member_set_identity(member, -1, member_id);
    member_delay(member, true, now_ms);
    if (trouble->api == CLASSIC_JOIN || trouble->api == CLASSIC_SYNC)
        member->failed_rebalance_count++;
    if (member->state == MEMBER_JOINING) {
        member_set_reason(member, trouble->why);
    } else {
        member_drop_out(member, trouble->why, now_ms);
    }
}

static void show(struct member *member, const struct classic_trouble *trouble) {
    log_warn(
        &member->config.log,
        "error",
        "met",
        "why=\"%s\" status=%s kafka_error=%d",
        trouble->why,
        status_name(trouble->rule.status),
        trouble->error_code
    );
    member_show_error(member, trouble->rule.status, trouble->error_code);
}

/// Does what the rule says.
static void act(struct member *member, const struct classic_trouble *trouble, int64_t now_ms) {
    switch (trouble->rule.action) {
    case CLASSIC_ACCEPT:
    case CLASSIC_ADOPT_MEMBER_ID: must(false); return;
    case CLASSIC_IGNORE: return;
    case CLASSIC_SHOW_AND_RETRY:
        show(member, trouble);
        retry(member, trouble, now_ms);
        return;
    case CLASSIC_RETRY:
    case CLASSIC_FIND_AGAIN: retry(member, trouble, now_ms); return;
    case CLASSIC_REBALANCE: rebalance(member, trouble, now_ms); return;
    case CLASSIC_DROP_GENERATION: drop(member, trouble, member->member_id, now_ms); return;
    case CLASSIC_DROP_MEMBER: drop(member, trouble, "", now_ms); return;
    case CLASSIC_FAIL:
        if (member->state == MEMBER_LEAVING) {
            member_finish_leaving(member, trouble->why, now_ms);
            return;
        }
        member_fail(
            member,
            (struct member_error){ trouble->rule.status, trouble->error_code, true },
            trouble->why,
            now_ms
        );
        return;
    }
}

void classic_meet(struct member *member, const struct classic_trouble *trouble, int64_t now_ms) {
    if (trouble->rule.action == CLASSIC_FIND_AGAIN && trouble->sent.same_coordinator)
        member_lose_coordinator(member, trouble->why);
    if (classic_concerns(member, trouble->api, trouble->sent.current)) {
        act(member, trouble, now_ms);
        return;
    }
    log_debug(&member->config.log, "error", "ignored", "why=\"%s\"", trouble->why);
}

void classic_meet_error(
    struct member *member,
    enum classic_api api,
    int16_t error_code,
    struct member_exchange sent,
    int64_t now_ms
) {
    char why[WHY_BYTES];
    (void)snprintf(why, sizeof why, "%s: %s", classic_api_name(api), kafka_error_name(error_code));
    struct classic_trouble trouble = {
        .api = api,
        .rule = *classic_rule_find(api, error_code),
        .sent = sent,
        .error_code = error_code,
        .why = why,
    };
    classic_meet(member, &trouble, now_ms);
}
