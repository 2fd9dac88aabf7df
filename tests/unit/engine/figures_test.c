// SPDX-License-Identifier: Apache-2.0
// What whole engines count and measure for metrics.
#include "consumer/fetch/queue.h"
#include "consumer/group/member_figures.h"
#include "consumer/wire/kafka_error.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP                                                            \
    "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500 " \
    "heartbeat.interval.ms=500 "

static struct queue_counters counters(const struct world_consumer *consumer) {
    return queue_totals(engine_queue(consumer->engine)).engine;
}

START_TEST(requests_are_counted_and_timed) {
    struct world *world = world_new(1, 1);
    world->latency_ms = 5;
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 5, SECONDS(5));
    world_run(world, SECONDS(10));
    struct queue_counters now = counters(consumer);
    ck_assert_uint_eq(now.joins, 1);
    ck_assert_uint_eq(now.syncs, 1);
    ck_assert_uint_ge(now.heartbeats, 15);
    ck_assert_double_ge(now.heartbeat_time.most_ms, 10);
    ck_assert_double_le(now.heartbeat_time.most_ms, 30);
    ck_assert_double_ge(now.commit_time.mean_ms, 10);
    ck_assert_double_le(now.commit_time.mean_ms, 30);
    // A fetch that finds nothing is held for fetch.max.wait.ms.
    ck_assert_double_ge(now.fetch_time.most_ms, 500);
    ck_assert_double_ge(now.rebalance_time.most_ms, now.join_time.most_ms + now.sync_time.most_ms);
    world_free(world);
}

END_TEST

START_TEST(a_held_rebalance_takes_as_long_as_it_is_held) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "rebalance.ack.timeout.ms=4000");
    world_await_assigned(consumer, 1, SECONDS(5));
    int64_t first_at_ms = counters(consumer).rebalanced_at_ms;
    ck_assert_int_gt(first_at_ms, 0);
    consumer->holds[EVENT_PARTITIONS_REVOKED] = true;
    world_give(consumer, world_command(COMMAND_REBALANCE, 0));
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(10));
    world_run(world, 100);
    struct queue_counters now = counters(consumer);
    ck_assert_uint_eq(now.rebalances, 2);
    ck_assert_uint_eq(now.expired_holds, 1);
    ck_assert_double_ge(now.rebalance_time.most_ms, 4000);
    ck_assert_double_le(now.rebalance_time.most_ms, 4500);
    ck_assert_int_ge(now.rebalanced_at_ms, first_at_ms + 4000);
    world_run(world, SECONDS(70));
    ck_assert_double_eq(counters(consumer).rebalance_time.most_ms, 0);
    world_free(world);
}

END_TEST

START_TEST(attempts_to_join_that_fail_are_counted_and_no_rebalance) {
    struct world *world = world_new(1, 1);
    world_error(world, API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS, 3);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 1, SECONDS(10));
    world_run(world, 100);
    struct queue_counters now = counters(consumer);
    ck_assert_uint_eq(now.failed_rebalances, 3);
    ck_assert_uint_eq(now.rebalances, 1);
    ck_assert_uint_eq(now.joins, 1);
    world_free(world);
}

END_TEST

SUITE(engine_figures) {
    Suite *s = suite_create("engine/figures");
    ADD_CASE(
        s,
        "figures",
        requests_are_counted_and_timed,
        a_held_rebalance_takes_as_long_as_it_is_held,
        attempts_to_join_that_fail_are_counted_and_no_rebalance
    );
    return s;
}
