// SPDX-License-Identifier: Apache-2.0
// A member's ordinary life: joining, leading, rebalances, subscriptions, by virtual time.
#include "tests/unit/group/member_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct rig rig;

static void set_up(void) {
    rig_init(&rig);
}

static void tear_down(void) {
    rig_dispose(&rig);
}

START_TEST(a_member_without_a_subscription_wants_nothing) {
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_expect_state(&rig, MEMBER_UNJOINED);
    ck_assert(member_has_left(rig.member));
    struct member_description is = member_describe(rig.member);
    ck_assert_str_eq(is.member_id, "");
    ck_assert_str_eq(is.protocol, "classic");
    ck_assert_int_eq(is.generation, -1);
    ck_assert_int_eq(is.heartbeat_answered_at_ms, -1);
    ck_assert_ptr_null(is.assignor);
}

END_TEST

START_TEST(a_member_joins_as_soon_as_it_is_subscribed) {
    rig_subscribe(&rig, "u,t,u");
    rig_expect_state(&rig, MEMBER_JOINING);
    rig_find_coordinator(&rig);
    struct member_want *want = rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_uint_ne(want->request_id, 0);
    ck_assert_str_eq(want->join.member_id, "");
    ck_assert_ptr_null(want->join.group_instance_id);
    ck_assert_int_eq(want->join.session_timeout_ms, RIG_SESSION_MS);
    ck_assert_int_eq(want->join.rebalance_timeout_ms, RIG_REBALANCE_MS);
    ck_assert_uint_eq(want->join.protocol_count, 2);
    ck_assert_str_eq(want->join.protocols[0], "range");
    ck_assert_str_eq(want->join.protocols[1], "roundrobin");
    ck_assert_uint_eq(want->join.topic_count, 2);
    ck_assert_str_eq(want->join.topics[0], "t");
    ck_assert_str_eq(want->join.topics[1], "u");
    ck_assert_uint_eq(want->join.owned->count, 0);
    ck_assert_str_eq(want->join.reason, "");
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

// pitfall 66: Join waits as long as the broker may, in 64 bits.
START_TEST(a_join_is_given_five_seconds_more_than_the_rebalance_timeout) {
    rig_make_joining(&rig);
    ck_assert_int_eq(rig.want.timeout_ms, RIG_REBALANCE_MS + 5000);
    rig_dispose(&rig);
    struct member_config config = rig_config();
    config.rebalance_timeout_ms = INT32_MAX;
    rig_init_with(&rig, config);
    rig_make_joining(&rig);
    ck_assert_int_eq(rig.want.timeout_ms, (int64_t)INT32_MAX + 5000);
    rig_dispose(&rig);
    config.rebalance_timeout_ms = 6000;
    rig_init_with(&rig, config);
    rig_make_joining(&rig);
    ck_assert_int_eq(rig.want.timeout_ms, RIG_REQUEST_MS);
}

END_TEST

START_TEST(a_member_id_is_adopted_when_the_broker_requires_one) {
    rig_subscribe(&rig, "t");
    rig_find_coordinator(&rig);
    member_request_rejoin(rig.member, "a reason", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    struct member_response response = { .error_code = ERROR_MEMBER_ID_REQUIRED,
                                        .join.member_id = "m-1" };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
    ck_assert_str_eq(rig.want.join.reason, "a reason");
    ck_assert_int_eq(member_describe(rig.member).failed_rebalance_count, 0);
}

END_TEST

START_TEST(a_required_member_id_that_is_none_is_not_adopted) {
    rig_make_joining(&rig);
    struct member_response response = { .error_code = ERROR_MEMBER_ID_REQUIRED };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    ck_assert_int_ge(rig_expect_nothing(&rig), 8000);
    ck_assert_int_eq(member_describe(rig.member).error.kafka_error, ERROR_MEMBER_ID_REQUIRED);
    response.join.member_id = "";
    rig_wait(&rig, 12000);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    ck_assert_int_ge(rig_expect_nothing(&rig), 8000);
}

END_TEST

START_TEST(a_follower_asks_for_its_assignment_and_takes_it) {
    rig_make_syncing(&rig);
    ck_assert_int_eq(rig.want.sync.generation, 5);
    ck_assert_str_eq(rig.want.sync.member_id, "m-1");
    ck_assert_str_eq(rig.want.sync.protocol_type, "consumer");
    ck_assert_str_eq(rig.want.sync.protocol_name, "range");
    ck_assert_uint_eq(rig.want.sync.assignment_count, 0);
    ck_assert_int_eq(rig.want.timeout_ms, RIG_REQUEST_MS);
    struct member_want sync = rig.want;
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    ck_assert(!member_is_stable(rig.member));
    rig_answer_sync(&rig, &sync, "t:1 t:0");
    ck_assert(!member_is_stable(rig.member));
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    ck_assert_uint_eq(rig.want.assign.partitions->count, 2);
    ck_assert(assignment_equal(rig.want.assign.partitions, rig.want.assign.added));
    ck_assert(assignment_contains(rig.want.assign.partitions, "t", 1));
    ck_assert(member_is_stable(rig.member));
    struct member_description is = member_describe(rig.member);
    ck_assert_str_eq(is.assignor, "range");
    ck_assert(!is.leader);
    ck_assert(is.coordinator_known);
    ck_assert_int_eq(is.rebalance_count, 1);
    ck_assert_uint_eq(is.held->count, 2);
    ck_assert_int_eq(is.heartbeat_answered_at_ms, rig.now_ms);
}

END_TEST

START_TEST(an_empty_assignment_is_an_assignment) {
    rig_make_syncing(&rig);
    rig_answer_sync(&rig, &rig.want, "");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    ck_assert_uint_eq(rig.want.assign.partitions->count, 0);
    ck_assert(member_is_stable(rig.member));
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 78: the leader asks for, and then watches, the topics of all members.
START_TEST(a_leader_shares_out_the_topics_of_all_members) {
    rig_make_assigning(&rig);
    rig_expect_state(&rig, MEMBER_ASSIGNING);
    ck_assert_uint_eq(rig.want.metadata.topic_count, 2);
    ck_assert_str_eq(rig.want.metadata.topics[0], "t");
    ck_assert_str_eq(rig.want.metadata.topics[1], "u");
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_HEARTBEAT_MS);
    const struct topic_count counts[] = { { "x", 9 }, { "u", 1 }, { "t", 3 } };
    member_on_partition_counts(rig.member, counts, 3, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    ck_assert_uint_eq(rig.want.sync.assignment_count, 2);
    const struct member_sync_assignment *shares = rig.want.sync.assignments;
    ck_assert_str_eq(shares[0].member_id, "m-1");
    ck_assert_uint_eq(shares[0].partitions->count, 2);
    ck_assert(assignment_contains(shares[0].partitions, "t", 1));
    ck_assert_str_eq(shares[1].member_id, "m-2");
    ck_assert(assignment_contains(shares[1].partitions, "t", 2));
    ck_assert(assignment_contains(shares[1].partitions, "u", 0));
    size_t count;
    const char *const *watched = member_watched_topics(rig.member, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(watched[1], "u");
    ck_assert(member_describe(rig.member).leader);
}

END_TEST

START_TEST(partition_counts_before_they_are_asked_for_are_not_used) {
    rig_make_joining(&rig);
    rig_answer_join_as_leader(&rig, &rig.want, 5);
    const struct topic_count counts[] = { { "t", 3 } };
    member_on_partition_counts(rig.member, counts, 1, rig.now_ms);
    rig_expect_state(&rig, MEMBER_ASSIGNING);
    rig_expect(&rig, MEMBER_WANTS_METADATA);
}

END_TEST

/// Makes the member a stable leader with 3 partitions of t and 1 of u.
static void make_stable_leader(void) {
    const struct topic_count counts[] = { { "t", 3 }, { "u", 1 } };
    rig_make_assigning(&rig);
    member_on_partition_counts(rig.member, counts, 2, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0 t:1");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
}

// pitfall 78
START_TEST(a_leader_rebalances_when_a_partition_count_changes) {
    make_stable_leader();
    const struct topic_count same[] = { { "u", 1 }, { "t", 3 }, { "v", 8 } };
    member_on_partition_counts(rig.member, same, 3, rig.now_ms);
    rig_expect_nothing(&rig);
    const struct topic_count more[] = { { "u", 2 }, { "t", 3 } };
    member_on_partition_counts(rig.member, more, 2, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_partition_counts(rig.member, more, 2, rig.now_ms);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.reason, "partition counts have changed");
}

END_TEST

START_TEST(a_leader_rebalances_when_a_topic_is_gone) {
    make_stable_leader();
    const struct topic_count gone[] = { { "t", 3 } };
    member_on_partition_counts(rig.member, gone, 1, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
}

END_TEST

// pitfall 78: a change in the middle of the rebalance is not forgotten.
START_TEST(a_count_that_changes_while_syncing_makes_another_rebalance) {
    const struct topic_count counts[] = { { "t", 3 }, { "u", 1 } };
    const struct topic_count more[] = { { "t", 4 }, { "u", 1 } };
    rig_make_assigning(&rig);
    member_on_partition_counts(rig.member, counts, 2, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    struct member_want sync = rig.want;
    member_on_partition_counts(rig.member, more, 2, rig.now_ms);
    rig_answer_sync(&rig, &sync, "t:0 t:1");
    rig_expect(&rig, MEMBER_WANTS_JOIN); // nothing was handed out, so nothing is revoked
    ck_assert_str_eq(rig.want.join.reason, "partition counts have changed");
}

END_TEST

START_TEST(a_follower_does_not_mind_partition_counts) {
    rig_make_stable(&rig);
    const struct topic_count counts[] = { { "t", 7 } };
    member_on_partition_counts(rig.member, counts, 1, rig.now_ms);
    rig_expect_nothing(&rig);
    size_t count = 1;
    ck_assert_ptr_null(member_watched_topics(rig.member, &count));
    ck_assert_uint_eq(count, 0);
}

END_TEST

START_TEST(a_leader_that_follows_later_watches_no_more) {
    make_stable_leader();
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert(member_describe(rig.member).leader);
    rig_answer_join(&rig, &rig.want, 6);
    ck_assert(!member_describe(rig.member).leader);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    ck_assert_uint_eq(rig.want.sync.assignment_count, 0);
}

END_TEST

// pitfall 70 (KIP-814): a static leader that comes back computes nothing, but watches metadata.
START_TEST(a_leader_told_to_skip_the_assignment_still_watches_metadata) {
    struct member_config config = rig_config();
    config.group_instance_id = "i-1";
    rig_dispose(&rig);
    rig_init_with(&rig, config);
    rig_make_joining(&rig);
    ck_assert_str_eq(rig.want.join.group_instance_id, "i-1");
    const char *const topics[] = { "t" };
    const struct assignor_member members[] = { { "m-1", "i-1", topics, 1 } };
    struct member_response response = { .join = {
                                            .generation = 5,
                                            .protocol_name = "roundrobin",
                                            .leader = "m-1",
                                            .member_id = "m-1",
                                            .skip_assignment = true,
                                            .members = members,
                                            .member_count = 1,
                                        } };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_METADATA);
    const struct topic_count counts[] = { { "t", 3 } };
    member_on_partition_counts(rig.member, counts, 1, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    ck_assert_uint_eq(rig.want.sync.assignment_count, 0);
    ck_assert_str_eq(rig.want.sync.protocol_name, "roundrobin");
    response = (struct member_response){ .sync.protocol_name = "roundrobin" };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    const struct topic_count more[] = { { "t", 4 } };
    member_on_partition_counts(rig.member, more, 1, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
}

END_TEST

START_TEST(an_eager_member_revokes_everything_before_it_joins_again) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_answer(&rig, &rig.want, ERROR_REBALANCE_IN_PROGRESS);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    rig_expect_state(&rig, MEMBER_PREPARING);
    ck_assert(!rig.want.revoke.lost);
    ck_assert_int_eq(rig.want.revoke.deadline_ms, rig.now_ms + RIG_REBALANCE_MS);
    ck_assert_uint_eq(rig.want.revoke.partitions->count, 2);
    rig_expect_nothing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
    ck_assert_int_eq(rig.want.join.generation, 5);
    ck_assert_uint_eq(rig.want.join.owned->count, 0);
    ck_assert_str_eq(rig.want.join.reason, "the group is rebalancing");
    rig_answer_join(&rig, &rig.want, 6);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:1");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    ck_assert_uint_eq(rig.want.assign.added->count, 1);
    struct member_description is = member_describe(rig.member);
    ck_assert_int_eq(is.rebalance_count, 2);
    ck_assert_str_eq(is.rebalance_reason, "the group is rebalancing");
}

END_TEST

START_TEST(an_assignment_not_taken_over_yet_is_not_revoked) {
    rig_make_syncing(&rig);
    rig_answer_sync(&rig, &rig.want, "t:0");
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 4: no commit between JoinGroup and SyncGroup; a Join waits for commits under way, since
// the engine says `revoked` only after them.
START_TEST(commits_are_possible_only_while_the_assignment_is_held) {
    ck_assert(!member_may_commit(rig.member));
    rig_make_syncing(&rig);
    ck_assert(!member_may_commit(rig.member));
    rig_answer_sync(&rig, &rig.want, "t:0");
    ck_assert(!member_may_commit(rig.member));
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    ck_assert(member_may_commit(rig.member));
    struct member_identity identity = member_identity(rig.member);
    ck_assert_int_eq(identity.generation, 5);
    ck_assert_str_eq(identity.member_id, "m-1");
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(member_may_commit(rig.member));
    rig_wait(&rig, 1000);
    rig_expect_nothing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    ck_assert(!member_may_commit(rig.member));
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 69: an instance id goes with a member id only.
START_TEST(an_identity_without_a_member_id_has_no_instance_id) {
    struct member_config config = rig_config();
    config.group_instance_id = "i-1";
    rig_dispose(&rig);
    rig_init_with(&rig, config);
    ck_assert_ptr_null(member_identity(rig.member).group_instance_id);
    rig_make_stable(&rig);
    ck_assert_str_eq(member_identity(rig.member).group_instance_id, "i-1");
    ck_assert_str_eq(member_describe(rig.member).group_instance_id, "i-1");
}

END_TEST

START_TEST(a_changed_subscription_makes_a_stable_member_join_again) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "t,u");
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_uint_eq(rig.want.join.topic_count, 2);
    ck_assert_str_eq(rig.want.join.reason, "the subscription has changed");
}

END_TEST

START_TEST(the_same_subscription_again_changes_nothing) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "t");
    rig_expect_nothing(&rig);
    rig_expect_state(&rig, MEMBER_STABLE);
}

END_TEST

// pitfall 73: the round is finished, its assignment ignored.
START_TEST(a_subscription_changed_while_joining_makes_the_assignment_void) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    rig_subscribe(&rig, "u");
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_answer_join(&rig, &join, 5);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0 t:1");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.topics[0], "u");
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
    ck_assert_int_eq(rig.want.join.generation, 5);
    ck_assert_int_eq(member_describe(rig.member).rebalance_count, 0);
}

END_TEST

// pitfall 73
START_TEST(partitions_of_topics_not_subscribed_to_are_ignored) {
    rig_make_syncing(&rig);
    rig_answer_sync(&rig, &rig.want, "t:0 u:0 t:1");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    ck_assert_uint_eq(rig.want.assign.partitions->count, 2);
    ck_assert(!assignment_contains(rig.want.assign.partitions, "u", 0));
    rig_wait(&rig, RIG_HEARTBEAT_MS); // it joins again, but not at once and for ever
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    rig_wait(&rig, 9000);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.reason, "the assignment does not match the subscription");
}

END_TEST

START_TEST(an_urgent_rejoin_does_not_wait_for_a_delayed_one) {
    rig_make_syncing(&rig);
    rig_answer_sync(&rig, &rig.want, "t:0 u:0");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    rig_expect_nothing(&rig);
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
}

END_TEST

START_TEST(a_rejoin_asked_for_during_a_rebalance_makes_another) {
    rig_make_joining(&rig);
    struct member_want join = rig.want;
    member_request_rejoin(rig.member, "first", rig.now_ms);
    member_request_rejoin(rig.member, "second", rig.now_ms);
    rig_expect_nothing(&rig);
    rig_answer_join(&rig, &join, 5);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0");
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.reason, "first");
    rig_answer_join(&rig, &rig.want, 6);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0");
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
    rig_expect_nothing(&rig);
}

END_TEST

START_TEST(a_rejoin_is_not_for_members_that_are_not_wanted) {
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    rig_make_fatal(&rig);
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
}

END_TEST

// pitfall 84: at most 255 bytes, and no character cut in half.
START_TEST(a_long_reason_is_cut_at_a_character) {
    char reason[400];
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    memcpy(reason + 253, "\xe2\x82\xac", 3);
    rig_make_stable(&rig);
    member_request_rejoin(rig.member, reason, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_uint_eq(strlen(rig.want.join.reason), 253);
    ck_assert(strncmp(rig.want.join.reason, reason, 253) == 0);
    memset(reason, '\x80', sizeof reason - 1);
    rig_answer(&rig, &rig.want, ERROR_REBALANCE_IN_PROGRESS);
    member_request_rejoin(rig.member, reason, rig.now_ms);
    rig_wait(&rig, 2000);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.reason, "");
}

END_TEST

START_TEST(a_reason_of_just_255_bytes_is_whole) {
    char reason[256];
    memset(reason, 'x', 255);
    reason[255] = '\0';
    rig_subscribe(&rig, "t");
    member_request_rejoin(rig.member, reason, rig.now_ms);
    rig_find_coordinator(&rig);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.reason, reason);
}

END_TEST

START_TEST(answers_that_nobody_waits_for_change_nothing) {
    rig_make_stable(&rig);
    struct member_want nobody = { .request_id = 0 };
    rig_answer(&rig, &nobody, ERROR_UNKNOWN_MEMBER_ID);
    nobody.request_id = 999;
    rig_answer(&rig, &nobody, ERROR_UNKNOWN_MEMBER_ID);
    rig_fail(&rig, &nobody, STATUS_DISCONNECTED);
    rig_answer_join(&rig, &nobody, 9);
    member_on_revoked(rig.member, rig.now_ms);
    member_on_coordinator_failed(rig.member, STATUS_TIMED_OUT, 0, rig.now_ms);
    member_on_poll(rig.member, rig.now_ms);
    rig_expect_state(&rig, MEMBER_STABLE);
    ck_assert(member_is_stable(rig.member));
    ck_assert_int_eq(member_identity(rig.member).generation, 5);
    ck_assert_int_eq(rig_expect_nothing(&rig), RIG_HEARTBEAT_MS);
}

END_TEST

START_TEST(request_ids_are_never_zero) {
    rig_make_stable(&rig);
    uint32_t last = 0;
    for (int i = 0; i < 5; i++) {
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        ck_assert_uint_gt(rig.want.request_id, last);
        last = rig.want.request_id;
        rig_answer(&rig, &rig.want, ERROR_NONE);
    }
}

END_TEST

START_TEST(a_member_can_be_freed_in_any_state) {
    void (*const makers[])(struct rig *) = { rig_make_joining,   rig_make_syncing,
                                             rig_make_assigning, rig_make_stable,
                                             rig_make_preparing, rig_make_fatal };
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        makers[i](&rig);
    }
    member_free(NULL);
}

END_TEST

START_TEST(every_state_has_a_name_and_a_way_out) {
    for (int from = 0; from < MEMBER_STATE_COUNT; from++) {
        ck_assert_uint_gt(strlen(member_state_name((enum member_state)from)), 3);
        int ways = 0;
        for (int to = 0; to < MEMBER_STATE_COUNT; to++)
            ways += member_state_may_follow((enum member_state)from, (enum member_state)to);
        ck_assert_int_gt(ways, 0);
        ck_assert(!member_state_may_follow((enum member_state)from, (enum member_state)from));
    }
    ck_assert(!member_state_may_follow(MEMBER_STABLE, MEMBER_JOINING));
    ck_assert(!member_state_may_follow(MEMBER_UNJOINED, MEMBER_STABLE));
}

END_TEST

SUITE(member) {
    Suite *s = suite_create("group/member");
    const TTest *const tests[] = {
        a_member_without_a_subscription_wants_nothing,
        a_member_joins_as_soon_as_it_is_subscribed,
        a_join_is_given_five_seconds_more_than_the_rebalance_timeout,
        a_member_id_is_adopted_when_the_broker_requires_one,
        a_required_member_id_that_is_none_is_not_adopted,
        a_follower_asks_for_its_assignment_and_takes_it,
        an_empty_assignment_is_an_assignment,
        a_leader_shares_out_the_topics_of_all_members,
        partition_counts_before_they_are_asked_for_are_not_used,
        a_leader_rebalances_when_a_partition_count_changes,
        a_leader_rebalances_when_a_topic_is_gone,
        a_count_that_changes_while_syncing_makes_another_rebalance,
        a_follower_does_not_mind_partition_counts,
        a_leader_that_follows_later_watches_no_more,
        a_leader_told_to_skip_the_assignment_still_watches_metadata,
        an_eager_member_revokes_everything_before_it_joins_again,
        an_assignment_not_taken_over_yet_is_not_revoked,
        commits_are_possible_only_while_the_assignment_is_held,
        an_identity_without_a_member_id_has_no_instance_id,
        a_changed_subscription_makes_a_stable_member_join_again,
        the_same_subscription_again_changes_nothing,
        a_subscription_changed_while_joining_makes_the_assignment_void,
        partitions_of_topics_not_subscribed_to_are_ignored,
        an_urgent_rejoin_does_not_wait_for_a_delayed_one,
        a_rejoin_asked_for_during_a_rebalance_makes_another,
        a_rejoin_is_not_for_members_that_are_not_wanted,
        a_long_reason_is_cut_at_a_character,
        a_reason_of_just_255_bytes_is_whole,
        answers_that_nobody_waits_for_change_nothing,
        request_ids_are_never_zero,
        a_member_can_be_freed_in_any_state,
        every_state_has_a_name_and_a_way_out,
    };
    rig_add_tests(s, set_up, tear_down, tests, sizeof tests / sizeof tests[0]);
    return s;
}
