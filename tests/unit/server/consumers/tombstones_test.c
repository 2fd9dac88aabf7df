// SPDX-License-Identifier: Apache-2.0
// What is remembered of consumers that expired.
#include "server/consumers/tombstones.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static struct tombstones tombstones;

static void add(int number) {
    char name[20];
    (void)snprintf(name, sizeof name, "c%d", number);
    tombstones_add(&tombstones, name, number % 2 ? "group" : NULL);
}

START_TEST(the_oldest_is_forgotten_first) {
    for (int i = 0; i < MOST_TOMBSTONES + 2; i++)
        add(i);
    ck_assert_uint_eq(tombstones.count, MOST_TOMBSTONES);
    ck_assert(!tombstones_have(&tombstones, "c0"));
    ck_assert(!tombstones_have(&tombstones, "c1"));
    ck_assert(tombstones_have(&tombstones, "c2"));
    ck_assert(tombstones_have(&tombstones, "c65"));
    tombstones_dispose(&tombstones);
    ck_assert_uint_eq(tombstones.count, 0);
}

END_TEST

START_TEST(a_name_that_is_used_again_is_forgotten) {
    for (int i = 0; i < 3; i++)
        add(i);
    tombstones_remove(&tombstones, "c1");
    tombstones_remove(&tombstones, "nobody");
    ck_assert_uint_eq(tombstones.count, 2);
    ck_assert_str_eq(tombstones.items[1].name, "c2");
    ck_assert_ptr_null(tombstones.items[0].group_id);
    tombstones_dispose(&tombstones);
}

END_TEST

SUITE(tombstones) {
    Suite *s = suite_create("server/consumers/tombstones");
    ADD_CASE(
        s, "tombstones", the_oldest_is_forgotten_first, a_name_that_is_used_again_is_forgotten
    );
    return s;
}
