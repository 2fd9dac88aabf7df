// SPDX-License-Identifier: Apache-2.0
// Streams of records: what is written, who has the seat, and what becomes of what was streamed.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

enum { LARGE_BYTES = 1 << 20, MANY = 40 };

static const struct kc_partition one[] = { { .topic = "orders", .partition = 0, .offset = 7 } };

/// A client that reads a stream.
struct reader {
    struct client client;
    struct out text; ///< all that it has read
};

static struct client other;

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 0);
    sidecar_up(pairs);
    other = client_connect();
}

static void begin(void) {
    begin_with(NULL);
}

static void begin_talkative(void) {
    begin_with((const char *const[]){ "events.keepalive.ms", "10", NULL });
}

static void end(void) {
    client_close(&other);
    sidecar_down();
}

static void add_three(void) {
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    fake_add_text("orders", 0, "c");
}

static struct reader reader_ask_at(const char *target, const char *headers) {
    struct reader reader = { .client = client_connect() };
    struct out request = { 0 };
    (void)snprintf(reader.client.target, sizeof reader.client.target, "%s", target);
    (void)snprintf(reader.client.method, sizeof reader.client.method, "GET");
    out_format(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
    client_send(&reader.client, out_text(&request));
    out_dispose(&request);
    return reader;
}

static struct reader reader_ask(const char *query, const char *headers) {
    char target[200];
    (void)snprintf(target, sizeof target, "/v1/stream%s", query);
    return reader_ask_at(target, headers);
}

static struct reader reader_begin(const char *query, const char *headers) {
    struct reader reader = reader_ask(query, headers);
    ck_assert_int_eq(client_read_head(&reader.client), 200);
    return reader;
}

static struct reader events_begin(void) {
    return reader_begin("", "Accept: text/event-stream\r\n");
}

static struct reader lines_begin(void) {
    return reader_begin("", "Accept: application/x-ndjson\r\n");
}

/// Reads until the text has that in it.
static void read_until(struct reader *reader, const char *wanted) {
    size_t looked_at = 0;
    while (!strstr(out_text(&reader->text) + looked_at, wanted)) {
        size_t overlap = strlen(wanted);
        looked_at = reader->text.size > overlap ? reader->text.size - overlap : 0;
        enum client_piece piece = client_read_piece(&reader->client, &reader->text);
        ck_assert_msg(piece == CLIENT_PIECE, "the end: %.3000s", out_text(&reader->text));
    }
}

/// Reads all that comes up to the proper end.
static void read_to_end(struct reader *reader) {
    enum client_piece piece;
    while ((piece = client_read_piece(&reader->client, &reader->text)) == CLIENT_PIECE) {}
    ck_assert_msg(piece == CLIENT_END, "cut: %s", out_text(&reader->text));
}

static void reader_close(struct reader *reader) {
    client_close(&reader->client);
    out_dispose(&reader->text);
}

static void poll_and_expect(int records, const char *first) {
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_records(&other), records);
    if (records > 0) ck_assert_str_eq(client_value(&other, 0), first);
}

static bool emit(enum kc_event_kind kind, int64_t id) {
    struct kc_event event = { .kind = kind,
                              .rebalance_id = id,
                              .ack_within_ms = 10000,
                              .partitions = one,
                              .partition_count = 1 };
    return fake_emit(&event);
}

START_TEST(each_record_is_an_event_whose_id_is_its_place) {
    fake_add_text("orders", 0, "a");
    struct reader reader = events_begin();
    ck_assert_str_eq(client_header(&reader.client, "Content-Type"), "text/event-stream");
    read_until(&reader, "\n\n");
    ck_assert_str_eq(
        out_text(&reader.text),
        "id: orders:0:0\nevent: record\ndata: {\"topic\":\"orders\",\"partition\":0,\"offset\":0,"
        "\"timestamp\":1000,\"timestamp_type\":0,\"leader_epoch\":4,\"key\":null,\"value\":\"a\","
        "\"headers\":[],\"serialized_key_size\":-1,\"serialized_value_size\":1}\n\n"
    );
    reader_close(&reader);
}

END_TEST

START_TEST(each_record_is_a_line) {
    fake_add_text("orders", 0, "{\n\"n\":1}");
    struct reader reader = reader_begin("?value_format=json", "Accept: application/x-ndjson\r\n");
    ck_assert_str_eq(client_header(&reader.client, "Content-Type"), "application/x-ndjson");
    read_until(&reader, "\n");
    ck_assert_ptr_nonnull(strstr(out_text(&reader.text), "\"value\":{ \"n\":1},"));
    reader_close(&reader);
}

END_TEST

START_TEST(a_record_that_comes_later_is_written_at_once) { // pitfall 107
    struct reader reader = lines_begin();
    for (int i = 0; i < 3; i++) {
        char value[20];
        (void)snprintf(value, sizeof value, "record-%d", i);
        fake_wait_for_waiting(true);
        fake_add_text("orders", 0, value);
        read_until(&reader, value);
    }
    ck_assert_uint_eq(fake_counts().last_flags, KC_POLL_KEEP);
    reader_close(&reader);
}

END_TEST

START_TEST(a_stream_takes_the_place_of_polls) {
    struct reader reader = lines_begin();
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 409);
    ck_assert_str_eq(client_code(&other), "POLL_IN_PROGRESS");
    struct reader second = reader_ask("", "");
    ck_assert_int_eq(client_read(&second.client), 409);
    ck_assert_str_eq(client_code(&second.client), "POLL_IN_PROGRESS");
    fake_add_text("orders", 0, "a");
    read_until(&reader, "\"a\"");
    reader_close(&second);
    reader_close(&reader);
}

END_TEST

START_TEST(a_running_poll_keeps_its_place) {
    client_ask(&other, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    struct reader reader = reader_ask("", "");
    ck_assert_int_eq(client_read(&reader.client), 409);
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(client_read(&other), 200);
    reader_close(&reader);
}

END_TEST

START_TEST(what_was_not_committed_comes_again_after_the_stream) { // pitfall 115, pitfall 106
    add_three();
    struct reader reader = lines_begin();
    read_until(&reader, "\"c\"");
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit?tp=orders:0&offset=1", NULL), 200);
    reader_close(&reader);
    poll_and_expect(2, "b");
}

END_TEST

START_TEST(the_next_stream_waits_until_positions_are_back) {
    add_three();
    struct reader reader = events_begin();
    read_until(&reader, "\"c\"");
    fake_hold(FAKE_REWIND);
    reader_close(&reader);
    reader = reader_ask("", "");
    fake_wait_for(FAKE_REWIND, 1);
    client_ask(&other, "GET", "/v1/position", NULL);
    ck_assert_int_eq(client_read(&other), 200); // and nobody else
    fake_release(FAKE_REWIND);
    ck_assert_int_eq(client_read_head(&reader.client), 200);
    read_until(&reader, "\"a\"");
    reader_close(&reader);
}

END_TEST

START_TEST(a_commit_must_say_its_offsets) {
    add_three();
    struct reader reader = lines_begin();
    read_until(&reader, "\"c\"");
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit", NULL), 409);
    ck_assert_str_eq(client_code(&other), "OFFSETS_REQUIRED");
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit", "{}"), 409);
    ck_assert_int_eq(fake_committed("orders", 0), -1);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit?tp=orders:0&offset=2", NULL), 200);
    ck_assert_int_eq(fake_committed("orders", 0), 2);
    reader_close(&reader);
}

END_TEST

START_TEST(with_auto_ack_what_was_written_is_processed) {
    add_three();
    struct reader reader = reader_begin("?auto_ack=true", "");
    read_until(&reader, "\"c\"");
    ck_assert_uint_eq(fake_counts().last_flags, 0);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/commit", NULL), 200);
    fake_add_text("orders", 0, "d");
    read_until(&reader, "\"d\"");
    reader_close(&reader);
    poll_and_expect(0, NULL);
    ck_assert_int_eq(fake_position("orders", 0), 4);
}

END_TEST

START_TEST(a_record_is_taken_only_when_the_client_has_room) {
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    struct reader reader = lines_begin();
    for (int i = 0; i < MANY; i++)
        fake_add_text("orders", 0, value);
    client_wait_readable(&reader.client);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(client_call(&other, "GET", "/v1/status", NULL), 200);
    ck_assert_int_lt(fake_position("orders", 0), MANY);
    fake_add_text("orders", 0, "last");
    read_until(&reader, "\"last\"");
    ck_assert_uint_gt(reader.text.size, (size_t)MANY * LARGE_BYTES);
    reader_close(&reader);
}

END_TEST

START_TEST(a_client_that_does_not_read_leaves_the_seat_when_it_dies) { // pitfall 106
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    struct reader reader = lines_begin();
    for (int i = 0; i < MANY; i++)
        fake_add_text("orders", 0, value);
    client_wait_readable(&reader.client);
    reader_close(&reader);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll?max_records=1", NULL), 200);
    ck_assert_int_eq(client_records(&other), 1);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/position", NULL), 200);
    ck_assert_int_eq(fake_position("orders", 0), 1);
}

END_TEST

static bool metric_is(const char *line) {
    struct client probe = client_connect_management();
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "\nkafka_sidecar_%s\n", line);
    ck_assert_int_eq(client_call(&probe, "GET", "/metrics", NULL), 200);
    bool is_found = strstr(client_body(&probe), wanted) != NULL;
    client_close(&probe);
    return is_found;
}

START_TEST(a_poll_that_comes_while_a_dead_stream_leaves_waits_for_the_seat) { // pitfall 106
    struct client second = client_connect();
    struct reader reader = lines_begin();
    fake_wait_for_waiting(true);
    fake_hold(FAKE_WAIT);
    reader_close(&reader);
    while (!metric_is("record_streams 0")) {} // until keeping it alive has failed
    // The library forgets a connection when it is busy with others.
    while (!metric_is("http_connections 2"))
        ck_assert_int_eq(client_call(&second, "GET", "/v1/paused", NULL), 200);
    client_ask(&other, "GET", "/v1/poll", NULL);
    // What is answered behind the poll tells that it has been looked at.
    ck_assert_int_eq(client_call(&second, "GET", "/v1/paused", NULL), 200);
    fake_add_text("orders", 0, "a");
    fake_release(FAKE_WAIT);
    ck_assert_int_eq(client_read(&other), 200);
    ck_assert_int_eq(client_records(&other), 1);
    client_close(&second);
}

END_TEST

static const struct kc_poll_error corrupt = { .status = KC_CORRUPT_RECORDS,
                                              .topic = "orders",
                                              .partition = 0,
                                              .offset = 7,
                                              .skip_offset = 9,
                                              .message = "the CRC is wrong" };

START_TEST(an_error_is_the_last_event) { // pitfall 33, pitfall 111
    fake_fail_poll(&corrupt);
    struct reader reader = events_begin();
    read_to_end(&reader);
    const char *text = out_text(&reader.text);
    ck_assert_msg(strstr(text, "event: error\ndata: {\"type\":") != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\"code\":\"CORRUPT_RECORDS\""));
    ck_assert_ptr_nonnull(strstr(text, "\"offset\":7,\"skip_to\":9"));
    reader_close(&reader);
    fake_add_text("orders", 0, "a");
    poll_and_expect(1, "a"); // and the seat is free
}

END_TEST

START_TEST(an_error_is_the_last_line) { // pitfall 33, pitfall 111
    fake_fail_poll(&corrupt);
    struct reader reader = lines_begin();
    read_to_end(&reader);
    const char *text = out_text(&reader.text);
    ck_assert_ptr_eq(strstr(text, "{\"error\":{\"type\":"), text);
    ck_assert_ptr_nonnull(strstr(text, "\"code\":\"CORRUPT_RECORDS\""));
    ck_assert_str_eq(text + reader.text.size - 3, "}}\n");
    reader_close(&reader);
}

END_TEST

START_TEST(a_new_session_ends_the_stream_of_the_old_one) { // pitfall 115
    add_three();
    struct reader reader =
        reader_begin("", "Accept: text/event-stream\r\nConsumer-Session: app-1\r\n");
    read_until(&reader, "\"c\"");
    other.session = "app-2";
    poll_and_expect(3, "a");
    read_to_end(&reader);
    ck_assert_ptr_nonnull(strstr(out_text(&reader.text), "event: error\ndata: "));
    ck_assert_ptr_nonnull(strstr(out_text(&reader.text), "\"code\":\"SESSION_FENCED\""));
    reader_close(&reader);
}

END_TEST

START_TEST(a_new_session_does_not_wait_for_a_stream_that_nobody_reads) { // pitfall 115, pitfall 120
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    struct reader reader = reader_begin("", "Consumer-Session: app-1\r\n");
    for (int i = 0; i < MANY; i++)
        fake_add_text("orders", 0, value);
    client_wait_readable(&reader.client);
    other.session = "app-2";
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll?max_records=1", NULL), 200);
    ck_assert_int_eq(client_records(&other), 1);
    read_to_end(&reader);
    reader_close(&reader);
}

END_TEST

START_TEST(a_stream_without_a_session_gives_way_to_one) {
    add_three();
    struct reader reader = lines_begin();
    read_until(&reader, "\"c\"");
    other.session = "app-1";
    poll_and_expect(3, "a");
    read_to_end(&reader);
    reader_close(&reader);
}

END_TEST

START_TEST(a_stream_ends_when_its_consumer_is_closed) {
    static const char body[] = "{\"config\":{\"group.id\":\"g\"},\"topics\":[\"orders\"]}";
    add_three();
    ck_assert_int_eq(client_call(&other, "PUT", "/v1/consumers/audit", body), 201);
    struct reader reader = reader_ask_at("/v1/consumers/audit/stream", "");
    ck_assert_int_eq(client_read_head(&reader.client), 200);
    read_until(&reader, "\"c\"");
    client_ask(&other, "DELETE", "/v1/consumers/audit", NULL);
    read_to_end(&reader);
    ck_assert_int_eq(client_read_head(&other), 204);
    reader_close(&reader);
}

END_TEST

START_TEST(positions_of_a_consumer_that_is_closed_do_not_go_back) {
    static const char body[] = "{\"config\":{\"group.id\":\"g\"},\"topics\":[\"orders\"]}";
    ck_assert_int_eq(client_call(&other, "PUT", "/v1/consumers/audit", body), 201);
    struct reader reader = reader_ask_at("/v1/consumers/audit/stream", "");
    ck_assert_int_eq(client_read_head(&reader.client), 200);
    fake_choose(1);
    fake_wait_for_waiting(true);
    client_ask(&other, "DELETE", "/v1/consumers/audit", NULL);
    read_to_end(&reader);
    ck_assert_int_eq(client_read_head(&other), 204);
    fake_wait_for_freed();
    ck_assert_int_eq(fake_called(FAKE_REWIND), 0);
    reader_close(&reader);
}

END_TEST

START_TEST(a_stream_of_events_is_told_of_rebalances_and_waited_for) { // pitfall 83
    struct reader reader = events_begin();
    fake_wait_for_waiting(true);
    ck_assert(emit(KC_PARTITIONS_REVOKED, 1));
    read_until(&reader, "event: partitions_revoked\ndata: {\"rebalance_id\":1,");
    ck_assert_ptr_null(strstr(out_text(&reader.text), "id: "));
    ck_assert_int_eq(client_call(&other, "POST", "/v1/rebalances/1/ack", NULL), 200);
    ck_assert_int_eq(fake_counts().acknowledged, 1);
    ck_assert(emit(KC_PARTITIONS_ASSIGNED, 2));
    read_until(&reader, "event: partitions_assigned");
    reader_close(&reader);
    fake_wait_for_acknowledged(2); // nobody is left to be waited for
}

END_TEST

START_TEST(a_stream_of_lines_is_not_waited_for) {
    struct reader reader = lines_begin();
    fake_wait_for_waiting(true);
    ck_assert(!emit(KC_PARTITIONS_REVOKED, 1));
    reader_close(&reader);
}

END_TEST

START_TEST(a_stream_ends_in_good_order_when_the_server_stops) { // pitfall 116
    begin_with((const char *const[]){ "shutdown.grace.ms", "20000", NULL });
    client_close(&other);
    add_three();
    struct reader reader = events_begin();
    read_until(&reader, "\"c\"");
    sidecar_stop(the_sidecar());
    read_to_end(&reader);
    ck_assert(client_is_ended(&reader.client));
    reader_close(&reader);
}

END_TEST

START_TEST(wrong_wishes_take_nothing) { // pitfall 110
    struct reader reader = reader_ask("", "Accept: application/json\r\n");
    ck_assert_int_eq(client_read(&reader.client), 406);
    reader_close(&reader);
    reader = reader_ask("?auto_ack=maybe", "");
    ck_assert_int_eq(client_read(&reader.client), 400);
    reader_close(&reader);
    reader = reader_ask("?max_records=1", "");
    ck_assert_int_eq(client_read(&reader.client), 400);
    ck_assert_str_eq(client_code(&reader.client), "UNKNOWN_PARAMETER");
    ck_assert_int_eq(fake_counts().opened, 0);
    reader_close(&reader);
}

END_TEST

START_TEST(a_quiet_stream_is_kept_alive) {
    struct reader reader = events_begin();
    read_until(&reader, ": alive\n\n");
    reader_close(&reader);
    reader = reader_begin("", "Accept: application/x-ndjson\r\n");
    read_until(&reader, "\n\n");
    reader_close(&reader);
}

END_TEST

START_TEST(a_client_that_reads_slowly_is_not_cut) {
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    struct reader reader = lines_begin();
    for (int i = 0; i < MANY; i++)
        fake_add_text("orders", 0, value);
    client_wait_readable(&reader.client);
    struct reader watch = { .client = client_connect() };
    client_send(&watch.client, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ck_assert_int_eq(client_read_head(&watch.client), 200);
    read_until(&watch, ": alive\n\n: alive\n\n: alive\n\n: alive\n\n"); // periods go by
    fake_add_text("orders", 0, "last");
    read_until(&reader, "\"last\"");
    reader_close(&watch);
    reader_close(&reader);
}

END_TEST

SUITE(record_stream) {
    Suite *s = suite_create("server/http/record_stream");
    const TTest *const tests[] = {
        each_record_is_an_event_whose_id_is_its_place,
        each_record_is_a_line,
        a_record_that_comes_later_is_written_at_once,
        a_stream_takes_the_place_of_polls,
        a_running_poll_keeps_its_place,
        what_was_not_committed_comes_again_after_the_stream,
        the_next_stream_waits_until_positions_are_back,
        a_commit_must_say_its_offsets,
        with_auto_ack_what_was_written_is_processed,
        a_record_is_taken_only_when_the_client_has_room,
        a_client_that_does_not_read_leaves_the_seat_when_it_dies,
        an_error_is_the_last_event,
        an_error_is_the_last_line,
        a_new_session_ends_the_stream_of_the_old_one,
        a_new_session_does_not_wait_for_a_stream_that_nobody_reads,
        a_stream_without_a_session_gives_way_to_one,
        a_stream_ends_when_its_consumer_is_closed,
        positions_of_a_consumer_that_is_closed_do_not_go_back,
        a_stream_of_events_is_told_of_rebalances_and_waited_for,
        a_stream_of_lines_is_not_waited_for,
        wrong_wishes_take_nothing,
    };
    TCase *cases = tcase_create("record_stream");
    tcase_add_checked_fixture(cases, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(s, cases);
    TCase *talkative = tcase_create("talkative");
    tcase_add_checked_fixture(talkative, begin_talkative, end);
    tcase_add_test(talkative, a_quiet_stream_is_kept_alive);
    tcase_add_test(talkative, a_client_that_reads_slowly_is_not_cut);
    tcase_add_test(talkative, a_poll_that_comes_while_a_dead_stream_leaves_waits_for_the_seat);
    suite_add_tcase(s, talkative);
    TCase *alone = tcase_create("alone");
    tcase_add_test(alone, a_stream_ends_in_good_order_when_the_server_stops);
    suite_add_tcase(s, alone);
    return s;
}
