// SPDX-License-Identifier: Apache-2.0
// Whole engines in a group: several members, heartbeats under load, coordinators that die, members
// that do not poll.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define GROUP                                                            \
    "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=500 " \
    "session.timeout.ms=6000 heartbeat.interval.ms=500 max.poll.interval.ms=20000 "

static void fill(struct world *world, int32_t partitions, int32_t count) {
    for (int32_t p = 0; p < partitions; p++)
        fake_partition_fill(&world->cluster, "t", p, count);
}

// How many of all consumers' records are of an offset.
static int deliveries(const struct world *world, int32_t partition, int64_t offset) {
    int count = 0;
    for (const struct world_consumer *each = world->consumers; each; each = each->next) {
        for (size_t i = 0; i < each->record_count; i++) {
            const struct world_record *record = &each->records[i];
            count += record->partition == partition && record->offset == offset;
        }
    }
    return count;
}

// Two and three members share the partitions of a topic, by one assignor or the other.
START_TEST(members_share_the_partitions) {
    static const char *const options[] = {
        GROUP "partition.assignment.strategy=range",
        GROUP "partition.assignment.strategy=roundrobin",
    };
    struct world *world = world_new(3, 12);
    fill(world, 12, 20);
    struct world_consumer *first = world_add_polling(world, options[_i]);
    world_await_assigned(first, 12, SECONDS(2));
    struct world_consumer *second = world_add_polling(world, options[_i]);
    world_await_assigned(second, 6, SECONDS(3));
    world_await_assigned(first, 6, SECONDS(1));
    struct world_consumer *third = world_add_polling(world, options[_i]);
    world_await_assigned(third, 4, SECONDS(3));
    world_await_assigned(second, 4, SECONDS(1));
    world_await_assigned(first, 4, SECONDS(1));
    for (int32_t p = 0; p < 12; p++) {
        int owners =
            !!world_position(first, p) + !!world_position(second, p) + !!world_position(third, p);
        ck_assert_int_eq(owners, 1);
    }
    world_free(world);
}

END_TEST

// After a member is killed, and after one is closed, the others own everything; every record comes,
// and after the close none comes twice.
START_TEST(a_killed_and_a_closed_member_lose_nothing) {
    struct world *world = world_new(3, 6);
    struct world_consumer *members[3];
    for (int i = 0; i < 3; i++)
        members[i] = world_add_polling(world, GROUP);
    for (int i = 0; i < 3; i++)
        world_await_assigned(members[i], 2, SECONDS(5));
    fill(world, 6, 100);
    world_run(world, 20);
    world_kill(members[0]);
    fill(world, 6, 100);
    world_await_assigned(members[1], 3, SECONDS(8));
    world_await_assigned(members[2], 3, SECONDS(1));
    world_run(world, SECONDS(2));
    ck_assert_int_eq(world_await(world_close(members[1], true, SECONDS(5))), STATUS_OK);
    fill(world, 6, 100);
    world_await_assigned(members[2], 6, SECONDS(3));
    for (int32_t p = 0; p < 6; p++)
        world_await_committed(world, "t", p, 300, SECONDS(5));
    for (int32_t p = 0; p < 6; p++) {
        for (int64_t offset = 0; offset < 300; offset++)
            ck_assert_int_ge(deliveries(world, p, offset), 1);
        for (int64_t offset = 200; offset < 300; offset++)
            ck_assert_int_eq(deliveries(world, p, offset), 1);
    }
    world_free(world);
}

END_TEST

// Beats of one member: the longest pause between them.
struct beats {
    int64_t last_ms;
    int64_t longest_ms;
    const void *connection;
};

static void note_beat(void *arg, const struct fake_seen *seen) {
    struct beats *beats = arg;
    if (seen->api != API_HEARTBEAT) return;
    int64_t pause_ms = seen->now_ms - beats->last_ms;
    if (beats->last_ms && pause_ms > beats->longest_ms) beats->longest_ms = pause_ms;
    beats->last_ms = seen->now_ms;
    beats->connection = seen->connection;
}

// pitfall 88: neither held fetches nor full buffers nor slow answers on other connections hold up a
// heartbeat.
START_TEST(heartbeats_are_on_time_whatever_the_load) {
    struct world *world = world_new(1, 4);
    struct beats beats = { 0 };
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "fetch.max.wait.ms=5000 fetch.buffer.bytes=65536");
    consumer->thinks_for_ms = 300;
    consumer->max_records = 10;
    world_await_assigned(consumer, 4, SECONDS(2));
    world->on_seen = note_beat;
    world->arg = &beats;
    for (int i = 0; i < 20; i++) {
        fill(world, 4, 200);
        world_fault(world, API_FETCH, FAKE_FAULT_DELAY, 1500);
        world_fault(world, API_METADATA, FAKE_FAULT_DELAY, 1500);
        world_run(world, SECONDS(1));
    }
    ck_assert_int_gt(beats.last_ms, 0);
    ck_assert_int_le(beats.longest_ms, 520);
    world_free(world);
}

END_TEST

// pitfall 65: heartbeats go on while the others are waited for, and no member leaves by itself.
START_TEST(a_rebalance_longer_than_the_session_costs_nobody_the_membership) {
    struct world *world = world_new(1, 4);
    struct world_consumer *first = world_add_polling(world, GROUP);
    struct world_consumer *slow = world_add_polling(world, GROUP);
    world_await_assigned(first, 2, SECONDS(5));
    world_await_assigned(slow, 2, SECONDS(5));
    char first_id[64];
    (void)snprintf(first_id, sizeof first_id, "%s", world_member(first).member_id);
    // The slow one cannot finish its revocation, for longer than a session.
    world_await_seen(world, API_HEARTBEAT, world->seen[API_HEARTBEAT] + 2, SECONDS(2));
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_COMMIT,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_ERROR,
                              .code = ERROR_COORDINATOR_LOAD_IN_PROGRESS,
                              .times = 25 }
    );
    fill(world, 4, 10);
    world_run(world, 300);
    struct world_consumer *third = world_add_polling(world, GROUP);
    world_await_assigned(third, 1, SECONDS(25));
    ck_assert_str_eq(world_member(first).member_id, first_id);
    world_free(world);
}

END_TEST

// pitfall 63: the group goes on at the new coordinator, with the same members.
START_TEST(a_coordinator_that_dies_is_replaced_without_a_rebalance) {
    struct world *world = world_new(3, 2);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    fill(world, 2, 10);
    world_await_records(consumer, 20, SECONDS(2));
    int64_t rebalances = world_member(consumer).rebalance_count;
    fake_broker_stop(&world->cluster, 1);
    fill(world, 2, 10);
    world_await_records(consumer, 40, SECONDS(3));
    world_await_committed(world, "t", 0, 20, SECONDS(4));
    ck_assert_int_eq(world_member(consumer).rebalance_count, rebalances);
    ck_assert_int_eq(consumer->error_count, 0);
    world_free(world);
}

END_TEST

// pitfall 65: a coordinator that is away for longer than the session: the partitions are lost.
START_TEST(a_session_ends_while_the_coordinator_is_away) {
    struct world *world = world_new(2, 2);
    fake_partition_move(&world->cluster, "t", 0, 2);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 2, SECONDS(2));
    world->cluster.coordinator = FAKE_NO_BROKER;
    world_await_assigned(consumer, 0, SECONDS(8));
    world->cluster.coordinator = 2;
    world_await_assigned(consumer, 2, SECONDS(5));
    world_free(world);
}

END_TEST

// pitfall 67: the id is kept, or a ghost would stay in the group until its session ends.
START_TEST(a_join_that_is_cut_off_keeps_its_member_id) {
    struct world *world = world_new(1, 2);
    world_fault(world, API_JOIN_GROUP, FAKE_FAULT_DELAY, 0);
    world_fault(world, API_JOIN_GROUP, FAKE_FAULT_LOST, 0);
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_assigned(consumer, 2, SECONDS(3));
    ck_assert_uint_eq(fake_group_size(world_group(world)), 1);
    world_free(world);
}

END_TEST

// pitfall 72: leaves, and comes back with the next poll.
START_TEST(a_member_whose_application_stops_polling_leaves_and_comes_back) {
    struct world *world = world_new(1, 2);
    struct world_consumer *first = world_add_polling(world, GROUP "max.poll.interval.ms=5000");
    struct world_consumer *second = world_add_polling(world, GROUP);
    world_await_assigned(first, 1, SECONDS(5));
    world_await_assigned(second, 1, SECONDS(5));
    first->polls = false;
    world_run(world, SECONDS(1));
    world_await_assigned(second, 2, SECONDS(8));
    ck_assert_int_eq(world_member(first).state, MEMBER_STALE);
    world_run(world, SECONDS(30));
    ck_assert_int_eq(world_member(first).state, MEMBER_STALE);
    first->polls = true;
    world_await_assigned(first, 1, SECONDS(5));
    world_await_assigned(second, 1, SECONDS(2));
    world_free(world);
}

END_TEST

// pitfall 72: not a consumer that was assigned its partitions by hand.
START_TEST(a_manual_assignment_needs_no_polls) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add(world, GROUP "max.poll.interval.ms=5000");
    world_assign(consumer, 0, 0);
    world_run(world, SECONDS(30));
    ck_assert_uint_eq(consumer->engine->positions.count, 1);
    world_free(world);
}

END_TEST

// pitfall 69
START_TEST(a_fenced_static_member_says_so_and_stays_out) {
    struct world *world = world_new(1, 2);
    struct world_consumer *first = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(first, 2, SECONDS(3));
    struct world_consumer *second = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(second, 2, SECONDS(3));
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world_member(first).state, MEMBER_FATAL);
    ck_assert_int_eq(first->last_error, STATUS_FENCED);
    ck_assert_uint_eq(first->engine->positions.count, 0);
    int joins = world->seen[API_JOIN_GROUP];
    world_run(world, SECONDS(20));
    ck_assert_int_eq(world->seen[API_JOIN_GROUP], joins);
    ck_assert_uint_eq(second->engine->positions.count, 2);
    world_free(world);
}

END_TEST

// pitfall 69: there is nothing to wait for.
START_TEST(a_fenced_members_commit_is_refused_at_once) {
    struct world *world = world_new(1, 2);
    struct world_consumer *first = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(first, 2, SECONDS(3));
    struct world_consumer *second = world_add_polling(world, GROUP "group.instance.id=one");
    world_await_assigned(second, 2, SECONDS(3));
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world_member(first).state, MEMBER_FATAL);
    struct world_call *call = world_commit(first, 0, 4);
    ck_assert_int_eq(world_await(call), STATUS_FENCED);
    ck_assert_int_eq(call->kafka_error, ERROR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(call->rows[0].status, STATUS_FENCED);
    ck_assert_int_eq(call->rows[0].kafka_error, ERROR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(call->finished_at_ms, world->now_ms);
    world_free(world);
}

END_TEST

// pitfall 72: its partitions are gone, and the poll that would bring it back may come after the
// commit alone.
START_TEST(a_commit_of_an_application_that_did_not_poll_is_refused_at_once) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add_polling(world, GROUP "max.poll.interval.ms=5000");
    world_await_assigned(consumer, 2, SECONDS(5));
    consumer->polls = false;
    world_run(world, SECONDS(8));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_STALE);
    struct world_call *call = world_commit(consumer, 0, 4);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(call->rows[0].status, STATUS_NOT_ASSIGNED);
    ck_assert_int_eq(call->finished_at_ms, world->now_ms);
    consumer->polls = true;
    world_await_assigned(consumer, 2, SECONDS(5));
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 4)), STATUS_OK);
    world_free(world);
}

END_TEST

// pitfall 73: the subscription changes while a join is under way.
START_TEST(an_assignment_for_an_older_subscription_is_not_taken) {
    struct world *world = world_new(1, 2);
    fake_topic_add(&world->cluster, "other", 3);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_fault(world, API_SYNC_GROUP, FAKE_FAULT_DELAY, 500);
    world_subscribe(consumer, "t");
    world_await_seen(world, API_SYNC_GROUP, 1, SECONDS(2));
    world_subscribe(consumer, "other");
    world_await_assigned(consumer, 3, SECONDS(5));
    ck_assert_ptr_null(world_position(consumer, 0));
    world_free(world);
}

END_TEST

// pitfall 99: said by every poll until it is mended.
START_TEST(a_group_without_authorization_is_told_until_it_is_mended) {
    struct world *world = world_new(1, 2);
    world_error(
        world, API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_GROUP_AUTHORIZATION_FAILED, FAKE_FOR_EVER
    );
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_run(world, SECONDS(3));
    ck_assert_int_eq(consumer->last_error, STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_gt(consumer->error_count, 2);
    fake_faults_clear(&world->cluster.faults);
    fill(world, 2, 5);
    world_run(world, SECONDS(3));
    if (consumer->engine->positions.count == 0) world_subscribe(consumer, "t");
    world_await_records(consumer, 10, SECONDS(10));
    int errors = consumer->error_count;
    world_run(world, SECONDS(3));
    ck_assert_int_eq(consumer->error_count, errors);
    world_free(world);
}

END_TEST

// pitfall 100
START_TEST(a_topic_that_is_not_there_is_not_created_and_comes_when_it_is) {
    struct world *world = world_new(1, 0);
    world->cluster.creates_topics = true;
    struct world_consumer *consumer = world_add_polling(world, GROUP "metadata.max.age.ms=1000");
    world_run(world, SECONDS(5));
    ck_assert_ptr_null(world->cluster.topics);
    fake_topic_add(&world->cluster, "t", 2);
    fill(world, 2, 5);
    world_await_records(consumer, 10, SECONDS(5));
    world_free(world);
}

END_TEST

SUITE(engine_group) {
    Suite *s = suite_create("engine/group");
    ADD_CASE(
        s,
        "group",
        a_killed_and_a_closed_member_lose_nothing,
        heartbeats_are_on_time_whatever_the_load,
        a_rebalance_longer_than_the_session_costs_nobody_the_membership,
        a_coordinator_that_dies_is_replaced_without_a_rebalance,
        a_session_ends_while_the_coordinator_is_away,
        a_join_that_is_cut_off_keeps_its_member_id,
        a_member_whose_application_stops_polling_leaves_and_comes_back,
        a_manual_assignment_needs_no_polls,
        a_fenced_static_member_says_so_and_stays_out,
        a_fenced_members_commit_is_refused_at_once,
        a_commit_of_an_application_that_did_not_poll_is_refused_at_once,
        an_assignment_for_an_older_subscription_is_not_taken,
        a_group_without_authorization_is_told_until_it_is_mended,
        a_topic_that_is_not_there_is_not_created_and_comes_when_it_is
    );
    TCase *cases = tcase_create("group, assignors");
    tcase_add_loop_test(cases, members_share_the_partitions, 0, 2);
    suite_add_tcase(s, cases);
    return s;
}
