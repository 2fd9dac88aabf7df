// SPDX-License-Identifier: Apache-2.0
// The SASL exchange of connections, by virtual time: before they are ready, again before the
// session ends (KIP-368), and what a refusal means for all connections of a consumer.
#include "consumer/net/authentication.h"
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/schema.h"
#include "tests/unit/net/bench.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct bench bench;

static void set_password(const char *password) {
    char error[SASL_ERROR_BYTES];
    const struct sasl_options options = { .mechanism = "PLAIN",
                                          .username = "alice",
                                          .password = password };
    struct sasl_credentials *credentials = sasl_credentials_new(&options, error);
    ck_assert_msg(credentials != NULL, "%s", error);
    login_set_security_take(
        &bench.login, security_new_take(SECURITY_SASL_PLAINTEXT, NULL, credentials)
    );
}

static void begin(void) {
    bench_init(&bench, 1);
    bench.login.settings.is_secured = true;
    set_password("secret");
}

static void end(void) {
    bench_dispose(&bench);
    login_dispose(&bench.login);
}

static struct peer_request read_of(enum api_key key) {
    struct peer_request request;
    ck_assert(peer_read(&bench.peer, &request));
    ck_assert_int_eq(request.api->key, key);
    return request;
}

static void answer_handshake(int16_t error_code) {
    struct peer_request request = read_of(API_SASL_HANDSHAKE);
    const struct sasl_handshake_request *asked = request.message;
    ck_assert_int_eq(request.version, 1);
    ck_assert(slice_equal_string(asked->mechanism, "PLAIN"));
    struct slice mechanisms[] = { SLICE_LITERAL("SCRAM-SHA-256"), SLICE_LITERAL("OAUTHBEARER") };
    struct sasl_handshake_response response;
    schema_init(&sasl_handshake_response_schema, &response);
    response.error_code = error_code;
    response.mechanisms = mechanisms;
    response.mechanisms_count = 2;
    peer_answer(&bench.peer, &request, &response, bench.now_ms);
}

static void answer_message(const char *password, int16_t error_code, int64_t lifetime_ms) {
    char expected[64];
    int size = snprintf(expected, sizeof expected, "%calice%c%s", 0, 0, password);
    struct peer_request request = read_of(API_SASL_AUTHENTICATE);
    const struct sasl_authenticate_request *asked = request.message;
    ck_assert_int_eq(request.version, 2);
    ck_assert_uint_eq(asked->auth_bytes.size, (size_t)size);
    ck_assert_mem_eq(asked->auth_bytes.data, expected, (size_t)size);
    struct sasl_authenticate_response response;
    schema_init(&sasl_authenticate_response_schema, &response);
    response.error_code = error_code;
    if (error_code) response.error_message = SLICE_LITERAL("Authentication failed: so it is");
    response.auth_bytes = SLICE_LITERAL("");
    response.session_lifetime_ms = lifetime_ms;
    peer_answer(&bench.peer, &request, &response, bench.now_ms);
}

/// Dials, up to the SASL handshake.
static void dial(void) {
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
    struct peer_request versions = read_of(API_API_VERSIONS);
    struct buf frame = { 0 };
    peer_encode_versions(&versions, INT16_MAX, &frame);
    peer_write(&bench.peer, frame.data, frame.size, bench.now_ms);
    buf_dispose(&frame);
    ck_assert_int_eq(bench.connection.state, CONNECTION_AUTHENTICATING);
}

static void open(int64_t lifetime_ms) {
    dial();
    answer_handshake(0);
    answer_message("secret", 0, lifetime_ms);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    bench_settle(&bench);
}

static void refuse(const char *password) {
    dial();
    answer_handshake(0);
    answer_message(password, ERROR_SASL_AUTHENTICATION_FAILED, 0);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    bench_hang_up(&bench);
}

START_TEST(requests_wait_until_the_broker_has_accepted_the_credentials) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(0);
    struct peer_request none;
    ck_assert_int_eq(bench.connection.state, CONNECTION_AUTHENTICATING);
    answer_message("secret", 0, 0);
    ck_assert(!peer_read(&bench.peer, &none));
    bench_settle(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcome->status, STATUS_OK);
    ck_assert_int_eq(bench.connection.authentication->repeat_at_ms, INT64_MAX);
    ck_assert_uint_eq(bench.login.figures.authentications, 1);
    ck_assert_ptr_nonnull(strstr(bench.lines, " sasl=PLAIN"));
    ck_assert_ptr_null(strstr(bench.lines, "secret"));
}

END_TEST

START_TEST(what_the_broker_says_of_a_refusal_is_told) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    refuse("secret");
    ck_assert_int_eq(bench.connection.last_error, STATUS_AUTHENTICATION_FAILED);
    const char *why = bench.connection.last_error_text;
    ck_assert_msg(
        strstr(why, "by PLAIN: Authentication failed: so it is (error 58)") != NULL, "%s", why
    );
    ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
    ck_assert_uint_eq(bench.login.figures.refusals, 1);
}

END_TEST

START_TEST(refused_credentials_are_left_alone_by_all_connections) { // pitfall 92
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    struct connection other;
    connection_init(&other, &bench.settings, "another.example", 9092, 8);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    refuse("secret");
    ck_assert(!connection_is_usable(&other, bench.now_ms));
    ck_assert_int_ge(connection_retry_at_ms(&other), bench.now_ms + 800);
    ck_assert_int_le(connection_retry_at_ms(&other), bench.now_ms + 1200);
    set_password("another");
    ck_assert(connection_is_usable(&other, bench.now_ms));
    ck_assert(connection_is_usable(&bench.connection, bench.now_ms));
    bench_send(&bench, &outcomes[1], INT64_MAX);
    dial();
    answer_handshake(0);
    answer_message("another", 0, 0);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    connection_dispose(&other, STATUS_CLOSED, bench.now_ms);
}

END_TEST

// All that wait for a broker would try at the same time, and an account be locked by it.
START_TEST(after_a_refusal_one_connection_tries_and_the_others_wait_for_it) { // pitfall 92
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    struct connection other;
    connection_init(&other, &bench.settings, "another.example", 9092, 8);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    refuse("secret");
    bench.now_ms = connection_retry_at_ms(&bench.connection);
    ck_assert(connection_is_usable(&other, bench.now_ms));
    bench_send(&bench, &outcomes[1], INT64_MAX);
    dial();
    ck_assert(!connection_is_usable(&other, bench.now_ms));
    answer_handshake(0);
    answer_message("secret", ERROR_SASL_AUTHENTICATION_FAILED, 0);
    bench_hang_up(&bench);
    ck_assert(!connection_is_usable(&other, bench.now_ms));
    bench.now_ms = connection_retry_at_ms(&bench.connection);
    ck_assert(connection_is_usable(&other, bench.now_ms));
    bench_send(&bench, &outcomes[2], INT64_MAX);
    if (_i == 0) { // accepted
        open(0);
    } else { // lost without an answer
        dial();
        bench_hang_up(&bench);
    }
    ck_assert(connection_is_usable(&other, bench.now_ms));
    connection_dispose(&other, STATUS_CLOSED, bench.now_ms);
}

END_TEST

START_TEST(what_is_refused_at_the_same_time_counts_once) { // pitfall 92
    for (int i = 0; i < 5; i++)
        login_on_refused(&bench.login, 1, &bench.random, bench.now_ms + i);
    ck_assert_int_eq(bench.login.refusals, 1);
    ck_assert_uint_eq(bench.login.figures.refusals, 5);
    login_on_refused(&bench.login, 1, &bench.random, bench.login.retry_at_ms);
    ck_assert_int_eq(bench.login.refusals, 2);
}

END_TEST

START_TEST(each_refusal_doubles_the_time_until_one_is_accepted) { // pitfall 92

    enum { TIMES = 10 };

    struct outcome *outcomes = bench_outcomes(&bench, TIMES + 1);
    int64_t wait_ms = 0;
    for (int i = 0; i < TIMES; i++) {
        bench_send(&bench, &outcomes[i], INT64_MAX);
        refuse("secret");
        wait_ms = bench.login.retry_at_ms - bench.now_ms;
        bench.now_ms = connection_retry_at_ms(&bench.connection);
    }
    ck_assert_int_ge(wait_ms, 48000);
    ck_assert_int_le(wait_ms, 72000);
    bench_send(&bench, &outcomes[TIMES], INT64_MAX);
    open(0);
    ck_assert_int_eq(bench.login.refusals, 0);
    ck_assert_int_eq(bench.login.retry_at_ms, 0);
}

END_TEST

START_TEST(a_mechanism_that_is_not_offered_names_those_that_are) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(ERROR_UNSUPPORTED_SASL_MECHANISM);
    ck_assert_int_eq(bench.connection.last_error, STATUS_AUTHENTICATION_FAILED);
    ck_assert_str_eq(
        bench.connection.last_error_text,
        "the broker does not offer the SASL mechanism PLAIN here, but SCRAM-SHA-256, OAUTHBEARER "
        "(sasl.mechanism)"
    );
    ck_assert_uint_eq(bench.login.figures.refusals, 0);
}

END_TEST

START_TEST(a_listener_without_sasl_is_named) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(ERROR_ILLEGAL_SASL_STATE);
    ck_assert_str_eq(
        bench.connection.last_error_text,
        "the broker's listener does not use SASL (security.protocol)"
    );
}

END_TEST

START_TEST(a_broker_that_hangs_up_in_the_exchange_is_told) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(0);
    (void)read_of(API_SASL_AUTHENTICATE);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.last_error, STATUS_DISCONNECTED);
    ck_assert_str_eq(bench.connection.last_error_text, "the peer hung up (in the SASL exchange)");
    ck_assert_ptr_null(bench.connection.authentication->sasl); // pitfall 92
    ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
}

END_TEST

START_TEST(an_exchange_that_takes_too_long_ends) { // pitfall 96
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(0);
    bench_next(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(bench.connection.last_error, STATUS_TIMED_OUT);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Again

/// Ready, with a session whose time to be renewed has come.
static void open_and_age(int64_t lifetime_ms) {
    int64_t opened_at_ms = bench.now_ms;
    open(lifetime_ms);
    int64_t after_ms = bench.connection.authentication->repeat_at_ms - opened_at_ms;
    ck_assert_int_ge(after_ms, lifetime_ms * 85 / 100);
    ck_assert_int_le(after_ms, lifetime_ms * 95 / 100);
    bench.now_ms = bench.connection.authentication->repeat_at_ms;
}

/// The first request is answered; the second one waits for a session that has just begun to be
/// renewed.
static void await_renewal(struct outcome *outcomes) {
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_settle(&bench);
}

START_TEST(before_the_session_ends_what_is_in_flight_is_answered_then_it_is_renewed) { // pitfall 91
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    struct peer_request first = bench_read(&bench);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_send(&bench, &outcomes[2], INT64_MAX);
    bench_settle(&bench);
    struct peer_request none;
    ck_assert_int_eq(bench.connection.state, CONNECTION_REAUTHENTICATING);
    ck_assert(connection_is_open(&bench.connection));
    ck_assert(!peer_read(&bench.peer, &none));
    bench_answer(&bench, &first, 0);
    ck_assert_int_eq(outcomes[0].status, STATUS_OK);
    bench_settle(&bench);
    answer_handshake(0);
    answer_message("secret", 0, 3000);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    bench_settle(&bench);
    for (int i = 1; i < 3; i++) {
        struct peer_request request = bench_read(&bench);
        bench_answer(&bench, &request, 0);
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
    }
    ck_assert_int_gt(bench.connection.authentication->repeat_at_ms, bench.now_ms);
    ck_assert_uint_eq(bench.login.figures.authentications, 2);
    ck_assert_uint_eq(bench.login.figures.reauthentications, 1);
}

END_TEST

START_TEST(a_session_is_renewed_when_it_is_needed_and_not_before) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    bench.now_ms += 60000; // long over
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_settle(&bench);
    answer_handshake(0);
    answer_message("secret", 0, 3000);
    bench_settle(&bench);
    request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcomes[1].status, STATUS_OK);
}

END_TEST

START_TEST(the_newest_credentials_renew_a_session) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    set_password("newer");
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_settle(&bench);
    answer_handshake(0);
    answer_message("newer", 0, 3000);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
}

END_TEST

START_TEST(a_renewal_that_is_refused_is_tried_once_more_on_a_new_connection) { // pitfall 91
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    await_renewal(outcomes);
    answer_handshake(0);
    answer_message("secret", ERROR_SASL_AUTHENTICATION_FAILED, 0);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[1].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(bench.login.refusals, 0);
    ck_assert_int_le(connection_retry_at_ms(&bench.connection), bench.now_ms + 60);
    bench.now_ms += 60;
    bench_send(&bench, &outcomes[2], INT64_MAX);
    refuse("secret");
    ck_assert_int_eq(bench.login.refusals, 1);
    ck_assert_int_ge(connection_retry_at_ms(&bench.connection), bench.now_ms + 800);
}

END_TEST

// As when the new credentials are of another mechanism, which brokers take on a new connection.
START_TEST(a_renewal_that_is_impossible_is_tried_once_more_on_a_new_connection) { // pitfall 91
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    await_renewal(outcomes);
    answer_handshake(ERROR_UNSUPPORTED_SASL_MECHANISM);
    bench_hang_up(&bench);
    ck_assert_int_le(connection_retry_at_ms(&bench.connection), bench.now_ms + 60);
    bench.now_ms += 60;
    bench_send(&bench, &outcomes[2], INT64_MAX);
    dial();
    answer_handshake(ERROR_UNSUPPORTED_SASL_MECHANISM);
    ck_assert_int_eq(bench.connection.last_error, STATUS_AUTHENTICATION_FAILED);
    bench_hang_up(&bench);
    ck_assert_int_ge(connection_retry_at_ms(&bench.connection), bench.now_ms + 800);
}

END_TEST

START_TEST(a_renewal_that_is_not_answered_ends_the_connection) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    await_renewal(outcomes);
    (void)read_of(API_SASL_HANDSHAKE);
    bench_next(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[1].status, STATUS_DISCONNECTED);
}

END_TEST

START_TEST(requests_that_wait_for_a_renewal_keep_their_deadlines) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    (void)bench_read(&bench);
    bench_send(&bench, &outcomes[1], bench.now_ms + 100);
    bench_settle(&bench);
    bench_next(&bench);
    ck_assert_int_eq(outcomes[1].status, STATUS_TIMED_OUT);
    ck_assert_int_eq(bench.connection.state, CONNECTION_REAUTHENTICATING);
}

END_TEST

START_TEST(a_renewing_connection_can_be_closed) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    await_renewal(outcomes);
    connection_close(&bench.connection, _i == 0, "closing");
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSED);
    ck_assert_int_eq(outcomes[1].status, STATUS_DISCONNECTED);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Wrong brokers, wrong times

START_TEST(a_broker_without_sasl_authenticate_does_not_offer_sasl) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
    struct peer_request request = read_of(API_API_VERSIONS);
    struct api_versions_response_api offered[1];
    schema_init(&api_versions_response_api_schema, &offered[0]);
    offered[0].api_key = API_SASL_HANDSHAKE;
    offered[0].max_version = 1;
    struct api_versions_response response;
    schema_init(&api_versions_response_schema, &response);
    response.api_keys = offered;
    response.api_keys_count = 1;
    peer_answer(&bench.peer, &request, &response, bench.now_ms);
    ck_assert_int_eq(bench.connection.last_error, STATUS_AUTHENTICATION_FAILED);
    ck_assert_str_eq(bench.connection.last_error_text, "the broker does not offer SASL");
}

END_TEST

START_TEST(a_drained_connection_that_was_renewing_its_session_closes_at_once) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    await_renewal(outcomes);
    (void)read_of(API_SASL_HANDSHAKE);
    connection_close(&bench.connection, true, "closing");
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[1].status, STATUS_DISCONNECTED);
}

END_TEST

START_TEST(a_lifetime_of_nothing_leaves_time_for_requests) { // pitfall 91

    enum { TIMES = 20 };

    struct outcome *outcomes = bench_outcomes(&bench, TIMES + 1);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open(1);
    for (int i = 0; i < TIMES; i++) {
        struct peer_request request = bench_read(&bench);
        bench_answer(&bench, &request, 0);
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
        bench.now_ms += 10;
        bench_send(&bench, &outcomes[i + 1], INT64_MAX);
        bench_settle(&bench);
        if (bench.connection.state != CONNECTION_REAUTHENTICATING) continue;
        answer_handshake(0);
        answer_message("secret", 0, 1);
        bench_settle(&bench);
    }
    ck_assert_uint_ge(bench.login.figures.reauthentications, 1);
    ck_assert_uint_le(bench.login.figures.reauthentications, 2);
}

END_TEST

START_TEST(a_throttled_broker_is_left_alone_by_a_renewal) { // pitfall 91
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    open_and_age(3000);
    struct peer_request request = bench_read(&bench);
    if (_i == 1) { // throttled while the renewal waits for what is in flight
        bench_send(&bench, &outcomes[1], INT64_MAX);
        bench_settle(&bench);
        ck_assert_int_eq(bench.connection.state, CONNECTION_REAUTHENTICATING);
    }
    bench_answer(&bench, &request, 60000);
    bench_send(&bench, &outcomes[2], INT64_MAX);
    bench_settle(&bench);
    struct peer_request none;
    ck_assert(!peer_read(&bench.peer, &none));
    int64_t throttled_at_ms = bench.now_ms;
    bench_next(&bench);
    ck_assert_int_eq(bench.now_ms, throttled_at_ms + 60000);
    answer_handshake(0);
    answer_message("secret", 0, 3000);
    bench_settle(&bench);
    for (int i = 2 - _i; i < 3; i++) {
        request = bench_read(&bench);
        bench_answer(&bench, &request, 0);
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
    }
}

END_TEST

START_TEST(what_a_broker_says_cannot_speak_to_a_terminal) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    dial();
    answer_handshake(0);
    struct peer_request request = read_of(API_SASL_AUTHENTICATE);
    struct sasl_authenticate_response response;
    schema_init(&sasl_authenticate_response_schema, &response);
    response.error_code = ERROR_SASL_AUTHENTICATION_FAILED;
    response.error_message = SLICE_LITERAL("no\x1b[2J\nno \xff");
    peer_answer(&bench.peer, &request, &response, bench.now_ms);
    ck_assert_str_eq(
        bench.connection.last_error_text,
        "the broker refused to authenticate by PLAIN: no?[2J?no ? (error 58)"
    );
}

END_TEST

SUITE(authentication) {
    Suite *s = suite_create("net/authentication");
    TCase *first = tcase_create("first");
    tcase_add_checked_fixture(first, begin, end);
    tcase_add_test(first, requests_wait_until_the_broker_has_accepted_the_credentials);
    tcase_add_test(first, what_the_broker_says_of_a_refusal_is_told);
    tcase_add_test(first, refused_credentials_are_left_alone_by_all_connections);
    tcase_add_loop_test(
        first, after_a_refusal_one_connection_tries_and_the_others_wait_for_it, 0, 2
    );
    tcase_add_test(first, what_is_refused_at_the_same_time_counts_once);
    tcase_add_test(first, each_refusal_doubles_the_time_until_one_is_accepted);
    tcase_add_test(first, a_mechanism_that_is_not_offered_names_those_that_are);
    tcase_add_test(first, a_listener_without_sasl_is_named);
    tcase_add_test(first, a_broker_that_hangs_up_in_the_exchange_is_told);
    tcase_add_test(first, an_exchange_that_takes_too_long_ends);
    suite_add_tcase(s, first);
    TCase *again = tcase_create("again");
    tcase_add_checked_fixture(again, begin, end);
    tcase_add_test(again, before_the_session_ends_what_is_in_flight_is_answered_then_it_is_renewed);
    tcase_add_test(again, a_session_is_renewed_when_it_is_needed_and_not_before);
    tcase_add_test(again, the_newest_credentials_renew_a_session);
    tcase_add_test(again, a_renewal_that_is_refused_is_tried_once_more_on_a_new_connection);
    tcase_add_test(again, a_renewal_that_is_impossible_is_tried_once_more_on_a_new_connection);
    tcase_add_test(again, a_renewal_that_is_not_answered_ends_the_connection);
    tcase_add_test(again, requests_that_wait_for_a_renewal_keep_their_deadlines);
    tcase_add_loop_test(again, a_renewing_connection_can_be_closed, 0, 2);
    suite_add_tcase(s, again);
    TCase *wrong = tcase_create("wrong");
    tcase_add_checked_fixture(wrong, begin, end);
    tcase_add_test(wrong, a_broker_without_sasl_authenticate_does_not_offer_sasl);
    tcase_add_test(wrong, a_drained_connection_that_was_renewing_its_session_closes_at_once);
    tcase_add_test(wrong, a_lifetime_of_nothing_leaves_time_for_requests);
    tcase_add_loop_test(wrong, a_throttled_broker_is_left_alone_by_a_renewal, 0, 2);
    tcase_add_test(wrong, what_a_broker_says_cannot_speak_to_a_terminal);
    suite_add_tcase(s, wrong);
    return s;
}
