// SPDX-License-Identifier: Apache-2.0
// The seeded generator and the back-off that is made with it.
#include "consumer/base/random.h"
#include "tests/unit/suite.h"

START_TEST(the_same_seed_gives_the_same_numbers) {
    struct random a;
    struct random b;
    struct random c;
    random_init(&a, 42);
    random_init(&b, 42);
    random_init(&c, 43);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = random_below(&a, 1000000);
        ck_assert_uint_eq(number, random_below(&b, 1000000));
        same += number == random_below(&c, 1000000);
    }
    ck_assert_int_lt(same, 10);
}

END_TEST

START_TEST(numbers_stay_below_their_bound_and_reach_all_below_it) {
    struct random random;
    random_init(&random, 1);
    int counts[7] = { 0 };
    for (int i = 0; i < 7000; i++)
        counts[random_below(&random, 7)]++;
    for (int i = 0; i < 7; i++) {
        ck_assert_int_gt(counts[i], 800);
        ck_assert_int_lt(counts[i], 1200);
    }
    ck_assert_uint_eq(random_below(&random, 0), 0);
    ck_assert_uint_eq(random_below(&random, 1), 0);
}

END_TEST

START_TEST(a_back_off_doubles_up_to_its_bound_with_a_fifth_of_jitter) {
    static const struct {
        int64_t base_ms;
        int64_t max_ms;
        int failures;
        int64_t expected_ms;
    } cases[] = {
        { 100, 1000, 0, 0 },
        { 100, 1000, 1, 100 },
        { 100, 1000, 2, 200 },
        { 100, 1000, 4, 800 },
        { 100, 1000, 5, 1000 },
        { 100, 1000, 1000000, 1000 },
        { 5000, 1000, 1, 1000 },
        { 1, 2147483647, 2000000000, 2147483647 },
        { 2147483647, 2147483647, 2, 2147483647 },
        { 0, 1000, 9, 0 },
        { 0, 0, 1, 0 },
    };

    struct random random;
    random_init(&random, 9);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t least_ms = INT64_MAX;
        int64_t most_ms = 0;
        for (int round = 0; round < 500; round++) {
            int64_t wait_ms =
                random_backoff_ms(&random, cases[i].base_ms, cases[i].max_ms, cases[i].failures);
            if (wait_ms < least_ms) least_ms = wait_ms;
            if (wait_ms > most_ms) most_ms = wait_ms;
        }
        int64_t fifth_ms = cases[i].expected_ms / 5;
        ck_assert_int_ge(least_ms, cases[i].expected_ms - fifth_ms);
        ck_assert_int_le(most_ms, cases[i].expected_ms + fifth_ms);
        if (fifth_ms == 0) continue;
        // It really spreads.
        ck_assert_int_lt(least_ms, cases[i].expected_ms - fifth_ms * 8 / 10);
        ck_assert_int_gt(most_ms, cases[i].expected_ms + fifth_ms * 8 / 10);
    }
}

END_TEST

SUITE(random) {
    Suite *s = suite_create("base/random");
    ADD_CASE(
        s,
        "random",
        the_same_seed_gives_the_same_numbers,
        numbers_stay_below_their_bound_and_reach_all_below_it,
        a_back_off_doubles_up_to_its_bound_with_a_fifth_of_jitter
    );
    return s;
}
