// SPDX-License-Identifier: Apache-2.0
// Leaders that move, logs that are cut short, topics that are made anew, metadata that is late or
// wrong.
#include "consumer/fetch/queue.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset=earliest "

// Three brokers, one partition led by broker 1, and a consumer that has got its 10 records.
static struct world_consumer *start(struct world *world, const char *options) {
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add_polling(world, options);
    world_await_records(consumer, 10, SECONDS(2));
    world_run(world, SECONDS(1));
    return consumer;
}

static struct fake_log *log_of(struct world *world) {
    return &fake_partition_get(&world->cluster, "t", 0)->log;
}

// pitfalls 53 and 55: pitfall 53 by the hint, without metadata; pitfall 55 with no old back-off.
START_TEST(a_hint_of_the_new_leader_is_followed_at_once) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP);
    int asked = world->seen[API_METADATA];
    fake_partition_move(&world->cluster, "t", 0, 3);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, 200);
    world_check_sequence(consumer, 0, 0, 15);
    ck_assert_int_le(world->seen[API_METADATA], asked + 1);
    world_free(world);
}

END_TEST

// pitfall 53: without hints, by metadata.
START_TEST(a_leader_that_moved_is_found_by_metadata_where_brokers_give_no_hints) {
    struct world *world = world_new(3, 1);
    world->cluster.profile = FAKE_KAFKA_2_1;
    struct world_consumer *consumer = start(world, GROUP);
    fake_partition_move(&world->cluster, "t", 0, 3);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 15);
    world_free(world);
}

END_TEST

static void show_old_leader(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arena, (void)version;
    struct metadata_response *answer = response;
    for (int32_t i = 0; i < answer->topics_count; i++) {
        answer->topics[i].partitions[0].leader_id = 1;
        answer->topics[i].partitions[0].leader_epoch = *(int32_t *)arg;
    }
}

// pitfall 54
START_TEST(metadata_with_an_older_epoch_does_not_move_a_partition_back) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=500");
    int32_t old_epoch = 0;
    fake_partition_move(&world->cluster, "t", 0, 3);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(2));
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_METADATA,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = show_old_leader,
                              .arg = &old_epoch,
                              .times = 4 }
    );
    int asked = world->seen[API_METADATA];
    world_await_seen(world, API_METADATA, asked + 3, SECONDS(5));
    ck_assert_int_eq(metadata_partition(&consumer->engine->cluster.metadata, "t", 0)->leader, 3);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 20, SECONDS(1));
    world_free(world);
}

END_TEST

// pitfall 54: brokers of old protocols tell no epoch; then the answer counts.
START_TEST(metadata_without_epochs_is_believed) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=500");
    int32_t no_epoch = -1;
    fake_partition_move(&world->cluster, "t", 0, 3);
    world_run(world, SECONDS(1));
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_METADATA,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = show_old_leader,
                              .arg = &no_epoch }
    );
    int asked = world->seen[API_METADATA];
    world_await_seen(world, API_METADATA, asked + 1, SECONDS(5));
    world_run(world, 5);
    ck_assert_int_eq(metadata_partition(&consumer->engine->cluster.metadata, "t", 0)->leader, 1);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(2));
    world_free(world);
}

END_TEST

// pitfalls 56 and 57: pitfall 57, the records that were cut off are not skipped over in silence.
START_TEST(a_truncated_log_brings_the_position_back_to_where_it_diverged) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP);
    fake_log_truncate(log_of(world), 6);
    fake_partition_move(&world->cluster, "t", 0, 2);
    fake_partition_fill(&world->cluster, "t", 0, 8);
    consumer->record_count = 0;
    world_await_records(consumer, 8, SECONDS(2));
    world_check_sequence(consumer, 0, 6, 14);
    ck_assert_int_gt(world->seen[API_OFFSET_FOR_LEADER_EPOCH], 0);
    world_free(world);
}

END_TEST

START_TEST(by_none_a_truncated_log_is_told_with_the_offset_where_it_diverged) {
    struct world *world = world_new(3, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=none");
    world_assign(consumer, 0, 0);
    consumer->polls = true;
    world_await_records(consumer, 10, SECONDS(2));
    fake_log_truncate(log_of(world), 6);
    fake_partition_move(&world->cluster, "t", 0, 2);
    fake_partition_fill(&world->cluster, "t", 0, 8);
    world_run(world, SECONDS(3));
    ck_assert_int_eq(consumer->last_error, STATUS_LOG_TRUNCATED);
    ck_assert_uint_eq(consumer->record_count, 10);
    ck_assert_int_eq(queue_view(world_position(consumer, 0)->queue).error.offset, 6);
    consumer->record_count = 0;
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 6));
    world_await_records(consumer, 8, SECONDS(1));
    world_check_sequence(consumer, 0, 6, 14);
    world_free(world);
}

END_TEST

// pitfall 57: only what was prefetched is affected when the application had not got so far.
START_TEST(truncated_records_that_were_only_prefetched_are_replaced) {
    struct world *world = world_new(3, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=none");
    world_assign(consumer, 0, 0);
    world_run(world, SECONDS(1));
    ck_assert_uint_eq(world_poll(consumer, 4), 4);
    fake_log_truncate(log_of(world), 6);
    fake_partition_move(&world->cluster, "t", 0, 2);
    fake_partition_fill(&world->cluster, "t", 0, 8);
    world_run(world, SECONDS(2));
    ck_assert_uint_eq(world_poll(consumer, 100), 10);
    world_check_sequence(consumer, 0, 0, 14);
    ck_assert_int_eq(consumer->error_count, 0);
    world_free(world);
}

END_TEST

static void tell_divergence(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)version;
    struct fetch_response *answer = response;
    answer->responses_count = 1;
    struct fetch_response_topic *topic = &answer->responses[0];
    topic->topic_id = *(const struct uuid *)arg;
    topic->partitions = arena_array(arena, 1, sizeof *topic->partitions);
    topic->partitions_count = 1;
    schema_init(&fetch_response_partition_schema, topic->partitions);
    topic->partitions[0].high_watermark = 20;
    topic->partitions[0].records = SLICE_LITERAL("");
    topic->partitions[0].diverging_epoch = (struct fetch_response_diverging_epoch){ 0, 8 };
}

// pitfall 57: a diverging epoch in the fetch's own answer.
START_TEST(a_diverging_epoch_in_a_fetch_brings_the_position_back) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    world_await_records(consumer, 20, SECONDS(1));
    consumer->record_count = 0;
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_FETCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = tell_divergence,
                              .arg = &world->cluster.topics->id }
    );
    world_await_records(consumer, 12, SECONDS(3));
    world_check_sequence(consumer, 0, 8, 20);
    world_free(world);
}

END_TEST

// pitfall 56: the look-up is sent with the epoch that is known then, not with the one of its first
// try.
START_TEST(validation_is_repeated_with_the_epoch_known_by_then) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_error(
        world,
        API_OFFSET_FOR_LEADER_EPOCH,
        FAKE_FAULT_PARTITION_ERROR,
        ERROR_NOT_LEADER_OR_FOLLOWER,
        1
    );
    fake_partition_move(&world->cluster, "t", 0, 2);
    world_run(world, 20);
    fake_partition_move(&world->cluster, "t", 0, 3);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(3));
    world_check_sequence(consumer, 0, 0, 15);
    world_free(world);
}

END_TEST

// pitfall 56: trouble on the way is no reason to reset.
START_TEST(validation_that_gets_no_answer_never_resets) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP "request.timeout.ms=500");
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_FOR_LEADER_EPOCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_LOST,
                              .times = 5 }
    );
    fake_partition_move(&world->cluster, "t", 0, 2);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(10));
    world_check_sequence(consumer, 0, 0, 15);
    world_free(world);
}

END_TEST

static void undefine_epoch(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct offset_for_leader_epoch_response *answer = response;
    answer->topics[0].partitions[0].leader_epoch = -1;
    answer->topics[0].partitions[0].end_offset = -1;
}

// pitfall 56: an epoch that the broker does not know is a matter for the policy.
START_TEST(an_undefined_epoch_is_reset_by_the_policy) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_OFFSET_FOR_LEADER_EPOCH,
                              .broker = FAKE_ANY_BROKER,
                              .kind = FAKE_FAULT_EDIT,
                              .edit = undefine_epoch }
    );
    consumer->record_count = 0;
    fake_partition_move(&world->cluster, "t", 0, 2);
    world_await_records(consumer, 10, SECONDS(3));
    world_check_sequence(consumer, 0, 0, 10);
    world_free(world);
}

END_TEST

// pitfall 22: a follower that is behind does not decide that an offset is outside the log.
START_TEST(out_of_range_from_a_follower_is_asked_of_the_leader) {
    struct world *world = world_new(3, 1);
    fake_partition_get(&world->cluster, "t", 0)->nearest = 2;
    struct world_consumer *consumer = start(world, GROUP "client.rack=r1");
    ck_assert_int_eq(world_position(consumer, 0)->preferred_replica, 2);
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault){ .api = API_FETCH,
                              .broker = 2,
                              .kind = FAKE_FAULT_PARTITION_ERROR,
                              .code = ERROR_OFFSET_OUT_OF_RANGE }
    );
    world_run(world, SECONDS(1));
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 15);
    ck_assert_int_eq(world->seen[API_LIST_OFFSETS], 1); // the first start alone
    world_free(world);
}

END_TEST

// pitfall 62
START_TEST(a_follower_that_is_gone_is_replaced_by_the_leader) {
    struct world *world = world_new(3, 1);
    fake_partition_get(&world->cluster, "t", 0)->nearest = 2;
    struct world_consumer *consumer = start(world, GROUP "client.rack=r1");
    ck_assert_int_eq(world_position(consumer, 0)->preferred_replica, 2);
    fake_partition_get(&world->cluster, "t", 0)->nearest = FAKE_NO_BROKER;
    fake_broker_stop(&world->cluster, 2);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 15);
    world_free(world);
}

END_TEST

// pitfall 21: what was fetched before is delivered first.
START_TEST(out_of_range_waits_for_what_is_not_yet_delivered) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 10);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_subscribe(consumer, "t");
    world_run(world, SECONDS(1));
    world_error(world, API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_OFFSET_OUT_OF_RANGE, 3);
    world_run(world, 600);
    ck_assert_uint_eq(world_poll(consumer, 100), 10);
    world_check_sequence(consumer, 0, 0, 10);
    world_free(world);
}

END_TEST

START_TEST(an_offset_that_retention_took_is_reset_by_the_policy) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    fake_partition_fill(&world->cluster, "t", 0, 30);
    world_await_records(consumer, 40, SECONDS(1));
    fake_log_delete_before(log_of(world), 25);
    consumer->record_count = 0;
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 3));
    world_await_records(consumer, 15, SECONDS(1));
    world_check_sequence(consumer, 0, 25, 40);
    world_free(world);
}

END_TEST

START_TEST(by_none_an_offset_that_retention_took_is_told) {
    struct world *world = world_new(1, 1);
    fake_partition_fill(&world->cluster, "t", 0, 30);
    fake_log_delete_before(log_of(world), 25);
    struct world_consumer *consumer = world_add(world, "auto.offset.reset=none");
    world_assign(consumer, 0, 3);
    consumer->polls = true;
    world_run(world, SECONDS(1));
    ck_assert_int_eq(consumer->last_error, STATUS_OFFSET_OUT_OF_RANGE);
    ck_assert_uint_eq(consumer->record_count, 0);
    world_await(world_seek(consumer, 0, TARGET_BEGINNING, -1));
    world_await_records(consumer, 5, SECONDS(1));
    world_check_sequence(consumer, 0, 25, 30);
    world_free(world);
}

END_TEST

// pitfall 52: a new topic with an old name is another one.
START_TEST(a_topic_that_was_made_anew_is_read_from_its_start) {
    struct world *world = world_new(1, 1);
    struct world_consumer *consumer = start(world, GROUP);
    world_await(world_commit_all(consumer));
    fake_topic_delete(&world->cluster, "t");
    world_run(world, 300);
    fake_topic_add(&world->cluster, "t", 1);
    fake_partition_fill(&world->cluster, "t", 0, 4);
    consumer->record_count = 0;
    world_await_records(consumer, 4, SECONDS(5));
    world_check_sequence(consumer, 0, 0, 4);
    world_free(world);
}

END_TEST

// pitfall 44: from the start, since nothing of it can have been seen.
START_TEST(a_partition_that_is_added_is_assigned_and_read) {
    struct world *world = world_new(3, 1);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=1000");
    fake_topic_grow(&world->cluster, "t", 3);
    fake_partition_fill(&world->cluster, "t", 2, 5);
    world_await_assigned(consumer, 3, SECONDS(5));
    world_await_records(consumer, 15, SECONDS(2));
    world_free(world);
}

END_TEST

static void forget_topics(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    ((struct metadata_response *)response)->topics_count = 0;
}

static void forget_partitions(void *arg, struct arena *arena, int16_t version, void *response) {
    (void)arg, (void)arena, (void)version;
    struct metadata_response *answer = response;
    for (int32_t i = 0; i < answer->topics_count; i++)
        answer->topics[i].partitions_count = 0;
}

// pitfall 58
START_TEST(metadata_that_misses_what_was_known_changes_nothing) {
    struct world *world = world_new(3, 2);
    struct world_consumer *consumer = start(world, GROUP "metadata.max.age.ms=200");
    for (int i = 0; i < 2; i++) {
        fake_faults_add(
            &world->cluster.faults,
            &(struct fake_fault){ .api = API_METADATA,
                                  .broker = FAKE_ANY_BROKER,
                                  .kind = FAKE_FAULT_EDIT,
                                  .edit = i ? forget_topics : forget_partitions,
                                  .times = 3 }
        );
    }
    world_error(world, API_METADATA, FAKE_FAULT_ERROR, ERROR_UNKNOWN_TOPIC_OR_PARTITION, 3);
    int64_t rebalances = world_member(consumer).rebalance_count;
    int asked = world->seen[API_METADATA];
    world_await_seen(world, API_METADATA, asked + 10, SECONDS(20));
    fake_partition_fill(&world->cluster, "t", 0, 5);
    world_await_records(consumer, 15, 600);
    world_check_sequence(consumer, 0, 0, 15);
    ck_assert_int_eq(world_member(consumer).rebalance_count, rebalances);
    world_free(world);
}

END_TEST

SUITE(engine_leader) {
    Suite *s = suite_create("engine/leader");
    ADD_CASE(
        s,
        "leaders",
        a_hint_of_the_new_leader_is_followed_at_once,
        a_leader_that_moved_is_found_by_metadata_where_brokers_give_no_hints,
        metadata_with_an_older_epoch_does_not_move_a_partition_back,
        metadata_without_epochs_is_believed,
        a_truncated_log_brings_the_position_back_to_where_it_diverged,
        by_none_a_truncated_log_is_told_with_the_offset_where_it_diverged,
        truncated_records_that_were_only_prefetched_are_replaced,
        a_diverging_epoch_in_a_fetch_brings_the_position_back,
        validation_is_repeated_with_the_epoch_known_by_then,
        validation_that_gets_no_answer_never_resets,
        an_undefined_epoch_is_reset_by_the_policy,
        out_of_range_from_a_follower_is_asked_of_the_leader,
        a_follower_that_is_gone_is_replaced_by_the_leader,
        out_of_range_waits_for_what_is_not_yet_delivered,
        an_offset_that_retention_took_is_reset_by_the_policy,
        by_none_an_offset_that_retention_took_is_told,
        a_topic_that_was_made_anew_is_read_from_its_start,
        a_partition_that_is_added_is_assigned_and_read,
        metadata_that_misses_what_was_known_changes_nothing
    );
    return s;
}
