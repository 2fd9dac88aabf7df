// SPDX-License-Identifier: Apache-2.0
// What streams of events are made of, without sockets: the ring, the framing, the texts, and who is
// waited for.
#include "server/http/accept.h"
#include "server/http/event_ring.h"
#include "server/http/event_text.h"
#include "server/http/events.h"
#include "server/http/handshake.h"
#include "server/http/sse.h"
#include "tests/unit/suite.h"

#include <string.h>

// The ring

static int64_t put(struct event_ring *ring, const char *text) {
    struct out data = { 0 };
    out_string(&data, text);
    return event_ring_put_take(ring, "state", &data);
}

START_TEST(events_are_numbered_without_gaps) {
    struct event_ring ring;
    event_ring_init(&ring, 4, 1000, 1);
    ck_assert_int_eq(event_ring_oldest_id(&ring), 1);
    ck_assert_ptr_null(event_ring_find(&ring, 1));
    for (int i = 1; i <= 10; i++)
        ck_assert_int_eq(put(&ring, "{}"), i);
    ck_assert_int_eq(event_ring_oldest_id(&ring), 7);
    ck_assert_ptr_null(event_ring_find(&ring, 6));
    for (int i = 7; i <= 10; i++)
        ck_assert_int_eq(event_ring_find(&ring, i)->id, i);
    ck_assert_ptr_null(event_ring_find(&ring, 11));
    event_ring_dispose(&ring);
}

END_TEST

START_TEST(a_reader_goes_on_only_where_nothing_is_missing) {
    struct event_ring ring;
    event_ring_init(&ring, 3, 1000, 5);
    ck_assert(event_ring_goes_on_from(&ring, 4)); // nothing has happened yet
    ck_assert(!event_ring_goes_on_from(&ring, 3));
    ck_assert(!event_ring_goes_on_from(&ring, 5)); // that is still to come
    for (int i = 0; i < 5; i++)
        (void)put(&ring, "{}"); // 5 to 9, of which 7 to 9 are kept
    ck_assert(!event_ring_goes_on_from(&ring, 5));
    ck_assert(event_ring_goes_on_from(&ring, 6));
    ck_assert(event_ring_goes_on_from(&ring, 9));
    ck_assert(!event_ring_goes_on_from(&ring, 10));
    ck_assert(!event_ring_goes_on_from(&ring, 0));
    ck_assert(!event_ring_goes_on_from(&ring, INT64_MAX));
    event_ring_dispose(&ring);
}

END_TEST

START_TEST(the_ring_is_bounded_in_bytes_but_keeps_the_newest_event) { // pitfall 120
    struct event_ring ring;
    event_ring_init(&ring, 100, 10, 1);
    for (int i = 0; i < 4; i++)
        (void)put(&ring, "{123}");
    ck_assert_uint_eq(ring.count, 2);
    ck_assert_uint_eq(ring.bytes, 10);
    ck_assert_int_eq(put(&ring, "{0123456789abcdef}"), 5);
    ck_assert_uint_eq(ring.count, 1);
    ck_assert_str_eq(event_ring_find(&ring, 5)->name, "state");
    ck_assert_mem_eq(event_ring_find(&ring, 5)->data, "{0123456789abcdef}", 18);
    event_ring_dispose(&ring);
}

END_TEST

// Framing

START_TEST(events_are_framed_as_their_standard_says) {
    struct out out = { 0 };
    sse_write_retry(&out, 1000);
    sse_write_event(&out, 12, "state", (struct kc_bytes){ (const uint8_t *)"{\"a\":1}", 7 });
    out_string(&out, SSE_KEEPALIVE);
    sse_write_comment(&out, "the end");
    sse_begin_event(&out, NULL);
    OUT_LITERAL(&out, "{}");
    sse_end_event(&out);
    ck_assert_str_eq(
        out_text(&out),
        "retry: 1000\n\nid: 12\nevent: state\ndata: {\"a\":1}\n\n: alive\n\n: the end\n\ndata: "
        "{}\n\n"
    );
    out_dispose(&out);
}

END_TEST

static const struct {
    const char *accept;
    bool allowed;
} accepts[] = {
    { NULL, true },
    { "", true },
    { "*/*", true },
    { "text/*", true },
    { "text/event-stream", true },
    { "Text/Event-Stream; charset=utf-8", true },
    { "application/json, text/event-stream;q=0.1", true },
    { "application/*", false },
    { "application/json", false },
    { "text/event-stream;q=0, */*", false },
    { "text/html", false },
    { "tex/*", false },
};

START_TEST(a_stream_is_for_those_who_accept_one) {
    bool allowed = accept_allows(accepts[_i].accept, EVENTS_MEDIA_TYPE);
    ck_assert_msg(allowed == accepts[_i].allowed, "%s", accepts[_i].accept);
}

END_TEST

// Texts

static const struct kc_partition two[] = {
    { .topic = "orders", .partition = 3, .offset = 17 },
    { .topic = "a\"b\n", .partition = 0, .offset = -1 },
};

#define TWO                                                                 \
    "\"partitions\":[{\"topic\":\"orders\",\"partition\":3,\"offset\":17}," \
    "{\"topic\":\"a\\\"b\\n\",\"partition\":0,\"offset\":null}]"

static const struct {
    struct kc_event event;
    bool is_held;
    const char *name;
    const char *text;
} events[] = {
    { { .kind = KC_PARTITIONS_REVOKED,
        .rebalance_id = 4,
        .ack_within_ms = 10000,
        .partitions = two,
        .partition_count = 2 },
      true,
      "partitions_revoked",
      "{\"rebalance_id\":4," TWO
      ",\"ack_by\":\"2026-11-27T09:21:08.007Z\",\"ack_within_ms\":10000}" },
    { { .kind = KC_PARTITIONS_ASSIGNED, .rebalance_id = 5 },
      false,
      "partitions_assigned",
      "{\"rebalance_id\":5,\"partitions\":[],\"ack_by\":null,\"ack_within_ms\":null}" },
    { { .kind = KC_PARTITIONS_LOST, .partitions = two, .partition_count = 2 },
      false,
      "partitions_lost",
      "{" TWO "}" },
    { { .kind = KC_STATE_CHANGED,
        .old_state = "joining",
        .new_state = "stable",
        .reason = "the group has assigned" },
      false,
      "state",
      "{\"old\":\"joining\",\"new\":\"stable\",\"why\":\"the group has assigned\"}" },
    { { .kind = KC_ERROR,
        .status = KC_TOPIC_AUTHORIZATION_FAILED,
        .kafka_error = 3,
        .text = "no \"access\"",
        .partitions = two,
        .partition_count = 1 },
      false,
      "error",
      "{\"code\":\"TOPIC_AUTHORIZATION_FAILED\",\"kafka_error\":{\"code\":3,\"name\":"
      "\"UNKNOWN_TOPIC_OR_PARTITION\"},\"text\":\"no \\\"access\\\"\",\"fatal\":false,"
      "\"partitions\":[{\"topic\":\"orders\",\"partition\":3}]}" },
    { { .kind = KC_ERROR,
        .status = KC_NO_SUCH_TOPIC,
        .text = "",
        .partitions = &(const struct kc_partition){ .topic = "orders", .partition = -1 },
        .partition_count = 1 },
      false,
      "error",
      "{\"code\":\"NO_SUCH_TOPIC\",\"kafka_error\":null,\"text\":\"\",\"fatal\":false,"
      "\"partitions\":[{\"topic\":\"orders\",\"partition\":null}]}" },
    { { .kind = KC_ERROR, .status = KC_FENCED, .text = "", .fatal = true },
      false,
      "error",
      "{\"code\":\"FENCED\",\"kafka_error\":null,\"text\":\"\",\"fatal\":true,\"partitions\":[]}" },
};

START_TEST(every_event_is_one_line_as_documented) {
    struct out out = { 0 };
    ck_assert_str_eq(event_name(events[_i].event.kind), events[_i].name);
    event_write(&out, &events[_i].event, events[_i].is_held, 1795771258007);
    ck_assert_str_eq(out_text(&out), events[_i].text);
    ck_assert_ptr_null(strchr(out_text(&out), '\n'));
    out_dispose(&out);
}

END_TEST

static const struct {
    struct kc_result result;
    const char *text;
} outcomes[] = {
    { { .status = KC_OK, .message = "", .partitions = two, .partition_count = 1 },
      "{\"commit_id\":\"x-1\",\"state\":\"done\",\"error\":null,\"offsets\":[{\"topic\":\"orders\","
      "\"partition\":3,\"offset\":17,\"leader_epoch\":0,\"error\":null}]}" },
    { { .status = KC_CLOSED, .message = "it is closed" },
      "{\"commit_id\":\"x-1\",\"state\":\"done\",\"error\":\"CLOSED\",\"kafka_error\":null,"
      "\"detail\":\"it is closed\",\"retriable\":false,\"offsets\":[]}" },
};

START_TEST(an_outcome_is_what_the_synchronous_answer_says) {
    struct out out = { 0 };
    event_write_commit(&out, "x-1", &outcomes[_i].result);
    ck_assert_str_eq(out_text(&out), outcomes[_i].text);
    out_dispose(&out);
}

END_TEST

START_TEST(an_error_of_the_group_in_one_partition_is_one_of_the_commit) { // pitfall 18
    struct kc_partition partitions[2] = { two[0], two[0] };
    partitions[1].status = KC_ILLEGAL_GENERATION;
    partitions[1].kafka_error = 22;
    struct kc_result result = { .status = KC_OK, .message = "", .partitions = partitions };
    result.partition_count = 2;
    struct out out = { 0 };
    event_write_commit(&out, "x-2", &result);
    ck_assert_ptr_nonnull(strstr(
        out_text(&out),
        "\"error\":\"ILLEGAL_GENERATION\",\"kafka_error\":{\"code\":22,\"name\":"
        "\"ILLEGAL_GENERATION\"},\"detail\":"
    ));
    ck_assert_ptr_nonnull(strstr(out_text(&out), "\"error\":null},{"));
    out_dispose(&out);
}

END_TEST

// Who is waited for

static struct handshake handshake;
static struct waiter waiters[3];

static void begin(void) {
    handshake = (struct handshake){ 0 };
    memset(waiters, 0, sizeof waiters);
}

static void end(void) {}

START_TEST(nobody_listens_and_nothing_is_held) {
    ck_assert(!handshake_begin(&handshake, 1, true, 0));
    ck_assert_int_eq(handshake_held(&handshake), 0);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_OVER);
    handshake_join(&handshake, &waiters[0]);
    ck_assert_int_eq(handshake_held(&handshake), 0);      // and not later either
    ck_assert(!handshake_begin(&handshake, 2, false, 0)); // the engine does not want to wait
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[0]), 0);
}

END_TEST

START_TEST(one_acknowledgement_counts_for_all_and_may_be_repeated) {
    handshake_join(&handshake, &waiters[0]);
    handshake_join(&handshake, &waiters[1]);
    ck_assert(handshake_begin(&handshake, 1, true, 0));
    ck_assert_int_eq(handshake_held(&handshake), 1);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_HELD);
    ck_assert_int_eq(handshake_held(&handshake), 0);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_ACKNOWLEDGED);
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[0]), 0);
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[1]), 0);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_ACKNOWLEDGED);
}

END_TEST

START_TEST(the_last_who_was_asked_lets_the_rebalance_go_on_when_it_leaves) { // pitfall 83
    handshake_join(&handshake, &waiters[0]);
    handshake_join(&handshake, &waiters[1]);
    ck_assert(handshake_begin(&handshake, 1, true, 0));
    handshake_join(&handshake, &waiters[2]); // too late to be asked
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[0]), 0);
    ck_assert_int_eq(handshake_held(&handshake), 1);
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[1]), 1);
    ck_assert_int_eq(handshake_held(&handshake), 0);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_OVER);
    ck_assert(handshake_begin(&handshake, 2, true, 0));
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[2]), 2);
}

END_TEST

START_TEST(an_acknowledgement_that_the_engine_did_not_wait_for_is_late) {
    handshake_join(&handshake, &waiters[0]);
    ck_assert(handshake_begin(&handshake, 1, true, 0));
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_HELD);
    ck_assert(handshake_begin(&handshake, 2, true, 0)); // the next one is held when that shows
    handshake_on_late(&handshake, 1);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_OVER);
    ck_assert_int_eq(handshake_held(&handshake), 2);
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[0]), 2);
    handshake_on_late(&handshake, 2); // it is over without that
}

END_TEST

START_TEST(a_rebalance_takes_the_place_of_the_one_that_is_held) { // pitfall 75
    handshake_join(&handshake, &waiters[0]);
    ck_assert(handshake_begin(&handshake, 1, true, 0));
    ck_assert(handshake_begin(&handshake, 2, true, 0));
    ck_assert_int_eq(handshake_acknowledge(&handshake, 1), REBALANCE_OVER);
    ck_assert_int_eq(handshake_held(&handshake), 2);
    handshake_on_over(&handshake); // its partitions are lost
    ck_assert_int_eq(handshake_acknowledge(&handshake, 2), REBALANCE_OVER);
    ck_assert_int_eq(handshake_leave(&handshake, &waiters[0]), 0);
}

END_TEST

START_TEST(only_the_last_rebalances_are_remembered) {
    enum { LAST = HANDSHAKE_REMEMBERED + 3 };

    for (int id = 1; id <= LAST; id++)
        ck_assert(!handshake_begin(&handshake, id, true, 0));
    ck_assert_int_eq(handshake_acknowledge(&handshake, 3), REBALANCE_UNKNOWN);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 4), REBALANCE_OVER);
    ck_assert_int_eq(handshake_acknowledge(&handshake, LAST), REBALANCE_OVER);
    ck_assert_int_eq(handshake_acknowledge(&handshake, LAST + 1), REBALANCE_UNKNOWN);
    ck_assert_int_eq(handshake_acknowledge(&handshake, 0), REBALANCE_UNKNOWN);
    ck_assert_int_eq(handshake_acknowledge(&handshake, -1), REBALANCE_UNKNOWN);
}

END_TEST

SUITE(event_parts) {
    Suite *s = suite_create("server/http/event_parts");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, a_stream_is_for_those_who_accept_one, 0, sizeof accepts / sizeof accepts[0]
    );
    tcase_add_loop_test(
        tables, every_event_is_one_line_as_documented, 0, sizeof events / sizeof events[0]
    );
    tcase_add_loop_test(
        tables,
        an_outcome_is_what_the_synchronous_answer_says,
        0,
        sizeof outcomes / sizeof outcomes[0]
    );
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "event_parts",
        events_are_numbered_without_gaps,
        a_reader_goes_on_only_where_nothing_is_missing,
        the_ring_is_bounded_in_bytes_but_keeps_the_newest_event,
        events_are_framed_as_their_standard_says,
        an_error_of_the_group_in_one_partition_is_one_of_the_commit
    );
    TCase *handshakes = tcase_create("handshake");
    tcase_add_checked_fixture(handshakes, begin, end);
    tcase_add_test(handshakes, nobody_listens_and_nothing_is_held);
    tcase_add_test(handshakes, one_acknowledgement_counts_for_all_and_may_be_repeated);
    tcase_add_test(handshakes, the_last_who_was_asked_lets_the_rebalance_go_on_when_it_leaves);
    tcase_add_test(handshakes, an_acknowledgement_that_the_engine_did_not_wait_for_is_late);
    tcase_add_test(handshakes, a_rebalance_takes_the_place_of_the_one_that_is_held);
    tcase_add_test(handshakes, only_the_last_rebalances_are_remembered);
    suite_add_tcase(s, handshakes);
    return s;
}
