// SPDX-License-Identifier: Apache-2.0
// What whole engines tell their listeners beside rebalances: changes of state, and errors, each
// when it begins.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <string.h>

#define GROUP                                                            \
    "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500 " \
    "session.timeout.ms=6000 heartbeat.interval.ms=500 "

static int errors(const struct world_consumer *consumer) {
    return world_event_count(consumer, EVENT_ERROR);
}

static int count_errors(const struct world_consumer *consumer, enum status status) {
    int count = 0;
    for (size_t i = 0; i < consumer->event_count; i++) {
        const struct world_event *event = &consumer->events[i];
        count += event->kind == EVENT_ERROR && event->status == status;
    }
    return count;
}

static void fill(struct world *world) {
    for (int32_t p = 0; p < fake_topic_find(&world->cluster, SLICE_LITERAL("t"))->partition_count;
         p++)
        fake_partition_fill(&world->cluster, "t", p, 10);
}

// ------------------------------------------------------------------------------------------------
// States

// Ends the test unless the states told form a chain from "unsubscribed" to `last`, each with a
// reason.
static void check_chain(const struct world_consumer *consumer, const char *last) {
    const char *state = "unsubscribed";
    for (size_t i = 0; i < consumer->event_count; i++) {
        const struct world_event *event = &consumer->events[i];
        if (event->kind != EVENT_STATE_CHANGED) continue;
        ck_assert_str_eq(event->texts[0], state);
        ck_assert_str_ne(event->texts[1], state);
        ck_assert_str_ne(event->texts[2], "");
        state = event->texts[1];
    }
    ck_assert_str_eq(state, last);
}

static int count_state(const struct world_consumer *consumer, const char *state) {
    int count = 0;
    for (size_t i = 0; i < consumer->event_count; i++) {
        const struct world_event *event = &consumer->events[i];
        count += event->kind == EVENT_STATE_CHANGED && strcmp(event->texts[1], state) == 0;
    }
    return count;
}

START_TEST(every_state_of_the_member_is_told_with_its_reason) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    check_chain(consumer, "joining");
    world_await_assigned(consumer, 1, SECONDS(3));
    check_chain(consumer, "stable");
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_UNKNOWN_MEMBER_ID, 1);
    world_await_event(consumer, EVENT_PARTITIONS_LOST, 1, SECONDS(2));
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(30));
    ck_assert_int_eq(count_state(consumer, "lost"), 1);
    ck_assert_int_eq(count_state(consumer, "stable"), 2);
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    check_chain(consumer, "unsubscribed");
    ck_assert_int_eq(count_state(consumer, "preparing"), 1);
    ck_assert_int_eq(count_state(consumer, "leaving"), 1);
    ck_assert_int_eq(errors(consumer), 0);
    world_free(world);
}

END_TEST

START_TEST(an_assignment_by_hand_is_a_state) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_await(world_assign(consumer, 0, 0));
    check_chain(consumer, "assigned");
    world_await(world_assign(consumer, 0, 5));
    ck_assert_int_eq(world_event_count(consumer, EVENT_STATE_CHANGED), 1);
    world_await(world_subscribe(consumer, NULL));
    check_chain(consumer, "unsubscribed");
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Errors

// pitfall 99: once when it begins, however often the join is tried; and again when it comes back.
START_TEST(an_error_of_the_group_is_told_once_each_time_it_begins) {
    struct world *world = world_new(1, 1);
    world_error(
        world, API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_GROUP_AUTHORIZATION_FAILED, FAKE_FOR_EVER
    );
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_run(world, SECONDS(60));
    ck_assert_int_eq(errors(consumer), 1);
    const struct world_event *event = world_event(consumer, EVENT_ERROR);
    ck_assert_int_eq(event->status, STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(event->kafka_error, ERROR_GROUP_AUTHORIZATION_FAILED);
    ck_assert(!event->fatal);
    ck_assert_uint_eq(event->row_count, 0);
    fake_faults_clear(&world->cluster.faults);
    world_await_assigned(consumer, 1, SECONDS(20));
    ck_assert_int_eq(errors(consumer), 1);
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_GROUP_AUTHORIZATION_FAILED, 3);
    world_run(world, SECONDS(4));
    ck_assert_int_eq(errors(consumer), 2);
    world_free(world);
}

END_TEST

START_TEST(an_error_that_ends_the_membership_is_told_as_fatal) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(consumer, 1, SECONDS(3));
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_FENCED_INSTANCE_ID, 1);
    const struct world_event *event = world_await_event(consumer, EVENT_ERROR, 1, SECONDS(2));
    ck_assert_int_eq(event->status, STATUS_FENCED);
    ck_assert(event->fatal);
    ck_assert_int_eq(count_state(consumer, "fatal"), 1);
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_LOST), 1);
    world_free(world);
}

END_TEST

// pitfall 99: once for each partition, and the others go on.
START_TEST(an_error_of_a_partition_is_told_once_with_the_partition) {
    struct world *world = world_new(1, 2);
    fill(world);
    world_error(world, API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_TOPIC_AUTHORIZATION_FAILED, 5);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 20, SECONDS(10));
    ck_assert_int_eq(errors(consumer), 2);
    const struct world_event *event = world_event(consumer, EVENT_ERROR);
    ck_assert_int_eq(event->status, STATUS_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_uint_eq(event->row_count, 1);
    ck_assert_str_eq(event->rows[0].topic, "t");
    ck_assert_ptr_nonnull(strstr(event->texts[0], "TOPIC_AUTHORIZATION_FAILED"));
    world_free(world);
}

END_TEST

START_TEST(a_partition_without_a_place_to_start_is_told) {
    struct world *world = world_new(1, 1);
    fill(world);
    struct world_consumer *consumer = world_add_polling(world, GROUP "auto.offset.reset=none");
    const struct world_event *event = world_await_event(consumer, EVENT_ERROR, 1, SECONDS(3));
    ck_assert_int_eq(event->status, STATUS_NO_OFFSET);
    ck_assert_int_eq(event->rows[0].partition, 0);
    world_run(world, SECONDS(5));
    ck_assert_int_eq(errors(consumer), 1);
    world_free(world);
}

END_TEST

static void refuse_topics(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    struct metadata_response *metadata = response;
    for (int32_t i = 0; i < metadata->topics_count; i++) {
        metadata->topics[i].error_code = *(const int16_t *)arg;
        metadata->topics[i].partitions_count = 0;
    }
}

// A topic without authorization, or one that does not exist, has no partitions to tell it.
START_TEST(a_subscribed_topic_that_cannot_be_read_is_told_once) {
    static struct {
        int16_t code;
        enum status status;
    } cases[] = {
        { ERROR_TOPIC_AUTHORIZATION_FAILED, STATUS_TOPIC_AUTHORIZATION_FAILED },
        { ERROR_UNKNOWN_TOPIC_OR_PARTITION, STATUS_NO_SUCH_TOPIC },
        { ERROR_INVALID_TOPIC_EXCEPTION, STATUS_NO_SUCH_TOPIC },
        { ERROR_LEADER_NOT_AVAILABLE, STATUS_OK },
    };
    struct world *world = world_new(1, 1);
    fill(world);
    struct fake_fault fault = {
        .api = API_METADATA,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_EDIT,
        .edit = refuse_topics,
        .arg = &cases[_i].code,
        .times = FAKE_FOR_EVER,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    struct world_consumer *consumer = world_add_polling(world, GROUP "metadata.max.age.ms=500");
    world_run(world, SECONDS(10));
    ck_assert_int_eq(errors(consumer), cases[_i].status ? 1 : 0);
    const struct world_event *event = world_event(consumer, EVENT_ERROR);
    if (event) {
        ck_assert_int_eq(event->status, cases[_i].status);
        ck_assert_int_eq(event->kafka_error, cases[_i].code);
        ck_assert_str_eq(event->rows[0].topic, "t");
        ck_assert_int_eq(event->rows[0].partition, -1);
    }
    fake_faults_clear(&world->cluster.faults);
    world_await_records(consumer, 10, SECONDS(10));
    ck_assert_int_eq(errors(consumer), cases[_i].status ? 1 : 0);
    world_free(world);
}

END_TEST

START_TEST(a_failing_automatic_commit_is_told_once_each_time_it_begins) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    fill(world);
    world_await_committed(world, "t", 0, 10, SECONDS(5));
    world_await_committed(world, "t", 1, 10, SECONDS(5));
    for (int round = 1; round <= 2; round++) {
        int16_t code = ERROR_TOPIC_AUTHORIZATION_FAILED;
        world_error(world, API_OFFSET_COMMIT, FAKE_FAULT_PARTITION_ERROR, code, FAKE_FOR_EVER);
        fake_partition_fill(&world->cluster, "t", 1, 10);
        world_run(world, SECONDS(5));
        ck_assert_int_eq(errors(consumer), round);
        const struct world_event *event = world_event(consumer, EVENT_ERROR);
        ck_assert_int_eq(event->status, STATUS_TOPIC_AUTHORIZATION_FAILED);
        ck_assert_uint_eq(event->row_count, 1);
        ck_assert_int_eq(event->rows[0].partition, 1);
        ck_assert_ptr_nonnull(strstr(event->texts[0], "automatic commit"));
        fake_faults_clear(&world->cluster.faults);
        world_await_committed(world, "t", 1, 10 + 10 * round, SECONDS(5));
    }
    world_free(world);
}

END_TEST

START_TEST(an_outage_of_the_cluster_is_told_once_and_a_blip_is_not) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 1, SECONDS(3));
    fake_broker_stop(&world->cluster, 1);
    fake_broker_start(&world->cluster, 1);
    world_run(world, SECONDS(3));
    ck_assert_int_eq(errors(consumer), 0);
    for (int round = 1; round <= 2; round++) {
        fake_broker_stop(&world->cluster, 1);
        world_run(world, SECONDS(3));
        ck_assert_int_eq(errors(consumer), round);
        ck_assert_int_eq(world_event(consumer, EVENT_ERROR)->status, STATUS_BROKER_UNAVAILABLE);
        fake_broker_start(&world->cluster, 1);
        world_run(world, SECONDS(5));
        ck_assert_int_eq(errors(consumer), round);
    }
    world_free(world);
}

END_TEST

// The cluster is there, but no broker tells where the coordinator is.
START_TEST(a_coordinator_that_stays_away_is_told_once) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 1, SECONDS(3));
    world_fault(world, API_HEARTBEAT, FAKE_FAULT_LOST, 0);
    struct fake_fault fault = {
        .api = API_FIND_COORDINATOR,
        .broker = FAKE_ANY_BROKER,
        .kind = FAKE_FAULT_LOST,
        .times = FAKE_FOR_EVER,
    };
    fake_faults_add(&world->cluster.faults, &fault);
    world_run(world, SECONDS(30));
    ck_assert_int_eq(count_errors(consumer, STATUS_COORDINATOR_UNAVAILABLE), 1);
    fake_faults_clear(&world->cluster.faults);
    world_await_assigned(consumer, 1, SECONDS(20));
    ck_assert_int_eq(count_errors(consumer, STATUS_COORDINATOR_UNAVAILABLE), 1);
    ck_assert_int_eq(count_errors(consumer, STATUS_BROKER_UNAVAILABLE), 0);
    world_free(world);
}

END_TEST

SUITE(engine_events) {
    Suite *s = suite_create("engine/events");
    ADD_CASE(
        s,
        "events",
        every_state_of_the_member_is_told_with_its_reason,
        an_assignment_by_hand_is_a_state,
        an_error_of_the_group_is_told_once_each_time_it_begins,
        an_error_that_ends_the_membership_is_told_as_fatal,
        an_error_of_a_partition_is_told_once_with_the_partition,
        a_partition_without_a_place_to_start_is_told,
        a_failing_automatic_commit_is_told_once_each_time_it_begins,
        an_outage_of_the_cluster_is_told_once_and_a_blip_is_not,
        a_coordinator_that_stays_away_is_told_once
    );
    TCase *cases = tcase_create("events, topics");
    tcase_add_loop_test(cases, a_subscribed_topic_that_cannot_be_read_is_told_once, 0, 4);
    suite_add_tcase(s, cases);
    return s;
}
