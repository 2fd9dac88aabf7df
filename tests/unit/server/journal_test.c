// SPDX-License-Identifier: Apache-2.0
// Log lines, read back from a pipe.
#include "server/journal.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <string.h>
#include <unistd.h>

static char line[4096];

/// What one line looks like, without its time.
static const char *written(bool json, enum kc_log_level level, const char *details) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct journal journal = { .fd = ends[1], .level = KC_LOG_INFO, .json = json };
    struct kc_log sink = journal_sink(&journal);
    sink.write(sink.arg, level, "member", "entered", details);
    (void)close(ends[1]);
    ssize_t size = read(ends[0], line, sizeof line - 1);
    (void)close(ends[0]);
    ck_assert_int_ge(size, 0);
    line[size] = '\0';
    return line;
}

START_TEST(a_line_is_level_noun_verb_and_details) {
    const char *text = written(false, KC_LOG_WARN, "from=a to=b");
    ck_assert_msg(strstr(text, "Z warn member entered from=a to=b\n"), "%s", text);
    ck_assert_uint_eq(strspn(text, "0123456789-T:.Z"), 24);
    text = written(false, KC_LOG_ERROR, "");
    ck_assert_msg(strstr(text, "Z error member entered\n"), "%s", text);
}

END_TEST

START_TEST(what_a_peer_said_breaks_no_line) {
    const char *text = written(false, KC_LOG_INFO, "why=\"a\nb\x1b[31m\"");
    ck_assert_ptr_nonnull(strstr(text, "why=\"a?b?[31m\"\n"));
    text = written(true, KC_LOG_INFO, "why=\"a\nb\xff\"");
    cJSON *parsed = cJSON_Parse(text);
    ck_assert_str_eq(
        cJSON_GetObjectItem(parsed, "details")->valuestring, "why=\"a\nb\xef\xbf\xbd\""
    );
    ck_assert_str_eq(cJSON_GetObjectItem(parsed, "level")->valuestring, "info");
    ck_assert_uint_eq(strcspn(text, "\n"), strlen(text) - 1);
    cJSON_Delete(parsed);
}

END_TEST

START_TEST(less_important_lines_are_left_out) {
    ck_assert_str_eq(written(false, KC_LOG_DEBUG, "x"), "");
    ck_assert_int_eq(journal_level("debug"), KC_LOG_DEBUG);
    ck_assert_int_eq(journal_level("error"), KC_LOG_ERROR);
}

END_TEST

SUITE(journal) {
    Suite *s = suite_create("server/journal");
    ADD_CASE(
        s,
        "journal",
        a_line_is_level_noun_verb_and_details,
        what_a_peer_said_breaks_no_line,
        less_important_lines_are_left_out
    );
    return s;
}
