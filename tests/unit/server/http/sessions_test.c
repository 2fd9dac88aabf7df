// SPDX-License-Identifier: Apache-2.0
// Sessions: instances of an application come and go, the consumer stays. Nothing that an instance
// had not processed is lost, and none disturbs the next.
#include "server/http/sessions.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct client old;
static struct client new;

static struct client instance(const char *session) {
    struct client client = client_connect();
    client.session = session;
    return client;
}

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 0);
    sidecar_up(pairs);
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    fake_add_text("orders", 0, "c");
    old = instance("app-1");
    new = instance("app-2");
}

static void begin(void) {
    begin_with(NULL);
}

static void begin_small(void) {
    begin_with((const char *const[]){ "sessions.fenced.size", "2", NULL });
}

static void end(void) {
    client_close(&old);
    client_close(&new);
    sidecar_down();
}

static void poll_one(struct client *client, const char *value) {
    ck_assert_int_eq(client_call(client, "GET", "/v1/poll?max_records=1", NULL), 200);
    ck_assert_str_eq(client_value(client, 0), value);
}

static void expect_fenced(struct client *client, const char *method, const char *target) {
    ck_assert_int_eq(client_call(client, method, target, NULL), 409);
    ck_assert_str_eq(client_code(client), "SESSION_FENCED");
}

static void wait_until_fenced(const char *session) {
    struct client client = instance(session);
    while (client_call(&client, "GET", "/v1/paused", NULL) != 409) {}
    client_close(&client);
}

static double metric(struct client *client, const char *name) {
    ck_assert_int_eq(client_call(client, "GET", "/v1/metrics", NULL), 200);
    const cJSON *found = cJSON_GetObjectItem(cJSON_GetObjectItem(client->json, "server"), name);
    ck_assert_msg(found != NULL, "%s", name);
    return found->valuedouble;
}

START_TEST(a_new_session_gets_again_what_the_old_one_did_not_process) { // pitfall 115
    poll_one(&old, "a");
    ck_assert_int_eq(client_call(&old, "POST", "/v1/commit", NULL), 200);
    poll_one(&old, "b");
    ck_assert_int_eq(client_call(&old, "GET", "/v1/position", NULL), 200);
    ck_assert_int_eq(fake_position("orders", 0), 2);
    poll_one(&new, "b");
    poll_one(&new, "c");
}

END_TEST

START_TEST(what_a_later_poll_acknowledged_does_not_come_again) { // pitfall 115
    poll_one(&old, "a");
    poll_one(&old, "b");
    poll_one(&new, "b");
}

END_TEST

START_TEST(an_instance_that_died_with_its_answer_unread_loses_nothing) { // pitfall 115, pitfall 2
    client_ask(&old, "GET", "/v1/poll", NULL);
    client_wait_readable(&old);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_records(&new), 3);
}

END_TEST

START_TEST(any_first_call_begins_a_session) {
    poll_one(&old, "a");
    ck_assert_int_eq(client_call(&new, "GET", "/v1/position", NULL), 200);
    ck_assert_int_eq(fake_position("orders", 0), 0);
    expect_fenced(&old, "GET", "/v1/poll");
}

END_TEST

START_TEST(progress_that_was_made_without_a_session_is_undone) { // pitfall 115
    old.session = NULL;
    poll_one(&old, "a");
    poll_one(&new, "a");
    poll_one(&old, "b"); // and without a session calls go on
}

END_TEST

START_TEST(calls_without_a_session_change_nothing) {
    poll_one(&old, "a");
    struct client other = instance(NULL);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/position", NULL), 200);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit", NULL), 200);
    poll_one(&old, "b");
    client_close(&other);
}

END_TEST

static const struct late {
    const char *method;
    const char *target;
    const char *body;
} late_calls[] = {
    { "GET", "/v1/poll", NULL },
    { "POST", "/v1/poll?commit=true", NULL },
    { "POST", "/v1/commit", NULL },
    { "POST", "/v1/seek?to=beginning", NULL },
    { "POST", "/v1/pause", NULL },
    { "GET", "/v1/status", NULL },
    { "PUT", "/v1/assignment", "{\"partitions\":[]}" },
    { "DELETE", "/v1/subscription", NULL },
    { "GET", "/v1/consumers/default/poll", NULL },
};

START_TEST(late_calls_of_a_fenced_session_are_refused_and_do_nothing) { // pitfall 115
    const struct late *late = &late_calls[_i];
    poll_one(&old, "a");
    poll_one(&new, "a");
    ck_assert_int_eq(client_call(&old, late->method, late->target, late->body), 409);
    ck_assert_str_eq(client_code(&old), "SESSION_FENCED");
    poll_one(&new, "b");
    ck_assert(!fake_paused("orders", 0));
    ck_assert_int_eq(fake_committed("orders", 0), -1);
    ck_assert_int_eq((int)metric(&new, "sessions-late-calls-total"), 1);
}

END_TEST

START_TEST(calls_that_are_about_no_consumer_have_no_session) {
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 200);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/status", NULL), 200);
    ck_assert_int_eq(client_call(&old, "GET", "/openapi.json", NULL), 200);
}

END_TEST

START_TEST(the_waiting_poll_of_the_old_session_ends) { // pitfall 106
    ck_assert_int_eq(client_call(&old, "GET", "/v1/poll", NULL), 200);
    client_ask(&old, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_read(&old), 409);
    ck_assert_str_eq(client_code(&old), "SESSION_FENCED");
    ck_assert_int_eq(client_records(&new), 0);
    fake_add_text("orders", 0, "d");
    poll_one(&new, "d"); // and not to the old one
}

END_TEST

START_TEST(a_poll_that_commits_first_is_fenced_before_it_takes) {
    poll_one(&old, "a");
    fake_hold(FAKE_COMMIT);
    client_ask(&old, "GET", "/v1/poll?commit=true", NULL);
    fake_wait_for(FAKE_COMMIT, 1);
    client_ask(&new, "GET", "/v1/poll?max_records=1", NULL);
    wait_until_fenced("app-1");
    fake_release(FAKE_COMMIT);
    ck_assert_int_eq(client_read(&old), 409);
    ck_assert_str_eq(client_code(&old), "SESSION_FENCED");
    ck_assert_int_eq(client_read(&new), 200);
    ck_assert_str_eq(client_value(&new, 0), "b"); // the commit was good
}

END_TEST

START_TEST(a_waiting_poll_without_a_session_ends_empty) {
    old.session = NULL;
    ck_assert_int_eq(client_call(&old, "GET", "/v1/poll", NULL), 200);
    client_ask(&old, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_read(&old), 200);
    ck_assert_int_eq(client_records(&old), 0);
    ck_assert_int_eq(fake_position("orders", 0), 3); // that poll acknowledged the one before
}

END_TEST

START_TEST(calls_wait_while_the_session_changes) {
    struct client third = instance(NULL);
    struct client fourth = instance("app-2");
    poll_one(&old, "a");
    fake_hold(FAKE_REWIND);
    client_ask(&new, "GET", "/v1/poll?max_records=1", NULL);
    fake_wait_for(FAKE_REWIND, 2);
    client_ask(&third, "GET", "/v1/position", NULL);
    client_ask(&fourth, "GET", "/v1/paused", NULL);
    expect_fenced(&old, "GET", "/v1/poll"); // that is known already
    fake_release(FAKE_REWIND);
    ck_assert_int_eq(client_read(&new), 200);
    ck_assert_str_eq(client_value(&new, 0), "a");
    ck_assert_int_eq(client_read(&third), 200);
    ck_assert_int_eq(client_read(&fourth), 200);
    client_close(&third);
    client_close(&fourth);
}

END_TEST

START_TEST(an_instance_that_dies_while_its_session_begins_stops_nobody) {
    struct client third = instance("app-3");
    poll_one(&old, "a");
    fake_hold(FAKE_REWIND);
    client_ask(&new, "GET", "/v1/poll?max_records=1", NULL);
    fake_wait_for(FAKE_REWIND, 2);
    client_ask(&third, "GET", "/v1/poll?max_records=1", NULL);
    (void)client_close(&new);
    fake_release(FAKE_REWIND);
    ck_assert_int_eq(client_read(&third), 200);
    ck_assert_str_eq(client_value(&third, 0), "a");
    new = instance("app-2");
    expect_fenced(&new, "GET", "/v1/poll");
    client_close(&third);
}

END_TEST

START_TEST(a_change_that_fails_is_told_and_tried_again_by_the_next_call) {
    poll_one(&old, "a");
    fake_fail_next(FAKE_REWIND, KC_COORDINATOR_UNAVAILABLE, 15);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll", NULL), 503);
    ck_assert_str_eq(client_code(&new), "COORDINATOR_UNAVAILABLE");
    expect_fenced(&old, "GET", "/v1/poll");
    struct client third = instance(NULL);
    ck_assert_int_eq(client_call(&third, "GET", "/v1/status", NULL), 200);
    const cJSON *session = cJSON_GetObjectItem(third.json, "session");
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(session, "id")));
    poll_one(&new, "a");
    client_close(&third);
}

END_TEST

START_TEST(an_answer_on_its_way_to_the_old_session_goes_back) { // pitfall 105
    static char large[6 << 20];
    memset(large, 'x', sizeof large - 1);
    fake_add_text("orders", 0, large);
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 200);
    client_ask(&old, "GET", "/v1/poll", NULL);
    client_wait_readable(&old);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_records(&new), 4);
    ck_assert_int_eq(fake_counts().put_back, 1);
    ck_assert_int_eq(client_read(&old), 200); // twice is better than never
}

END_TEST

START_TEST(status_shows_the_session) {
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 200);
    ck_assert_int_eq(client_call(&new, "GET", "/v1/status", NULL), 200);
    const cJSON *session = cJSON_GetObjectItem(new.json, "session");
    ck_assert_str_eq(cJSON_GetObjectItem(session, "id")->valuestring, "app-2");
    ck_assert(cJSON_GetObjectItem(session, "since_ms")->valuedouble > 1.6e12);
    ck_assert_int_eq(cJSON_GetObjectItem(session, "fenced")->valueint, 1);
    ck_assert_int_eq((int)metric(&new, "sessions-total"), 2);
    ck_assert_int_eq((int)metric(&new, "sessions-fenced-total"), 1);
    ck_assert_int_eq((int)metric(&new, "sessions-fenced-limit"), 1024);
}

END_TEST

START_TEST(only_the_last_fenced_sessions_are_remembered) {
    static const char *const names[] = { "app-1", "app-2", "app-3", "app-4" };
    struct client client = instance(NULL);
    for (size_t i = 0; i < 4; i++) {
        client.session = names[i];
        ck_assert_int_eq(client_call(&client, "GET", "/v1/status", NULL), 200);
    }
    client.session = "app-2";
    expect_fenced(&client, "GET", "/v1/status");
    client.session = "app-3";
    expect_fenced(&client, "GET", "/v1/status");
    client.session = "app-1";
    ck_assert_int_eq(client_call(&client, "GET", "/v1/status", NULL), 200);
    client_close(&client);
}

END_TEST

static const char *const bad_names[] = { "", "two words", "tab\there", "\xc3\xa9", "\x7f" };

START_TEST(a_session_has_visible_characters) {
    old.session = bad_names[_i];
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 400);
    ck_assert_str_eq(client_code(&old), "INVALID_ARGUMENT");
    ck_assert_ptr_nonnull(strstr(client_body(&old), "Consumer-Session"));
}

END_TEST

START_TEST(a_session_has_at_most_256_characters_and_comes_once) {
    static char name[SESSION_MOST_BYTES + 2];
    memset(name, 'x', SESSION_MOST_BYTES);
    old.session = name;
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 200);
    name[SESSION_MOST_BYTES] = 'x';
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 400);
    old.session = "a\r\nConsumer-Session: a";
    ck_assert_int_eq(client_call(&old, "GET", "/v1/status", NULL), 400);
    ck_assert_ptr_nonnull(strstr(client_body(&old), "more than once"));
}

END_TEST

START_TEST(a_refused_call_begins_no_session) {
    poll_one(&old, "a");
    ck_assert_int_eq(client_call(&new, "GET", "/v1/poll?nonsense=1", NULL), 400);
    poll_one(&old, "b");
}

END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

SUITE(sessions) {
    Suite *s = suite_create("server/http/sessions");
    const TTest *const tests[] = {
        a_new_session_gets_again_what_the_old_one_did_not_process,
        what_a_later_poll_acknowledged_does_not_come_again,
        an_instance_that_died_with_its_answer_unread_loses_nothing,
        any_first_call_begins_a_session,
        progress_that_was_made_without_a_session_is_undone,
        calls_without_a_session_change_nothing,
        calls_that_are_about_no_consumer_have_no_session,
        the_waiting_poll_of_the_old_session_ends,
        a_poll_that_commits_first_is_fenced_before_it_takes,
        a_waiting_poll_without_a_session_ends_empty,
        calls_wait_while_the_session_changes,
        an_instance_that_dies_while_its_session_begins_stops_nobody,
        a_change_that_fails_is_told_and_tried_again_by_the_next_call,
        an_answer_on_its_way_to_the_old_session_goes_back,
        status_shows_the_session,
        a_session_has_at_most_256_characters_and_comes_once,
        a_refused_call_begins_no_session,
    };
    TCase *cases = tcase_create("sessions");
    tcase_add_checked_fixture(cases, begin, end);
    for (int i = 0; i < COUNT(tests); i++)
        tcase_add_test(cases, tests[i]);
    tcase_add_loop_test(
        cases, late_calls_of_a_fenced_session_are_refused_and_do_nothing, 0, COUNT(late_calls)
    );
    tcase_add_loop_test(cases, a_session_has_visible_characters, 0, COUNT(bad_names));
    suite_add_tcase(s, cases);
    TCase *small = tcase_create("small");
    tcase_add_checked_fixture(small, begin_small, end);
    tcase_add_test(small, only_the_last_fenced_sessions_are_remembered);
    suite_add_tcase(s, small);
    return s;
}
