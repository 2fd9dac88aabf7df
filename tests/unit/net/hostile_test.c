// SPDX-License-Identifier: Apache-2.0
// Peers that are no broker, or a bad one: whatever comes, every request has one reply, and the
// connection says why it went.
#include "consumer/net/connection.h"
#include "consumer/net/request.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/schema.h"
#include "consumer/wire/writer.h"
#include "tests/unit/net/bench.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct bench bench;

static void set_up(void) {
    bench_init(&bench, 2);
}

static void tear_down(void) {
    bench_dispose(&bench);
}

static struct outcome *dial(void) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_settle(&bench);
    bench.connection.transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
    return outcome;
}

static void check_refused(struct outcome *outcome, enum status status, const char *why) {
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_int_eq(connection_take_want(&bench.connection), CONNECTION_WANTS_CLOSE);
    ck_assert_int_eq(bench.connection.last_error, status);
    ck_assert_msg(
        strstr(bench.connection.last_error_text, why) != NULL,
        "\"%s\" lacks \"%s\"",
        bench.connection.last_error_text,
        why
    );
    const char *line = strstr(bench.lines, why);
    ck_assert_msg(line != NULL, "no line of the log says \"%s\"", why);
    bench_hang_up(&bench);
    ck_assert_msg(!strstr(line, "connection closed"), "it is told twice: %s", bench.lines);
    ck_assert_int_eq(outcome->count, 1);
    ck_assert_int_ne(outcome->status, STATUS_OK);
    bench.now_ms = connection_retry_at_ms(&bench.connection);
    bench.lines[0] = '\0';
}

// pitfall 89
START_TEST(a_peer_that_speaks_something_else_is_named) {
    static const struct {
        const char *bytes;
        size_t size;
        enum status status;
        const char *why;
    } cases[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 28, STATUS_TOO_LARGE, "an HTTP server" },
        { "\x15\x03\x03\x00\x02\x02\x46", 7, STATUS_TLS_FAILED, "TLS" },
        { "\x16\x03\x03\x00\x31\x02\x00", 7, STATUS_TLS_FAILED, "TLS" },
        { "SSH-2.0-OpenSSH_9.2\r\n", 21, STATUS_TOO_LARGE, "an SSH server" },
        { "\x7f\xff\xff\xff", 4, STATUS_TOO_LARGE, "2147483647 bytes" },
        { "\x80\x00\x00\x00", 4, STATUS_INVALID_FRAME, "2147483648 bytes" },
        { "\xff\xff\xff\xff", 4, STATUS_INVALID_FRAME, "4294967295 bytes" },
        { "\x00\x00\x00\x03", 4, STATUS_INVALID_FRAME, "length of 3 bytes" },
        { "\x00\x00\x00\x00", 4, STATUS_INVALID_FRAME, "length of 0 bytes" },
        { "\x00\x10\x00\x01", 4, STATUS_TOO_LARGE, "receive.message.max.bytes" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome *outcome = dial();
        bench.peer.most_at_once = i % 3;
        peer_write(&bench.peer, cases[i].bytes, cases[i].size, bench.now_ms);
        check_refused(outcome, cases[i].status, cases[i].why);
    }
}

END_TEST

// pitfall 87
START_TEST(an_answer_to_another_request_ends_the_connection) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    request.correlation_id++;
    bench_answer(&bench, &request, 0);
    check_refused(outcome, STATUS_INVALID_FRAME, "wrong correlation id");
}

END_TEST

START_TEST(an_answer_that_nobody_asked_for_ends_the_connection) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    bench_send(&bench, outcome, INT64_MAX);
    bench_open(&bench);
    struct peer_request request = bench_read(&bench);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(outcome->status, STATUS_OK);
    bench_answer(&bench, &request, 0);
    ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
    ck_assert_ptr_nonnull(strstr(bench.lines, "nobody asked"));
    bench_hang_up(&bench);
    ck_assert_int_eq(outcome->count, 1);
}

END_TEST

// The bytes of a whole healthy exchange: ApiVersions and a Heartbeat's answer.
static size_t write_exchange(struct buf *stream) {
    struct outcome *outcome = dial();
    struct peer_request versions;
    ck_assert(peer_read(&bench.peer, &versions));
    peer_encode_versions(&versions, INT16_MAX, stream);
    size_t first = stream->size;
    peer_write(&bench.peer, stream->data, stream->size, bench.now_ms);
    bench_settle(&bench);
    struct peer_request request = bench_read(&bench);
    static const uint8_t message[64];
    peer_encode(&request, message, stream);
    bench_hang_up(&bench);
    ck_assert_int_eq(outcome->count, 1);
    return first;
}

static void restart(void) {
    bench_dispose(&bench);
    bench_init(&bench, 2);
}

START_TEST(a_stream_that_is_cut_at_any_byte_fails_what_is_not_answered) {
    struct buf stream = { 0 };
    size_t first = write_exchange(&stream);
    for (size_t size = 0; size <= stream.size; size++) {
        restart();
        struct outcome *outcome = dial();
        peer_write(&bench.peer, stream.data, size < first ? size : first, bench.now_ms);
        bench_settle(&bench);
        if (size > first) peer_write(&bench.peer, stream.data + first, size - first, bench.now_ms);
        bench_hang_up(&bench);
        ck_assert_int_eq(outcome->count, 1);
        enum status expected = size == stream.size ? STATUS_OK : STATUS_DISCONNECTED;
        ck_assert_int_eq(outcome->status, expected);
        ck_assert_int_eq(bench.connection.negotiated_version, size < first ? 0 : 4);
    }
    buf_dispose(&stream);
}

END_TEST

START_TEST(a_stream_may_arrive_in_reads_of_any_size) {
    struct buf stream = { 0 };
    size_t first = write_exchange(&stream);
    for (size_t size = 1; size <= stream.size; size++) {
        restart();
        struct outcome *outcome = dial();
        bench.peer.most_at_once = size;
        peer_write(&bench.peer, stream.data, first, bench.now_ms);
        bench_settle(&bench);
        peer_write(&bench.peer, stream.data + first, stream.size - first, bench.now_ms);
        ck_assert_int_eq(outcome->count, 1);
        ck_assert_int_eq(outcome->status, STATUS_OK);
    }
    buf_dispose(&stream);
}

END_TEST

static void on_metadata(void *owner, const struct reply *reply) {
    struct outcome *outcome = owner;
    outcome->count++;
    outcome->status = reply->status;
}

static struct outcome *open_with_metadata(struct peer_request *request) {
    struct outcome *outcome = bench_outcomes(&bench, 1);
    struct request *sent = request_new(api_find(API_METADATA), INT64_MAX);
    sent->on_reply = on_metadata;
    sent->owner = outcome;
    connection_send_take(&bench.connection, sent);
    bench_open(&bench);
    ck_assert(peer_read(&bench.peer, request));
    return outcome;
}

static void encode_metadata(const struct peer_request *request, struct buf *out) {
    int32_t replicas[2] = { 1, 2 };
    struct metadata_response_broker broker;
    schema_init(&metadata_response_broker_schema, &broker);
    broker.host = SLICE_LITERAL("broker.example");
    broker.port = 9092;
    struct metadata_response_partition partition;
    schema_init(&metadata_response_partition_schema, &partition);
    partition.replica_nodes = replicas;
    partition.replica_nodes_count = 2;
    struct metadata_response_topic topic;
    schema_init(&metadata_response_topic_schema, &topic);
    topic.name = SLICE_LITERAL("orders");
    topic.partitions = &partition;
    topic.partitions_count = 1;
    struct metadata_response response;
    schema_init(&metadata_response_schema, &response);
    response.brokers = &broker;
    response.brokers_count = 1;
    response.topics = &topic;
    response.topics_count = 1;
    peer_encode(request, &response, out);
}

START_TEST(an_answer_whose_message_is_cut_is_unreadable) {
    size_t whole = SIZE_MAX;
    for (size_t size = 4; size < whole; size++) {
        restart();
        struct peer_request request;
        struct outcome *outcome = open_with_metadata(&request);
        struct buf frame = { 0 };
        encode_metadata(&request, &frame);
        whole = frame.size - 4;
        writer_int32_at(&frame, 0, (int32_t)size);
        peer_write(&bench.peer, frame.data, size + 4, bench.now_ms);
        buf_dispose(&frame);
        ck_assert_int_eq(outcome->count, 1);
        ck_assert_int_eq(outcome->status, STATUS_INVALID_FRAME);
        ck_assert_ptr_nonnull(strstr(bench.lines, "Metadata v13 cannot be read"));
        ck_assert_int_eq(bench.connection.state, CONNECTION_CLOSING);
        bench_hang_up(&bench);
        ck_assert_int_eq(outcome->count, 1);
    }
}

END_TEST

START_TEST(a_damaged_answer_has_one_reply_whatever_it_becomes) {
    struct random random;
    random_init(&random, 77);
    for (int round = 0; round < 3000; round++) {
        restart();
        struct peer_request request;
        struct outcome *outcome = open_with_metadata(&request);
        struct buf frame = { 0 };
        encode_metadata(&request, &frame);
        for (uint64_t i = random_below(&random, 4); i < 4; i++) {
            size_t at = 8 + (size_t)random_below(&random, frame.size - 8);
            frame.data[at] = (uint8_t)random_below(&random, 256);
        }
        bench.peer.most_at_once = random_below(&random, 9);
        peer_write(&bench.peer, frame.data, frame.size, bench.now_ms);
        buf_dispose(&frame);
        EXPECT(outcome->count == 1);
        EXPECT((outcome->status == STATUS_OK) == (bench.connection.state == CONNECTION_READY));
        bench_hang_up(&bench);
        EXPECT(outcome->count == 1);
    }
}

END_TEST

START_TEST(noise_in_place_of_answers_never_answers_a_request_well) {
    struct random random;
    random_init(&random, 78);
    for (int round = 0; round < 2000; round++) {
        restart();
        struct outcome *outcome = dial();
        uint8_t noise[600];
        size_t size = (size_t)random_below(&random, sizeof noise) + 1;
        for (size_t i = 0; i < size; i++)
            noise[i] = (uint8_t)random_below(&random, 256);
        // Every other one at least looks like a frame.
        if (round % 2 == 0) memset(noise, 0, size < 3 ? size : 3);
        peer_write(&bench.peer, noise, size, bench.now_ms);
        if (bench.connection.state != CONNECTION_CLOSED) bench_hang_up(&bench);
        EXPECT(outcome->count == 1);
        ck_assert_int_ne(outcome->status, STATUS_OK);
    }
}

END_TEST

// ------------------------------------------------------------------------------------------------
// An arbitrary life: requests, answers, cuts, closes and time in any order.

static void send_one(struct random *random) {
    int64_t deadline_ms = bench.now_ms + 1 + (int64_t)random_below(random, 2000);
    bench_send(&bench, bench_outcomes(&bench, 1), deadline_ms);
}

static void connect(struct random *random) {
    (void)random;
    struct connection *connection = &bench.connection;
    if (connection->state != CONNECTION_DIALING || connection->transport) return;
    connection->transport = &bench.peer;
    peer_accept(&bench.peer, bench.now_ms);
}

static void answer_one(struct random *random) {
    struct peer_request request;
    if (!peer_read(&bench.peer, &request)) return;
    if (request.api->key != API_API_VERSIONS) {
        bench_answer(&bench, &request, (int32_t)random_below(random, 50));
        return;
    }
    struct buf frame = { 0 };
    peer_encode_versions(&request, INT16_MAX, &frame);
    peer_write(&bench.peer, frame.data, frame.size, bench.now_ms);
    buf_dispose(&frame);
}

static void close_it(struct random *random) {
    if (random_below(random, 8) == 0)
        connection_close(&bench.connection, random_below(random, 2) == 0, "because");
}

static void hang_up(struct random *random) {
    bool wanted = bench.connection.state == CONNECTION_CLOSING;
    if (bench.connection.transport && (wanted || random_below(random, 10) == 0))
        bench_hang_up(&bench);
}

static void wait_some(struct random *random) {
    bench.now_ms += (int64_t)random_below(random, 300);
}

START_TEST(every_request_has_one_reply_in_any_course_of_events) {
    static void (*const events[])(struct random *) = {
        send_one,   send_one, connect, answer_one, answer_one,
        answer_one, close_it, hang_up, wait_some,
    };

    enum { EVENTS = sizeof events / sizeof events[0], REQUESTS = 100, SEEDS = 300 };

    int statuses[64] = { 0 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        bench_dispose(&bench);
        bench_init(&bench, seed);
        struct random random;
        random_init(&random, seed * 7919);
        while (bench.outcome_count < REQUESTS) {
            events[random_below(&random, EVENTS)](&random);
            bench_settle(&bench);
        }
        if (bench.connection.transport) bench_hang_up(&bench);
        connection_dispose(&bench.connection, STATUS_CLOSED, bench.now_ms);
        for (size_t i = 0; i < REQUESTS; i++) {
            EXPECT(bench.outcomes[i].count == 1);
            statuses[bench.outcomes[i].status]++;
        }
    }
    // The courses did see all endings.
    EXPECT(statuses[STATUS_OK] > 3000);
    EXPECT(statuses[STATUS_DISCONNECTED] > 3000);
    EXPECT(statuses[STATUS_TIMED_OUT] > 300);
}

END_TEST

SUITE(hostile) {
    Suite *s = suite_create("net/hostile");
    TCase *cases = tcase_create("hostile");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_peer_that_speaks_something_else_is_named);
    tcase_add_test(cases, an_answer_to_another_request_ends_the_connection);
    tcase_add_test(cases, an_answer_that_nobody_asked_for_ends_the_connection);
    tcase_add_test(cases, a_stream_that_is_cut_at_any_byte_fails_what_is_not_answered);
    tcase_add_test(cases, a_stream_may_arrive_in_reads_of_any_size);
    tcase_add_test(cases, an_answer_whose_message_is_cut_is_unreadable);
    tcase_add_test(cases, a_damaged_answer_has_one_reply_whatever_it_becomes);
    tcase_add_test(cases, noise_in_place_of_answers_never_answers_a_request_well);
    tcase_add_test(cases, every_request_has_one_reply_in_any_course_of_events);
    suite_add_tcase(s, cases);
    return s;
}
