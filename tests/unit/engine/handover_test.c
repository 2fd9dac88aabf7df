// SPDX-License-Identifier: Apache-2.0
// Whole engines whose applications are told of rebalances, and hold them.
#include "consumer/fetch/queue.h"
#include "consumer/wire/kafka_error.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <string.h>

#define GROUP                                                              \
    "group.id=g auto.offset.reset=earliest auto.commit.interval.ms=60000 " \
    "session.timeout.ms=6000 heartbeat.interval.ms=500 "

#define HOLDING GROUP "max.poll.interval.ms=60000 rebalance.ack.timeout.ms=8000 "

static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_prefetching(world, options);
    return consumer;
}

// A consumer that holds revocations, with seven of ten records of "t"-0 delivered and four of them
// acknowledged; and a second one that comes into the group. The first one's hold has begun.
static struct world_consumer *start_holding(
    struct world *world, const char *options, struct world_consumer **second
) {
    struct world_consumer *first = start(world, options);
    first->holds[EVENT_PARTITIONS_REVOKED] = true;
    ck_assert_uint_eq(world_poll(first, 4), 4);
    ck_assert_uint_eq(world_poll(first, 3), 3);
    *second = world_add_polling(world, GROUP);
    world_await_event(first, EVENT_PARTITIONS_REVOKED, 1, SECONDS(3));
    return first;
}

static enum handover_state state_of(const struct world_consumer *consumer) {
    return consumer->engine->handover->state;
}

static enum status acknowledge(struct world_consumer *consumer, int64_t rebalance_id) {
    return world_await(world_acknowledge(consumer, rebalance_id));
}

static enum status acknowledge_last(struct world_consumer *consumer) {
    return acknowledge(consumer, consumer->engine->handover->rebalance_id);
}

static int64_t first_offset(const struct world_consumer *consumer) {
    ck_assert_uint_gt(consumer->record_count, 0);
    return consumer->records[0].offset;
}

START_TEST(what_comes_and_goes_is_told_in_order_with_ids_that_count_up) {
    struct world *world = world_new(1, 2);
    struct world_consumer *first = start(world, GROUP);
    struct world_consumer *second = world_add_polling(world, GROUP);
    world_await_assigned(second, 1, SECONDS(5));
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(1));

    static const enum event_kind kinds[] = { EVENT_PARTITIONS_ASSIGNED,
                                             EVENT_PARTITIONS_REVOKED,
                                             EVENT_PARTITIONS_ASSIGNED };

    static const size_t counts[] = { 2, 2, 1 };
    size_t at = 0;
    for (size_t i = 0; i < first->event_count; i++) {
        const struct world_event *event = &first->events[i];
        if (event->kind > EVENT_PARTITIONS_LOST) continue;
        ck_assert_uint_lt(at, 3);
        ck_assert_int_eq(event->kind, kinds[at]);
        ck_assert_uint_eq(event->row_count, counts[at]);
        ck_assert_int_eq(event->rebalance_id, (int64_t)++at);
        ck_assert_int_eq(event->ack_within_ms, 10000);
    }
    ck_assert_uint_eq(at, 3);
    world_free(world);
}

END_TEST

// A member that gets nothing hears of it, since the rebalance is over; there is nothing to wait
// for.
START_TEST(an_assignment_of_nothing_is_told_and_never_held) {
    struct world *world = world_new(1, 1);
    struct world_consumer *first = start(world, GROUP);
    struct world_consumer *second = world_add(world, GROUP);
    second->holds[EVENT_PARTITIONS_ASSIGNED] = true;
    first->holds[EVENT_PARTITIONS_ASSIGNED] = true;
    world_subscribe(second, "t");
    world_await_event(second, EVENT_PARTITIONS_ASSIGNED, 1, SECONDS(5));
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(1));
    bool second_is_empty = world_event(second, EVENT_PARTITIONS_ASSIGNED)->row_count == 0;
    struct world_consumer *empty = second_is_empty ? second : first;
    const struct world_event *event = world_event(empty, EVENT_PARTITIONS_ASSIGNED);
    ck_assert_uint_eq(event->row_count, 0);
    ck_assert_int_eq(event->ack_within_ms, 0);
    ck_assert_int_eq(empty->engine->handover->state, HANDOVER_NONE);
    struct world_call *call = world_acknowledge(empty, event->rebalance_id);
    ck_assert_int_eq(world_await(call), STATUS_NO_SUCH_REBALANCE);
    // Nor is a revocation of nothing told.
    world_await(world_subscribe(empty, NULL));
    int revoked = world_event_count(empty, EVENT_PARTITIONS_REVOKED);
    ck_assert_int_eq(revoked, empty == first ? 1 : 0);
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// What goes

// The first member holds, commits by hand what it has done, acknowledges; the second starts exactly
// there: no record comes twice.
START_TEST(what_is_committed_while_held_is_where_the_next_owner_starts) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first =
        start_holding(world, HOLDING "enable.auto.commit=false", &second);
    ck_assert_int_eq(world_event(first, EVENT_PARTITIONS_REVOKED)->rows[0].offset, 7);
    world_run(world, SECONDS(7));
    ck_assert_int_eq(state_of(first), HANDOVER_REVOKED);
    int32_t generation = world_member(first).generation;
    ck_assert_int_eq(world_await(world_commit_all(first)), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 7);
    ck_assert_int_eq(world_member(first).generation, generation);
    ck_assert_int_eq(state_of(first), HANDOVER_REVOKED);
    ck_assert_uint_eq(second->record_count, 0);
    ck_assert_int_eq(acknowledge_last(first), STATUS_OK);
    world_await(world_close(first, false, SECONDS(5)));
    world_await_records(second, 3, SECONDS(5));
    world_check_sequence(second, 0, 7, 10);
    world_free(world);
}

END_TEST

// A poll during the hold acknowledges what was delivered before, and auto-commit commits just that.
START_TEST(a_poll_while_held_is_acknowledged_by_auto_commit) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, HOLDING, &second);
    ck_assert_uint_eq(world_poll(first, 10), 0);
    world_run(world, 100);
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    ck_assert_int_eq(acknowledge_last(first), STATUS_OK);
    world_await_committed(world, "t", 0, 7, SECONDS(1));
    world_await(world_close(first, false, SECONDS(5)));
    world_await_records(second, 3, SECONDS(5));
    ck_assert_int_eq(first_offset(second), 7);
    world_free(world);
}

END_TEST

static void check_is_stopped(
    void *arg, struct world_consumer *consumer, const struct world_event *event
) {
    int *checked = arg;
    if (event->kind != EVENT_PARTITIONS_REVOKED) return;
    const struct position *position;
    for (position = consumer->engine->positions.first; position; position = position->next) {
        ck_assert(!position_may_flow(position));
        ck_assert(queue_view(position->queue).is_paused);
    }
    (*checked)++;
}

// pitfall 74: fetching and delivery stop before the application is told, and a resume by the
// application does not start them again.
START_TEST(what_goes_is_neither_fetched_nor_delivered_any_more) {
    struct world *world = world_new(1, 1);
    int checked = 0;
    world->on_event = check_is_stopped;
    world->arg = &checked;
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, HOLDING, &second);
    ck_assert_int_eq(checked, 1);
    ck_assert_int_eq(world_await(world_ask(first, COMMAND_RESUME, 0)), STATUS_OK);
    world_run(world, SECONDS(1));
    int fetches = world->seen[API_FETCH];
    fake_partition_fill(&world->cluster, "t", 0, 10);
    world_run(world, SECONDS(2));
    ck_assert_int_eq(world->seen[API_FETCH], fetches);
    ck_assert_uint_eq(world_poll(first, 10), 0);
    world_free(world);
}

END_TEST

// pitfall 65: the hold is longer than the session, and the member is still in its group at the end.
START_TEST(heartbeats_go_on_while_a_revocation_is_held) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, HOLDING, &second);
    int beats = world->seen[API_HEARTBEAT];
    world_run(world, SECONDS(7));
    ck_assert_int_ge(world->seen[API_HEARTBEAT], beats + 13);
    ck_assert_int_eq(acknowledge_last(first), STATUS_OK);
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(2));
    ck_assert_int_eq(world_event_count(first, EVENT_PARTITIONS_LOST), 0);
    world_free(world);
}

END_TEST

// Options, and how long a hold may last by them: by its own bound, by three quarters of the
// rebalance timeout, not at all.
static const struct {
    const char *options;
    int32_t ack_within_ms;
} bounds[] = {
    { HOLDING, 8000 },
    { GROUP "max.poll.interval.ms=4000 ", 3000 },
    { GROUP "rebalance.ack.timeout.ms=0 ", 0 },
};

// pitfall 83: a hold that nobody acknowledges ends by itself, and what was acknowledged by polls is
// committed (pitfall 12: there is time left for that).
START_TEST(a_hold_that_nobody_acknowledges_ends_in_time) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, bounds[_i].options, &second);
    const struct world_event *event = world_event(first, EVENT_PARTITIONS_REVOKED);
    ck_assert_int_eq(event->ack_within_ms, bounds[_i].ack_within_ms);
    int64_t told_at_ms = event->at_ms;
    if (bounds[_i].ack_within_ms > 100) {
        world_run(world, bounds[_i].ack_within_ms - 100);
        ck_assert_int_eq(state_of(first), HANDOVER_REVOKED);
    }
    int64_t rebalance_id = event->rebalance_id;
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(2));
    int64_t took_ms = world_event(first, EVENT_PARTITIONS_ASSIGNED)->at_ms - told_at_ms;
    ck_assert_int_le(took_ms, bounds[_i].ack_within_ms + 500);
    ck_assert_int_eq(world_committed(world, "t", 0), 4);
    ck_assert_int_eq(acknowledge(first, rebalance_id), STATUS_NO_SUCH_REBALANCE);
    int expired = bounds[_i].ack_within_ms > 0 ? 1 : 0;
    ck_assert_int_eq((int)first->engine->handover->expired_count, expired);
    ck_assert_int_eq(world_event_count(first, EVENT_PARTITIONS_LOST), 0);
    world_free(world);
}

END_TEST

START_TEST(only_the_rebalance_that_is_held_can_be_acknowledged_and_only_once) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, HOLDING, &second);
    int64_t rebalance_id = world_event(first, EVENT_PARTITIONS_REVOKED)->rebalance_id;
    ck_assert_int_eq(acknowledge(first, rebalance_id - 1), STATUS_NO_SUCH_REBALANCE);
    ck_assert_int_eq(acknowledge(first, rebalance_id + 1), STATUS_NO_SUCH_REBALANCE);
    ck_assert_int_eq(acknowledge(first, 0), STATUS_NO_SUCH_REBALANCE);
    ck_assert_int_eq(acknowledge(first, rebalance_id), STATUS_OK);
    ck_assert_int_eq(acknowledge(first, rebalance_id), STATUS_NO_SUCH_REBALANCE);
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// What comes

static struct world_consumer *start_assigned(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_polling(world, options);
    consumer->holds[EVENT_PARTITIONS_ASSIGNED] = true;
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 1, SECONDS(3));
    return consumer;
}

START_TEST(what_came_may_be_sought_before_the_first_record_flows) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start_assigned(world, HOLDING);
    struct world_call *asked = world_ask(consumer, COMMAND_POSITION, 0);
    ck_assert_int_eq(world_await(asked), STATUS_OK);
    ck_assert_int_eq(asked->rows[0].offset, 0);
    struct world_call *sought = world_seek(consumer, 0, TARGET_OFFSET, 6);
    ck_assert_int_eq(world_await(sought), STATUS_OK);
    struct world_call *to_end = world_seek(consumer, 0, TARGET_END, -1);
    ck_assert_int_eq(world_await(to_end), STATUS_OK);
    ck_assert_int_eq(to_end->rows[0].offset, 10);
    ck_assert_int_eq(world_await(world_seek(consumer, 0, TARGET_OFFSET, 8)), STATUS_OK);
    ck_assert_int_eq(world_await(world_ask(consumer, COMMAND_RESUME, 0)), STATUS_OK);
    world_run(world, SECONDS(5));
    ck_assert_int_eq(world->seen[API_FETCH], 0);
    ck_assert_uint_eq(consumer->record_count, 0);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_OK);
    world_await_records(consumer, 2, SECONDS(1));
    world_check_sequence(consumer, 0, 8, 10);
    world_free(world);
}

END_TEST

START_TEST(what_came_flows_after_the_time_for_an_acknowledgement) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start_assigned(world, HOLDING);
    world_run(world, 7900);
    ck_assert_uint_eq(consumer->record_count, 0);
    world_await_records(consumer, 10, 500);
    ck_assert_uint_eq(consumer->engine->handover->expired_count, 1);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_NO_SUCH_REBALANCE);
    world_free(world);
}

END_TEST

START_TEST(a_pause_while_what_came_is_held_outlasts_the_hold) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start_assigned(world, HOLDING);
    ck_assert_int_eq(world_await(world_ask(consumer, COMMAND_PAUSE, 0)), STATUS_OK);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_OK);
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(consumer->record_count, 0);
    ck_assert_int_eq(world_await(world_ask(consumer, COMMAND_RESUME, 0)), STATUS_OK);
    world_await_records(consumer, 10, SECONDS(1));
    world_free(world);
}

END_TEST

// A second member comes while the first still holds what it got: the new rebalance takes the place
// of the old one.
START_TEST(a_rebalance_while_what_came_is_held_takes_its_place) {
    struct world *world = world_new(1, 2);
    struct world_consumer *first = start_assigned(world, HOLDING);
    first->holds[EVENT_PARTITIONS_REVOKED] = true;
    int64_t old_id = first->engine->handover->rebalance_id;
    world_add_polling(world, GROUP);
    const struct world_event *event =
        world_await_event(first, EVENT_PARTITIONS_REVOKED, 1, SECONDS(3));
    ck_assert_int_eq(event->rebalance_id, old_id + 1);
    ck_assert_int_eq(acknowledge(first, old_id), STATUS_NO_SUCH_REBALANCE);
    ck_assert_int_eq(acknowledge(first, old_id + 1), STATUS_OK);
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(3));
    ck_assert_int_eq(acknowledge(first, old_id + 2), STATUS_OK);
    world_await_assigned(first, 1, SECONDS(1));
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// What is lost

static void check_lost(struct world_consumer *consumer, int64_t held_id, size_t count) {
    ck_assert_uint_eq(world_event(consumer, EVENT_PARTITIONS_LOST)->row_count, count);
    ck_assert_int_eq(world_event(consumer, EVENT_PARTITIONS_LOST)->rebalance_id, 0);
    ck_assert_int_eq(acknowledge(consumer, held_id), STATUS_NO_SUCH_REBALANCE);
}

// pitfall 75
START_TEST(partitions_lost_while_held_are_told_and_commits_are_refused) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(world, HOLDING, &second);
    int64_t held_id = first->engine->handover->rebalance_id;
    world_error(world, API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS, 2);
    struct world_call *commit = world_commit(first, 0, 7);
    world_run(world, 20);
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_ILLEGAL_GENERATION, 1);
    world_error(world, API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS, 20);
    world_error(
        world,
        API_OFFSET_COMMIT,
        FAKE_FAULT_ERROR,
        ERROR_COORDINATOR_LOAD_IN_PROGRESS,
        FAKE_FOR_EVER
    );
    world_await_event(first, EVENT_PARTITIONS_LOST, 1, SECONDS(2));
    ck_assert_int_eq(world_await(commit), STATUS_ILLEGAL_GENERATION);
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    ck_assert_int_eq(acknowledge(first, held_id), STATUS_NO_SUCH_REBALANCE);
    ck_assert_uint_eq(first->engine->positions.count, 0);
    world_free(world);
    (void)second;
}

END_TEST

START_TEST(partitions_lost_before_they_flow_are_told) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start_assigned(world, HOLDING);
    int64_t held_id = consumer->engine->handover->rebalance_id;
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_UNKNOWN_MEMBER_ID, 1);
    world_await_event(consumer, EVENT_PARTITIONS_LOST, 1, SECONDS(2));
    check_lost(consumer, held_id, 2);
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(10));
    ck_assert_int_eq(consumer->engine->handover->rebalance_id, held_id + 1);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_OK);
    world_await_records(consumer, 10, SECONDS(1));
    world_free(world);
}

END_TEST

// pitfall 65: without the coordinator the session ends, and with it the hold.
START_TEST(a_coordinator_that_is_gone_ends_a_hold_with_the_session) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = start_holding(
        world, GROUP "max.poll.interval.ms=90000 rebalance.ack.timeout.ms=60000 ", &second
    );
    int64_t held_id = first->engine->handover->rebalance_id;
    fake_broker_stop(&world->cluster, 1);
    world_run(world, SECONDS(5));
    ck_assert_int_eq(state_of(first), HANDOVER_REVOKED);
    world_await_event(first, EVENT_PARTITIONS_LOST, 1, SECONDS(2));
    check_lost(first, held_id, 1);
    fake_broker_start(&world->cluster, 1);
    world_await_event(first, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(60));
    world_free(world);
    (void)second;
}

END_TEST

START_TEST(a_consumer_that_does_not_poll_is_told_that_it_lost_its_partitions) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "max.poll.interval.ms=5000 ");
    world_await_event(consumer, EVENT_PARTITIONS_LOST, 1, SECONDS(6));
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_REVOKED), 0);
    world_run(world, SECONDS(20));
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_LOST), 1);
    ck_assert_uint_eq(world_poll(consumer, 1), 0);
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(2));
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Ends

START_TEST(an_unsubscribe_is_held_and_leaves_when_acknowledged) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, HOLDING "enable.auto.commit=false");
    consumer->holds[EVENT_PARTITIONS_REVOKED] = true;
    ck_assert_uint_eq(world_poll(consumer, 6), 6);
    struct world_call *call = world_subscribe(consumer, NULL);
    world_await_event(consumer, EVENT_PARTITIONS_REVOKED, 1, 100);
    world_run(world, SECONDS(5));
    ck_assert_int_eq(call->completions, 0);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 6);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_OK);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    world_free(world);
}

END_TEST

// While a close is held the application commits and acknowledges; nothing else is served.
START_TEST(a_close_is_held_and_serves_commits_until_it_is_acknowledged) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, HOLDING);
    consumer->holds[EVENT_PARTITIONS_REVOKED] = true;
    ck_assert_uint_eq(world_poll(consumer, 6), 6);
    struct world_call *call = world_close(consumer, true, SECONDS(20));
    world_await_event(consumer, EVENT_PARTITIONS_REVOKED, 1, 100);
    world_run(world, SECONDS(3));
    ck_assert_int_eq(call->completions, 0);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 5)), STATUS_OK);
    struct world_call *committed = world_ask(consumer, COMMAND_COMMITTED, 0);
    ck_assert_int_eq(world_await(committed), STATUS_OK);
    ck_assert_int_eq(committed->rows[0].offset, 5);
    struct world_call *seek = world_seek(consumer, 0, TARGET_OFFSET, 1);
    ck_assert_int_eq(world_await(seek), STATUS_CLOSED);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_OK);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(acknowledge_last(consumer), STATUS_CLOSED);
    ck_assert_int_eq(world_committed(world, "t", 0), 5);
    ck_assert_uint_eq(fake_group_size(world_group(world)), 0);
    world_free(world);
}

END_TEST

// Neither the hold of the close itself nor one that was there before it outlasts the close's time;
// and the goodbye is said all the same.
START_TEST(a_close_that_nobody_acknowledges_is_over_in_time) {
    struct world *world = world_new(1, 1);
    struct world_consumer *second = NULL;
    struct world_consumer *first = NULL;
    if (_i == 0) {
        first = start(world, HOLDING);
        first->holds[EVENT_PARTITIONS_REVOKED] = true;
    } else {
        first = start_holding(world, HOLDING, &second);
    }
    struct world_call *call = world_close(first, true, SECONDS(4));
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_le(call->finished_at_ms, call->deadline_ms - 900);
    ck_assert_int_ge(call->finished_at_ms, call->deadline_ms - 1100);
    ck_assert_uint_eq(fake_group_size(world_group(world)), second ? 1 : 0);
    world_free(world);
}

END_TEST

START_TEST(a_close_without_its_coordinator_tells_that_what_was_held_is_lost) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, HOLDING);
    consumer->holds[EVENT_PARTITIONS_REVOKED] = true;
    ck_assert_uint_eq(world_poll(consumer, 6), 6);
    ck_assert_uint_eq(world_poll(consumer, 1), 1);
    fake_broker_stop(&world->cluster, 1);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(4))), STATUS_OK);
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_LOST), 1);
    world_free(world);
}

END_TEST

START_TEST(partitions_assigned_by_hand_come_and_go_without_a_word) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add(world, GROUP);
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 0)), STATUS_OK);
    ck_assert_int_eq(world_await(world_assign(consumer, 1, 0)), STATUS_OK);
    ck_assert_int_eq(world_await(world_subscribe(consumer, NULL)), STATUS_OK);
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 0)), STATUS_OK);
    ck_assert_int_eq(world_await(world_close(consumer, true, SECONDS(4))), STATUS_OK);
    for (size_t i = 0; i < consumer->event_count; i++)
        ck_assert_int_gt(consumer->events[i].kind, EVENT_PARTITIONS_LOST);
    world_free(world);
}

END_TEST

// KIP-1092: by the option of the close, in place of what its kind of member does.
START_TEST(a_close_says_goodbye_as_it_is_told_to) {
    static const struct {
        const char *options;
        enum command_farewell farewell;
        size_t left;
    } cases[] = {
        { GROUP, FAREWELL_DEFAULT, 0 },
        { GROUP, FAREWELL_LEAVE, 0 },
        { GROUP, FAREWELL_REMAIN, 1 },
        { GROUP "group.instance.id=one", FAREWELL_DEFAULT, 1 },
        { GROUP "group.instance.id=one", FAREWELL_LEAVE, 0 },
        { GROUP "group.instance.id=one", FAREWELL_REMAIN, 1 },
    };
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, cases[_i].options);
    struct command *command = world_command(COMMAND_CLOSE, SECONDS(5));
    command->farewell = cases[_i].farewell;
    ck_assert_int_eq(world_await(world_give(consumer, command)), STATUS_OK);
    ck_assert_uint_eq(fake_group_size(world_group(world)), cases[_i].left);
    world_free(world);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Asked for

static struct world_call *ask_for_rebalance(struct world_consumer *consumer, const char *reason) {
    struct command *command = world_command(COMMAND_REBALANCE, 0);
    if (reason) command->reason = arena_string(&command->arena, slice_from_string(reason));
    return world_give(consumer, command);
}

START_TEST(an_application_may_ask_for_a_rebalance) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    int32_t generation = world_member(consumer).generation;
    ck_assert_int_eq(world_await(ask_for_rebalance(consumer, "more disks")), STATUS_OK);
    world_await_event(consumer, EVENT_PARTITIONS_ASSIGNED, 2, SECONDS(2));
    ck_assert_int_eq(world_event_count(consumer, EVENT_PARTITIONS_REVOKED), 1);
    ck_assert_int_gt(world_member(consumer).generation, generation);
    ck_assert_str_eq(world_member(consumer).rebalance_reason, "more disks");
    world_free(world);
}

END_TEST

START_TEST(a_member_that_has_ended_for_good_says_why_it_does_not_rebalance) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP "group.instance.id=one");
    world_error(world, API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_FENCED_INSTANCE_ID, 1);
    world_await_event(consumer, EVENT_PARTITIONS_LOST, 1, SECONDS(2));
    ck_assert_int_eq(world_await(ask_for_rebalance(consumer, NULL)), STATUS_FENCED);
    world_free(world);
}

END_TEST

START_TEST(a_rebalance_needs_a_group_and_a_subscription) {
    struct world *world = world_new(1, 1);
    struct world_consumer *alone = world_add(world, "auto.offset.reset=earliest");
    ck_assert_int_eq(world_await(ask_for_rebalance(alone, NULL)), STATUS_NO_GROUP);
    struct world_consumer *by_hand = world_add(world, GROUP);
    ck_assert_int_eq(world_await(ask_for_rebalance(by_hand, NULL)), STATUS_SUBSCRIPTION_CONFLICT);
    world_await(world_assign(by_hand, 0, 0));
    ck_assert_int_eq(world_await(ask_for_rebalance(by_hand, NULL)), STATUS_SUBSCRIPTION_CONFLICT);
    world_free(world);
}

END_TEST

SUITE(engine_handover) {
    Suite *s = suite_create("engine/handover");
    ADD_CASE(
        s,
        "handover",
        what_comes_and_goes_is_told_in_order_with_ids_that_count_up,
        an_assignment_of_nothing_is_told_and_never_held,
        what_is_committed_while_held_is_where_the_next_owner_starts,
        a_poll_while_held_is_acknowledged_by_auto_commit,
        what_goes_is_neither_fetched_nor_delivered_any_more,
        heartbeats_go_on_while_a_revocation_is_held,
        only_the_rebalance_that_is_held_can_be_acknowledged_and_only_once,
        what_came_may_be_sought_before_the_first_record_flows,
        what_came_flows_after_the_time_for_an_acknowledgement,
        a_pause_while_what_came_is_held_outlasts_the_hold,
        a_rebalance_while_what_came_is_held_takes_its_place,
        partitions_lost_while_held_are_told_and_commits_are_refused,
        partitions_lost_before_they_flow_are_told,
        a_coordinator_that_is_gone_ends_a_hold_with_the_session,
        a_consumer_that_does_not_poll_is_told_that_it_lost_its_partitions,
        an_unsubscribe_is_held_and_leaves_when_acknowledged,
        a_close_is_held_and_serves_commits_until_it_is_acknowledged,
        a_close_without_its_coordinator_tells_that_what_was_held_is_lost,
        partitions_assigned_by_hand_come_and_go_without_a_word,
        an_application_may_ask_for_a_rebalance,
        a_member_that_has_ended_for_good_says_why_it_does_not_rebalance,
        a_rebalance_needs_a_group_and_a_subscription
    );
    TCase *cases = tcase_create("handover, bounds and ends");
    tcase_add_loop_test(cases, a_hold_that_nobody_acknowledges_ends_in_time, 0, 3);
    tcase_add_loop_test(cases, a_close_that_nobody_acknowledges_is_over_in_time, 0, 2);
    tcase_add_loop_test(cases, a_close_says_goodbye_as_it_is_told_to, 0, 6);
    suite_add_tcase(s, cases);
    return s;
}
