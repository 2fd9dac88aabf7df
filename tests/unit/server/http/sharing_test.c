// SPDX-License-Identifier: Apache-2.0
// Polls by turns, on a clock of the test's own.
#include "server/http/sharing.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { STEP_MS = 1000 };

/// What happens: a letter is a poll over that connection, a small one closes it, a dot is a long
/// time without any.
static const struct {
    const char *events;
    bool seen;
} cases[] = {
    { "", false },         { "A", false },           { "AAAAAA", false },
    { "AB", false },       { "ABA", false },         { "ABAB", false },
    { "ABABA", true },     { "AABBAABBAA", true },   { "ABABAb", false },
    { "ABABAa", false },   { "ABABAc", true },       { "ABCABC", false },
    { "ABaCbDcE", false }, { "ABABA.", false },      { "AB.AB.AB.A", false },
    { "ABABAAAA", true },  { "ABABAbCACACA", true },
};

START_TEST(polls_by_turns_are_seen) { // pitfall 122
    static const char connections[128];
    struct sharing sharing = { 0 };
    int64_t now_ms = 1000000;
    for (const char *at = cases[_i].events; *at; at++) {
        now_ms += *at == '.' ? SHARING_SHOWN_MS : STEP_MS;
        if (*at >= 'a') {
            sharing_on_close(&sharing, &connections[*at - 'a' + 'A']);
        } else if (*at != '.') {
            sharing_on_poll(&sharing, &connections[(int)*at], now_ms);
        }
    }
    ck_assert_msg(sharing_is_seen(&sharing, now_ms) == cases[_i].seen, "%s", cases[_i].events);
}

END_TEST

SUITE(sharing) {
    Suite *s = suite_create("server/http/sharing");
    TCase *all = tcase_create("sharing");
    tcase_add_loop_test(all, polls_by_turns_are_seen, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(s, all);
    return s;
}
