// SPDX-License-Identifier: Apache-2.0
// Streams of events and the handshake, as a client sees them.
#include "server/http/events.h"
#include "server/http/stream.h"
#include "server/metrics.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <check.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/// A client that reads a stream.
struct reader {
    struct client client;
    struct out text; ///< what was read and not looked at
};

/// One event.
struct event {
    long long id;
    char name[40];
    char data[2000];
};

static struct client client;

static const struct kc_partition one[] = { { .topic = "orders", .partition = 1, .offset = 7 } };

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
    sidecar_up(pairs);
    client = client_connect();
}

static void begin(void) {
    begin_with(NULL);
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

static struct reader reader_open(const char *query, const char *headers) {
    struct reader reader = { .client = client_connect() };
    struct out request = { 0 };
    (void)snprintf(reader.client.target, sizeof reader.client.target, "/v1/events%s", query);
    out_format(
        &request,
        "GET /v1/events%s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n%s\r\n",
        query,
        headers
    );
    client_send(&reader.client, out_text(&request));
    out_dispose(&request);
    ck_assert_int_eq(client_read_head(&reader.client), 200);
    return reader;
}

static void reader_close(struct reader *reader) {
    client_close(&reader->client);
    out_dispose(&reader->text);
}

/// Takes the next block (up to an empty line) off the stream; false at its end.
static bool next_block(struct reader *reader, char *block, size_t room) {
    const char *stop;
    while (!(stop = strstr(out_text(&reader->text), "\n\n"))) {
        if (client_read_piece(&reader->client, &reader->text) != CLIENT_PIECE) return false;
    }
    size_t size = (size_t)(stop - reader->text.data);
    ck_assert_uint_lt(size, room);
    memcpy(block, reader->text.data, size);
    block[size] = '\0';
    reader->text.size -= size + 2;
    memmove(reader->text.data, reader->text.data + size + 2, reader->text.size);
    return true;
}

static void expect_block(struct reader *reader, const char *wanted) {
    char block[2000];
    ck_assert(next_block(reader, block, sizeof block));
    ck_assert_str_eq(block, wanted);
}

/// The number behind `prefix`, with which the text must begin; `rest` is what follows it.
static long long read_id(const char *text, const char *prefix, const char **rest) {
    size_t size = strlen(prefix);
    ck_assert_msg(strncmp(text, prefix, size) == 0, "no id: %s", text);
    char *end = NULL;
    long long id = strtoll(text + size, &end, 10);
    ck_assert_ptr_ne(end, text + size);
    *rest = end;
    return id;
}

/// The next event, without comments and the retry.
static struct event next_event(struct reader *reader) {
    struct event event = { 0 };
    char block[2100];
    do {
        ck_assert_msg(next_block(reader, block, sizeof block), "the stream ended");
    } while (block[0] != 'i');
    const char *rest = NULL;
    event.id = read_id(block, "id: ", &rest);
    int fields = sscanf(rest, "\nevent: %39s\ndata: %1999[^\n]", event.name, event.data);
    ck_assert_msg(fields == 2, "no event: %s", block);
    return event;
}

static struct event expect_event(struct reader *reader, const char *name) {
    struct event event = next_event(reader);
    ck_assert_str_eq(event.name, name);
    return event;
}

static struct reader reader_begin(const char *query) {
    struct reader reader = reader_open(query, "");
    (void)expect_event(&reader, "assignment");
    return reader;
}

static void emit_state(const char *new_state) {
    struct kc_event event = {
        .kind = KC_STATE_CHANGED, .old_state = "stable", .new_state = new_state, .reason = ""
    };
    ck_assert(!fake_emit(&event));
}

static bool emit_rebalance(enum kc_event_kind kind, int64_t id) {
    struct kc_event event = { .kind = kind,
                              .rebalance_id = id,
                              .ack_within_ms = 10000,
                              .partitions = one,
                              .partition_count = 1 };
    return fake_emit(&event);
}

static int acknowledge(int64_t id) {
    char target[60];
    (void)snprintf(target, sizeof target, "/v1/rebalances/%lld/ack", (long long)id);
    return client_call(&client, "POST", target, NULL);
}

static double metric(const char *name) {
    ck_assert_int_eq(client_call(&client, "GET", "/v1/metrics", NULL), 200);
    const cJSON *server = cJSON_GetObjectItem(client.json, "server");
    const cJSON *value = cJSON_GetObjectItem(server, name);
    ck_assert_msg(cJSON_IsNumber(value), "%s: %s", name, client_body(&client));
    return value->valuedouble;
}

// Streams

START_TEST(a_stream_begins_with_the_assignment) {
    struct reader reader = reader_open("", "");
    ck_assert_str_eq(client_header(&reader.client, "Content-Type"), "text/event-stream");
    ck_assert_str_eq(client_header(&reader.client, "Cache-Control"), "no-store");
    expect_block(&reader, "retry: 1000");
    struct event event = expect_event(&reader, "assignment");
    ck_assert_str_eq(
        event.data,
        "{\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":5},"
        "{\"topic\":\"orders\",\"partition\":1,\"offset\":0}],\"assigned_by_hand\":false,"
        "\"state\":\"unsubscribed\",\"rebalance\":null}"
    );
    reader_close(&reader);
}

END_TEST

START_TEST(everybody_is_told_everything_in_order) {
    struct reader first = reader_open("", "");
    struct reader second = reader_open("?listener=false", "");
    long long id = expect_event(&first, "assignment").id;
    ck_assert_int_eq(expect_event(&second, "assignment").id, id);
    emit_state("joining");
    ck_assert(!emit_rebalance(KC_PARTITIONS_LOST, 0));
    emit_state("stable");
    struct reader *const both[] = { &first, &second };
    for (size_t i = 0; i < 2; i++) {
        struct event event = expect_event(both[i], "state");
        ck_assert_int_eq(event.id, id + 1);
        ck_assert_str_eq(event.data, "{\"old\":\"stable\",\"new\":\"joining\",\"why\":\"\"}");
        ck_assert_int_eq(expect_event(both[i], "partitions_lost").id, id + 2);
        ck_assert_int_eq(expect_event(both[i], "state").id, id + 3);
        reader_close(both[i]);
    }
}

END_TEST

START_TEST(who_comes_back_goes_on_without_gap_or_repetition) {
    char place[60];
    struct reader reader = reader_begin("");
    emit_state("a");
    long long id = expect_event(&reader, "state").id;
    reader_close(&reader);
    emit_state("b");
    emit_state("c");
    (void)snprintf(place, sizeof place, "Last-Event-ID: %lld\r\n", id);
    struct reader again = reader_open("", place);
    ck_assert_int_eq(expect_event(&again, "state").id, id + 1);
    ck_assert_int_eq(expect_event(&again, "state").id, id + 2);
    reader_close(&again);
    (void)snprintf(place, sizeof place, "?last_event_id=%lld", id + 1);
    again = reader_open(place, "");
    ck_assert_ptr_nonnull(strstr(expect_event(&again, "state").data, "\"new\":\"c\""));
    emit_state("d");
    ck_assert_int_eq(expect_event(&again, "state").id, id + 3);
    reader_close(&again);
}

END_TEST

START_TEST(an_id_that_is_not_in_the_ring_brings_a_snapshot) {
    char place[60];
    begin_with((const char *const[]){ "events.ring.size", "3", NULL });
    struct reader reader = reader_open("", "");
    long long id = expect_event(&reader, "assignment").id;
    reader_close(&reader);
    for (int i = 0; i < 4; i++)
        emit_state("a");
    const long long ids[] = { id, id + 5, 0, 7 };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        (void)snprintf(place, sizeof place, "Last-Event-ID: %lld\r\n", ids[i]);
        reader = reader_open("", place);
        ck_assert_int_eq(expect_event(&reader, "assignment").id, id + 4);
        reader_close(&reader);
    }
    reader = reader_open("", "Last-Event-ID: nonsense\r\n");
    ck_assert_int_eq(expect_event(&reader, "assignment").id, id + 4);
    reader_close(&reader);
    (void)snprintf(place, sizeof place, "Last-Event-ID: %lld\r\n", id + 1);
    reader = reader_open("", place);
    ck_assert_int_eq(expect_event(&reader, "state").id, id + 2);
    reader_close(&reader);
}

END_TEST

/// Opens a reader of events that no sidecar has, and reads the first one; returns its id.
static long long first_id(struct events *events, struct events_place place) {
    struct events_reader *reader = NULL;
    struct out text = { 0 };
    long long id = 0;
    const struct kc_description description = { .state = "stable" };
    if (events_open(events, place, false, &reader) == EVENTS_FROM_SNAPSHOT) {
        events_greet(reader, &description);
    }
    struct stream_feed feed = events_feed(reader);
    ck_assert_int_eq(feed.fill(feed.arg, &text), STREAM_GOES_ON);
    const char *rest = NULL;
    id = read_id(out_text(&text), "retry: 1000\n\nid: ", &rest);
    ck_assert_int_eq(*rest, '\n');
    feed.over(feed.arg);
    out_dispose(&text);
    return id;
}

static void put(struct events *events) {
    struct out data = { 0 };
    OUT_LITERAL(&data, "{}");
    events_put_take(events, "state", &data);
}

START_TEST(ids_of_an_earlier_life_are_not_taken_for_those_of_this_one) {
    static struct metrics metrics;
    struct kc_consumer *consumer = (struct kc_consumer *)&metrics; // nobody asks it anything
    struct settings settings;
    settings_init(&settings);
    struct events *earlier = events_new(&settings, &metrics);
    events_attach(earlier, consumer);
    put(earlier);
    long long seen = first_id(earlier, (struct events_place){ 0 });
    events_free(earlier);
    struct events *now = events_new(&settings, &metrics);
    events_attach(now, consumer);
    for (int i = 0; i < 3; i++)
        put(now);
    long long id = first_id(now, (struct events_place){ .is_known = true, .last_id = seen });
    ck_assert_int_gt(id, seen + 1); // a snapshot
    put(now);
    ck_assert_int_eq(first_id(now, (struct events_place){ true, id }), id + 1);
    events_free(now);
    settings_dispose(&settings);
}

END_TEST

START_TEST(what_is_no_stream_is_refused) {
    client_send(
        &client, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 406);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/events?listener=maybe", NULL), 400);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/events?last_event_id=x", NULL), 400);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/events?from=1", NULL), 400);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/events", NULL), 405);
    ck_assert_int_eq(client_call(&client, "HEAD", "/v1/events", NULL), 405);
    ck_assert_int_eq((int)metric("event-streams"), 0);
}

END_TEST

START_TEST(streams_are_bounded_in_number) { // pitfall 120
    begin_with((const char *const[]){ "events.max.streams", "2", NULL });
    struct reader first = reader_begin("");
    struct reader second = reader_begin("");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/events", NULL), 503);
    ck_assert_str_eq(client_code(&client), "TOO_MANY_STREAMS");
    ck_assert_ptr_nonnull(client_header(&client, "Retry-After"));
    ck_assert_int_eq((int)metric("event-streams"), 2);
    ck_assert_int_eq((int)metric("event-streams-limit"), 2);
    ck_assert_int_eq((int)metric("event-streams-refused-total"), 1);
    reader_close(&first);
    while (metric("event-streams") > 1) {}
    struct reader third = reader_begin("");
    reader_close(&second);
    reader_close(&third);
}

END_TEST

START_TEST(a_failed_description_is_an_answer_and_leaves_nothing_behind) {
    fake_fail_next(FAKE_DESCRIBE, KC_TIMED_OUT, 0);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/events?listener=true", NULL), 504);
    ck_assert_int_eq((int)metric("event-streams"), 0);
    ck_assert(!emit_rebalance(KC_PARTITIONS_REVOKED, 1));
}

END_TEST

START_TEST(a_client_that_leaves_before_the_snapshot_leaves_nothing_behind) { // pitfall 106
    struct client early = client_connect();
    fake_hold(FAKE_DESCRIBE);
    client_ask(&early, "GET", "/v1/events?listener=true", NULL);
    fake_wait_for(FAKE_DESCRIBE, 1);
    client_close(&early);
    fake_release(FAKE_DESCRIBE);
    while (metric("event-streams") > 0) {}
    ck_assert(!emit_rebalance(KC_PARTITIONS_REVOKED, 1));
}

END_TEST

START_TEST(a_comment_keeps_a_quiet_line_alive) {
    begin_with((const char *const[]){ "events.keepalive.ms", "40", NULL });
    struct reader reader = reader_begin("");
    for (int i = 0; i < 3; i++)
        expect_block(&reader, ": alive");
    emit_state("a");
    struct event event = expect_event(&reader, "state");
    ck_assert_ptr_nonnull(strstr(event.data, "\"new\":\"a\""));
    ck_assert_int_eq((int)metric("streams-cut-total"), 0);
    reader_close(&reader);
}

END_TEST

START_TEST(a_client_of_http_1_0_gets_the_events_without_chunks) {
    struct client old = client_connect();
    client_send(&old, "GET /v1/events HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
    ck_assert_int_eq(client_read_head(&old), 200);
    ck_assert_ptr_null(client_header(&old, "Transfer-Encoding"));
    size_t wanted = strlen("retry: 1000\n\nid: ");
    if (old.received.size < wanted) client_read_some(&old, wanted - old.received.size);
    client_close(&old);
}

END_TEST

static const char *const listeners[] = { "127.0.0.1:0", "unix" };

START_TEST(a_client_that_does_not_read_is_cut_and_not_waited_for) { // pitfall 120
    const char *const pairs[] = {
        "events.keepalive.ms", "100", "http.listener", listeners[_i], NULL
    };
    begin_with(pairs);
    struct reader asleep = reader_open("?listener=true", "");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    fake_wait_for_acknowledged(1); // by the server, since nobody is left
    ck_assert_int_eq((int)metric("streams-cut-total"), 1);
    ck_assert_int_eq((int)metric("rebalances-released-total"), 1);
    ck_assert_int_eq(acknowledge(1), 409);
    reader_close(&asleep);
}

END_TEST

START_TEST(a_client_that_falls_out_of_the_ring_is_cut) { // pitfall 120

    enum { TEXT_BYTES = 200000, EVENTS = 100 };

    static char text[TEXT_BYTES];
    memset(text, 'x', TEXT_BYTES - 1);
    begin_with((const char *const[]){ "events.ring.size", "2", NULL });
    struct reader asleep = reader_open("?listener=true", "");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    struct kc_event event = { .kind = KC_ERROR, .status = KC_TIMED_OUT, .text = text };
    for (int i = 0; i < EVENTS; i++)
        ck_assert(!fake_emit(&event));
    fake_wait_for_acknowledged(1);
    ck_assert_int_eq((int)metric("streams-cut-total"), 1);
    reader_close(&asleep);
}

END_TEST

START_TEST(streams_end_in_good_order_when_the_server_stops) { // pitfall 116
    begin_with((const char *const[]){ "shutdown.grace.ms", "20000", NULL });
    client_close(&client);
    struct reader reader = reader_begin("?listener=true");
    struct reader other = reader_begin("");
    emit_state("a");
    sidecar_stop(the_sidecar());
    struct reader *const both[] = { &reader, &other };
    for (size_t i = 0; i < 2; i++) {
        (void)expect_event(both[i], "state");
        expect_block(both[i], ": the consumer closes");
        ck_assert_int_eq(client_read_piece(&both[i]->client, &both[i]->text), CLIENT_END);
        ck_assert(client_is_ended(&both[i]->client));
        reader_close(both[i]);
    }
}

END_TEST

// The handshake

START_TEST(a_rebalance_is_held_until_the_listener_acknowledges) { // pitfall 83
    struct reader reader = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    struct event event = expect_event(&reader, "partitions_revoked");
    ck_assert_ptr_nonnull(strstr(
        event.data,
        "{\"rebalance_id\":1,\"partitions\":[{\"topic\":\"orders\",\"partition\":1,\"offset\":7}],"
        "\"ack_by\":\"20"
    ));
    ck_assert_ptr_nonnull(strstr(event.data, "Z\",\"ack_within_ms\":10000}"));
    ck_assert_int_eq(fake_held_rebalance(), 1);
    ck_assert_int_eq(acknowledge(1), 200);
    ck_assert_str_eq(client_body(&client), "{\"rebalance_id\":1}");
    ck_assert_int_eq(fake_held_rebalance(), 0);
    ck_assert_int_eq(acknowledge(1), 200); // once more is no mistake
    ck_assert_int_eq(fake_counts().acknowledged, 1);
    ck_assert(emit_rebalance(KC_PARTITIONS_ASSIGNED, 2));
    (void)expect_event(&reader, "partitions_assigned");
    ck_assert_int_eq(acknowledge(1), 200);
    ck_assert_int_eq(fake_held_rebalance(), 2);
    ck_assert_int_eq(acknowledge(2), 200);
    ck_assert_int_eq((int)metric("rebalances-held-total"), 2);
    ck_assert_int_eq((int)metric("rebalances-acknowledged-total"), 2);
    reader_close(&reader);
}

END_TEST

START_TEST(nobody_is_waited_for_who_does_not_listen) {
    struct reader reader = reader_begin("");
    ck_assert(!emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    struct event event = expect_event(&reader, "partitions_revoked");
    ck_assert_ptr_nonnull(strstr(event.data, "\"ack_by\":null,\"ack_within_ms\":null}"));
    ck_assert_int_eq(acknowledge(1), 409);
    ck_assert_str_eq(client_code(&client), "REBALANCE_OVER");
    reader_close(&reader);
}

END_TEST

START_TEST(a_rebalance_without_partitions_is_not_held) {
    struct reader reader = reader_begin("?listener=true");
    struct kc_event event = { .kind = KC_PARTITIONS_ASSIGNED, .rebalance_id = 1 };
    ck_assert(!fake_emit(&event));
    (void)expect_event(&reader, "partitions_assigned");
    reader_close(&reader);
}

END_TEST

START_TEST(a_listener_that_dies_lets_the_rebalance_go_on_at_once) { // pitfall 120
    struct reader reader = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    reader_close(&reader);
    fake_wait_for_acknowledged(1);
    ck_assert_int_eq(acknowledge(1), 409);
    ck_assert_str_eq(client_code(&client), "REBALANCE_OVER");
    ck_assert_int_eq((int)metric("rebalances-released-total"), 1);
    ck_assert(!emit_rebalance(KC_PARTITIONS_ASSIGNED, 2));
}

END_TEST

START_TEST(a_dead_listener_does_not_answer_for_the_living) {
    struct reader first = reader_begin("?listener=true");
    struct reader second = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    reader_close(&first);
    while (metric("event-streams") > 1) {}
    ck_assert_int_eq(fake_held_rebalance(), 1);
    ck_assert_int_eq(acknowledge(1), 200);
    reader_close(&second);
}

END_TEST

START_TEST(who_acknowledges_too_late_is_told) {
    struct reader reader = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    fake_expire_rebalance();
    ck_assert_int_eq(acknowledge(1), 409);
    ck_assert_str_eq(client_code(&client), "REBALANCE_OVER");
    ck_assert_int_eq(acknowledge(1), 409);
    ck_assert_int_eq((int)metric("rebalances-acknowledged-late-total"), 1);
    reader_close(&reader);
}

END_TEST

START_TEST(a_rebalance_that_never_was_cannot_be_acknowledged) {
    static const char *const ids[] = { "1", "0", "-1", "x", "9223372036854775808", "1.5" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char target[60];
        (void)snprintf(target, sizeof target, "/v1/rebalances/%s/ack", ids[i]);
        ck_assert_int_eq(client_call(&client, "POST", target, NULL), 404);
        ck_assert_str_eq(client_code(&client), "NO_SUCH_REBALANCE");
    }
    ck_assert_int_eq(client_call(&client, "POST", "/v1/rebalances//ack", NULL), 404);
    ck_assert_str_eq(client_code(&client), "NOT_FOUND");
    ck_assert_int_eq(client_call(&client, "POST", "/v1/rebalances/1/ack/x", NULL), 404);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/rebalances/1/ack", NULL), 405);
}

END_TEST

START_TEST(lost_partitions_are_not_waited_for_any_more) { // pitfall 75
    struct reader reader = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_REVOKED, 1));
    ck_assert(!emit_rebalance(KC_PARTITIONS_LOST, 0));
    (void)expect_event(&reader, "partitions_revoked");
    (void)expect_event(&reader, "partitions_lost");
    ck_assert_int_eq(acknowledge(1), 409);
    reader_close(&reader);
}

END_TEST

START_TEST(the_snapshot_tells_of_a_rebalance_that_is_held) {
    struct reader first = reader_begin("?listener=true");
    ck_assert(emit_rebalance(KC_PARTITIONS_ASSIGNED, 1));
    struct reader second = reader_open("?listener=true", "");
    struct event event = expect_event(&second, "assignment");
    ck_assert_ptr_nonnull(
        strstr(event.data, "\"rebalance\":{\"event\":\"partitions_assigned\",\"rebalance_id\":1,")
    );
    ck_assert_int_eq(acknowledge(1), 200);
    struct reader third = reader_open("", "");
    event = expect_event(&third, "assignment");
    ck_assert_ptr_nonnull(strstr(event.data, "\"rebalance\":null}"));
    reader_close(&first);
    reader_close(&second);
    reader_close(&third);
}

END_TEST

enum { REBALANCES = 150 };

static atomic_bool is_over;

/// One rebalance after another; each ends, whoever is asked.
static void *rebalance_all_the_time(void *arg) {
    for (int64_t id = 1; id <= REBALANCES; id++) {
        (void)emit_rebalance(id % 2 ? KC_PARTITIONS_REVOKED : KC_PARTITIONS_ASSIGNED, id);
        while (fake_held_rebalance() != 0)
            (void)sched_yield();
    }
    is_over = true;
    emit_state("stable");
    return arg;
}

START_TEST(listeners_come_and_go_while_rebalances_go_on) { // pitfall 83
    pthread_t thread;
    int acknowledged = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, rebalance_all_the_time, NULL), 0);
    for (int round = 0; !is_over; round++) {
        struct reader reader = reader_begin("?listener=true");
        struct event event = { 0 };
        if (!is_over) event = next_event(&reader); // there is one to come
        const char *id = strstr(event.data, "\"rebalance_id\":");
        if (id && round % 2) {
            (void)acknowledge(strtoll(id + strlen("\"rebalance_id\":"), NULL, 10));
            acknowledged++;
        }
        reader_close(&reader);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_gt(acknowledged, 0);
    ck_assert_int_eq(fake_held_rebalance(), 0);
    while (metric("event-streams") > 0) {}
    ck_assert(!emit_rebalance(KC_PARTITIONS_REVOKED, REBALANCES + 1));
}

END_TEST

static void add(Suite *s, const char *name, void (*setup)(void), const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, end);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(events) {
    Suite *s = suite_create("server/http/events");
    const TTest *const with_defaults[] = {
        a_stream_begins_with_the_assignment,
        everybody_is_told_everything_in_order,
        who_comes_back_goes_on_without_gap_or_repetition,
        what_is_no_stream_is_refused,
        a_failed_description_is_an_answer_and_leaves_nothing_behind,
        a_client_that_leaves_before_the_snapshot_leaves_nothing_behind,
        a_client_of_http_1_0_gets_the_events_without_chunks,
        a_rebalance_is_held_until_the_listener_acknowledges,
        nobody_is_waited_for_who_does_not_listen,
        a_rebalance_without_partitions_is_not_held,
        a_listener_that_dies_lets_the_rebalance_go_on_at_once,
        a_dead_listener_does_not_answer_for_the_living,
        who_acknowledges_too_late_is_told,
        a_rebalance_that_never_was_cannot_be_acknowledged,
        lost_partitions_are_not_waited_for_any_more,
        the_snapshot_tells_of_a_rebalance_that_is_held,
        listeners_come_and_go_while_rebalances_go_on,
        NULL,
    };
    const TTest *const with_settings[] = {
        an_id_that_is_not_in_the_ring_brings_a_snapshot,
        streams_are_bounded_in_number,
        a_comment_keeps_a_quiet_line_alive,
        a_client_that_falls_out_of_the_ring_is_cut,
        NULL,
    };
    add(s, "defaults", begin, with_defaults);
    add(s, "settings", NULL, with_settings);
    TCase *slow = tcase_create("slow");
    tcase_add_checked_fixture(slow, NULL, end);
    tcase_add_loop_test(slow, a_client_that_does_not_read_is_cut_and_not_waited_for, 0, 2);
    suite_add_tcase(s, slow);
    ADD_CASE(
        s,
        "alone",
        streams_end_in_good_order_when_the_server_stops,
        ids_of_an_earlier_life_are_not_taken_for_those_of_this_one
    );
    return s;
}
