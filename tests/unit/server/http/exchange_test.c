// SPDX-License-Identifier: Apache-2.0
// HTTP to the letter: methods of every path, pages of other origins, preferences, requests in one
// packet.
#include "server/http/prefer.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct client client;

static void begin(void) {
    fake_add_partition("orders", 0, 5);
    sidecar_up((const char *const[]
    ){ "http.allowed.origins", "https://app.test, https://b.test", NULL });
    client = client_connect();
}

static void begin_without_origins(void) {
    fake_add_partition("orders", 0, 5);
    sidecar_up(NULL);
    client = client_connect();
}

static char path[] = "/tmp/exchange_test_XXXXXX";

static void begin_with_token(void) {
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, "s3cret\n", 7), 7);
    (void)close(fd);
    sidecar_up((const char *const[]
    ){ "http.auth.token.file", path, "http.allowed.origins", "https://app.test", NULL });
    client = client_connect();
}

static void end(void) {
    client_close(&client);
    sidecar_down();
    if (!strchr(path, 'X')) (void)unlink(path);
}

static int ask(const char *method, const char *target, const char *headers) {
    char text[600];
    (void)snprintf(client.method, sizeof client.method, "%s", method);
    (void)snprintf(client.target, sizeof client.target, "%s", target);
    (void)snprintf(
        text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, headers
    );
    client_send(&client, text);
    return client_read(&client);
}

#define EXPECT_HEADER(name, value)                              \
    do {                                                        \
        const char *found_value = client_header(&client, name); \
        ck_assert_ptr_nonnull(found_value);                     \
        ck_assert_str_eq(found_value, value);                   \
    } while (0)

#define EXPECT_NO_HEADER(name) ck_assert_ptr_null(client_header(&client, name))

// Methods

START_TEST(options_says_what_a_path_can) {
    ck_assert_int_eq(ask("OPTIONS", "/v1/commit", ""), 204);
    EXPECT_HEADER("Allow", "POST, OPTIONS");
    EXPECT_NO_HEADER("Content-Type");
    ck_assert_int_eq(ask("OPTIONS", "/v1/poll?timeout_ms=60000&nonsense=1", ""), 204);
    EXPECT_HEADER("Allow", "GET, HEAD, POST, OPTIONS");
    ck_assert_int_eq(ask("OPTIONS", "/v1/topics/orders", ""), 204);
    EXPECT_HEADER("Allow", "GET, HEAD, OPTIONS");
    ck_assert_int_eq(ask("OPTIONS", "*", ""), 204);
    EXPECT_HEADER("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    ck_assert_int_eq(ask("OPTIONS", "/v1/nope", ""), 404);
    EXPECT_NO_HEADER("Allow");
    ck_assert_int_eq(fake_counts().opened, 0);
}

END_TEST

START_TEST(the_management_listener_has_options_too) {
    struct client probe = client_connect_management();
    client_ask(&probe, "OPTIONS", "/healthz", NULL);
    ck_assert_int_eq(client_read(&probe), 204);
    ck_assert_str_eq(client_header(&probe, "Allow"), "GET, HEAD, OPTIONS");
    client_close(&probe);
}

END_TEST

START_TEST(head_of_a_poll_takes_nothing) {
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(ask("HEAD", "/v1/poll", ""), 200);
    ck_assert_int_eq(ask("GET", "/v1/poll?update_offsets=false", ""), 200);
    size_t size = client.body.size;
    ck_assert_int_eq(client_records(&client), 1);
    ck_assert_int_eq(ask("HEAD", "/v1/poll", ""), 200);
    ck_assert_uint_eq(strtoul(client_header(&client, "Content-Length"), NULL, 10), size);
    ck_assert_int_eq(ask("HEAD", "/v1/poll?commit=true", ""), 400);
    ck_assert_int_eq(fake_counts().accepted, 0);
    ck_assert_int_eq(fake_committed("orders", 0), -1);
}

END_TEST

// Pages of other origins

START_TEST(a_listed_page_is_told_what_it_may_send) {
    const char *headers = "Origin: https://b.test\r\nAccess-Control-Request-Method: PUT\r\n"
                          "Access-Control-Request-Headers: authorization,content-type\r\n";
    ck_assert_int_eq(ask("OPTIONS", "/v1/subscription", headers), 204);
    EXPECT_HEADER("Access-Control-Allow-Origin", "https://b.test");
    EXPECT_HEADER("Access-Control-Allow-Methods", "GET, HEAD, PUT, DELETE, OPTIONS");
    ck_assert_ptr_nonnull(strstr(client_header(&client, "Access-Control-Allow-Headers"), "Auth"));
    ck_assert_ptr_nonnull(client_header(&client, "Access-Control-Max-Age"));
    EXPECT_HEADER("Vary", "Origin");
    EXPECT_NO_HEADER("Access-Control-Allow-Credentials");
}

END_TEST

START_TEST(a_listed_page_may_read_answers_and_problems) {
    ck_assert_int_eq(ask("GET", "/v1/paused", "Origin: https://app.test\r\n"), 200);
    EXPECT_HEADER("Access-Control-Allow-Origin", "https://app.test");
    ck_assert_ptr_nonnull(client_header(&client, "Access-Control-Expose-Headers"));
    EXPECT_NO_HEADER("Access-Control-Allow-Methods");
    ck_assert_int_eq(ask("GET", "/v1/paused?x=1", "Origin: https://app.test\r\n"), 400);
    EXPECT_HEADER("Access-Control-Allow-Origin", "https://app.test");
    ck_assert_int_eq(ask("GET", "/v1/paused", ""), 200);
    EXPECT_NO_HEADER("Access-Control-Allow-Origin");
    EXPECT_HEADER("Vary", "Origin"); // who was not asked for is another answer
}

END_TEST

static const struct {
    const char *origin;
    int status;
} strangers[] = {
    { "https://evil.test", 403 },
    { "https://app.test.evil.test", 403 },
    { "http://app.test", 403 },
    { "https://app.test:8443", 403 },
    { "null", 403 },
    { "*", 403 },
    { "http://localhost:3000", 204 }, // may send, but not read
};

START_TEST(other_pages_get_no_headers) {
    char headers[200];
    (void)snprintf(
        headers,
        sizeof headers,
        "Origin: %s\r\nAccess-Control-Request-Method: GET\r\n",
        strangers[_i].origin
    );
    ck_assert_int_eq(ask("OPTIONS", "/v1/paused", headers), strangers[_i].status);
    EXPECT_NO_HEADER("Access-Control-Allow-Origin");
    EXPECT_NO_HEADER("Access-Control-Allow-Methods");
}

END_TEST

START_TEST(without_listed_origins_no_answer_speaks_of_them) {
    ck_assert_int_eq(ask("GET", "/v1/paused", "Origin: http://localhost:1\r\n"), 200);
    EXPECT_NO_HEADER("Access-Control-Allow-Origin");
    EXPECT_NO_HEADER("Vary");
}

END_TEST

START_TEST(the_question_beforehand_needs_no_token_and_nothing_else_does_without) {
    const char *question = "Origin: https://app.test\r\nAccess-Control-Request-Method: GET\r\n";
    ck_assert_int_eq(ask("OPTIONS", "/v1/paused", question), 204);
    ck_assert_int_eq(ask("OPTIONS", "/v1/paused", "Origin: https://app.test\r\n"), 401);
    EXPECT_HEADER("Access-Control-Allow-Origin", "https://app.test");
    ck_assert_int_eq(ask("GET", "/v1/paused", question), 401);
    ck_assert_int_eq(ask("OPTIONS", "/v1/paused", "Access-Control-Request-Method: GET\r\n"), 401);
    ck_assert_int_eq(
        ask("OPTIONS",
            "/v1/paused",
            "Origin: http://localhost:1\r\nAccess-Control-Request-Method: GET\r\n"),
        401
    );
}

END_TEST

// Preferences

static const struct {
    const char *prefer;
    bool good;
    int64_t seconds;
} preferences[] = {
    { "wait=5", true, 5 },
    { "WAIT = 5", true, 5 },
    { "wait=\"5\"", true, 5 },
    { "respond-async, wait=10", true, 10 },
    { "respond-async, wait=10;x=y, wait=3", true, 10 },
    { "handling=lenient; wait=3, wait=7", true, 7 },
    { "foo=\"wait=1, wait=2\", wait=0", true, 0 },
    { "foo=\"a\\\", wait=9\"", false, 0 },
    { "wait", false, 0 },
    { "wait=", false, 0 },
    { "wait=-1", false, 0 },
    { "wait=1.5", false, 0 },
    { "wait=\"5", false, 0 },
    { "wait=x, wait=5", false, 0 },
    { "waiting=5", false, 0 },
    { "wait=9999999999", false, 0 },
    { "return=minimal", false, 0 },
    { "", false, 0 },
    { ",,", false, 0 },
};

START_TEST(the_wait_of_a_preference_is_found) {
    int64_t seconds = 0;
    bool found = prefer_wait(preferences[_i].prefer, &seconds);
    ck_assert_msg(found == preferences[_i].good, "%s", preferences[_i].prefer);
    if (found) ck_assert_int_eq(seconds, preferences[_i].seconds);
}

END_TEST

START_TEST(a_poll_waits_as_its_client_prefers) {
    client_send(&client, "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n\r\n");
    fake_wait_for_waiting(true);
    fake_add_text("orders", 0, "now");
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_value(&client, 0), "now");
    EXPECT_HEADER("Preference-Applied", "wait=60");
}

END_TEST

START_TEST(a_preference_yields_to_the_parameter_and_to_the_bound) {
    ck_assert_int_eq(ask("GET", "/v1/poll?timeout_ms=0", "Prefer: wait=60\r\n"), 200);
    EXPECT_NO_HEADER("Preference-Applied");
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(ask("GET", "/v1/poll", "Prefer: wait=999999\r\n"), 200);
    EXPECT_HEADER("Preference-Applied", "wait=300");
    ck_assert_int_eq(ask("GET", "/v1/poll", "Prefer: respond-async\r\nPrefer: wait=0\r\n"), 200);
    EXPECT_HEADER("Preference-Applied", "wait=0");
    ck_assert_int_eq(ask("GET", "/v1/poll", "Prefer: wait=soon\r\n"), 200);
    EXPECT_NO_HEADER("Preference-Applied");
}

END_TEST

// Requests in one packet

START_TEST(a_poll_behind_a_commit_in_one_packet_waits_for_it) { // pitfall 109
    fake_add_text("orders", 0, "a");
    fake_hold(FAKE_COMMIT);
    client_send(
        &client,
        "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        "GET /v1/poll?timeout_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "GET /v1/poll?timeout_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    fake_wait_for(FAKE_COMMIT, 1);
    ck_assert_int_eq(fake_counts().opened, 0);
    fake_release(FAKE_COMMIT);
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_ptr_null(strstr(client_body(&client), "records"));
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_value(&client, 0), "a");
    fake_wait_for_waiting(true);
    fake_add_text("orders", 0, "b");
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_value(&client, 0), "b");
}

END_TEST

START_TEST(a_connection_is_kept_as_its_version_says) {
    ck_assert_int_eq(ask("GET", "/v1/paused", ""), 200);
    ck_assert_int_eq(ask("GET", "/v1/paused", "Connection: close\r\n"), 200);
    EXPECT_HEADER("Connection", "close");
    ck_assert(client_is_ended(&client));
    client_close(&client);
    client = client_connect();
    client_send(&client, "GET /v1/paused HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ck_assert_int_eq(client_read(&client), 200);
    client_send(&client, "GET /v1/paused HTTP/1.0\r\n\r\n");
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert(client_is_ended(&client));
}

END_TEST

START_TEST(a_query_with_too_many_parameters_leaves_nobody_waiting) {
    struct out text = { 0 };
    out_string(&text, "GET /v1/paused?");
    for (int i = 0; i < 2000; i++)
        out_string(&text, "a&");
    out_string(&text, "a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client_send(&client, out_text(&text));
    out_dispose(&text);
    ck_assert(client_is_ended(&client));
    client_close(&client);
    client = client_connect_management();
    ck_assert_int_eq(client_call(&client, "GET", "/metrics", NULL), 200);
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), "\nkafka_sidecar_http_requests_too_slow_total 0\n")
    );
}

END_TEST

// The page

START_TEST(a_target_with_scheme_and_host_means_its_path) {
    ck_assert_int_eq(ask("GET", "http://localhost/v1/paused", ""), 200);
    ck_assert_int_eq(ask("GET", "http://localhost/v1/poll?timeout_ms=x", ""), 400);
    ck_assert_int_eq(ask("GET", "http://localhost", "Accept: application/json\r\n"), 200);
    ck_assert_int_eq(ask("GET", "nothing://", "Accept: application/json\r\n"), 200);
    ck_assert_int_eq(ask("GET", "/v1/topics/a://paused", ""), 404);
}

END_TEST

static const char *const framings[] = {
    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 2\r\nContent-Length: 5\r\n",
    "Content-Length: 2\r\nContent-Length: 2\r\n",
};

START_TEST(a_body_whose_end_is_said_twice_is_refused_and_nothing_follows_it) {
    client_send(&client, "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\n");
    client_send(&client, framings[_i]);
    client_send(&client, _i == 0 ? "\r\n2\r\n{}\r\n0\r\n\r\n" : "\r\n{}");
    (void)snprintf(client.method, sizeof client.method, "POST");
    ck_assert_int_eq(client_read(&client), 400);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "Content-Length: wanted once"));
    EXPECT_HEADER("Connection", "close");
    ck_assert(client_is_ended(&client));
}

END_TEST

START_TEST(a_browser_sees_a_page_that_loads_nothing) {
    ck_assert_int_eq(ask("GET", "/", "Accept: text/html,application/xml;q=0.9,*/*;q=0.8\r\n"), 200);
    EXPECT_HEADER("Content-Type", "text/html; charset=utf-8");
    const char *policy = client_header(&client, "Content-Security-Policy");
    ck_assert_ptr_nonnull(policy);
    ck_assert_ptr_nonnull(strstr(policy, "default-src 'none';"));
    EXPECT_HEADER("X-Content-Type-Options", "nosniff");
    static const char *const wanted[] = { "<td>POST</td><td><code>/v1/commit</code>",
                                          "href=\"/v1/status\"",
                                          "href=\"/openapi.json\"",
                                          "</html>\n" };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        ck_assert_msg(strstr(client_body(&client), wanted[i]), "%s", wanted[i]);
    static const char *const unwanted[] = { "http:",  "https:", "<script",
                                            "<style", "src=",   "/healthz" };
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        ck_assert_msg(!strstr(client_body(&client), unwanted[i]), "%s", unwanted[i]);
}

END_TEST

START_TEST(a_program_sees_the_same_as_json) {
    static const char *const accepts[] = { "",
                                           "Accept: */*\r\n",
                                           "Accept: application/json\r\n",
                                           "Accept: text/html;q=0.5, application/json\r\n" };
    for (size_t i = 0; i < sizeof accepts / sizeof accepts[0]; i++) {
        ck_assert_int_eq(ask("GET", "/", accepts[i]), 200);
        EXPECT_HEADER("Content-Type", "application/json");
        ck_assert_ptr_nonnull(
            strstr(client_body(&client), "{\"method\":\"POST\",\"path\":\"/v1/commit\"}")
        );
        EXPECT_NO_HEADER("Content-Security-Policy");
    }
}

END_TEST

// Times as text

START_TEST(a_time_may_be_text_in_body_and_query) {
    static const struct {
        const char *target;
        const char *body;
    } calls[] = {
        { "/v1/offsets/for-times",
          "{\"timestamps\":[{\"topic\":\"orders\",\"partition\":0,\"timestamp\":"
          "\"1970-01-01T01:00:01+01:00\"}]}" },
        { "/v1/seek",
          "{\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":{\"timestamp\":"
          "\"1970-01-01T00:00:01.000Z\"}}]}" },
        { "/v1/offsets/for-times?tp=orders:0&timestamp=1970-01-01T01:00:01+01:00", NULL },
        { "/v1/seek?tp=orders:0&timestamp=1970-01-01T01:00:01%2B01:00", NULL },
        { "/v1/seek?tp=orders:0&timestamp=1000", NULL },
    };

    fake_add_text("orders", 0, "at 1000 ms");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        ck_assert_int_eq(client_call(&client, "POST", calls[i].target, calls[i].body), 200);
        ck_assert_msg(strstr(client_body(&client), "\"offset\":5"), "%s", client_body(&client));
    }
}

END_TEST

static const struct {
    const char *target;
    const char *body;
    const char *named;
} mistakes[] = {
    { "/v1/seek?tp=orders:0&timestamp=yesterday", NULL, "timestamp: 'yesterday' is no time" },
    { "/v1/seek?tp=orders:0&timestamp=2026-11-27", NULL, "timestamp: '2026-11-27' is no time" },
    { "/v1/seek?tp=orders:0&timestamp=-1", NULL, "timestamp: -1 is not between" },
    { "/v1/seek?tp=orders:0&timestamp=", NULL, "timestamp: '' is not" },
    { "/v1/offsets/for-times",
      "{\"timestamps\":[{\"topic\":\"orders\",\"partition\":0,\"timestamp\":\"12\"}]}",
      "timestamps[0].timestamp: \\\"12\\\" is no time" },
    { "/v1/seek",
      "{\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":{\"timestamp\":"
      "\"2026-02-30T00:00:00Z\"}}]}",
      "partitions[0].offset.timestamp: \\\"2026-02-30T00:00:00Z\\\" is no time" },
};

START_TEST(a_wrong_time_is_named) {
    ck_assert_int_eq(client_call(&client, "POST", mistakes[_i].target, mistakes[_i].body), 400);
    ck_assert_msg(strstr(client_body(&client), mistakes[_i].named), "%s", client_body(&client));
}

END_TEST

static TCase *add(Suite *s, const char *name, SFun setup) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, end);
    suite_add_tcase(s, cases);
    return cases;
}

static void add_all(TCase *cases, const TTest *const *tests) {
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
}

SUITE(exchange) {
    Suite *s = suite_create("server/http/exchange");
    const TTest *const tests[] = {
        options_says_what_a_path_can,
        the_management_listener_has_options_too,
        head_of_a_poll_takes_nothing,
        a_listed_page_is_told_what_it_may_send,
        a_listed_page_may_read_answers_and_problems,
        a_poll_waits_as_its_client_prefers,
        a_preference_yields_to_the_parameter_and_to_the_bound,
        a_poll_behind_a_commit_in_one_packet_waits_for_it,
        a_connection_is_kept_as_its_version_says,
        a_target_with_scheme_and_host_means_its_path,
        a_query_with_too_many_parameters_leaves_nobody_waiting,
        a_browser_sees_a_page_that_loads_nothing,
        a_program_sees_the_same_as_json,
        a_time_may_be_text_in_body_and_query,
        NULL,
    };
    TCase *cases = add(s, "exchange", begin);
    add_all(cases, tests);
    tcase_add_loop_test(
        cases, other_pages_get_no_headers, 0, sizeof strangers / sizeof strangers[0]
    );
    tcase_add_loop_test(
        cases,
        a_body_whose_end_is_said_twice_is_refused_and_nothing_follows_it,
        0,
        sizeof framings / sizeof framings[0]
    );
    tcase_add_loop_test(cases, a_wrong_time_is_named, 0, sizeof mistakes / sizeof mistakes[0]);
    TCase *closed = add(s, "closed", begin_without_origins);
    tcase_add_test(closed, without_listed_origins_no_answer_speaks_of_them);
    TCase *tokens = add(s, "tokens", begin_with_token);
    tcase_add_test(tokens, the_question_beforehand_needs_no_token_and_nothing_else_does_without);
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, the_wait_of_a_preference_is_found, 0, sizeof preferences / sizeof preferences[0]
    );
    suite_add_tcase(s, tables);
    return s;
}
