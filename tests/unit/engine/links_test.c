// SPDX-License-Identifier: Apache-2.0
// Connections of a whole engine: wrong peers, damaged answers, brokers that are slow, gone or
// elsewhere.
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest "

static void note_status(void *owner, const struct reply *reply) {
    *(enum status *)owner = reply->status;
}

// pitfall 59: one step may begin to dial a broker and learn that it is gone. The driver knows
// nothing of it yet and will not say that the dialing is over.
START_TEST(a_dial_that_was_given_up_before_the_driver_saw_it_is_over_at_once) {
    struct random random;
    random_init(&random, 1);
    struct log log = { 0 };
    struct connection_settings settings = {
        .log = &log,
        .random = &random,
        .client_id = "test",
        .frame_max_bytes = 1000,
        .setup_timeout_ms = 1000,
        .setup_timeout_max_ms = 1000,
        .reconnect_backoff_ms = 50,
        .reconnect_backoff_max_ms = 50,
        .idle_max_ms = 1000,
    };
    struct connection connection;
    enum status status = STATUS_OK;
    connection_init(&connection, &settings, "broker-1", 9092, 1);
    struct request *request = request_new(api_find(API_METADATA), 5000);
    request->on_reply = note_status;
    request->owner = &status;
    connection_send_take(&connection, request);
    connection_step(&connection, 100);
    ck_assert_int_eq(connection.state, CONNECTION_DIALING);
    connection_close(&connection, false, "gone");
    ck_assert_int_eq(connection.state, CONNECTION_CLOSED);
    ck_assert_int_eq(status, STATUS_DISCONNECTED);
    ck_assert_int_eq(connection_take_want(&connection), CONNECTION_WANTS_NOTHING);
    connection_dispose(&connection, STATUS_CLOSED, 100);
}

END_TEST

SUITE(engine_links) {
    Suite *s = suite_create("engine/links");
    ADD_CASE(s, "links", a_dial_that_was_given_up_before_the_driver_saw_it_is_over_at_once);
    return s;
}
