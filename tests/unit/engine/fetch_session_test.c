// SPDX-License-Identifier: Apache-2.0
// Fetch sessions (KIP-227) and topic ids (KIP-516) between a whole engine and brokers that keep
// them, lose them or have none.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/messages_fetch.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <string.h>

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset=earliest "

// What the fetches said.
struct fetches {
    int count;
    int full; // with session epoch 0
    int32_t last_session_id;
    int32_t last_session_epoch;
    int32_t last_named;     // topics
    int32_t last_forgotten; // topics
    int64_t last_at_ms;
};

static void note_fetch(void *arg, const struct fake_seen *seen) {
    struct fetches *fetches = arg;
    if (seen->api != API_FETCH) return;
    const struct fetch_request *request = seen->request;
    fetches->count++;
    fetches->full += request->session_epoch <= 0;
    fetches->last_session_id = request->session_id;
    fetches->last_session_epoch = request->session_epoch;
    fetches->last_named = request->topics_count;
    fetches->last_forgotten = request->forgotten_topics_data_count;
    fetches->last_at_ms = seen->now_ms;
}

// One broker with two partitions of 10 records, of which a consumer has got all.
static struct world_consumer *start(struct world *world, struct fetches *fetches) {
    world->on_seen = note_fetch;
    world->arg = fetches;
    for (int32_t p = 0; p < 2; p++)
        fake_partition_fill(&world->cluster, "t", p, 10);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 20, SECONDS(2));
    world_run(world, SECONDS(2));
    return consumer;
}

static void check_goes_on(struct world *world, struct world_consumer *consumer) {
    fake_partition_fill(&world->cluster, "t", 0, 5);
    fake_partition_fill(&world->cluster, "t", 1, 5);
    world_await_records(consumer, 30, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 15);
    world_check_sequence(consumer, 1, 0, 15);
}

START_TEST(a_session_names_only_what_has_changed) {
    struct world *world = world_new(1, 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    ck_assert_int_gt(fetches.last_session_id, 0);
    ck_assert_int_gt(fetches.last_session_epoch, 0);
    ck_assert_int_eq(fetches.last_named, 0);
    int32_t epoch = fetches.last_session_epoch;
    world_run(world, SECONDS(1));
    ck_assert_int_gt(fetches.last_session_epoch, epoch); // pitfall 50
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// pitfall 49
START_TEST(a_paused_partition_is_forgotten_in_the_session) {
    struct world *world = world_new(1, 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    world_await(world_ask(consumer, COMMAND_PAUSE, 1));
    int count = fetches.count;
    while (fetches.count < count + 1)
        world_run(world, 1);
    ck_assert_int_eq(fetches.last_forgotten, 1);
    world_run(world, SECONDS(2));
    ck_assert_int_eq(fetches.last_forgotten, 0);
    world_await(world_ask(consumer, COMMAND_RESUME, 1));
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// pitfall 48: the session is begun anew at once, and nothing is lost or repeated.
START_TEST(a_session_error_begins_a_new_session) {
    static const int16_t codes[] = {
        ERROR_FETCH_SESSION_ID_NOT_FOUND,
        ERROR_INVALID_FETCH_SESSION_EPOCH,
        ERROR_FETCH_SESSION_TOPIC_ID_ERROR,
    };
    struct world *world = world_new(1, 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    int full = fetches.full;
    world_error(world, API_FETCH, FAKE_FAULT_ERROR, codes[_i], 1);
    world_run(world, 600);
    ck_assert_int_eq(fetches.full, full + 1);
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// pitfall 47: a broker without room for sessions; every fetch is a full one, and none is empty.
START_TEST(a_broker_without_sessions_is_asked_in_full_and_not_in_a_spin) {
    struct world *world = world_new(1, 2);
    world->cluster.has_no_fetch_sessions = true;
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    ck_assert_int_eq(fetches.full, fetches.count);
    int count = fetches.count;
    world_run(world, SECONDS(5));
    ck_assert_int_le(fetches.count - count, 11);
    ck_assert_int_gt(fetches.last_named, 0);
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

START_TEST(a_session_that_a_broker_forgot_by_a_restart_is_begun_anew) {
    struct world *world = world_new(2, 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    fake_broker_stop(&world->cluster, 2);
    world_run(world, SECONDS(1));
    fake_broker_start(&world->cluster, 2);
    fake_partition_move(&world->cluster, "t", 1, 2);
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// pitfall 51: brokers that offer Fetch v13 and have no topic ids.
START_TEST(topics_without_ids_are_fetched_by_name) {
    struct world *world = world_new(1, 0);
    world->cluster.has_no_topic_ids = true;
    fake_topic_add(&world->cluster, "t", 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    ck_assert_int_eq(world->version[API_FETCH], 12);
    world_await(world_commit_all(consumer));
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    ck_assert_int_eq(world->version[API_OFFSET_COMMIT], 9);
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// pitfall 51: mixed topics.
START_TEST(topics_with_and_without_ids_are_fetched_together) {
    struct world *world = world_new(1, 2);
    world->cluster.has_no_topic_ids = true;
    fake_topic_add(&world->cluster, "old", 1);
    fake_partition_fill(&world->cluster, "old", 0, 5);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    struct world_consumer *consumer = world_add(world, GROUP);
    struct command *command = world_command(COMMAND_ASSIGN, 0);
    world_command_row(command, "t", 0, 0);
    world_command_row(command, "old", 0, 0);
    world_give(consumer, command);
    consumer->polls = true;
    world_await_records(consumer, 10, SECONDS(2));
    ck_assert_uint_eq(world_count_of(consumer, "old", 0), 5);
    world_check_sequence(consumer, 0, 0, 5);
    ck_assert_int_eq(world->version[API_FETCH], 12);
    world_free(world);
}

END_TEST

// pitfall 48: an id that the broker does not know yet, or does not know any more.
START_TEST(an_unknown_topic_id_is_asked_again_after_metadata) {
    struct world *world = world_new(1, 2);
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    int asked = world->seen[API_METADATA];
    world_error(world, API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_UNKNOWN_TOPIC_ID, 2);
    world_await_seen(world, API_METADATA, asked + 1, SECONDS(2));
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

static void repeat_partition(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct fetch_response *answer = response;
    for (int32_t i = 0; i < answer->responses_count; i++) {
        struct fetch_response_topic *topic = &answer->responses[i];
        struct fetch_response_partition *twice = arena_array(arena, 3, sizeof *twice);
        twice[0] = topic->partitions[0];
        twice[1] = topic->partitions[0];
        twice[2] = topic->partitions[0];
        twice[2].partition_index = 77;
        topic->partitions = twice;
        topic->partitions_count = 3;
    }
}

// pitfall 37: a partition twice, and one that nobody asked for.
START_TEST(a_partition_that_is_answered_twice_is_delivered_once) {
    struct world *world = world_new(1, 2);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = repeat_partition,
                              .times = FAKE_FOR_EVER }
    );
    struct fetches fetches = { 0 };
    struct world_consumer *consumer = start(world, &fetches);
    check_goes_on(world, consumer);
    world_free(world);
}

END_TEST

// The records of the first answer that has some, for the answers after it.
static void bring_what_was_read(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    struct slice *first = arg;
    static uint8_t kept[10000];
    struct fetch_response *answer = response;
    for (int32_t i = 0; i < answer->responses_count; i++) {
        struct fetch_response_partition *partition = &answer->responses[i].partitions[0];
        if (first->size == 0 && partition->records.size <= sizeof kept) {
            if (partition->records.size > 0)
                memcpy(kept, partition->records.data, partition->records.size);
            *first = (struct slice){ kept, partition->records.size };
        }
        partition->records = *first;
    }
}

static void bring_a_part(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct fetch_response *answer = response;
    for (int32_t i = 0; i < answer->responses_count; i++) {
        struct slice *records = &answer->responses[i].partitions[0].records;
        if (records->size > 40) records->size = 40;
    }
}

static void diverge_ahead(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct fetch_response *answer = response;
    for (int32_t i = 0; i < answer->responses_count; i++) {
        struct fetch_response_partition *partition = &answer->responses[i].partitions[0];
        partition->records = SLICE_NULL;
        partition->diverging_epoch.epoch = 0;
        partition->diverging_epoch.end_offset = INT64_MAX;
    }
}

// pitfall 37: what brings nothing and would not wait is asked for again with pauses.
START_TEST(answers_that_bring_nothing_make_no_hot_loop) {
    static void (*const edits[])(void *, struct arena *, int16_t, void *) = { bring_what_was_read,
                                                                              bring_a_part,
                                                                              diverge_ahead };

    struct world *world = world_new(1, 1);
    struct slice first = { 0 };
    fake_partition_fill(&world->cluster, "t", 0, 10);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = edits[_i],
                              .arg = &first,
                              .times = FAKE_FOR_EVER }
    );
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 1, SECONDS(3));
    world_run(world, SECONDS(1));
    fake_partition_fill(&world->cluster, "t", 0, 10);
    int fetches = world->seen[API_FETCH];
    world_run(world, SECONDS(10));
    ck_assert_int_lt(world->seen[API_FETCH], fetches + 40);
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 20, SECONDS(3));
    world_check_sequence(consumer, 0, 0, 20);
    world_free(world);
}

END_TEST

// pitfall 26: the answer's last batch is cut at its size; the rest comes at once, without a wait.
START_TEST(a_batch_that_is_cut_at_the_end_of_an_answer_is_fetched_again_at_once) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 500);
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "max.partition.fetch.bytes=1000 retry.backoff.ms=1000");
    world_await_records(consumer, 500, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 500);
    world_free(world);
}

END_TEST

// pitfall 27
START_TEST(a_batch_larger_than_every_limit_comes_all_the_same) {
    struct world *world = world_new(1, 1);
    static uint8_t large[300000];
    memset(large, 'x', sizeof large);
    struct fake_log *log = &fake_partition_get(&world->cluster, "t", 0)->log;
    fake_partition_fill(&world->cluster, "t", 0, 1);
    fake_log_append_record(log, &(struct record_to_write){ .value = { large, sizeof large } });
    fake_partition_fill(&world->cluster, "t", 0, 1);
    struct world_consumer *consumer = world_add_polling(
        world, GROUP "max.partition.fetch.bytes=1000 fetch.max.bytes=2000 fetch.buffer.bytes=65536"
    );
    world_await_records(consumer, 3, SECONDS(3));
    ck_assert_int_eq(consumer->records[2].offset, 2);
    world_free(world);
}

END_TEST

// pitfall 45: with little room in an answer, a busy partition does not keep the others from it.
START_TEST(partitions_that_returned_data_let_the_others_come_first) {
    struct world *world = world_new(1, 4);
    for (int32_t p = 0; p < 4; p++)
        fake_partition_fill(&world->cluster, "t", p, 1000);
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "max.partition.fetch.bytes=2000 fetch.max.bytes=2000");
    world_await_records(consumer, 1000, SECONDS(5));
    for (int32_t p = 0; p < 4; p++)
        ck_assert_uint_gt(world_count_of(consumer, "t", p), 100);
    world_free(world);
}

END_TEST

SUITE(engine_fetch_session) {
    Suite *s = suite_create("engine/fetch_session");
    ADD_CASE(
        s,
        "fetch_session",
        a_session_names_only_what_has_changed,
        a_paused_partition_is_forgotten_in_the_session,
        a_broker_without_sessions_is_asked_in_full_and_not_in_a_spin,
        a_session_that_a_broker_forgot_by_a_restart_is_begun_anew,
        topics_without_ids_are_fetched_by_name,
        topics_with_and_without_ids_are_fetched_together,
        an_unknown_topic_id_is_asked_again_after_metadata,
        a_partition_that_is_answered_twice_is_delivered_once,
        a_batch_that_is_cut_at_the_end_of_an_answer_is_fetched_again_at_once,
        a_batch_larger_than_every_limit_comes_all_the_same,
        partitions_that_returned_data_let_the_others_come_first
    );
    TCase *cases = tcase_create("fetch_session, errors");
    tcase_add_loop_test(cases, a_session_error_begins_a_new_session, 0, 3);
    suite_add_tcase(s, cases);
    TCase *hot_loops = tcase_create("hot loops");
    tcase_add_loop_test(hot_loops, answers_that_bring_nothing_make_no_hot_loop, 0, 3);
    suite_add_tcase(s, hot_loops);
    return s;
}
