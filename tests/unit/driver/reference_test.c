// SPDX-License-Identifier: Apache-2.0
// References in values: what they lead to, and what is said of those that lead nowhere.
#include "consumer/driver/reference.h"
#include "consumer/security/secret.h"
#include "tests/unit/driver/folder.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct folder folder;

static void begin(void) {
    folder_init(&folder);
    folder_write(&folder, "password", "from a file\n");
    folder_write(&folder, "windows", "from a file\r\n");
    folder_write(&folder, "lines", "a\nb\n\n");
    folder_write(&folder, "empty", "");
    folder_write(
        &folder,
        "some.properties",
        "# password=comment\n"
        "! other\n"
        "\n"
        "user = alice\\\n"
        "   -the-\\u0067reat\n"
        "pass\\ word:  with \\\\ and = \n"
        "passwordless\n"
        "twice=1\n"
        "twice=2\r\n"
        "grin=\\ud83d\\ude00\\t!\n"
        "again=${env:KAFKA_SIDECAR_TEST_WORD}\n"
        "last=without an end"
    );
    folder_write(&folder, "bad.properties", "password=\\u00zz\n");
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread
    ck_assert_int_eq(setenv("KAFKA_SIDECAR_TEST_WORD", "from the environment", 1), 0);
}

static void end(void) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread
    ck_assert_int_eq(unsetenv("KAFKA_SIDECAR_TEST_WORD"), 0);
    folder_dispose(&folder);
}

/// '@' stands for the folder; of a failure, a part of the reason.
static const struct {
    const char *value;
    const char *resolved; ///< NULL: fails
    const char *why;
} cases[] = {
    { "plain", "plain", NULL },
    { "", "", NULL },
    { "${file:@/password}", "from a file", NULL },
    { "${file:@/windows}", "from a file", NULL },
    { "${file:@/lines}", "a\nb\n", NULL },
    { "a${file:@/empty}b", "ab", NULL },
    { "<${file:@/password}|${env:KAFKA_SIDECAR_TEST_WORD}>",
      "<from a file|from the environment>",
      NULL },
    { "${file:@/some.properties:user}", "alice-the-great", NULL },
    { "${file:@/some.properties:pass word}", "with \\ and = ", NULL },
    { "${file:@/some.properties:passwordless}", "", NULL },
    { "${file:@/some.properties:twice}", "2", NULL },
    { "${file:@/some.properties:grin}", "\xf0\x9f\x98\x80\t!", NULL },
    { "${file:@/some.properties:last}", "without an end", NULL },
    // what a reference leads to is taken as it stands
    { "${file:@/some.properties:again}", "${env:KAFKA_SIDECAR_TEST_WORD}", NULL },
    { "${dir:@:password}", "from a file", NULL },
    // no references
    { "pa$$word", "pa$$word", NULL },
    { "pa${word", "pa${word", NULL },
    { "pa${word}", "pa${word}", NULL },
    { "${file:@/none}", NULL, "/none}: No such file or directory" },
    { "${file:@}", NULL, "Is not a regular file" },
    { "${file:/dev/zero}", NULL, "${file:/dev/zero}: Is not a regular file" },
    { "${file:@/some.properties:password}", NULL, "the key is not in it" },
    { "${file:@/bad.properties:password}", NULL, "an escape in it is none" },
    { "${dir:@:../etc/passwd}", NULL, "wanted is ${dir:" },
    { "${dir:@:..}", NULL, "wanted is ${dir:" },
    { "${dir:@}", NULL, "wanted is ${dir:" },
    { "${env:KAFKA_SIDECAR_TEST_NONE}", NULL, "the environment has no such variable" },
    { "${env:}", NULL, "the environment has no such variable" },
    { "hun${ter:2}", NULL, "a reference in it is to none of file, dir, env" },
};

static void put_folder(const char *text, char *to, size_t size) {
    const char *at = strchr(text, '@');
    int before = at ? (int)(at - text) : (int)strlen(text);
    int length =
        snprintf(to, size, "%.*s%s%s", before, text, at ? folder.path : "", at ? at + 1 : "");
    ck_assert_int_lt(length, (int)size);
}

START_TEST(a_reference_is_replaced_by_what_it_leads_to) {
    char value[400];
    char why[REFERENCE_WHY_BYTES] = "";
    struct buf to = { 0 };
    put_folder(cases[_i].value, value, sizeof value);
    bool is_resolved = reference_resolve(value, &to, why);
    ck_assert_msg(is_resolved == (cases[_i].resolved != NULL), "%s: %s", value, why);
    if (is_resolved) {
        secret_append(&to, "", 1);
        ck_assert_str_eq((const char *)to.data, cases[_i].resolved);
    } else {
        ck_assert_msg(strstr(why, cases[_i].why) != NULL, "%s: %s", value, why);
    }
    secret_dispose(&to);
}

END_TEST

START_TEST(a_pipe_does_not_hold_whoever_reads) {
    char path[400];
    char why[REFERENCE_WHY_BYTES] = "";
    struct buf to = { 0 };
    put_folder("@/pipe", path, sizeof path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    put_folder("${file:@/pipe}", path, sizeof path);
    ck_assert(!reference_resolve(path, &to, why));
    ck_assert_ptr_nonnull(strstr(why, "Is not a regular file"));
    secret_dispose(&to);
}

END_TEST

START_TEST(a_part_of_a_password_that_looks_like_a_reference_is_not_shown) {
    char why[REFERENCE_WHY_BYTES] = "";
    struct buf to = { 0 };
    ck_assert(!reference_resolve("hun${ter:2}", &to, why));
    ck_assert_ptr_null(strstr(why, "ter"));
    secret_dispose(&to);
}

END_TEST

START_TEST(a_value_says_whether_references_are_in_it) {
    ck_assert(reference_is_in("a${env:B}"));
    ck_assert(reference_is_in("${a}${other:thing}"));
    ck_assert(!reference_is_in("${a}"));
    ck_assert(!reference_is_in("a:b}${"));
}

END_TEST

SUITE(reference) {
    Suite *s = suite_create("references");
    TCase *table = tcase_create("references");
    tcase_add_checked_fixture(table, begin, end);
    tcase_add_loop_test(
        table, a_reference_is_replaced_by_what_it_leads_to, 0, sizeof cases / sizeof cases[0]
    );
    tcase_add_test(table, a_pipe_does_not_hold_whoever_reads);
    tcase_add_test(table, a_part_of_a_password_that_looks_like_a_reference_is_not_shown);
    tcase_add_test(table, a_value_says_whether_references_are_in_it);
    suite_add_tcase(s, table);
    return s;
}
