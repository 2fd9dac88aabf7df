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

SUITE(engine_fetch_room) {
    Suite *s = suite_create("engine/fetch_room");
    ADD_CASE(
        s,
        "fetch_room",
        a_broker_without_news_does_not_starve_the_others,
        what_comes_after_a_pause_is_parked_within_the_bound
    );
    return s;
}
