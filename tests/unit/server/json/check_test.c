// SPDX-License-Identifier: Apache-2.0
// The validator, and whole numbers.
#include "server/json/check.h"
#include "server/json/number.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static bool is_json(const char *text, unsigned depth) {
    size_t size = strlen(text);
    uint8_t *copy = malloc(size ? size : 1); // exactly, so that reading beyond is seen
    for (size_t i = 0; i < size; i++)
        copy[i] = (uint8_t)text[i];
    bool good = check_json((struct kc_bytes){ copy, size }, depth, NULL);
    free(copy);
    return good;
}

static const char *const good[] = {
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "1e400",
    "-1.5E+3",
    "9223372036854775808",
    "true",
    "false",
    "null",
    " {\"a\" : [ 1 , {\"b\":null} ] , \"a\":2}\r\n\t",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud800\"",
    "[[],{},[{}]]",
    "\"gr\xc3\xbc\xc3\x9f\"",
};

static const char *const bad[] = {
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{1:2}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "[}",
    "{]",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "Infinity",
    "tru",
    "nul",
    "True",
    "'a'",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\u12\"",
    "\"a\nb\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "1 2",
    "{} x",
    "[1]]",
    "// no\n1",
    "\xef\xbb\xbf{}",
    "[1]\v",
    ":",
    ",",
    "\"a\":1",
};

START_TEST(json_is_taken) {
    ck_assert_msg(is_json(good[_i], 16), "%s", good[_i]);
}

END_TEST

START_TEST(what_is_no_json_is_refused) {
    ck_assert_msg(!is_json(bad[_i], 16), "%s", bad[_i]);
}

END_TEST

START_TEST(depth_is_bounded) {
    ck_assert(is_json("[[[]]]", 3));
    ck_assert(!is_json("[[[]]]", 2));
    ck_assert(is_json("[[],[],[[]]]", 3));
    ck_assert(is_json("1", 0));
    char *deep = malloc(2 * CHECK_MOST_DEPTH + 3);
    for (size_t depth = CHECK_MOST_DEPTH; depth <= CHECK_MOST_DEPTH + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        deep[2 * depth] = '\0';
        ck_assert_int_eq(is_json(deep, CHECK_MOST_DEPTH), depth == CHECK_MOST_DEPTH);
    }
    free(deep);
}

END_TEST

START_TEST(objects_and_arrays_are_told_apart_at_every_depth) {
    char text[2 * 130 * 8];
    char *at = text;
    for (int i = 0; i < 130; i++)
        at = stpcpy(at, i % 3 ? "{\"k\":" : "[");
    at = stpcpy(at, "0");
    char *tail = at;
    for (int i = 130; i-- > 0;)
        at = stpcpy(at, i % 3 ? "}" : "]");
    ck_assert(is_json(text, 200));
    for (char *end = tail; *end; end++) {
        char was = *end;
        *end = was == '}' ? ']' : '}';
        ck_assert(!is_json(text, 200));
        *end = was;
    }
}

END_TEST

START_TEST(a_fault_says_where) {
    struct check_fault fault;
    const char *text = "{\"a\": 1, \"b\": 01}";
    ck_assert(!check_json((struct kc_bytes){ (const uint8_t *)text, strlen(text) }, 9, &fault));
    ck_assert_uint_ge(fault.at, 14);
    ck_assert_str_eq(fault.why, "a number with a leading 0");
}

END_TEST

static const struct {
    const char *text;
    enum number_text found;
    int64_t number;
} numbers[] = {
    { "0", NUMBER_WHOLE, 0 },
    { "-0", NUMBER_WHOLE, 0 },
    { "9007199254740993", NUMBER_WHOLE, 9007199254740993 },
    { "9223372036854775807", NUMBER_WHOLE, INT64_MAX },
    { "-9223372036854775808", NUMBER_WHOLE, INT64_MIN },
    { "9223372036854775808", NUMBER_TOO_LARGE, 0 },
    { "-9223372036854775809", NUMBER_TOO_LARGE, 0 },
    { "99999999999999999999999999", NUMBER_TOO_LARGE, 0 },
    { "1.5", NUMBER_NOT_WHOLE, 0 },
    { "1.0", NUMBER_NOT_WHOLE, 0 },
    { "1e3", NUMBER_NOT_WHOLE, 0 },
    { "\"12\"", NUMBER_NOT_WHOLE, 0 },
    { "", NUMBER_NOT_WHOLE, 0 },
    { "-", NUMBER_NOT_WHOLE, 0 },
    { "+1", NUMBER_NOT_WHOLE, 0 },
    { " 1", NUMBER_NOT_WHOLE, 0 },
    { "1 ", NUMBER_NOT_WHOLE, 0 },
    { "007", NUMBER_NOT_WHOLE, 0 },
    { "null", NUMBER_NOT_WHOLE, 0 },
};

START_TEST(numbers_of_64_bits_are_read_exactly) { // pitfall 113
    int64_t number = 0;
    const char *text = numbers[_i].text;
    enum number_text found =
        number_parse((struct kc_bytes){ (const uint8_t *)text, strlen(text) }, &number);
    ck_assert_int_eq(found, numbers[_i].found);
    if (found == NUMBER_WHOLE) ck_assert_int_eq(number, numbers[_i].number);
}

END_TEST

START_TEST(numbers_are_written_as_they_were) {
    static const char *const texts[] = { "0",
                                         "7",
                                         "10",
                                         "99",
                                         "100",
                                         "-1",
                                         "12345",
                                         "-9223372036854775808",
                                         "9223372036854775807",
                                         "9007199254740993" };
    struct out out = { 0 };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        out.size = 0;
        number_append(&out, strtoll(texts[i], NULL, 10));
        ck_assert_str_eq(out_text(&out), texts[i]);
    }
    out.size = 0;
    number_append_double(&out, 0.1);
    out_byte(&out, ' ');
    number_append_double(&out, 9007199254740991.0);
    out_byte(&out, ' ');
    number_append_double(&out, 1.0 / 3);
    out_byte(&out, ' ');
    number_append_double(&out, 1.0 / 0.0);
    ck_assert_str_eq(out_text(&out), "0.1 9007199254740991 0.33333333333333331 null");
    out_dispose(&out);
}

END_TEST

SUITE(check) {
    Suite *s = suite_create("server/json/check");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, json_is_taken, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tables, what_is_no_json_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(
        tables, numbers_of_64_bits_are_read_exactly, 0, sizeof numbers / sizeof numbers[0]
    );
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "check",
        depth_is_bounded,
        objects_and_arrays_are_told_apart_at_every_depth,
        a_fault_says_where,
        numbers_are_written_as_they_were
    );
    return s;
}
