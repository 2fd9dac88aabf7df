// SPDX-License-Identifier: Apache-2.0
// The token's file changes while the process runs.
#include "server/journal.h"
#include "server/token.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char path[] = "/tmp/token_test_XXXXXX";
static char other_path[64];
static int log_pipe[2];
static struct journal journal;
static struct token *token;
static int64_t now_ms;

static void write_to(const char *file, const char *text) {
    int fd = open(file, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

/// As secrets are replaced: written beside, then renamed.
static void replace(const char *text) {
    write_to(other_path, text);
    ck_assert_int_eq(rename(other_path, path), 0);
}

static const char *logged(void) {
    static char text[4096];
    ssize_t size = read(log_pipe[0], text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void begin(void) {
    ck_assert_int_eq(pipe2(log_pipe, O_NONBLOCK | O_CLOEXEC), 0);
    journal = (struct journal){ .fd = log_pipe[1], .level = KC_LOG_INFO };
    (void)close(mkstemp(path));
    (void)snprintf(other_path, sizeof other_path, "%s.new", path);
    write_to(path, "first\n");
    token = token_new(path, &journal);
    now_ms = 5000;
    ck_assert(token_is(token, "first", now_ms));
    (void)logged();
}

static void end(void) {
    token_free(token);
    (void)unlink(path);
    (void)unlink(other_path);
    (void)close(log_pipe[0]);
    (void)close(log_pipe[1]);
}

START_TEST(a_new_token_counts_within_a_second_and_the_old_one_no_more) {
    replace("second\n");
    ck_assert(token_is(token, "first", now_ms + 999)); // the file is not looked at all the time
    ck_assert(!token_is(token, "first", now_ms + 1000));
    ck_assert(token_is(token, "second", now_ms + 1000));
    const char *log = logged();
    ck_assert_ptr_nonnull(strstr(log, path));
    ck_assert_ptr_null(strstr(log, "second")); // no secret in a log
}

END_TEST

START_TEST(on_a_signal_it_counts_at_once) {
    char error[TOKEN_ERROR_BYTES];
    replace("second\n");
    ck_assert(token_reload(token, error));
    ck_assert(!token_is(token, "first", now_ms));
    ck_assert(token_is(token, "second", now_ms));
}

END_TEST

START_TEST(a_link_that_points_elsewhere_is_another_file) { // as Kubernetes replaces secrets
    write_to(other_path, "other");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink(other_path, path), 0);
    ck_assert(token_is(token, "other", now_ms + 1000));
}

END_TEST

START_TEST(without_a_token_in_its_file_nobody_is_let_in) {
    static const char *const contents[] = { "", "\n", "two words", "bad\x01" };
    int64_t at_ms = now_ms;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        replace(contents[i]);
        at_ms += 1000;
        ck_assert(!token_is(token, "first", at_ms));
        ck_assert(!token_is(token, "", at_ms));
        ck_assert(!token_is(token, contents[i], at_ms));
        ck_assert_ptr_nonnull(strstr(logged(), "every request is refused"));
        replace("first");
        at_ms += 1000;
        ck_assert(token_is(token, "first", at_ms));
    }
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!token_is(token, "first", at_ms + 1000));
    ck_assert_ptr_nonnull(strstr(logged(), "No such file"));
    ck_assert(!token_is(token, "first", at_ms + 3000));
    ck_assert_str_eq(logged(), ""); // said once
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert(!token_is(token, "first", at_ms + 4000));
    ck_assert_int_eq(rmdir(path), 0);
    replace("first");
    ck_assert(token_is(token, "first", at_ms + 5000));
}

END_TEST

START_TEST(a_file_that_cannot_be_opened_is_told_once_and_tried_again) {
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink(path, path), 0); // a loop: it is there, and can't be followed
    ck_assert(!token_is(token, "first", now_ms + 1000));
    ck_assert_ptr_nonnull(strstr(logged(), "token lost"));
    ck_assert_int_eq(unlink(path), 0);
    struct sockaddr_un there = { .sun_family = AF_UNIX };
    (void)snprintf(there.sun_path, sizeof there.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&there, sizeof there), 0);
    ck_assert(!token_is(token, "first", now_ms + 2000)); // nobody opens a socket's file
    ck_assert_ptr_nonnull(strstr(logged(), "token lost"));
    for (int64_t i = 3; i < 6; i++)
        ck_assert(!token_is(token, "first", now_ms + i * 1000));
    ck_assert_str_eq(logged(), "");
    (void)close(fd);
    replace("second");
    ck_assert(token_is(token, "second", now_ms + 6000));
    ck_assert_ptr_nonnull(strstr(logged(), "token read"));
}

END_TEST

START_TEST(nothing_but_the_token_is_it) {
    static const char *const wrong[] = {
        "", "f", "firs", "firstf", "firstfirst", "First", "first "
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!token_is(token, wrong[i], now_ms), "%s", wrong[i]);
}

END_TEST

START_TEST(a_file_that_is_too_large_has_no_token) {
    static char large[TOKEN_MOST_BYTES + 100];
    char error[TOKEN_ERROR_BYTES];
    memset(large, 'x', sizeof large - 1);
    replace(large);
    ck_assert(!token_check_file(path, error));
    ck_assert_ptr_nonnull(strstr(error, "too large"));
    ck_assert(!token_is(token, large, now_ms + 1000));
}

END_TEST

SUITE(token) {
    Suite *s = suite_create("server/token");
    TCase *cases = tcase_create("token");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, a_new_token_counts_within_a_second_and_the_old_one_no_more);
    tcase_add_test(cases, on_a_signal_it_counts_at_once);
    tcase_add_test(cases, a_link_that_points_elsewhere_is_another_file);
    tcase_add_test(cases, without_a_token_in_its_file_nobody_is_let_in);
    tcase_add_test(cases, a_file_that_cannot_be_opened_is_told_once_and_tried_again);
    tcase_add_test(cases, nothing_but_the_token_is_it);
    tcase_add_test(cases, a_file_that_is_too_large_has_no_token);
    suite_add_tcase(s, cases);
    return s;
}
