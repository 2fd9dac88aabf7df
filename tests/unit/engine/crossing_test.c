// SPDX-License-Identifier: Apache-2.0
// What crosses on its way: answers that come after a seek or a rebalance, calls that overtake
// others, topics that change under a fetch.
#include "consumer/fetch/lease.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=60000 "

// "t"-0 with 100 records, of which the consumer has been given 20.
static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 100);
    struct world_consumer *consumer = world_add_prefetching(world, options);
    ck_assert_uint_eq(world_poll(consumer, 20), 20);
    consumer->record_count = 0;
    return consumer;
}

// A commit up to 20 whose answer comes after a seek back to 5.
static void commit_and_seek_back(struct world_consumer *consumer) {
    world_fault(consumer->world, API_OFFSET_COMMIT, FAKE_FAULT_DELAY, 500);
    struct world_call *call = world_commit_all(consumer);
    world_run(consumer->world, 100);
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_OFFSET, 5)), STATUS_OK);
    ck_assert_int_eq(call->completions, 0);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    world_run(consumer->world, SECONDS(1));
}

// It says nothing of what was delivered after the seek.
START_TEST(a_commit_that_a_seek_overtakes_does_not_keep_a_rewind_from_what_came_after_it) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    commit_and_seek_back(consumer);
    world_expect_next(consumer, 0, 5, 13);
    struct world_call *call = world_ask(consumer, COMMAND_REWIND, -1);
    ck_assert_int_eq(call->rows[0].offset, 5);
    world_free(world);
}

END_TEST

START_TEST(auto_commit_follows_a_seek_that_overtook_a_commit) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    commit_and_seek_back(consumer);
    ck_assert_uint_eq(world_poll(consumer, 8), 8);
    ck_assert_uint_eq(world_poll(consumer, 1), 1);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 13);
    world_free(world);
}

END_TEST

START_TEST(a_commit_that_a_seek_overtakes_leaves_alone_what_is_kept_after_it) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_fault(world, API_OFFSET_COMMIT, FAKE_FAULT_DELAY, 1000);
    struct world_call *call = world_commit_all(consumer);
    world_run(world, 100);
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_OFFSET, 5)), STATUS_OK);
    world_run(world, 700);
    consumer->poll_flags = LEASE_KEEP;
    ck_assert_uint_eq(world_poll(consumer, 8), 8);
    ck_assert_int_eq(call->completions, 0);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    consumer->poll_flags = 0;
    ck_assert_uint_eq(world_poll(consumer, 1), 1);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 5);
    world_free(world);
}

END_TEST

// pitfall 20: the look-up of an assignment that is over answers for another position.
START_TEST(an_offset_looked_up_for_an_earlier_assignment_is_not_taken_for_the_next) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 100);
    struct world_consumer *other = world_add(world, GROUP "enable.auto.commit=false");
    world_await(world_assign(other, 0, 0));
    ck_assert_int_eq(world_await(world_commit(other, 0, 10)), STATUS_OK);
    struct world_consumer *consumer = world_add(world, GROUP "enable.auto.commit=false");
    world_fault(world, API_OFFSET_FETCH, FAKE_FAULT_DELAY, 1000);
    world_await(world_assign(consumer, 0, -1));
    world_run(world, 500);
    ck_assert_int_eq(world_position(consumer, 0)->state, POSITION_AWAIT_COMMITTED);
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    ck_assert_int_eq(world_await(world_commit(other, 0, 60)), STATUS_OK);
    world_await(world_assign(consumer, 0, -1));
    world_run(world, SECONDS(2));
    world_expect_next(consumer, 0, 60, 70);
    world_free(world);
}

END_TEST

// pitfall 52: what was acknowledged of the old topic is not committed for the new one.
START_TEST(a_topic_made_anew_with_fewer_partitions_is_read_from_its_start) {
    struct world *world = world_new(3, 2);
    for (int32_t p = 0; p < 2; p++) {
        fake_partition_fill(&world->cluster, "t", p, 10);
        fake_partition_get(&world->cluster, "t", p)->nearest = 3;
    }
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "client.rack=r1 metadata.max.age.ms=1000");
    world_await_records(consumer, 20, SECONDS(3));
    world_run(world, SECONDS(1));
    ck_assert_int_eq(world_position(consumer, 1)->preferred_replica, 3);
    fake_topic_delete(&world->cluster, "t");
    fake_topic_add(&world->cluster, "t", 1);
    fake_partition_fill(&world->cluster, "t", 0, 30);
    consumer->record_count = 0;
    world_await_records(consumer, 30, SECONDS(5));
    world_check_sequence(consumer, 0, 0, 30);
    ck_assert_ptr_null(world_position(consumer, 1));
    world_free(world);
}

END_TEST

// There is nobody to be asked for it, though a follower was named.
START_TEST(a_partition_that_a_topic_made_anew_lacks_is_not_fetched) {
    struct world *world = world_new(3, 2);
    fake_partition_fill(&world->cluster, "t", 1, 10);
    fake_partition_get(&world->cluster, "t", 1)->nearest = 3;
    struct world_consumer *consumer =
        world_add(world, GROUP "client.rack=r1 metadata.max.age.ms=1000");
    consumer->polls = true;
    world_await(world_assign(consumer, 1, 0));
    world_await_records(consumer, 10, SECONDS(3));
    ck_assert_int_eq(world_position(consumer, 1)->preferred_replica, 3);
    fake_topic_delete(&world->cluster, "t");
    fake_topic_add(&world->cluster, "t", 1);
    world_run(world, SECONDS(5));
    int fetches = world->seen[API_FETCH];
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world->seen[API_FETCH], fetches);
    ck_assert_uint_eq(consumer->record_count, 10);
    world_free(world);
}

END_TEST

// pitfalls 1 and 20: records that were handed out before a rebalance and taken after it.
START_TEST(a_poll_of_an_earlier_assignment_moves_nothing_of_the_next) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    ck_assert_uint_eq(world_poll(consumer, 5), 5); // acknowledges the 20 before
    struct lease *lease = NULL;
    ck_assert_int_eq(lease_open(engine_queue(consumer->engine), LEASE_KEEP, &lease), STATUS_OK);
    struct record record;
    const struct lease_entry *entry = NULL;
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(lease_next(lease, &record, &entry), STATUS_OK);
    ck_assert_int_eq(record.offset, 34);
    int assigned = world_event_count(consumer, EVENT_PARTITIONS_ASSIGNED);
    ck_assert_int_eq(world_await(world_ask(consumer, COMMAND_REBALANCE, -1)), STATUS_OK);
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, assigned + 1, SECONDS(5));
    world_run(world, SECONDS(1));
    lease_close(lease, true);
    ck_assert_int_eq(world_committed(world, "t", 0), 20);
    consumer->record_count = 0;
    world_expect_next(consumer, 0, 20, 30);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(5))), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 20);
    world_free(world);
}

END_TEST

// A subscription that changes while what goes is held waits for the end of the hold, and then
// nothing of the old one comes (pitfall 73).
START_TEST(a_subscription_that_changes_while_a_revocation_is_held_counts_after_it) {
    struct world *world = world_new(1, 1);
    fake_topic_add(&world->cluster, "other", 1);
    struct world_consumer *consumer = start(world, GROUP "rebalance.ack.timeout.ms=5000");
    consumer->holds[EVENT_PARTITIONS_REVOKED] = true;
    world_await(world_ask(consumer, COMMAND_REBALANCE, -1));
    const struct world_event *held =
        world_await_event(consumer, EVENT_PARTITIONS_REVOKED, 1, SECONDS(3));
    int64_t rebalance_id = held->rebalance_id;
    ck_assert_int_eq(world_await(world_subscribe(consumer, "other")), STATUS_OK);
    world_run(world, SECONDS(1));
    ck_assert_int_eq(consumer->engine->handover->state, HANDOVER_REVOKED);
    ck_assert_int_eq(world_await(world_acknowledge(consumer, rebalance_id)), STATUS_OK);
    const struct world_event *event =
        world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(5));
    ck_assert_uint_eq(event->row_count, 1);
    ck_assert_str_eq(event->rows[0].topic, "other");
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_REVOKED), 1);
    world_free(world);
}

END_TEST

// What was parked is dropped, to be fetched again, while the new leader is asked whether the
// position is right.
START_TEST(a_position_that_is_moved_back_while_it_is_validated_is_validated_again) {
    struct world *world = world_new(2, 1);
    fake_partition_fill(&world->cluster, "t", 0, 1000);
    struct world_consumer *consumer = start(world, GROUP);
    world_fault(world, API_OFFSET_FOR_LEADER_EPOCH, FAKE_FAULT_DELAY, 1000);
    fake_partition_move(&world->cluster, "t", 0, 2);
    world_run(world, 600);
    const struct position *position = world_position(consumer, 0);
    ck_assert_int_eq(position->state, POSITION_AWAIT_VALIDATION);
    ck_assert(position->is_looking_up);
    position->queue->wants_refetch = true; // as a poll does that finds a batch damaged
    world_run(world, SECONDS(3));
    ck_assert_int_eq(position->state, POSITION_FETCHING);
    world_free(world);
}

END_TEST

START_TEST(an_assignment_by_hand_waits_for_the_end_of_the_subscription) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    struct world_call *left = world_subscribe(consumer, NULL);
    ck_assert_int_eq(left->completions, 0);
    struct world_call *call = world_assign(consumer, 0, 30);
    ck_assert_int_eq(world_await(call), STATUS_SUBSCRIPTION_CONFLICT);
    ck_assert_int_eq(world_await(left), STATUS_OK);
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 30)), STATUS_OK);
    world_run(world, SECONDS(1));
    world_expect_next(consumer, 0, 30, 40);
    world_free(world);
}

END_TEST

// The offsets of a partition that goes are still committed.
START_TEST(another_assignment_by_hand_commits_what_goes) {
    struct world *world = world_new(1, 2);
    fake_partition_fill(&world->cluster, "t", 0, 100);
    struct world_consumer *consumer = world_add(world, GROUP);
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 0)), STATUS_OK);
    world_run(world, SECONDS(1));
    ck_assert_uint_eq(world_poll(consumer, 10), 10);
    ck_assert_uint_eq(world_poll(consumer, 5), 5);
    ck_assert_int_eq(world_await(world_assign(consumer, 1, 0)), STATUS_OK);
    world_run(world, SECONDS(1));
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    ck_assert_int_eq(world_event_count(consumer, EVENT_ERROR), 0);
    world_free(world);
}

END_TEST

SUITE(engine_crossing) {
    Suite *s = suite_create("engine/crossing");
    ADD_CASE(
        s,
        "crossing",
        a_commit_that_a_seek_overtakes_does_not_keep_a_rewind_from_what_came_after_it,
        auto_commit_follows_a_seek_that_overtook_a_commit,
        a_commit_that_a_seek_overtakes_leaves_alone_what_is_kept_after_it,
        an_offset_looked_up_for_an_earlier_assignment_is_not_taken_for_the_next,
        a_topic_made_anew_with_fewer_partitions_is_read_from_its_start,
        a_partition_that_a_topic_made_anew_lacks_is_not_fetched,
        a_poll_of_an_earlier_assignment_moves_nothing_of_the_next,
        a_subscription_that_changes_while_a_revocation_is_held_counts_after_it,
        a_position_that_is_moved_back_while_it_is_validated_is_validated_again,
        an_assignment_by_hand_waits_for_the_end_of_the_subscription,
        another_assignment_by_hand_commits_what_goes
    );
    return s;
}
