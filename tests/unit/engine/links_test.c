// SPDX-License-Identifier: Apache-2.0
// Connections of a whole engine: wrong peers, damaged answers, brokers that are slow, gone or
// elsewhere.
#include "consumer/wire/messages_session.h"
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
    struct login login;
    login_init(&login, &(struct login_settings){ .backoff_ms = 1000, .backoff_max_ms = 1000 });
    struct connection_settings settings = {
        .log = &log,
        .random = &random,
        .login = &login,
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

// A consumer of 10 records in "t", all delivered.
static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_polling(world, options);
    world_await_records(consumer, 10, SECONDS(10));
    return consumer;
}

static void check_goes_on(struct world *world, struct world_consumer *consumer, int64_t limit_ms) {
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, limit_ms);
    world_check_sequence(consumer, 0, 0, 15);
}

static void fault_bytes(struct world *world, enum api_key api, struct slice bytes) {
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault
        ){ .api = api, .broker = FAKE_ANY_BROKER, .kind = FAKE_FAULT_BYTES, .bytes = bytes }
    );
}

// Kafka before 2.4 refuses ApiVersions v3 and later with error 35, in the layout of v0.
START_TEST(an_old_broker_is_asked_for_its_versions_in_the_old_way) {
    struct world *world = world_new(1, 1);
    world->cluster.profile = FAKE_KAFKA_2_1;
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_int_eq(world->version[API_API_VERSIONS], 0);
    ck_assert_int_eq(world->version[API_FETCH], 10);
    ck_assert_int_eq(world->version[API_JOIN_GROUP], 3);
    check_goes_on(world, consumer, SECONDS(1));
    world_free(world);
}

END_TEST

// Azure Event Hubs resets the connection instead.
START_TEST(a_broker_that_hangs_up_on_new_api_versions_is_asked_in_the_old_way) {
    struct world *world = world_new(1, 1);
    world_fault(world, API_API_VERSIONS, FAKE_FAULT_HANG_UP, 0);
    struct world_consumer *consumer = start(world, GROUP);
    check_goes_on(world, consumer, SECONDS(1));
    world_free(world);
}

END_TEST

// pitfall 87
START_TEST(an_answer_with_a_wrong_correlation_id_ends_the_connection) {
    static const enum api_key apis[] = { API_API_VERSIONS, API_METADATA, API_FETCH };
    struct world *world = world_new(1, 1);
    world_fault(world, apis[_i], FAKE_FAULT_WRONG_CORRELATION, 0);
    struct world_consumer *consumer = start(world, GROUP);
    check_goes_on(world, consumer, SECONDS(2));
    world_free(world);
}

END_TEST

// pitfall 89: bytes that are no Kafka answer, and lengths that are none.
static const struct {
    const char *bytes;
    size_t size;
} garbage[] = {
    { "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
    { "\x15\x03\x01\x00\x02\x02\x50", 7 }, // a TLS alert
    { "\x7f\xff\xff\xff"
      "abcd",
      8 }, // 2 GiB
    { "\x80\x00\x00\x00"
      "abcd",
      8 },                     // a negative length
    { "\x00\x00\x00\x00", 4 }, // shorter than a correlation id
    { "\x00\x00\x00\x02"
      "ab",
      6 },
    { "\x00\x00\x00\x0a"
      "\x00\x00\x00\x00"
      "abcdef",
      14 },
};

enum { GARBAGE_COUNT = sizeof garbage / sizeof garbage[0] };

START_TEST(a_peer_that_speaks_something_else_is_left_and_tried_again) {
    static const enum api_key apis[] = { API_API_VERSIONS, API_METADATA, API_FETCH };

    for (size_t i = 0; i < 3; i++) {
        struct world *world = world_new(1, 1);
        struct slice bytes = { (const uint8_t *)garbage[_i].bytes, garbage[_i].size };
        fault_bytes(world, apis[i], bytes);
        struct world_consumer *consumer = start(world, GROUP "request.timeout.ms=3000");
        check_goes_on(world, consumer, SECONDS(6));
        world_free(world);
    }
}

END_TEST

// An answer cut anywhere: nothing of it is used.
START_TEST(an_answer_that_is_cut_is_asked_again) {
    static const enum api_key apis[] = { API_API_VERSIONS, API_METADATA,   API_FIND_COORDINATOR,
                                         API_JOIN_GROUP,   API_SYNC_GROUP, API_OFFSET_FETCH,
                                         API_LIST_OFFSETS, API_FETCH,      API_OFFSET_COMMIT };

    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        struct world *world = world_new(1, 1);
        for (int64_t size = 0; size < 40; size += 13)
            world_fault(world, apis[i], FAKE_FAULT_CUT, size);
        struct world_consumer *consumer = start(
            world,
            "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500 "
            "session.timeout.ms=6000 heartbeat.interval.ms=1000 max.poll.interval.ms=3000"
        );
        check_goes_on(world, consumer, SECONDS(10));
        world_await_committed(world, "t", 0, 15, SECONDS(20));
        world_free(world);
    }
}

END_TEST

// The last fetch on a connection, for the throttling test.
struct asked {
    enum api_key api;
    int64_t times_ms[64];
    int count;
};

static void note_asked(void *arg, const struct fake_seen *seen) {
    struct asked *asked = arg;
    if (seen->api != asked->api || asked->count == 64) return;
    asked->times_ms[asked->count++] = seen->now_ms;
}

// pitfall 90: the broker would not listen anyway.
START_TEST(a_throttled_connection_is_left_alone_for_that_long) {
    struct world *world = world_new(1, 1);
    struct asked asked = { .api = API_FETCH };
    start(world, GROUP);
    world->on_seen = note_asked;
    world->arg = &asked;
    world_fault(world, API_FETCH, FAKE_FAULT_THROTTLE, 3000);
    world_run(world, SECONDS(8));
    int64_t longest_ms = 0;
    for (int i = 1; i < asked.count; i++) {
        int64_t pause_ms = asked.times_ms[i] - asked.times_ms[i - 1];
        if (pause_ms > longest_ms) longest_ms = pause_ms;
    }
    ck_assert_int_ge(longest_ms, 3500); // the answer is held for 500 ms
    ck_assert_int_le(longest_ms, 3520);
    world_free(world);
}

END_TEST

// pitfall 87: the connection goes with the request, since the answer may still come.
START_TEST(a_request_without_an_answer_costs_its_connection_and_is_repeated) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "request.timeout.ms=2000");
    struct asked asked = { .api = API_API_VERSIONS };
    world->on_seen = note_asked;
    world->arg = &asked;
    world_fault(world, API_FETCH, FAKE_FAULT_NEVER, 0);
    world_run(world, 600);
    check_goes_on(world, consumer, SECONDS(5));
    ck_assert_int_eq(asked.count, 1);
    world_free(world);
}

END_TEST

START_TEST(a_broker_whose_dials_never_end_does_not_hold_up_the_others) {
    struct world *world = world_new(3, 1);
    world->black_holes = 1U << 2 | 1U << 3;
    struct world_consumer *consumer = start(world, GROUP "socket.connection.setup.timeout.ms=1000");
    check_goes_on(world, consumer, SECONDS(1));
    world_free(world);
}

END_TEST

START_TEST(a_consumer_that_finds_no_broker_joins_when_one_comes) {
    struct world *world = world_new(1, 1);
    fake_broker_stop(&world->cluster, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    struct world_call *call = world_ask(consumer, COMMAND_COMMITTED, 0);
    world_run(world, SECONDS(30));
    ck_assert_uint_eq(consumer->record_count, 0);
    ck_assert_int_eq(call->completions, 0);
    fake_broker_start(&world->cluster, 1);
    world_await_records(consumer, 10, SECONDS(5));
    ck_assert_int_eq(world_await(call), STATUS_OK);
    world_free(world);
}

END_TEST

// pitfall 60: through the bootstrap addresses.
START_TEST(a_cluster_that_was_gone_as_a_whole_is_found_again) {
    struct world *world = world_new(3, 3);
    struct world_consumer *consumer =
        start(world, "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500");
    world_await_committed(world, "t", 0, 10, SECONDS(2));
    for (int32_t node_id = 1; node_id <= 3; node_id++)
        fake_broker_stop(&world->cluster, node_id);
    world_run(world, SECONDS(60));
    for (int32_t node_id = 1; node_id <= 3; node_id++)
        fake_broker_start(&world->cluster, node_id);
    check_goes_on(world, consumer, SECONDS(5));
    world_free(world);
}

END_TEST

// pitfall 60: nothing that was known is there any more, only a bootstrap address.
START_TEST(a_cluster_that_moved_as_a_whole_is_found_by_its_bootstrap_address) {
    struct world *world = world_new(2, 1);
    struct world_consumer *consumer = start(world, GROUP);
    fake_broker_stop(&world->cluster, 1);
    fake_broker_stop(&world->cluster, 2);
    world_run(world, SECONDS(5));
    // Another node answers where broker 1 did, under another id.
    world->cluster.brokers[0].node_id = 7;
    fake_broker_start(&world->cluster, 7);
    check_goes_on(world, consumer, SECONDS(10));
    world_free(world);
}

END_TEST

// pitfall 59: the same id at another address.
START_TEST(a_broker_that_moved_is_followed_to_its_new_address) {
    struct world *world = world_new(2, 1);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=1000");
    fake_broker_stop(&world->cluster, 1);
    world_run(world, SECONDS(2));
    world->cluster.brokers[0].port = 19092;
    fake_broker_start(&world->cluster, 1);
    fake_partition_move(&world->cluster, "t", 0, 1);
    world->cluster.coordinator = 1;
    check_goes_on(world, consumer, SECONDS(5));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_STABLE);
    world_free(world);
}

END_TEST

// pitfall 59
START_TEST(a_broker_that_left_the_cluster_is_not_dialed_any_more) {
    struct world *world = world_new(3, 3);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=1000");
    fake_broker_stop(&world->cluster, 3);
    world_run(world, SECONDS(10));
    ck_assert_ptr_null(cluster_connection(&consumer->engine->cluster, 3, PURPOSE_GENERAL));
    check_goes_on(world, consumer, SECONDS(1));
    world_free(world);
}

END_TEST

// The cut connection of a request that got no answer in time is none of the caller's business.
START_TEST(topics_of_a_broker_that_freezes_time_out) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add_polling(world, "group.id=g ");
    world_await_assigned(consumer, 2, SECONDS(3));
    world->cluster.brokers[0].is_frozen = true;
    struct world_call *call = world_give(consumer, world_command(COMMAND_TOPICS, 500));
    ck_assert_int_eq(world_await(call), STATUS_TIMED_OUT);
    world_free(world);
}

END_TEST

static void hide_metadata(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct api_versions_response *versions = response;
    for (int32_t i = 0; i < versions->api_keys_count; i++) {
        if (versions->api_keys[i].api_key == API_METADATA)
            versions->api_keys[i].min_version = versions->api_keys[i].max_version = INT16_MAX;
    }
}

// What no broker can do later either is not tried until the time is over.
START_TEST(topics_of_a_broker_that_cannot_tell_them_are_refused_at_once) {
    struct world *world = world_new(1, 1);
    struct fake_fault fault = {
        .api = API_API_VERSIONS,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_EDIT,
        .edit = hide_metadata,
        .times = FAKE_FOR_EVER,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    struct world_consumer *consumer = world_add(world, "");
    struct world_call *call = world_give(consumer, world_command(COMMAND_TOPICS, SECONDS(30)));
    world_run(world, SECONDS(1));
    ck_assert_int_eq(call->completions, 1);
    ck_assert_int_eq(call->status, STATUS_UNSUPPORTED_VERSION);
    world_free(world);
}

END_TEST

// pitfall 61: a dead broker holds up no look-up that others can answer.
START_TEST(a_frozen_broker_does_not_hold_up_the_search_for_the_coordinator) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(
        world, GROUP "request.timeout.ms=2000 session.timeout.ms=10000 heartbeat.interval.ms=1000"
    );
    world->cluster.coordinator = 2;
    world->cluster.brokers[0].is_frozen = true;
    fake_partition_move(&world->cluster, "t", 0, 2);
    check_goes_on(world, consumer, SECONDS(8));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_STABLE);
    world_free(world);
}

END_TEST

// A connection that is idle is closed by the broker or on the way: nobody hears of it.
START_TEST(a_connection_that_was_closed_while_idle_is_opened_again_in_silence) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "connections.max.idle.ms=2000");
    world_run(world, SECONDS(10));
    struct world_call *call = world_ask(consumer, COMMAND_COMMITTED, 0);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(consumer->error_count, 0);
    check_goes_on(world, consumer, SECONDS(1));
    world_free(world);
}

END_TEST

SUITE(engine_links) {
    Suite *s = suite_create("engine/links");
    ADD_CASE(
        s,
        "links",
        a_dial_that_was_given_up_before_the_driver_saw_it_is_over_at_once,
        an_old_broker_is_asked_for_its_versions_in_the_old_way,
        a_broker_that_hangs_up_on_new_api_versions_is_asked_in_the_old_way,
        an_answer_that_is_cut_is_asked_again,
        a_throttled_connection_is_left_alone_for_that_long,
        a_request_without_an_answer_costs_its_connection_and_is_repeated,
        a_broker_whose_dials_never_end_does_not_hold_up_the_others,
        a_consumer_that_finds_no_broker_joins_when_one_comes,
        a_cluster_that_was_gone_as_a_whole_is_found_again,
        a_cluster_that_moved_as_a_whole_is_found_by_its_bootstrap_address,
        a_broker_that_moved_is_followed_to_its_new_address,
        a_broker_that_left_the_cluster_is_not_dialed_any_more,
        topics_of_a_broker_that_freezes_time_out,
        topics_of_a_broker_that_cannot_tell_them_are_refused_at_once,
        a_frozen_broker_does_not_hold_up_the_search_for_the_coordinator,
        a_connection_that_was_closed_while_idle_is_opened_again_in_silence
    );
    TCase *cases = tcase_create("links, peers");
    tcase_add_loop_test(cases, an_answer_with_a_wrong_correlation_id_ends_the_connection, 0, 3);
    tcase_add_loop_test(
        cases, a_peer_that_speaks_something_else_is_left_and_tried_again, 0, GARBAGE_COUNT
    );
    suite_add_tcase(s, cases);
    return s;
}
