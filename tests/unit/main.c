// SPDX-License-Identifier: Apache-2.0
// The unit test program: runs every registered suite, or those whose names are given as arguments.
#include "tests/unit/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SUITES = 200, TIMEOUT_SECONDS = 60 };

static Suite *(*makers[MOST_SUITES])(void);
static int maker_count;

void suite_register(Suite *(*make)(void)) {
    if (maker_count == MOST_SUITES) abort();
    makers[maker_count++] = make;
}

void suite_add_tests(Suite *suite, const char *name, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, TIMEOUT_SECONDS);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(suite, cases);
}

static bool is_wanted(Suite *suite, int count, char **names) {
    if (count == 0) return true;
    for (int i = 0; i < count; i++) {
        if (suite_tcase(suite, names[i])) return true;
    }
    return false;
}

int main(int argc, char **argv) {
    char seconds[16];
    (void)snprintf(seconds, sizeof seconds, "%d", TIMEOUT_SECONDS);
    // A busy machine decides no test. NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet
    (void)setenv("CK_DEFAULT_TIMEOUT", seconds, 0);
    SRunner *runner = srunner_create(NULL);
    SRunner *unwanted = srunner_create(NULL); // suites can only be freed by a runner
    for (int i = 0; i < maker_count; i++) {
        Suite *suite = makers[i]();
        srunner_add_suite(is_wanted(suite, argc - 1, argv + 1) ? runner : unwanted, suite);
    }
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    srunner_free(unwanted);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
