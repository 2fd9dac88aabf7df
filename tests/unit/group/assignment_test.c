// SPDX-License-Identifier: Apache-2.0
// Sets of partitions.
#include "consumer/group/assignment.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(partitions_come_out_sorted_and_once) {
    struct assignment set = { 0 };
    ck_assert(assignment_add(&set, "orders", 3));
    ck_assert(assignment_add(&set, "orders", 1));
    ck_assert(assignment_add(&set, "carts", 7));
    ck_assert(!assignment_add(&set, "orders", 3));
    ck_assert(!assignment_add(&set, "orders", 1));
    ck_assert(!assignment_add(&set, "carts", 7));
    ck_assert_uint_eq(set.count, 3);
    ck_assert_str_eq(set.items[0].topic, "carts");
    ck_assert_int_eq(set.items[1].partition, 1);
    ck_assert_int_eq(set.items[2].partition, 3);
    ck_assert(assignment_contains(&set, "orders", 3));
    ck_assert(!assignment_contains(&set, "orders", 2));
    ck_assert(!assignment_contains(&set, "order", 3));
    ck_assert(!assignment_contains(&set, "zoo", 3));
    assignment_dispose(&set);
    ck_assert(!assignment_contains(&set, "orders", 3));
}

END_TEST

START_TEST(names_are_copied_and_shared_by_neighbours) {
    char name[] = "orders";
    struct assignment set = { 0 };
    assignment_add(&set, name, 1);
    assignment_add(&set, name, 2);
    assignment_add(&set, name, 0);
    memset(name, 'x', 6);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(set.items[i].topic, "orders");
        ck_assert_ptr_eq(set.items[i].topic, set.items[0].topic);
    }
    assignment_dispose(&set);
}

END_TEST

START_TEST(a_list_in_any_order_with_repetitions_becomes_a_set) {
    char name[] = "a";
    const struct topic_partition items[] = { { "b", 1 }, { name, 5 }, { "b", 0 },
                                             { "a", 5 }, { "b", -1 }, { "b", 1 } };
    struct assignment set = { 0 };
    assignment_add(&set, "old", 0);
    assignment_set(&set, items, 6);
    name[0] = 'x';
    ck_assert_uint_eq(set.count, 3);
    ck_assert(assignment_contains(&set, "a", 5));
    ck_assert(assignment_contains(&set, "b", 0));
    ck_assert(assignment_contains(&set, "b", 1));
    ck_assert(!assignment_contains(&set, "b", -1));
    assignment_set(&set, NULL, 0);
    ck_assert_uint_eq(set.count, 0);
    assignment_dispose(&set);
}

END_TEST

START_TEST(sets_are_equal_when_their_partitions_are) {
    struct assignment a = { 0 };
    struct assignment b = { 0 };
    ck_assert(assignment_equal(&a, &b));
    assignment_add(&a, "t", 0);
    ck_assert(!assignment_equal(&a, &b));
    assignment_add(&b, "u", 0);
    ck_assert(!assignment_equal(&a, &b));
    assignment_copy(&b, &a);
    ck_assert(assignment_equal(&a, &b));
    ck_assert_ptr_ne(a.items[0].topic, b.items[0].topic);
    assignment_dispose(&a);
    ck_assert(assignment_contains(&b, "t", 0));
    assignment_dispose(&b);
}

END_TEST

START_TEST(a_difference_is_what_only_the_first_set_has) {
    struct assignment from = { 0 };
    struct assignment without = { 0 };
    struct assignment difference = { 0 };
    for (int i = 0; i < 6; i++)
        assignment_add(&from, "t", i);
    assignment_add(&without, "s", 9);
    assignment_add(&without, "t", 0);
    assignment_add(&without, "t", 3);
    assignment_add(&without, "t", 4);
    assignment_difference(&difference, &from, &without);
    ck_assert_uint_eq(difference.count, 3);
    ck_assert(assignment_contains(&difference, "t", 1));
    ck_assert(assignment_contains(&difference, "t", 2));
    ck_assert(assignment_contains(&difference, "t", 5));
    assignment_difference(&difference, &without, &from);
    ck_assert_uint_eq(difference.count, 1);
    ck_assert_str_eq(difference.items[0].topic, "s");
    assignment_dispose(&from);
    assignment_dispose(&without);
    assignment_dispose(&difference);
}

END_TEST

START_TEST(a_large_set_in_any_order_keeps_every_partition) {
    struct assignment set = { 0 };
    char name[8];
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof name, "t%d", i * 7 % 30);
        ck_assert(assignment_add(&set, name, i * 1009 % 3000));
    }
    ck_assert_uint_eq(set.count, 3000);
    for (size_t i = 1; i < set.count; i++) {
        int order = strcmp(set.items[i - 1].topic, set.items[i].topic);
        ck_assert(order < 0 || (order == 0 && set.items[i - 1].partition < set.items[i].partition));
    }
    assignment_dispose(&set);
}

END_TEST

SUITE(assignment) {
    Suite *s = suite_create("group/assignment");
    ADD_CASE(
        s,
        "assignment",
        partitions_come_out_sorted_and_once,
        names_are_copied_and_shared_by_neighbours,
        a_list_in_any_order_with_repetitions_becomes_a_set,
        sets_are_equal_when_their_partitions_are,
        a_difference_is_what_only_the_first_set_has,
        a_large_set_in_any_order_keeps_every_partition
    );
    return s;
}
