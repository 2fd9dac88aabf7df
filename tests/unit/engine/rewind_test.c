// SPDX-License-Identifier: Apache-2.0
// What a rewind undoes, and what it leaves: whole engines, whose application starts again while its
// consumer goes on.
#include "consumer/fetch/lease.h"
#include "consumer/wire/kafka_error.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=60000 "

// "t"-0 with 100 records, and a consumer that has polled none of them.
static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 100);
    struct world_consumer *consumer = world_add_prefetching(world, options);
    return consumer;
}

static struct world_call *rewind_all(struct world_consumer *consumer) {
    struct world_call *call = world_ask(consumer, COMMAND_REWIND, -1);
    ck_assert_int_eq(call->completions, 1); // at once
    world_run(consumer->world, SECONDS(1));
    return call;
}

// One rewind of one partition.
static void expect_rewound_to(struct world_consumer *consumer, int64_t offset) {
    struct world_call *call = rewind_all(consumer);
    ck_assert_int_eq(call->status, STATUS_OK);
    ck_assert_uint_eq(call->row_count, 1);
    ck_assert_int_eq(call->rows[0].offset, offset);
    ck_assert_int_eq(call->rows[0].status, STATUS_OK);
}

// pitfall 115
START_TEST(the_next_poll_brings_what_was_delivered_and_not_acknowledged) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 25); // acknowledges the ten before
    expect_rewound_to(consumer, 10);
    world_expect_next(consumer, 0, 10, 30);
    expect_rewound_to(consumer, 10);
    world_expect_next(consumer, 0, 10, 30);
    world_expect_next(consumer, 0, 30, 40);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 30);
    world_free(world);
}

END_TEST

// The acknowledgement outlives the rewind, even when no poll comes any more.
START_TEST(what_was_acknowledged_before_a_rewind_is_committed_after_it) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 25);
    expect_rewound_to(consumer, 10);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    world_free(world);
}

END_TEST

START_TEST(a_rewind_goes_back_to_the_commit_where_that_is_further) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 25);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 20)), STATUS_OK);
    expect_rewound_to(consumer, 20);
    world_expect_next(consumer, 0, 20, 50);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_OK);
    expect_rewound_to(consumer, 50);
    world_expect_next(consumer, 0, 50, 60);
    world_free(world);
}

END_TEST

START_TEST(a_commit_that_is_taken_back_counts_but_not_beyond_the_start) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "enable.auto.commit=false");
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_OFFSET, 30)), STATUS_OK);
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 30, 60);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 50)), STATUS_OK);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 40)), STATUS_OK);
    expect_rewound_to(consumer, 40);
    world_expect_next(consumer, 0, 40, 50);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 20)), STATUS_OK);
    expect_rewound_to(consumer, 30);
    world_free(world);
}

END_TEST

START_TEST(a_rewind_never_goes_forward) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 80)), STATUS_OK);
    expect_rewound_to(consumer, 10);
    world_expect_next(consumer, 0, 10, 20);
    world_free(world);
}

END_TEST

START_TEST(without_auto_commit_only_commits_count) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "enable.auto.commit=false");
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 25);
    world_expect_next(consumer, 0, 25, 26);
    expect_rewound_to(consumer, 0);
    world_expect_next(consumer, 0, 0, 40);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 30)), STATUS_OK);
    expect_rewound_to(consumer, 30);
    world_expect_next(consumer, 0, 30, 31);
    world_free(world);
}

END_TEST

// Nothing was ever committed, and by auto.offset.reset a new start would be at the end.
START_TEST(without_a_commit_a_rewind_goes_where_the_assignment_began) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer =
        start(world, "group.id=g enable.auto.commit=false auto.offset.reset=latest");
    fake_partition_fill(&world->cluster, "t", 0, 50);
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 100, 120);
    world_expect_next(consumer, 0, 120, 130);
    expect_rewound_to(consumer, 100);
    world_expect_next(consumer, 0, 100, 150);
    world_free(world);
}

END_TEST

START_TEST(a_rewind_after_an_earlier_members_commit_goes_back_to_it) {
    struct world *world = world_new(1, 1);
    struct world_consumer *first = start(world, GROUP);
    ck_assert_int_eq(world_await(world_commit(first, 0, 40)), STATUS_OK);
    world_await(world_close(first, false, SECONDS(5)));
    struct world_consumer *consumer =
        world_add_prefetching(world, GROUP "enable.auto.commit=false");
    world_expect_next(consumer, 0, 40, 60);
    expect_rewound_to(consumer, 40);
    world_expect_next(consumer, 0, 40, 60);
    world_free(world);
}

END_TEST

// A commit from before the seek says nothing of what came after it.
START_TEST(after_a_seek_a_rewind_goes_where_the_seek_went) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 90);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_OK);
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_OFFSET, 50)), STATUS_OK);
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 50, 60);
    expect_rewound_to(consumer, 50);
    world_expect_next(consumer, 0, 50, 60);
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_BEGINNING, 0)), STATUS_OK);
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 0, 5);
    expect_rewound_to(consumer, 0);
    world_free(world);
}

END_TEST

START_TEST(partitions_assigned_by_hand_without_a_group_go_back_too) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 100);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=earliest");
    world_await(world_assign(consumer, 0, 30));
    world_await_fetching(consumer, SECONDS(3));
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 30, 40);
    expect_rewound_to(consumer, 30);
    world_expect_next(consumer, 0, 30, 40);
    world_expect_next(consumer, 0, 40, 50);
    expect_rewound_to(consumer, 40);
    world_expect_next(consumer, 0, 40, 50);
    world_free(world);
}

END_TEST

START_TEST(prefetched_records_are_dropped_only_where_the_position_moves) {
    struct world *world = world_new(1, 2);
    fake_partition_fill(&world->cluster, "t", 1, 100);
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_uint_eq(world_poll(consumer, 5), 5);
    int32_t polled = consumer->records[0].partition;
    struct queue_view before[2];
    for (int32_t p = 0; p < 2; p++)
        before[p] = queue_view(world_position(consumer, p)->queue);
    struct world_call *call = world_ask(consumer, COMMAND_REWIND, -1);
    ck_assert_uint_eq(call->row_count, 2);
    for (int32_t p = 0; p < 2; p++) {
        struct queue_view view = queue_view(world_position(consumer, p)->queue);
        ck_assert_uint_eq(view.bytes, p == polled ? 0 : before[p].bytes);
        ck_assert_int_eq(view.position, 0);
        ck_assert_int_eq(call->rows[p].offset, 0);
    }
    uint64_t stale = consumer->engine->fetcher.stale_count;
    world_run(world, SECONDS(1));
    consumer->record_count = 0;
    while (world_poll(consumer, 50) > 0)
        world_run(world, 10);
    for (int32_t p = 0; p < 2; p++)
        world_check_sequence(consumer, p, 0, 100);
    ck_assert_uint_le(consumer->engine->fetcher.stale_count, stale + 1);
    world_free(world);
}

END_TEST

START_TEST(a_rewind_under_an_open_poll_is_refused) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    struct lease *lease = NULL;
    ck_assert_int_eq(lease_open(engine_queue(consumer->engine), 0, &lease), STATUS_OK);
    struct world_call *call = world_ask(consumer, COMMAND_REWIND, -1);
    ck_assert_int_eq(call->status, STATUS_POLL_IN_PROGRESS);
    ck_assert_uint_eq(call->row_count, 0);
    lease_close(lease, true);
    expect_rewound_to(consumer, 10);
    world_free(world);
}

END_TEST

// It neither waits for positions nor disturbs how they are looked up.
START_TEST(a_rewind_leaves_positions_that_are_not_known_yet_alone) {
    struct world *world = world_new(1, 1);
    world_error(
        world, API_OFFSET_FETCH, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS, FAKE_FOR_EVER
    );
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add(world, GROUP);
    ck_assert_uint_eq(rewind_all(consumer)->row_count, 0);
    world_subscribe(consumer, "t");
    world_await_assigned(consumer, 1, SECONDS(5));
    expect_rewound_to(consumer, -1);
    ck_assert_int_eq(world_position(consumer, 0)->state, POSITION_AWAIT_COMMITTED);
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Polls that keep

static void set_polling(struct world_consumer *consumer, unsigned flags) {
    consumer->poll_flags = flags;
    consumer->polls = true;
}

START_TEST(auto_commit_never_commits_what_a_keeping_poll_delivered) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer =
        start(world, "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=100");
    set_polling(consumer, LEASE_KEEP);
    world_await_records(consumer, 100, SECONDS(3));
    world_run(world, SECONDS(2));
    ck_assert_int_le(world_committed(world, "t", 0), 0);
    set_polling(consumer, 0); // later polls without the flag do not make up for it
    fake_partition_fill(&world->cluster, "t", 0, 20);
    world_await_records(consumer, 120, SECONDS(3));
    world_run(world, SECONDS(2));
    ck_assert_int_le(world_committed(world, "t", 0), 0);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 60)), STATUS_OK);
    world_run(world, SECONDS(2));
    ck_assert_int_eq(world_committed(world, "t", 0), 60);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 100)), STATUS_OK);
    world_await_committed(world, "t", 0, 120, SECONDS(2));
    world_free(world);
}

END_TEST

// Neither at a revocation, nor at a close.
START_TEST(what_a_keeping_poll_delivered_is_not_committed_at_the_end_either) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    consumer->poll_flags = LEASE_KEEP;
    world_expect_next(consumer, 0, 10, 30);
    consumer->poll_flags = 0;
    world_expect_next(consumer, 0, 30, 40);
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    world_free(world);
}

END_TEST

// pitfall 57: what a new leader's log has lost takes nothing off what was delivered before it.
START_TEST(a_truncated_log_leaves_alone_what_is_kept_and_what_is_acknowledged) {
    static const int64_t truncated_at[] = { 60, 25 }; // prefetched records; and delivered ones
    struct world *world = world_new(2, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 20);
    consumer->poll_flags = LEASE_KEEP;
    world_expect_next(consumer, 0, 20, 40);
    fake_log_truncate(&fake_partition_get(&world->cluster, "t", 0)->log, truncated_at[_i]);
    fake_partition_move(&world->cluster, "t", 0, 2);
    fake_partition_fill(&world->cluster, "t", 0, 50);
    world_run(world, SECONDS(2));
    int64_t position = truncated_at[_i] < 40 ? truncated_at[_i] : 40;
    ck_assert_int_eq(queue_view(world_position(consumer, 0)->queue).position, position);
    consumer->poll_flags = 0;
    world_expect_next(consumer, 0, position, position + 5);
    world_expect_next(consumer, 0, position + 5, position + 8);
    expect_rewound_to(consumer, 20);
    world_expect_next(consumer, 0, 20, 60);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 20);
    world_free(world);
}

END_TEST

START_TEST(a_rewind_undoes_what_keeping_polls_delivered) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_expect_next(consumer, 0, 0, 10);
    world_expect_next(consumer, 0, 10, 20);
    consumer->poll_flags = LEASE_KEEP;
    world_expect_next(consumer, 0, 20, 30);
    world_expect_next(consumer, 0, 30, 50);
    expect_rewound_to(consumer, 10);
    world_expect_next(consumer, 0, 10, 50);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 35)), STATUS_OK);
    expect_rewound_to(consumer, 35);
    world_expect_next(consumer, 0, 35, 50);
    world_free(world);
}

END_TEST

SUITE(engine_rewind) {
    Suite *s = suite_create("engine/rewind");
    ADD_CASE(
        s,
        "rewind",
        the_next_poll_brings_what_was_delivered_and_not_acknowledged,
        what_was_acknowledged_before_a_rewind_is_committed_after_it,
        a_rewind_goes_back_to_the_commit_where_that_is_further,
        a_commit_that_is_taken_back_counts_but_not_beyond_the_start,
        a_rewind_never_goes_forward,
        without_auto_commit_only_commits_count,
        without_a_commit_a_rewind_goes_where_the_assignment_began,
        a_rewind_after_an_earlier_members_commit_goes_back_to_it,
        after_a_seek_a_rewind_goes_where_the_seek_went,
        partitions_assigned_by_hand_without_a_group_go_back_too,
        prefetched_records_are_dropped_only_where_the_position_moves,
        a_rewind_under_an_open_poll_is_refused,
        a_rewind_leaves_positions_that_are_not_known_yet_alone
    );
    ADD_CASE(
        s,
        "keep",
        auto_commit_never_commits_what_a_keeping_poll_delivered,
        what_a_keeping_poll_delivered_is_not_committed_at_the_end_either,
        a_rewind_undoes_what_keeping_polls_delivered
    );
    TCase *cases = tcase_create("keep, truncated");
    tcase_add_loop_test(
        cases, a_truncated_log_leaves_alone_what_is_kept_and_what_is_acknowledged, 0, 2
    );
    suite_add_tcase(s, cases);
    return s;
}
