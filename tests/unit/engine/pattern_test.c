// SPDX-License-Identifier: Apache-2.0
// Whole engines that are subscribed to a pattern: topics that match, come, grow and vanish.
#include "consumer/wire/messages_cluster.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define GROUP                                                            \
    "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500 " \
    "session.timeout.ms=6000 heartbeat.interval.ms=500 "
#define CURIOUS GROUP "metadata.max.age.ms=1000 "

static struct world_call *subscribe(struct world_consumer *consumer, const char *pattern) {
    struct command *command = world_command(COMMAND_SUBSCRIBE_PATTERN, 0);
    command->pattern = arena_string(&command->arena, slice_from_string(pattern));
    return world_give(consumer, command);
}

static struct world_consumer *start(struct world *world, const char *options, const char *pattern) {
    struct world_consumer *consumer = world_add(world, options);
    ck_assert_int_eq(world_await(subscribe(consumer, pattern)), STATUS_OK);
    consumer->polls = true;
    return consumer;
}

static void check_topics(const struct world_consumer *consumer, const char *names) {
    char text[200] = "";
    const struct subscription *subscription = &consumer->engine->subscription;
    for (size_t i = 0; i < subscription->count; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s ", subscription->topics[i]);
    }
    ck_assert_str_eq(text, names);
}

START_TEST(all_topics_that_match_are_read_and_no_others) {
    struct world *world = world_new(1, 0);
    static const char *const names[] = { "orders", "orders.eu", "orders.us", "my-orders.eu" };
    for (size_t i = 0; i < 4; i++) {
        fake_topic_add(&world->cluster, names[i], 2);
        fake_partition_fill(&world->cluster, names[i], 1, 5);
    }
    fake_topic_add(&world->cluster, "orders.internal", 1)->is_internal = true;
    struct world_consumer *consumer = start(world, GROUP, "orders\\..*");
    world_await_records(consumer, 10, SECONDS(3));
    check_topics(consumer, "orders.eu orders.us ");
    ck_assert_uint_eq(consumer->engine->positions.count, 4);
    ck_assert_uint_eq(world_count_of(consumer, "orders.eu", 1), 5);
    ck_assert_uint_eq(world_count_of(consumer, "orders.us", 1), 5);
    world_run(world, SECONDS(5));
    ck_assert_uint_eq(consumer->record_count, 10);
    world_free(world);
}

END_TEST

// pitfall 79: both members find it by themselves and join again.
START_TEST(a_topic_that_appears_is_found_and_shared) {
    struct world *world = world_new(2, 0);
    fake_topic_add(&world->cluster, "t-1", 2);
    struct world_consumer *first = start(world, CURIOUS, "t-.*");
    struct world_consumer *second = start(world, CURIOUS, "t-.*");
    world_await_assigned(first, 1, SECONDS(5));
    world_await_assigned(second, 1, SECONDS(5));
    fake_topic_add(&world->cluster, "t-2", 2);
    fake_topic_add(&world->cluster, "u-2", 2);
    fake_partition_fill(&world->cluster, "t-2", 0, 5);
    fake_partition_fill(&world->cluster, "t-2", 1, 5);
    world_await_assigned(first, 2, SECONDS(5));
    world_await_assigned(second, 2, SECONDS(5));
    world_run(world, SECONDS(2));
    ck_assert_uint_ge(first->record_count + second->record_count, 10);
    check_topics(first, "t-1 t-2 ");
    check_topics(second, "t-1 t-2 ");
    world_free(world);
}

END_TEST

START_TEST(a_topic_that_grows_is_read_as_a_whole) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, CURIOUS, "t");
    world_await_assigned(consumer, 1, SECONDS(3));
    fake_topic_grow(&world->cluster, "t", 3);
    fake_partition_fill(&world->cluster, "t", 2, 5);
    world_await_assigned(consumer, 3, SECONDS(5));
    world_await_records(consumer, 5, SECONDS(2));
    world_free(world);
}

END_TEST

static void hide_first(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    struct metadata_response *metadata = response;
    ck_assert_int_gt(metadata->topics_count, 0);
    metadata->topics++;
    metadata->topics_count--;
    (*(int *)arg)++;
}

// pitfall 58, pitfall 79: a broker that is behind the others takes nothing away.
START_TEST(a_topic_that_some_answers_lack_is_kept) {
    struct world *world = world_new(1, 2);
    fake_topic_add(&world->cluster, "t2", 1);
    struct world_consumer *consumer = start(world, CURIOUS, "t.*");
    world_await_assigned(consumer, 3, SECONDS(3));
    int64_t rebalances = world_member(consumer).rebalance_count;
    int hidden = 0;
    struct fake_fault fault = {
        .api = API_METADATA,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_EDIT,
        .edit = hide_first,
        .arg = &hidden,
        .times = METADATA_MISSES_UNTIL_GONE - 1,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    world_run(world, SECONDS(20));
    ck_assert_int_eq(hidden, METADATA_MISSES_UNTIL_GONE - 1);
    ck_assert_int_eq(world_member(consumer).rebalance_count, rebalances);
    check_topics(consumer, "t t2 ");
    world_free(world);
}

END_TEST

// pitfall 79, pitfall 100: given up, not made anew, and not asked for endlessly; made again by
// somebody it is read from its start.
START_TEST(a_topic_that_was_deleted_is_given_up_and_not_made_again) {
    struct world *world = world_new(1, 1);
    world->cluster.creates_topics = true;
    fake_topic_add(&world->cluster, "t2", 1);
    fake_partition_fill(&world->cluster, "t2", 0, 5);
    struct world_consumer *consumer =
        start(world, GROUP "metadata.max.age.ms=5000 allow.auto.create.topics=true", "t.*");
    world_await_records(consumer, 5, SECONDS(3));
    fake_topic_delete(&world->cluster, "t2");
    world_await_assigned(consumer, 1, SECONDS(30));
    check_topics(consumer, "t ");
    // What was read of it can no longer be committed; that it is missing is no news.
    for (size_t i = 0; i < consumer->event_count; i++)
        ck_assert_int_ne(consumer->events[i].status, STATUS_NO_SUCH_TOPIC);
    ck_assert_ptr_null(fake_topic_find(&world->cluster, SLICE_LITERAL("t2")));
    world_run(world, SECONDS(12));
    int asked = world->seen[API_METADATA];
    world_run(world, SECONDS(50));
    ck_assert_int_le(world->seen[API_METADATA], asked + 11);
    ck_assert_ptr_null(metadata_find(&consumer->engine->cluster.metadata, "t2"));
    fake_topic_add(&world->cluster, "t2", 1);
    fake_partition_fill(&world->cluster, "t2", 0, 3);
    world_await_assigned(consumer, 2, SECONDS(10));
    world_free(world);
}

END_TEST

START_TEST(a_pattern_that_nothing_matches_waits_for_a_topic) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, CURIOUS, "u.*");
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_UNJOINED);
    ck_assert(subscription_exists(consumer->engine));
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 0)), STATUS_SUBSCRIPTION_CONFLICT);
    fake_topic_add(&world->cluster, "u", 1);
    fake_partition_fill(&world->cluster, "u", 0, 5);
    world_await_records(consumer, 5, SECONDS(5));
    fake_topic_delete(&world->cluster, "u");
    world_await_assigned(consumer, 0, SECONDS(20));
    world_run(world, SECONDS(2));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_UNJOINED);
    world_free(world);
}

END_TEST

static void note_listed(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    *(int32_t *)arg = ((const struct metadata_response *)response)->topics_count;
}

// All topics are asked for only while a pattern is subscribed to.
START_TEST(a_pattern_takes_the_place_of_names_and_names_of_a_pattern) {
    struct world *world = world_new(1, 1);
    int32_t listed = 0;
    struct fake_fault fault = {
        .api = API_METADATA,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_EDIT,
        .edit = note_listed,
        .arg = &listed,
        .times = FAKE_FOR_EVER,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    for (int i = 0; i < 5; i++) {
        char name[] = { 'u', (char)('0' + i), '\0' };
        fake_topic_add(&world->cluster, name, 1);
    }
    struct world_consumer *consumer = world_add_polling(world, CURIOUS);
    world_await_assigned(consumer, 1, SECONDS(3));
    world_run(world, SECONDS(2));
    ck_assert_int_eq(listed, 1);
    ck_assert_int_eq(world_await(subscribe(consumer, "u[0-2]")), STATUS_OK);
    world_await_assigned(consumer, 3, SECONDS(5));
    check_topics(consumer, "u0 u1 u2 ");
    ck_assert_str_eq(subscription_pattern(consumer->engine), "u[0-2]");
    ck_assert_int_eq(listed, 6);
    ck_assert_int_eq(world_await(subscribe(consumer, "u[2-4]|t")), STATUS_OK);
    world_await_assigned(consumer, 4, SECONDS(5));
    check_topics(consumer, "t u2 u3 u4 ");
    world_subscribe(consumer, "t");
    world_await_assigned(consumer, 1, SECONDS(5));
    ck_assert_ptr_null(subscription_pattern(consumer->engine));
    world_run(world, SECONDS(3));
    ck_assert_int_eq(listed, 1);
    ck_assert_int_eq(world_await(subscribe(consumer, "u0")), STATUS_OK);
    world_await_assigned(consumer, 1, SECONDS(5));
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    ck_assert(!subscription_exists(consumer->engine));
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    world_free(world);
}

END_TEST

START_TEST(a_wrong_pattern_changes_nothing) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add_polling(world, CURIOUS);
    world_await_assigned(consumer, 1, SECONDS(3));
    ck_assert_int_eq(world_await(subscribe(consumer, "t(")), STATUS_INVALID_ARGUMENT);
    world_run(world, SECONDS(3));
    check_topics(consumer, "t ");
    ck_assert_int_eq(world_member(consumer).rebalance_count, 1);
    struct world_consumer *alone = world_add(world, "auto.offset.reset=earliest");
    ck_assert_int_eq(world_await(subscribe(alone, "t")), STATUS_NO_GROUP);
    world_await(world_assign(alone, 0, 0));
    struct world_consumer *by_hand = world_add(world, GROUP);
    world_await(world_assign(by_hand, 0, 0));
    ck_assert_int_eq(world_await(subscribe(by_hand, "t")), STATUS_SUBSCRIPTION_CONFLICT);
    world_free(world);
}

END_TEST

// More names than are matched in one step.
START_TEST(a_large_cluster_is_matched_in_slices) {
    enum { TOPICS = 2 * SUBSCRIPTION_NAMES_A_STEP + 7 };

    struct world *world = world_new(1, 0);
    for (int i = 0; i < TOPICS; i++) {
        char name[WORLD_TOPIC_BYTES];
        (void)snprintf(name, sizeof name, "t-%04d", i);
        fake_topic_add(&world->cluster, name, 1);
    }
    struct world_consumer *consumer = start(world, GROUP, "t-[0-9]*[05]00");
    world_await_assigned(consumer, 3, SECONDS(5));
    check_topics(consumer, "t-0000 t-0500 t-1000 ");
    world_free(world);
}

END_TEST

START_TEST(a_costly_pattern_is_told_once_and_matches_what_it_can) {
    struct world *world = world_new(1, 0);
    fake_topic_add(&world->cluster, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1);
    fake_topic_add(&world->cluster, "aab", 1);
    struct world_consumer *consumer = start(world, CURIOUS, "(a+)+[bc]");
    world_await_assigned(consumer, 1, SECONDS(3));
    fake_topic_add(&world->cluster, "ab", 1);
    world_await_assigned(consumer, 2, SECONDS(5));
    check_topics(consumer, "aab ab ");
    ck_assert_int_eq(world_event_count(consumer, EVENT_ERROR), 1);
    ck_assert_int_eq(world_event(consumer, EVENT_ERROR)->status, STATUS_INVALID_ARGUMENT);
    world_free(world);
}

END_TEST

SUITE(engine_pattern) {
    Suite *s = suite_create("engine/pattern");
    ADD_CASE(
        s,
        "pattern",
        all_topics_that_match_are_read_and_no_others,
        a_topic_that_appears_is_found_and_shared,
        a_topic_that_grows_is_read_as_a_whole,
        a_topic_that_some_answers_lack_is_kept,
        a_topic_that_was_deleted_is_given_up_and_not_made_again,
        a_pattern_that_nothing_matches_waits_for_a_topic,
        a_pattern_takes_the_place_of_names_and_names_of_a_pattern,
        a_wrong_pattern_changes_nothing,
        a_large_cluster_is_matched_in_slices,
        a_costly_pattern_is_told_once_and_matches_what_it_can
    );
    return s;
}
