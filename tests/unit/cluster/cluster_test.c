// SPDX-License-Identifier: Apache-2.0
// Brokers and metadata by virtual time: whom to ask, when to ask again, and what becomes of
// brokers that go, move or lie.
#include "consumer/cluster/cluster.h"
#include "consumer/net/request.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/schema.h"
#include "tests/unit/cluster/network.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { BROKERS = 3 };

static struct network network;
static struct host_entry *boot;
static struct host_entry *brokers[BROKERS];
static const int32_t leaders[] = { 0, 1, 2 };
static const struct topic_to_tell orders = {
    .name = "orders", .leaders = leaders, .partition_count = 3, .leader_epoch = 4
};

struct result {
    int count;
    enum status status;
};

static struct result results[8];

static void set_up(void) {
    memset(results, 0, sizeof results);
    network_init(&network, 11);
    boot = network_add_host(&network, "boot", 9000, true);
    brokers[0] = network_add_host(&network, "b0", 9092, false);
    brokers[1] = network_add_host(&network, "b1", 9092, false);
    brokers[2] = network_add_host(&network, "b2", 9092, false);
}

static void tear_down(void) {
    network_dispose(&network);
}

// The cluster has found its three brokers.
static void find_brokers(void) {
    network_run(&network);
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    network_pass(&network, 500);
}

static void on_reply(void *owner, const struct reply *reply) {
    struct result *result = owner;
    result->count++;
    result->status = reply->status;
}

static void send_heartbeat(int32_t node_id, enum purpose purpose, struct result *result) {
    struct request *request = request_new(api_find(API_HEARTBEAT), network.now_ms + 30000);
    request->on_reply = on_reply;
    request->owner = result;
    cluster_send_take(&network.cluster, node_id, purpose, request);
    ck_assert_int_eq(result->count, 0);
}

static void answer_heartbeat(void) {
    struct asked asked = network_expect(&network, API_HEARTBEAT);
    struct heartbeat_response response;
    schema_init(&heartbeat_response_schema, &response);
    network_answer(&network, &asked, &response);
}

// ------------------------------------------------------------------------------------------------
// Finding brokers

START_TEST(a_bootstrap_address_tells_the_brokers_and_is_let_go) {
    network_run(&network);
    ck_assert_int_eq(boot->dial_count, 1);
    ck_assert_int_eq(network.cluster.refreshed_at_ms, -1);
    struct asked asked = network_expect(&network, API_METADATA);
    const struct metadata_request *request = asked.request.message;
    ck_assert_int_eq(request->topics_count, 0);
    ck_assert(!request->allow_auto_topic_creation);
    network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    ck_assert_int_eq(network.cluster.refreshed_at_ms, network.now_ms);
    ck_assert_uint_eq(network.cluster.answer_count, 1);
    ck_assert_str_eq(network.cluster.metadata.cluster_id, "network");
    ck_assert_int_eq(network_link_count(&network, boot), 0);
    ck_assert_int_eq(cluster_connection_count(&network.cluster), 0);

    const char *host = NULL;
    int32_t port = 0;
    ck_assert(cluster_address(&network.cluster, 1, &host, &port));
    ck_assert_str_eq(host, "b1");
    ck_assert_int_eq(port, 9092);
    ck_assert(!cluster_address(&network.cluster, 3, &host, &port));

    cluster_refresh(&network.cluster);
    network_pass(&network, 200);
    (void)network_expect(&network, API_METADATA);
    ck_assert_int_eq(boot->dial_count, 1);
}

END_TEST

START_TEST(a_dead_bootstrap_address_gives_way_to_another) {
    struct host_entry *second = network_add_host(&network, "boot2", 9001, true);
    boot->state = HOST_REFUSES;
    network_pass(&network, 3000);
    (void)network_expect(&network, API_METADATA);
    ck_assert_int_eq(second->dial_count, 1);
    ck_assert(cluster_is_reachable(&network.cluster));
}

END_TEST

START_TEST(no_broker_at_start_is_tried_again_with_growing_pauses) {
    boot->state = HOST_REFUSES;
    network_pass(&network, 60000);
    ck_assert_int_ge(boot->dial_count, 40);
    ck_assert_int_le(boot->dial_count, 90);
    ck_assert(!cluster_is_reachable(&network.cluster));
    char trouble[100];
    cluster_trouble(&network.cluster, trouble, sizeof trouble);
    ck_assert_str_eq(trouble, "boot:9000: connection refused");
    boot->state = HOST_UP;
    network_pass(&network, 2500);
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    ck_assert_int_ge(network.cluster.refreshed_at_ms, 0);
}

END_TEST

START_TEST(any_broker_is_one_that_is_connected_or_else_any_of_the_rest) {
    find_brokers();
    bool seen[BROKERS] = { false };
    for (int i = 0; i < 200; i++) {
        int32_t node_id = cluster_any_node(&network.cluster, network.now_ms);
        ck_assert_int_ge(node_id, 0);
        seen[node_id] = true;
    }
    ck_assert(seen[0] && seen[1] && seen[2]);
    send_heartbeat(1, PURPOSE_GENERAL, &results[0]);
    network_run(&network);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(cluster_any_node(&network.cluster, network.now_ms), 1);
    answer_heartbeat();
}

END_TEST

START_TEST(bootstrap_addresses_come_last_and_backing_off_brokers_not_at_all) {
    find_brokers();
    for (int i = 0; i < BROKERS; i++)
        brokers[i]->state = HOST_REFUSES;
    for (int32_t i = 0; i < BROKERS; i++) {
        int32_t node_id = cluster_any_node(&network.cluster, network.now_ms);
        ck_assert_int_ge(node_id, 0);
        send_heartbeat(node_id, PURPOSE_GENERAL, &results[i]);
        network_run(&network);
        ck_assert_int_eq(results[i].status, STATUS_DISCONNECTED);
    }
    ck_assert_int_eq(cluster_any_node(&network.cluster, network.now_ms), FIRST_BOOTSTRAP_NODE);
    boot->state = HOST_REFUSES;
    send_heartbeat(FIRST_BOOTSTRAP_NODE, PURPOSE_GENERAL, &results[7]);
    network_run(&network);
    ck_assert_int_eq(cluster_any_node(&network.cluster, network.now_ms), NO_NODE);
}

END_TEST

// pitfall 88
START_TEST(each_purpose_has_a_connection_of_its_own) {
    find_brokers();
    for (int i = 0; i < PURPOSE_COUNT; i++)
        send_heartbeat(2, (enum purpose)i, &results[i]);
    network_run(&network);
    ck_assert_int_eq(network_link_count(&network, brokers[2]), PURPOSE_COUNT);
    for (int i = 0; i < PURPOSE_COUNT; i++)
        answer_heartbeat();
    for (int i = 0; i < PURPOSE_COUNT; i++)
        ck_assert_int_eq(results[i].status, STATUS_OK);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Refreshing

START_TEST(a_new_topic_is_asked_for_at_once) {
    find_brokers();
    cluster_want_topic(&network.cluster, "orders");
    network_run(&network);
    struct asked asked = network_expect(&network, API_METADATA);
    const struct metadata_request *request = asked.request.message;
    ck_assert_int_eq(request->topics_count, 1);
    ck_assert(slice_equal_string(request->topics[0].name, "orders"));
    network_tell(&network, &asked, brokers, BROKERS, &orders, 1);
    ck_assert_int_eq(metadata_partition(&network.cluster.metadata, "orders", 2)->leader, 2);
    cluster_want_topic(&network.cluster, "orders");
    network_pass(&network, 5000);
    ck_assert(!network_take(&network, API_METADATA, &asked));
}

END_TEST

START_TEST(a_topic_wanted_while_an_answer_is_under_way_is_asked_for_right_after_it) {
    network_run(&network);
    cluster_want_topic(&network.cluster, "orders");
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    asked = network_expect(&network, API_METADATA);
    ck_assert_int_eq(((const struct metadata_request *)asked.request.message)->topics_count, 1);
}

END_TEST

START_TEST(metadata_is_asked_again_by_age) {
    find_brokers();
    int64_t refreshed_ms = network.cluster.refreshed_at_ms;
    network_pass(&network, 299000);
    struct asked asked;
    ck_assert(!network_take(&network, API_METADATA, &asked));
    network_next(&network, 1000);
    ck_assert_int_eq(network.now_ms, refreshed_ms + 300000);
    asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    network_pass(&network, 299999);
    ck_assert(!network_take(&network, API_METADATA, &asked));
}

END_TEST

START_TEST(errors_ask_again_with_growing_pauses_and_not_in_a_storm) {
    find_brokers();
    cluster_want_topic(&network.cluster, "orders");
    network_run(&network);
    struct topic_to_tell missing = orders;
    missing.error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    missing.partition_count = 0;
    int64_t expected_ms = 100;
    for (int i = 0; i < 8; i++) {
        struct asked asked = network_expect(&network, API_METADATA);
        network_tell(&network, &asked, brokers, BROKERS, &missing, 1);
        ck_assert(!network_take(&network, API_METADATA, &asked));
        int64_t began_ms = network.now_ms;
        network_next(&network, 1300);
        ck_assert_int_ge(network.now_ms - began_ms, expected_ms * 8 / 10);
        ck_assert_int_le(network.now_ms - began_ms, expected_ms * 12 / 10);
        expected_ms = expected_ms * 2 < 1000 ? expected_ms * 2 : 1000;
    }
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, brokers, BROKERS, &orders, 1);
    ck_assert_int_eq(network.cluster.refresh_failures, 0);
    network_pass(&network, 5000);
    ck_assert(!network_take(&network, API_METADATA, &asked));
}

END_TEST

START_TEST(an_error_of_the_whole_answer_changes_nothing_and_asks_again) {
    find_brokers();
    cluster_refresh(&network.cluster);
    network_pass(&network, 200);
    struct asked asked = network_expect(&network, API_METADATA);
    ck_assert_int_eq(asked.request.version, 13);
    struct metadata_response response;
    schema_init(&metadata_response_schema, &response);
    response.error_code = ERROR_REBOOTSTRAP_REQUIRED;
    network_answer(&network, &asked, &response);
    ck_assert_int_eq(network.cluster.last_error, STATUS_KAFKA_ERROR);
    ck_assert_ptr_nonnull(cluster_connection(&network.cluster, 2, PURPOSE_FETCH));
    network_pass(&network, 130);
    (void)network_expect(&network, API_METADATA);
}

END_TEST

START_TEST(however_often_a_refresh_is_wanted_answers_are_a_back_off_apart) {
    find_brokers();
    int count = 0;
    for (int64_t ms = 0; ms < 10000; ms += 5) {
        struct asked asked;
        cluster_refresh(&network.cluster);
        network_pass(&network, 5);
        if (!network_take(&network, API_METADATA, &asked)) continue;
        count++;
        network_tell(&network, &asked, brokers, BROKERS, NULL, 0);
    }
    ck_assert_int_ge(count, 75);
    ck_assert_int_le(count, 126);
}

END_TEST

START_TEST(a_broker_that_dies_with_the_request_is_replaced_by_another) {
    find_brokers();
    cluster_refresh(&network.cluster);
    network_pass(&network, 200);
    struct asked asked = network_expect(&network, API_METADATA);
    struct host_entry *host = asked.link->host;
    host->state = HOST_REFUSES;
    network_cut(&network, host);
    ck_assert_int_eq(network.cluster.last_error, STATUS_DISCONNECTED);
    network_pass(&network, 3000);
    asked = network_expect(&network, API_METADATA);
    ck_assert_ptr_ne(asked.link->host, host);
}

END_TEST

// pitfall 61
START_TEST(a_broker_that_never_connects_holds_metadata_up_for_a_setup_timeout_at_most) {
    find_brokers();
    for (int i = 0; i < BROKERS; i++)
        brokers[i]->state = i == 0 ? HOST_UP : HOST_SILENT;
    cluster_refresh(&network.cluster);
    for (int tries = 0; tries < 6; tries++) {
        struct asked asked;
        network_pass(&network, 13000);
        if (!network_take(&network, API_METADATA, &asked)) continue;
        ck_assert_ptr_eq(asked.link->host, brokers[0]);
        return;
    }
    ck_abort_msg("the broker that is up was not asked");
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Brokers that go, move, lie

static void tell_again(struct host_entry *const told[], int32_t count) {
    cluster_refresh(&network.cluster);
    network_pass(&network, 1500);
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, told, count, NULL, 0);
}

// pitfall 59
START_TEST(a_broker_that_is_gone_is_cut_and_not_dialed_again) {
    find_brokers();
    send_heartbeat(2, PURPOSE_GROUP, &results[0]);
    network_run(&network);
    struct host_entry *told[] = { brokers[0], brokers[1] };
    tell_again(told, 2);
    ck_assert_int_eq(results[0].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(network_link_count(&network, brokers[2]), 0);
    ck_assert_ptr_null(cluster_connection(&network.cluster, 2, PURPOSE_GROUP));
    int dials = brokers[2]->dial_count;
    send_heartbeat(2, PURPOSE_GROUP, &results[1]);
    network_run(&network);
    ck_assert_int_eq(results[1].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(brokers[2]->dial_count, dials);
}

END_TEST

// pitfall 59
START_TEST(what_waits_for_a_broker_that_is_gone_fails_without_a_dial) {
    find_brokers();
    cluster_refresh(&network.cluster);
    network_pass(&network, 200);
    int dials = brokers[2]->dial_count;
    struct asked asked = network_expect(&network, API_METADATA);
    send_heartbeat(2, PURPOSE_GROUP, &results[0]);
    struct host_entry *told[] = { brokers[0], brokers[1] };
    network_tell(&network, &asked, told, 2, NULL, 0);
    ck_assert_int_eq(results[0].count, 1);
    ck_assert_int_eq(results[0].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(brokers[2]->dial_count, dials);
    ck_assert_ptr_null(cluster_connection(&network.cluster, 2, PURPOSE_GROUP));
}

END_TEST

// pitfall 59
START_TEST(a_broker_that_moved_is_dialed_at_its_new_address) {
    find_brokers();
    send_heartbeat(1, PURPOSE_FETCH, &results[0]);
    network_run(&network);
    answer_heartbeat();
    struct host_entry *moved = network_add_host(&network, "elsewhere", 9999, false);
    struct host_entry *told[] = { brokers[0], moved, brokers[2] };
    tell_again(told, 3);
    ck_assert_int_eq(network_link_count(&network, brokers[1]), 0);
    send_heartbeat(1, PURPOSE_FETCH, &results[1]);
    network_run(&network);
    ck_assert_int_eq(network_link_count(&network, moved), 1);
    answer_heartbeat();
    ck_assert_int_eq(results[1].status, STATUS_OK);
}

END_TEST

// pitfall 55
START_TEST(a_broker_that_moved_does_not_inherit_its_back_off) {
    find_brokers();
    brokers[1]->state = HOST_REFUSES;
    for (int i = 0; i < 7; i++) {
        send_heartbeat(1, PURPOSE_FETCH, &results[i]);
        network_pass(&network, 1200);
        ck_assert_int_eq(results[i].status, STATUS_DISCONNECTED);
    }
    send_heartbeat(1, PURPOSE_FETCH, &results[7]);
    network_run(&network);
    struct host_entry *moved = network_add_host(&network, "elsewhere", 9999, false);
    struct host_entry *told[] = { brokers[0], moved, brokers[2] };
    cluster_note_broker(&network.cluster, 1, slice_from_string(moved->name), moved->port);
    results[7] = (struct result){ 0 };
    network_run(&network);
    send_heartbeat(1, PURPOSE_FETCH, &results[7]);
    network_run(&network);
    ck_assert_int_eq(network_link_count(&network, moved), 1);
    tell_again(told, 3);
    answer_heartbeat();
    ck_assert_int_eq(results[7].status, STATUS_OK);
}

END_TEST

// pitfall 59
START_TEST(two_nodes_at_one_address_stay_apart) {
    struct host_entry *told[] = { brokers[0], brokers[0] };
    network_run(&network);
    struct asked asked = network_expect(&network, API_METADATA);
    network_tell(&network, &asked, told, 2, NULL, 0);
    for (int32_t i = 0; i < 2; i++)
        send_heartbeat(i, PURPOSE_GENERAL, &results[i]);
    network_run(&network);
    ck_assert_int_eq(network_link_count(&network, brokers[0]), 2);
}

END_TEST

// pitfall 60
START_TEST(when_all_known_brokers_are_gone_the_bootstrap_addresses_find_the_new_ones) {
    find_brokers();
    for (int i = 0; i < BROKERS; i++) {
        brokers[i]->state = HOST_REFUSES;
        network_cut(&network, brokers[i]);
    }
    cluster_refresh(&network.cluster);
    network_pass(&network, 5000);
    struct asked asked = network_expect(&network, API_METADATA);
    ck_assert_ptr_eq(asked.link->host, boot);
    struct host_entry *told[] = { NULL, NULL, NULL, network_add_host(&network, "new", 1, false) };
    network_tell(&network, &asked, told, 4, NULL, 0);
    network_pass(&network, 3000);
    ck_assert_ptr_null(cluster_connection(&network.cluster, 0, PURPOSE_GENERAL));
    ck_assert_int_eq(cluster_any_node(&network.cluster, network.now_ms), 3);
    // It does not go back to the bootstrap addresses without need.
    int dials = boot->dial_count;
    network_pass(&network, 100000);
    ck_assert_int_eq(boot->dial_count, dials);
}

END_TEST

// pitfall 53
START_TEST(a_broker_named_by_a_hint_comes_in_addition) {
    find_brokers();
    struct host_entry *fourth = network_add_host(&network, "b3", 9092, false);
    cluster_note_broker(&network.cluster, 3, slice_from_string("b3"), 9092);
    send_heartbeat(3, PURPOSE_FETCH, &results[0]);
    send_heartbeat(0, PURPOSE_FETCH, &results[1]);
    network_run(&network);
    ck_assert_int_eq(network_link_count(&network, fourth), 1);
    ck_assert_int_eq(network_link_count(&network, brokers[0]), 1);
}

END_TEST

START_TEST(brokers_that_cannot_be_are_not_noted) {
    find_brokers();
    static char long_name[400];
    memset(long_name, 'x', sizeof long_name - 1);
    struct cluster *cluster = &network.cluster;
    cluster_note_broker(cluster, -1, slice_from_string("h"), 9092);
    cluster_note_broker(cluster, INT32_MIN, slice_from_string("h"), 9092);
    cluster_note_broker(cluster, 50, slice_from_string("h"), 0);
    cluster_note_broker(cluster, 51, slice_from_string("h"), 65536);
    cluster_note_broker(cluster, 52, slice_from_string("h"), -9092);
    cluster_note_broker(cluster, 53, SLICE_NULL, 9092);
    cluster_note_broker(cluster, 54, slice_from_string(""), 9092);
    cluster_note_broker(cluster, 55, slice_from_string(long_name), 9092);
    for (int32_t node_id = 50; node_id < 56; node_id++)
        ck_assert_ptr_null(cluster_connection(cluster, node_id, PURPOSE_GENERAL));
    // pitfall 97: ids may be huge.
    cluster_note_broker(cluster, INT32_MAX, slice_from_string("h"), 65535);
    ck_assert_ptr_nonnull(cluster_connection(cluster, INT32_MAX, PURPOSE_GENERAL));
}

END_TEST

START_TEST(an_answer_without_brokers_takes_none_away) {
    find_brokers();
    tell_again(brokers, 0);
    ck_assert_ptr_nonnull(cluster_connection(&network.cluster, 2, PURPOSE_GENERAL));
    ck_assert_int_ge(cluster_any_node(&network.cluster, network.now_ms), 0);
}

END_TEST

START_TEST(a_request_to_an_unknown_node_fails_at_the_next_step) {
    find_brokers();
    send_heartbeat(77, PURPOSE_GENERAL, &results[0]);
    ck_assert_int_eq(network_due_ms(&network), network.now_ms);
    network_run(&network);
    ck_assert_int_eq(results[0].count, 1);
    ck_assert_int_eq(results[0].status, STATUS_DISCONNECTED);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Closing

START_TEST(closing_ends_every_connection_also_one_that_is_about_to_be_dialed) {
    find_brokers();
    send_heartbeat(0, PURPOSE_GENERAL, &results[0]);
    network_run(&network);
    send_heartbeat(1, PURPOSE_GENERAL, &results[1]);
    cluster_step(&network.cluster, network.now_ms);
    cluster_close(&network.cluster);
    ck_assert(!cluster_is_closed(&network.cluster));
    for (size_t i = 0; i < NETWORK_LINKS; i++) {
        struct connection *connection = network.links[i].peer.connection;
        if (!connection) continue;
        ck_assert_int_eq(connection_take_want(connection), CONNECTION_WANTS_CLOSE);
        peer_dispose(&network.links[i].peer);
        connection_on_closed(connection, "closed as wished", network.now_ms);
    }
    ck_assert(cluster_is_closed(&network.cluster));
    ck_assert_int_eq(results[0].status, STATUS_DISCONNECTED);
    ck_assert_int_eq(results[1].count, 1);
    ck_assert_int_eq(results[1].status, STATUS_DISCONNECTED);
    send_heartbeat(1, PURPOSE_GENERAL, &results[2]);
    cluster_dispose(&network.cluster, network.now_ms);
    ck_assert_int_eq(results[2].count, 1);
    ck_assert_int_eq(results[2].status, STATUS_CLOSED);
}

END_TEST

static void check_trouble(const char *expected) {
    char text[200];
    cluster_trouble(&network.cluster, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_planned_close_is_no_trouble) {
    check_trouble("");
    find_brokers();
    ck_assert(!cluster_is_reachable(&network.cluster));
    check_trouble("");
    send_heartbeat(0, PURPOSE_GENERAL, &results[0]);
    network_run(&network);
    ck_assert(cluster_is_reachable(&network.cluster));
    check_trouble("");
    brokers[0]->state = HOST_REFUSES;
    network_cut(&network, brokers[0]);
    check_trouble("b0:9092: the broker closed the connection (at the first request, as a listener "
                  "with SASL does when there is none)");
}

END_TEST

SUITE(cluster) {
    Suite *s = suite_create("cluster/cluster");
    TCase *cases = tcase_create("cluster");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_bootstrap_address_tells_the_brokers_and_is_let_go);
    tcase_add_test(cases, a_dead_bootstrap_address_gives_way_to_another);
    tcase_add_test(cases, no_broker_at_start_is_tried_again_with_growing_pauses);
    tcase_add_test(cases, any_broker_is_one_that_is_connected_or_else_any_of_the_rest);
    tcase_add_test(cases, bootstrap_addresses_come_last_and_backing_off_brokers_not_at_all);
    tcase_add_test(cases, each_purpose_has_a_connection_of_its_own);
    tcase_add_test(cases, a_new_topic_is_asked_for_at_once);
    tcase_add_test(cases, a_topic_wanted_while_an_answer_is_under_way_is_asked_for_right_after_it);
    tcase_add_test(cases, metadata_is_asked_again_by_age);
    tcase_add_test(cases, errors_ask_again_with_growing_pauses_and_not_in_a_storm);
    tcase_add_test(cases, an_error_of_the_whole_answer_changes_nothing_and_asks_again);
    tcase_add_test(cases, however_often_a_refresh_is_wanted_answers_are_a_back_off_apart);
    tcase_add_test(cases, a_broker_that_dies_with_the_request_is_replaced_by_another);
    tcase_add_test(
        cases, a_broker_that_never_connects_holds_metadata_up_for_a_setup_timeout_at_most
    );
    tcase_add_test(cases, a_broker_that_is_gone_is_cut_and_not_dialed_again);
    tcase_add_test(cases, what_waits_for_a_broker_that_is_gone_fails_without_a_dial);
    tcase_add_test(cases, a_broker_that_moved_is_dialed_at_its_new_address);
    tcase_add_test(cases, a_broker_that_moved_does_not_inherit_its_back_off);
    tcase_add_test(cases, two_nodes_at_one_address_stay_apart);
    tcase_add_test(
        cases, when_all_known_brokers_are_gone_the_bootstrap_addresses_find_the_new_ones
    );
    tcase_add_test(cases, a_broker_named_by_a_hint_comes_in_addition);
    tcase_add_test(cases, brokers_that_cannot_be_are_not_noted);
    tcase_add_test(cases, an_answer_without_brokers_takes_none_away);
    tcase_add_test(cases, a_request_to_an_unknown_node_fails_at_the_next_step);
    tcase_add_test(cases, closing_ends_every_connection_also_one_that_is_about_to_be_dialed);
    tcase_add_test(cases, a_planned_close_is_no_trouble);
    suite_add_tcase(s, cases);
    return s;
}
