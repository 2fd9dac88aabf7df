// SPDX-License-Identifier: Apache-2.0
// From joining a group to records, and what is committed of them.
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest"

START_TEST(a_subscribed_consumer_joins_and_gets_every_record_in_order) {
    struct world *world = world_new(3, 4);
    for (int32_t p = 0; p < 4; p++)
        fake_partition_fill(&world->cluster, "t", p, 50);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 200, SECONDS(2));
    for (int32_t p = 0; p < 4; p++)
        world_check_sequence(consumer, p, 0, 50);
    fake_partition_fill(&world->cluster, "t", 2, 5);
    world_await_records(consumer, 205, SECONDS(1));
    world_check_sequence(consumer, 2, 0, 55);
    world_free(world);
}

END_TEST

SUITE(engine_delivery) {
    Suite *s = suite_create("engine/delivery");
    ADD_CASE(s, "delivery", a_subscribed_consumer_joins_and_gets_every_record_in_order);
    return s;
}
