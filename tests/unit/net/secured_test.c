// SPDX-License-Identifier: Apache-2.0
// Connections through TLS, by virtual time: the handshake, what its failures are told as, and how
// long they are left alone.
#include "consumer/security/security.h"
#include "consumer/wire/messages_session.h"
#include "tests/unit/net/bench.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct bench bench;
static struct tls_world world;

static void secure(void) {
    struct tls_context *context = tls_rig_context(&world.options);
    login_set_security_take(&bench.login, security_new_take(SECURITY_SSL, context, NULL));
}

static void begin_at(const char *host) {
    bench_init(&bench, 1);
    tls_world_init(&world, false);
    bench.login.settings.is_secured = true;
    connection_readdress(&bench.connection, host, 9093);
    bench.peer.tls = &world.broker;
}

static void begin(void) {
    begin_at("broker.test");
}

static void end(void) {
    bench_dispose(&bench);
    login_dispose(&bench.login);
    tls_world_dispose(&world);
}

/// Dials, up to where the handshake is over, one way or the other.
static void dial(void) {
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
}

static void expect_failure(enum status status, const char *text) {
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(bench.connection.last_error, status);
    const char *why = bench.connection.last_error_text;
    ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(without_a_snapshot_nobody_is_dialed) {
    struct outcome *outcome = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcome[0], INT64_MAX);
    bench_settle(&bench);
    ck_assert_int_eq(outcome[0].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSED);
    ck_assert(!connection_is_usable(&bench.connection, bench.now_ms));
    secure();
    ck_assert(connection_is_usable(&bench.connection, bench.now_ms));
    bench_send(&bench, &outcome[1], INT64_MAX);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_DIALING);
}

END_TEST

static const size_t pieces[] = { 0, 1, 7, 1000 };

START_TEST(requests_and_answers_go_through_tls_in_pieces_of_any_size) {
    enum { COUNT = 20 };

    struct outcome *outcomes = bench_outcomes(&bench, COUNT);
    bench.peer.most_at_once = pieces[_i];
    secure();
    for (int i = 0; i < COUNT; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    bench_open(&bench);
    ck_assert_uint_eq(bench.login.figures.handshakes, 1);
    ck_assert_uint_eq(bench.login.figures.resumed_handshakes, 0);
    ck_assert_ptr_nonnull(strstr(bench.lines, " tls=TLSv1.3 cipher=TLS_"));
    for (int i = 0; i < COUNT; i++) {
        struct peer_request request = bench_read(&bench);
        bench_answer(&bench, &request, 0);
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
        ck_assert_int_eq(outcomes[i].count, 1);
    }
}

END_TEST

START_TEST(the_second_connection_resumes_the_session_of_the_first) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    secure();
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_open(&bench);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[0].status, STATUS_DISCONNECTED);
    tls_broker_again(&world.broker);
    bench.peer.inbox.size = 0;
    bench.now_ms += 100;
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_open(&bench);
    ck_assert_uint_eq(bench.login.figures.handshakes, 2);
    ck_assert_uint_eq(bench.login.figures.resumed_handshakes, 1);
}

END_TEST

START_TEST(a_wanted_close_says_goodbye) { // pitfall 93
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    connection_close(&bench.connection, false, "idle");
    peer_pump(&bench.peer, bench.now_ms);
    ck_assert_int_eq(
        SSL_get_shutdown(world.broker.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN
    );
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.failures, 0);
}

END_TEST

START_TEST(a_close_without_goodbye_is_a_normal_end) { // pitfall 93
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.last_error, STATUS_DISCONNECTED);
    ck_assert_str_eq(
        bench.connection.last_error_text,
        "the peer hung up (at the first request, as a listener with SASL does when there is none)"
    );
    ck_assert_uint_eq(bench.login.figures.tls_failures, 0);
}

END_TEST

START_TEST(the_brokers_goodbye_ends_the_connection) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    (void)SSL_shutdown(world.broker.ssl);
    peer_pump(&bench.peer, bench.now_ms);
    expect_failure(STATUS_DISCONNECTED, "the broker closed the connection");
    expect_failure(STATUS_DISCONNECTED, "(at the first request, as a listener with SASL does");
}

END_TEST

// Old ones do not say that they do not know a version.
START_TEST(a_goodbye_instead_of_the_versions_makes_the_next_attempt_ask_for_version_0) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    struct peer_request versions;
    secure();
    bench_send(&bench, &outcomes[0], INT64_MAX);
    dial();
    ck_assert(peer_read(&bench.peer, &versions));
    ck_assert_int_eq(versions.version, 4);
    (void)SSL_shutdown(world.broker.ssl);
    peer_pump(&bench.peer, bench.now_ms);
    bench_hang_up(&bench);
    bench.now_ms = bench.connection.retry_at_ms;
    tls_broker_again(&world.broker);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    dial();
    ck_assert(peer_read(&bench.peer, &versions));
    ck_assert_int_eq(versions.version, 0);
}

END_TEST

START_TEST(a_certificate_of_another_host_is_told_and_left_alone) { // pitfall 93
    struct outcome *outcome = bench_outcomes(&bench, 2);
    connection_readdress(&bench.connection, "other.test", 9093);
    secure();
    bench_send(&bench, &outcome[0], INT64_MAX);
    dial();
    expect_failure(STATUS_TLS_FAILED, "other.test");
    ck_assert_ptr_nonnull(strstr(bench.connection.last_error_text, "broker.test"));
    bench_hang_up(&bench);
    ck_assert_int_eq(outcome[0].status, STATUS_DISCONNECTED);
    ck_assert_uint_eq(bench.login.figures.tls_failures, 1);
    ck_assert_int_ge(connection_retry_at_ms(&bench.connection), bench.now_ms + 800);
    // Another snapshot is tried at once.
    world.options.is_host_verified = false;
    secure();
    ck_assert_int_le(connection_retry_at_ms(&bench.connection), bench.now_ms);
    tls_broker_again(&world.broker);
    bench.peer.inbox.size = 0;
    bench_send(&bench, &outcome[1], INT64_MAX);
    bench_open(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
}

END_TEST

START_TEST(a_handshake_that_cannot_begin_is_told_at_once) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    connection_readdress(&bench.connection, ".broker.test", 9093);
    secure();
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    expect_failure(STATUS_TLS_FAILED, "the host name is none that a certificate could have");
}

END_TEST

START_TEST(each_failure_doubles_the_time) { // pitfall 96
    struct outcome *outcomes = bench_outcomes(&bench, 12);
    connection_readdress(&bench.connection, "other.test", 9093);
    secure();
    int64_t longest_ms = 0;
    for (int i = 0; i < 12; i++) {
        bench_send(&bench, &outcomes[i], INT64_MAX);
        dial();
        expect_failure(STATUS_TLS_FAILED, "other.test");
        bench_hang_up(&bench);
        int64_t wait_ms = connection_retry_at_ms(&bench.connection) - bench.now_ms;
        if (wait_ms > longest_ms) longest_ms = wait_ms;
        bench.now_ms += wait_ms;
        tls_broker_again(&world.broker);
        bench.peer.inbox.size = 0;
    }
    ck_assert_int_ge(longest_ms, 48000);
    ck_assert_int_le(longest_ms, 72000);
}

END_TEST

START_TEST(a_listener_without_tls_that_hangs_up_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench.peer.tls = NULL;
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    ck_assert_int_eq(bench.connection.state, CONNECTION_SECURING);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.last_error, STATUS_TLS_FAILED);
    ck_assert_str_ne(bench.connection.last_error_text, "the peer hung up");
    ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
}

END_TEST

START_TEST(a_peer_that_answers_without_tls_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench.peer.tls = NULL;
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    peer_write(&bench.peer, http, sizeof http - 1, bench.now_ms);
    expect_failure(STATUS_TLS_FAILED, "HTTP");
}

END_TEST

START_TEST(tls_where_none_is_spoken_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench.login.settings.is_secured = false;
    bench.peer.tls = NULL;
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    const uint8_t alert[] = { 0x15, 3, 3, 0, 2, 2, 80 };
    peer_write(&bench.peer, alert, sizeof alert, bench.now_ms);
    expect_failure(STATUS_TLS_FAILED, "speaks like TLS (security.protocol)");
}

END_TEST

START_TEST(a_broker_that_wants_a_certificate_and_hangs_up_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    tls_world_dispose(&world);
    tls_world_init(&world, true);
    secure();
    bench.peer.tls = NULL; // its alert gets lost
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    bench.peer.tls = &world.broker;
    ck_assert_int_eq(bench.connection.state, CONNECTION_SECURING);
    for (int i = 0; i < 100 && bench.connection.state == CONNECTION_SECURING; i++) {
        struct buf output = { 0 };
        uint8_t byte;
        if (connection_take_output(&bench.connection, &output))
            ck_assert_int_gt(BIO_write(world.broker.in, output.data, (int)output.size), 0);
        buf_dispose(&output);
        tls_broker_step(&world.broker);
        while (bench.connection.state == CONNECTION_SECURING &&
               BIO_read(world.broker.out, &byte, 1) == 1) {
            uint8_t *space = NULL;
            size_t room = 0;
            connection_space(&bench.connection, &space, &room);
            *space = byte;
            connection_on_bytes(&bench.connection, 1, bench.now_ms);
        }
    }
    ck_assert_int_eq(bench.connection.state, CONNECTION_NEGOTIATING);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.last_error, STATUS_TLS_FAILED);
    ck_assert_str_eq(
        bench.connection.last_error_text,
        "the broker wants a client certificate, and none is configured"
    );
}

END_TEST

START_TEST(a_broker_that_wants_a_certificate_and_says_so_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    tls_world_dispose(&world);
    tls_world_init(&world, true);
    secure();
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    expect_failure(STATUS_TLS_FAILED, "client certificate");
}

END_TEST

START_TEST(a_handshake_that_takes_too_long_ends) { // pitfall 96
    struct outcome *outcome = bench_outcomes(&bench, 1);
    secure();
    bench.peer.tls = NULL;
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    bench_next(&bench);
    expect_failure(STATUS_TIMED_OUT, "not set up in time");
}

END_TEST

SUITE(secured) {
    Suite *s = suite_create("net/secured");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, without_a_snapshot_nobody_is_dialed);
    tcase_add_loop_test(
        cases,
        requests_and_answers_go_through_tls_in_pieces_of_any_size,
        0,
        sizeof pieces / sizeof pieces[0]
    );
    tcase_add_test(cases, the_second_connection_resumes_the_session_of_the_first);
    tcase_add_test(cases, a_wanted_close_says_goodbye);
    tcase_add_test(cases, a_close_without_goodbye_is_a_normal_end);
    tcase_add_test(cases, the_brokers_goodbye_ends_the_connection);
    tcase_add_test(
        cases, a_goodbye_instead_of_the_versions_makes_the_next_attempt_ask_for_version_0
    );
    tcase_add_test(cases, a_certificate_of_another_host_is_told_and_left_alone);
    tcase_add_test(cases, a_handshake_that_cannot_begin_is_told_at_once);
    tcase_add_test(cases, each_failure_doubles_the_time);
    tcase_add_test(cases, a_listener_without_tls_that_hangs_up_is_named);
    tcase_add_test(cases, a_peer_that_answers_without_tls_is_named);
    tcase_add_test(cases, tls_where_none_is_spoken_is_named);
    tcase_add_test(cases, a_broker_that_wants_a_certificate_and_hangs_up_is_named);
    tcase_add_test(cases, a_broker_that_wants_a_certificate_and_says_so_is_named);
    tcase_add_test(cases, a_handshake_that_takes_too_long_ends);
    suite_add_tcase(s, cases);
    return s;
}
