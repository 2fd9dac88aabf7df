// SPDX-License-Identifier: Apache-2.0
// How much is fetched from whom, and what becomes of it when the application pauses: the bound on
// prefetched bytes, and nothing out of turn within it.
#include "consumer/fetch/queue.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest "

// A fetch that a broker holds for want of records takes room, but not all of it.
START_TEST(a_broker_without_news_does_not_starve_the_others) {
    struct world *world = world_new(3, 3);
    struct world_consumer *consumer = world_add_polling(
        world, GROUP "fetch.buffer.bytes=65536 fetch.max.wait.ms=5000 max.poll.interval.ms=300000"
    );
    world_await_assigned(consumer, 3, SECONDS(2));
    world_run(world, SECONDS(1));
    size_t count = 0;
    for (int32_t p = 2; p >= 0; p--) {
        fake_partition_fill(&world->cluster, "t", p, 2000);
        count += 2000;
        world_await_records(consumer, count, SECONDS(2));
        world_check_sequence(consumer, p, 0, 2000);
    }
    world_free(world);
}

END_TEST

// pitfall 38: an answer that comes after the pause is parked within the bound, or fetched again;
// and nothing that comes after what was dropped is delivered in its place.
START_TEST(what_comes_after_a_pause_is_parked_within_the_bound) {
    struct world *world = world_new(1, 4);
    world->latency_ms = 20;
    struct world_consumer *consumer = world_add(world, GROUP "fetch.buffer.bytes=65536");
    world_subscribe(consumer, "t");
    world_await_assigned(consumer, 4, SECONDS(2));
    world_await_fetching(consumer, SECONDS(2));
    for (int32_t p = 0; p < 4; p++)
        fake_partition_fill(&world->cluster, "t", p, 3000);
    for (int round = 0; round < 50; round++) {
        world_ask(consumer, COMMAND_PAUSE, -1);
        world_run(world, 1 + round % 45);
        struct queue_totals totals = queue_totals(engine_queue(consumer->engine));
        ck_assert_uint_le(totals.parked_bytes, 65536);
        world_ask(consumer, COMMAND_RESUME, -1);
        world_run(world, 1 + round % 30);
    }
    consumer->polls = true;
    world_await_records(consumer, 12000, SECONDS(60));
    for (int32_t p = 0; p < 4; p++)
        world_check_sequence(consumer, p, 0, 3000);
    world_free(world);
}

END_TEST

static size_t buffered(struct world_consumer *consumer) {
    return queue_totals(engine_queue(consumer->engine)).buffered_bytes;
}

// Two consumers in one process, of which nobody polls: what they hold together stays within the
// bound, but for the batch that may exceed a share. Alone again, one may fill it all.
START_TEST(consumers_of_one_process_share_the_bound) {
    enum { LIMIT_BYTES = 256 << 10, SLACK_BYTES = 32 << 10 };

    struct world *world = world_new(1, 2);
    struct world_consumer *consumers[2] = {
        world_add(world, GROUP "fetch.buffer.bytes=262144"),
        world_add(world, "group.id=h auto.offset.reset=earliest fetch.buffer.bytes=262144"),
    };
    for (int32_t p = 0; p < 2; p++)
        fake_partition_fill(&world->cluster, "t", p, 12000);
    for (size_t i = 0; i < 2; i++) {
        engine_set_share(consumers[i]->engine, 2);
        world_subscribe(consumers[i], "t");
        world_await_assigned(consumers[i], 2, SECONDS(2));
    }
    world_run(world, SECONDS(5));
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_gt(buffered(consumers[i]), LIMIT_BYTES / 4);
        ck_assert_uint_le(buffered(consumers[i]), LIMIT_BYTES / 2 + SLACK_BYTES);
    }
    engine_set_share(consumers[0]->engine, 1);
    world_run(world, SECONDS(5));
    ck_assert_uint_gt(buffered(consumers[0]), LIMIT_BYTES / 2 + SLACK_BYTES);
    ck_assert_uint_le(buffered(consumers[0]), LIMIT_BYTES + SLACK_BYTES);
    // A share is never too small for progress.
    engine_set_share(consumers[1]->engine, 1000);
    ck_assert_uint_eq(
        queue_totals(engine_queue(consumers[1]->engine)).limit_bytes, ENGINE_LEAST_SHARE_BYTES
    );
    consumers[1]->polls = true;
    world_await_records(consumers[1], 24000, SECONDS(600));
    world_free(world);
}

END_TEST

SUITE(engine_fetch_room) {
    Suite *s = suite_create("engine/fetch_room");
    ADD_CASE(
        s,
        "fetch_room",
        a_broker_without_news_does_not_starve_the_others,
        what_comes_after_a_pause_is_parked_within_the_bound,
        consumers_of_one_process_share_the_bound
    );
    return s;
}
