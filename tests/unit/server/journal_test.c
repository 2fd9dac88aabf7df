// SPDX-License-Identifier: Apache-2.0
// Log lines, read back from a pipe, and what is read again while the process runs.
#include "server/journal.h"
#include "server/reload.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <string.h>
#include <unistd.h>

static char text[4096];
static int ends[2];
static struct journal journal;

static void open_journal(enum kc_log_level level, bool json) {
    ck_assert_int_eq(pipe(ends), 0);
    journal = journal_begin(ends[1], level, json);
}

/// What was written since the journal was opened, which ends it.
static const char *close_journal(void) {
    (void)close(ends[1]);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    ck_assert_int_ge(size, 0);
    text[size] = '\0';
    return text;
}

/// What one line of the library looks like.
static const char *written(bool json, enum kc_log_level level, const char *details) {
    open_journal(KC_LOG_INFO, json);
    struct kc_log sink = journal_sink(&journal);
    sink.write(sink.arg, level, "member", "entered", details);
    return close_journal();
}

START_TEST(a_line_is_time_level_noun_verb_and_details) {
    const char *line = written(false, KC_LOG_WARN, "from=a to=b");
    ck_assert_msg(strstr(line, "Z warn member entered from=a to=b\n"), "%s", line);
    ck_assert_uint_eq(strspn(line, "0123456789-T:.Z"), 24);
    line = written(false, KC_LOG_ERROR, "");
    ck_assert_msg(strstr(line, "Z error member entered\n"), "%s", line);
    line = written(false, KC_LOG_ERROR, "for once a sentence");
    ck_assert_msg(strstr(line, "Z error member entered for once a sentence\n"), "%s", line);
}

END_TEST

START_TEST(what_a_peer_said_breaks_no_line) {
    const char *line = written(false, KC_LOG_INFO, "why=\"a\nb\x1b[31m\"");
    ck_assert_ptr_nonnull(strstr(line, "why=a?b?[31m\n"));
    line = written(false, KC_LOG_INFO, "why=\"he said \"no\\\" and left\" n=1");
    ck_assert_msg(strstr(line, "why=\"he said \\\"no\\\\\\\" and left\" n=1\n"), "%s", line);
    line = written(true, KC_LOG_INFO, "why=\"a\nb\xff\"");
    ck_assert_uint_eq(strcspn(line, "\n"), strlen(line) - 1);
    ck_assert_ptr_nonnull(strstr(line, "\"why\":\"a\\nb\xef\xbf\xbd\""));
}

END_TEST

START_TEST(json_has_each_pair_of_its_own) {
    const char *line = written(
        true, KC_LOG_INFO, "from=a why=\"x \"y\" z\" n=-12 big=01 on=true quoted=\"7\" level=error"
    );
    cJSON *parsed = cJSON_Parse(line);
    ck_assert_ptr_nonnull(parsed);
    const cJSON *details = cJSON_GetObjectItem(parsed, "details");
    ck_assert_str_eq(cJSON_GetObjectItem(parsed, "level")->valuestring, "info");
    ck_assert_str_eq(cJSON_GetObjectItem(parsed, "noun")->valuestring, "member");
    ck_assert_str_eq(cJSON_GetObjectItem(parsed, "verb")->valuestring, "entered");
    ck_assert_uint_eq(strlen(cJSON_GetObjectItem(parsed, "time")->valuestring), 24);
    ck_assert_str_eq(cJSON_GetObjectItem(details, "why")->valuestring, "x \"y\" z");
    ck_assert_int_eq(cJSON_GetObjectItem(details, "n")->valueint, -12);
    ck_assert_str_eq(cJSON_GetObjectItem(details, "big")->valuestring, "01");
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(details, "on")));
    ck_assert_str_eq(cJSON_GetObjectItem(details, "quoted")->valuestring, "7");
    ck_assert_str_eq(cJSON_GetObjectItem(details, "level")->valuestring, "error");
    cJSON_Delete(parsed);
}

END_TEST

START_TEST(of_a_key_that_is_there_twice_the_first_counts) {
    const char *line = written(true, KC_LOG_INFO, "a=1 why=\"x\" a=2 b=3");
    ck_assert_ptr_nonnull(strstr(line, "\"details\":{\"a\":1,\"why\":\"x\",\"b\":3}"));
    line = written(true, KC_LOG_INFO, "a=1 b");
    ck_assert_ptr_nonnull(strstr(line, "\"details\":{\"a\":\"1 b\"}"));
    line = written(true, KC_LOG_INFO, "a sentence");
    ck_assert_ptr_nonnull(strstr(line, "\"details\":{\"text\":\"a sentence\"}"));
}

END_TEST

START_TEST(less_important_lines_are_left_out) {
    enum kc_log_level level = KC_LOG_ERROR;
    ck_assert_str_eq(written(false, KC_LOG_DEBUG, "x"), "");
    ck_assert(journal_level_find("debug", &level));
    ck_assert_int_eq(level, KC_LOG_DEBUG);
    ck_assert(!journal_level_find("Debug", &level));
    ck_assert_str_eq(journal_level_name(KC_LOG_WARN), "warn");
}

END_TEST

static const struct {
    enum kc_log_level configured;
    enum kc_log_level expected[3]; ///< after one, two, three changes
} toggles[] = {
    { KC_LOG_INFO, { KC_LOG_DEBUG, KC_LOG_INFO, KC_LOG_DEBUG } },
    { KC_LOG_ERROR, { KC_LOG_DEBUG, KC_LOG_ERROR, KC_LOG_DEBUG } },
    { KC_LOG_DEBUG, { KC_LOG_INFO, KC_LOG_DEBUG, KC_LOG_INFO } },
};

START_TEST(debug_lines_are_switched_on_and_off) {
    open_journal(toggles[_i].configured, false);
    for (size_t i = 0; i < 3; i++) {
        journal_toggle_debug(&journal, "signal");
        ck_assert_int_eq(journal_level_now(&journal), toggles[_i].expected[i]);
    }
    const char *lines = close_journal();
    size_t count = 0;
    for (const char *at = lines; (at = strstr(at, " log switched from=")) != NULL; at++)
        count++;
    ck_assert_uint_eq(count, 3);
    ck_assert_ptr_nonnull(strstr(lines, "by=signal\n"));
}

END_TEST

START_TEST(the_librarys_debug_lines_follow_the_level) {
    open_journal(KC_LOG_INFO, false);
    struct kc_log sink = journal_sink(&journal);
    ck_assert_int_eq(sink.level, KC_LOG_DEBUG);
    sink.write(sink.arg, KC_LOG_DEBUG, "answer", "ignored", "n=1");
    journal_set_level(&journal, KC_LOG_DEBUG, "call");
    sink.write(sink.arg, KC_LOG_DEBUG, "answer", "ignored", "n=2");
    const char *lines = close_journal();
    ck_assert_ptr_null(strstr(lines, "n=1"));
    ck_assert_ptr_nonnull(strstr(lines, "answer ignored n=2\n"));
}

END_TEST

static bool reread(void *arg, char error[RELOAD_ERROR_BYTES]) {
    const char *fault = arg;
    (void)strncpy(error, fault, RELOAD_ERROR_BYTES - 1);
    return fault[0] == '\0';
}

START_TEST(what_cannot_be_read_again_keeps_no_other_from_it) {
    char fault[] = "it is \"gone\"";
    char none[] = "";
    struct reloads reloads = { .count = 0 };
    open_journal(KC_LOG_INFO, false);
    ck_assert(reloads_run(&reloads, &journal));
    reloads_add(&reloads, (struct reload_hook){ "token", reread, fault });
    reloads_add(&reloads, (struct reload_hook){ "certificate", reread, none });
    ck_assert(!reloads_run(&reloads, &journal));
    const char *lines = close_journal();
    ck_assert_ptr_nonnull(strstr(lines, "error token not_reloaded why=\"it is \\\"gone\\\"\"\n"));
    ck_assert_ptr_nonnull(strstr(lines, "info certificate reloaded\n"));
}

END_TEST

SUITE(journal) {
    Suite *s = suite_create("server/journal");
    ADD_CASE(
        s,
        "journal",
        a_line_is_time_level_noun_verb_and_details,
        what_a_peer_said_breaks_no_line,
        json_has_each_pair_of_its_own,
        of_a_key_that_is_there_twice_the_first_counts,
        less_important_lines_are_left_out,
        the_librarys_debug_lines_follow_the_level,
        what_cannot_be_read_again_keeps_no_other_from_it
    );
    TCase *tables = tcase_create("levels");
    tcase_add_loop_test(
        tables, debug_lines_are_switched_on_and_off, 0, sizeof toggles / sizeof toggles[0]
    );
    suite_add_tcase(s, tables);
    return s;
}
