// SPDX-License-Identifier: Apache-2.0
// Java's .properties syntax; the expected values are those of java.util.Properties.
#include "server/base/out.h"
#include "server/properties.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct out seen;

static const char *refused; ///< the key that is refused; NULL: none

static bool note(void *arg, unsigned line, const char *key, const char *value) {
    (void)arg;
    out_format(&seen, "%u[%s][%s]", line, key, value);
    return !refused || strcmp(key, refused) != 0;
}

static unsigned read_text(const char *text, const char *stop_at) {
    seen.size = 0;
    refused = stop_at;
    return properties_read(text, strlen(text), note, NULL);
}

static const struct {
    const char *text;
    const char *entries;
} files[] = {
    { "", "" },
    { "a=1", "1[a][1]" },
    { "a=1\nb=2\r\nc=3\rd=4\n", "1[a][1]2[b][2]3[c][3]4[d][4]" },
    { "# no\n  ! no\n\n \t\f\n a = 1", "5[a][1]" },
    { "a:1\nb 2\nc\t=\t3\nd : = 4", "1[a][1]2[b][2]3[c][3]4[d][= 4]" },
    { "a\nb=\nc =", "1[a][]2[b][]3[c][]" },
    { "a=1 2  ", "1[a][1 2  ]" },
    { "a=1\\\n   2\\\r\n3\nb=4", "1[a][123]4[b][4]" },
    { "a=1\\\\\nb=2", "1[a][1\\]2[b][2]" },
    { "a=1\\", "1[a][1]" },
    { "# comment \\\na=1", "2[a][1]" },
    { "a\\=b=c\\:d\\ne", "1[a=b][c:d\ne]" },
    { "a\\ b c", "1[a b][c]" },
    { "a=\\t\\f\\r\\q\\#", "1[a][\t\f\rq#]" },
    { "a=\\u00e9\\u20AC\\ud83d\\ude00", "1[a][\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80]" },
    { "a==b", "1[a][=b]" },
    { "gr\xc3\xbc=\xc3\x9f", "1[gr\xc3\xbc][\xc3\x9f]" },
    { "sasl.jaas.config=x required \\\n  username=\"u\" \\\n  password=\"p\";",
      "1[sasl.jaas.config][x required username=\"u\" password=\"p\";]" },
};

START_TEST(a_file_is_read_as_java_reads_it) {
    ck_assert_uint_eq(read_text(files[_i].text, NULL), 0);
    ck_assert_str_eq(out_text(&seen), files[_i].entries);
    out_dispose(&seen);
}

END_TEST

START_TEST(a_wrong_escape_is_told_by_its_line) {
    ck_assert_uint_eq(read_text("a=1\n\nb=\\u12g4\nc=3", NULL), 3);
    ck_assert_uint_eq(read_text("a=\\u12", NULL), 1);
    ck_assert_uint_eq(read_text("a=\\ud83d", NULL), 1);
    ck_assert_uint_eq(read_text("a=\\u0000", NULL), 1);
    ck_assert_uint_eq(properties_read("a=1\nb=\0x", 9, note, NULL), 2);
    out_dispose(&seen);
}

END_TEST

START_TEST(a_refused_entry_is_told_by_the_line_it_begins_on) {
    ck_assert_uint_eq(read_text("a=1\nb=2\\\n3\nc=4", "b"), 2);
    ck_assert_str_eq(out_text(&seen), "1[a][1]2[b][23]");
    out_dispose(&seen);
}

END_TEST

SUITE(properties) {
    Suite *s = suite_create("server/properties");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, a_file_is_read_as_java_reads_it, 0, sizeof files / sizeof files[0]);
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "properties",
        a_wrong_escape_is_told_by_its_line,
        a_refused_entry_is_told_by_the_line_it_begins_on
    );
    return s;
}
