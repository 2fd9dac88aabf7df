// SPDX-License-Identifier: Apache-2.0
// The life of a connection by virtual time: states, versions, deadlines, back-off, closing.
#include "consumer/net/connection.h"
#include "consumer/net/request.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/schema.h"
#include "tests/unit/net/bench.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct bench bench;

static void set_up(void) {
    bench_init(&bench, 1);
}

static void tear_down(void) {
    bench_dispose(&bench);
}

// ------------------------------------------------------------------------------------------------
// Requests and answers

START_TEST(a_request_dials_negotiates_and_is_answered_once) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    ck_assert_int_eq(connection_next_due_ms(&bench.connection), INT64_MAX);
    bench_send(&bench, outcome, INT64_MAX);
    ck_assert_int_le(connection_next_due_ms(&bench.connection), bench.now_ms);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_DIALING);
    peer_accept(&bench.peer, bench.now_ms);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_NOTHING);
    ck_assert_int_eq(bench.connection.state, CONNECTION_NEGOTIATING);

    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    ck_assert_int_eq(versions.version, 4);
    const struct api_versions_request *asked = versions.message;
    ck_assert(slice_equal_string(asked->client_software_name, "kafka-sidecar"));
    ck_assert(!peer_read(&bench.peer, &versions));
    struct buf frame = { 0 };
    peer_encode_versions(&versions, INT16_MAX, &frame);
    peer_write(&bench.peer, frame.data, frame.size, bench.now_ms);
    buf_dispose(&frame);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);

    bench_settle(&bench);
    struct peer_request request = bench_read(&bench);
    ck_assert_int_eq(request.version, 4);
    ck_assert_int_eq(outcome->count, 0);
    bench.now_ms += 7;
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcome->count, 1);
    ck_assert_int_eq(outcome->status, STATUS_OK);
    ck_assert_int_eq(outcome->version, 4);
    ck_assert_int_eq(outcome->now_ms, bench.now_ms);
    ck_assert_int_eq(outcome->tag, (int64_t)(uintptr_t)outcome);
    ck_assert(!connection_is_busy(&bench.connection));
}

END_TEST

START_TEST(requests_in_flight_are_answered_in_their_order) {
    enum { COUNT = 50 };

    struct outcome *outcomes = bench_outcomes(&bench, COUNT);
    for (int i = 0; i < COUNT; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    bench_open(&bench);
    struct peer_request requests[COUNT];
    for (int i = 0; i < COUNT; i++)
        requests[i] = bench_read(&bench);
    for (int i = 0; i < COUNT; i++) {
        bench_answer(&bench, &requests[i], 0);
        for (int j = 0; j < COUNT; j++)
            ck_assert_int_eq(outcomes[j].count, j <= i);
    }
}

END_TEST

START_TEST(correlation_ids_stay_positive_when_they_wrap) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    bench.connection.next_correlation_id = INT32_MAX;
    for (int i = 1; i < 3; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    bench_settle(&bench);
    request = bench_read(&bench);
    ck_assert_int_eq(request.correlation_id, INT32_MAX);
    bench_answer(&bench, &request, 0);
    request = bench_read(&bench);
    ck_assert_int_eq(request.correlation_id, 0);
    bench_answer(&bench, &request, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
}

END_TEST

START_TEST(a_reply_may_send_the_next_request) {
    struct outcome *first = bench_outcomes(&bench, 2);
    struct outcome *second = first + 1;
    first->again = &bench.connection;
    first->next = second;
    bench_send(&bench, first, INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(second->count, 0);
    bench_settle(&bench);
    request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(second->count, 1);
    ck_assert_int_eq(second->status, STATUS_OK);
}

END_TEST

START_TEST(a_request_sent_from_a_failing_reply_is_answered_once_too) {
    struct outcome *first = bench_outcomes(&bench, 2);
    struct outcome *second = first + 1;
    first->again = &bench.connection;
    first->next = second;
    bench_send(&bench, first, bench.now_ms + 10);
    bench_settle(&bench);
    bench_next(&bench);
    ck_assert_int_eq(first->status, STATUS_TIMED_OUT);
    ck_assert_int_eq(second->count, 0);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
    bench_hang_up(&bench);
    ck_assert_int_eq(second->count, 1);
    ck_assert_int_eq(second->status, STATUS_DISCONNECTED);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Versions

// Opens to a broker that offers Heartbeat in a range; returns the version that a request gets.
static int16_t spoken_version(int16_t broker_min, int16_t broker_max, int16_t most_wanted) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench.connection.waiting->max_version = most_wanted;
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    struct api_versions_response_api offer = { API_HEARTBEAT, broker_min, broker_max };
    struct api_versions_response response;
    schema_init(&api_versions_response_schema, &response);
    response.api_keys = &offer;
    response.api_keys_count = 1;
    peer_answer(&bench.peer, &versions, &response, bench.now_ms);
    bench_settle(&bench);
    int16_t spoken = -1;
    struct peer_request sent;
    if (peer_read(&bench.peer, &sent)) {
        spoken = sent.version;
        bench_answer(&bench, &sent, 0);
        ck_assert_int_eq(outcome->status, STATUS_OK);
    } else {
        ck_assert_int_eq(outcome->status, STATUS_UNSUPPORTED_VERSION);
        ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    }
    ck_assert_int_eq(outcome->count, 1);
    bench_hang_up(&bench);
    bench.now_ms += 5000;
    return spoken;
}

START_TEST(the_highest_common_version_is_spoken) {
    ck_assert_int_eq(spoken_version(0, 4, INT16_MAX), 4);
    ck_assert_int_eq(spoken_version(0, 99, INT16_MAX), 4);
    ck_assert_int_eq(spoken_version(0, 2, INT16_MAX), 2);
    ck_assert_int_eq(spoken_version(3, 3, INT16_MAX), 3);
    ck_assert_int_eq(spoken_version(0, 4, 1), 1);
    ck_assert_int_eq(spoken_version(2, 4, 1), -1);
    ck_assert_int_eq(spoken_version(5, 9, INT16_MAX), -1);
    ck_assert_int_eq(spoken_version(3, 1, INT16_MAX), -1);
    ck_assert_int_eq(spoken_version(-9, -3, INT16_MAX), -1);
}

END_TEST

// Answers the ApiVersions request that is on the wire with an error in the layout of version 0.
static void refuse_versions(int16_t code) {
    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    struct api_versions_response response;
    schema_init(&api_versions_response_schema, &response);
    response.error_code = code;
    versions.version = 0;
    peer_answer(&bench.peer, &versions, &response, bench.now_ms);
}

static void dial(struct outcome *outcome) {
    bench_send(&bench, outcome, INT64_MAX);
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
}

static void answer_versions(void) {
    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    ck_assert_int_eq(versions.version, 0);
    struct buf frame = { 0 };
    peer_encode_versions(&versions, 3, &frame);
    peer_write(&bench.peer, frame.data, frame.size, bench.now_ms);
    buf_dispose(&frame);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
}

START_TEST(a_broker_that_does_not_know_our_api_versions_is_asked_in_version_0) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    dial(outcome);
    refuse_versions(ERROR_UNSUPPORTED_VERSION);
    ck_assert_int_eq(bench.connection.state, CONNECTION_NEGOTIATING);
    answer_versions();
    bench_settle(&bench);
    struct peer_request request = bench_read(&bench);
    ck_assert_int_eq(request.version, 3);
}

END_TEST

START_TEST(a_broker_that_hangs_up_on_our_api_versions_is_asked_in_version_0) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    dial(&outcomes[0]);
    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    ck_assert_int_eq(versions.version, 4);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[0].status, STATUS_DISCONNECTED);
    bench.now_ms = bench.connection.retry_at_ms;
    dial(&outcomes[1]);
    answer_versions();
}

END_TEST

START_TEST(api_versions_that_fail_otherwise_close_the_connection) {
    static const struct {
        int16_t first;
        int16_t second; // -1: no second answer
    } cases[] = {
        { ERROR_CLUSTER_AUTHORIZATION_FAILED, -1 },
        { ERROR_UNSUPPORTED_VERSION, ERROR_UNSUPPORTED_VERSION },
        { ERROR_UNSUPPORTED_VERSION, ERROR_INVALID_REQUEST },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome *outcome = bench_outcomes(&bench, 1);
        bench.connection.negotiated_version = 4;
        dial(outcome);
        refuse_versions(cases[i].first);
        if (cases[i].second >= 0) refuse_versions(cases[i].second);
        ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
        ck_assert_int_eq(bench.connection.last_error, STATUS_INVALID_FRAME);
        ck_assert_ptr_nonnull(strstr(bench.connection.last_error_text, "ApiVersions"));
        ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
        bench_hang_up(&bench);
        ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
        bench.now_ms = bench.connection.retry_at_ms;
    }
}

END_TEST

START_TEST(a_request_that_its_version_cannot_carry_fails_alone) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    static char long_text[40000];
    memset(long_text, 'x', sizeof long_text - 1);
    for (int i = 0; i < 3; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    struct heartbeat_request *message = bench.connection.waiting->next->message;
    message->member_id = slice_from_string(long_text);
    bench_open(&bench);
    ck_assert_int_eq(outcomes[1].count, 1);
    ck_assert_int_eq(outcomes[1].status, STATUS_TOO_LARGE);
    for (int i = 0; i < 3; i += 2) {
        struct peer_request request = bench_read(&bench);
        bench_answer(&bench, &request, 0);
        ck_assert_int_eq(outcomes[i].status, STATUS_OK);
    }
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Deadlines

START_TEST(a_request_that_waits_too_long_ends_without_harm_to_the_others) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], bench.now_ms + 500);
    bench_send(&bench, &outcomes[1], bench.now_ms + 900);
    bench_settle(&bench);
    ck_assert_int_eq(connection_next_due_ms(&bench.connection), bench.now_ms + 500);
    bench_next(&bench);
    ck_assert_int_eq(outcomes[0].status, STATUS_TIMED_OUT);
    ck_assert_int_eq(outcomes[0].version, -1);
    ck_assert_int_eq(outcomes[1].count, 0);
    ck_assert_int_eq(bench.connection.state, CONNECTION_DIALING);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcomes[1].status, STATUS_OK);
}

END_TEST

// pitfall 87
START_TEST(a_request_that_is_not_answered_in_time_takes_the_connection_with_it) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    bench_send(&bench, &outcomes[0], bench.now_ms + 30000);
    bench_open(&bench);
    bench_send(&bench, &outcomes[1], bench.now_ms + 20000);
    bench_settle(&bench);
    bench_next(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(bench.connection.last_error, STATUS_TIMED_OUT);
    ck_assert_ptr_nonnull(strstr(bench.connection.last_error_text, "Heartbeat"));
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);

    // The late answer comes while the socket is being closed.
    bench_send(&bench, &outcomes[2], INT64_MAX);
    bench_settle(&bench);
    ck_assert_int_eq(connection_next_due_ms(&bench.connection), INT64_MAX);
    struct buf none = { 0 };
    ck_assert(!connection_take_output(&bench.connection, &none));
    bench_hang_up(&bench);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(outcomes[i].count, 1);
        ck_assert_int_eq(outcomes[i].status, STATUS_DISCONNECTED);
    }
}

END_TEST

START_TEST(a_connection_that_is_not_set_up_in_time_is_given_up) {
    int64_t expected_ms = 10000;
    for (int i = 0; i < 4; i++) {
        struct outcome *outcome = bench_outcomes(&bench, 1);
        bench_send(&bench, outcome, INT64_MAX);
        bench_settle(&bench);
        ck_assert_int_eq(bench.connection.state, CONNECTION_DIALING);
        bench.connection.transport = &bench.peer;
        if (i % 2 == 1) {
            peer_accept(&bench.peer, bench.now_ms);
        } else {
            ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_DIAL);
        }
        int64_t began_ms = bench.now_ms;
        bench_next(&bench);
        ck_assert_int_ge(bench.now_ms - began_ms, expected_ms * 8 / 10);
        ck_assert_int_le(bench.now_ms - began_ms, expected_ms * 12 / 10);
        ck_assert_int_eq(bench.connection.last_error, STATUS_TIMED_OUT);
        ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
        bench_hang_up(&bench);
        ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
        bench.now_ms = bench.connection.retry_at_ms;
        expected_ms = expected_ms * 2 < 30000 ? expected_ms * 2 : 30000;
    }
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Back-off

// pitfall 96
START_TEST(failures_in_a_row_wait_twice_as_long_each_with_jitter_up_to_a_bound) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        bench_dispose(&bench);
        bench_init(&bench, seed);
        int64_t expected_ms = 50;
        for (int i = 0; i < 8; i++) {
            struct outcome *outcome = bench_outcomes(&bench, 1);
            dial(outcome);
            bench_hang_up(&bench);
            int64_t wait_ms = bench.connection.retry_at_ms - bench.now_ms;
            ck_assert_int_ge(wait_ms, expected_ms * 8 / 10);
            ck_assert_int_le(wait_ms, expected_ms * 12 / 10);
            ck_assert(!connection_is_usable(&bench.connection, bench.connection.retry_at_ms - 1));
            ck_assert(connection_is_usable(&bench.connection, bench.connection.retry_at_ms));
            bench.now_ms = bench.connection.retry_at_ms;
            expected_ms = expected_ms * 2 < 1000 ? expected_ms * 2 : 1000;
        }
    }
}

END_TEST

START_TEST(jitter_differs_from_seed_to_seed) {
    int64_t first_ms = 0;
    int different = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        bench_dispose(&bench);
        bench_init(&bench, seed);
        struct outcome *outcome = bench_outcomes(&bench, 1);
        dial(outcome);
        bench_hang_up(&bench);
        int64_t wait_ms = bench.connection.retry_at_ms - bench.now_ms;
        if (seed == 1) first_ms = wait_ms;
        different += wait_ms != first_ms;
    }
    ck_assert_int_gt(different, 3);
}

END_TEST

START_TEST(while_it_backs_off_requests_fail_at_once) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    dial(&outcomes[0]);
    bench_hang_up(&bench);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    ck_assert_int_eq(outcomes[1].count, 0);
    bench_settle(&bench);
    ck_assert_int_eq(outcomes[1].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSED);
    ck_assert_int_eq(connection_next_due_ms(&bench.connection), INT64_MAX);
    bench.now_ms = bench.connection.retry_at_ms;
    dial(&outcomes[2]);
}

END_TEST

START_TEST(a_connection_that_has_answered_starts_its_back_off_anew) {
    struct outcome *outcomes = bench_outcomes(&bench, 5);
    for (int i = 0; i < 3; i++) {
        dial(&outcomes[i]);
        bench_hang_up(&bench);
        bench.now_ms = bench.connection.retry_at_ms;
    }
    bench_send(&bench, &outcomes[3], INT64_MAX);
    bench_send(&bench, &outcomes[4], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.failures, 1);
    ck_assert_int_le(bench.connection.retry_at_ms - bench.now_ms, 60);
}

END_TEST

static int count_lines(const char *text) {
    int count = 0;
    for (const char *at = strstr(bench.lines, text); at; at = strstr(at + 1, text))
        count++;
    return count;
}

// As a listener with SASL does, for hours, when the client has none.
START_TEST(a_broker_that_hangs_up_at_each_first_request_is_asked_and_logged_ever_less) {
    enum { TIMES = 64 };

    struct outcome *outcomes = bench_outcomes(&bench, TIMES + 1);
    for (int i = 0; i < TIMES; i++) {
        bench_send(&bench, &outcomes[i], INT64_MAX);
        bench_open(&bench);
        bench_hang_up(&bench);
        if (i >= 5) ck_assert_int_ge(bench.connection.retry_at_ms - bench.now_ms, 800);
        bench.now_ms = bench.connection.retry_at_ms;
    }
    ck_assert_int_eq(count_lines("connection opened"), 1);
    ck_assert_int_eq(count_lines("connection closed"), 7); // 1, 2, 4 … 64
    bench_send(&bench, &outcomes[TIMES], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(count_lines("connection opened"), 2);
    ck_assert_int_eq(bench.connection.failures, 0);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Closing

static void open_idle(struct outcome *outcome) {
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
}

// pitfall 95
START_TEST(an_idle_connection_closes_and_is_dialed_again_at_once_when_needed) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    open_idle(&outcomes[0]);
    int64_t since_ms = bench.now_ms;
    bench_next(&bench);
    ck_assert_int_eq(bench.now_ms, since_ms + 540000);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    bench_hang_up(&bench);
    ck_assert_int_eq(bench.connection.failures, 0);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_open(&bench);
    (void)bench_read(&bench);
}

END_TEST

START_TEST(an_answer_counts_as_use) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench.now_ms += 600000;
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    bench_answer(&bench, &request, 0);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_READY);
    ck_assert_int_eq(connection_next_due_ms(&bench.connection), bench.now_ms + 540000);
}

END_TEST

START_TEST(a_draining_connection_sends_nothing_and_closes_after_its_last_answer) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    for (int i = 0; i < 2; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    bench_open(&bench);
    struct peer_request requests[2] = { bench_read(&bench), bench_read(&bench) };
    connection_close(&bench.connection, true, "not needed");
    ck_assert_int_eq(bench.connection.state, CONNECTION_DRAINING);
    ck_assert(!connection_is_usable(&bench.connection, bench.now_ms));
    bench_send(&bench, &outcomes[2], INT64_MAX);
    bench_settle(&bench);
    struct peer_request none;
    ck_assert(!peer_read(&bench.peer, &none));
    bench_answer(&bench, &requests[0], 0);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_DRAINING);
    bench_answer(&bench, &requests[1], 0);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcomes[0].status, STATUS_OK);
    ck_assert_int_eq(outcomes[1].status, STATUS_OK);
    ck_assert_int_eq(outcomes[2].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(bench.connection.failures, 0);
}

END_TEST

START_TEST(draining_with_nothing_in_flight_closes_at_once) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    open_idle(outcome);
    connection_close(&bench.connection, true, "not needed");
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    connection_close(&bench.connection, false, "twice");
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_NOTHING);
    ck_assert_str_eq(bench.connection.last_error_text, "not needed");
    bench_hang_up(&bench);
}

END_TEST

START_TEST(a_peer_that_dies_while_draining_is_a_failure) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    connection_close(&bench.connection, true, "not needed");
    bench_hang_up(&bench);
    ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
    ck_assert_int_eq(bench.connection.failures, 1);
    ck_assert_str_eq(bench.connection.last_error_text, "the peer hung up");
}

END_TEST

START_TEST(closing_before_the_driver_has_dialed_needs_no_driver) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_settle(&bench);
    ck_assert_int_eq(bench.connection.state, CONNECTION_DIALING);
    connection_close(&bench.connection, false, "closing");
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSED);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_NOTHING);
    ck_assert_int_eq(outcomes[0].count, 1);
    ck_assert_int_eq(outcomes[0].status, STATUS_DISCONNECTED);
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcomes[1].status, STATUS_OK);
}

END_TEST

START_TEST(closing_while_the_driver_dials_waits_for_the_driver) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_settle(&bench);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_DIAL);
    connection_close(&bench.connection, false, "closing");
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    connection_on_dialed(&bench.connection, bench.now_ms);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    connection_on_closed(&bench.connection, "", bench.now_ms);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSED);
    ck_assert_int_eq(outcome->status, STATUS_DISCONNECTED);
    connection_on_closed(&bench.connection, "", bench.now_ms);
    ck_assert_int_eq(outcome->count, 1);
}

END_TEST

START_TEST(disposing_answers_everything) {
    struct outcome *outcomes = bench_outcomes(&bench, 3);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_open(&bench);
    outcomes[0].again = &bench.connection;
    outcomes[0].next = &outcomes[2];
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_dispose(&bench);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(outcomes[i].count, 1);
        ck_assert_int_eq(outcomes[i].status, STATUS_CLOSED);
    }
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Throttling

// pitfall 90
START_TEST(a_throttled_connection_is_silent_for_as_long_as_the_broker_says) {
    struct outcome *outcomes = bench_outcomes(&bench, 4);
    for (int i = 0; i < 2; i++)
        bench_send(&bench, &outcomes[i], INT64_MAX);
    bench_open(&bench);
    struct peer_request requests[2] = { bench_read(&bench), bench_read(&bench) };
    bench_answer(&bench, &requests[0], 700);
    ck_assert_int_eq(outcomes[0].throttle_time_ms, 700);
    bench_send(&bench, &outcomes[2], bench.now_ms + 500);
    bench_send(&bench, &outcomes[3], INT64_MAX);
    bench_settle(&bench);
    struct peer_request none;
    ck_assert(!peer_read(&bench.peer, &none));

    // A shorter one does not end the longer.
    bench_answer(&bench, &requests[1], 100);
    ck_assert_int_eq(outcomes[1].status, STATUS_OK);
    int64_t began_ms = bench.now_ms;
    bench_next(&bench);
    ck_assert_int_eq(bench.now_ms, began_ms + 500);
    ck_assert_int_eq(outcomes[2].status, STATUS_TIMED_OUT);
    bench_next(&bench);
    ck_assert_int_eq(bench.now_ms, began_ms + 700);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, -5);
    ck_assert_int_eq(outcomes[3].status, STATUS_OK);
}

END_TEST

START_TEST(throttling_ends_with_the_connection) {
    struct outcome *outcomes = bench_outcomes(&bench, 2);
    bench_send(&bench, &outcomes[0], INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, INT32_MAX);
    bench_hang_up(&bench);
    bench.now_ms = bench.connection.retry_at_ms;
    bench_send(&bench, &outcomes[1], INT64_MAX);
    bench_open(&bench);
    (void)bench_read(&bench);
}

END_TEST

static void add_case(Suite *s, const char *name, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(connection) {
    Suite *s = suite_create("net/connection");
    add_case(
        s,
        "requests",
        (const TTest *const[]){ a_request_dials_negotiates_and_is_answered_once,
                                requests_in_flight_are_answered_in_their_order,
                                correlation_ids_stay_positive_when_they_wrap,
                                a_reply_may_send_the_next_request,
                                a_request_sent_from_a_failing_reply_is_answered_once_too,
                                a_request_that_its_version_cannot_carry_fails_alone,
                                a_request_that_waits_too_long_ends_without_harm_to_the_others,
                                a_request_that_is_not_answered_in_time_takes_the_connection_with_it,
                                a_connection_that_is_not_set_up_in_time_is_given_up,
                                NULL }
    );
    add_case(
        s,
        "versions",
        (const TTest *const[]){ the_highest_common_version_is_spoken,
                                a_broker_that_does_not_know_our_api_versions_is_asked_in_version_0,
                                a_broker_that_hangs_up_on_our_api_versions_is_asked_in_version_0,
                                api_versions_that_fail_otherwise_close_the_connection,
                                NULL }
    );
    add_case(
        s,
        "back-off",
        (const TTest *const[]
        ){ failures_in_a_row_wait_twice_as_long_each_with_jitter_up_to_a_bound,
           jitter_differs_from_seed_to_seed,
           while_it_backs_off_requests_fail_at_once,
           a_broker_that_hangs_up_at_each_first_request_is_asked_and_logged_ever_less,
           a_connection_that_has_answered_starts_its_back_off_anew,
           NULL }
    );
    add_case(
        s,
        "closing",
        (const TTest *const[]
        ){ an_idle_connection_closes_and_is_dialed_again_at_once_when_needed,
           an_answer_counts_as_use,
           a_draining_connection_sends_nothing_and_closes_after_its_last_answer,
           draining_with_nothing_in_flight_closes_at_once,
           a_peer_that_dies_while_draining_is_a_failure,
           closing_before_the_driver_has_dialed_needs_no_driver,
           closing_while_the_driver_dials_waits_for_the_driver,
           disposing_answers_everything,
           NULL }
    );
    add_case(
        s,
        "throttling",
        (const TTest *const[]){ a_throttled_connection_is_silent_for_as_long_as_the_broker_says,
                                throttling_ends_with_the_connection,
                                NULL }
    );
    return s;
}
