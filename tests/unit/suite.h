// SPDX-License-Identifier: Apache-2.0
// How a file of unit tests joins the one test program: by a constructor, so that there is no
// central list.
#pragma once

#include <check.h>

/// Takes part in the run; called before main().
void suite_register(Suite *(*make)(void));

/// Begins the function that makes a suite: SUITE(arena) { Suite *s = suite_create("arena"); …;
/// return s; }
#define SUITE(name)                                                  \
    static Suite *name##_suite(void);                                \
    __attribute__((constructor)) static void name##_register(void) { \
        suite_register(name##_suite);                                \
    }                                                                \
    static Suite *name##_suite(void)

/// Ends the test unless the condition holds. Unlike ck_assert() it leaves no note for the runner
/// when it does, which makes it fit for loops of many rounds.
#define EXPECT(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

/// Adds one test case with the given tests to a suite.
#define ADD_CASE(suite, name, ...) \
    suite_add_tests(suite, name, (const TTest *const[]){ __VA_ARGS__, NULL })

/// The function behind ADD_CASE.
void suite_add_tests(Suite *suite, const char *name, const TTest *const *tests);
