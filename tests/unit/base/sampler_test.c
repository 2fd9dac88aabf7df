// SPDX-License-Identifier: Apache-2.0
// Mean and maximum of the last minute.
#include "consumer/base/sampler.h"
#include "tests/unit/suite.h"

static void check(const struct sampler *sampler, int64_t now_ms, double mean, double most) {
    struct sampler_view view = sampler_view(sampler, now_ms);
    ck_assert_double_eq_tol(view.mean, mean, 0.001);
    ck_assert_double_eq_tol(view.most, most, 0.001);
}

START_TEST(a_sampler_tells_of_the_running_window_and_the_one_before) {
    struct sampler sampler = { 0 };
    check(&sampler, 500000, 0, 0);
    sampler_add(&sampler, 10, 500000);
    sampler_add(&sampler, 30, 510000);
    check(&sampler, 510000, 20, 30);
    sampler_add(&sampler, 5, 530000);
    check(&sampler, 530000, 15, 30);
    check(&sampler, 559999, 15, 30);
    check(&sampler, 560000, 5, 5);
    check(&sampler, 590000, 0, 0);
}

END_TEST

START_TEST(what_is_older_than_two_windows_is_forgotten) {
    struct sampler sampler = { 0 };
    sampler_add(&sampler, 100, 500000);
    sampler_add(&sampler, 7, 560000);
    check(&sampler, 560000, 7, 7);
    sampler_add(&sampler, 9, 560001);
    check(&sampler, 560001, 8, 9);
}

END_TEST

SUITE(sampler) {
    Suite *s = suite_create("base/sampler");
    ADD_CASE(
        s,
        "sampler",
        a_sampler_tells_of_the_running_window_and_the_one_before,
        what_is_older_than_two_windows_is_forgotten
    );
    return s;
}
