// SPDX-License-Identifier: Apache-2.0
// Asynchronous commits: their outcome by asking and by event, their order and their bounds.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <check.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct client client;

static void begin_with(const char *const *pairs) {
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
    sidecar_up(pairs);
    client = client_connect();
}

static void begin(void) {
    begin_with(NULL);
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

/// Begins a commit; its id is the caller's to free.
static char *commit(const char *query, const char *body) {
    char target[200];
    (void)snprintf(target, sizeof target, "/v1/commit?async=true%s", query);
    ck_assert_int_eq(client_call(&client, "POST", target, body), 202);
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(client.json, "commit_id"));
    ck_assert_ptr_nonnull(id);
    return strdup(id);
}

static int ask(const char *id) {
    char target[200];
    (void)snprintf(target, sizeof target, "/v1/commits/%s", id);
    return client_call(&client, "GET", target, NULL);
}

/// Asks until it is done.
static void wait_for(const char *id) {
    do {
        ck_assert_int_eq(ask(id), 200);
    } while (strstr(client_body(&client), "\"state\":\"pending\""));
}

START_TEST(the_answer_comes_before_the_outcome) {
    char wanted[200];
    fake_hold(FAKE_COMMIT);
    char *id = commit("&tp=orders:0&offset=8", NULL);
    (void)snprintf(wanted, sizeof wanted, "/v1/consumers/default/commits/%s", id);
    ck_assert_str_eq(client_header(&client, "Location"), wanted);
    ck_assert_int_eq(ask(id), 200);
    (void)snprintf(wanted, sizeof wanted, "{\"commit_id\":\"%s\",\"state\":\"pending\"}", id);
    ck_assert_str_eq(client_body(&client), wanted);
    fake_release(FAKE_COMMIT);
    wait_for(id);
    (void)snprintf(
        wanted,
        sizeof wanted,
        "{\"commit_id\":\"%s\",\"state\":\"done\",\"error\":null,\"offsets\":[{\"topic\":"
        "\"orders\",\"partition\":0,\"offset\":8,\"leader_epoch\":null,\"error\":null}]}",
        id
    );
    ck_assert_str_eq(client_body(&client), wanted);
    ck_assert_int_eq(fake_committed("orders", 0), 8);
    free(id);
}

END_TEST

START_TEST(a_commit_without_a_body_is_of_what_was_delivered) {
    fake_add_text("orders", 0, "a");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll", NULL), 200);
    char *id = commit("", NULL);
    wait_for(id);
    ck_assert_int_eq(fake_committed("orders", 0), 6);
    free(id);
    id = commit("", "{\"offsets\":[]}"); // of nothing
    wait_for(id);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"error\":null,\"offsets\":[]}"));
    free(id);
}

END_TEST

START_TEST(the_order_of_commits_is_kept) { // pitfall 8

    enum { COMMITS = 40 };

    char *ids[COMMITS];
    char query[60];
    char block[2000];
    struct client stream = client_connect();
    struct out text = { 0 };
    client_ask(&stream, "GET", "/v1/events", NULL);
    ck_assert_int_eq(client_read_head(&stream), 200);
    fake_hold(FAKE_COMMIT);
    for (int i = 0; i < COMMITS; i++) {
        (void)snprintf(query, sizeof query, "&tp=orders:0&offset=%d", i % 2 ? i : 1000 - i);
        ids[i] = commit(query, NULL);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(ids[i], ids[k]);
    }
    fake_release(FAKE_COMMIT);
    wait_for(ids[COMMITS - 1]);
    ck_assert_int_eq(fake_committed("orders", 0), COMMITS - 1);
    const char *at = NULL;
    (void)snprintf(block, sizeof block, "\"commit_id\":\"%s\"", ids[COMMITS - 1]);
    while (!strstr(out_text(&text), block))
        ck_assert_int_eq(client_read_piece(&stream, &text), CLIENT_PIECE);
    at = out_text(&text);
    for (int i = 0; i < COMMITS; i++) {
        (void)snprintf(
            block,
            sizeof block,
            "event: commit\ndata: {\"commit_id\":\"%s\",\"state\":\"done\"",
            ids[i]
        );
        at = strstr(at, block);
        ck_assert_msg(at != NULL, "%s is not told in its turn", block);
        free(ids[i]);
    }
    client_close(&stream);
    out_dispose(&text);
}

END_TEST

START_TEST(a_failure_is_told_as_the_synchronous_answer_tells_it) { // pitfall 18
    fake_fail_next(FAKE_COMMIT, KC_TIMED_OUT, 0);
    char *id = commit("&tp=orders:0&offset=8", NULL);
    wait_for(id);
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), "\"error\":\"TIMED_OUT\",\"kafka_error\":null,\"detail\":")
    );
    free(id);
    fake_fail_partition("orders", 1, KC_ILLEGAL_GENERATION, 22);
    id = commit("&tp=orders:0&tp=orders:1&offset=9", NULL);
    wait_for(id);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"error\":\"ILLEGAL_GENERATION\""));
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), "\"offset\":9,\"leader_epoch\":null,\"error\":null}")
    );
    ck_assert_int_eq(fake_committed("orders", 0), 9);
    free(id);
}

END_TEST

START_TEST(a_wrong_request_begins_nothing) {
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit?async=maybe", NULL), 400);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit?async=true", "{"), 400);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit?async=true&tp=orders:0", NULL), 400);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit?async=false", NULL), 200);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/commits/1", NULL), 404);
    ck_assert_str_eq(client_code(&client), "NO_SUCH_COMMIT");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/commits/", NULL), 404);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/metrics", NULL), 200);
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"async-commits-total\":0,"));
}

END_TEST

START_TEST(the_oldest_outcomes_are_forgotten) {
    char *ids[4];
    begin_with((const char *const[]){ "commit.outcomes.size", "3", NULL });
    for (int i = 0; i < 4; i++) {
        ids[i] = commit("", NULL);
        wait_for(ids[i]);
    }
    ck_assert_int_eq(ask(ids[0]), 404);
    ck_assert_str_eq(client_code(&client), "NO_SUCH_COMMIT");
    for (int i = 1; i < 4; i++)
        ck_assert_int_eq(ask(ids[i]), 200);
    for (int i = 0; i < 4; i++)
        free(ids[i]);
}

END_TEST

START_TEST(outcomes_are_bounded_in_bytes_but_the_newest_is_there) {
    begin_with((const char *const[]){ "commit.outcomes.bytes", "1024", NULL });
    struct out body = { 0 };
    OUT_LITERAL(&body, "{\"offsets\":[");
    for (int i = 0; i < 20; i++) {
        if (i > 0) out_byte(&body, ',');
        out_format(&body, "{\"topic\":\"orders\",\"partition\":%d,\"offset\":1}", i);
    }
    OUT_LITERAL(&body, "]}");
    char *small = commit("", NULL);
    wait_for(small);
    char *large = commit("", out_text(&body));
    wait_for(large);
    ck_assert_uint_gt(client.body.size, 1024);
    ck_assert_int_eq(ask(small), 404);
    free(small);
    free(large);
    out_dispose(&body);
}

END_TEST

START_TEST(commits_under_way_are_bounded_and_never_forgotten) {
    begin_with((const char *const[]){ "commit.outcomes.size", "2", NULL });
    fake_hold(FAKE_COMMIT);
    char *first = commit("", NULL);
    char *second = commit("", NULL);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit?async=true", NULL), 503);
    ck_assert_str_eq(client_code(&client), "TOO_MANY_COMMITS");
    ck_assert_ptr_nonnull(client_header(&client, "Retry-After"));
    ck_assert_int_eq(client_call(&client, "GET", "/v1/metrics", NULL), 200);
    ck_assert_ptr_nonnull(strstr(
        client_body(&client),
        "\"async-commits-total\":2,\"async-commits-under-way\":2,\"async-commits-refused-total\":1,"
    ));
    fake_release(FAKE_COMMIT);
    wait_for(first);
    wait_for(second);
    char *third = commit("", NULL);
    wait_for(third);
    ck_assert_int_eq(ask(first), 404);
    free(first);
    free(second);
    free(third);
}

END_TEST

/// Lets commits go on as soon as the server shuts down.
static void *release_while_draining(void *arg) {
    do {
        ck_assert_int_eq(client_call(&client, "GET", "/v1/status", NULL), 200);
    } while (!cJSON_IsTrue(cJSON_GetObjectItem(client.json, "shutting_down")));
    fake_release(FAKE_COMMIT);
    return arg;
}

START_TEST(what_is_under_way_is_completed_and_told_when_the_server_stops) { // pitfall 116
    pthread_t thread;
    struct out text = { 0 };
    begin_with((const char *const[]){ "shutdown.grace.ms", "20000", NULL });
    struct client stream = client_connect();
    client_ask(&stream, "GET", "/v1/events", NULL);
    ck_assert_int_eq(client_read_head(&stream), 200);
    fake_hold(FAKE_COMMIT);
    free(commit("&tp=orders:0&offset=8", NULL));
    ck_assert_int_eq(pthread_create(&thread, NULL, release_while_draining, NULL), 0);
    time_t began = time(NULL);
    sidecar_stop(the_sidecar());
    ck_assert_int_lt(time(NULL) - began, 15); // not the whole grace
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    while (client_read_piece(&stream, &text) == CLIENT_PIECE) {}
    const char *told = strstr(out_text(&text), "event: commit\n");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_nonnull(strstr(told, "\"offset\":8,"));
    ck_assert_int_eq(fake_committed("orders", 0), 8);
    client_close(&stream);
    client_close(&client);
    out_dispose(&text);
}

END_TEST

static void add(Suite *s, const char *name, void (*setup)(void), const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, setup, end);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(commits) {
    Suite *s = suite_create("server/http/commits");
    const TTest *const with_defaults[] = {
        the_answer_comes_before_the_outcome, a_commit_without_a_body_is_of_what_was_delivered,
        the_order_of_commits_is_kept,        a_failure_is_told_as_the_synchronous_answer_tells_it,
        a_wrong_request_begins_nothing,      NULL,
    };
    const TTest *const with_settings[] = {
        the_oldest_outcomes_are_forgotten,
        outcomes_are_bounded_in_bytes_but_the_newest_is_there,
        commits_under_way_are_bounded_and_never_forgotten,
        NULL,
    };
    add(s, "defaults", begin, with_defaults);
    add(s, "settings", NULL, with_settings);
    ADD_CASE(s, "stop", what_is_under_way_is_completed_and_told_when_the_server_stops);
    return s;
}
