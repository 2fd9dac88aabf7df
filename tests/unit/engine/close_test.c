// SPDX-License-Identifier: Apache-2.0
// How whole engines end: in time, with what was acknowledged committed, with a word to the group or
// without; and every call completes.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_fetch.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=60000 "

static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_polling(world, options);
    world_await_records(consumer, 10, SECONDS(3));
    world_run(world, SECONDS(1));
    return consumer;
}

START_TEST(a_close_commits_what_was_acknowledged_and_leaves_the_group) {
    struct world *world = world_new(2, 1);
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    for (size_t i = 0; i < 2; i++)
        ck_assert_ptr_null(world->cluster.brokers[i].connections);
    world_free(world);
}

END_TEST

START_TEST(a_close_commits_nothing_that_no_later_poll_has_acknowledged) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_subscribe(consumer, "t");
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(world_poll(consumer, 4), 4);
    ck_assert_uint_eq(world_poll(consumer, 3), 3);
    world_run(world, 100);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 4);
    world_free(world);
}

END_TEST

START_TEST(a_close_without_autocommit_commits_nothing) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_int_eq(world_await(world_close(consumer, false, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    world_free(world);
}

END_TEST

// pitfall 70: its partitions wait for it until its session ends, and it gets them back as they
// were.
START_TEST(a_static_member_closes_without_a_word_and_comes_back_without_a_rebalance) {
    struct world *world = world_new(1, 2);
    struct world_consumer *other = world_add_polling(world, GROUP);
    struct world_consumer *consumer = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(consumer, 1, SECONDS(5));
    world_await_assigned(other, 1, SECONDS(5));
    int32_t generation = world_group(world)->generation;
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    world_run(world, SECONDS(3));
    ck_assert_uint_eq(fake_group_size(world_group(world)), 2);
    struct world_consumer *again = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(again, 1, SECONDS(5));
    ck_assert_int_eq(world_group(world)->generation, generation);
    ck_assert_uint_eq(other->engine->positions.count, 1);
    world_free(world);
}

END_TEST

// pitfall 71
START_TEST(an_unsubscribe_leaves_the_group_at_once) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    ck_assert_uint_eq(consumer->engine->positions.count, 0);
    world_free(world);
}

END_TEST

// What the final fetches said.
struct goodbyes {
    int count;
    int32_t partitions;
    int64_t last_at_ms;
};

static void note_goodbye(void *arg, const struct fake_seen *seen) {
    struct goodbyes *goodbyes = arg;
    const struct fetch_request *request = seen->request;
    if (seen->api != API_FETCH || request->session_epoch != -1) return;
    goodbyes->count++;
    goodbyes->partitions += request->topics_count + request->forgotten_topics_data_count;
    goodbyes->last_at_ms = seen->now_ms;
}

// pitfalls 50, 98: brokers have room for so many sessions only. Nobody waits for it longer than the
// fetch under way is held.
START_TEST(a_close_ends_the_fetch_session_of_each_broker) {
    struct world *world = world_new(3, 6);
    struct goodbyes goodbyes = { 0 };
    world->cluster.has_no_topic_ids = _i == 1;
    world->on_seen = note_goodbye;
    world->arg = &goodbyes;
    struct world_consumer *consumer = start(world, GROUP "fetch.max.wait.ms=300");
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(world->cluster.brokers[i].sessions);
    int64_t began_at_ms = world->now_ms;
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(goodbyes.count, 3);
    ck_assert_int_eq(goodbyes.partitions, 0);
    ck_assert_int_le(world->now_ms, began_at_ms + 350);
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_null(world->cluster.brokers[i].sessions);
    world_free(world);
}

END_TEST

// The first fetch is under way when the close begins, and makes the session.
START_TEST(a_close_ends_a_session_that_is_only_about_to_begin) {
    struct world *world = world_new(1, 1);
    struct goodbyes goodbyes = { 0 };
    world->on_seen = note_goodbye;
    world->arg = &goodbyes;
    struct world_consumer *consumer = world_add_polling(world, GROUP "fetch.max.wait.ms=300");
    world_await_seen(world, API_FETCH, 1, SECONDS(3));
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(goodbyes.count, 1);
    ck_assert_ptr_null(world->cluster.brokers[0].sessions);
    world_free(world);
}

END_TEST

// pitfall 98: a broker that does not answer holds a close up until its deadline, one that is gone
// not at all.
START_TEST(a_close_waits_for_no_answer_to_a_final_fetch_beyond_its_deadline) {
    struct world *world = world_new(2, 2);
    struct world_consumer *consumer = start(world, GROUP "fetch.max.wait.ms=20000");
    bool frozen = _i == 0; // broker 1 is the coordinator
    if (frozen) {
        world->cluster.brokers[1].is_frozen = true;
    } else {
        fake_broker_stop(&world->cluster, 2);
    }
    int64_t began_at_ms = world->now_ms;
    fake_partition_fill(&world->cluster, "t", 0, 1); // broker 1 answers at once
    fake_partition_fill(&world->cluster, "t", 1, 1);
    struct world_call *call = world_close(consumer, true, SECONDS(5));
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->finished_at_ms >= call->deadline_ms, frozen);
    ck_assert_int_le(call->finished_at_ms, began_at_ms + (frozen ? SECONDS(5) + 100 : 100));
    world_free(world);
}

END_TEST

// Kinds of dead coordinators, in the order of the test below.
enum death { STOPPED, FROZEN, LOADING, NEVER_THERE, DEATHS };

static void strike(struct world *world, enum death death) {
    switch (death) {
    case STOPPED: fake_broker_stop(&world->cluster, 1); return;
    case FROZEN: world->cluster.brokers[0].is_frozen = true; return;
    case LOADING:
        world_error(
            world,
            API_OFFSET_COMMIT,
            FAKE_FAULT_ERROR,
            ERROR_COORDINATOR_LOAD_IN_PROGRESS,
            FAKE_FOR_EVER
        );
        world_error(
            world,
            API_LEAVE_GROUP,
            FAKE_FAULT_ERROR,
            ERROR_COORDINATOR_LOAD_IN_PROGRESS,
            FAKE_FOR_EVER
        );
        return;
    case NEVER_THERE: world->cluster.coordinator = FAKE_NO_BROKER; return;
    case DEATHS: return;
    }
}

// pitfall 98
START_TEST(a_close_is_over_in_time_however_dead_the_coordinator) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    strike(world, (enum death)_i);
    struct world_call *first = world_close(consumer, true, SECONDS(5));
    world_run(world, SECONDS(1));
    struct world_call *second = world_close(consumer, true, SECONDS(20));
    ck_assert_int_eq(world_await(first), STATUS_OK);
    ck_assert_int_eq(world_await(second), STATUS_OK);
    ck_assert_int_le(first->finished_at_ms, first->deadline_ms + 100);
    ck_assert_int_le(second->finished_at_ms, first->deadline_ms + 100);
    ck_assert(engine_is_closed(consumer->engine));
    world_free(world);
}

END_TEST

// pitfall 98: in any state on the way in.
START_TEST(a_close_during_a_join_is_over_in_time) {
    for (int64_t after_ms = 0; after_ms < 140; after_ms += 3) {
        struct world *world = world_new(2, 2);
        world->latency_ms = 7;
        struct world_consumer *first = world_add_polling(world, GROUP);
        struct world_consumer *second = world_add_polling(world, GROUP);
        world_run(world, after_ms);
        struct world_call *call = world_close(first, true, SECONDS(3));
        ck_assert_int_eq(world_await(call), STATUS_OK);
        ck_assert_int_le(call->finished_at_ms, call->deadline_ms + 50);
        world_await_assigned(second, 2, SECONDS(50));
        world_free(world);
    }
}

END_TEST

static void give_all(struct world_consumer *consumer) {
    static const enum command_kind kinds[] = { COMMAND_COMMITTED, COMMAND_POSITION, COMMAND_OFFSETS,
                                               COMMAND_TOPICS,    COMMAND_COMMIT,   COMMAND_SEEK };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct command *command = world_command(kinds[i], SECONDS(4));
        command->target = kinds[i] == COMMAND_OFFSETS ? TARGET_END : TARGET_COMMITTED;
        if (kinds[i] != COMMAND_TOPICS) world_command_row(command, "t", 0, 3);
        world_give(consumer, command);
    }
}

// The world checks that each call completes once, by its deadline.
START_TEST(every_call_completes_by_its_deadline_without_a_cluster) {
    struct world *world = world_new(2, 1);
    struct world_consumer *consumer = start(world, GROUP);
    struct world_consumer *late = world_add(world, "group.id=h");
    if (_i == 0) {
        fake_broker_stop(&world->cluster, 1);
        fake_broker_stop(&world->cluster, 2);
    } else {
        world->cluster.brokers[0].is_frozen = true;
        world->cluster.brokers[1].is_frozen = true;
    }
    world_run(world, 50);
    give_all(consumer);
    give_all(late);
    world_run(world, SECONDS(6));
    for (const struct world_call *call = world->calls; call; call = call->next)
        ck_assert_int_eq(call->completions, 1);
    world_free(world);
}

END_TEST

START_TEST(calls_under_way_at_a_close_complete_with_it) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world->cluster.brokers[0].is_frozen = true;
    give_all(consumer);
    struct world_call *call = world_close(consumer, true, SECONDS(1));
    ck_assert_int_eq(world_await(call), STATUS_OK);
    for (const struct world_call *each = world->calls; each; each = each->next)
        ck_assert_int_eq(each->completions, 1);
    give_all(consumer);
    for (const struct world_call *each = world->calls; each; each = each->next)
        ck_assert_int_eq(each->completions, 1);
    world_free(world);
}

END_TEST

SUITE(engine_close) {
    Suite *s = suite_create("engine/close");
    ADD_CASE(
        s,
        "close",
        a_close_commits_what_was_acknowledged_and_leaves_the_group,
        a_close_commits_nothing_that_no_later_poll_has_acknowledged,
        a_close_without_autocommit_commits_nothing,
        a_static_member_closes_without_a_word_and_comes_back_without_a_rebalance,
        an_unsubscribe_leaves_the_group_at_once,
        a_close_during_a_join_is_over_in_time,
        a_close_ends_a_session_that_is_only_about_to_begin,
        calls_under_way_at_a_close_complete_with_it
    );
    TCase *cases = tcase_create("close, dead coordinators");
    tcase_add_loop_test(cases, a_close_is_over_in_time_however_dead_the_coordinator, 0, DEATHS);
    tcase_add_loop_test(cases, every_call_completes_by_its_deadline_without_a_cluster, 0, 2);
    tcase_add_loop_test(cases, a_close_ends_the_fetch_session_of_each_broker, 0, 2);
    tcase_add_loop_test(
        cases, a_close_waits_for_no_answer_to_a_final_fetch_beyond_its_deadline, 0, 2
    );
    suite_add_tcase(s, cases);
    return s;
}
