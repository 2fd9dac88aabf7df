// SPDX-License-Identifier: Apache-2.0
// Finding the group's coordinator, and losing it.
#include "consumer/cluster/coordinator.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/schema.h"
#include "tests/unit/cluster/network.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct network network;
static struct coordinator coordinator;
static struct host_entry *brokers[2];

static void step(struct network *stepped) {
    coordinator_step(&coordinator, stepped->now_ms);
}

static int64_t next_due_ms(struct network *asked) {
    (void)asked;
    return coordinator_next_due_ms(&coordinator);
}

static void set_up_with(int16_t most_version) {
    network_init(&network, 3);
    network.most_version = most_version;
    network.step = step;
    network.next_due_ms = next_due_ms;
    network_add_host(&network, "boot", 9000, true);
    brokers[0] = network_add_host(&network, "b0", 9092, false);
    brokers[1] = network_add_host(&network, "b1", 9092, false);
    coordinator_init(&coordinator, &network.cluster, "the group");
    network_run(&network);
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, 2, NULL, 0);
}

static void set_up(void) {
    set_up_with(INT16_MAX);
}

static void tear_down(void) {
    network_dispose(&network);
}

struct coordinator_to_tell {
    int16_t error_code;
    int32_t node_id;
    const char *host;
    int32_t port;
};

static void answer(struct coordinator_to_tell told) {
    struct asked asked = network_expect(&network, API_FIND_COORDINATOR);
    struct find_coordinator_response_coordinator found;
    schema_init(&find_coordinator_response_coordinator_schema, &found);
    found.key = SLICE_LITERAL("the group");
    found.error_code = told.error_code;
    found.node_id = told.node_id;
    found.host = slice_from_string(told.host ? told.host : "");
    found.port = told.port;
    struct find_coordinator_response response;
    schema_init(&find_coordinator_response_schema, &response);
    response.error_code = found.error_code;
    response.node_id = found.node_id;
    response.host = found.host;
    response.port = found.port;
    response.coordinators = &found;
    response.coordinators_count = 1;
    network_answer(&network, &asked, &response);
}

static void check_no_request(void) {
    struct asked asked;
    ck_assert(!network_take(&network, API_FIND_COORDINATOR, &asked));
}

// pitfall 64
START_TEST(one_look_up_serves_all_who_want_it) {
    network_run(&network);
    check_no_request();
    for (int i = 0; i < 3; i++)
        coordinator_want(&coordinator);
    network_run(&network);
    coordinator_want(&coordinator);
    network_run(&network);
    ck_assert_uint_eq(network.asked_count, 1);
    struct asked asked = network.asked[0];
    const struct find_coordinator_request *request = asked.request.message;
    ck_assert_int_eq(request->coordinator_keys_count, 1);
    ck_assert(slice_equal_string(request->coordinator_keys[0], "the group"));
    ck_assert_int_eq(request->key_type, 0);
    answer((struct coordinator_to_tell){ 0, 1, "b1", 9092 });
    ck_assert_int_eq(coordinator.node_id, 1);
    ck_assert_uint_eq(coordinator.answer_count, 1);
    ck_assert_int_eq(coordinator_next_due_ms(&coordinator), INT64_MAX);
    network_pass(&network, 10000);
    check_no_request();
}

END_TEST

START_TEST(brokers_of_old_versions_are_asked_for_one_key) {
    tear_down();
    set_up_with(3);
    coordinator_want(&coordinator);
    network_run(&network);
    const struct find_coordinator_request *request = network.asked[0].request.message;
    ck_assert_int_eq(network.asked[0].request.version, 3);
    ck_assert(slice_equal_string(request->key, "the group"));
    answer((struct coordinator_to_tell){ 0, 0, "b0", 9092 });
    ck_assert_int_eq(coordinator.node_id, 0);
}

END_TEST

// pitfall 63
START_TEST(errors_are_tried_again_with_growing_pauses) {
    static const struct {
        int16_t code;
        enum status status;
    } cases[] = {
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS, STATUS_COORDINATOR_UNAVAILABLE },
        { ERROR_COORDINATOR_NOT_AVAILABLE, STATUS_COORDINATOR_UNAVAILABLE },
        { ERROR_GROUP_AUTHORIZATION_FAILED, STATUS_GROUP_AUTHORIZATION_FAILED },
        { ERROR_INVALID_GROUP_ID, STATUS_COORDINATOR_UNAVAILABLE },
    };

    coordinator_want(&coordinator);
    network_run(&network);
    int64_t expected_ms = 100;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer((struct coordinator_to_tell){ cases[i].code, -1, "", -1 });
        ck_assert_int_eq(coordinator.node_id, NO_NODE);
        ck_assert_int_eq(coordinator.last_error, cases[i].status);
        ck_assert_int_eq(coordinator.kafka_error, cases[i].code);
        int64_t wait_ms = coordinator_next_due_ms(&coordinator) - network.now_ms;
        ck_assert_int_ge(wait_ms, expected_ms * 8 / 10);
        ck_assert_int_le(wait_ms, expected_ms * 12 / 10);
        expected_ms *= 2;
        network_pass(&network, wait_ms - 1);
        check_no_request();
        network_pass(&network, 1);
    }
    answer((struct coordinator_to_tell){ 0, 1, "b1", 9092 });
    ck_assert_int_eq(coordinator.failures, 0);
    ck_assert_int_eq(coordinator.last_error, STATUS_OK);
    ck_assert_int_eq(coordinator.kafka_error, 0);
}

END_TEST

START_TEST(an_answer_for_no_group_is_a_failure) {
    coordinator_want(&coordinator);
    network_run(&network);
    struct asked asked = network_expect(&network, API_FIND_COORDINATOR);
    struct find_coordinator_response response;
    schema_init(&find_coordinator_response_schema, &response);
    network_answer(&network, &asked, &response);
    ck_assert_int_eq(coordinator.node_id, NO_NODE);
    ck_assert_int_eq(coordinator.kafka_error, ERROR_COORDINATOR_NOT_AVAILABLE);
}

END_TEST

START_TEST(a_coordinator_that_cannot_be_is_not_asked_for_in_a_storm) {
    static const struct coordinator_to_tell cases[] = {
        { 0, -1, "b1", 9092 }, { 0, -2, "b1", 9092 },   { 0, 7, "", 9092 },
        { 0, 8, "b1", 0 },     { 0, 9, "b1", 1000000 }, { 0, INT32_MIN, "b1", 9092 },
    };

    coordinator_want(&coordinator);
    network_run(&network);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer(cases[i]);
        ck_assert_int_eq(coordinator.node_id, NO_NODE);
        ck_assert_int_eq(coordinator.last_error, STATUS_COORDINATOR_UNAVAILABLE);
        check_no_request();
        network_pass(&network, 1500);
    }
}

END_TEST

// pitfall 63
START_TEST(a_lost_coordinator_is_looked_up_anew) {
    coordinator_want(&coordinator);
    network_run(&network);
    answer((struct coordinator_to_tell){ 0, 1, "b1", 9092 });
    coordinator_lost(&coordinator, 0);
    ck_assert_int_eq(coordinator.node_id, 1);
    coordinator_lost(&coordinator, 1);
    ck_assert_int_eq(coordinator.node_id, NO_NODE);
    network_run(&network);
    answer((struct coordinator_to_tell){ 0, 0, "b0", 9092 });
    ck_assert_int_eq(coordinator.node_id, 0);
    // News of an old one that is late.
    coordinator_lost(&coordinator, 1);
    ck_assert_int_eq(coordinator.node_id, 0);
}

END_TEST

// pitfall 61
START_TEST(a_look_up_whose_broker_dies_goes_to_another) {
    coordinator_want(&coordinator);
    network_run(&network);
    struct host_entry *dying = network.asked[0].link->host;
    dying->state = HOST_REFUSES;
    network_cut(&network, dying);
    ck_assert(!coordinator.in_flight);
    ck_assert_int_eq(coordinator.last_error, STATUS_COORDINATOR_UNAVAILABLE);
    network_pass(&network, 2000);
    answer((struct coordinator_to_tell){ 0, 1, "b1", 9092 });
    ck_assert_int_eq(coordinator.node_id, 1);
}

END_TEST

START_TEST(without_any_broker_it_says_so_and_goes_on_trying) {
    for (size_t i = 0; i < network.host_count; i++) {
        network.hosts[i].state = HOST_REFUSES;
        network_cut(&network, &network.hosts[i]);
    }
    coordinator_want(&coordinator);
    network_pass(&network, 20000);
    ck_assert_int_ne(coordinator.last_error, STATUS_OK);
    ck_assert_uint_ge(coordinator.answer_count, 10);
    ck_assert_uint_le(coordinator.answer_count, 60);
    for (size_t i = 0; i < network.host_count; i++)
        network.hosts[i].state = HOST_UP;
    network_pass(&network, 3000);
    answer((struct coordinator_to_tell){ 0, 1, "b1", 9092 });
    ck_assert_int_eq(coordinator.node_id, 1);
}

END_TEST

START_TEST(a_coordinator_that_metadata_does_not_know_yet_can_be_reached) {
    coordinator_want(&coordinator);
    network_run(&network);
    network_add_host(&network, "b2", 9092, false);
    answer((struct coordinator_to_tell){ 0, 2, "b2", 9092 });
    ck_assert_int_eq(coordinator.node_id, 2);
    ck_assert_ptr_nonnull(cluster_connection(&network.cluster, 2, PURPOSE_GROUP));
}

END_TEST

SUITE(coordinator) {
    Suite *s = suite_create("cluster/coordinator");
    TCase *cases = tcase_create("coordinator");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, one_look_up_serves_all_who_want_it);
    tcase_add_test(cases, brokers_of_old_versions_are_asked_for_one_key);
    tcase_add_test(cases, errors_are_tried_again_with_growing_pauses);
    tcase_add_test(cases, an_answer_for_no_group_is_a_failure);
    tcase_add_test(cases, a_coordinator_that_cannot_be_is_not_asked_for_in_a_storm);
    tcase_add_test(cases, a_lost_coordinator_is_looked_up_anew);
    tcase_add_test(cases, a_look_up_whose_broker_dies_goes_to_another);
    tcase_add_test(cases, without_any_broker_it_says_so_and_goes_on_trying);
    tcase_add_test(cases, a_coordinator_that_metadata_does_not_know_yet_can_be_reached);
    suite_add_tcase(s, cases);
    return s;
}
