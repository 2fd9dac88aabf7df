// SPDX-License-Identifier: Apache-2.0
// Seeks in all their forms, pauses, and answers to what was asked before them.
#include "consumer/wire/kafka_error.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset=earliest "

// One partition with 100 records, one a second, and a consumer that has got all of them.
static struct world_consumer *start(struct world *world) {
    for (int i = 0; i < 100; i++) {
        world->cluster.wall_offset_ms += SECONDS(1);
        fake_partition_fill(&world->cluster, "t", 0, 1);
    }
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 100, SECONDS(3));
    consumer->record_count = 0;
    return consumer;
}

static int64_t time_of(const struct world *world, int64_t offset) {
    return fake_partition_get(&world->cluster, "t", 0)->log.batches[offset].max_timestamp_ms;
}

START_TEST(a_seek_to_an_offset_goes_on_from_there) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    struct world_call *call = world_seek(consumer, 0, TARGET_OFFSET, 60);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 60);
    world_await_records(consumer, 40, SECONDS(1));
    world_check_sequence(consumer, 0, 60, 100);
    world_free(world);
}

END_TEST

START_TEST(a_seek_to_the_beginning_finds_the_start_of_the_log) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    fake_log_delete_before(&fake_partition_get(&world->cluster, "t", 0)->log, 30);
    struct world_call *call = world_seek(consumer, 0, TARGET_BEGINNING, -1);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 30);
    world_await_records(consumer, 70, SECONDS(1));
    world_check_sequence(consumer, 0, 30, 100);
    world_free(world);
}

END_TEST

// pitfall 41: the position is the one that the seek has found, not the one before it.
START_TEST(a_seek_to_the_end_answers_the_end) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 10));
    struct world_call *call = world_seek(consumer, 0, TARGET_END, -1);
    struct world_call *asked = world_ask(consumer, COMMAND_POSITION, 0);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 100);
    ck_assert_int_eq(world_await(asked), STATUS_OK);
    ck_assert_int_eq(asked->rows[0].offset, 100);
    consumer->record_count = 0;
    fake_partition_fill(&world->cluster, "t", 0, 2);
    world_await_records(consumer, 2, SECONDS(1));
    world_check_sequence(consumer, 0, 100, 102);
    world_free(world);
}

END_TEST

START_TEST(a_seek_to_the_committed_offset_asks_the_coordinator) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world_await(world_commit(consumer, 0, 42));
    struct world_call *call = world_seek(consumer, 0, TARGET_COMMITTED, -1);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 42);
    world_await_records(consumer, 58, SECONDS(1));
    world_check_sequence(consumer, 0, 42, 100);
    world_free(world);
}

END_TEST

START_TEST(a_seek_to_a_time_finds_the_first_record_from_then_on) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    struct world_call *call = world_seek(consumer, 0, TARGET_TIMESTAMP, time_of(world, 70) - 10);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 70);
    world_await_records(consumer, 30, SECONDS(1));
    world_check_sequence(consumer, 0, 70, 100);
    call = world_seek(consumer, 0, TARGET_TIMESTAMP, time_of(world, 99) + SECONDS(1000));
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 100);
    world_free(world);
}

END_TEST

// pitfall 20: the fetch under way answers for a position that is no more.
START_TEST(an_answer_from_before_a_seek_is_not_delivered) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world->latency_ms = 50;
    for (int64_t offset = 90; offset > 0; offset -= 10) {
        world_await(world_seek(consumer, 0, TARGET_OFFSET, 0));
        world_run(world, 60);
        world_seek(consumer, 0, TARGET_OFFSET, offset);
        consumer->record_count = 0;
        world_await_records(consumer, (size_t)(100 - offset), SECONDS(2));
        world_check_sequence(consumer, 0, offset, 100);
    }
    ck_assert_uint_gt(consumer->engine->fetcher.stale_count, 0);
    world_free(world);
}

END_TEST

// pitfall 41: an earlier reset's answer comes after a newer seek.
START_TEST(a_late_answer_of_an_earlier_reset_changes_nothing) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world_fault(world, API_LIST_OFFSETS, FAKE_FAULT_DELAY, 1000);
    struct world_call *first = world_seek(consumer, 0, TARGET_BEGINNING, -1);
    world_run(world, 100);
    struct world_call *second = world_seek(consumer, 0, TARGET_OFFSET, 95);
    ck_assert_int_eq(world_await(second), STATUS_OK);
    ck_assert_int_eq(world_await(first), STATUS_OK);
    world_await_records(consumer, 5, SECONDS(1));
    world_run(world, SECONDS(2));
    world_check_sequence(consumer, 0, 95, 100);
    world_free(world);
}

END_TEST

// pitfall 21: so does an error that was meant for the old position.
START_TEST(a_late_out_of_range_does_not_reset_a_newer_position) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world->latency_ms = 50;
    world_run(world, SECONDS(1));
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 5000));
    world_run(world, 60);
    ck_assert_int_eq(world_position(consumer, 0)->offset, 5000);
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 97));
    world_await_records(consumer, 3, SECONDS(1));
    world_check_sequence(consumer, 0, 97, 100);
    world_free(world);
}

END_TEST

// pitfall 38
START_TEST(what_is_buffered_of_a_paused_partition_is_parked_and_not_fetched_again) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    consumer->polls = false;
    world_run(world, SECONDS(1));
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 50));
    world_run(world, 100);
    world_await(world_ask(consumer, COMMAND_PAUSE, 0));
    uint64_t fetched_bytes = consumer->engine->fetcher.fetched_bytes;
    ck_assert_uint_eq(world_poll(consumer, 100), 0);
    world_run(world, SECONDS(3));
    ck_assert_uint_eq(world_poll(consumer, 100), 0);
    world_await(world_ask(consumer, COMMAND_RESUME, 0));
    ck_assert_uint_eq(world_poll(consumer, 100), 50);
    world_check_sequence(consumer, 0, 50, 100);
    ck_assert_uint_lt(consumer->engine->fetcher.fetched_bytes - fetched_bytes, 200);
    world_free(world);
}

END_TEST

// pitfall 38: a seek drops what is parked.
START_TEST(a_seek_of_a_paused_partition_counts_after_the_resume) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    consumer->polls = false;
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 10));
    world_run(world, 100);
    world_ask(consumer, COMMAND_PAUSE, 0);
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 98));
    world_run(world, 100);
    ck_assert_uint_eq(world_poll(consumer, 100), 0);
    world_await(world_ask(consumer, COMMAND_RESUME, 0));
    world_run(world, 600); // a fetch may be held
    ck_assert_uint_eq(world_poll(consumer, 100), 2);
    world_check_sequence(consumer, 0, 98, 100);
    world_free(world);
}

END_TEST

// pitfall 39: seek, pause, resume; and a resume of what is not paused.
START_TEST(pause_and_resume_leave_a_seek_alone) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world_ask(consumer, COMMAND_RESUME, 0);
    world_seek(consumer, 0, TARGET_OFFSET, 80);
    world_ask(consumer, COMMAND_PAUSE, 0);
    struct world_call *resumed = world_ask(consumer, COMMAND_RESUME, 0);
    ck_assert_int_eq(world_await(resumed), STATUS_OK);
    ck_assert_uint_eq(resumed->row_count, 0);
    world_await_records(consumer, 20, SECONDS(1));
    world_check_sequence(consumer, 0, 80, 100);
    world_ask(consumer, COMMAND_RESUME, 0);
    world_run(world, SECONDS(1));
    world_check_sequence(consumer, 0, 80, 100);
    world_free(world);
}

END_TEST

// pitfall 39: a pause ends with the assignment.
START_TEST(a_pause_does_not_outlive_the_assignment) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    world_await(world_ask(consumer, COMMAND_PAUSE, 0));
    world_await(world_subscribe(consumer, NULL));
    fake_partition_fill(&world->cluster, "t", 0, 3);
    world_await(world_commit_all(consumer));
    world_subscribe(consumer, "t");
    world_await_records(consumer, 103, SECONDS(3));
    world_free(world);
}

END_TEST

START_TEST(a_seek_of_a_partition_that_is_not_assigned_changes_nothing) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    struct command *command = world_command(COMMAND_SEEK, 0);
    command->target = TARGET_OFFSET;
    world_command_row(command, "t", 0, 10);
    world_command_row(command, "t", 7, 10);
    struct world_call *call = world_give(consumer, command);
    ck_assert_int_eq(call->status, STATUS_NOT_ASSIGNED);
    ck_assert_int_eq(call->rows[0].status, STATUS_OK);
    ck_assert_int_eq(call->rows[1].status, STATUS_NOT_ASSIGNED);
    world_run(world, SECONDS(1));
    ck_assert_uint_eq(consumer->record_count, 0);
    world_free(world);
}

END_TEST

START_TEST(offsets_are_looked_up_by_end_beginning_and_time) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world);
    fake_log_delete_before(&fake_partition_get(&world->cluster, "t", 0)->log, 10);

    static const enum command_target targets[] = { TARGET_BEGINNING, TARGET_END, TARGET_TIMESTAMP };

    static const int64_t expected[] = { 10, 100, 55 };
    int64_t time_ms = time_of(world, 45); // the tenth batch is the first now
    for (size_t i = 0; i < 3; i++) {
        struct command *command = world_command(COMMAND_OFFSETS, 0);
        command->target = targets[i];
        world_command_row(command, "t", 0, -1);
        command->rows[0].timestamp_ms = time_ms;
        struct world_call *call = world_give(consumer, command);
        ck_assert_int_eq(world_await(call), STATUS_OK);
        ck_assert_int_eq(call->rows[0].offset, expected[i]);
    }
    world_free(world);
}

END_TEST

SUITE(engine_seek) {
    Suite *s = suite_create("engine/seek");
    ADD_CASE(
        s,
        "seek",
        a_seek_to_an_offset_goes_on_from_there,
        a_seek_to_the_beginning_finds_the_start_of_the_log,
        a_seek_to_the_end_answers_the_end,
        a_seek_to_the_committed_offset_asks_the_coordinator,
        a_seek_to_a_time_finds_the_first_record_from_then_on,
        an_answer_from_before_a_seek_is_not_delivered,
        a_late_answer_of_an_earlier_reset_changes_nothing,
        a_late_out_of_range_does_not_reset_a_newer_position,
        what_is_buffered_of_a_paused_partition_is_parked_and_not_fetched_again,
        a_seek_of_a_paused_partition_counts_after_the_resume,
        pause_and_resume_leave_a_seek_alone,
        a_pause_does_not_outlive_the_assignment,
        a_seek_of_a_partition_that_is_not_assigned_changes_nothing,
        offsets_are_looked_up_by_end_beginning_and_time
    );
    return s;
}
