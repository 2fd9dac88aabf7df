// SPDX-License-Identifier: Apache-2.0
// Grouping partitions by topic.
#include "consumer/base/random.h"
#include "consumer/cluster/topic_groups.h"
#include "tests/unit/suite.h"

#include <stdbool.h>
#include <string.h>

static struct arena arena;

static void tear_down(void) {
    arena_dispose(&arena);
}

START_TEST(topics_come_in_order_of_appearance_and_items_in_their_own) {
    static const char *const topics[] = { "b", "a", "b", "c", "a", "b" };
    static const char *const names[] = { "b", "a", "c" };
    static const size_t starts[] = { 0, 3, 5, 6 };
    static const size_t order[] = { 0, 2, 5, 1, 4, 3 };

    struct topic_groups groups = topic_groups_make(&arena, topics, 6);
    ck_assert_uint_eq(groups.count, 3);
    for (size_t g = 0; g < 3; g++)
        ck_assert_str_eq(groups.topics[g], names[g]);
    ck_assert_mem_eq(groups.starts, starts, sizeof starts);
    ck_assert_mem_eq(groups.order, order, sizeof order);
}

END_TEST

START_TEST(no_items_are_no_groups) {
    struct topic_groups groups = topic_groups_make(&arena, NULL, 0);
    ck_assert_uint_eq(groups.count, 0);
    ck_assert_uint_eq(groups.starts[0], 0);
}

END_TEST

START_TEST(equal_names_are_one_topic_wherever_they_are_stored) {
    enum { ITEMS = 300, NAMES = 17 };

    static char names[NAMES][2][8];
    const char *topics[ITEMS];
    struct random random;
    random_init(&random, 5);
    for (int n = 0; n < NAMES; n++) {
        for (int twin = 0; twin < 2; twin++)
            memcpy(names[n][twin], (char[]){ 't', (char)('a' + n), '\0' }, 3);
    }
    for (int i = 0; i < ITEMS; i++)
        topics[i] = names[random_below(&random, NAMES)][random_below(&random, 2)];
    struct topic_groups groups = topic_groups_make(&arena, topics, ITEMS);
    ck_assert_uint_le(groups.count, NAMES);
    ck_assert_uint_eq(groups.starts[0], 0);
    ck_assert_uint_eq(groups.starts[groups.count], ITEMS);
    bool seen[ITEMS] = { false };
    for (size_t g = 0; g < groups.count; g++) {
        for (size_t i = groups.starts[g]; i < groups.starts[g + 1]; i++) {
            ck_assert_str_eq(topics[groups.order[i]], groups.topics[g]);
            ck_assert(i == groups.starts[g] || groups.order[i - 1] < groups.order[i]);
            ck_assert(!seen[groups.order[i]]);
            seen[groups.order[i]] = true;
        }
        for (size_t other = 0; other < g; other++)
            ck_assert_str_ne(groups.topics[other], groups.topics[g]);
    }
}

END_TEST

SUITE(topic_groups) {
    Suite *s = suite_create("cluster/topic_groups");
    TCase *cases = tcase_create("topic_groups");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_add_test(cases, topics_come_in_order_of_appearance_and_items_in_their_own);
    tcase_add_test(cases, no_items_are_no_groups);
    tcase_add_test(cases, equal_names_are_one_topic_wherever_they_are_stored);
    suite_add_tcase(s, cases);
    return s;
}
