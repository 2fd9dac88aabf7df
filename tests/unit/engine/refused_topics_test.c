// SPDX-License-Identifier: Apache-2.0
// What Metadata refuses, a topic or the group: told to polls, while the others go on, until it is
// mended.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset=earliest "

struct refusal {
    int16_t code;
    enum status status;
};

// Refuses "refused" with the code that the argument points to.
static void refuse(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    const struct metadata_response *metadata = response;
    for (int32_t i = 0; i < metadata->topics_count; i++) {
        struct metadata_response_topic *topic = &metadata->topics[i];
        if (!slice_equal_string(topic->name, "refused")) continue;
        topic->error_code = *(const int16_t *)arg;
        topic->partitions_count = 0;
    }
}

// A world with 10 records in "t" and in "refused", which metadata does not show.
static struct world *make(void *code) {
    struct world *world = world_new(1, 1);
    fake_topic_add(&world->cluster, "refused", 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    fake_partition_fill(&world->cluster, "refused", 0, 10);
    struct fake_fault fault = {
        .api = API_METADATA,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_EDIT,
        .edit = refuse,
        .arg = code,
        .times = FAKE_FOR_EVER,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    return world;
}

static void subscribe_to_both(struct world_consumer *consumer) {
    struct command *command = world_command(COMMAND_SUBSCRIBE, 0);
    command->topics = arena_array(&command->arena, 2, sizeof *command->topics);
    command->topics[0] = "refused";
    command->topics[1] = "t";
    command->topic_count = 2;
    ck_assert_int_eq(world_await(world_give(consumer, command)), STATUS_OK);
}

static void check_told(const struct world_consumer *consumer, int times, struct refusal refusal) {
    ck_assert_int_eq(consumer->error_count, times);
    ck_assert_int_eq(world_event(consumer, EVENT_ERROR)->status, refusal.status);
    ck_assert_int_eq(consumer->last_kafka_error, refusal.code);
    ck_assert_str_eq(consumer->last_error_topic, "refused");
}

static const struct refusal for_good[] = {
    { ERROR_TOPIC_AUTHORIZATION_FAILED, STATUS_TOPIC_AUTHORIZATION_FAILED },
    { ERROR_INVALID_TOPIC_EXCEPTION, STATUS_NO_SUCH_TOPIC },
    { ERROR_UNKNOWN_SERVER_ERROR, STATUS_KAFKA_ERROR },
};

enum { FOR_GOOD_COUNT = sizeof for_good / sizeof for_good[0] };

// pitfall 99: told by one poll; the other topic's records come before and after it.
START_TEST(a_poll_tells_that_one_of_the_topics_is_refused_and_the_others_go_on) {
    int16_t code = for_good[_i].code;
    struct world *world = make(&code);
    struct world_consumer *consumer = world_add(world, GROUP);
    subscribe_to_both(consumer);
    consumer->polls = true;
    world_await_records(consumer, 10, SECONDS(5));
    world_run(world, SECONDS(20));
    check_told(consumer, 1, for_good[_i]);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    world_await_records(consumer, 20, SECONDS(2));
    ck_assert_uint_eq(world_count_of(consumer, "t", 0), 20);
    int asked = world->seen[API_METADATA];
    world_run(world, SECONDS(20));
    ck_assert_int_le(world->seen[API_METADATA] - asked, 30); // pauses of up to a second
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 30, SECONDS(10));
    ck_assert_uint_eq(world_count_of(consumer, "refused", 0), 10);
    check_told(consumer, 1, for_good[_i]);
    world_free(world);
}

END_TEST

// Records at hand come first, in the same poll and in those after it.
START_TEST(a_refusal_waits_for_the_records_at_hand) {
    int16_t code = ERROR_TOPIC_AUTHORIZATION_FAILED;
    struct world *world = make(&code);
    struct world_consumer *consumer = world_add(world, GROUP);
    subscribe_to_both(consumer);
    world_await_fetching(consumer, SECONDS(5));
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(world_poll(consumer, 4), 4);
    ck_assert_uint_eq(world_poll(consumer, 100), 6);
    ck_assert_int_eq(consumer->error_count, 0);
    ck_assert_uint_eq(world_poll(consumer, 100), 0);
    check_told(consumer, 1, for_good[0]);
    ck_assert_uint_eq(world_poll(consumer, 100), 0);
    check_told(consumer, 1, for_good[0]);
    world_free(world);
}

END_TEST

START_TEST(a_refusal_that_lasts_is_told_again_when_metadata_is_old) {
    int16_t code = ERROR_TOPIC_AUTHORIZATION_FAILED;
    struct world *world = make(&code);
    struct world_consumer *consumer = world_add(world, GROUP "metadata.max.age.ms=60000");
    subscribe_to_both(consumer);
    consumer->polls = true;
    world_run(world, SECONDS(58));
    check_told(consumer, 1, for_good[0]);
    world_run(world, SECONDS(6));
    check_told(consumer, 2, for_good[0]);
    ck_assert_int_eq(world_event_count(consumer, EVENT_ERROR), 1);
    world_free(world);
}

END_TEST

START_TEST(a_refusal_is_told_anew_to_a_new_subscription_and_not_of_an_old_one) {
    int16_t code = ERROR_TOPIC_AUTHORIZATION_FAILED;
    struct world *world = make(&code);
    struct world_consumer *consumer = world_add(world, GROUP);
    subscribe_to_both(consumer);
    consumer->polls = true;
    world_run(world, SECONDS(5));
    check_told(consumer, 1, for_good[0]);
    subscribe_to_both(consumer);
    world_run(world, SECONDS(5));
    check_told(consumer, 2, for_good[0]);
    consumer->polls = false;
    subscribe_to_both(consumer);
    world_run(world, SECONDS(5));
    world_subscribe(consumer, "t");
    world_run(world, SECONDS(5));
    consumer->polls = true;
    world_run(world, SECONDS(5));
    check_told(consumer, 2, for_good[0]);
    world_free(world);
}

END_TEST

// It is mended before anybody polled: nobody is told of what is over.
START_TEST(a_refusal_that_is_over_is_not_told) {
    int16_t code = ERROR_TOPIC_AUTHORIZATION_FAILED;
    struct world *world = make(&code);
    struct world_consumer *consumer = world_add(world, GROUP);
    subscribe_to_both(consumer);
    world_run(world, SECONDS(5));
    fake_faults_clear(&world->cluster.faults);
    world_run(world, SECONDS(5));
    consumer->polls = true;
    world_await_records(consumer, 20, SECONDS(5));
    ck_assert_int_eq(consumer->error_count, 0);
    world_free(world);
}

END_TEST

static const struct refusal of_assigned[] = {
    { ERROR_TOPIC_AUTHORIZATION_FAILED, STATUS_TOPIC_AUTHORIZATION_FAILED },
    { ERROR_INVALID_TOPIC_EXCEPTION, STATUS_NO_SUCH_TOPIC },
    { ERROR_UNKNOWN_TOPIC_OR_PARTITION, STATUS_NO_SUCH_TOPIC },
};

enum { OF_ASSIGNED_COUNT = sizeof of_assigned / sizeof of_assigned[0], OFFSETS_COUNT = 2 };

// From an offset, for which nothing is looked up, and from where the policy says.
START_TEST(a_poll_tells_that_a_topic_assigned_by_hand_is_refused) {
    struct refusal refusal = of_assigned[_i / OFFSETS_COUNT];
    struct world *world = make(&refusal.code);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=earliest");
    struct command *command = world_command(COMMAND_ASSIGN, 0);
    world_command_row(command, "refused", 0, _i % OFFSETS_COUNT ? 0 : -1);
    world_command_row(command, "t", 0, 5);
    world_give(consumer, command);
    consumer->polls = true;
    world_await_records(consumer, 5, SECONDS(5));
    world_run(world, SECONDS(20));
    check_told(consumer, 1, refusal);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 10, SECONDS(2));
    int asked = world->seen[API_METADATA];
    world_run(world, SECONDS(20));
    ck_assert_int_le(world->seen[API_METADATA] - asked, 45);
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 20, SECONDS(5));
    check_told(consumer, 1, refusal);
    world_free(world);
}

END_TEST

START_TEST(a_poll_tells_that_a_partition_assigned_by_hand_is_beyond_its_topic) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=earliest");
    world_assign(consumer, 7, 0);
    consumer->polls = true;
    world_run(world, SECONDS(20));
    ck_assert_int_eq(consumer->error_count, 1);
    ck_assert_int_eq(consumer->last_error, STATUS_NO_SUCH_PARTITION);
    world_free(world);
}

END_TEST

// pitfall 99: the lookup of the coordinator is refused, as without DESCRIBE on the group.
START_TEST(a_group_that_may_not_be_looked_for_is_told_until_it_is_mended) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    int16_t code = ERROR_GROUP_AUTHORIZATION_FAILED;
    world_error(world, API_FIND_COORDINATOR, FAKE_FAULT_ERROR, code, FAKE_FOR_EVER);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_run(world, SECONDS(5));
    ck_assert_int_eq(consumer->last_error, STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(world_member(consumer).error.status, STATUS_GROUP_AUTHORIZATION_FAILED);
    struct world_call *commit = world_commit(consumer, 0, 1);
    ck_assert_int_ne(world_await(commit), STATUS_OK);
    ck_assert_int_le(world->seen[API_FIND_COORDINATOR], 20);
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 10, SECONDS(10));
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 5)), STATUS_OK);
    int errors = consumer->error_count;
    world_run(world, SECONDS(5));
    ck_assert_int_eq(consumer->error_count, errors);
    ck_assert_int_eq(world_member(consumer).error.status, STATUS_OK);
    world_free(world);
}

END_TEST

static const struct {
    enum api_key api;
    enum fake_fault_kind kind;
} lookups[] = {
    { API_FIND_COORDINATOR, FAKE_FAULT_ERROR },
    { API_OFFSET_FETCH, FAKE_FAULT_ERROR },
};

enum { LOOKUP_COUNT = sizeof lookups / sizeof lookups[0] };

// A partition assigned by hand starts at its committed offset, which may not be asked for.
START_TEST(committed_offsets_that_are_refused_are_told_and_come_when_it_is_mended) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    int16_t code = ERROR_GROUP_AUTHORIZATION_FAILED;
    world_error(world, lookups[_i].api, lookups[_i].kind, code, FAKE_FOR_EVER);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_assign(consumer, 0, -1);
    consumer->polls = true;
    world_run(world, SECONDS(10));
    ck_assert_int_eq(consumer->error_count, 1);
    ck_assert_int_eq(consumer->last_error, STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(consumer->last_kafka_error, code);
    ck_assert_int_eq(world_position(consumer, 0)->last_error, STATUS_GROUP_AUTHORIZATION_FAILED);
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 10, SECONDS(5));
    ck_assert_int_eq(consumer->error_count, 1);
    world_free(world);
}

END_TEST

SUITE(engine_refused_topics) {
    Suite *s = suite_create("engine/refused_topics");
    ADD_CASE(
        s,
        "refused_topics",
        a_refusal_waits_for_the_records_at_hand,
        a_refusal_that_lasts_is_told_again_when_metadata_is_old,
        a_refusal_is_told_anew_to_a_new_subscription_and_not_of_an_old_one,
        a_refusal_that_is_over_is_not_told,
        a_poll_tells_that_a_partition_assigned_by_hand_is_beyond_its_topic,
        a_group_that_may_not_be_looked_for_is_told_until_it_is_mended
    );
    TCase *cases = tcase_create("refused_topics, cases");
    tcase_add_loop_test(
        cases,
        a_poll_tells_that_one_of_the_topics_is_refused_and_the_others_go_on,
        0,
        FOR_GOOD_COUNT
    );
    tcase_add_loop_test(
        cases,
        a_poll_tells_that_a_topic_assigned_by_hand_is_refused,
        0,
        OF_ASSIGNED_COUNT * OFFSETS_COUNT
    );
    tcase_add_loop_test(
        cases,
        committed_offsets_that_are_refused_are_told_and_come_when_it_is_mended,
        0,
        LOOKUP_COUNT
    );
    suite_add_tcase(s, cases);
    return s;
}
