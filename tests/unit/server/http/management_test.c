// SPDX-License-Identifier: Apache-2.0
// The calls of the management listener.
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct client client;

static void begin(void) {
    fake_add_partition("orders", 0, 5);
    sidecar_up((const char *const[]){ "topics", "orders", NULL });
    client = client_connect_management();
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

START_TEST(the_log_level_is_told_and_changed_by_a_call) {
    ck_assert_int_eq(client_call(&client, "GET", "/loglevel", NULL), 200);
    ck_assert_str_eq(client_body(&client), "{\"level\":\"error\"}");
    ck_assert_int_eq(client_call(&client, "PUT", "/loglevel?level=debug", NULL), 200);
    ck_assert_str_eq(client_body(&client), "{\"level\":\"debug\"}");
    ck_assert_int_eq(client_call(&client, "PUT", "/loglevel", "{\"level\":\"warn\"}"), 200);
    ck_assert_int_eq(client_call(&client, "GET", "/loglevel", NULL), 200);
    ck_assert_str_eq(client_body(&client), "{\"level\":\"warn\"}");
    sidecar_toggle_debug(the_sidecar());
    ck_assert_int_eq(client_call(&client, "GET", "/loglevel", NULL), 200);
    ck_assert_str_eq(client_body(&client), "{\"level\":\"debug\"}");
    ck_assert_int_eq(client_call(&client, "PUT", "/loglevel?level=error", NULL), 200);
}

END_TEST

static const struct {
    const char *target;
    const char *body;
    const char *code;
    const char *named;
} bad[] = {
    { "/loglevel", NULL, "INVALID_ARGUMENT", "level" },
    { "/loglevel?level=loud", NULL, "INVALID_ARGUMENT", "'loud' is none of error, warn" },
    { "/loglevel?level=", NULL, "INVALID_ARGUMENT", "'' is none of" },
    { "/loglevel?to=debug", NULL, "UNKNOWN_PARAMETER", "to: not a parameter" },
    { "/loglevel?level=debug", "{\"level\":\"debug\"}", "INVALID_ARGUMENT", "beside a body" },
    { "/loglevel", "debug", "INVALID_JSON", "no JSON" },
    { "/loglevel", "{\"level\":7}", "INVALID_ARGUMENT", "level" },
    { "/loglevel", "{}", "INVALID_ARGUMENT", "level is missing" },
    { "/loglevel", "{\"lvl\":\"debug\"}", "UNKNOWN_PARAMETER", "lvl" },
    { "/loglevel", "{\"level\":\"debug\",\"level\":\"info\"}", "INVALID_ARGUMENT", "level" },
};

START_TEST(a_level_that_is_none_is_refused) {
    ck_assert_int_eq(client_call(&client, "PUT", bad[_i].target, bad[_i].body), 400);
    ck_assert_str_eq(client_code(&client), bad[_i].code);
    ck_assert_msg(strstr(client_body(&client), bad[_i].named), "%s", client_body(&client));
    ck_assert_int_eq(client_call(&client, "GET", "/loglevel", NULL), 200);
    ck_assert_str_eq(client_body(&client), "{\"level\":\"error\"}");
}

END_TEST

START_TEST(what_is_not_ready_says_what_it_waits_for) { // pitfall 117
    ck_assert_int_eq(client_call(&client, "GET", "/readyz", NULL), 200);
    fake_set_ready(false, "not in the group: the member is joining");
    ck_assert_int_eq(client_call(&client, "GET", "/readyz", NULL), 503);
    ck_assert_str_eq(client_code(&client), "NOT_READY");
    ck_assert_str_eq(cJSON_GetObjectItem(client.json, "waiting_for")->valuestring, "group");
    ck_assert_str_eq(cJSON_GetObjectItem(client.json, "state")->valuestring, "stable");
    ck_assert_str_eq(
        cJSON_GetObjectItem(client.json, "detail")->valuestring,
        "not in the group: the member is joining"
    );
    struct client api = client_connect();
    ck_assert_int_eq(client_call(&api, "DELETE", "/v1/subscription", NULL), 200);
    client_close(&api);
    ck_assert_int_eq(client_call(&client, "GET", "/readyz", NULL), 503);
    ck_assert_str_eq(cJSON_GetObjectItem(client.json, "waiting_for")->valuestring, "subscription");
    ck_assert_int_eq(client_call(&client, "GET", "/healthz", NULL), 200);
}

END_TEST

/// Whether the last status has a warning of that code.
static bool warns(struct client *api, const char *code) {
    ck_assert_int_eq(client_call(api, "GET", "/v1/status", NULL), 200);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(api->json, "warnings")) {
        if (strcmp(cJSON_GetObjectItem(one, "code")->valuestring, code) == 0) return true;
    }
    return false;
}

static void poll_by_turns(struct client *one, struct client *other, int polls) {
    for (int i = 0; i < polls; i++) {
        ck_assert_int_eq(client_call(i % 2 ? other : one, "GET", "/v1/poll", NULL), 200);
    }
}

START_TEST(two_clients_that_poll_by_turns_are_warned_of) { // pitfall 122
    struct client one = client_connect();
    struct client other = client_connect();
    poll_by_turns(&one, &other, 4); // there and back twice
    ck_assert(!warns(&one, "CONSUMER_SHARED"));
    poll_by_turns(&one, &other, 2);
    ck_assert(warns(&one, "CONSUMER_SHARED"));
    ck_assert_int_eq(client_call(&client, "GET", "/metrics", NULL), 200);
    ck_assert_ptr_nonnull(strstr(
        client_body(&client),
        "\nkafka_sidecar_consumer_warning{consumer=\"default\",code=\"CONSUMER_SHARED\"} 1\n"
    ));
    client_close(&other);
    fake_wait_for_no_poll();
    poll_by_turns(&one, &one, 2);
    ck_assert(!warns(&one, "CONSUMER_SHARED"));
    client_close(&one);
}

END_TEST

START_TEST(when_all_is_paused_that_is_warned_of) {
    struct client api = client_connect();
    ck_assert(!warns(&api, "ALL_PAUSED"));
    ck_assert_int_eq(client_call(&api, "POST", "/v1/pause", NULL), 200);
    ck_assert(warns(&api, "ALL_PAUSED"));
    client_close(&api);
}

END_TEST

START_TEST(the_status_says_which_process_it_is_of) {
    struct client api = client_connect();
    ck_assert_int_eq(client_call(&api, "GET", "/v1/status", NULL), 200);
    ck_assert_str_eq(cJSON_GetObjectItem(api.json, "version")->valuestring, SIDECAR_VERSION);
    const char *started = cJSON_GetObjectItem(api.json, "started_at")->valuestring;
    ck_assert_uint_eq(strlen(started), sizeof "2026-01-01T00:00:00.000Z" - 1);
    ck_assert_int_eq(started[23], 'Z');
    client_close(&api);
}

END_TEST

SUITE(management) {
    Suite *s = suite_create("server/http/management");
    TCase *cases = tcase_create("management");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, the_log_level_is_told_and_changed_by_a_call);
    tcase_add_test(cases, what_is_not_ready_says_what_it_waits_for);
    tcase_add_test(cases, two_clients_that_poll_by_turns_are_warned_of);
    tcase_add_test(cases, when_all_is_paused_that_is_warned_of);
    tcase_add_test(cases, the_status_says_which_process_it_is_of);
    tcase_add_loop_test(cases, a_level_that_is_none_is_refused, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, cases);
    return s;
}
