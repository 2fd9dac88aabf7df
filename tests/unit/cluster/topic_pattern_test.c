// SPDX-License-Identifier: Apache-2.0
// Expressions for topic names: what they match, what is refused, and that none takes long.
#include "consumer/cluster/topic_pattern.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static enum topic_match match(const char *text, const char *name) {
    char error[TOPIC_PATTERN_ERROR_BYTES] = "";
    struct topic_pattern *pattern = topic_pattern_new(text, error);
    ck_assert_msg(pattern != NULL, "%s", error);
    ck_assert_str_eq(topic_pattern_text(pattern), text);
    enum topic_match result = topic_pattern_match(pattern, slice_from_string(name));
    topic_pattern_free(pattern);
    return result;
}

START_TEST(the_whole_name_must_match) {
    static const struct {
        const char *pattern;
        const char *name;
        enum topic_match result;
    } cases[] = {
        { "orders", "orders", TOPIC_MATCHES },
        { "orders", "orders2", TOPIC_DIFFERS },
        { "orders", "my-orders", TOPIC_DIFFERS },
        { "a|ab", "ab", TOPIC_MATCHES },
        { "(a|ab)(c|bcd)", "abcd", TOPIC_MATCHES },
        { "a*?", "aaa", TOPIC_MATCHES },
        { "^orders$", "orders", TOPIC_MATCHES },
        { "orders\\..*", "orders.eu", TOPIC_MATCHES },
        { "orders\\..*", "orders-eu", TOPIC_DIFFERS },
        { "ORDERS", "orders", TOPIC_DIFFERS },
        { "(?i)ORDERS", "orders", TOPIC_MATCHES },
        { "(?!private).*", "private-a", TOPIC_DIFFERS },
        { "(?!private).*", "public", TOPIC_MATCHES },
        { "t-[0-9]{2}", "t-07", TOPIC_MATCHES },
        { "t-[0-9]{2}", "t-7", TOPIC_DIFFERS },
        { ".*", "anything_at.all-1", TOPIC_MATCHES },
        { "(?C1)a", "a", TOPIC_MATCHES },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(match(cases[i].pattern, cases[i].name), cases[i].result);
}

END_TEST

static void check_refused(const char *text, const char *says) {
    char error[TOPIC_PATTERN_ERROR_BYTES] = "";
    ck_assert_ptr_null(topic_pattern_new(text, error));
    ck_assert_msg(strstr(error, says) != NULL, "%s", error);
}

START_TEST(what_is_no_pattern_or_too_large_a_one_is_refused_with_a_sentence) {
    check_refused("", "1 to 4096 bytes");
    check_refused("orders(", "byte 7");
    check_refused("[a-", "byte 3");
    check_refused("a{2,1}", "byte");
    check_refused("(*UTF)a", "byte");
    char text[TOPIC_PATTERN_MOST_BYTES + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    check_refused(text, "1 to 4096 bytes");
    text[TOPIC_PATTERN_MOST_BYTES] = '\0';
    ck_assert_int_eq(match(text, "a"), TOPIC_DIFFERS);
    memset(text, '(', 40);
    text[40] = 'a';
    memset(text + 41, ')', 40);
    text[81] = '\0';
    check_refused(text, "byte");
    check_refused("((ab){200}c){200}", "");
}

END_TEST

// Each of these would take longer than anybody waits; none takes more than its bounds.
START_TEST(no_pattern_takes_long_whatever_the_name) {
    static const char *const patterns[] = {
        "(a+)+[bc]",
        "(a|aa)+[bc]",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
        "(*LIMIT_MATCH=4000000000)(*LIMIT_DEPTH=4000000000)(a+)+[bc]",
        "((?=(a+))a)*b",
        "(a?){100}a{100}b",
        "(?:(?R)?a)+",
    };
    char name[250];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        for (int round = 0; round < 100; round++)
            ck_assert_int_ne(match(patterns[i], name), TOPIC_MATCHES);
    }
    ck_assert_int_eq(match("(a+)+[bc]", name), TOPIC_IS_TOO_HARD);
}

END_TEST

SUITE(topic_pattern) {
    Suite *s = suite_create("cluster/topic_pattern");
    ADD_CASE(
        s,
        "topic_pattern",
        the_whole_name_must_match,
        what_is_no_pattern_or_too_large_a_one_is_refused_with_a_sentence,
        no_pattern_takes_long_whatever_the_name
    );
    return s;
}
