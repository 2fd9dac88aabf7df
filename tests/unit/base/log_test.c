// SPDX-License-Identifier: Apache-2.0
// Log lines: who gets them, and that one stays one.
#include "consumer/base/log.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static char last[2048];
static int count;

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    ck_assert_ptr_eq(arg, &count);
    ck_assert_int_ge(level, LOG_ERROR);
    count++;
    (void)snprintf(last, sizeof last, "%s %s %s", noun, verb, details);
}

static struct log log_at(enum log_level level) {
    count = 0;
    return (struct log){ .write = write_line, .arg = &count, .level = level };
}

START_TEST(a_log_writes_its_level_and_all_above) {
    struct log log = log_at(LOG_INFO);
    log_error(&log, "noun", "verb", "a=%d", 1);
    log_warn(&log, "noun", "verb", "a=%d", 1);
    log_info(&log, "noun", "verb", "a=%d", 2);
    ck_assert_str_eq(last, "noun verb a=2");
    log_debug(&log, "noun", "verb", "a=%d", 3);
    ck_assert_int_eq(count, 3);
    ck_assert(log_wants(&log, LOG_INFO) && !log_wants(&log, LOG_DEBUG));
}

END_TEST

START_TEST(no_log_is_a_silent_one) {
    struct log silent = { 0 };
    ck_assert(!log_wants(NULL, LOG_ERROR) && !log_wants(&silent, LOG_ERROR));
    log_error(NULL, "noun", "verb", "%s", "x");
    log_error(&silent, "noun", "verb", "%s", "x");
}

END_TEST

START_TEST(a_long_line_is_cut) {
    struct log log = log_at(LOG_INFO);
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(&log, "noun", "verb", "%s", text);
    ck_assert_uint_eq(strlen(last), strlen("noun verb ") + 1023);
}

END_TEST

// Names of hosts and texts of errors come from peers.
START_TEST(what_a_peer_says_cannot_break_a_line) {
    struct log log = log_at(LOG_INFO);
    log_info(&log, "noun", "verb", "host=%s", "evil\nERROR disk on fire\r\x1b[2J\x7f");
    ck_assert_str_eq(last, "noun verb host=evil?ERROR disk on fire??[2J?");
    log_info(&log, "noun", "verb", "host=%s", "\xc3\xa4rger");
    ck_assert_str_eq(last, "noun verb host=\xc3\xa4rger");
}

END_TEST

SUITE(log) {
    Suite *s = suite_create("base/log");
    ADD_CASE(
        s,
        "log",
        a_log_writes_its_level_and_all_above,
        no_log_is_a_silent_one,
        a_long_line_is_cut,
        what_a_peer_says_cannot_break_a_line
    );
    return s;
}
