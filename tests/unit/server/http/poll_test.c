// SPDX-License-Identifier: Apache-2.0
// Polls: shapes, parameters, waiting, errors, and that nothing but a poll waits for a poll.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct client client;

static void begin(void) {
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
    sidecar_up(NULL);
    client = client_connect();
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

static int poll_with(const char *query) {
    char target[200];
    (void)snprintf(target, sizeof target, "/v1/poll%s", query);
    return client_call(&client, "GET", target, NULL);
}

START_TEST(an_answer_looks_as_documented) {
    fake_add_text("orders", 0, "{\"qty\":2}");
    fake_add_text("orders", 1, "b");
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_str_eq(
        client_body(&client),
        "{\"records\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":5,\"timestamp\":1000,"
        "\"timestamp_type\":0,"
        "\"leader_epoch\":4,\"key\":null,\"value\":\"{\\\"qty\\\":2}\",\"headers\":[],\"serialized_"
        "key_size\":-1,"
        "\"serialized_value_size\":9},{\"topic\":\"orders\",\"partition\":1,\"offset\":0,"
        "\"timestamp\":1000,"
        "\"timestamp_type\":0,\"leader_epoch\":4,\"key\":null,\"value\":\"b\",\"headers\":[],"
        "\"serialized_key_size\":-1,"
        "\"serialized_value_size\":1}],\"next_offsets\":[{\"topic\":\"orders\",\"partition\":0,"
        "\"offset\":6,"
        "\"leader_epoch\":4},{\"topic\":\"orders\",\"partition\":1,\"offset\":1,\"leader_epoch\":4}"
        "],\"rebalance\":null}"
    );
}

END_TEST

// The client compares each answer with the API's document.
START_TEST(a_record_of_an_old_message_format_has_its_checksum) {
    fake_add_record(
        "orders", 0, &(struct fake_record){ .has_checksum = true, .checksum = 3000000000U }
    );
    fake_add_text("orders", 0, "new");
    ck_assert_int_eq(poll_with(""), 200);
    const char *body = client_body(&client);
    ck_assert_ptr_nonnull(strstr(body, "\"timestamp\":-1,\"timestamp_type\":-1,"));
    ck_assert_ptr_nonnull(strstr(body, "\"headers\":[],\"checksum\":3000000000,\"serialized_"));
    ck_assert_ptr_nonnull(strstr(body, "\"value\":\"new\",\"headers\":[],\"serialized_"));
}

END_TEST

START_TEST(ndjson_has_one_record_a_line_and_the_offsets_last) {
    fake_add_text("orders", 0, "{\n\"a\":1}");
    fake_add_text("orders", 0, "x");
    client_send(
        &client,
        "GET /v1/poll?format=json HTTP/1.1\r\nHost: localhost\r\nAccept: "
        "application/x-ndjson\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_header(&client, "Content-Type"), "application/x-ndjson");
    ck_assert_str_eq(
        client_body(&client),
        "{\"topic\":\"orders\",\"partition\":0,\"offset\":5,\"timestamp\":1000,\"timestamp_type\":"
        "0,\"leader_epoch\":4,"
        "\"key\":null,\"value\":{ "
        "\"a\":1},\"headers\":[],\"serialized_key_size\":-1,\"serialized_value_size\":8}\n"
        "{\"topic\":\"orders\",\"partition\":0,\"offset\":6,\"timestamp\":1000,\"timestamp_type\":"
        "0,\"leader_epoch\":4,"
        "\"key\":null,\"value\":\"x\",\"headers\":[],\"serialized_key_size\":-1,\"serialized_value_"
        "size\":1}\n"
        "{\"next_offsets\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":7,\"leader_epoch\":4}]"
        "}\n"
    );
    client_send(
        &client, "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_body(&client), "{\"next_offsets\":[]}\n");
}

END_TEST

START_TEST(a_media_type_that_cannot_be_had_takes_nothing) { // pitfall 110
    fake_add_text("orders", 0, "a");
    client_send(&client, "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n");
    ck_assert_int_eq(client_read(&client), 406);
    ck_assert_int_eq(fake_counts().opened, 0);
}

END_TEST

START_TEST(formats_are_those_of_each_poll) { // pitfall 118
    fake_add_record(
        "orders",
        0,
        &(struct fake_record){ .key = { (const uint8_t *)"k", 1 },
                               .value = { (const uint8_t *)"[1]", 3 } }
    );
    ck_assert_int_eq(poll_with("?key_format=base64&value_format=json&update_offsets=false"), 200);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"key_base64\":\"aw==\",\"value\":[1],"));
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"key\":\"k\",\"value\":\"[1]\","));
}

END_TEST

START_TEST(max_records_is_exact) { // pitfall 118
    for (int i = 0; i < 10; i++)
        fake_add_text("orders", 0, "x");
    ck_assert_int_eq(poll_with("?max_records=3"), 200);
    ck_assert_int_eq(client_records(&client), 3);
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_int_eq(client_records(&client), 7);
}

END_TEST

START_TEST(max_bytes_is_soft_and_one_record_always_comes) { // pitfall 112
    static char large[5000];
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 3; i++)
        fake_add_text("orders", 0, large);
    ck_assert_int_eq(poll_with("?max_bytes=1"), 200);
    ck_assert_int_eq(client_records(&client), 1);
    ck_assert_int_eq(poll_with("?max_bytes=6000"), 200);
    ck_assert_int_eq(client_records(&client), 1);
    fake_add_text("orders", 0, "small");
    ck_assert_int_eq(poll_with("?max_bytes=6000"), 200);
    ck_assert_int_eq(client_records(&client), 2);
    ck_assert_str_eq(client_value(&client, 0), large);
    ck_assert_str_eq(client_value(&client, 1), "small");
}

END_TEST

START_TEST(a_poll_without_records_is_empty_at_its_timeout) {
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_str_eq(
        client_body(&client), "{\"records\":[],\"next_offsets\":[],\"rebalance\":null}"
    );
    ck_assert_int_eq(poll_with("?timeout_ms=30"), 200);
    ck_assert_int_eq(client_records(&client), 0);
}

END_TEST

START_TEST(a_waiting_poll_answers_with_the_first_record) { // pitfall 107, pitfall 108
    client_ask(&client, "POST", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    fake_add_text("orders", 0, "now");
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_value(&client, 0), "now");
}

END_TEST

START_TEST(nothing_but_a_poll_waits_for_a_poll) { // pitfall 109
    struct client other = client_connect();
    client_ask(&client, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit", NULL), 200);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/seek?tp=orders:0&offset=5", NULL), 200);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/pause", NULL), 200);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/resume", NULL), 200);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/status", NULL), 200);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 409);
    ck_assert_str_eq(client_code(&other), "POLL_IN_PROGRESS");
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(client_read(&client), 200);
    client_close(&other);
}

END_TEST

START_TEST(looking_takes_nothing) {
    fake_add_text("orders", 0, "a");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(poll_with("?update_offsets=false"), 200);
        ck_assert_str_eq(client_value(&client, 0), "a");
    }
    ck_assert_int_eq(fake_counts().accepted, 0);
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/position?tp=orders:0", NULL), 200);
    ck_assert_int_eq(fake_position("orders", 0), 6);
}

END_TEST

START_TEST(a_poll_can_commit_what_the_one_before_delivered) {
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    ck_assert_int_eq(poll_with("?max_records=1&commit=true"), 200);
    ck_assert_int_eq(fake_committed("orders", 0), 5);
    ck_assert_int_eq(poll_with("?max_records=1&commit=true"), 200);
    ck_assert_str_eq(client_value(&client, 0), "b");
    ck_assert_int_eq(fake_committed("orders", 0), 6); // and not 7: that one is not delivered yet
}

END_TEST

START_TEST(a_failed_commit_of_a_poll_takes_nothing) { // pitfall 110
    fake_add_text("orders", 0, "a");
    fake_fail_next(FAKE_COMMIT, KC_REBALANCE_IN_PROGRESS, 27);
    ck_assert_int_eq(poll_with("?commit=true"), 409);
    ck_assert_str_eq(client_code(&client), "REBALANCE_IN_PROGRESS");
    ck_assert_int_eq(fake_counts().opened, 0);
    ck_assert_int_eq(poll_with("?commit=true"), 200);
    ck_assert_str_eq(client_value(&client, 0), "a");
}

END_TEST

START_TEST(corrupt_records_are_told_with_the_way_past_them) { // pitfall 33, pitfall 111
    fake_fail_poll(&(struct kc_poll_error){
        .status = KC_CORRUPT_RECORDS,
        .kafka_error = 0,
        .topic = "orders",
        .partition = 1,
        .offset = 7,
        .skip_offset = 9,
        .message = "the CRC is wrong",
    });
    ck_assert_int_eq(poll_with("?timeout_ms=60000"), 502);
    ck_assert_str_eq(client_code(&client), "CORRUPT_RECORDS");
    ck_assert_ptr_nonnull(strstr(
        client_body(&client),
        "\"detail\":\"the CRC is "
        "wrong\",\"code\":\"CORRUPT_RECORDS\",\"kafka_error\":null,\"retriable\":false,"
        "\"topic\":\"orders\",\"partition\":1,\"offset\":7,\"skip_to\":9,"
    ));
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(poll_with(""), 200); // and the seat is free
    ck_assert_str_eq(client_value(&client, 0), "a");
}

END_TEST

START_TEST(an_error_of_the_whole_consumer_names_no_partition) {
    fake_fail_poll(&(struct kc_poll_error
    ){ .status = KC_FENCED, .kafka_error = 82, .message = "fenced" });
    ck_assert_int_eq(poll_with(""), 409);
    ck_assert_str_eq(client_code(&client), "FENCED");
    ck_assert_ptr_null(cJSON_GetObjectItem(client.json, "topic"));
}

END_TEST

START_TEST(an_error_of_a_whole_topic_names_it_and_no_partition) { // pitfall 99
    fake_fail_poll(&(struct kc_poll_error){
        .status = KC_TOPIC_AUTHORIZATION_FAILED,
        .kafka_error = 29,
        .topic = "orders",
        .partition = -1,
        .offset = -1,
        .skip_offset = -1,
        .message = "orders: not authorized",
    });
    ck_assert_int_eq(poll_with("?timeout_ms=60000"), 403);
    ck_assert_str_eq(client_code(&client), "TOPIC_AUTHORIZATION_FAILED");
    const cJSON *topic = cJSON_GetObjectItem(client.json, "topic");
    ck_assert_str_eq(cJSON_GetStringValue(topic), "orders");
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(client.json, "partition")));
    ck_assert_ptr_null(cJSON_GetObjectItem(client.json, "partitions"));
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(poll_with(""), 200); // and the seat is free
}

END_TEST

START_TEST(records_of_all_kinds_survive) { // pitfall 101, pitfall 113
    static const uint8_t bad[] = { 0xff, 0x00 };
    const struct kc_header headers[] = { { { (const uint8_t *)"h", 1 }, { NULL, 0 } },
                                         { { (const uint8_t *)"h", 1 }, { bad, 2 } } };
    fake_add_record(
        "orders",
        0,
        &(struct fake_record){ .key = { bad, 0 }, .headers = headers, .header_count = 2 }
    );
    fake_add_record("orders", 0, &(struct fake_record){ .value = { bad, 2 } });
    ck_assert_int_eq(poll_with(""), 200);
    ck_assert_ptr_nonnull(strstr(
        client_body(&client),
        "\"key\":\"\",\"value\":null,\"headers\":[{\"key\":\"h\",\"value\":null},{\"key\":\"h\","
        "\"value_base64\":\"/wA=\"}],"
    ));
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), "\"key\":null,\"value_base64\":\"/wA=\",\"headers\":[],")
    );
}

END_TEST

static void add(Suite *s, const char *name, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, begin, end);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(poll) {
    Suite *s = suite_create("server/http/poll");
    const TTest *const tests[] = {
        an_answer_looks_as_documented,
        a_record_of_an_old_message_format_has_its_checksum,
        ndjson_has_one_record_a_line_and_the_offsets_last,
        a_media_type_that_cannot_be_had_takes_nothing,
        formats_are_those_of_each_poll,
        max_records_is_exact,
        max_bytes_is_soft_and_one_record_always_comes,
        a_poll_without_records_is_empty_at_its_timeout,
        a_waiting_poll_answers_with_the_first_record,
        nothing_but_a_poll_waits_for_a_poll,
        looking_takes_nothing,
        a_poll_can_commit_what_the_one_before_delivered,
        a_failed_commit_of_a_poll_takes_nothing,
        corrupt_records_are_told_with_the_way_past_them,
        an_error_of_the_whole_consumer_names_no_partition,
        an_error_of_a_whole_topic_names_it_and_no_partition,
        records_of_all_kinds_survive,
        NULL,
    };
    add(s, "poll", tests);
    return s;
}
