// SPDX-License-Identifier: Apache-2.0
// Transactions and damage in the records, as a whole engine delivers them or not.
#include "consumer/fetch/queue.h"
#include "consumer/wire/messages_fetch.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <string.h>

#define GROUP     "group.id=g enable.auto.commit=false auto.offset.reset=earliest "
#define COMMITTED GROUP "isolation.level=read_committed "

static struct fake_log *log_of(struct world *world) {
    return &fake_partition_get(&world->cluster, "t", 0)->log;
}

// Values of the delivered records, one letter each.
static const char *delivered(const struct world_consumer *consumer) {
    static char text[100];
    size_t count = consumer->record_count < sizeof text ? consumer->record_count : sizeof text - 1;
    for (size_t i = 0; i < count; i++)
        text[i] = consumer->records[i].value[0];
    text[count] = '\0';
    return text;
}

// Two producers in one partition: A aborts, b commits, C aborts, d commits; upper case is aborted.
// Aborted and committed batches stand between each other.
static void append_transactions(struct fake_log *log) {
    fake_log_append_transactional(log, 1, "A");
    fake_log_append_transactional(log, 2, "b");
    fake_log_append_transactional(log, 1, "A");
    fake_log_append_marker(log, 2, CONTROL_COMMIT);
    fake_log_append_marker(log, 1, CONTROL_ABORT);
    fake_log_append_transactional(log, 1, "d");
    fake_log_append_transactional(log, 2, "C");
    fake_log_append_marker(log, 1, CONTROL_COMMIT);
    fake_log_append_marker(log, 2, CONTROL_ABORT);
}

// pitfalls 30 and 31: pitfall 31 with the list of aborted transactions in any order.
START_TEST(aborted_records_are_not_delivered_to_readers_of_committed_ones) {
    struct world *world = world_new(1, 1);
    append_transactions(log_of(world));
    append_transactions(log_of(world));
    struct world_consumer *consumer = world_add_polling(world, COMMITTED);
    world_run(world, SECONDS(2));
    ck_assert_str_eq(delivered(consumer), "bdbd");
    world_free(world);
}

END_TEST

START_TEST(readers_of_uncommitted_records_get_all_of_them) {
    struct world *world = world_new(1, 1);
    append_transactions(log_of(world));
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_run(world, SECONDS(2));
    ck_assert_str_eq(delivered(consumer), "AbAdC");
    world_free(world);
}

END_TEST

static void list_all_aborted(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)version;
    struct fetch_response *answer = response;
    for (int32_t i = 0; i < answer->responses_count; i++) {
        struct fetch_response_partition *partition = answer->responses[i].partitions;
        partition->aborted_transactions =
            arena_array(arena, 2, sizeof *partition->aborted_transactions);
        partition->aborted_transactions_count = 2;
        partition->aborted_transactions[0].producer_id = 1;
        partition->aborted_transactions[1].producer_id = 2;
    }
}

// pitfall 32
START_TEST(a_list_of_aborted_transactions_is_ignored_when_uncommitted_records_are_wanted) {
    struct world *world = world_new(1, 1);
    append_transactions(log_of(world));
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = list_all_aborted,
                              .times = FAKE_FOR_EVER }
    );
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_run(world, SECONDS(2));
    ck_assert_str_eq(delivered(consumer), "AbAdC");
    world_free(world);
}

END_TEST

// pitfall 29: aborted without data; later data of the same producer counts.
START_TEST(an_aborted_transaction_without_data_hides_nothing_of_later_ones) {
    struct world *world = world_new(1, 1);
    struct fake_log *log = log_of(world);
    fake_log_append_transactional(log, 1, "A");
    fake_log_append_marker(log, 1, CONTROL_ABORT);
    fake_log_append_marker(log, 1, CONTROL_ABORT);
    fake_log_append_transactional(log, 1, "e");
    fake_log_append_marker(log, 1, CONTROL_COMMIT);
    struct world_consumer *consumer = world_add_polling(world, COMMITTED);
    world_run(world, SECONDS(2));
    ck_assert_str_eq(delivered(consumer), "e");
    world_free(world);
}

END_TEST

// pitfalls 11, 25 and 28: pitfall 11, what ends a partition need not be a record; the position and
// the commit pass it, and pitfall 25: nothing is fetched again.
START_TEST(control_batches_at_the_end_bring_the_lag_to_zero) {
    struct world *world = world_new(1, 1);
    append_transactions(log_of(world));
    int64_t end = log_of(world)->end_offset;
    struct world_consumer *consumer = world_add_polling(world, COMMITTED);
    world_run(world, SECONDS(2));
    ck_assert_int_eq(queue_view(world_position(consumer, 0)->queue).position, end);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), end);
    uint64_t fetched_bytes = consumer->engine->fetcher.fetched_bytes;
    world_run(world, SECONDS(5));
    ck_assert_uint_lt(consumer->engine->fetcher.fetched_bytes - fetched_bytes, 1000);
    world_free(world);
}

END_TEST

// pitfall 11: with auto-commit, too.
START_TEST(auto_commit_passes_control_batches) {
    struct world *world = world_new(1, 1);
    append_transactions(log_of(world));
    world_add_polling(
        world,
        "group.id=g auto.offset.reset=earliest isolation.level=read_committed "
        "auto.commit.interval.ms=500"
    );
    world_await_committed(world, "t", 0, log_of(world)->end_offset, SECONDS(5));
    world_free(world);
}

END_TEST

// pitfall 28: nothing but aborted data.
START_TEST(a_partition_of_aborted_records_alone_is_passed_in_silence) {
    struct world *world = world_new(1, 1);
    struct fake_log *log = log_of(world);
    for (int i = 0; i < 50; i++) {
        fake_log_append_transactional(log, 1, "A");
        fake_log_append_marker(log, 1, CONTROL_ABORT);
    }
    struct world_consumer *consumer =
        world_add_polling(world, COMMITTED "max.partition.fetch.bytes=300");
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(consumer->record_count, 0);
    ck_assert_int_eq(consumer->error_count, 0);
    ck_assert_int_eq(queue_view(world_position(consumer, 0)->queue).position, 100);
    world_free(world);
}

END_TEST

// pitfall 42: an open transaction ends what readers of committed records see.
START_TEST(an_open_transaction_holds_back_the_end_for_readers_of_committed_records) {
    struct world *world = world_new(1, 1);
    struct fake_log *log = log_of(world);
    fake_partition_fill(&world->cluster, "t", 0, 3);
    fake_log_append_transactional(log, 1, "x");
    fake_partition_fill(&world->cluster, "t", 0, 2);
    struct world_consumer *consumer = world_add_polling(world, COMMITTED);
    world_await_records(consumer, 3, SECONDS(2));
    struct command *command = world_command(COMMAND_OFFSETS, 0);
    command->target = TARGET_END;
    world_command_row(command, "t", 0, -1);
    struct world_call *call = world_give(consumer, command);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].offset, 3);
    ck_assert_int_eq(world_position(consumer, 0)->last_stable_offset, 3);
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(consumer->record_count, 3);
    fake_log_append_marker(log, 1, CONTROL_COMMIT);
    world_await_records(consumer, 6, SECONDS(2));
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------

// Damages the batch at an offset, in its records.
static void damage(struct fake_log *log, int64_t offset) {
    for (size_t i = 0; i < log->batch_count; i++) {
        struct fake_batch *batch = &log->batches[i];
        if (batch->base_offset == offset) batch->bytes[batch->size - 3] ^= 0x55;
    }
}

// pitfall 33: the good records before it come first; then it is told, with the offset where it is
// and the one behind it, poll after poll, until the application goes on behind it.
START_TEST(a_damaged_batch_is_told_after_the_good_records_before_it) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 20);
    damage(log_of(world), 7);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 7, SECONDS(2));
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(consumer->record_count, 7);
    ck_assert_int_eq(consumer->last_error, STATUS_CORRUPT_RECORDS);
    ck_assert_str_eq(consumer->last_error_topic, "t");
    ck_assert_int_gt(consumer->error_count, 2);
    ck_assert_int_eq(queue_view(world_position(consumer, 0)->queue).position, 7);
    consumer->record_count = 0;
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 8));
    world_await_records(consumer, 12, SECONDS(1));
    world_check_sequence(consumer, 0, 8, 20);
    world_free(world);
}

END_TEST

// pitfall 33: damage on the way is gone when the records are fetched again; nothing is skipped or
// comes out of turn meanwhile.
START_TEST(damage_that_was_only_on_the_way_passes) {
    struct world *world = world_new(1, 1);
    world->latency_ms = 15;
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "max.partition.fetch.bytes=500");
    world_await_assigned(consumer, 1, SECONDS(2));
    for (int64_t offset = 0; offset < 100; offset += 10) {
        fake_partition_fill(&world->cluster, "t", 0, 10);
        damage(log_of(world), offset + 3);
        world_run(world, 20 + offset % 60);
        damage(log_of(world), offset + 3);
        world_run(world, offset % 70);
    }
    world_await_records(consumer, 100, SECONDS(5));
    world_check_sequence(consumer, 0, 0, 100);
    world_free(world);
}

END_TEST

SUITE(engine_transactions) {
    Suite *s = suite_create("engine/transactions");
    ADD_CASE(
        s,
        "transactions",
        aborted_records_are_not_delivered_to_readers_of_committed_ones,
        readers_of_uncommitted_records_get_all_of_them,
        a_list_of_aborted_transactions_is_ignored_when_uncommitted_records_are_wanted,
        an_aborted_transaction_without_data_hides_nothing_of_later_ones,
        control_batches_at_the_end_bring_the_lag_to_zero,
        auto_commit_passes_control_batches,
        a_partition_of_aborted_records_alone_is_passed_in_silence,
        an_open_transaction_holds_back_the_end_for_readers_of_committed_records,
        a_damaged_batch_is_told_after_the_good_records_before_it,
        damage_that_was_only_on_the_way_passes
    );
    return s;
}
