// SPDX-License-Identifier: Apache-2.0
// A member in the hands of a random engine, cluster and application: answers come late, twice,
// wrong or not at all, and wishes change at any moment. What must never happen is checked at every
// step; in calm weather the member must get where it is wanted. SEED=… repeats a run.
#include "consumer/base/random.h"
#include "tests/unit/group/member_rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    STEPS = 100000,
    MOST_STEPS = 10 * STEPS,
    REQUEST_KINDS = 4,
    MOST_WANTS = 12,
    OLD_REQUESTS = 8
};

/// What the engine knows, apart from the member.
struct model {
    struct rig rig;
    struct random random;
    uint32_t requests[REQUEST_KINDS]; ///< under way, by kind of want; 0: none
    uint32_t old_requests[OLD_REQUESTS];
    bool looking_up;
    bool holds;
    bool revoking;
    bool counting; ///< METADATA is not answered yet
    bool closed;
    char topics[8]; ///< subscribed, as rig_subscribe() takes them
    int32_t generation;
    int became_stable;
};

static struct model model;

static uint64_t roll(uint64_t sides) {
    return random_below(&model.random, sides);
}

static int kind_of(const struct member_want *want) {
    return (int)want->kind - MEMBER_WANTS_JOIN;
}

static bool waits_for_something(void) {
    bool waits = model.looking_up || model.revoking || model.counting;
    for (int i = 0; i < REQUEST_KINDS; i++)
        waits |= model.requests[i] != 0;
    return waits;
}

static void check_fields(const struct member_want *want) {
    bool joining = model.requests[0] != 0;
    switch (want->kind) {
    case MEMBER_WANTS_JOIN:
        ck_assert(!model.holds);
        ck_assert(!model.closed);
        ck_assert_uint_gt(want->join.topic_count, 0);
        ck_assert_uint_le(strlen(want->join.reason), 255);
        break;
    case MEMBER_WANTS_SYNC:
        ck_assert(!model.holds);
        ck_assert(!joining);
        ck_assert_int_ge(want->sync.generation, 0);
        ck_assert_str_ne(want->sync.member_id, "");
        break;
    case MEMBER_WANTS_HEARTBEAT:
        ck_assert(!joining);
        ck_assert_int_ge(want->heartbeat.generation, 0);
        ck_assert_str_ne(want->heartbeat.member_id, "");
        break;
    case MEMBER_WANTS_LEAVE:
        ck_assert(!model.holds);
        ck_assert_str_ne(want->leave.member_id, "");
        break;
    case MEMBER_WANTS_NOTHING:
    case MEMBER_WANTS_COORDINATOR:
    case MEMBER_WANTS_REVOKE:
    case MEMBER_WANTS_ASSIGN:
    case MEMBER_WANTS_METADATA: ck_abort_msg("no request"); break;
    }
}

static void check_request(const struct member_want *want) {
    ck_assert_uint_eq(model.requests[kind_of(want)], 0); // pitfall 66, and for the others alike
    ck_assert_uint_ne(want->request_id, 0);
    ck_assert_int_gt(want->timeout_ms, 0);
    check_fields(want);
    model.requests[kind_of(want)] = want->request_id;
    model.old_requests[roll(OLD_REQUESTS)] = want->request_id;
}

static void check_assign(const struct member_want *want) {
    ck_assert(!model.holds);
    ck_assert(assignment_equal(want->assign.partitions, want->assign.added));
    for (size_t i = 0; i < want->assign.partitions->count; i++) // pitfall 73
        ck_assert_ptr_nonnull(strstr(model.topics, want->assign.partitions->items[i].topic));
    model.holds = true;
    model.became_stable++;
}

static void check_rest(const struct member_want *want) {
    ck_assert_int_gt(want->wake_at_ms, model.rig.now_ms);
    enum member_state state = member_describe(model.rig.member).state;
    bool at_rest = state == MEMBER_UNJOINED || state == MEMBER_STALE || state == MEMBER_FATAL;
    ck_assert(at_rest || want->wake_at_ms < INT64_MAX || waits_for_something());
}

static void check_facts(void) {
    struct member_description is = member_describe(model.rig.member);
    if (member_may_commit(model.rig.member)) {
        ck_assert(model.holds);
        ck_assert_int_ge(is.generation, 0);
    }
    if (member_is_stable(model.rig.member)) ck_assert(model.holds && is.state == MEMBER_STABLE);
    if (is.state == MEMBER_UNJOINED || is.state == MEMBER_STALE) {
        ck_assert(!model.holds);
        ck_assert_str_eq(is.member_id, "");
    }
    ck_assert(is.error.fatal == (is.state == MEMBER_FATAL));
    if (is.generation >= 0) ck_assert_str_ne(is.member_id, "");
}

/// Takes wants until there are none.
static void take_wants(void) {
    for (int i = 0; i < MOST_WANTS; i++) {
        struct member_want want = member_next_want(model.rig.member, model.rig.now_ms);
        switch (want.kind) {
        case MEMBER_WANTS_NOTHING: check_rest(&want); return;
        case MEMBER_WANTS_COORDINATOR:
            ck_assert(!model.looking_up);
            model.looking_up = true;
            break;
        case MEMBER_WANTS_REVOKE:
            ck_assert(model.holds);
            ck_assert(!want.revoke.lost || !member_may_commit(model.rig.member));
            model.revoking = true;
            break;
        case MEMBER_WANTS_ASSIGN: check_assign(&want); break;
        case MEMBER_WANTS_METADATA: model.counting = true; break;
        case MEMBER_WANTS_JOIN:
        case MEMBER_WANTS_SYNC:
        case MEMBER_WANTS_HEARTBEAT:
        case MEMBER_WANTS_LEAVE: check_request(&want); break;
        }
    }
    ck_abort_msg("the member never stops wanting");
}

static void answer_well(int kind, uint32_t request_id) {
    struct member_want want = { .kind = (enum member_want_kind)(MEMBER_WANTS_JOIN + kind),
                                .request_id = request_id };
    const char *const topics[] = { "t", "u" };
    want.join.topics = topics;
    want.join.topic_count = 1 + roll(2);
    if (kind == 0) model.generation++;
    if (kind == 0 && roll(2) == 0) {
        rig_answer_join(&model.rig, &want, model.generation);
    } else if (kind == 0) {
        rig_answer_join_as_leader(&model.rig, &want, model.generation);
    } else if (kind == 1) {
        rig_answer_sync(
            &model.rig, &want, roll(8) > 0 ? model.topics[0] == 't' ? "t:0" : "u:1" : "v:1 t:0"
        );
    } else {
        rig_answer(&model.rig, &want, ERROR_NONE);
    }
}

static void answer_badly(uint32_t request_id) {
    static const int16_t codes[] = {
        ERROR_COORDINATOR_LOAD_IN_PROGRESS,
        ERROR_COORDINATOR_NOT_AVAILABLE,
        ERROR_NOT_COORDINATOR,
        ERROR_UNKNOWN_MEMBER_ID,
        ERROR_ILLEGAL_GENERATION,
        ERROR_REBALANCE_IN_PROGRESS,
        ERROR_REBALANCE_IN_PROGRESS,
        ERROR_MEMBER_ID_REQUIRED,
        ERROR_FENCED_INSTANCE_ID,
        ERROR_GROUP_AUTHORIZATION_FAILED,
        ERROR_FENCED_INSTANCE_ID,
        ERROR_UNKNOWN_SERVER_ERROR,
    };
    struct member_response response = {
        .error_code = codes[roll(sizeof codes / sizeof codes[0])],
        .join.member_id = roll(4) > 0 ? "m-1" : NULL,
    };
    member_on_response(model.rig.member, request_id, &response, model.rig.now_ms);
}

static void fail_request(uint32_t request_id) {
    static const enum status statuses[] = {
        STATUS_DISCONNECTED, STATUS_TIMED_OUT, STATUS_INVALID_FRAME, STATUS_COORDINATOR_UNAVAILABLE
    };

    member_on_request_failed(model.rig.member, request_id, statuses[roll(4)], model.rig.now_ms);
}

/// Answers a request that may be under way, in some way.
static void step_answer(void) {
    int kind = (int)roll(REQUEST_KINDS);
    uint32_t request_id = model.requests[kind];
    if (request_id == 0) return;
    model.requests[kind] = 0;
    uint64_t how = roll(10);
    if (how < 6) answer_well(kind, request_id);
    if (how >= 6 && how < 9) answer_badly(request_id);
    if (how == 9) fail_request(request_id);
}

/// Answers a request of before once more, if it is not under way.
static void step_answer_again(void) {
    uint32_t request_id = model.old_requests[roll(OLD_REQUESTS)];
    for (int i = 0; i < REQUEST_KINDS; i++) {
        if (model.requests[i] == request_id) return;
    }
    if (roll(2) == 0) answer_badly(request_id);
    if (roll(2) == 0) answer_well((int)roll(REQUEST_KINDS), request_id);
}

static void step_coordinator(void) {
    uint64_t how = roll(6);
    if (how == 0) {
        member_on_coordinator_lost(model.rig.member, model.rig.now_ms);
    } else if (model.looking_up) {
        model.looking_up = false;
        if (how == 1) {
            member_on_coordinator_failed(
                model.rig.member, STATUS_BROKER_UNAVAILABLE, 0, model.rig.now_ms
            );
        } else if (how == 2) {
            member_on_coordinator_failed(
                model.rig.member,
                STATUS_KAFKA_ERROR,
                ERROR_COORDINATOR_NOT_AVAILABLE,
                model.rig.now_ms
            );
        } else {
            member_on_coordinator_found(model.rig.member, model.rig.now_ms);
        }
    }
}

static void revoked(void) {
    if (model.revoking) {
        model.revoking = false;
        model.holds = false;
    }
    member_on_revoked(model.rig.member, model.rig.now_ms);
}

static void step_engine(void) {
    const struct topic_count counts[] = { { "t", (int32_t)(3 + roll(30) / 29) }, { "u", 1 } };
    switch (roll(4)) {
    case 0:
        // The engine drops what it holds only when it was told to.
        if (model.revoking) revoked();
        break;
    case 1:
        if (roll(3) > 0) break;
        model.counting = false;
        member_on_partition_counts(model.rig.member, counts, 2, model.rig.now_ms);
        break;
    case 2: step_coordinator(); break;
    default: {
        static const int16_t codes[] = { ERROR_ILLEGAL_GENERATION,
                                         ERROR_REBALANCE_IN_PROGRESS,
                                         ERROR_UNKNOWN_MEMBER_ID,
                                         ERROR_NOT_COORDINATOR };
        struct member_identity sent = { (int32_t)roll(2) ? model.generation : 0, "m-1", NULL };
        if (roll(5) == 0)
            member_on_commit_error(model.rig.member, codes[roll(4)], &sent, model.rig.now_ms);
    }
    }
}

static void subscribe(const char *topics) {
    if (model.closed) return;
    (void)snprintf(model.topics, sizeof model.topics, "%s", topics);
    rig_subscribe(&model.rig, topics);
}

static void step_application(void) {
    static const char *const choices[] = { "t", "t", "u", "t,u", "" };
    switch (roll(8)) {
    case 0: subscribe(choices[roll(5)]); break;
    case 1: member_request_rejoin(model.rig.member, "asked to", model.rig.now_ms); break;
    case 2: member_on_poll_interval_exceeded(model.rig.member, model.rig.now_ms); break;
    default: member_on_poll(model.rig.member, model.rig.now_ms); break;
    }
}

static void step_clock(void) {
    uint64_t how = roll(100);
    int64_t ms = (int64_t)roll(2000);
    if (how < 3) ms = (int64_t)roll(60000);
    if (how == 3) ms = (int64_t)roll(400000);
    rig_wait(&model.rig, ms);
}

static void begin(void) {
    bool entered[MEMBER_STATE_COUNT][MEMBER_STATE_COUNT];
    memcpy(entered, model.rig.entered, sizeof entered);
    struct member_config config = rig_config();
    if (roll(2) == 0) config.group_instance_id = "i-1";
    config.seed = roll(1000);
    struct random random = model.random;
    int became_stable = model.became_stable;
    model = (struct model){ .random = random, .became_stable = became_stable };
    rig_init_with(&model.rig, config);
    memcpy(model.rig.entered, entered, sizeof entered);
    subscribe("t");
}

/// The cluster answers nothing any more; the engine obeys. The member must be out in time.
static void close_without_answers(void) {
    static const enum member_farewell farewells[] = { MEMBER_FAREWELL_DEFAULT,
                                                      MEMBER_FAREWELL_LEAVE,
                                                      MEMBER_FAREWELL_REMAIN };

    int64_t deadline_ms = model.rig.now_ms + (int64_t)roll(5000);
    model.closed = true;
    member_close(model.rig.member, farewells[roll(3)], deadline_ms, model.rig.now_ms);
    take_wants();
    rig_wait(&model.rig, deadline_ms - model.rig.now_ms);
    for (int i = 0; i < 4; i++) {
        take_wants();
        if (model.revoking) revoked();
        rig_wait(&model.rig, 1);
    }
    take_wants();
    ck_assert(member_has_left(model.rig.member)); // pitfall 98
}

/// All goes well from here: the member must become stable.
static void calm_down(void) {
    if (model.topics[0] == '\0' || member_describe(model.rig.member).state == MEMBER_FATAL)
        subscribe("t");
    member_on_poll(model.rig.member, model.rig.now_ms);
    for (int i = 0; i < 200 && !member_is_stable(model.rig.member); i++) {
        take_wants();
        if (model.looking_up) member_on_coordinator_found(model.rig.member, model.rig.now_ms);
        model.looking_up = false;
        if (model.revoking) revoked();
        const struct topic_count counts[] = { { "t", 3 }, { "u", 1 } };
        model.counting = false;
        member_on_partition_counts(model.rig.member, counts, 2, model.rig.now_ms);
        for (int kind = 0; kind < REQUEST_KINDS; kind++) {
            uint32_t request_id = model.requests[kind];
            model.requests[kind] = 0;
            if (request_id != 0) answer_well(kind, request_id);
        }
        rig_wait(&model.rig, 500);
    }
    ck_assert(member_is_stable(model.rig.member));
}

static void step(void) {
    switch (roll(5)) {
    case 0: step_answer(); break;
    case 1: step_engine(); break;
    case 2:
        if (roll(4) == 0) step_application();
        break;
    case 3: step_answer_again(); break;
    default: step_clock(); break;
    }
    // Sometimes several things happen before the engine asks.
    if (roll(3) > 0) take_wants();
    check_facts();
}

/// A drawn edge that was not gone yet, or one gone that is not drawn; "" when there is none.
static const char *missing_edge(void) {
    static char edge[40];
    for (int i = 0; i < MEMBER_STATE_COUNT * MEMBER_STATE_COUNT; i++) {
        enum member_state from = (enum member_state)(i / MEMBER_STATE_COUNT);
        enum member_state to = (enum member_state)(i % MEMBER_STATE_COUNT);
        if (member_state_may_follow(from, to) == model.rig.entered[from][to]) continue;
        (void
        )snprintf(edge, sizeof edge, "%s to %s", member_state_name(from), member_state_name(to));
        return edge;
    }
    return "";
}

static uint64_t choose_seed(void) {
    const char *given = secure_getenv("SEED");
    if (given) return strtoull(given, NULL, 10);
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_nsec;
}

START_TEST(whatever_happens_a_member_keeps_to_its_rules) {
    uint64_t seed = choose_seed();
    (void)printf("member model: SEED=%llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    model = (struct model){ 0 };
    random_init(&model.random, seed);
    begin();
    for (int i = 0; i < STEPS || (i < MOST_STEPS && missing_edge()[0]); i++) {
        step();
        if (roll(200) == 0) calm_down();
        if (roll(500) > 0) continue;
        close_without_answers();
        rig_dispose(&model.rig);
        begin();
    }
    ck_assert_int_gt(model.became_stable, STEPS / 500);
    ck_assert_str_eq(missing_edge(), "");
    rig_dispose(&model.rig);
}

END_TEST

SUITE(member_model) {
    Suite *s = suite_create("group/member, model");
    ADD_CASE(s, "model", whatever_happens_a_member_keeps_to_its_rules);
    return s;
}
