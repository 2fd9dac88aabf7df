// SPDX-License-Identifier: Apache-2.0
// How a member goes: unsubscribed, closed, silent for too long; dynamic and static.
#include "tests/unit/group/member_rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

static void set_up(void) {
    rig_init(&rig);
}

static void tear_down(void) {
    rig_dispose(&rig);
}

/// Makes the rig's member a static one.
static void make_static(void) {
    struct member_config config = rig_config();
    config.group_instance_id = "i-1";
    rig_dispose(&rig);
    rig_init_with(&rig, config);
}

static void close_in(enum member_farewell farewell, int64_t ms) {
    member_close(rig.member, farewell, rig.now_ms + ms, rig.now_ms);
}

/// Expects a REVOKE that is not lost, and obeys.
static void give_up(void) {
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(!rig.want.revoke.lost);
    member_on_revoked(rig.member, rig.now_ms);
}

// pitfall 71: unsubscribe leaves, so that others need not wait for the session to end.
START_TEST(unsubscribing_gives_up_the_partitions_and_leaves) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect_state(&rig, MEMBER_LEAVING);
    ck_assert(!member_has_left(rig.member));
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.member_id, "m-1");
    ck_assert_ptr_null(rig.want.leave.group_instance_id);
    ck_assert_str_eq(rig.want.leave.reason, "the consumer unsubscribed");
    rig_answer(&rig, &rig.want, ERROR_NONE);
    ck_assert(member_has_left(rig.member));
    ck_assert_str_eq(member_describe(rig.member).member_id, "");
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

START_TEST(a_member_that_left_can_come_back) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    rig_subscribe(&rig, "u");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
    ck_assert_int_eq(rig.want.join.generation, -1);
    ck_assert_str_eq(rig.want.join.reason, "");
}

END_TEST

START_TEST(subscribing_while_leaving_joins_after_the_goodbye) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want leave = rig.want;
    rig_subscribe(&rig, "t");
    rig_expect_nothing(&rig);
    rig_answer(&rig, &leave, ERROR_NONE);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
}

END_TEST

START_TEST(subscribing_before_the_partitions_are_given_up_makes_it_a_rebalance) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    rig_subscribe(&rig, "t");
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

START_TEST(closing_gives_up_the_partitions_and_leaves) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(!rig.want.revoke.lost);
    ck_assert_int_eq(rig.want.revoke.deadline_ms, rig.now_ms + 5000);
    ck_assert(member_may_commit(rig.member));
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.reason, "the consumer is being closed");
    rig_answer(&rig, &rig.want, ERROR_NONE);
    ck_assert(member_has_left(rig.member));
    rig_subscribe(&rig, "t");
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

// pitfall 70: a static member does not leave at close.
START_TEST(a_static_member_closes_without_a_word) {
    make_static();
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    give_up();
    ck_assert(member_has_left(rig.member));
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

START_TEST(a_static_member_leaves_when_told_to) {
    make_static();
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_LEAVE, 5000);
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.group_instance_id, "i-1");
    rig_answer(&rig, &rig.want, ERROR_FENCED_INSTANCE_ID); // gone is gone
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(a_dynamic_member_remains_when_told_to) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_REMAIN, 5000);
    give_up();
    ck_assert(member_has_left(rig.member));
}

END_TEST

// pitfall 70
START_TEST(a_static_member_that_unsubscribes_does_not_leave) {
    make_static();
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    ck_assert(member_has_left(rig.member));
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
    ck_assert_str_eq(rig.want.join.group_instance_id, "i-1");
}

END_TEST

START_TEST(a_member_that_never_joined_has_nothing_to_say_goodbye_to) {
    rig_subscribe(&rig, "t");
    rig_find_coordinator(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    ck_assert(member_has_left(rig.member));
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

// pitfall 71, pitfall 98: the goodbye is bounded, however dead the coordinator.
START_TEST(leaving_ends_at_the_deadline) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    give_up();
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    ck_assert_int_eq(rig_expect_nothing(&rig), 5001);
    rig_wait(&rig, 5001);
    rig_expect_nothing(&rig);
    ck_assert(member_has_left(rig.member));
}

END_TEST

// pitfall 98
START_TEST(a_look_up_that_backs_off_does_not_hold_up_the_goodbye) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    give_up();
    member_on_coordinator_lost(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    member_on_coordinator_failed(
        rig.member, STATUS_KAFKA_ERROR, ERROR_GROUP_AUTHORIZATION_FAILED, rig.now_ms
    );
    ck_assert_int_eq(rig_expect_nothing(&rig), 5001);
}

END_TEST

START_TEST(a_distant_deadline_does_not_lengthen_the_rebalance_timeout) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 2LL * RIG_REBALANCE_MS);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert_int_eq(rig.want.revoke.deadline_ms, rig.now_ms + RIG_REBALANCE_MS);
}

END_TEST

// pitfall 98
START_TEST(a_leave_that_is_not_answered_ends_at_the_deadline) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want leave = rig.want;
    ck_assert_int_eq(rig_expect_nothing(&rig), 5001);
    rig_wait(&rig, 5001);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    ck_assert(member_has_left(rig.member));
    rig_answer(&rig, &leave, ERROR_NONE);
    ck_assert(member_has_left(rig.member));
}

END_TEST

// pitfall 98
START_TEST(partitions_not_given_up_before_the_deadline_are_lost_and_the_member_still_leaves) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 1000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    rig_wait(&rig, 1000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    rig_wait(&rig, 1);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_wait(&rig, 1);
    rig_expect_nothing(&rig);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(a_second_close_may_only_shorten_the_deadline) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_REMAIN, 5000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    close_in(MEMBER_FAREWELL_LEAVE, 60000);
    rig_wait(&rig, 1000);
    ck_assert_int_eq(rig_expect_nothing(&rig), 2000); // the next heartbeat
    close_in(MEMBER_FAREWELL_LEAVE, 500);
    ck_assert_int_eq(rig_expect_nothing(&rig), 500);
    member_on_revoked(rig.member, rig.now_ms);
    ck_assert(member_has_left(rig.member)); // the first farewell counts
}

END_TEST

START_TEST(unsubscribing_after_close_changes_nothing) {
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.reason, "the consumer is being closed");
    ck_assert_int_eq(rig_expect_nothing(&rig), 5001);
}

END_TEST

START_TEST(closing_while_unsubscribing_shortens_the_wait) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_REQUEST_MS + 1);
    close_in(MEMBER_FAREWELL_DEFAULT, 100);
    ck_assert_int_eq(rig_expect_nothing(&rig), 101);
}

END_TEST

START_TEST(a_closed_member_that_is_stable_but_for_the_assignment_leaves_at_once) {
    rig_make_syncing(&rig);
    rig_answer_sync(&rig, &rig.want, "t:0");
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
}

END_TEST

START_TEST(closing_while_syncing_leaves_at_once_and_ignores_the_answer) {
    rig_make_syncing(&rig);
    struct member_want sync = rig.want;
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want leave = rig.want;
    rig_answer_sync(&rig, &sync, "t:0");
    rig_expect_state(&rig, MEMBER_LEAVING);
    rig_answer(&rig, &leave, ERROR_NONE);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(closing_while_assigning_leaves_at_once) {
    rig_make_assigning(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    const struct topic_count counts[] = { { "t", 1 } };
    member_on_partition_counts(rig.member, counts, 1, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
}

END_TEST

START_TEST(closing_while_a_rejoin_is_under_way_leaves_at_once) {
    rig_make_preparing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    struct member_want join = rig.want;
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want leave = rig.want;
    rig_answer_join(&rig, &join, 6);
    rig_expect_state(&rig, MEMBER_LEAVING);
    rig_answer(&rig, &leave, ERROR_UNKNOWN_MEMBER_ID);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(closing_during_the_first_join_waits_for_the_member_id_to_leave_with) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    ck_assert_int_eq(rig_expect_nothing(&rig), 5001);
    rig_answer_join(&rig, &join, 5);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.member_id, "m-1");
}

END_TEST

START_TEST(closing_during_the_first_join_waits_no_longer_than_the_deadline) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_wait(&rig, 5001);
    rig_expect_nothing(&rig);
    ck_assert(member_has_left(rig.member));
    rig_answer_join(&rig, &join, 5);
    ck_assert(member_has_left(rig.member));
    ck_assert_str_eq(member_describe(rig.member).member_id, "");
}

END_TEST

START_TEST(closing_during_a_first_join_that_fails_is_the_end) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_fail(&rig, &join, STATUS_DISCONNECTED);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(remaining_does_not_wait_for_a_member_id) {
    rig_make_joining(&rig);
    close_in(MEMBER_FAREWELL_REMAIN, 5000);
    ck_assert(member_has_left(rig.member));
}

END_TEST

// pitfall 66: a Join of before is still under way, so a new one waits for its end.
START_TEST(coming_back_while_an_old_join_is_unanswered_waits_for_it) {
    rig_make_preparing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    struct member_want join = rig.want;
    rig_subscribe(&rig, "");
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    rig_subscribe(&rig, "t");
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_answer_join(&rig, &join, 6); // pitfall 68: of an identity that is no more
    rig_expect_state(&rig, MEMBER_JOINING);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
}

END_TEST

// pitfall 68
START_TEST(a_sync_of_before_does_not_answer_the_new_one) {
    rig_make_syncing(&rig);
    struct member_want old = rig.want;
    rig_subscribe(&rig, "");
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer_join(&rig, &rig.want, 9);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX); // one Sync at a time
    rig_answer_sync(&rig, &old, "t:7");
    rig_expect_state(&rig, MEMBER_SYNCING);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    ck_assert_int_eq(rig.want.sync.generation, 9);
}

END_TEST

// pitfall 68
START_TEST(a_leave_of_before_does_not_answer_the_new_one) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    give_up();
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want old = rig.want;
    rig_wait(&rig, RIG_REQUEST_MS + 1);
    rig_expect_nothing(&rig);
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer_join(&rig, &rig.want, 7);
    rig_subscribe(&rig, "");
    rig_expect_state(&rig, MEMBER_LEAVING);
    rig_answer(&rig, &old, ERROR_NONE);
    rig_expect_state(&rig, MEMBER_LEAVING);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
}

END_TEST

// pitfall 72: partitions are lost, the member leaves; the next poll brings it back.
START_TEST(a_silent_application_loses_its_partitions_until_it_polls) {
    rig_make_stable(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    rig_expect_state(&rig, MEMBER_LOST);
    member_on_revoked(rig.member, rig.now_ms);
    ck_assert(!rig.entered[MEMBER_STABLE][MEMBER_PREPARING]);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    ck_assert_str_eq(rig.want.leave.reason, "no poll within max.poll.interval.ms");
    ck_assert_str_eq(rig.want.leave.member_id, "m-1");
    rig_answer(&rig, &rig.want, ERROR_NONE);
    rig_expect_state(&rig, MEMBER_STALE);
    ck_assert(!member_has_left(rig.member));
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    member_on_poll(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
}

END_TEST

START_TEST(a_poll_before_the_partitions_are_dropped_spares_the_goodbye) {
    rig_make_stable(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_poll(rig.member, rig.now_ms);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

START_TEST(a_poll_during_the_goodbye_brings_the_member_back_after_it) {
    rig_make_stable(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    struct member_want leave = rig.want;
    member_on_poll(rig.member, rig.now_ms);
    rig_expect_nothing(&rig);
    rig_answer(&rig, &leave, ERROR_NONE);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 72, with KIP-345: a static member goes silent and lets its session end.
START_TEST(a_static_member_whose_application_is_silent_goes_without_a_word) {
    make_static();
    rig_make_stable(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect_state(&rig, MEMBER_STALE);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

START_TEST(a_silent_application_interrupts_giving_up) {
    rig_make_preparing(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
}

END_TEST

START_TEST(a_silent_application_stops_a_join_a_sync_and_an_assignment) {
    void (*const makers[])(struct rig *) = { rig_make_syncing, rig_make_assigning };
    for (size_t i = 0; i < 2; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        makers[i](&rig);
        member_on_poll_interval_exceeded(rig.member, rig.now_ms);
        rig_expect(&rig, MEMBER_WANTS_LEAVE);
    }
    make_static();
    void (*const static_makers[])(struct rig *) = { rig_make_syncing, rig_make_assigning };
    for (size_t i = 0; i < 2; i++) {
        make_static();
        static_makers[i](&rig);
        member_on_poll_interval_exceeded(rig.member, rig.now_ms);
        rig_expect_state(&rig, MEMBER_STALE);
    }
    make_static();
    rig_subscribe(&rig, "t");
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect_state(&rig, MEMBER_STALE);
}

END_TEST

START_TEST(a_stale_member_that_is_unsubscribed_or_closed_has_left) {
    for (int i = 0; i < 2; i++) {
        make_static();
        rig_make_stable(&rig);
        member_on_poll_interval_exceeded(rig.member, rig.now_ms);
        rig_expect(&rig, MEMBER_WANTS_REVOKE);
        member_on_revoked(rig.member, rig.now_ms);
        rig_expect_state(&rig, MEMBER_STALE);
        if (i == 0) rig_subscribe(&rig, "");
        if (i == 1) close_in(MEMBER_FAREWELL_DEFAULT, 5000);
        ck_assert(member_has_left(rig.member));
    }
}

END_TEST

START_TEST(a_static_member_that_unsubscribes_while_syncing_or_assigning_has_left) {
    void (*const makers[])(struct rig *) = { rig_make_syncing, rig_make_assigning };
    for (size_t i = 0; i < 2; i++) {
        make_static();
        makers[i](&rig);
        rig_subscribe(&rig, "");
        ck_assert(member_has_left(rig.member));
    }
}

END_TEST

START_TEST(silence_does_not_concern_who_is_not_subscribed_or_closing) {
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect_state(&rig, MEMBER_UNJOINED);
    rig_make_stable(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect_state(&rig, MEMBER_PREPARING);
}

END_TEST

START_TEST(closing_a_member_whose_application_is_silent_is_closing) {
    rig_make_stable(&rig);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(a_fatal_member_that_is_closed_says_no_goodbye) {
    rig_make_fatal(&rig);
    close_in(MEMBER_FAREWELL_DEFAULT, 5000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    member_on_revoked(rig.member, rig.now_ms);
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(a_fatal_member_that_is_unsubscribed_has_left_without_its_error) {
    rig_make_fatal(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_subscribe(&rig, "");
    ck_assert(member_has_left(rig.member));
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
}

END_TEST

SUITE(member_leave) {
    Suite *s = suite_create("group/member, leaving");
    const TTest *const tests[] = {
        unsubscribing_gives_up_the_partitions_and_leaves,
        a_member_that_left_can_come_back,
        subscribing_while_leaving_joins_after_the_goodbye,
        subscribing_before_the_partitions_are_given_up_makes_it_a_rebalance,
        closing_gives_up_the_partitions_and_leaves,
        a_static_member_closes_without_a_word,
        a_static_member_leaves_when_told_to,
        a_dynamic_member_remains_when_told_to,
        a_static_member_that_unsubscribes_does_not_leave,
        a_member_that_never_joined_has_nothing_to_say_goodbye_to,
        leaving_ends_at_the_deadline,
        a_look_up_that_backs_off_does_not_hold_up_the_goodbye,
        a_distant_deadline_does_not_lengthen_the_rebalance_timeout,
        a_leave_that_is_not_answered_ends_at_the_deadline,
        partitions_not_given_up_before_the_deadline_are_lost_and_the_member_still_leaves,
        a_second_close_may_only_shorten_the_deadline,
        unsubscribing_after_close_changes_nothing,
        closing_while_unsubscribing_shortens_the_wait,
        a_closed_member_that_is_stable_but_for_the_assignment_leaves_at_once,
        closing_while_syncing_leaves_at_once_and_ignores_the_answer,
        closing_while_assigning_leaves_at_once,
        closing_while_a_rejoin_is_under_way_leaves_at_once,
        closing_during_the_first_join_waits_for_the_member_id_to_leave_with,
        closing_during_the_first_join_waits_no_longer_than_the_deadline,
        closing_during_a_first_join_that_fails_is_the_end,
        remaining_does_not_wait_for_a_member_id,
        coming_back_while_an_old_join_is_unanswered_waits_for_it,
        a_sync_of_before_does_not_answer_the_new_one,
        a_leave_of_before_does_not_answer_the_new_one,
        a_silent_application_loses_its_partitions_until_it_polls,
        a_poll_before_the_partitions_are_dropped_spares_the_goodbye,
        a_poll_during_the_goodbye_brings_the_member_back_after_it,
        a_static_member_whose_application_is_silent_goes_without_a_word,
        a_silent_application_interrupts_giving_up,
        a_silent_application_stops_a_join_a_sync_and_an_assignment,
        a_stale_member_that_is_unsubscribed_or_closed_has_left,
        a_static_member_that_unsubscribes_while_syncing_or_assigning_has_left,
        silence_does_not_concern_who_is_not_subscribed_or_closing,
        closing_a_member_whose_application_is_silent_is_closing,
        a_fatal_member_that_is_closed_says_no_goodbye,
        a_fatal_member_that_is_unsubscribed_has_left_without_its_error,
    };
    rig_add_tests(s, set_up, tear_down, tests, sizeof tests / sizeof tests[0]);
    return s;
}
