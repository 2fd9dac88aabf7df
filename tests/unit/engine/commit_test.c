// SPDX-License-Identifier: Apache-2.0
// Commits of a whole engine: what is committed, when, in which order, and what errors come to.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define GROUP   "group.id=g auto.offset.reset=earliest "
#define BY_HAND GROUP "enable.auto.commit=false "

// A consumer of "t" with records to take, fetching already.
static struct world_consumer *start(struct world *world, const char *options, int32_t count) {
    for (int32_t p = 0; p < 2; p++)
        fake_partition_fill(&world->cluster, "t", p, count);
    struct world_consumer *consumer = world_add(world, options);
    world_subscribe(consumer, "t");
    world_await_assigned(consumer, 2, SECONDS(2));
    world_await_fetching(consumer, SECONDS(2));
    world_run(world, 100);
    return consumer;
}

// pitfall 2: what is prefetched, or handed out by the last poll, is not processed yet.
START_TEST(auto_commit_commits_what_a_later_poll_has_acknowledged) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, GROUP "auto.commit.interval.ms=1000", 10);
    world_run(world, SECONDS(3));
    ck_assert_int_le(world_committed(world, "t", 0), 0);
    ck_assert_int_le(world_committed(world, "t", 1), 0);
    ck_assert_uint_eq(world_poll(consumer, 10), 10);
    world_run(world, SECONDS(3));
    ck_assert_int_le(world_committed(world, "t", 0), 0);
    ck_assert_uint_eq(world_poll(consumer, 4), 4);
    int32_t p = consumer->records[0].partition;
    world_await_committed(world, "t", p, 10, SECONDS(2));
    world_run(world, SECONDS(3));
    ck_assert_int_le(world_committed(world, "t", 1 - p), 0);
    world_free(world);
}

END_TEST

// pitfall 2: an answer that did not reach the application.
START_TEST(records_that_were_put_back_are_neither_committed_nor_skipped) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, GROUP "auto.commit.interval.ms=1000", 10);
    ck_assert_uint_eq(world_poll_put_back(consumer, 15), 15);
    ck_assert_uint_eq(world_poll_put_back(consumer, 15), 15);
    world_run(world, SECONDS(3));
    ck_assert_int_le(world_committed(world, "t", 0), 0);
    ck_assert_int_le(world_committed(world, "t", 1), 0);
    ck_assert_uint_eq(world_poll(consumer, 100), 20);
    world_check_sequence(consumer, 0, 0, 10);
    world_check_sequence(consumer, 1, 0, 10);
    world_free(world);
}

END_TEST

START_TEST(a_commit_without_rows_commits_what_was_delivered) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    ck_assert_uint_eq(world_poll(consumer, 13), 13);
    struct world_call *call = world_commit_all(consumer);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_uint_eq(call->row_count, 2);
    int32_t first = consumer->records[0].partition;
    ck_assert_int_eq(world_committed(world, "t", first), 10);
    ck_assert_int_eq(world_committed(world, "t", 1 - first), 3);
    world_free(world);
}

END_TEST

START_TEST(a_commit_of_rows_stores_offset_epoch_and_metadata_as_given) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    struct command *command = world_command(COMMAND_COMMIT, 0);
    world_command_row(command, "t", 1, 7);
    command->rows[0].leader_epoch = 0;
    command->rows[0].metadata = SLICE_LITERAL("half\0way");
    ck_assert_int_eq(world_await(world_give(consumer, command)), STATUS_OK);
    const struct fake_offset *stored = fake_group_find_offset(world_group(world), "t", 1);
    ck_assert_int_eq(stored->offset, 7);
    ck_assert_int_eq(stored->leader_epoch, 0);
    ck_assert_uint_eq(stored->metadata.size, 8); // pitfall 17: NUL bytes count
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    struct world_call *asked = world_ask(consumer, COMMAND_COMMITTED, 1);
    ck_assert_int_eq(world_await(asked), STATUS_OK);
    ck_assert_int_eq(asked->rows[0].offset, 7);
    ck_assert_mem_eq(asked->rows[0].metadata, "half\0way", 8);
    world_free(world);
}

END_TEST

// pitfall 13
START_TEST(a_commit_of_nothing_is_done_without_asking_anybody) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = world_add(world, BY_HAND);
    struct world_call *call = world_commit_all(consumer);
    ck_assert_int_eq(call->completions, 1);
    ck_assert_int_eq(call->status, STATUS_OK);
    ck_assert_uint_eq(call->row_count, 0);
    world_run(world, SECONDS(1));
    ck_assert_int_eq(world->seen[API_FIND_COORDINATOR], 0);
    world_free(world);
}

END_TEST

// pitfall 1
START_TEST(a_partition_that_is_not_assigned_is_refused) {
    struct world *world = world_new(1, 2);
    fake_topic_add(&world->cluster, "other", 1);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    struct command *command = world_command(COMMAND_COMMIT, 0);
    world_command_row(command, "other", 0, 1);
    world_command_row(command, "t", 0, 5);
    struct world_call *call = world_give(consumer, command);
    world_await(call);
    ck_assert_int_eq(call->rows[0].status, STATUS_NOT_ASSIGNED);
    ck_assert_int_eq(call->rows[1].status, STATUS_OK);
    ck_assert_int_eq(world_committed(world, "other", 0), -1);
    ck_assert_int_eq(world_committed(world, "t", 0), 5);
    world_free(world);
}

END_TEST

// pitfall 18
START_TEST(each_partition_has_its_own_error) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_COMMIT,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_PARTITION_ERROR,
                              .topic = "t",
                              .partition = 1,
                              .code = ERROR_TOPIC_AUTHORIZATION_FAILED }
    );
    world_poll(consumer, 20);
    struct world_call *call = world_commit_all(consumer);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        bool refused = call->rows[i].partition == 1;
        ck_assert_int_eq(
            call->rows[i].status, refused ? STATUS_TOPIC_AUTHORIZATION_FAILED : STATUS_OK
        );
        ck_assert_int_eq(call->rows[i].kafka_error, refused ? ERROR_TOPIC_AUTHORIZATION_FAILED : 0);
    }
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    world_free(world);
}

END_TEST

static void leave_out_partitions(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct offset_commit_response *answer = response;
    answer->topics[0].partitions_count = 0;
}

// pitfall 18: an answer that says nothing of a partition.
START_TEST(a_partition_that_an_answer_leaves_out_is_committed_again) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_COMMIT,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = leave_out_partitions }
    );
    struct world_call *call = world_commit(consumer, 0, 5);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(world->seen[API_OFFSET_COMMIT], 2);
    world_free(world);
}

END_TEST

struct commits_seen {
    int64_t offsets[32];
    int32_t generations[32];
    int count;
};

static void note_commit(void *arg, const struct fake_seen *seen) {
    struct commits_seen *commits = arg;
    if (seen->api != API_OFFSET_COMMIT) return;
    const struct offset_commit_request *request = seen->request;
    commits->offsets[commits->count] = request->topics[0].partitions[0].committed_offset;
    commits->generations[commits->count++] = request->generation_id_or_member_epoch;
}

// pitfall 8: the first is repeated before the second is sent, so the newest wins.
START_TEST(commits_of_a_partition_keep_their_order_whatever_the_answers) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    struct commits_seen commits = { .count = 0 };
    world->on_seen = note_commit;
    world->arg = &commits;
    world_error(world, API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS, 2);
    struct world_call *calls[3];
    for (int i = 0; i < 3; i++)
        calls[i] = world_commit(consumer, 0, i + 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(world_await(calls[i]), STATUS_OK);
    ck_assert_int_le(calls[0]->finished_at_ms, calls[1]->finished_at_ms);
    ck_assert_int_le(calls[1]->finished_at_ms, calls[2]->finished_at_ms);
    static const int64_t expected[] = { 1, 1, 1, 2, 3 };
    ck_assert_int_eq(commits.count, 5);
    ck_assert_mem_eq(commits.offsets, expected, sizeof expected);
    ck_assert_int_eq(world_committed(world, "t", 0), 3);
    world_free(world);
}

END_TEST

// pitfall 63: a coordinator that moves or loads is not shown to the application.
START_TEST(a_commit_finds_a_coordinator_that_has_moved) {
    struct world *world = world_new(3, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    world->cluster.coordinator = 3;
    struct world_call *call = world_commit(consumer, 0, 4);
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 4);
    ck_assert_int_lt(call->finished_at_ms, call->deadline_ms - SECONDS(50));
    world_free(world);
}

END_TEST

// An answer that is lost may have been a good one: the commit is repeated.
START_TEST(a_commit_whose_answer_is_lost_is_repeated) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    world_fault(world, API_OFFSET_COMMIT, FAKE_FAULT_LOST, 0);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 4)), STATUS_OK);
    ck_assert_int_eq(world->seen[API_OFFSET_COMMIT], 2);
    world_free(world);
}

END_TEST

// pitfall 17
START_TEST(metadata_that_is_too_large_is_an_error_of_its_partition) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    static uint8_t large[5000];
    memset(large, 'x', sizeof large);
    struct command *command = world_command(COMMAND_COMMIT, 0);
    world_command_row(command, "t", 0, 1);
    world_command_row(command, "t", 1, 2);
    command->rows[0].metadata = (struct slice){ large, sizeof large };
    struct world_call *call = world_give(consumer, command);
    world_await(call);
    ck_assert_int_eq(call->rows[0].status, STATUS_OFFSET_METADATA_TOO_LARGE);
    ck_assert_int_eq(call->rows[1].status, STATUS_OK);
    ck_assert_int_eq(world->seen[API_OFFSET_COMMIT], 1);
    world_free(world);
}

END_TEST

// pitfall 9: repeated for a while, since the topic may be young, and not for ever.
START_TEST(a_commit_to_a_deleted_topic_ends_with_an_error) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    fake_topic_delete(&world->cluster, "t");
    struct command *command = world_command(COMMAND_COMMIT, SECONDS(5));
    world_command_row(command, "t", 0, 1);
    struct world_call *call = world_give(consumer, command);
    world_await(call);
    ck_assert_int_ne(call->rows[0].status, STATUS_OK);
    ck_assert_int_le(call->finished_at_ms, call->deadline_ms + 10);
    world_free(world);
}

END_TEST

// pitfall 18: what the broker has taken stays so, however the others end.
START_TEST(what_was_committed_is_told_though_the_rest_of_the_commit_is_late) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_COMMIT,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_PARTITION_ERROR,
                              .code = ERROR_REQUEST_TIMED_OUT,
                              .topic = "t",
                              .partition = 1,
                              .times = FAKE_FOR_EVER }
    );
    struct command *command = world_command(COMMAND_COMMIT, SECONDS(2));
    world_command_row(command, "t", 0, 4);
    world_command_row(command, "t", 1, 5);
    struct world_call *call = world_give(consumer, command);
    ck_assert_int_eq(world_await(call), STATUS_TIMED_OUT);
    ck_assert_int_eq(call->rows[0].status, STATUS_OK);
    ck_assert_int_eq(call->rows[1].status, STATUS_TIMED_OUT);
    ck_assert_int_eq(world_position(consumer, 0)->committed, 4);
    ck_assert_int_eq(world_committed(world, "t", 0), 4);
    world_free(world);
}

END_TEST

// pitfall 5: the member keeps its id and its generation until it has joined again.
START_TEST(rebalance_in_progress_fails_the_commit_and_the_member_joins_again) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND, 10);
    char id[64];
    (void)snprintf(id, sizeof id, "%s", world_member(consumer).member_id);
    world_error(world, API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_REBALANCE_IN_PROGRESS, 1);
    struct world_call *call = world_commit(consumer, 0, 4);
    ck_assert_int_eq(world_await(call), STATUS_REBALANCE_IN_PROGRESS);
    ck_assert_int_eq(call->rows[0].kafka_error, ERROR_REBALANCE_IN_PROGRESS);
    world_run(world, SECONDS(4));
    ck_assert_int_eq(world_member(consumer).state, MEMBER_STABLE);
    ck_assert_str_eq(world_member(consumer).member_id, id);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 4)), STATUS_OK);
    world_free(world);
}

END_TEST

// pitfall 6: at once, not at the next heartbeat; the member id stays.
START_TEST(illegal_generation_of_the_current_one_makes_the_member_join_at_once) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND "heartbeat.interval.ms=20000", 10);
    char id[64];
    (void)snprintf(id, sizeof id, "%s", world_member(consumer).member_id);
    world_error(world, API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_ILLEGAL_GENERATION, 1);
    int joins = world->seen[API_JOIN_GROUP];
    struct world_call *call = world_commit(consumer, 0, 4);
    ck_assert_int_eq(world_await(call), STATUS_ILLEGAL_GENERATION);
    world_await_seen(world, API_JOIN_GROUP, joins + 1, 500);
    world_await_assigned(consumer, 2, SECONDS(1));
    ck_assert_str_eq(world_member(consumer).member_id, id);
    world_free(world);
}

END_TEST

// pitfall 4: between JoinGroup and SyncGroup no commit is sent; it waits for the new generation.
START_TEST(a_commit_during_a_rebalance_waits_for_the_new_generation) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND "heartbeat.interval.ms=200", 10);
    struct commits_seen commits = { .count = 0 };
    world->on_seen = note_commit;
    world->arg = &commits;
    struct world_consumer *other = world_add(world, BY_HAND "heartbeat.interval.ms=200");
    world_fault(world, API_SYNC_GROUP, FAKE_FAULT_DELAY, 1500);
    world_subscribe(other, "t");
    struct world_call *call = NULL;
    while (!call) {
        world_run(world, 5);
        enum member_state state = world_member(consumer).state;
        if (state == MEMBER_JOINING || state == MEMBER_SYNCING || state == MEMBER_ASSIGNING) {
            struct command *command = world_command(COMMAND_COMMIT, SECONDS(10));
            world_command_row(command, "t", 0, 3);
            call = world_give(consumer, command);
        }
    }
    world_await(call);
    bool kept = world_position(consumer, 0) != NULL;
    ck_assert_int_eq(call->rows[0].status, kept ? STATUS_OK : STATUS_NOT_ASSIGNED);
    for (int i = 0; i < commits.count; i++)
        ck_assert_int_eq(commits.generations[i], world_group(world)->generation);
    world_free(world);
}

END_TEST

// pitfall 4: the JoinGroup waits for the commit that is under way.
START_TEST(a_rebalance_waits_for_the_commit_under_way) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(world, BY_HAND "heartbeat.interval.ms=200", 10);
    world_fault(world, API_OFFSET_COMMIT, FAKE_FAULT_DELAY, 1000);
    struct world_call *call = world_commit(consumer, 0, 4);
    struct world_consumer *other = world_add(world, BY_HAND "heartbeat.interval.ms=200");
    world_subscribe(other, "t");
    ck_assert_int_eq(world_await(call), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 4);
    world_await_assigned(consumer, 1, SECONDS(3));
    world_await_assigned(other, 1, SECONDS(3));
    world_free(world);
}

END_TEST

// pitfall 3: at the revocation it commits, in between it does not.
START_TEST(auto_commit_commits_at_the_revocation_and_not_during_the_rebalance) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer =
        start(world, GROUP "auto.commit.interval.ms=60000 heartbeat.interval.ms=200", 10);
    world_poll(consumer, 20);
    world_poll(consumer, 1);
    ck_assert_int_eq(world_committed(world, "t", 0), -1);
    struct commits_seen commits = { .count = 0 };
    world->on_seen = note_commit;
    world->arg = &commits;
    int32_t generation = world_group(world)->generation;
    struct world_consumer *other = world_add(world, GROUP);
    world_subscribe(other, "t");
    world_await_assigned(other, 1, SECONDS(3));
    ck_assert_int_eq(world_committed(world, "t", 0), 10);
    ck_assert_int_eq(world_committed(world, "t", 1), 10);
    ck_assert_int_eq(commits.count, 1);
    ck_assert_int_eq(commits.generations[0], generation);
    world_free(world);
}

END_TEST

// pitfall 12: a coordinator that cannot take the last commit does not hold the member in it for
// ever.
START_TEST(a_revocation_goes_on_without_its_commit_in_time) {
    struct world *world = world_new(1, 2);
    struct world_consumer *consumer = start(
        world,
        GROUP "heartbeat.interval.ms=200 session.timeout.ms=6000 max.poll.interval.ms=4000 "
              "request.timeout.ms=1000",
        10
    );
    consumer->polls = true;
    world_await_records(consumer, 20, SECONDS(1));
    world_error(
        world,
        API_OFFSET_COMMIT,
        FAKE_FAULT_ERROR,
        ERROR_COORDINATOR_LOAD_IN_PROGRESS,
        FAKE_FOR_EVER
    );
    struct world_consumer *other =
        world_add_polling(world, GROUP "heartbeat.interval.ms=200 max.poll.interval.ms=4000");
    world_await_assigned(other, 1, SECONDS(12));
    world_await_assigned(consumer, 1, SECONDS(8));
    world_free(world);
}

END_TEST

static void check_refused(struct world_consumer *consumer, struct world_call *call) {
    ck_assert_int_eq(world_await(call), STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_le(call->finished_at_ms, consumer->world->now_ms);
    ck_assert_int_lt(call->finished_at_ms, call->deadline_ms - SECONDS(50));
    ck_assert_int_eq(call->rows[0].status, STATUS_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(call->rows[0].kafka_error, ERROR_GROUP_AUTHORIZATION_FAILED);
}

// pitfall 99: even the coordinator is not told to whom the group is forbidden. Asked anew each
// time.
START_TEST(without_authorization_for_the_group_commits_and_look_ups_are_refused_at_once) {
    struct world *world = world_new(1, 2);
    int16_t code = ERROR_GROUP_AUTHORIZATION_FAILED;
    world_error(world, API_FIND_COORDINATOR, FAKE_FAULT_ERROR, code, FAKE_FOR_EVER);
    struct world_consumer *consumer = world_add(world, BY_HAND);
    ck_assert_int_eq(world_await(world_assign(consumer, 0, 0)), STATUS_OK);
    check_refused(consumer, world_commit(consumer, 0, 4));
    check_refused(consumer, world_ask(consumer, COMMAND_COMMITTED, 0));
    fake_faults_clear(&world->cluster.faults);
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 4)), STATUS_OK);
    ck_assert_int_eq(world_await(world_ask(consumer, COMMAND_COMMITTED, 0)), STATUS_OK);
    world_free(world);
}

END_TEST

// pitfall 99
START_TEST(a_member_without_authorization_for_the_group_is_refused_at_once) {
    struct world *world = world_new(1, 2);
    int16_t code = ERROR_GROUP_AUTHORIZATION_FAILED;
    world_error(world, API_JOIN_GROUP, FAKE_FAULT_ERROR, code, FAKE_FOR_EVER);
    struct world_consumer *consumer = world_add_polling(world, BY_HAND);
    world_run(world, SECONDS(2));
    check_refused(consumer, world_commit(consumer, 0, 4));
    fake_faults_clear(&world->cluster.faults);
    world_await_assigned(consumer, 2, SECONDS(60)); // it asks again slowly
    ck_assert_int_eq(world_await(world_commit(consumer, 0, 4)), STATUS_OK);
    world_free(world);
}

END_TEST

SUITE(engine_commit) {
    Suite *s = suite_create("engine/commit");
    ADD_CASE(
        s,
        "commit",
        auto_commit_commits_what_a_later_poll_has_acknowledged,
        records_that_were_put_back_are_neither_committed_nor_skipped,
        a_commit_without_rows_commits_what_was_delivered,
        a_commit_of_rows_stores_offset_epoch_and_metadata_as_given,
        a_commit_of_nothing_is_done_without_asking_anybody,
        without_authorization_for_the_group_commits_and_look_ups_are_refused_at_once,
        a_member_without_authorization_for_the_group_is_refused_at_once,
        a_partition_that_is_not_assigned_is_refused,
        each_partition_has_its_own_error,
        a_partition_that_an_answer_leaves_out_is_committed_again,
        commits_of_a_partition_keep_their_order_whatever_the_answers,
        a_commit_finds_a_coordinator_that_has_moved,
        a_commit_whose_answer_is_lost_is_repeated,
        metadata_that_is_too_large_is_an_error_of_its_partition,
        a_commit_to_a_deleted_topic_ends_with_an_error,
        what_was_committed_is_told_though_the_rest_of_the_commit_is_late,
        rebalance_in_progress_fails_the_commit_and_the_member_joins_again,
        illegal_generation_of_the_current_one_makes_the_member_join_at_once,
        a_commit_during_a_rebalance_waits_for_the_new_generation,
        a_rebalance_waits_for_the_commit_under_way,
        auto_commit_commits_at_the_revocation_and_not_during_the_rebalance,
        a_revocation_goes_on_without_its_commit_in_time
    );
    return s;
}
