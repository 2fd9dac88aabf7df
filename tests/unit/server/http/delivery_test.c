// SPDX-License-Identifier: Apache-2.0
// Was the answer taken? Every way in which a client takes an answer, or does not, over real
// sockets.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE_BYTES = 6 << 20 };

static void begin(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up(NULL);
}

static void begin_on_unix(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up((const char *const[]){ "http.listener", "unix", NULL });
}

static void add_three(void) {
    fake_add_text("orders", 0, "a");
    fake_add_text("orders", 0, "b");
    fake_add_text("orders", 0, "c");
}

static void add_large(void) {
    static char value[LARGE_BYTES];
    memset(value, 'x', sizeof value - 1);
    fake_add_text("orders", 0, value);
}

static void poll_and_expect(struct client *client, const char *query, const char *value) {
    char target[100];
    (void)snprintf(target, sizeof target, "/v1/poll%s", query);
    ck_assert_int_eq(client_call(client, "GET", target, NULL), 200);
    ck_assert_str_eq(client_value(client, 0), value);
}

/// Over TCP the end of a connection settles its answer; over a Unix socket the next call does.
static void wait_until_settled(void) {
    if (sidecar_port(the_sidecar()) == 0) {
        struct client client = client_connect();
        ck_assert_int_eq(client_call(&client, "GET", "/v1/position", NULL), 200);
        client_close(&client);
    }
    fake_wait_for_no_poll();
}

static void expect(int accepted, int put_back) {
    struct fake_counts counts = fake_counts();
    ck_assert_int_eq(counts.accepted, accepted);
    ck_assert_int_eq(counts.put_back, put_back);
}

START_TEST(the_next_request_on_the_connection_says_that_it_was_taken) { // pitfall 105
    struct client client = client_connect();
    add_three();
    poll_and_expect(&client, "?max_records=1", "a");
    expect(0, 0);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
    expect(1, 0);
    poll_and_expect(&client, "?max_records=1", "b");
    poll_and_expect(&client, "?max_records=1", "c");
    expect(2, 0);
    client_close(&client);
    wait_until_settled();
    expect(3, 0);
}

END_TEST

START_TEST(a_request_sent_ahead_of_the_answer_says_nothing_of_it) { // pitfall 105
    struct client client = client_connect();
    struct client other = client_connect();
    add_three();
    client_send(
        &client,
        "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /v1/pause?tp=orders:0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    );
    do {
        ck_assert_int_eq(client_call(&other, "GET", "/v1/paused", NULL), 200);
    } while (!strstr(client_body(&other), "orders"));
    expect(0, 0);
    client_close(&client);
    wait_until_settled();
    expect(0, 1);
    ck_assert_int_eq(client_call(&other, "POST", "/v1/resume?tp=orders:0", NULL), 200);
    poll_and_expect(&other, "", "a");
    client_close(&other);
}

END_TEST

START_TEST(a_commit_sent_ahead_of_the_answer_commits_it) { // pitfall 105, pitfall 109
    struct client client = client_connect();
    add_three();
    client_send(
        &client,
        "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    fake_wait_for(FAKE_COMMIT, 1); // and nothing has been read
    fake_wait_for_no_poll();
    expect(1, 0);
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_int_eq(fake_committed("orders", 0), 3);
    client_close(&client);
}

END_TEST

START_TEST(a_request_after_one_sent_ahead_says_that_it_was_taken) { // pitfall 105
    struct client client = client_connect();
    add_three();
    client_send(
        &client,
        "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "GET /v1/paused HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
    expect(1, 0);
    client_close(&client);
}

END_TEST

START_TEST(a_client_that_reads_all_and_closes_has_taken_it) { // pitfall 105
    struct client client = client_connect();
    add_three();
    poll_and_expect(&client, "?max_records=2", "a");
    client_close(&client);
    wait_until_settled();
    expect(1, 0);
    ck_assert_int_eq(fake_position("orders", 0), 2);
}

END_TEST

START_TEST(a_client_that_dies_with_bytes_unread_has_not) { // pitfall 105, pitfall 2
    struct client client = client_connect();
    add_three();
    client_ask(&client, "GET", "/v1/poll", NULL);
    client_read_some(&client, 20);
    client_close(&client);
    wait_until_settled();
    expect(0, 1);
    client = client_connect();
    poll_and_expect(&client, "", "a");
    ck_assert_int_eq(client_records(&client), 3);
    client_close(&client);
    wait_until_settled();
    expect(1, 1);
}

END_TEST

START_TEST(an_answer_cut_in_its_middle_comes_again) { // pitfall 105
    struct client client = client_connect();
    add_large();
    client_ask(&client, "GET", "/v1/poll", NULL);
    client_read_some(&client, 200);
    client_close(&client);
    wait_until_settled();
    expect(0, 1);
    client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    ck_assert_uint_gt(client.body.size, LARGE_BYTES);
    client_close(&client);
    wait_until_settled();
    expect(1, 1);
}

END_TEST

START_TEST(while_an_answer_is_being_sent_others_do_not_poll) {
    struct client slow = client_connect();
    struct client other = client_connect();
    add_large();
    fake_add_text("orders", 0, "next");
    client_ask(&slow, "GET", "/v1/poll?max_records=1", NULL);
    client_wait_readable(&slow);
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 409);
    ck_assert_int_eq(client_read(&slow), 200);
    ck_assert_int_eq(client_call(&slow, "GET", "/v1/paused", NULL), 200);
    poll_and_expect(&other, "", "next");
    client_close(&slow);
    client_close(&other);
}

END_TEST

START_TEST(a_pool_of_two_connections_may_poll_by_turns) { // pitfall 105, pitfall 122
    struct client pool[2] = { client_connect(), client_connect() };
    add_three();
    poll_and_expect(&pool[0], "?max_records=1", "a");
    poll_and_expect(&pool[1], "?max_records=1", "b");
    expect(1, 0);
    poll_and_expect(&pool[0], "?max_records=1", "c");
    expect(2, 0);
    ck_assert_int_eq(client_call(&pool[1], "GET", "/v1/status", NULL), 200);
    expect(3, 0);
    ck_assert_int_eq(cJSON_GetObjectItem(pool[1].json, "poll_connection_changes")->valueint, 2);
    client_close(&pool[0]);
    client_close(&pool[1]);
}

END_TEST

START_TEST(what_one_connection_has_not_read_comes_on_the_other) { // pitfall 105
    struct client pool[2] = { client_connect(), client_connect() };
    add_three();
    client_ask(&pool[0], "GET", "/v1/poll?max_records=2", NULL);
    client_wait_readable(&pool[0]);
    poll_and_expect(&pool[1], "?max_records=1", "a");
    ck_assert_int_eq(fake_counts().put_back, 1);
    client_close(&pool[0]);
    client_close(&pool[1]);
}

END_TEST

START_TEST(a_commit_on_another_connection_sees_what_was_delivered) { // pitfall 2
    struct client pool[2] = { client_connect(), client_connect() };
    add_three();
    poll_and_expect(&pool[0], "?max_records=2", "a");
    ck_assert_int_eq(client_call(&pool[1], "POST", "/v1/commit", NULL), 200);
    ck_assert_int_eq(fake_committed("orders", 0), 2);
    client_close(&pool[0]);
    client_close(&pool[1]);
}

END_TEST

START_TEST(what_is_not_read_yet_is_not_committed_but_stays_in_doubt) { // pitfall 2
    struct client pool[2] = { client_connect(), client_connect() };
    add_three();
    client_ask(&pool[0], "GET", "/v1/poll?max_records=2", NULL);
    client_wait_readable(&pool[0]);
    ck_assert_int_eq(client_call(&pool[1], "POST", "/v1/commit", NULL), 200);
    ck_assert_int_eq(fake_committed("orders", 0), 0);
    expect(0, 0);
    ck_assert_int_eq(client_read(&pool[0]), 200);
    ck_assert_int_eq(client_call(&pool[1], "GET", "/v1/position", NULL), 200);
    expect(1, 0);
    ck_assert_int_eq(fake_position("orders", 0), 2);
    client_close(&pool[0]);
    client_close(&pool[1]);
}

END_TEST

START_TEST(a_seek_settles_what_is_in_doubt_before_it_moves) {
    struct client pool[2] = { client_connect(), client_connect() };
    add_three();
    client_ask(&pool[0], "GET", "/v1/poll", NULL);
    client_wait_readable(&pool[0]);
    ck_assert_int_eq(client_call(&pool[1], "POST", "/v1/seek?tp=orders:0&offset=1", NULL), 200);
    expect(0, 1);
    poll_and_expect(&pool[1], "", "b");
    client_close(&pool[0]);
    client_close(&pool[1]);
}

END_TEST

/// Polls as HTTP/1.0, which makes the server close first.
static struct client old_poll(void) {
    struct client client = client_connect();
    client_send(&client, "GET /v1/poll HTTP/1.0\r\nHost: localhost\r\n\r\n");
    return client;
}

START_TEST(where_we_close_first_a_client_that_read_all_has_taken_it) { // pitfall 105
    add_three();
    struct client client = old_poll();
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert(client_is_ended(&client));
    client_close(&client);
    client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/position", NULL), 200);
    ck_assert_int_eq(fake_position("orders", 0), 3);
    expect(1, 0);
    client_close(&client);
}

END_TEST

START_TEST(where_we_close_first_it_need_not_have_closed) { // pitfall 105
    add_three();
    struct client old = old_poll();
    ck_assert_int_eq(client_read(&old), 200);
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    ck_assert_int_eq(client_records(&client), 0);
    client_close(&old);
    client_close(&client);
}

END_TEST

START_TEST(where_we_close_first_a_client_that_dies_unread_has_not) { // pitfall 105
    add_three();
    struct client old = old_poll();
    client_read_some(&old, 20);
    client_close(&old);
    struct client client = client_connect();
    poll_and_expect(&client, "", "a");
    ck_assert_int_eq(fake_counts().put_back, 1);
    client_close(&client);
}

END_TEST

START_TEST(where_we_close_first_what_is_not_known_counts_as_not_taken) { // pitfall 105
    add_three();
    struct client old = old_poll();
    client_wait_readable(&old);
    struct client client = client_connect();
    poll_and_expect(&client, "", "a");
    ck_assert_int_eq(fake_counts().put_back, 1);
    ck_assert_int_eq(client_read(&old), 200); // twice is better than never
    client_close(&old);
    client_close(&client);
}

END_TEST

START_TEST(a_waiting_poll_whose_client_is_gone_gives_way) { // pitfall 106
    struct client dead = client_connect();
    client_ask(&dead, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    client_close(&dead);
    struct client client = client_connect();
    client_ask(&client, "GET", "/v1/poll?timeout_ms=50000", NULL);
    fake_wait_for_opened(2);
    fake_wait_for_waiting(true);
    add_three();
    ck_assert_int_eq(client_read(&client), 200);
    ck_assert_str_eq(client_value(&client, 0), "a");
    client_close(&client);
}

END_TEST

START_TEST(records_do_not_go_to_a_dead_waiting_poll) { // pitfall 106
    struct client dead = client_connect();
    client_ask(&dead, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    client_close(&dead);
    add_three();
    wait_until_settled();
    expect(0, 1);
    struct client client = client_connect();
    poll_and_expect(&client, "", "a");
    client_close(&client);
}

END_TEST

START_TEST(a_dead_poll_gives_way_to_one_and_not_to_two) { // pitfall 106
    struct client dead = client_connect();
    client_ask(&dead, "GET", "/v1/poll?timeout_ms=60000", NULL);
    fake_wait_for_waiting(true);
    client_close(&dead);
    struct client one = client_connect();
    struct client two = client_connect();
    client_ask(&one, "GET", "/v1/poll?timeout_ms=50000", NULL);
    fake_wait_for_opened(2);
    fake_wait_for_waiting(true);
    ck_assert_int_eq(client_call(&two, "GET", "/v1/poll?timeout_ms=50000", NULL), 409);
    client_close(&one);
    client_close(&two);
}

END_TEST

START_TEST(a_poll_with_nothing_leaves_nothing_in_doubt) {
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    wait_until_settled();
    client_close(&client);
}

END_TEST

START_TEST(a_connection_used_for_other_calls_settles_nothing_of_others) {
    struct client poller = client_connect();
    struct client other = client_connect();
    add_three();
    client_ask(&poller, "GET", "/v1/poll", NULL);
    client_wait_readable(&poller);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(client_call(&other, "GET", "/v1/paused", NULL), 200);
    client_close(&other);
    expect(0, 0);
    ck_assert_int_eq(client_read(&poller), 200);
    client_close(&poller);
    wait_until_settled();
    expect(1, 0);
}

END_TEST

static void add(Suite *s, const char *name, SFun setup, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, sidecar_down);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

START_TEST(a_unix_connection_ends_with_its_answer) { // pitfall 105
    add_three();
    for (int i = 0; i < 3; i++) {
        struct client client = client_connect();
        poll_and_expect(&client, "?max_records=1", (const char *[]){ "a", "b", "c" }[i]);
        ck_assert_str_eq(client_header(&client, "Connection"), "close");
        client_close(&client);
    }
    struct client client = client_connect();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    ck_assert_ptr_null(client_header(&client, "Connection")); // nothing is in doubt
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
    client_close(&client);
}

END_TEST

SUITE(delivery) {
    Suite *s = suite_create("server/http/delivery");
    const TTest *const over_tcp[] = {
        the_next_request_on_the_connection_says_that_it_was_taken,
        a_request_sent_ahead_of_the_answer_says_nothing_of_it,
        a_commit_sent_ahead_of_the_answer_commits_it,
        a_request_after_one_sent_ahead_says_that_it_was_taken,
        while_an_answer_is_being_sent_others_do_not_poll,
        a_pool_of_two_connections_may_poll_by_turns,
        NULL,
    };

    const TTest *const over_unix[] = { a_unix_connection_ends_with_its_answer, NULL };

    const TTest *const over_both[] = {
        a_client_that_reads_all_and_closes_has_taken_it,
        a_client_that_dies_with_bytes_unread_has_not,
        an_answer_cut_in_its_middle_comes_again,
        what_one_connection_has_not_read_comes_on_the_other,
        a_commit_on_another_connection_sees_what_was_delivered,
        what_is_not_read_yet_is_not_committed_but_stays_in_doubt,
        a_seek_settles_what_is_in_doubt_before_it_moves,
        where_we_close_first_a_client_that_read_all_has_taken_it,
        where_we_close_first_it_need_not_have_closed,
        where_we_close_first_a_client_that_dies_unread_has_not,
        where_we_close_first_what_is_not_known_counts_as_not_taken,
        a_waiting_poll_whose_client_is_gone_gives_way,
        records_do_not_go_to_a_dead_waiting_poll,
        a_dead_poll_gives_way_to_one_and_not_to_two,
        a_poll_with_nothing_leaves_nothing_in_doubt,
        a_connection_used_for_other_calls_settles_nothing_of_others,
        NULL,
    };
    add(s, "over TCP", begin, over_tcp);
    add(s, "over TCP, as over Unix", begin, over_both);
    add(s, "over a Unix socket", begin_on_unix, over_unix);
    add(s, "over a Unix socket, as over TCP", begin_on_unix, over_both);
    return s;
}
