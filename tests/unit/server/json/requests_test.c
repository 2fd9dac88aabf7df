// SPDX-License-Identifier: Apache-2.0
// Request bodies, good and bad.
#include "server/base/out.h"
#include "server/json/requests.h"
#include "server/json/subscription.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct pool pool;
static struct partition_list list;
static struct complaint complaint;

static bool read_body(enum request_kind kind, const char *text) {
    complaint = (struct complaint){ 0 };
    struct kc_bytes body = { (const uint8_t *)text, strlen(text) };
    return request_read_partitions(body, kind, &pool, &list, &complaint);
}

START_TEST(a_commit_names_offsets_exactly) { // pitfall 17, pitfall 113
    ck_assert(read_body(
        REQUEST_COMMIT,
        "{\"offsets\":[{\"topic\":\"t\",\"partition\":2147483647,\"offset\":9007199254740993,"
        "\"leader_epoch\":4,\"metadata\":\"a\\u0000\\u00e9\\ud83d\\ude00\\n\"},"
        "{\"offset\":9223372036854775807,\"partition\":0,\"topic\":\"\\u0074\",\"leader_epoch\":"
        "null,"
        "\"metadata\":null}]}"
    ));
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.partitions[0].topic, "t");
    ck_assert_int_eq(list.partitions[0].partition, INT32_MAX);
    ck_assert_int_eq(list.partitions[0].offset, 9007199254740993);
    ck_assert_int_eq(list.partitions[0].leader_epoch, 4);
    ck_assert_uint_eq(list.partitions[0].metadata_size, 9);
    ck_assert_mem_eq(list.partitions[0].metadata, "a\0\xc3\xa9\xf0\x9f\x98\x80\n", 9);
    ck_assert_str_eq(list.partitions[1].topic, "t");
    ck_assert_int_eq(list.partitions[1].offset, INT64_MAX);
    ck_assert_int_eq(list.partitions[1].leader_epoch, -1);
    ck_assert_ptr_null(list.partitions[1].metadata);
    pool_dispose(&pool);
}

END_TEST

START_TEST(a_long_list_keeps_its_items_in_order) {
    struct out text = { 0 };
    OUT_LITERAL(&text, "{\"partitions\":[");
    for (int i = 0; i < 1000; i++) {
        const char *comma = i ? "," : "";
        out_format(
            &text, "%s{\"topic\":\"t%d\",\"partition\":%d,\"offset\":%d}", comma, i, i, i * 2
        );
    }
    OUT_LITERAL(&text, "]}");
    ck_assert(read_body(REQUEST_SEEK, out_text(&text)));
    ck_assert_uint_eq(list.count, 1000);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(list.partitions[i].partition, i);
        ck_assert_int_eq(list.targets[i].offset, 2 * (int64_t)i);
    }
    out_dispose(&text);
    pool_dispose(&pool);
}

END_TEST

START_TEST(a_seek_may_go_to_an_offset_a_word_or_a_time) {
    ck_assert(read_body(
        REQUEST_SEEK,
        "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":12},"
        "{\"topic\":\"t\",\"partition\":1,\"offset\":\"beginning\"},{\"topic\":\"t\",\"partition\":"
        "2,\"offset\":\"end\"},"
        "{\"topic\":\"t\",\"partition\":3,\"offset\":\"committed\"},"
        "{\"topic\":\"t\",\"partition\":4,\"offset\":{\"timestamp\":1732250000123}}]}"
    ));

    static const enum kc_target kinds[] = {
        KC_TO_OFFSET, KC_TO_BEGINNING, KC_TO_END, KC_TO_COMMITTED, KC_TO_TIMESTAMP
    };

    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(list.targets[i].kind, kinds[i]);
    ck_assert_int_eq(list.targets[0].offset, 12);
    ck_assert_int_eq(list.targets[4].timestamp_ms, 1732250000123);
    ck_assert(read_body(REQUEST_SEEK, "{\"to\":\"end\"}"));
    ck_assert(list.has_common_target && !list.given);
    ck_assert_int_eq(list.common_target.kind, KC_TO_END);
    pool_dispose(&pool);
}

END_TEST

START_TEST(an_empty_list_is_not_no_list) { // pitfall 13
    ck_assert(read_body(REQUEST_COMMIT, "{\"offsets\":[]}"));
    ck_assert(list.given);
    ck_assert_uint_eq(list.count, 0);
    ck_assert(read_body(REQUEST_COMMIT, " {} "));
    ck_assert(!list.given);
    pool_dispose(&pool);
}

END_TEST

#define ITEM(fields) "{\"offsets\":[{\"topic\":\"t\",\"partition\":0," fields "}]}"

static const struct {
    enum request_kind kind;
    const char *body;
    const char *named; ///< what the complaint must say
} wrong[] = {
    { REQUEST_COMMIT, "", "no JSON" },
    { REQUEST_COMMIT, "{", "no JSON: cut short" },
    { REQUEST_COMMIT, "{} {}", "something behind the value" },
    { REQUEST_COMMIT, "[]", "not an object" },
    { REQUEST_COMMIT, "null", "not an object" },
    { REQUEST_COMMIT, "{\"offsets\":{}}", "offsets: not an array" },
    { REQUEST_COMMIT, "{\"offsets\":null}", "offsets: not an array" },
    { REQUEST_COMMIT, "{\"offsets\":[1]}", "offsets[0]: not an object" },
    { REQUEST_COMMIT, "{\"offset\":[]}", "offset: not a field" },
    { REQUEST_COMMIT, "{\"offsets\":[],\"offsets\":[]}", "offsets: given twice" },
    { REQUEST_COMMIT, "{\"to\":\"end\"}", "to: not a field" },
    { REQUEST_COMMIT, ITEM("\"offset\":1.5"), "offsets[0].offset: 1.5 is not a whole number" },
    { REQUEST_COMMIT, ITEM("\"offset\":1e3"), "offsets[0].offset: 1e3 is not a whole number" },
    { REQUEST_COMMIT,
      ITEM("\"offset\":\"12\""),
      "offsets[0].offset: \"12\" is not a whole number" },
    { REQUEST_COMMIT, ITEM("\"offset\":null"), "offsets[0].offset: null is not a whole number" },
    { REQUEST_COMMIT, ITEM("\"offset\":[1]"), "offsets[0].offset: [1] is not a whole number" },
    { REQUEST_COMMIT,
      ITEM("\"offset\":9223372036854775808"),
      "offsets[0].offset: 9223372036854775808 is not between" },
    { REQUEST_COMMIT, ITEM("\"offset\":-1"), "offsets[0].offset: -1 is not between 0" },
    { REQUEST_COMMIT, ITEM("\"offset\":1,\"offset\":1"), "offsets[0].offset: given twice" },
    { REQUEST_COMMIT, ITEM("\"offset\":1,\"ofset\":1"), "offsets[0].ofset: not a field" },
    { REQUEST_COMMIT,
      ITEM("\"offset\":1,\"leader_epoch\":2147483648"),
      "leader_epoch: 2147483648 is not between" },
    { REQUEST_COMMIT, ITEM("\"offset\":1,\"metadata\":5"), "metadata: not a string" },
    { REQUEST_COMMIT,
      ITEM("\"offset\":1,\"metadata\":\"\\ud800\""),
      "metadata: half of a surrogate" },
    { REQUEST_COMMIT, ITEM("\"leader_epoch\":1"), "offsets[0].offset is missing" },
    { REQUEST_COMMIT,
      "{\"offsets\":[{\"partition\":0,\"offset\":0}]}",
      "offsets[0].topic is missing" },
    { REQUEST_COMMIT,
      "{\"offsets\":[{\"topic\":\"t\",\"offset\":0}]}",
      "offsets[0].partition is missing" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":7,\"partition\":0}]}",
      "partitions[0].topic: not a string" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"\",\"partition\":0}]}",
      "partitions[0].topic: empty" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"a\\u0000b\",\"partition\":0}]}",
      "topic: has a NUL" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":-1}]}",
      "partition: -1 is not between" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":2147483648}]}",
      "partition: 2147483648" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":1}]}",
      "partitions[0].offset: not a field" },
    { REQUEST_NAMED,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0},{\"topic\":\"t\"}]}",
      "partitions[1].partition is missing" },
    { REQUEST_SEEK,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":\"start\"}]}",
      "\"start\" is none of" },
    { REQUEST_SEEK,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":\"12\"}]}",
      "\"12\" is not a whole number" },
    { REQUEST_SEEK,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":{}}]}",
      "offset.timestamp is missing" },
    { REQUEST_SEEK,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":{\"time\":1}}]}",
      "may have \"timestamp\" alone" },
    { REQUEST_SEEK,
      "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":{\"timestamp\":1.5}}]}",
      "offset.timestamp: 1.5" },
    { REQUEST_SEEK, "{\"to\":\"end\",\"partitions\":[]}", "exclude each other" },
    { REQUEST_SEEK, "{\"to\":5}", "to: not a string" },
    { REQUEST_TIMES,
      "{\"timestamps\":[{\"topic\":\"t\",\"partition\":0}]}",
      "timestamps[0].timestamp is missing" },
    { REQUEST_TIMES,
      "{\"timestamps\":[{\"topic\":\"t\",\"partition\":0,\"timestamp\":\"now\"}]}",
      "timestamp: \"now\"" },
    { REQUEST_COMMIT, "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "nested too deeply" },
};

START_TEST(what_is_wrong_is_named) {
    ck_assert_msg(!read_body(wrong[_i].kind, wrong[_i].body), "%s", wrong[_i].body);
    ck_assert_msg(
        strstr(complaint.text, wrong[_i].named) != NULL, "%s: %s", wrong[_i].body, complaint.text
    );
    ck_assert_int_eq(complaint.is_syntax, strstr(complaint.text, "no JSON") != NULL);
    ck_assert_int_eq(complaint.is_unknown, strstr(complaint.text, "not a field") != NULL);
    pool_dispose(&pool);
}

END_TEST

START_TEST(an_absurdly_deep_body_is_refused_at_once) {
    static char deep[200000];
    memset(deep, '[', sizeof deep - 1);
    ck_assert(!read_body(REQUEST_COMMIT, deep));
    ck_assert_ptr_nonnull(strstr(complaint.text, "nested too deeply"));
}

END_TEST

static const struct {
    const char *body;
    const char *named; ///< NULL: good
} subscriptions[] = {
    { "{\"topics\":[\"a\",\"b\"]}", NULL },
    { "{\"topics\":[]}", "topics: empty" },
    { "{}", "topics or pattern is missing" },
    { "{\"topics\":[\"a\",1]}", "topics[1]: not a string" },
    { "{\"topics\":[\"\"]}", "topics[0]: empty" },
    { "{\"topics\":\"a\"}", "topics: not an array" },
    { "{\"topics\":[\"a\"],\"pattern\":\"b\"}", "exclude each other" },
    { "{\"pattern\":\"\"}", "pattern: empty" },
    { "{\"pattern\":7}", "pattern: not a string" },
    { "{\"pattern\":\"a\",\"pattern\":\"b\"}", "pattern: given twice" },
    { "{\"topic\":[\"a\"]}", "topic: not a field" },
    { "{\"topics\":[\"a\"],\"topics\":[\"a\"]}", "topics: given twice" },
};

START_TEST(a_subscription_is_read) {
    struct subscription_request request;
    complaint = (struct complaint){ 0 };
    struct kc_bytes body = { (const uint8_t *)subscriptions[_i].body,
                             strlen(subscriptions[_i].body) };
    bool good = request_read_subscription(body, &pool, &request, &complaint);
    ck_assert_int_eq(good, subscriptions[_i].named == NULL);
    if (good) {
        ck_assert_uint_eq(request.count, 2);
        ck_assert_str_eq(request.topics[1], "b");
    } else {
        ck_assert_msg(
            strstr(complaint.text, subscriptions[_i].named) != NULL, "%s", complaint.text
        );
    }
    pool_dispose(&pool);
}

END_TEST

SUITE(requests) {
    Suite *s = suite_create("server/json/requests");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, what_is_wrong_is_named, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_loop_test(
        tables, a_subscription_is_read, 0, sizeof subscriptions / sizeof subscriptions[0]
    );
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "requests",
        a_commit_names_offsets_exactly,
        a_long_list_keeps_its_items_in_order,
        a_seek_may_go_to_an_offset_a_word_or_a_time,
        an_empty_list_is_not_no_list,
        an_absurdly_deep_body_is_refused_at_once
    );
    return s;
}
