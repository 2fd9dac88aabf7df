// SPDX-License-Identifier: Apache-2.0
// Limits, who is let in, how HTTP is taken, and stopping.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void begin(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]
    ){ "http.max.body.bytes", "2000", "http.max.connections", "3", NULL });
}

static int send_and_read(struct client *client, const char *text) {
    client_send(client, text);
    return client_read(client);
}

// Bodies

START_TEST(a_body_over_the_bound_is_413_and_the_connection_goes_on) {
    static char body[5000];
    memset(body, ' ', sizeof body - 1);
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", body), 413);
    ck_assert_str_eq(client_code(&client), "BODY_TOO_LARGE");
    body[1999] = '\0';
    body[0] = '{';
    body[1998] = '}';
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", body), 200);
    client_close(&client);
}

END_TEST

START_TEST(a_chunked_body_is_bounded_too) {
    struct client client = client_connect();
    struct out text = { 0 };
    OUT_LITERAL(
        &text, "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for (int i = 0; i < 3; i++)
        out_format(&text, "384\r\n%900s\r\n", "");
    OUT_LITERAL(&text, "0\r\n\r\n");
    ck_assert_int_eq(send_and_read(&client, out_text(&text)), 413);
    ck_assert_int_eq(
        send_and_read(
            &client,
            "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
            "chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
        ),
        200
    );
    out_dispose(&text);
    client_close(&client);
}

END_TEST

START_TEST(who_waits_to_be_told_is_told_before_the_body) {
    struct client client = client_connect();
    ck_assert_int_eq(
        send_and_read(
            &client,
            "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\nExpect: "
            "100-continue\r\n\r\n"
        ),
        413
    );
    client_close(&client);
    client = client_connect();
    ck_assert_int_eq(
        send_and_read(
            &client,
            "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: "
            "100-continue\r\n\r\n{}"
        ),
        100
    );
    client_close(&client);
}

END_TEST

START_TEST(requests_in_a_row_are_answered_in_a_row) {
    struct client client = client_connect();
    client_send(
        &client,
        "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/nope HTTP/1.1\r\nHost: "
        "localhost\r\n\r\n"
        "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_int_eq(client_read(&client), 404);
    ck_assert_int_eq(client_read(&client), 200);
    client_close(&client);
}

END_TEST

// Connections

START_TEST(connections_beyond_the_bound_are_told_so) {
    struct client clients[4];
    for (int i = 0; i < 3; i++) {
        clients[i] = client_connect();
        ck_assert_int_eq(client_call(&clients[i], "GET", "/v1/paused", NULL), 200);
    }
    clients[3] = client_connect();
    ck_assert_int_eq(client_call(&clients[3], "GET", "/v1/paused", NULL), 503);
    ck_assert_str_eq(client_code(&clients[3]), "TOO_MANY_CONNECTIONS");
    ck_assert_str_eq(client_header(&clients[3], "Retry-After"), "1");
    ck_assert(client_is_ended(&clients[3]));
    for (int i = 0; i < 4; i++)
        client_close(&clients[i]);
}

END_TEST

// Who is let in

static const struct {
    const char *headers;
    int status;
    const char *code;
} visitors[] = {
    { "Host: localhost\r\n", 200, "" },
    { "Host: LocalHost:8092\r\n", 200, "" },
    { "Host: 127.0.0.1:1\r\n", 200, "" },
    { "Host: 127.1.2.3\r\n", 200, "" },
    { "Host: [::1]:8092\r\n", 200, "" },
    { "Host: sidecar.test:80\r\n", 200, "" },
    { "Host: evil.example\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: localhost.evil.example\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: 127.0.0.1.evil.example\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: 10.0.0.1\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: \r\n", 403, "FORBIDDEN_HOST" },
    { "Host: [::1\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: localhost\r\nHost: localhost\r\n", 400, "INVALID_ARGUMENT" },
    { "X: y\r\n", 400, "INVALID_ARGUMENT" },
    { "Host: localhost\r\nOrigin: http://localhost:3000\r\n", 200, "" },
    { "Host: localhost\r\nOrigin: https://app.test\r\n", 200, "" },
    { "Host: localhost\r\nOrigin: http://app.test\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: localhost\r\nOrigin: https://evil.example\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: localhost\r\nOrigin: null\r\n", 403, "FORBIDDEN_HOST" },
    { "Host: sidecar.test:80\r\nOrigin: http://sidecar.test:80\r\n", 200, "" },
};

static void begin_named(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]){ "http.allowed.hosts",
                                      "other.test, sidecar.test",
                                      "http.allowed.origins",
                                      "https://app.test",
                                      NULL });
}

START_TEST(a_foreign_page_gets_nothing) {
    char text[300];
    struct client client = client_connect();
    (void)snprintf(text, sizeof text, "POST /v1/pause HTTP/1.1\r\n%s\r\n", visitors[_i].headers);
    int status = send_and_read(&client, text);
    ck_assert_msg(status == visitors[_i].status, "%s: %d", visitors[_i].headers, status);
    ck_assert_str_eq(client_code(&client), visitors[_i].code);
    ck_assert_int_eq(fake_paused("orders", 0), status == 200);
    client_close(&client);
}

END_TEST

static char token_path[] = "/tmp/server_test_XXXXXX";

static void begin_with_token(void) {
    int fd = mkstemp(token_path);
    ck_assert_int_eq(write(fd, "s3cret\n", 7), 7);
    (void)close(fd);
    sidecar_up((const char *const[]){ "http.auth.token.file", token_path, NULL });
}

static void end_with_token(void) {
    sidecar_down();
    (void)unlink(token_path);
}

static const struct {
    const char *header;
    int status;
} tokens[] = {
    { "Authorization: Bearer s3cret\r\n", 200 },
    { "authorization: bearer  s3cret\r\n", 200 },
    { "", 401 },
    { "Authorization: Bearer \r\n", 401 },
    { "Authorization: Bearer s3cre\r\n", 401 },
    { "Authorization: Bearer s3crets\r\n", 401 },
    { "Authorization: Bearer s3cress3cret\r\n", 401 },
    { "Authorization: Bearer S3CRET\r\n", 401 },
    { "Authorization: Basic s3cret\r\n", 401 },
    { "Authorization: s3cret\r\n", 401 },
};

START_TEST(the_token_is_wanted) {
    char text[300];
    struct client client = client_connect();
    (void)snprintf(
        text, sizeof text, "GET /v1/nope HTTP/1.1\r\nHost: localhost\r\n%s\r\n", tokens[_i].header
    );
    int status = send_and_read(&client, text);
    ck_assert_int_eq(status, tokens[_i].status == 200 ? 404 : 401);
    if (status == 401) ck_assert_str_eq(client_header(&client, "WWW-Authenticate"), "Bearer");
    ck_assert_ptr_null(strstr(client_body(&client), "s3c"));
    client_close(&client);
}

END_TEST

START_TEST(a_token_that_is_replaced_counts_no_more) {
    static const char old[] = "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\n"
                              "Authorization: Bearer s3cret\r\n\r\n";
    struct client client = client_connect();
    ck_assert_int_eq(send_and_read(&client, old), 200);
    int fd = open(token_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    ck_assert_int_eq(write(fd, "another", 7), 7);
    (void)close(fd);
    sidecar_reload(the_sidecar());
    ck_assert_int_eq(send_and_read(&client, old), 401);
    ck_assert_int_eq(truncate(token_path, 0), 0);
    sidecar_reload(the_sidecar());
    ck_assert_int_eq(send_and_read(&client, old), 401); // not an open door
    client_close(&client);
}

END_TEST

// Stopping

static void *stop(void *arg) {
    sidecar_down();
    return arg;
}

static void begin_with_grace(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]){ "shutdown.grace.ms", "30000", NULL });
}

static int64_t now_ms(void) {
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(on_stop_waiting_polls_end_and_commits_go_on) { // pitfall 116
    pthread_t stopper;
    struct client poller = client_connect();
    struct client client = client_connect();
    int64_t began = now_ms();
    client_ask(&poller, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
    ck_assert_int_eq(client_read(&poller), 200);
    ck_assert_int_eq(client_records(&poller), 0);
    ck_assert_str_eq(client_header(&poller, "Connection"), "close");
    ck_assert(client_is_ended(&poller));
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", NULL), 200);
    ck_assert(client_is_ended(&client));
    client_close(&poller);
    client_close(&client); // the last one: nothing to wait for any more
    ck_assert_int_eq(pthread_join(stopper, NULL), 0);
    ck_assert_int_lt(now_ms() - began, 20000);
    ck_assert_int_eq(fake_counts().closed, 1);
    ck_assert(fake_counts().closed_with_autocommit);
}

END_TEST

START_TEST(on_stop_there_are_no_new_polls) { // pitfall 116
    pthread_t stopper;
    struct client poller = client_connect();
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
    struct client probe = client_connect_management();
    client_ask(&poller, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
    ck_assert_int_eq(client_read(&poller), 200);
    ck_assert_int_eq(client_call(&probe, "GET", "/readyz", NULL), 503);
    ck_assert_str_eq(client_code(&probe), "SHUTTING_DOWN");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 503);
    ck_assert_str_eq(client_code(&client), "SHUTTING_DOWN");
    client_close(&poller);
    client_close(&client);
    client_close(&probe);
    ck_assert_int_eq(pthread_join(stopper, NULL), 0);
}

END_TEST

START_TEST(what_does_not_end_in_time_is_given_up) { // pitfall 98, pitfall 116
    struct client one = client_connect();
    struct client two = client_connect();
    fake_hold(FAKE_COMMIT);
    client_ask(&one, "POST", "/v1/commit", NULL);
    client_ask(&two, "GET", "/v1/poll?commit=true", NULL);
    fake_wait_for(FAKE_COMMIT, 2);
    pthread_t stopper;
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
    ck_assert_int_eq(client_read(&one), 503);
    ck_assert_str_eq(client_code(&one), "SHUTTING_DOWN");
    ck_assert_int_eq(client_read(&two), 503);
    client_close(&one);
    client_close(&two);
    ck_assert_int_eq(pthread_join(stopper, NULL), 0);
}

END_TEST

START_TEST(an_idle_connection_does_not_hold_up_a_stop_without_grace) {
    struct client client = client_connect();
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    sidecar_down();
    ck_assert_int_eq(fake_counts().accepted, 1);
    ck_assert(client_is_ended(&client));
    client_close(&client);
}

END_TEST

static void add(Suite *s, const char *name, SFun setup, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, sidecar_down);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

static void add_loop(Suite *s, const char *name, SFun setup, const TTest *test, size_t count) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, sidecar_down);
    tcase_add_loop_test(cases, test, 0, (int)count);
    suite_add_tcase(s, cases);
}

SUITE(server) {
    Suite *s = suite_create("server/http/server");
    const TTest *const limits[] = {
        a_body_over_the_bound_is_413_and_the_connection_goes_on,
        a_chunked_body_is_bounded_too,
        who_waits_to_be_told_is_told_before_the_body,
        requests_in_a_row_are_answered_in_a_row,
        connections_beyond_the_bound_are_told_so,
        what_does_not_end_in_time_is_given_up,
        an_idle_connection_does_not_hold_up_a_stop_without_grace,
        NULL,
    };
    const TTest *const stopping[] = {
        on_stop_waiting_polls_end_and_commits_go_on,
        on_stop_there_are_no_new_polls,
        NULL,
    };
    add(s, "limits", begin, limits);
    add(s, "stopping", begin_with_grace, stopping);
    add_loop(
        s,
        "visitors",
        begin_named,
        a_foreign_page_gets_nothing,
        sizeof visitors / sizeof visitors[0]
    );
    TCase *with_token = tcase_create("tokens");
    tcase_add_checked_fixture(with_token, begin_with_token, end_with_token);
    tcase_add_loop_test(with_token, the_token_is_wanted, 0, sizeof tokens / sizeof tokens[0]);
    tcase_add_test(with_token, a_token_that_is_replaced_counts_no_more);
    suite_add_tcase(s, with_token);
    return s;
}
