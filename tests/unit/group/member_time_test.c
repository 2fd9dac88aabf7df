// SPDX-License-Identifier: Apache-2.0
// What a member does as time passes: heartbeats, the session, the coordinator, back-offs.
#include "tests/unit/group/member_rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

static void set_up(void) {
    rig_init(&rig);
}

static void tear_down(void) {
    rig_dispose(&rig);
}

START_TEST(heartbeats_go_out_at_their_interval) {
    rig_make_stable(&rig);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(rig_expect_nothing(&rig), RIG_HEARTBEAT_MS);
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        ck_assert_int_eq(rig.want.heartbeat.generation, 5);
        ck_assert_str_eq(rig.want.heartbeat.member_id, "m-1");
        ck_assert_int_eq(rig.want.timeout_ms, RIG_REQUEST_MS);
        rig_answer(&rig, &rig.want, ERROR_NONE);
        ck_assert_int_eq(member_describe(rig.member).heartbeat_answered_at_ms, rig.now_ms);
    }
    rig_expect_state(&rig, MEMBER_STABLE);
}

END_TEST

START_TEST(a_heartbeat_waits_for_no_longer_than_the_session) {
    struct member_config config = rig_config();
    config.session_timeout_ms = 10000;
    rig_dispose(&rig);
    rig_init_with(&rig, config);
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    ck_assert_int_eq(rig.want.timeout_ms, 10000);
}

END_TEST

START_TEST(one_heartbeat_is_under_way_at_a_time) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    struct member_want heartbeat = rig.want;
    rig_wait(&rig, 2LL * RIG_HEARTBEAT_MS);
    rig_expect_nothing(&rig);
    rig_answer(&rig, &heartbeat, ERROR_NONE);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
}

END_TEST

// pitfall 65 (KAFKA-10134): heartbeats go on while partitions are given up, however long it takes.
START_TEST(heartbeats_go_on_while_preparing_for_a_rebalance) {
    rig_make_preparing(&rig);
    for (int64_t passed = 0; passed + RIG_HEARTBEAT_MS < RIG_REBALANCE_MS;
         passed += RIG_HEARTBEAT_MS) {
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        rig_answer(&rig, &rig.want, ERROR_REBALANCE_IN_PROGRESS);
        rig_expect_nothing(&rig);
        rig_expect_state(&rig, MEMBER_PREPARING);
    }
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

// pitfall 65: a long rebalance with heartbeats answered, or without any while joining, is no reason
// to leave.
START_TEST(no_heartbeat_is_sent_while_joining_and_the_session_does_not_end) {
    rig_make_preparing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    struct member_want join = rig.want;
    rig_wait(&rig, 4LL * RIG_SESSION_MS);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_expect_state(&rig, MEMBER_JOINING);
    rig_answer_join(&rig, &join, 6);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    join = rig.want;
    rig_wait(&rig, 4LL * RIG_SESSION_MS);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_answer_sync(&rig, &join, "t:0");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
}

END_TEST

START_TEST(a_leader_sends_heartbeats_while_it_waits_for_metadata) {
    rig_make_assigning(&rig);
    for (int i = 0; i < 30; i++) {
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        rig_answer(&rig, &rig.want, i % 2 ? ERROR_NONE : ERROR_REBALANCE_IN_PROGRESS);
    }
    rig_expect_state(&rig, MEMBER_ASSIGNING);
    member_on_partition_counts(rig.member, NULL, 0, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN); // a rebalance heard of before is over
}

END_TEST

// pitfall 65, its last clause: the session ends with a coordinator that is down, too.
START_TEST(partitions_are_lost_when_no_heartbeat_is_answered) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    struct member_want heartbeat = rig.want;
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_SESSION_MS - RIG_HEARTBEAT_MS);
    rig_wait(&rig, RIG_SESSION_MS - RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    ck_assert_int_eq(rig.want.revoke.deadline_ms, INT64_MAX);
    rig_expect_state(&rig, MEMBER_LOST);
    ck_assert(!member_may_commit(rig.member)); // pitfall 75
    ck_assert(!member_describe(rig.member).coordinator_known);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_answer(&rig, &heartbeat, ERROR_NONE); // too late
    rig_expect_state(&rig, MEMBER_LOST);
    member_on_revoked(rig.member, rig.now_ms);
    rig_find_coordinator(&rig);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1"); // kept: a ghost would hold up the group
    ck_assert_int_eq(rig.want.join.generation, -1);
}

END_TEST

START_TEST(the_session_ends_without_a_coordinator) {
    rig_make_stable(&rig);
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_SESSION_MS);
    rig_wait(&rig, RIG_SESSION_MS - 1);
    ck_assert_int_eq(rig_expect_nothing(&rig), 1);
    rig_wait(&rig, 1);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
}

END_TEST

// pitfall 121: after a suspend of the machine the session is over at once.
START_TEST(a_clock_that_jumps_ends_the_session_at_once) {
    rig_make_stable(&rig);
    rig_wait(&rig, 3600000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
}

END_TEST

START_TEST(the_session_ends_for_a_leader_that_waits_for_metadata) {
    rig_make_assigning(&rig);
    rig_wait(&rig, RIG_SESSION_MS);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    rig_expect_state(&rig, MEMBER_JOINING);
    member_on_coordinator_found(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

START_TEST(a_sync_waits_for_the_coordinator_within_the_session) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_answer_join(&rig, &join, 5);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_SESSION_MS);
    rig_wait(&rig, RIG_SESSION_MS - 1);
    member_on_coordinator_found(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
}

END_TEST

START_TEST(a_sync_without_a_coordinator_ends_with_the_session) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_answer_join(&rig, &join, 5);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    rig_wait(&rig, RIG_SESSION_MS);
    rig_expect_nothing(&rig);
    rig_expect_state(&rig, MEMBER_JOINING);
}

END_TEST

// pitfall 12, pitfall 83: giving up takes no longer than the rebalance timeout.
START_TEST(partitions_not_given_up_in_time_are_lost) {
    rig_make_preparing(&rig);
    ck_assert_int_eq(rig.want.revoke.deadline_ms, rig.now_ms + RIG_REBALANCE_MS);
    int64_t deadline_ms = rig.now_ms + RIG_REBALANCE_MS;
    while (rig.now_ms < deadline_ms - RIG_HEARTBEAT_MS) {
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        rig_answer(&rig, &rig.want, ERROR_REBALANCE_IN_PROGRESS);
    }
    rig_wait(&rig, deadline_ms - 1 - rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), 1);
    rig_wait(&rig, 1);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    ck_assert_uint_eq(rig.want.revoke.partitions->count, 2);
    ck_assert(!member_may_commit(rig.member));
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

// pitfall 67
START_TEST(a_join_that_is_cut_off_keeps_the_member_id) {
    rig_make_preparing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_fail(&rig, &rig.want, STATUS_DISCONNECTED);
    rig_find_coordinator(&rig);
    int64_t backoff_ms = rig_expect_nothing(&rig);
    ck_assert_int_ge(backoff_ms, RIG_BACKOFF_MS * 8 / 10);
    ck_assert_int_le(backoff_ms, RIG_BACKOFF_MS * 12 / 10);
    rig_wait(&rig, backoff_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
    ck_assert_str_eq(rig.want.join.reason, "JoinGroup: DISCONNECTED");
    ck_assert_int_eq(member_describe(rig.member).failed_rebalance_count, 1);
}

END_TEST

START_TEST(failed_joins_back_off_ever_longer_up_to_a_bound) {
    rig_make_joining(&rig);
    int64_t last_ms = 0;
    for (int i = 0; i < 12; i++) {
        rig_answer(&rig, &rig.want, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
        int64_t backoff_ms = rig_expect_nothing(&rig);
        if (i < 3) ck_assert_int_gt(backoff_ms, last_ms);
        ck_assert_int_le(backoff_ms, RIG_BACKOFF_MAX_MS * 12 / 10);
        last_ms = backoff_ms;
        rig_wait(&rig, backoff_ms);
        rig_expect(&rig, MEMBER_WANTS_JOIN);
    }
    ck_assert_int_ge(last_ms, RIG_BACKOFF_MAX_MS * 8 / 10);
}

END_TEST

// A broker that keeps saying so must not make the member spin.
START_TEST(only_the_first_rejoin_in_a_row_goes_at_once) {
    rig_make_joining(&rig);
    rig_answer(&rig, &rig.want, ERROR_UNKNOWN_MEMBER_ID);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer(&rig, &rig.want, ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_int_ge(rig_expect_nothing(&rig), RIG_BACKOFF_MS * 8 / 10);
}

END_TEST

START_TEST(a_success_makes_the_back_off_short_again) {
    rig_make_joining(&rig);
    for (int i = 0; i < 6; i++) {
        rig_answer(&rig, &rig.want, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
        rig_wait(&rig, 2000);
        rig_expect(&rig, MEMBER_WANTS_JOIN);
    }
    rig_answer_join(&rig, &rig.want, 5);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer(&rig, &rig.want, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    ck_assert_int_le(rig_expect_nothing(&rig), RIG_BACKOFF_MS * 12 / 10);
}

END_TEST

START_TEST(a_heartbeat_that_is_cut_off_is_sent_again_soon) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_fail(&rig, &rig.want, STATUS_TIMED_OUT);
    rig_expect_state(&rig, MEMBER_STABLE);
    rig_find_coordinator(&rig);
    int64_t backoff_ms = rig_expect_nothing(&rig);
    ck_assert_int_le(backoff_ms, RIG_BACKOFF_MS * 12 / 10);
    rig_wait(&rig, backoff_ms);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
}

END_TEST

START_TEST(a_look_up_that_fails_is_made_again_after_a_back_off) {
    rig_subscribe(&rig, "t");
    int64_t last_ms = 0;
    for (int i = 0; i < 8; i++) {
        rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
        ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
        member_on_coordinator_failed(rig.member, STATUS_BROKER_UNAVAILABLE, 0, rig.now_ms);
        struct member_error error = member_describe(rig.member).error;
        ck_assert_int_eq((int)error.status, STATUS_BROKER_UNAVAILABLE);
        ck_assert(!error.fatal);
        int64_t backoff_ms = rig_expect_nothing(&rig);
        if (i < 3) ck_assert_int_gt(backoff_ms, last_ms);
        last_ms = backoff_ms;
        rig_wait(&rig, backoff_ms);
    }
    rig_find_coordinator(&rig);
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 63
START_TEST(a_coordinator_that_is_gone_is_looked_for_again) {
    rig_make_stable(&rig);
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect_nothing(&rig);
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_expect_nothing(&rig);
    member_on_coordinator_found(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_expect_state(&rig, MEMBER_STABLE);
}

END_TEST

START_TEST(a_late_failure_of_the_old_coordinator_does_not_harm_the_new_one) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    struct member_want heartbeat = rig.want;
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_find_coordinator(&rig);
    rig_fail(&rig, &heartbeat, STATUS_DISCONNECTED);
    ck_assert(member_describe(rig.member).coordinator_known);
    rig_wait(&rig, 200);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
}

END_TEST

START_TEST(a_look_up_that_ends_when_nobody_needs_it_is_no_obstacle_later) {
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    rig_subscribe(&rig, "");
    rig_expect_state(&rig, MEMBER_UNJOINED);
    member_on_coordinator_failed(rig.member, STATUS_TIMED_OUT, 0, rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
    rig_subscribe(&rig, "t");
    rig_wait(&rig, 2000);
    rig_find_coordinator(&rig);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

START_TEST(the_same_seed_gives_the_same_jitter) {
    struct rig twin;
    rig_init(&twin);
    rig_make_joining(&rig);
    rig_make_joining(&twin);
    for (int i = 0; i < 5; i++) {
        rig_answer(&rig, &rig.want, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
        rig_answer(&twin, &twin.want, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
        ck_assert_int_eq(rig_expect_nothing(&rig), rig_expect_nothing(&twin));
        rig_wait(&rig, 2000);
        rig_wait(&twin, 2000);
        rig_expect(&rig, MEMBER_WANTS_JOIN);
        rig_expect(&twin, MEMBER_WANTS_JOIN);
    }
    rig_dispose(&twin);
}

END_TEST

SUITE(member_time) {
    Suite *s = suite_create("group/member, time");
    const TTest *const tests[] = {
        heartbeats_go_out_at_their_interval,
        a_heartbeat_waits_for_no_longer_than_the_session,
        one_heartbeat_is_under_way_at_a_time,
        heartbeats_go_on_while_preparing_for_a_rebalance,
        no_heartbeat_is_sent_while_joining_and_the_session_does_not_end,
        a_leader_sends_heartbeats_while_it_waits_for_metadata,
        partitions_are_lost_when_no_heartbeat_is_answered,
        the_session_ends_without_a_coordinator,
        a_clock_that_jumps_ends_the_session_at_once,
        the_session_ends_for_a_leader_that_waits_for_metadata,
        a_sync_waits_for_the_coordinator_within_the_session,
        a_sync_without_a_coordinator_ends_with_the_session,
        partitions_not_given_up_in_time_are_lost,
        a_join_that_is_cut_off_keeps_the_member_id,
        failed_joins_back_off_ever_longer_up_to_a_bound,
        only_the_first_rejoin_in_a_row_goes_at_once,
        a_success_makes_the_back_off_short_again,
        a_heartbeat_that_is_cut_off_is_sent_again_soon,
        a_look_up_that_fails_is_made_again_after_a_back_off,
        a_coordinator_that_is_gone_is_looked_for_again,
        a_late_failure_of_the_old_coordinator_does_not_harm_the_new_one,
        a_look_up_that_ends_when_nobody_needs_it_is_no_obstacle_later,
        the_same_seed_gives_the_same_jitter,
    };
    rig_add_tests(s, set_up, tear_down, tests, sizeof tests / sizeof tests[0]);
    return s;
}
