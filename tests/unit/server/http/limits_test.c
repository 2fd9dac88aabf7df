// SPDX-License-Identifier: Apache-2.0
// The door's bounds: connections of one client, heads, slow requests, slow readers, open files.
#include "server/base/clock.h"
#include "server/descriptors.h"
#include "server/http/clients.h"
#include "server/http/patrol.h"
#include "server/http/peer.h"
#include "server/metrics.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE_BYTES = 6 << 20 };

static void begin(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]){ "http.max.connections.per.client",
                                      "2",
                                      "http.max.header.bytes",
                                      "2000",
                                      "http.read.timeout.ms",
                                      "100",
                                      "http.idle.timeout.ms",
                                      "1000",
                                      NULL });
}

static void begin_on_unix(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]){ "http.listener", "unix", "http.read.timeout.ms", "100", NULL }
    );
}

/// Reads a number off the management listener.
static void expect_metric(const char *line) {
    struct client probe = client_connect_management();
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "\nkafka_sidecar_%s\n", line);
    ck_assert_int_eq(client_call(&probe, "GET", "/metrics", NULL), 200);
    ck_assert_msg(strstr(client_body(&probe), wanted) != NULL, "no line%s", wanted);
    client_close(&probe);
}

START_TEST(one_client_cannot_take_the_place_of_others) {
    struct client clients[3];
    for (int i = 0; i < 3; i++)
        clients[i] = client_connect();
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(client_call(&clients[i], "GET", "/v1/paused", NULL), 200);
    ck_assert_int_eq(client_call(&clients[2], "GET", "/v1/paused", NULL), 503);
    ck_assert_str_eq(client_code(&clients[2]), "TOO_MANY_CONNECTIONS");
    ck_assert_ptr_nonnull(strstr(client_body(&clients[2]), "http.max.connections.per.client"));
    struct client other = client_connect_from("127.0.0.2");
    ck_assert_int_eq(client_call(&other, "GET", "/v1/paused", NULL), 200);
    expect_metric("http_connections_refused_per_client_total 1");
    for (int i = 0; i < 3; i++)
        client_close(&clients[i]);
    client_close(&other);
}

END_TEST

START_TEST(a_head_above_the_bound_is_431) {
    struct out text = { 0 };
    struct client client = client_connect();
    out_format(&text, "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\nX: %01000d\r\n\r\n", 0);
    client_send(&client, out_text(&text));
    ck_assert_int_eq(client_read(&client), 200);
    text.size = 0;
    out_format(&text, "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\nX: %02000d\r\n\r\n", 0);
    client_send(&client, out_text(&text));
    ck_assert_int_eq(client_read(&client), 431);
    ck_assert_str_eq(client_code(&client), "HEADER_TOO_LARGE");
    expect_metric("http_headers_refused_total 1");
    client_close(&client);
    out_dispose(&text);
}

END_TEST

/// Sends a byte every now and then until the connection is closed from the other side.
static void trickle(struct client *client, const char *begin, char byte) {
    client_send(client, begin);
    struct pollfd asked = { .fd = client->fd, .events = POLLIN };
    for (int i = 0; i < 1000; i++) {
        if (poll(&asked, 1, 20) > 0) break;
        ck_assert_int_eq(send(client->fd, &byte, 1, MSG_NOSIGNAL), 1);
    }
    ck_assert(recv(client->fd, &byte, 1, 0) <= 0); // an end or a reset, and no answer
}

START_TEST(a_request_that_trickles_in_is_cut) {
    static const char *const begins[] = {
        "G",
        "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\nX: ",
        "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n",
    };
    struct client client = client_connect();
    if (_i == 3) {
        ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
        trickle(&client, "GET", 'T'); // the second of its connection
    } else {
        trickle(&client, begins[_i], ' ');
    }
    client_close(&client);
    expect_metric("http_requests_too_slow_total 1");
}

END_TEST

START_TEST(over_a_unix_socket_too) {
    struct client client = client_connect();
    trickle(&client, "G", 'E');
    client_close(&client);
    expect_metric("http_requests_too_slow_total 1");
}

END_TEST

START_TEST(a_poll_may_wait_longer_than_a_request_may_take) {
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll?timeout_ms=400", NULL), 200);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
    client_close(&client);
}

END_TEST

START_TEST(who_does_not_read_an_answer_is_cut_and_the_records_come_again) { // pitfall 105
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    fake_add_text("orders", 0, value);
    struct client client = client_connect();
    client_ask(&client, "GET", "/v1/poll", NULL);
    client_read_some(&client, 1000);
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().put_back, 1);
    expect_metric("http_answers_timed_out_total 1");
    struct client other = client_connect();
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_records(&other), 1);
    client_close(&client);
    client_close(&other);
}

END_TEST

// The parts alone

static struct metrics metrics;

/// Two ends of a connection: the client's, and ours.
static void connect_pair(int ends[2]) {
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listening, 1), 0);
    ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&address, size), 0);
    ends[1] = accept(listening, NULL, NULL);
    (void)close(listening);
}

START_TEST(time_counts_from_the_first_byte_and_only_while_it_comes) {
    enum { TIMEOUT_MS = 60000, LONG_MS = 1000000 };

    int ends[2];
    struct peer peer;
    struct patrol_entry entry;
    struct patrol *patrol = patrol_new(TIMEOUT_MS, &metrics);
    connect_pair(ends);
    peer_init(&peer, ends[1]);
    patrol_add(patrol, &entry, &peer, false);
    int64_t now_ms = clock_ms();
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + LONG_MS), 0); // it is idle
    ck_assert_int_eq(send(ends[0], "G", 1, 0), 1);
    now_ms += LONG_MS;
    ck_assert_uint_eq(patrol_pass(patrol, now_ms), 0);
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + TIMEOUT_MS - 1), 0);
    patrol_enter(patrol, &entry, PATROL_RECEIVING); // its first line is there: time goes on
    patrol_enter(patrol, &entry, PATROL_ANSWERING);
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + LONG_MS), 0);
    patrol_enter(patrol, &entry, PATROL_QUIET);
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + LONG_MS), 0); // what came before counts no more
    ck_assert_int_eq(send(ends[0], "G", 1, 0), 1);
    now_ms += LONG_MS;
    ck_assert_uint_eq(patrol_pass(patrol, now_ms), 0);
    patrol_enter(patrol, &entry, PATROL_RECEIVING);
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + TIMEOUT_MS), 1);
    ck_assert_uint_eq(patrol_pass(patrol, now_ms + TIMEOUT_MS), 0); // once
    char byte;
    ck_assert_int_eq(recv(ends[0], &byte, 1, 0), 0);
    patrol_remove(patrol, &entry);
    patrol_free(patrol);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

END_TEST

START_TEST(clients_are_told_apart_by_address_alone) {
    struct clients *clients = clients_new();
    struct peer one = { .theirs = { .family = AF_INET, .port = 1 } };
    struct peer same = { .theirs = { .family = AF_INET, .port = 2 } };
    struct peer other = { .theirs = { .family = AF_INET6, .port = 1 } };
    ck_assert_int_eq(clients_add(clients, &one), 1);
    ck_assert_int_eq(clients_add(clients, &same), 2);
    ck_assert_int_eq(clients_add(clients, &other), 1);
    clients_remove(clients, &one);
    ck_assert_int_eq(clients_add(clients, &one), 2);
    clients_remove(clients, &one);
    clients_remove(clients, &same);
    clients_remove(clients, &other);
    clients_free(clients); // which checks that nobody is left
}

END_TEST

START_TEST(the_limit_of_open_files_is_raised_or_named) {
    char error[DESCRIPTORS_ERROR_BYTES] = "";
    ck_assert(descriptors_allow(1, error));
    ck_assert(!descriptors_allow((int64_t)1 << 40, error));
    ck_assert_ptr_nonnull(strstr(error, "1099511627776 open files are needed"));
}

END_TEST

SUITE(limits) {
    Suite *s = suite_create("server/http/limits");
    TCase *cases = tcase_create("bounds");
    tcase_add_checked_fixture(cases, begin, sidecar_down);
    tcase_add_test(cases, one_client_cannot_take_the_place_of_others);
    tcase_add_test(cases, a_head_above_the_bound_is_431);
    tcase_add_loop_test(cases, a_request_that_trickles_in_is_cut, 0, 4);
    tcase_add_test(cases, a_poll_may_wait_longer_than_a_request_may_take);
    tcase_add_test(cases, who_does_not_read_an_answer_is_cut_and_the_records_come_again);
    suite_add_tcase(s, cases);
    TCase *on_unix = tcase_create("bounds on unix");
    tcase_add_checked_fixture(on_unix, begin_on_unix, sidecar_down);
    tcase_add_test(on_unix, over_a_unix_socket_too);
    suite_add_tcase(s, on_unix);
    ADD_CASE(
        s,
        "parts of bounds",
        time_counts_from_the_first_byte_and_only_while_it_comes,
        clients_are_told_apart_by_address_alone,
        the_limit_of_open_files_is_raised_or_named
    );
    return s;
}
