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

SUITE(management) {
    Suite *s = suite_create("server/http/management");
    TCase *cases = tcase_create("management");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, the_log_level_is_told_and_changed_by_a_call);
    tcase_add_loop_test(cases, a_level_that_is_none_is_refused, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, cases);
    return s;
}
