// SPDX-License-Identifier: Apache-2.0
// The details of log lines, taken apart.
#include "server/base/out.h"
#include "server/details.h"
#include "tests/unit/suite.h"

static const struct {
    const char *details;
    const char *pairs; ///< each as key[value], and behind them what is left
} cases[] = {
    { "", "" },
    { "from=a to=b", "from[a]to[b]" },
    { "http.listener=unix:/my place port=0", "http.listener[unix:/my place]port[0]" },
    { "why=\"no such host\" n=1", "why[no such host]n[1]" },
    { "why=\"it said \"no\" twice\" n=1", "why[it said \"no\" twice]n[1]" },
    { "why=\"a=b c=d\" n=1", "why[a=b c=d]n[1]" },
    { "why=\"cut off", "why[\"cut off]" },
    { "why=\"", "why[\"]" },
    { "why=\"\" n=", "why[]n[]" },
    { "a=1  b=2", "a[1 ]b[2]" },
    { "no pairs at all", "no pairs at all" },
    { "a=b=c", "a[b=c]" },
    { "=x", "=x" },
};

START_TEST(details_are_these_pairs) {
    struct out found = { 0 };
    struct detail detail;
    const char *at = cases[_i].details;
    while (details_next(&at, &detail)) {
        out_append(&found, detail.key, detail.key_size);
        out_byte(&found, '[');
        out_append(&found, detail.value, detail.value_size);
        out_byte(&found, ']');
    }
    out_string(&found, at);
    ck_assert_str_eq(out_text(&found), cases[_i].pairs);
    out_dispose(&found);
}

END_TEST

SUITE(details) {
    Suite *s = suite_create("server/details");
    TCase *all = tcase_create("details");
    tcase_add_loop_test(all, details_are_these_pairs, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(s, all);
    return s;
}
