// SPDX-License-Identifier: Apache-2.0
// The command check against the double of the library.
#include "server/arguments.h"
#include "server/check.h"
#include "server/check_report.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings settings;
static char *text;
static size_t size;

static void begin(void) {
    char error[SETTINGS_ERROR_BYTES];
    settings_init(&settings);
    ck_assert(settings_set(&settings, "bootstrap.servers", "a:1, b:2", error));
    ck_assert(settings_set(&settings, "group.id", "g", error));
    ck_assert(settings_set(&settings, "topics", "orders", error));
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
}

static void end(void) {
    settings_dispose(&settings);
    free(text);
}

static bool run(bool json) {
    free(text);
    FILE *to = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(to);
    bool good = check_run(&settings, to, json);
    (void)fclose(to);
    return good;
}

#define ASSERT_HAS(wanted) ck_assert_msg(strstr(text, wanted) != NULL, "%s", text)

START_TEST(what_is_well_is_told_line_by_line) {
    ck_assert(run(false));
    ASSERT_HAS("ok      bootstrap a:1: connected, as Kafka 3.9 or 4.0\n");
    ASSERT_HAS("ok      bootstrap b:2: connected, as Kafka 3.9 or 4.0\n");
    ASSERT_HAS("ok      cluster   cluster-1: brokers: 1 at broker-1:9092\n");
    ASSERT_HAS("ok      topic     orders: 2 partitions, 0 without a leader\n");
    ASSERT_HAS("ok      leaders   end offsets: of 2 partitions\n");
    ASSERT_HAS("ok      records   reading: is allowed\n");
    ASSERT_HAS("ok      group     g: its coordinator is 2 at broker-2:9092\n");
    ASSERT_HAS("ok      committed g: 0 of 2 partitions have an offset\n");
}

END_TEST

START_TEST(a_topic_that_is_missing_is_named) {
    char error[SETTINGS_ERROR_BYTES];
    ck_assert(settings_set(&settings, "topics", "orders,nothing", error));
    ck_assert(!run(false));
    ASSERT_HAS("FAILED  topic     nothing: ");
    ASSERT_HAS("ok      topic     orders: ");
    ASSERT_HAS("ok      committed g: ");
}

END_TEST

START_TEST(a_group_that_is_not_allowed_is_named) { // pitfall 99
    fake_fail_next(FAKE_COMMITTED, KC_GROUP_AUTHORIZATION_FAILED, 0);
    ck_assert(!run(false));
    ASSERT_HAS("FAILED  committed g: GROUP_AUTHORIZATION_FAILED: ");
    ASSERT_HAS("ok      records   reading: is allowed\n");
}

END_TEST

START_TEST(a_partition_that_is_not_allowed_is_named) { // pitfall 99
    fake_fail_partition("orders", 1, KC_TOPIC_AUTHORIZATION_FAILED, 0);
    ck_assert(!run(false));
    ASSERT_HAS("FAILED  leaders   end offsets: TOPIC_AUTHORIZATION_FAILED of orders:1: ");
}

END_TEST

START_TEST(records_that_must_not_be_read_are_named) { // pitfall 99
    const struct kc_poll_error error = {
        .status = KC_TOPIC_AUTHORIZATION_FAILED,
        .topic = "orders",
        .offset = -1,
        .skip_offset = -1,
        .message = "not allowed to read it",
    };
    fake_fail_poll(&error);
    ck_assert(!run(false));
    ASSERT_HAS("FAILED  records   orders: TOPIC_AUTHORIZATION_FAILED: not allowed to read it\n");
}

END_TEST

START_TEST(json_has_the_same_steps) {
    ck_assert(run(true));
    cJSON *json = cJSON_Parse(text);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(json, "ok")));
    const cJSON *steps = cJSON_GetObjectItem(json, "steps");
    ck_assert_int_eq(cJSON_GetArraySize(steps), 9);
    const cJSON *last = cJSON_GetArrayItem(steps, 8);
    ck_assert_str_eq(cJSON_GetObjectItem(last, "step")->valuestring, "committed");
    ck_assert_str_eq(cJSON_GetObjectItem(last, "subject")->valuestring, "g");
    ck_assert_str_eq(cJSON_GetObjectItem(last, "outcome")->valuestring, "ok");
    cJSON_Delete(json);
}

END_TEST

START_TEST(without_topics_their_steps_are_skipped) {
    char error[SETTINGS_ERROR_BYTES];
    ck_assert(settings_set(&settings, "topics", "", error));
    ck_assert(run(false));
    ASSERT_HAS("skipped topic     -: topics is not set\n");
    ASSERT_HAS("skipped group     g: there is no topic to ask of\n");
}

END_TEST

START_TEST(without_a_group_its_steps_are_skipped) {
    char error[SETTINGS_ERROR_BYTES];
    ck_assert(settings_set(&settings, "group.id", "", error));
    ck_assert(run(false));
    ASSERT_HAS("skipped group     -: group.id is not set\n");
}

END_TEST

START_TEST(the_command_line_asks_for_it) {
    static const char *const none[] = { NULL };
    struct out complaint = { 0 };
    const char *const plain[] = { "kafka-sidecar", "check", "--group", "g", NULL };
    ck_assert_int_eq(arguments_read(plain, none, &settings, &complaint), ARGUMENTS_CHECK);
    const char *const json[] = { "kafka-sidecar", "check", "--json", NULL };
    ck_assert_int_eq(arguments_read(json, none, &settings, &complaint), ARGUMENTS_CHECK_JSON);
    const char *const wrong[] = { "kafka-sidecar", "check", "--set", "http.listener=x", NULL };
    ck_assert_int_eq(arguments_read(wrong, none, &settings, &complaint), ARGUMENTS_WRONG);
    out_dispose(&complaint);
}

END_TEST

SUITE(check) {
    Suite *s = suite_create("server/check");
    TCase *cases = tcase_create("check_command");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, what_is_well_is_told_line_by_line);
    tcase_add_test(cases, a_topic_that_is_missing_is_named);
    tcase_add_test(cases, a_group_that_is_not_allowed_is_named);
    tcase_add_test(cases, a_partition_that_is_not_allowed_is_named);
    tcase_add_test(cases, records_that_must_not_be_read_are_named);
    tcase_add_test(cases, json_has_the_same_steps);
    tcase_add_test(cases, without_topics_their_steps_are_skipped);
    tcase_add_test(cases, without_a_group_its_steps_are_skipped);
    tcase_add_test(cases, the_command_line_asks_for_it);
    suite_add_tcase(s, cases);
    return s;
}
