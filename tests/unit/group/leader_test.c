// SPDX-License-Identifier: Apache-2.0
// The leader's papers, and lists of topics.
#include "consumer/group/assignor_range.h"
#include "consumer/group/leader.h"
#include "tests/unit/suite.h"

#include <string.h>

static const char *const topics_a[] = { "t", "u" };
static const char *const topics_b[] = { "v", "t", "t" };
static const struct assignor_member members[] = {
    { "m-1", NULL, topics_a, 2 },
    { "m-2", "i-2", topics_b, 3 },
};

START_TEST(a_leader_watches_each_topic_once) {
    struct leader leader = { 0 };
    leader_begin(&leader, members, 2);
    ck_assert(leader.leads);
    ck_assert_uint_eq(leader.watched.count, 3);
    ck_assert_str_eq(leader.watched.names[0], "t");
    ck_assert_str_eq(leader.watched.names[1], "u");
    ck_assert_str_eq(leader.watched.names[2], "v");
    leader_end(&leader);
    ck_assert(!leader.leads);
    ck_assert_uint_eq(leader.watched.count, 0);
}

END_TEST

START_TEST(a_leader_keeps_copies_of_its_members) {
    char id[] = "m-1";
    char topic[] = "t";
    const char *const topics[] = { topic };
    const struct assignor_member member = { id, NULL, topics, 1 };
    struct leader leader = { 0 };
    leader_begin(&leader, &member, 1);
    memset(id, 'x', 3);
    topic[0] = 'x';
    ck_assert_str_eq(leader.members[0].member_id, "m-1");
    ck_assert_ptr_null(leader.members[0].group_instance_id);
    ck_assert_str_eq(leader.members[0].topics[0], "t");
    ck_assert_str_eq(leader.watched.names[0], "t");
    leader_end(&leader);
}

END_TEST

START_TEST(a_leader_assigns_from_the_counts_it_noted) {
    const struct topic_count counts[] = { { "v", 1 }, { "t", 3 }, { "w", 5 } };
    struct leader leader = { 0 };
    leader_begin(&leader, members, 2);
    leader_take_counts(&leader, counts, 3);
    leader_assign(&leader, &assignor_range);
    ck_assert_uint_eq(leader.results[0].count, 1);
    ck_assert(assignment_contains(&leader.results[0], "t", 2));
    ck_assert_uint_eq(leader.results[1].count, 3); // the static member comes first
    ck_assert(assignment_contains(&leader.results[1], "t", 0));
    ck_assert(assignment_contains(&leader.results[1], "t", 1));
    ck_assert(assignment_contains(&leader.results[1], "v", 0));
    leader_end(&leader);
}

END_TEST

START_TEST(a_leader_sees_counts_that_come_go_and_change) {
    const struct topic_count counts[] = { { "t", 3 }, { "u", 1 } };
    const struct topic_count fewer[] = { { "t", 3 } };
    const struct topic_count others[] = { { "t", 3 }, { "u", 1 }, { "v", 2 } };
    const struct topic_count changed[] = { { "u", 2 }, { "t", 3 } };
    struct leader leader = { 0 };
    ck_assert(!leader_sees_change(&leader, counts, 2));
    leader_begin(&leader, members, 2);
    ck_assert(!leader_sees_change(&leader, counts, 2));
    leader_take_counts(&leader, counts, 2);
    ck_assert(!leader_sees_change(&leader, counts, 2));
    ck_assert(leader_sees_change(&leader, fewer, 1));
    ck_assert(leader_sees_change(&leader, others, 3));
    ck_assert(leader_sees_change(&leader, changed, 2));
    leader_end(&leader);
}

END_TEST

START_TEST(a_leader_of_nobody_watches_nothing) {
    struct leader leader = { 0 };
    leader_begin(&leader, NULL, 0);
    leader_take_counts(&leader, NULL, 0);
    leader_assign(&leader, &assignor_range);
    ck_assert(!leader_sees_change(&leader, NULL, 0));
    leader_begin(&leader, members, 2); // forgets the earlier generation
    ck_assert_uint_eq(leader.member_count, 2);
    leader_end(&leader);
}

END_TEST

START_TEST(a_list_of_topics_is_sorted_and_without_repetitions) {
    const char *const names[] = { "b", "a", "c", "a" };
    struct topic_list list = { 0 };
    ck_assert_uint_eq(topic_list_find(&list, "a"), 0);
    topic_list_set(&list, names, 4);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_uint_eq(topic_list_find(&list, "a"), 0);
    ck_assert_uint_eq(topic_list_find(&list, "c"), 2);
    ck_assert_uint_eq(topic_list_find(&list, "d"), 3);
    topic_list_dispose(&list);
}

END_TEST

START_TEST(lists_of_topics_are_equal_whatever_their_order_was) {
    const char *const names[] = { "b", "a" };
    const char *const turned[] = { "a", "b", "b" };
    const char *const others[] = { "a", "c" };
    struct topic_list a = { 0 };
    struct topic_list b = { 0 };
    ck_assert(topic_list_equal(&a, &b));
    topic_list_set(&a, names, 2);
    ck_assert(!topic_list_equal(&a, &b));
    topic_list_set(&b, turned, 3);
    ck_assert(topic_list_equal(&a, &b));
    topic_list_set(&b, others, 2);
    ck_assert(!topic_list_equal(&a, &b));
    topic_list_dispose(&a);
    topic_list_dispose(&b);
}

END_TEST

SUITE(leader) {
    Suite *s = suite_create("group/leader");
    ADD_CASE(
        s,
        "leader",
        a_leader_watches_each_topic_once,
        a_leader_keeps_copies_of_its_members,
        a_leader_assigns_from_the_counts_it_noted,
        a_leader_sees_counts_that_come_go_and_change,
        a_leader_of_nobody_watches_nothing,
        a_list_of_topics_is_sorted_and_without_repetitions,
        lists_of_topics_are_equal_whatever_their_order_was
    );
    return s;
}
