// SPDX-License-Identifier: Apache-2.0
// How Metadata answers of different ages and leader hints merge.
#include "consumer/base/must.h"
#include "consumer/cluster/metadata.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/schema.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

enum { MOST_PARTITIONS = 16, NEWEST = 13 };

static const struct uuid first_id = { { 1 } };
static const struct uuid second_id = { { 2 } };

static struct metadata metadata;

// An answer about one topic, in the making.
static struct metadata_response_partition *partitions;
static struct metadata_response_topic topic;
static struct metadata_response response;

static void set_up(void) {
    metadata = (struct metadata){ 0 };
    partitions = must_alloc(MOST_PARTITIONS * sizeof *partitions);
    ck_assert(metadata_want(&metadata, "orders"));
}

static void tear_down(void) {
    metadata_dispose(&metadata);
    free(partitions);
}

static void begin(int32_t partition_count) {
    schema_init(&metadata_response_schema, &response);
    schema_init(&metadata_response_topic_schema, &topic);
    topic.name = SLICE_LITERAL("orders");
    topic.topic_id = first_id;
    topic.partitions = partitions;
    topic.partitions_count = partition_count;
    for (int32_t i = 0; i < partition_count; i++) {
        schema_init(&metadata_response_partition_schema, &partitions[i]);
        partitions[i].partition_index = i;
        partitions[i].leader_id = 1;
        partitions[i].leader_epoch = 10;
    }
    response.topics = &topic;
    response.topics_count = 1;
}

static struct metadata_outcome update(void) {
    return metadata_update(&metadata, &response, NEWEST);
}

static void check_leader(int32_t partition, int32_t leader, int32_t leader_epoch) {
    const struct partition_metadata *known = metadata_partition(&metadata, "orders", partition);
    ck_assert_ptr_nonnull(known);
    ck_assert_int_eq(known->leader, leader);
    ck_assert_int_eq(known->leader_epoch, leader_epoch);
}

START_TEST(an_answer_tells_leaders_ids_and_the_cluster) {
    begin(3);
    response.cluster_id = SLICE_LITERAL("c1");
    topic.is_internal = true;
    struct metadata_outcome outcome = update();
    ck_assert(outcome.has_changed && !outcome.is_incomplete);
    ck_assert_str_eq(metadata.cluster_id, "c1");
    const struct topic_metadata *known = metadata_find(&metadata, "orders");
    ck_assert_int_eq(known->partition_count, 3);
    ck_assert(known->is_internal && uuid_equal(known->id, first_id));
    ck_assert_ptr_eq(metadata_find_id(&metadata, first_id), known);
    ck_assert_ptr_null(metadata_find_id(&metadata, second_id));
    ck_assert_ptr_null(metadata_find_id(&metadata, (struct uuid){ 0 }));
    check_leader(2, 1, 10);
    ck_assert_ptr_null(metadata_partition(&metadata, "orders", 3));
    ck_assert_ptr_null(metadata_partition(&metadata, "orders", -1));
    ck_assert_ptr_null(metadata_partition(&metadata, "others", 0));
    int64_t version = metadata.version;
    outcome = update();
    ck_assert(!outcome.has_changed && !outcome.is_incomplete);
    ck_assert_int_eq(metadata.version, version);
}

END_TEST

START_TEST(topics_that_nobody_wanted_are_not_kept) {
    begin(1);
    topic.name = SLICE_LITERAL("others");
    ck_assert(!update().has_changed);
    ck_assert_ptr_null(metadata_find(&metadata, "others"));
    ck_assert(!metadata_want(&metadata, "orders"));
    metadata_forget(&metadata, metadata_find(&metadata, "orders"));
    ck_assert_ptr_null(metadata_find(&metadata, "orders"));
}

END_TEST

// pitfall 54
START_TEST(an_older_leader_epoch_does_not_move_a_partition_back) {
    static const struct {
        int32_t epoch;
        int32_t leader;
        int32_t known_epoch;
    } cases[] = {
        { 9, 1, 10 },  // older: ignored
        { 10, 2, 10 }, // equal: taken
        { 11, 2, 11 }, // newer: taken
        { -1, 2, -1 }, // not told, as by a broker of an older version: taken
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down();
        set_up();
        begin(1);
        update();
        partitions[0].leader_id = 2;
        partitions[0].leader_epoch = cases[i].epoch;
        ck_assert(!update().is_incomplete);
        check_leader(0, cases[i].leader, cases[i].known_epoch);
    }
}

END_TEST

START_TEST(leader_epochs_of_old_versions_are_not_trusted) {
    begin(1);
    (void)metadata_update(&metadata, &response, 8);
    check_leader(0, 1, -1);
    partitions[0].leader_id = 2;
    partitions[0].leader_epoch = 3;
    (void)metadata_update(&metadata, &response, 8);
    check_leader(0, 2, -1);
    (void)metadata_update(&metadata, &response, 9);
    check_leader(0, 2, 3);
}

END_TEST

START_TEST(a_partition_without_a_leader_is_asked_for_again) {
    begin(2);
    update();
    partitions[1].error_code = ERROR_LEADER_NOT_AVAILABLE;
    partitions[1].leader_id = -1;
    partitions[1].leader_epoch = 11;
    ck_assert(update().is_incomplete);
    check_leader(0, 1, 10);
    check_leader(1, -1, 11);
    partitions[1].error_code = ERROR_LEADER_NOT_AVAILABLE;
    partitions[1].leader_id = 4;
    ck_assert(update().is_incomplete);
    check_leader(1, -1, 11);
    // A replica that is away is no matter.
    partitions[1].error_code = ERROR_REPLICA_NOT_AVAILABLE;
    ck_assert(!update().is_incomplete);
    check_leader(1, 4, 11);
}

END_TEST

// pitfall 58
START_TEST(a_topic_with_an_error_keeps_what_was_known) {
    begin(2);
    update();
    begin(0);
    topic.error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    topic.topic_id = (struct uuid){ 0 };
    struct metadata_outcome outcome = update();
    ck_assert(outcome.is_incomplete && outcome.has_changed);
    ck_assert_int_eq(metadata_find(&metadata, "orders")->error_code, 3);
    check_leader(1, 1, 10);
    ck_assert(uuid_equal(metadata_find(&metadata, "orders")->id, first_id));

    // Leaders in an entry with an error are not taken.
    begin(2);
    topic.error_code = ERROR_LEADER_NOT_AVAILABLE;
    partitions[0].leader_id = 9;
    partitions[0].leader_epoch = 99;
    ck_assert(update().is_incomplete);
    check_leader(0, 1, 10);
}

END_TEST

// pitfall 58
START_TEST(a_topic_that_an_answer_misses_is_kept) {
    begin(2);
    update();
    response.topics_count = 0;
    ck_assert(!update().has_changed);
    check_leader(1, 1, 10);
}

END_TEST

START_TEST(partitions_never_shrink_and_may_grow) {
    begin(3);
    update();
    int64_t version = metadata.version;
    begin(2);
    ck_assert(!update().has_changed);
    ck_assert_int_eq(metadata_find(&metadata, "orders")->partition_count, 3);
    begin(5);
    ck_assert(update().has_changed);
    ck_assert_int_eq(metadata.version, version + 1);
    check_leader(4, 1, 10);
}

END_TEST

// pitfall 52
START_TEST(a_topic_that_was_made_anew_loses_its_epochs) {
    begin(3);
    update();
    begin(2);
    topic.topic_id = second_id;
    partitions[0].leader_epoch = 0;
    partitions[1].leader_epoch = 0;
    ck_assert(update().has_changed);
    const struct topic_metadata *known = metadata_find(&metadata, "orders");
    ck_assert_int_eq(known->incarnation, 1);
    ck_assert_int_eq(known->partition_count, 2);
    check_leader(0, 1, 0);
    ck_assert_ptr_null(metadata_partition(&metadata, "orders", 2));
    ck_assert_ptr_eq(metadata_find_id(&metadata, second_id), known);
}

END_TEST

// A cluster in the middle of an upgrade has brokers with and without ids.
START_TEST(an_answer_without_ids_makes_no_new_topic) {
    begin(1);
    update();
    topic.topic_id = (struct uuid){ 0 };
    ck_assert(!update().has_changed);
    topic.topic_id = first_id;
    update();
    ck_assert_int_eq(metadata_find(&metadata, "orders")->incarnation, 0);
    ck_assert(uuid_equal(metadata_find(&metadata, "orders")->id, first_id));
}

END_TEST

START_TEST(a_topic_may_be_named_by_its_id_alone) {
    begin(1);
    update();
    topic.name = SLICE_NULL;
    partitions[0].leader_id = 3;
    update();
    check_leader(0, 3, 10);
}

END_TEST

// pitfall 37
START_TEST(partitions_that_cannot_be_are_refused_with_their_topic) {
    static const int32_t numbers[][3] = {
        { 0, 1, 3 },         { 0, 1, -1 }, { 0, 1, INT32_MAX },
        { 0, 1, INT32_MIN }, { 0, 1, 1 },  { 0, 0, 0 },
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        begin(3);
        for (int j = 0; j < 3; j++)
            partitions[j].partition_index = numbers[i][j];
        struct metadata_outcome outcome = update();
        ck_assert(outcome.is_incomplete && !outcome.has_changed);
        ck_assert_int_eq(metadata_find(&metadata, "orders")->partition_count, 0);
    }
    begin(3);
    partitions[0].partition_index = 2;
    partitions[2].partition_index = 0;
    partitions[0].leader_id = 5;
    ck_assert(!update().is_incomplete);
    check_leader(2, 5, 10);
    check_leader(0, 1, 10);
}

END_TEST

START_TEST(null_arrays_are_empty_ones) {
    begin(0);
    topic.partitions_count = -1;
    topic.partitions = NULL;
    ck_assert(!update().is_incomplete);
    response.topics_count = -1;
    response.topics = NULL;
    ck_assert(!update().has_changed);
}

END_TEST

// pitfall 53
START_TEST(only_a_newer_hint_moves_a_leader) {
    begin(1);
    update();
    ck_assert(!metadata_hint_leader(&metadata, "orders", 0, 2, 10));
    ck_assert(!metadata_hint_leader(&metadata, "orders", 0, 2, 9));
    ck_assert(!metadata_hint_leader(&metadata, "orders", 0, 2, -1));
    ck_assert(!metadata_hint_leader(&metadata, "orders", 0, -1, 11));
    ck_assert(!metadata_hint_leader(&metadata, "orders", 1, 2, 11));
    ck_assert(!metadata_hint_leader(&metadata, "others", 0, 2, 11));
    check_leader(0, 1, 10);
    ck_assert(metadata_hint_leader(&metadata, "orders", 0, 2, 11));
    check_leader(0, 2, 11);
    // Metadata that is older than the hint does not undo it.
    update();
    check_leader(0, 2, 11);
}

END_TEST

SUITE(metadata) {
    Suite *s = suite_create("cluster/metadata");
    TCase *cases = tcase_create("metadata");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_answer_tells_leaders_ids_and_the_cluster);
    tcase_add_test(cases, topics_that_nobody_wanted_are_not_kept);
    tcase_add_test(cases, an_older_leader_epoch_does_not_move_a_partition_back);
    tcase_add_test(cases, leader_epochs_of_old_versions_are_not_trusted);
    tcase_add_test(cases, a_partition_without_a_leader_is_asked_for_again);
    tcase_add_test(cases, a_topic_with_an_error_keeps_what_was_known);
    tcase_add_test(cases, a_topic_that_an_answer_misses_is_kept);
    tcase_add_test(cases, partitions_never_shrink_and_may_grow);
    tcase_add_test(cases, a_topic_that_was_made_anew_loses_its_epochs);
    tcase_add_test(cases, an_answer_without_ids_makes_no_new_topic);
    tcase_add_test(cases, a_topic_may_be_named_by_its_id_alone);
    tcase_add_test(cases, partitions_that_cannot_be_are_refused_with_their_topic);
    tcase_add_test(cases, null_arrays_are_empty_ones);
    tcase_add_test(cases, only_a_newer_hint_moves_a_leader);
    suite_add_tcase(s, cases);
    return s;
}
