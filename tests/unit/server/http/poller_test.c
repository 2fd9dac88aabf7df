// SPDX-License-Identifier: Apache-2.0
// The handshake of those who poll with a session: an answer tells, the next poll acknowledges.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct client app;

static const struct kc_partition one[] = { { .topic = "orders", .partition = 0, .offset = 7 } };

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 0);
    sidecar_up(pairs);
    app = client_connect();
    app.session = "app-1";
}

static void begin(void) {
    begin_with(NULL);
}

static void begin_impatient(void) {
    begin_with((const char *const[]){ "rebalance.ack.timeout.ms", "1", NULL });
}

static void end(void) {
    client_close(&app);
    sidecar_down();
}

static bool emit(enum kc_event_kind kind, int64_t id) {
    struct kc_event event = { .kind = kind,
                              .rebalance_id = id,
                              .ack_within_ms = 10000,
                              .partitions = one,
                              .partition_count = 1 };
    return fake_emit(&event);
}

static void poll_with(struct client *client, const char *query) {
    char target[100];
    (void)snprintf(target, sizeof target, "/v1/poll%s", query);
    ck_assert_int_eq(client_call(client, "GET", target, NULL), 200);
}

/// The rebalance of which the last answer tells; 0: none.
static int told(const struct client *client) {
    const cJSON *rebalance = cJSON_GetObjectItem(client->json, "rebalance");
    ck_assert_ptr_nonnull(rebalance);
    if (cJSON_IsNull(rebalance)) return 0;
    return cJSON_GetObjectItem(rebalance, "rebalance_id")->valueint;
}

static const char *told_event(const struct client *client) {
    const cJSON *rebalance = cJSON_GetObjectItem(client->json, "rebalance");
    return cJSON_GetStringValue(cJSON_GetObjectItem(rebalance, "event"));
}

START_TEST(a_running_poll_tells_at_once_and_the_next_acknowledges) { // pitfall 83
    client_ask(&app, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    ck_assert_int_eq(client_read(&app), 200);
    ck_assert_int_eq(client_records(&app), 0);
    ck_assert_int_eq(told(&app), 1);
    ck_assert_str_eq(told_event(&app), "partitions_revoked");
    ck_assert_ptr_nonnull(strstr(client_body(&app), "\"partition\":0,\"offset\":7"));
    ck_assert_ptr_nonnull(strstr(client_body(&app), "\"ack_within_ms\":10000"));
    ck_assert_int_eq(fake_counts().acknowledged, 0);
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 0);
    ck_assert_int_eq(fake_counts().acknowledged, 1);
    ck_assert_int_eq((int)fake_counts().acknowledged_id, 1);
}

END_TEST

START_TEST(when_no_poll_runs_the_next_one_tells_with_what_is_at_hand) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    fake_add_text("orders", 0, "a");
    poll_with(&app, "?timeout_ms=60000");
    ck_assert_int_eq(told(&app), 1);
    ck_assert_str_eq(client_value(&app, 0), "a");
    ck_assert_int_eq(fake_counts().acknowledged, 0);
    poll_with(&app, "");
    ck_assert_int_eq(fake_counts().acknowledged, 1);
}

END_TEST

START_TEST(a_poll_with_nothing_at_hand_tells_at_once_too) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_ASSIGNED, 1));
    poll_with(&app, "?timeout_ms=60000");
    ck_assert_int_eq(told(&app), 1);
    ck_assert_str_eq(told_event(&app), "partitions_assigned");
}

END_TEST

START_TEST(records_are_acknowledged_before_the_rebalance) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    fake_add_text("orders", 0, "a");
    poll_with(&app, "");
    int opened = fake_counts().opened;
    fake_hold(FAKE_ACKNOWLEDGE);
    client_ask(&app, "GET", "/v1/poll", NULL);
    fake_wait_for(FAKE_ACKNOWLEDGE, 1);
    ck_assert_int_eq(fake_counts().opened, opened + 1); // which acknowledges the records
    fake_release(FAKE_ACKNOWLEDGE);
    ck_assert_int_eq(client_read(&app), 200);
    ck_assert_int_eq(fake_counts().acknowledged, 1);
}

END_TEST

START_TEST(an_assignment_that_follows_has_a_notice_of_its_own) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    poll_with(&app, "?timeout_ms=60000");
    ck_assert_int_eq(told(&app), 1);
    client_ask(&app, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_acknowledged(1);
    fake_wait_for_waiting(true);
    ck_assert(emit(KC_PARTITIONS_ASSIGNED, 2));
    ck_assert_int_eq(client_read(&app), 200);
    ck_assert_int_eq(told(&app), 2);
    poll_with(&app, "");
    ck_assert_int_eq((int)fake_counts().acknowledged_id, 2);
}

END_TEST

START_TEST(a_notice_that_was_not_taken_comes_again) { // pitfall 105
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    client_ask(&app, "GET", "/v1/poll", NULL);
    client_wait_readable(&app);
    client_close(&app);
    app = client_connect();
    app.session = "app-1";
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 1);
    ck_assert_int_eq(fake_counts().acknowledged, 0);
    poll_with(&app, "");
    ck_assert_int_eq(fake_counts().acknowledged, 1);
}

END_TEST

START_TEST(an_explicit_acknowledgement_does_as_well) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    poll_with(&app, "");
    ck_assert_int_eq(client_call(&app, "POST", "/v1/rebalances/1/ack", NULL), 200);
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 0);
    ck_assert_int_eq(fake_counts().acknowledged, 1);
}

END_TEST

START_TEST(a_poll_that_comes_too_late_just_goes_on) { // pitfall 83
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    poll_with(&app, "");
    fake_expire_rebalance();
    fake_add_text("orders", 0, "a");
    poll_with(&app, "");
    ck_assert_str_eq(client_value(&app, 0), "a");
    ck_assert_int_eq(fake_counts().acknowledged, 0);
}

END_TEST

START_TEST(who_polls_without_a_session_is_not_waited_for) {
    app.session = NULL;
    client_ask(&app, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert(!emit(KC_PARTITIONS_REVOKED, 1));
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(client_read(&app), 200);
    ck_assert_int_eq(told(&app), 0);
}

END_TEST

START_TEST(a_session_that_never_polled_is_not_waited_for) {
    ck_assert_int_eq(client_call(&app, "GET", "/v1/status", NULL), 200);
    ck_assert(!emit(KC_PARTITIONS_REVOKED, 1));
}

END_TEST

START_TEST(who_only_looks_is_neither_told_nor_acknowledges) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    poll_with(&app, "?update_offsets=false");
    ck_assert_int_eq(told(&app), 0);
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 1);
    poll_with(&app, "?update_offsets=false");
    ck_assert_int_eq(fake_counts().acknowledged, 0);
}

END_TEST

START_TEST(a_session_that_is_fenced_is_not_waited_for_any_more) { // pitfall 115
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    struct client other = client_connect();
    other.session = "app-2";
    ck_assert_int_eq(client_call(&other, "GET", "/v1/status", NULL), 200);
    fake_wait_for_acknowledged(1); // the group goes on
    ck_assert(!emit(KC_PARTITIONS_ASSIGNED, 2));
    poll_with(&other, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 3));
    client_close(&other);
}

END_TEST

START_TEST(a_new_session_is_told_itself) {
    struct client other = client_connect();
    other.session = "app-2";
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 1);
    poll_with(&other, ""); // this is no acknowledgement: it has been told nothing
    ck_assert_int_eq(fake_counts().acknowledged, 1); // but nobody is left who was asked
    ck_assert(emit(KC_PARTITIONS_ASSIGNED, 2));
    poll_with(&other, "");
    ck_assert_int_eq(told(&other), 2);
    client_close(&other);
}

END_TEST

START_TEST(the_last_line_tells_where_an_answer_has_lines) {
    poll_with(&app, "");
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    fake_add_text("orders", 0, "a");
    client_send(
        &app,
        "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nConsumer-Session: app-1\r\nAccept: "
        "application/x-ndjson\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&app), 200);
    const char *tail = strstr(client_body(&app), "\n{\"next_offsets\":[");
    ck_assert_ptr_nonnull(tail);
    ck_assert_ptr_nonnull(strstr(tail, "\"rebalance\":{\"event\":\"partitions_revoked\","));
    poll_with(&app, "");
    ck_assert_int_eq(fake_counts().acknowledged, 1);
}

END_TEST

START_TEST(who_has_not_polled_for_the_timeout_is_not_waited_for) { // pitfall 83
    int64_t id = 1;
    poll_with(&app, "");
    while (emit(KC_PARTITIONS_REVOKED, id))
        id++;
    poll_with(&app, "");
    ck_assert_int_eq(told(&app), 0);
}

END_TEST

SUITE(poller) {
    Suite *s = suite_create("server/http/poller");
    const TTest *const tests[] = {
        a_running_poll_tells_at_once_and_the_next_acknowledges,
        when_no_poll_runs_the_next_one_tells_with_what_is_at_hand,
        a_poll_with_nothing_at_hand_tells_at_once_too,
        records_are_acknowledged_before_the_rebalance,
        an_assignment_that_follows_has_a_notice_of_its_own,
        a_notice_that_was_not_taken_comes_again,
        an_explicit_acknowledgement_does_as_well,
        a_poll_that_comes_too_late_just_goes_on,
        who_polls_without_a_session_is_not_waited_for,
        a_session_that_never_polled_is_not_waited_for,
        who_only_looks_is_neither_told_nor_acknowledges,
        a_session_that_is_fenced_is_not_waited_for_any_more,
        a_new_session_is_told_itself,
        the_last_line_tells_where_an_answer_has_lines,
    };
    TCase *cases = tcase_create("poller");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(s, cases);
    TCase *impatient = tcase_create("impatient");
    tcase_add_checked_fixture(impatient, begin_impatient, end);
    tcase_add_test(impatient, who_has_not_polled_for_the_timeout_is_not_waited_for);
    suite_add_tcase(s, impatient);
    return s;
}
