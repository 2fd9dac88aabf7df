// SPDX-License-Identifier: Apache-2.0
// Releases by what they offer.
#include "consumer/cluster/release.h"
#include "tests/unit/suite.h"

static const struct {
    int16_t newest;
    const char *releases;
} cases[] = {
    { -1, NULL },
    { 0, NULL },
    { 3, NULL },
    { 10, "2.1 or 2.2" },
    { 9, NULL },
    { 17, "3.9 or 4.0" },
    { 18, "4.1 or later" },
    { 19, "4.1 or later" },
    { INT16_MAX, "4.1 or later" },
};

START_TEST(a_release_is_told_by_the_newest_fetch) {
    ck_assert_pstr_eq(release_of_fetch(cases[_i].newest), cases[_i].releases);
}

END_TEST

SUITE(release) {
    Suite *s = suite_create("cluster/release");
    TCase *all = tcase_create("release");
    tcase_add_loop_test(
        all, a_release_is_told_by_the_newest_fetch, 0, sizeof cases / sizeof cases[0]
    );
    suite_add_tcase(s, all);
    return s;
}
