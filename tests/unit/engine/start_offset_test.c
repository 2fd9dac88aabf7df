// SPDX-License-Identifier: Apache-2.0
// Where a partition starts: the committed offset, whatever trouble its look-up meets, or the reset
// policy where there is none.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset="

// A topic of two partitions with 20 records each; 5 of partition 0 are committed.
static struct world *make(void) {
    struct world *world = world_new(1, 2);
    fake_partition_fill(&world->cluster, "t", 0, 20);
    fake_partition_fill(&world->cluster, "t", 1, 20);
    struct fake_group *group = fake_group_get(&world->cluster, SLICE_LITERAL("g"));
    struct fake_offset *offset = fake_group_get_offset(group, "t", 0);
    offset->offset = 5;
    offset->leader_epoch = -1;
    offset->topic_id = world->cluster.topics->id;
    return world;
}

START_TEST(a_partition_starts_at_its_committed_offset_or_by_the_policy) {
    struct world *world = make();
    struct world_consumer *consumer = world_add_polling(world, GROUP "earliest");
    world_await_records(consumer, 35, SECONDS(2));
    world_check_sequence(consumer, 0, 5, 20);
    world_check_sequence(consumer, 1, 0, 20);
    world_free(world);
}

END_TEST

// pitfall 19: no commit is no offset 0: the policy decides.
START_TEST(a_group_without_offsets_starts_at_the_end_by_latest) {
    struct world *world = make();
    struct world_consumer *consumer = world_add_polling(world, GROUP "latest");
    world_await_records(consumer, 15, SECONDS(2));
    fake_partition_fill(&world->cluster, "t", 1, 3);
    world_await_records(consumer, 18, SECONDS(2));
    world_check_sequence(consumer, 1, 20, 23);
    world_free(world);
}

END_TEST

START_TEST(by_none_a_partition_without_offset_is_an_error_until_a_seek) {
    struct world *world = make();
    struct world_consumer *consumer = world_add_polling(world, GROUP "none");
    world_await_records(consumer, 15, SECONDS(2));
    world_run(world, SECONDS(1));
    ck_assert_int_eq(consumer->last_error, STATUS_NO_OFFSET);
    ck_assert_int_eq(world_position(consumer, 1)->state, POSITION_FAILED);
    world_await(world_seek(consumer, 1, TARGET_OFFSET, 18));
    world_await_records(consumer, 17, SECONDS(1));
    world_check_sequence(consumer, 1, 18, 20);
    world_free(world);
}

END_TEST

// Errors that pass by themselves, and how the answer says them.
static const struct {
    enum fake_fault_kind kind;
    int16_t code;
} passing[] = {
    // pitfall 15
    { FAKE_FAULT_PARTITION_ERROR, ERROR_UNSTABLE_OFFSET_COMMIT },
    // pitfall 16: a group-level error
    { FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS },
    { FAKE_FAULT_ERROR, ERROR_NOT_COORDINATOR },
    { FAKE_FAULT_ERROR, ERROR_COORDINATOR_NOT_AVAILABLE },
    { FAKE_FAULT_PARTITION_ERROR, ERROR_UNKNOWN_TOPIC_OR_PARTITION },
    // pitfall 14: no answer at all
    { FAKE_FAULT_LOST, 0 },
    { FAKE_FAULT_NEVER, 0 },
};

enum { PASSING_COUNT = sizeof passing / sizeof passing[0] };

// pitfall 14: trouble with the look-up never resets a position.
START_TEST(a_look_up_of_committed_offsets_is_repeated_until_it_is_answered) {
    struct world *world = make();
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = passing[_i].kind,
                              .code = passing[_i].code,
                              .times = 6 }
    );
    struct world_consumer *consumer =
        world_add_polling(world, GROUP "earliest request.timeout.ms=1000");
    world_await_records(consumer, 35, SECONDS(20));
    world_check_sequence(consumer, 0, 5, 20);
    ck_assert_int_ge(world->seen[API_OFFSET_FETCH], 7);
    world_free(world);
}

END_TEST

static void leave_out_a_partition(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct offset_fetch_response *answer = response;
    struct offset_fetch_response_topic *topic = answer->groups[0].topics;
    topic->partitions++;
    topic->partitions_count--;
}

// pitfall 16
START_TEST(a_partition_that_the_answer_leaves_out_is_asked_again) {
    struct world *world = make();
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = leave_out_a_partition,
                              .times = 3 }
    );
    struct world_consumer *consumer = world_add_polling(world, GROUP "earliest");
    world_await_records(consumer, 35, SECONDS(10));
    world_check_sequence(consumer, 0, 5, 20);
    world_free(world);
}

END_TEST

// pitfall 43
START_TEST(a_reset_is_repeated_until_the_leader_knows_the_offset) {
    static const int16_t codes[] = {
        ERROR_OFFSET_NOT_AVAILABLE,   ERROR_UNKNOWN_LEADER_EPOCH, ERROR_LEADER_NOT_AVAILABLE,
        ERROR_NOT_LEADER_OR_FOLLOWER, ERROR_FENCED_LEADER_EPOCH,
    };
    struct world *world = make();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        world_error(world, API_LIST_OFFSETS, FAKE_FAULT_PARTITION_ERROR, codes[i], 1);
    struct world_consumer *consumer = world_add_polling(world, GROUP "earliest");
    world_await_records(consumer, 35, SECONDS(10));
    world_check_sequence(consumer, 1, 0, 20);
    world_free(world);
}

END_TEST

// pitfall 99: told once, and asked again, since operators mend such things.
START_TEST(a_topic_without_authorization_is_told_and_comes_when_it_is_mended) {
    struct world *world = make();
    world_error(world, API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_TOPIC_AUTHORIZATION_FAILED, 5);
    struct world_consumer *consumer = world_add_polling(world, GROUP "earliest");
    world_await_records(consumer, 35, SECONDS(10));
    ck_assert_int_eq(consumer->error_count, 2); // of two partitions
    ck_assert_int_eq(consumer->last_kafka_error, ERROR_TOPIC_AUTHORIZATION_FAILED);
    world_free(world);
}

END_TEST

// pitfall 40: a partition without a leader does not hold up the others.
START_TEST(partitions_find_their_start_independently) {
    struct world *world = make();
    fake_partition_move(&world->cluster, "t", 1, FAKE_NO_BROKER);
    struct world_consumer *consumer = world_add_polling(world, GROUP "earliest");
    world_await_records(consumer, 15, SECONDS(2));
    world_check_sequence(consumer, 0, 5, 20);
    fake_partition_move(&world->cluster, "t", 1, 1);
    world_await_records(consumer, 35, SECONDS(3));
    world_free(world);
}

END_TEST

START_TEST(a_consumer_without_group_starts_by_the_policy_and_commits_nothing) {
    struct world *world = make();
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=earliest");
    ck_assert_int_eq(world_await(world_assign(consumer, 0, -1)), STATUS_OK);
    consumer->polls = true;
    world_await_records(consumer, 20, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 20);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_NO_GROUP);
    ck_assert_int_eq(world->seen[API_FIND_COORDINATOR], 0);
    world_free(world);
}

END_TEST

START_TEST(a_manual_assignment_with_a_group_starts_at_its_committed_offset) {
    struct world *world = make();
    struct world_consumer *consumer = world_add(world, GROUP "earliest");
    ck_assert_int_eq(world_await(world_assign(consumer, 0, -1)), STATUS_OK);
    consumer->polls = true;
    world_await_records(consumer, 15, SECONDS(2));
    world_check_sequence(consumer, 0, 5, 20);
    ck_assert_int_eq(world_await(world_commit_all(consumer)), STATUS_OK);
    ck_assert_int_eq(world_committed(world, "t", 0), 20);
    ck_assert_int_eq(world->seen[API_JOIN_GROUP], 0);
    world_free(world);
}

END_TEST

static void know_no_offset(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct list_offsets_response *answer = response;
    for (int32_t i = 0; i < answer->topics_count; i++)
        answer->topics[i].partitions[0].offset = -1;
}

// pitfall 37: an end that is none is no record's time that was not found.
START_TEST(a_leader_that_knows_no_end_of_its_log_is_asked_again_with_pauses) {
    struct world *world = world_new(1, 1);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_LIST_OFFSETS,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = know_no_offset,
                              .times = FAKE_FOR_EVER }
    );
    struct world_consumer *consumer = world_add(world, "group.id=g auto.offset.reset=latest");
    world_subscribe(consumer, "t");
    world_run(world, SECONDS(10));
    ck_assert_int_gt(world->seen[API_LIST_OFFSETS], 1);
    ck_assert_int_lt(world->seen[API_LIST_OFFSETS], 40);
    fake_faults_clear(&world->cluster.faults);
    world_await_fetching(consumer, SECONDS(3));
    world_free(world);
}

END_TEST

SUITE(engine_start_offset) {
    Suite *s = suite_create("engine/start_offset");
    ADD_CASE(
        s,
        "start_offset",
        a_partition_starts_at_its_committed_offset_or_by_the_policy,
        a_group_without_offsets_starts_at_the_end_by_latest,
        by_none_a_partition_without_offset_is_an_error_until_a_seek,
        a_partition_that_the_answer_leaves_out_is_asked_again,
        a_reset_is_repeated_until_the_leader_knows_the_offset,
        a_topic_without_authorization_is_told_and_comes_when_it_is_mended,
        partitions_find_their_start_independently,
        a_consumer_without_group_starts_by_the_policy_and_commits_nothing,
        a_manual_assignment_with_a_group_starts_at_its_committed_offset,
        a_leader_that_knows_no_end_of_its_log_is_asked_again_with_pauses
    );
    TCase *cases = tcase_create("start_offset, cases");
    tcase_add_loop_test(
        cases, a_look_up_of_committed_offsets_is_repeated_until_it_is_answered, 0, PASSING_COUNT
    );
    suite_add_tcase(s, cases);
    return s;
}
