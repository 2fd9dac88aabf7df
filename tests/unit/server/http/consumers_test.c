// SPDX-License-Identifier: Apache-2.0
// Consumers that clients make and close, over HTTP: alone, side by side, and while calls of them
// run.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct client client;

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 0);
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    sidecar_up(pairs);
    client = client_connect();
}

static void begin(void) {
    begin_with((const char *const[]){ "group.instance.id", "static-1", NULL });
}

static void begin_with_three(void) {
    begin_with((const char *const[]){ "consumers.max", "3", NULL });
}

static void begin_with_idle_timeout(void) {
    begin_with((const char *const[]){ "consumer.idle.timeout.ms", "150", NULL });
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

#define BODY "{\"config\":{\"group.id\":\"g2\",\"max.poll.records\":7},\"topics\":[\"b\",\"a\"]}"

static void expect(const char *method, const char *target, const char *body, int status) {
    int got = client_call(&client, method, target, body);
    ck_assert_msg(got == status, "%s %s: %d %s", method, target, got, client_body(&client));
}

static void expect_problem(
    const char *method, const char *target, const char *body, int status, const char *code
) {
    expect(method, target, body, status);
    ck_assert_str_eq(client_code(&client), code);
}

/// Makes "two" and looks at it from then on.
static void make_two(void) {
    expect("PUT", "/v1/consumers/two", BODY, 201);
    fake_choose(1);
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
    return text ? text : "null";
}

/// The member of the list of consumers by its name; NULL when it is not there.
static const cJSON *listed(const char *name) {
    expect("GET", "/v1/consumers", NULL, 200);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(client.json, "consumers")) {
        if (strcmp(text_of(one, "name"), name) == 0) return one;
    }
    return NULL;
}

START_TEST(a_consumer_is_made_and_called_by_its_name) {
    make_two();
    ck_assert_str_eq(client_header(&client, "Location"), "/v1/consumers/two");
    ck_assert_str_eq(text_of(client.json, "state"), "stable");
    ck_assert_str_eq(text_of(client.json, "group_id"), "g2");
    ck_assert_str_eq(text_of(listed("two"), "group_id"), "g2");
    ck_assert_str_eq(text_of(listed("default"), "group_id"), "group-1");
    expect("GET", "/v1/consumers/two/subscription", NULL, 200);
    ck_assert_str_eq(client_body(&client), "{\"topics\":[\"a\",\"b\"],\"pattern\":null}");
    expect("GET", "/v1/subscription", NULL, 200);
    ck_assert_str_eq(client_body(&client), "{\"topics\":[],\"pattern\":null}");
    expect("POST", "/v1/consumers/two/seek?tp=orders:0&offset=1", NULL, 200);
    expect("GET", "/v1/consumers/two/poll", NULL, 200);
    ck_assert_str_eq(client_value(&client, 0), "b");
    expect("GET", "/v1/consumers/two/metrics", NULL, 200);
    expect("GET", "/v1/position", NULL, 200);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"offset\":0"));
}

END_TEST

START_TEST(it_inherits_the_settings_of_the_process_but_not_who_it_is) {
    make_two();
    ck_assert_str_eq(fake_option("bootstrap.servers"), "nowhere:1");
    ck_assert_str_eq(fake_option("group.id"), "g2");
    ck_assert_str_eq(fake_option("max.poll.records"), "7");
    ck_assert_str_eq(fake_option("auto.offset.reset"), "latest");
    ck_assert_ptr_null(fake_option("group.instance.id"));
    fake_choose(0);
    ck_assert_str_eq(fake_option("group.instance.id"), "static-1");
    expect("PUT", "/v1/consumers/three", "{\"config\":{\"client.id\":null}}", 201);
    fake_choose(2);
    ck_assert_str_eq(fake_option("group.id"), "group-1");
    ck_assert_str_eq(fake_option("client.id"), "kafka-sidecar");
}

END_TEST

START_TEST(its_configuration_is_shown_without_secrets) {
    make_two();
    expect("GET", "/v1/consumers/two", NULL, 200);
    const cJSON *config = cJSON_GetObjectItem(client.json, "config");
    ck_assert_str_eq(text_of(config, "group.id"), "g2");
    ck_assert_int_eq(cJSON_GetObjectItem(config, "max.poll.records")->valueint, 7);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(config, "enable.auto.commit")));
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(config, "group.instance.id")));
    ck_assert_ptr_null(strstr(client_body(&client), "sasl.password"));
    expect("GET", "/v1/consumers/default", NULL, 200);
    config = cJSON_GetObjectItem(client.json, "config");
    ck_assert_str_eq(text_of(config, "group.instance.id"), "static-1");
}

END_TEST

static const char *const same[] = {
    BODY,
    " { \"topics\" : [ \"a\" , \"b\" ] ,\n\"config\": "
    "{\"max.poll.records\":\"7\",\"group.id\":\"g2\"}}",
    "{\"topics\":[\"a\",\"b\",\"a\"],\"config\":{\"group.id\":\"\\u00672\",\"max.poll.records\":7,"
    "\"enable.auto.commit\":true}}",
};

START_TEST(the_same_again_changes_nothing) {
    make_two();
    expect("PUT", "/v1/consumers/two", same[_i], 200);
    ck_assert_ptr_null(client_header(&client, "Location"));
    ck_assert_uint_eq(fake_consumer_count(), 2);
}

END_TEST

static const char *const other[] = {
    "{}",
    "{\"config\":{\"group.id\":\"g2\",\"max.poll.records\":7},\"topics\":[\"a\"]}",
    "{\"config\":{\"group.id\":\"g2\",\"max.poll.records\":8},\"topics\":[\"b\",\"a\"]}",
    "{\"config\":{\"group.id\":\"g3\",\"max.poll.records\":7},\"topics\":[\"b\",\"a\"]}",
};

START_TEST(something_else_under_its_name_is_a_conflict) {
    make_two();
    expect_problem("PUT", "/v1/consumers/two", other[_i], 409, "CONSUMER_EXISTS");
    ck_assert_uint_eq(fake_consumer_count(), 2);
}

END_TEST

static const struct {
    const char *name;
    const char *body;
    const char *code;
    const char *named;
} wrong[] = {
    { "x", NULL, "INVALID_ARGUMENT", "the body is missing" },
    { "x", "{", "INVALID_JSON", "at byte" },
    { "x", "[]", "INVALID_ARGUMENT", "not an object" },
    { "x", "{\"config\":[]}", "INVALID_ARGUMENT", "config: not an object" },
    { "x", "{\"config\":{},\"config\":{}}", "INVALID_ARGUMENT", "config: given twice" },
    { "x", "{\"topic\":[]}", "UNKNOWN_PARAMETER", "topic: not a field" },
    { "x", "{\"topics\":[7]}", "INVALID_ARGUMENT", "topics[0]: not a string" },
    { "x",
      "{\"topics\":[\"a\"],\"pattern\":\"b\"}",
      "INVALID_ARGUMENT",
      "topics and pattern exclude each other" },
    { "x",
      "{\"config\":{\"group.id\":\"a\",\"group.id\":\"b\"}}",
      "INVALID_ARGUMENT",
      "config.group.id: given twice" },
    { "x",
      "{\"config\":{\"group.id\":[\"a\"]}}",
      "INVALID_ARGUMENT",
      "config.group.id: neither a text nor a number" },
    { "x", "{\"config\":{\"group.id\":\"a\\u0000b\"}}", "INVALID_ARGUMENT", "NUL" },
    { "x",
      "{\"config\":{\"max.pol.records\":1}}",
      "UNKNOWN_PARAMETER",
      "config.max.pol.records: unknown; the nearest known one is 'max.poll.records'" },
    { "x", "{\"config\":{\"\":1}}", "UNKNOWN_PARAMETER", "config.: unknown" },
    { "x",
      "{\"config\":{\"max.poll.records\":true}}",
      "INVALID_CONFIG",
      "config.max.poll.records" },
    { "x",
      "{\"config\":{\"bootstrap.servers\":\"evil:1\"}}",
      "INVALID_CONFIG",
      "config.bootstrap.servers: is set for the whole process" },
    { "x", "{\"config\":{\"bootstrap.servers\":null}}", "INVALID_CONFIG", "bootstrap.servers" },
    { "x", "{\"config\":{\"sasl.password\":\"x\"}}", "INVALID_CONFIG", "config.sasl.password" },
    { "x", "{\"config\":{\"ssl.made.up\":\"x\"}}", "INVALID_CONFIG", "config.ssl.made.up" },
    { "x", "{\"config\":{\"security.protocol\":\"SSL\"}}", "INVALID_CONFIG", "security.protocol" },
    { "x", "{\"config\":{\"fetch.buffer.bytes\":1}}", "INVALID_CONFIG", "fetch.buffer.bytes" },
    { "x", "{\"config\":{\"http.listener\":\"x\"}}", "INVALID_CONFIG", "config.http.listener" },
    { "x", "{\"config\":{\"consumers.max\":99}}", "INVALID_CONFIG", "config.consumers.max" },
    { "x",
      "{\"config\":{\"group.id\":null},\"topics\":[\"a\"]}",
      "INVALID_CONFIG",
      "config.group.id: a subscription needs one" },
    { "-x", "{}", "INVALID_ARGUMENT", "name: " },
    { "a%20b", "{}", "INVALID_ARGUMENT", "name: " },
    { "a%C3%A4", "{}", "INVALID_ARGUMENT", "name: " },
};

START_TEST(what_is_wrong_with_a_wish_is_named) { // pitfall 110
    char target[100];
    (void)snprintf(target, sizeof target, "/v1/consumers/%s", wrong[_i].name);
    expect_problem("PUT", target, wrong[_i].body, 400, wrong[_i].code);
    ck_assert_msg(strstr(client_body(&client), wrong[_i].named), "%s", client_body(&client));
    ck_assert_uint_eq(fake_consumer_count(), 1);
}

END_TEST

START_TEST(a_list_of_thousands_of_properties_is_refused_at_once) {
    struct out body = { 0 };
    OUT_LITERAL(&body, "{\"config\":{");
    for (int i = 0; i < 20000; i++)
        out_format(&body, "%s\"k%d\":1", i ? "," : "", i);
    OUT_LITERAL(&body, "}}");
    expect_problem("PUT", "/v1/consumers/x", out_text(&body), 400, "INVALID_ARGUMENT");
    ck_assert_ptr_nonnull(strstr(client_body(&client), "more than 256"));
    out_dispose(&body);
}

END_TEST

START_TEST(it_may_read_what_a_pattern_matches) {
    static const char body[] = "{\"pattern\":\"ord.*\"}";
    expect("PUT", "/v1/consumers/two", body, 201);
    ck_assert_str_eq(text_of(client.json, "pattern"), "ord.*");
    expect("PUT", "/v1/consumers/two", body, 200);
    expect("PUT", "/v1/consumers/two", "{\"pattern\":\"or.*\"}", 409);
    expect("PUT", "/v1/consumers/two", "{\"topics\":[\"orders\"]}", 409);
}

END_TEST

START_TEST(a_subscription_that_fails_takes_the_consumer_back) {
    fake_fail_next(FAKE_SUBSCRIBE, KC_INVALID_ARGUMENT, 0);
    expect_problem("PUT", "/v1/consumers/two", BODY, 400, "INVALID_ARGUMENT");
    fake_choose(1);
    fake_wait_for_freed();
    ck_assert(!fake_counts().closed_with_autocommit);
    expect_problem("GET", "/v1/consumers/two", NULL, 404, "NO_SUCH_CONSUMER");
}

END_TEST

START_TEST(a_closed_consumer_is_gone_and_its_name_free) {
    make_two();
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_ptr_null(client_header(&client, "Content-Type"));
    expect_problem("GET", "/v1/consumers/two/position", NULL, 404, "NO_SUCH_CONSUMER");
    expect_problem("DELETE", "/v1/consumers/two", NULL, 404, "NO_SUCH_CONSUMER");
    ck_assert_ptr_null(listed("two"));
    fake_wait_for_freed();
    ck_assert_int_eq(fake_counts().closed, 1);
    ck_assert(fake_counts().closed_with_autocommit);
    ck_assert_int_eq(fake_counts().closed_with_farewell, KC_FAREWELL_DEFAULT);
    expect("PUT", "/v1/consumers/two", "{}", 201);
    ck_assert_uint_eq(fake_consumer_count(), 3);
}

END_TEST

START_TEST(how_it_is_closed_can_be_said) {
    make_two();
    expect_problem("DELETE", "/v1/consumers/two?leave=yes", NULL, 400, "INVALID_ARGUMENT");
    expect_problem("DELETE", "/v1/consumers/two?timeout_ms=0", NULL, 400, "INVALID_ARGUMENT");
    expect_problem("DELETE", "/v1/consumers/two?autocommit=1", NULL, 400, "INVALID_ARGUMENT");
    expect("DELETE", "/v1/consumers/two?autocommit=false&leave=remain&timeout_ms=500", NULL, 204);
    ck_assert(!fake_counts().closed_with_autocommit);
    ck_assert_int_eq(fake_counts().closed_with_farewell, KC_FAREWELL_REMAIN);
}

END_TEST

START_TEST(the_configured_consumer_is_neither_made_nor_closed) {
    expect_problem("PUT", "/v1/consumers/default", "{}", 405, "METHOD_NOT_ALLOWED");
    ck_assert_str_eq(client_header(&client, "Allow"), "GET, HEAD, OPTIONS");
    expect_problem("DELETE", "/v1/consumers/default", NULL, 405, "METHOD_NOT_ALLOWED");
    ck_assert_ptr_nonnull(strstr(client_body(&client), "as long as the process"));
    expect("GET", "/v1/position", NULL, 200);
}

END_TEST

START_TEST(there_are_no_more_than_consumers_max) { // pitfall 112
    expect("PUT", "/v1/consumers/two", "{}", 201);
    expect("PUT", "/v1/consumers/three", "{}", 201);
    expect_problem("PUT", "/v1/consumers/four", "{}", 429, "TOO_MANY_CONSUMERS");
    expect("PUT", "/v1/consumers/three", "{}", 200);
    expect("GET", "/v1/metrics", NULL, 200);
    const cJSON *server = cJSON_GetObjectItem(client.json, "server");
    ck_assert_int_eq(cJSON_GetObjectItem(server, "consumers")->valueint, 3);
    ck_assert_int_eq(cJSON_GetObjectItem(server, "consumers-limit")->valueint, 3);
    ck_assert_int_eq(cJSON_GetObjectItem(server, "consumers-refused-total")->valueint, 1);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    expect("PUT", "/v1/consumers/four", "{}", 201);
}

END_TEST

START_TEST(each_consumer_has_a_poll_of_its_own) {
    make_two();
    struct client second = client_connect();
    expect("POST", "/v1/consumers/two/seek?to=end", NULL, 200);
    client_ask(&second, "GET", "/v1/consumers/two/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    expect("GET", "/v1/poll", NULL, 200);
    ck_assert_int_eq(client_records(&client), 2);
    expect_problem("GET", "/v1/consumers/two/poll", NULL, 409, "POLL_IN_PROGRESS");
    fake_add_text("orders", 0, "c");
    ck_assert_int_eq(client_read(&second), 200);
    ck_assert_str_eq(client_value(&second, 0), "c");
    client_close(&second);
}

END_TEST

START_TEST(a_call_of_another_consumer_shows_that_an_answer_was_taken) { // pitfall 105
    make_two();
    expect("GET", "/v1/consumers/two/poll", NULL, 200);
    ck_assert_int_eq(fake_counts().accepted, 0);
    expect("GET", "/v1/paused", NULL, 200);
    ck_assert_int_eq(fake_counts().accepted, 1);
}

END_TEST

START_TEST(a_waiting_poll_ends_when_its_consumer_is_closed) {
    make_two();
    expect("POST", "/v1/consumers/two/seek?to=end", NULL, 200);
    struct client waiting = client_connect();
    client_ask(&waiting, "GET", "/v1/consumers/two/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(client_read(&waiting), 409);
    ck_assert_str_eq(client_code(&waiting), "CLOSED");
    fake_wait_for_freed();
    // The connection is still good.
    ck_assert_int_eq(client_call(&waiting, "GET", "/v1/poll", NULL), 200);
    client_close(&waiting);
}

END_TEST

START_TEST(a_commit_under_way_has_its_outcome_before_its_consumer_is_closed) {
    make_two();
    fake_hold(FAKE_COMMIT);
    fake_hold(FAKE_CLOSE);
    struct client committing = client_connect();
    struct client closing = client_connect();
    client_ask(&committing, "POST", "/v1/consumers/two/commit?tp=orders:0&offset=2", NULL);
    fake_wait_for(FAKE_COMMIT, 1);
    client_ask(&closing, "DELETE", "/v1/consumers/two", NULL);
    fake_wait_for(FAKE_CLOSE, 2);
    ck_assert_str_eq(text_of(listed("two"), "state"), "closing");
    fake_release(FAKE_COMMIT);
    ck_assert_int_eq(client_read(&committing), 200);
    fake_release(FAKE_CLOSE);
    ck_assert_int_eq(client_read(&closing), 204);
    ck_assert_int_eq(fake_committed("orders", 0), 2);
    fake_wait_for_freed();
    client_close(&committing);
    client_close(&closing);
}

END_TEST

START_TEST(while_a_consumer_is_closed_the_library_says_which_calls_it_takes) {
    make_two();
    fake_hold(FAKE_CLOSE);
    struct client closing = client_connect();
    struct client again = client_connect();
    client_ask(&closing, "DELETE", "/v1/consumers/two", NULL);
    fake_wait_for(FAKE_CLOSE, 2);
    // Its partitions may be held for the application's last commit.
    expect("POST", "/v1/consumers/two/commit?tp=orders:0&offset=2", NULL, 200);
    expect_problem("GET", "/v1/consumers/two/poll", NULL, 409, "CLOSED");
    expect_problem("PUT", "/v1/consumers/two", BODY, 409, "CONSUMER_CLOSING");
    client_ask(&again, "DELETE", "/v1/consumers/two", NULL);
    fake_wait_for(FAKE_CLOSE, 3);
    fake_release(FAKE_CLOSE);
    ck_assert_int_eq(client_read(&closing), 204);
    ck_assert_int_eq(client_read(&again), 204);
    fake_wait_for_freed();
    ck_assert_int_eq(fake_counts().closed, 1);
    client_close(&closing);
    client_close(&again);
}

END_TEST

START_TEST(a_commit_that_takes_too_long_ends_with_its_consumer) {
    make_two();
    fake_hold(FAKE_COMMIT);
    struct client committing = client_connect();
    client_ask(&committing, "POST", "/v1/consumers/two/commit?tp=orders:0&offset=2", NULL);
    fake_wait_for(FAKE_COMMIT, 1);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(client_read(&committing), 409);
    ck_assert_str_eq(client_code(&committing), "CLOSED");
    fake_wait_for_freed();
    client_close(&committing);
}

END_TEST

START_TEST(a_poll_that_commits_first_ends_with_its_consumer) {
    make_two();
    fake_hold(FAKE_COMMIT);
    struct client polling = client_connect();
    client_ask(&polling, "GET", "/v1/consumers/two/poll?commit=true", NULL);
    fake_wait_for(FAKE_COMMIT, 1);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(client_read(&polling), 409);
    ck_assert_str_eq(client_code(&polling), "CLOSED");
    fake_wait_for_freed();
    client_close(&polling);
}

END_TEST

START_TEST(an_answer_in_doubt_is_settled_before_its_consumer_is_closed) { // pitfall 105
    make_two();
    struct client reader = client_connect();
    ck_assert_int_eq(client_call(&reader, "GET", "/v1/consumers/two/poll", NULL), 200);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(fake_counts().accepted, 1);
    fake_wait_for_freed();
    client_close(&reader);

    expect("PUT", "/v1/consumers/two", BODY, 201);
    fake_choose(2);
    reader = client_connect();
    client_ask(&reader, "GET", "/v1/consumers/two/poll", NULL);
    client_wait_readable(&reader);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(fake_counts().accepted, 0);
    ck_assert_int_eq(fake_counts().put_back, 1);
    fake_wait_for_freed();
    client_close(&reader);
}

END_TEST

START_TEST(an_answer_that_is_still_being_sent_does_not_hold_up_the_close) {
    enum { LARGE_BYTES = 6 << 20 };

    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    fake_add_text("orders", 0, value);
    make_two();
    expect("POST", "/v1/consumers/two/seek?tp=orders:0&offset=2", NULL, 200);
    struct client reader = client_connect();
    client_ask(&reader, "GET", "/v1/consumers/two/poll", NULL);
    client_wait_readable(&reader);
    expect("DELETE", "/v1/consumers/two", NULL, 204);
    ck_assert_int_eq(fake_counts().put_back, 1);
    ck_assert_int_eq(client_read(&reader), 200); // the bytes are the answer's own
    ck_assert_uint_gt(reader.body.size, LARGE_BYTES);
    client_close(&reader);
    fake_wait_for_freed();
}

END_TEST

START_TEST(a_client_that_leaves_does_not_stop_the_close) {
    make_two();
    fake_hold(FAKE_CLOSE);
    struct client closing = client_connect();
    client_ask(&closing, "DELETE", "/v1/consumers/two", NULL);
    fake_wait_for(FAKE_CLOSE, 2);
    client_close(&closing);
    fake_release(FAKE_CLOSE);
    fake_wait_for_freed();
    expect("PUT", "/v1/consumers/two", BODY, 201);
}

END_TEST

START_TEST(of_many_that_make_the_same_one_does_and_all_have_it) {
    enum { CLIENTS = 12 };

    struct client clients[CLIENTS];
    int made = 0;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_connect();
    for (int i = 0; i < CLIENTS; i++)
        client_ask(&clients[i], "PUT", "/v1/consumers/two", same[i % 3]);
    for (int i = 0; i < CLIENTS; i++) {
        int status = client_read(&clients[i]);
        ck_assert_msg(status == 200 || status == 201, "%s", client_body(&clients[i]));
        made += status == 201;
        client_close(&clients[i]);
    }
    ck_assert_int_eq(made, 1);
    ck_assert_uint_eq(fake_consumer_count(), 2);
}

END_TEST

START_TEST(of_two_that_make_different_ones_one_is_told_so) {
    struct client clients[2] = { client_connect(), client_connect() };
    client_ask(&clients[0], "PUT", "/v1/consumers/two", BODY);
    client_ask(&clients[1], "PUT", "/v1/consumers/two", other[1]);
    int first = client_read(&clients[0]);
    int second = client_read(&clients[1]);
    ck_assert((first == 201 && second == 409) || (first == 409 && second == 201));
    client_close(&clients[0]);
    client_close(&clients[1]);
}

END_TEST

/// Looks at the list until the consumer is there as expired; looking is no call of it.
static void wait_until_expired(const char *name) {
    for (;;) {
        const cJSON *one = listed(name);
        ck_assert_ptr_nonnull(one);
        if (strcmp(text_of(one, "state"), "expired") == 0) return;
    }
}

START_TEST(a_consumer_that_nobody_calls_is_closed_and_remembered) {
    make_two();
    wait_until_expired("two");
    fake_wait_for_freed();
    ck_assert_int_eq(fake_counts().closed, 1);
    ck_assert_str_eq(text_of(listed("two"), "group_id"), "g2");
    expect_problem("GET", "/v1/consumers/two/status", NULL, 410, "CONSUMER_EXPIRED");
    expect_problem("DELETE", "/v1/consumers/two", NULL, 410, "CONSUMER_EXPIRED");
    expect("GET", "/v1/metrics", NULL, 200);
    const cJSON *server = cJSON_GetObjectItem(client.json, "server");
    ck_assert_int_eq(cJSON_GetObjectItem(server, "consumers-expired-total")->valueint, 1);
    ck_assert_int_eq(cJSON_GetObjectItem(server, "consumers")->valueint, 1);
    expect("GET", "/v1/status", NULL, 200); // the configured one stays
    expect("PUT", "/v1/consumers/two", BODY, 201);
    ck_assert_str_eq(text_of(listed("two"), "state"), "stable");
}

END_TEST

START_TEST(a_call_that_waits_is_no_idleness) {
    make_two();
    expect("POST", "/v1/consumers/two/seek?to=end", NULL, 200);
    expect("GET", "/v1/consumers/two/poll?timeout_ms=600", NULL, 200); // four times the timeout
    ck_assert_int_eq(client_records(&client), 0);
    expect("GET", "/v1/consumers/two/position", NULL, 200);
}

END_TEST

static void *release_when_three_are_closing(void *arg) {
    fake_wait_for(FAKE_CLOSE, 3);
    fake_release(FAKE_CLOSE);
    return arg;
}

START_TEST(at_the_end_all_are_closed_side_by_side) {
    pthread_t releasing;
    make_two();
    expect("PUT", "/v1/consumers/three", "{}", 201);
    fake_hold(FAKE_CLOSE);
    ck_assert_int_eq(pthread_create(&releasing, NULL, release_when_three_are_closing, NULL), 0);
    sidecar_down();
    ck_assert_int_eq(pthread_join(releasing, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        fake_choose(i);
        fake_wait_for_freed();
        ck_assert(fake_counts().closed_with_autocommit);
    }
    client_close(&client);
}

END_TEST

static void *release_when_all_are_hurried(void *arg) {
    fake_wait_for(FAKE_CLOSE, 4); // two by DELETE, one for each at the end
    fake_release(FAKE_CLOSE);
    return arg;
}

START_TEST(at_the_end_a_close_under_way_has_no_more_time_than_the_others) {
    pthread_t releasing;
    make_two();
    fake_hold(FAKE_CLOSE);
    client_ask(&client, "DELETE", "/v1/consumers/two?timeout_ms=600000", NULL);
    fake_wait_for(FAKE_CLOSE, 2);
    ck_assert_int_eq(pthread_create(&releasing, NULL, release_when_all_are_hurried, NULL), 0);
    sidecar_down();
    ck_assert_int_eq(pthread_join(releasing, NULL), 0);
    fake_wait_for_freed();
    client_close(&client);
}

END_TEST

static TCase *add_case(Suite *s, const char *name, void (*setup)(void), void (*teardown)(void)) {
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, setup, teardown);
    suite_add_tcase(s, cases);
    return cases;
}

static void add(TCase *cases, const TTest *const *tests) {
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
}

SUITE(http_consumers) {
    Suite *s = suite_create("server/http/consumers");
    const TTest *const tests[] = {
        a_consumer_is_made_and_called_by_its_name,
        it_inherits_the_settings_of_the_process_but_not_who_it_is,
        its_configuration_is_shown_without_secrets,
        a_list_of_thousands_of_properties_is_refused_at_once,
        it_may_read_what_a_pattern_matches,
        a_subscription_that_fails_takes_the_consumer_back,
        a_closed_consumer_is_gone_and_its_name_free,
        how_it_is_closed_can_be_said,
        the_configured_consumer_is_neither_made_nor_closed,
        each_consumer_has_a_poll_of_its_own,
        a_call_of_another_consumer_shows_that_an_answer_was_taken,
        a_waiting_poll_ends_when_its_consumer_is_closed,
        a_commit_under_way_has_its_outcome_before_its_consumer_is_closed,
        while_a_consumer_is_closed_the_library_says_which_calls_it_takes,
        a_commit_that_takes_too_long_ends_with_its_consumer,
        a_poll_that_commits_first_ends_with_its_consumer,
        an_answer_in_doubt_is_settled_before_its_consumer_is_closed,
        an_answer_that_is_still_being_sent_does_not_hold_up_the_close,
        a_client_that_leaves_does_not_stop_the_close,
        of_many_that_make_the_same_one_does_and_all_have_it,
        of_two_that_make_different_ones_one_is_told_so,
        NULL,
    };
    TCase *cases = add_case(s, "consumers", begin, end);
    add(cases, tests);
    tcase_add_loop_test(cases, the_same_again_changes_nothing, 0, sizeof same / sizeof same[0]);
    tcase_add_loop_test(
        cases, something_else_under_its_name_is_a_conflict, 0, sizeof other / sizeof other[0]
    );
    tcase_add_loop_test(
        cases, what_is_wrong_with_a_wish_is_named, 0, sizeof wrong / sizeof wrong[0]
    );
    TCase *bounded = add_case(s, "bounded", begin_with_three, end);
    tcase_add_test(bounded, there_are_no_more_than_consumers_max);
    TCase *idle = add_case(s, "idle", begin_with_idle_timeout, end);
    tcase_add_test(idle, a_consumer_that_nobody_calls_is_closed_and_remembered);
    tcase_add_test(idle, a_call_that_waits_is_no_idleness);
    TCase *ending = add_case(s, "ending", begin, NULL);
    tcase_add_test(ending, at_the_end_all_are_closed_side_by_side);
    tcase_add_test(ending, at_the_end_a_close_under_way_has_no_more_time_than_the_others);
    return s;
}
