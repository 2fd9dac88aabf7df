// SPDX-License-Identifier: Apache-2.0
// Strings and members, read back by another implementation.
#include "consumer/security/json_text.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <string.h>

START_TEST(every_text_is_read_back_as_it_was) {
    char all[128];
    for (int i = 1; i < 128; i++)
        all[i - 1] = (char)i;
    all[127] = '\0';
    const char *const texts[] = { "", "plain", "a\"b\\c/d", "p\xc3\xa4ss\xe2\x82\xac", all };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf json = { 0 };
        json_text_string(&json, slice_from_string(texts[i]));
        cJSON *parsed = cJSON_ParseWithLength((const char *)json.data, json.size);
        ck_assert_ptr_nonnull(cJSON_GetStringValue(parsed));
        ck_assert_str_eq(cJSON_GetStringValue(parsed), texts[i]);
        cJSON_Delete(parsed);
        buf_dispose(&json);
    }
}

END_TEST

START_TEST(members_are_separated_by_commas) {
    struct buf json = { 0 };
    buf_append(&json, "{", 1);
    json_text_member(&json, "a", SLICE_LITERAL("{"));
    json_text_member(&json, "b\"", SLICE_LITERAL(""));
    json_text_member(&json, "c", SLICE_LITERAL("\n"));
    ck_assert(slice_equal_string(buf_slice(&json), "{\"a\":\"{\",\"b\\\"\":\"\",\"c\":\"\\u000a\"")
    );
    buf_dispose(&json);
}

END_TEST

SUITE(json_text) {
    Suite *s = suite_create("security/json_text");
    ADD_CASE(s, "json_text", every_text_is_read_back_as_it_was, members_are_separated_by_commas);
    return s;
}
