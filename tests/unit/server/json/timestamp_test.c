// SPDX-License-Identifier: Apache-2.0
// Points in time as text, good and bad.
#include "server/json/timestamp.h"
#include "tests/unit/suite.h"

#include <string.h>

static const struct {
    const char *text;
    int64_t ms;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00.001z", 1 },
    { "2026-11-27T09:00:00Z", 1795770000000 },
    { "2026-11-27T10:00:00+01:00", 1795770000000 },
    { "2026-11-27T10:00:00 01:00", 1795770000000 }, // an unescaped plus of a query
    { "2026-11-27T03:30:00-05:30", 1795770000000 },
    { "2026-11-26T23:59:59.999-09:00", 1795769999999 },
    { "2026-11-27 09:00:00Z", 1795770000000 },
    { "2026-11-27T09:00:00.5Z", 1795770000500 },
    { "2026-11-27T09:00:00,25Z", 1795770000250 },
    { "2026-11-27T09:00:00.123999999999999999999Z", 1795770000123 },
    { "2000-02-29T00:00:00Z", 951782400000 },
    { "2024-02-29T12:00:00Z", 1709208000000 },
    { "2024-03-01T00:00:00Z", 1709251200000 },
    { "2100-03-01T00:00:00Z", 4107542400000 },
    { "2016-12-31T23:59:60Z", 1483228800000 },
    { "1970-01-01T00:00:00-23:59", 86340000 },
    { "9999-12-31T23:59:59.999Z", 253402300799999 },
};

START_TEST(a_time_is_read) {
    int64_t ms = -1;
    struct kc_bytes text = { (const uint8_t *)good[_i].text, strlen(good[_i].text) };
    ck_assert_msg(timestamp_parse(text, &ms), "%s", good[_i].text);
    ck_assert_msg(ms == good[_i].ms, "%s: %lld", good[_i].text, (long long)ms);
    // And nothing shorter or longer is one.
    char longer[64] = "";
    memcpy(longer, good[_i].text, text.size);
    longer[text.size] = '0';
    text.data = (const uint8_t *)longer;
    text.size++;
    ck_assert_msg(!timestamp_parse(text, &ms), "%s", longer);
    for (text.size -= 2; text.size > 0; text.size--)
        ck_assert_msg(!timestamp_parse(text, &ms), "%.*s", (int)text.size, longer);
}

END_TEST

static const char *const bad[] = {
    "",
    "now",
    "2026-11-27",
    "2026-11-27T09:00:00", // whose time?
    "2026-11-27T09:00Z",
    "2026-11-27T09:00:00.Z",
    "2026-11-27T09:00:00+1:00",
    "2026-11-27T09:00:00+0100",
    "2026-11-27T09:00:00+24:00",
    "2026-11-27T09:00:00+01:60",
    "2026-11-27T24:00:00Z",
    "2026-11-27T09:60:00Z",
    "2026-11-27T09:00:61Z",
    "2026-13-27T09:00:00Z",
    "2026-00-27T09:00:00Z",
    "2026-11-31T09:00:00Z",
    "2026-11-00T09:00:00Z",
    "2025-02-29T09:00:00Z",
    "2100-02-29T09:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00+00:01",
    "0000-01-01T00:00:00Z",
    "26-11-27T09:00:00Z",
    "+2026-11-27T09:00:00Z",
    "2026/11/27T09:00:00Z",
    " 2026-11-27T09:00:00Z",
    "2026-1a-27T09:00:00Z",
};

START_TEST(what_is_no_time_is_refused) {
    int64_t ms = 7;
    struct kc_bytes text = { (const uint8_t *)bad[_i], strlen(bad[_i]) };
    ck_assert_msg(!timestamp_parse(text, &ms), "%s", bad[_i]);
    ck_assert_int_eq(ms, 7);
}

END_TEST

SUITE(timestamp) {
    Suite *s = suite_create("server/json/timestamp");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, a_time_is_read, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tables, what_is_no_time_is_refused, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, tables);
    return s;
}
