// SPDX-License-Identifier: Apache-2.0
// Every call but poll: good answers word for word, and what is refused.
#include "server/http/routes.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/server/schema.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct client client;

static void begin(void) {
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
    for (int i = 0; i < 3; i++)
        fake_add_record("orders", 0, &(struct fake_record){ .timestamp_ms = 1000 + i });
    sidecar_up((const char *const[]){ "topics", "orders", NULL });
    client = client_connect();
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

#define TP0 "{\"topic\":\"orders\",\"partition\":0"
#define TP1 "{\"topic\":\"orders\",\"partition\":1"

static const struct {
    const char *method;
    const char *target;
    const char *body;
    const char *answer; ///< the whole of it
} good[] = {
    { "GET",
      "/v1/position",
      NULL,
      "{\"partitions\":[" TP0 ",\"offset\":5}," TP1 ",\"offset\":0}]}" },
    { "GET", "/v1/position?tp=orders:1", NULL, "{\"partitions\":[" TP1 ",\"offset\":0}]}" },
    { "GET",
      "/v1/position?tp=orders%3A1&tp=orders:0",
      NULL,
      "{\"partitions\":[" TP1 ",\"offset\":0}," TP0 ",\"offset\":5}]}" },
    { "GET",
      "/v1/position?topic=orders&partition=1",
      NULL,
      "{\"partitions\":[" TP1 ",\"offset\":0}]}" },
    { "GET",
      "/v1/committed",
      NULL,
      "{\"offsets\":[" TP0 ",\"offset\":null,\"leader_epoch\":null,\"metadata\":null}," TP1
      ",\"offset\":null,\"leader_epoch\":null,\"metadata\":null}]}" },
    { "POST",
      "/v1/commit",
      NULL,
      "{\"offsets\":[" TP0 ",\"offset\":5,\"leader_epoch\":null,\"error\":null}," TP1
      ",\"offset\":0,\"leader_epoch\":null,\"error\":null}]}" },
    { "POST",
      "/v1/commit",
      "{}",
      "{\"offsets\":[" TP0 ",\"offset\":5,\"leader_epoch\":null,\"error\":null}," TP1
      ",\"offset\":0,\"leader_epoch\":null,\"error\":null}]}" },
    { "POST", "/v1/commit", "{\"offsets\":[]}", "{\"offsets\":[]}" },
    { "POST",
      "/v1/commit",
      "{\"offsets\":[" TP0 ",\"offset\":9007199254740993,\"leader_epoch\":3}]}",
      "{\"offsets\":[" TP0 ",\"offset\":9007199254740993,\"leader_epoch\":3,\"error\":null}]}" },
    { "POST",
      "/v1/commit?tp=orders:0&offset=9223372036854775807",
      NULL,
      "{\"offsets\":[" TP0
      ",\"offset\":9223372036854775807,\"leader_epoch\":null,\"error\":null}]}" },
    { "POST",
      "/v1/seek",
      "{\"partitions\":[" TP0 ",\"offset\":7}]}",
      "{\"partitions\":[" TP0 ",\"offset\":7}]}" },
    { "POST", "/v1/seek", "{\"partitions\":[]}", "{\"partitions\":[]}" },
    { "POST",
      "/v1/seek",
      "{\"partitions\":[" TP0 ",\"offset\":\"end\"}," TP1 ",\"offset\":{\"timestamp\":5}}]}",
      "{\"partitions\":[" TP0 ",\"offset\":8}," TP1 ",\"offset\":0}]}" },
    { "POST",
      "/v1/seek",
      "{\"to\":\"end\"}",
      "{\"partitions\":[" TP0 ",\"offset\":8}," TP1 ",\"offset\":0}]}" },
    { "POST",
      "/v1/seek?to=beginning",
      NULL,
      "{\"partitions\":[" TP0 ",\"offset\":5}," TP1 ",\"offset\":0}]}" },
    { "POST", "/v1/seek?tp=orders:0&offset=6", NULL, "{\"partitions\":[" TP0 ",\"offset\":6}]}" },
    { "POST",
      "/v1/seek?tp=orders:0&timestamp=1001",
      NULL,
      "{\"partitions\":[" TP0 ",\"offset\":6}]}" },
    { "POST", "/v1/seek?tp=orders:0&to=committed", "", "{\"partitions\":[" TP0 ",\"offset\":5}]}" },
    { "GET", "/v1/paused", NULL, "{\"partitions\":[]}" },
    { "POST", "/v1/pause", NULL, "{\"partitions\":[" TP0 "}," TP1 "}]}" },
    { "POST", "/v1/pause?tp=orders:1", NULL, "{\"partitions\":[" TP1 "}]}" },
    { "POST", "/v1/pause", "{\"partitions\":[" TP0 "}]}", "{\"partitions\":[" TP0 "}]}" },
    { "POST", "/v1/pause", "{\"partitions\":[]}", "{\"partitions\":[]}" },
    { "POST", "/v1/resume", "{}", "{\"partitions\":[]}" },
    { "GET",
      "/v1/assignment",
      NULL,
      "{\"partitions\":[" TP0 "}," TP1 "}],\"assigned_by_hand\":false}" },
    { "PUT",
      "/v1/assignment",
      "{\"partitions\":[" TP1 ",\"offset\":0}]}",
      "{\"partitions\":[" TP1 "}],\"assigned_by_hand\":true}" },
    { "PUT",
      "/v1/assignment?tp=orders:0",
      NULL,
      "{\"partitions\":[" TP0 "}],\"assigned_by_hand\":true}" },
    { "GET", "/v1/subscription", NULL, "{\"topics\":[\"orders\"],\"pattern\":null}" },
    { "PUT",
      "/v1/subscription",
      "{\"topics\":[\"a\",\"b\"]}",
      "{\"topics\":[\"a\",\"b\"],\"pattern\":null}" },
    { "PUT",
      "/v1/subscription",
      "{\"pattern\":\"ord.*\"}",
      "{\"topics\":[],\"pattern\":\"ord.*\"}" },
    { "DELETE", "/v1/subscription", NULL, "{\"topics\":[],\"pattern\":null}" },
    { "GET",
      "/v1/offsets/beginning?tp=orders:0",
      NULL,
      "{\"offsets\":[" TP0 ",\"offset\":5,\"leader_epoch\":4}]}" },
    { "GET",
      "/v1/offsets/end?tp=orders:0&tp=orders:1",
      NULL,
      "{\"offsets\":[" TP0 ",\"offset\":8,\"leader_epoch\":4}," TP1
      ",\"offset\":0,\"leader_epoch\":4}]}" },
    { "POST",
      "/v1/offsets/for-times",
      "{\"timestamps\":[" TP0 ",\"timestamp\":1001}," TP1 ",\"timestamp\":1}]}",
      "{\"offsets\":[" TP0 ",\"offset\":6,\"timestamp\":1001,\"leader_epoch\":4}," TP1
      ",\"offset\":null,\"timestamp\":null,\"leader_epoch\":null}]}" },
    { "POST",
      "/v1/offsets/for-times?tp=orders:0&timestamp=1002",
      NULL,
      "{\"offsets\":[" TP0 ",\"offset\":7,\"timestamp\":1002,\"leader_epoch\":4}]}" },
    { "GET",
      "/v1/topics/orders",
      NULL,
      "{\"topic\":\"orders\",\"topic_id\":\"01ab0000-0000-0000-0000-000000000000\",\"internal\":"
      "false,\"partitions\":["
      "{\"partition\":0,\"leader\":1,\"leader_epoch\":4,\"replicas\":[1,2],\"in_sync_replicas\":[1]"
      ",\"error\":null},"
      "{\"partition\":1,\"leader\":1,\"leader_epoch\":4,\"replicas\":[1,2],\"in_sync_replicas\":[1]"
      ",\"error\":null}],\"error\":null}" },
};

static void check_good(int i, const char *target) {
    int status = client_call(&client, good[i].method, target, good[i].body);
    ck_assert_msg(
        status == 200, "%s %s: %d %s", good[i].method, target, status, client_body(&client)
    );
    ck_assert_str_eq(client_body(&client), good[i].answer);
    ck_assert_str_eq(client_header(&client, "Content-Type"), "application/json");
}

START_TEST(a_call_answers_as_documented) {
    check_good(_i, good[_i].target);
}

END_TEST

START_TEST(a_call_answers_the_same_under_the_consumers_name) {
    char target[256];
    ck_assert_int_eq(strncmp(good[_i].target, "/v1/", 4), 0);
    (void)snprintf(target, sizeof target, "/v1/consumers/default/%s", good[_i].target + 4);
    check_good(_i, target);
}

END_TEST

#define LONG_NAME "sixty-four-letters.and-digits_0123456789.ABCDEFGHIJKLMNOPQRSTUVW"

static const struct {
    const char *method;
    const char *target;
    const char *body;
    int status;
    const char *code;
    const char *named; ///< what its text must have
} bad[] = {
    { "GET", "/nope", NULL, 404, "NOT_FOUND", "/" },
    { "GET", "/v1", NULL, 404, "NOT_FOUND", "/v1" },
    { "GET", "/v1/poll/", NULL, 404, "NOT_FOUND", "" },
    { "GET", "/v1/topics/", NULL, 404, "NOT_FOUND", "" },
    { "GET", "/v1/topics/a/b", NULL, 404, "NOT_FOUND", "" },
    { "GET", "/healthz", NULL, 404, "NOT_FOUND", "" },
    { "GET", "/metrics", NULL, 404, "NOT_FOUND", "" },
    { "GET", "/v1/commit", NULL, 405, "METHOD_NOT_ALLOWED", "GET" },
    { "DELETE", "/v1/poll", NULL, 405, "METHOD_NOT_ALLOWED", "DELETE" },
    { "BREW", "/v1/poll", NULL, 405, "METHOD_NOT_ALLOWED", "BREW" },
    { "POST", "/v1/assignment", "{}", 405, "METHOD_NOT_ALLOWED", "POST" },
    { "GET", "/v1/status?x=1", NULL, 400, "UNKNOWN_PARAMETER", "x: not a parameter" },
    { "GET", "/v1/status?x", NULL, 400, "UNKNOWN_PARAMETER", "x: not a parameter" },
    { "GET", "/v1/position?offset=1", NULL, 400, "UNKNOWN_PARAMETER", "offset: not a parameter" },
    { "GET",
      "/v1/position?topic=a&topic=b&partition=1",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "topic: given twice" },
    { "GET", "/v1/position?topic=a", NULL, 400, "INVALID_ARGUMENT", "partition is missing" },
    { "GET", "/v1/position?partition=1", NULL, 400, "INVALID_ARGUMENT", "topic is missing" },
    { "GET", "/v1/position?topic=&partition=1", NULL, 400, "INVALID_ARGUMENT", "topic: empty" },
    { "GET",
      "/v1/position?tp=orders",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "tp: 'orders' is not topic:partition" },
    { "GET", "/v1/position?tp=:1", NULL, 400, "INVALID_ARGUMENT", "tp: ':1'" },
    { "GET",
      "/v1/position?tp=orders:x",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "tp: 'x' is not a whole number" },
    { "GET",
      "/v1/position?tp=orders:2147483648",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "tp: 2147483648 is not between" },
    { "GET", "/v1/position?tp=orders:-1", NULL, 400, "INVALID_ARGUMENT", "tp: -1 is not between" },
    { "GET", "/v1/position?tp=orders:1%00", NULL, 400, "INVALID_ARGUMENT", "escape" },
    { "GET", "/v1/position%zz", NULL, 400, "INVALID_ARGUMENT", "escape" },
    { "GET", "/v1/position", "{}", 400, "INVALID_ARGUMENT", "takes no body" },
    { "POST", "/v1/poll", "{}", 400, "INVALID_ARGUMENT", "takes no body" },
    { "POST", "/v1/commit", "{", 400, "INVALID_JSON", "cut short" },
    { "POST", "/v1/commit", "{\"ofsets\":[]}", 400, "UNKNOWN_PARAMETER", "ofsets" },
    { "POST",
      "/v1/commit",
      "{\"offsets\":[" TP0 ",\"offset\":9223372036854775808}]}",
      400,
      "INVALID_ARGUMENT",
      "offsets[0].offset" },
    { "POST", "/v1/commit?tp=orders:0", "{}", 400, "INVALID_ARGUMENT", "beside a body" },
    { "POST", "/v1/commit?tp=orders:0", NULL, 400, "INVALID_ARGUMENT", "offset is missing" },
    { "POST",
      "/v1/commit?topic=orders&partition=0",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "offset is missing" },
    { "POST", "/v1/commit?offset=4", NULL, 400, "INVALID_ARGUMENT", "tp is missing" },
    { "POST",
      "/v1/commit?tp=orders:0&offset=9223372036854775808",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "offset: 9223372036854775808" },
    { "POST", "/v1/commit?tp=orders:0&offset=1.5", NULL, 400, "INVALID_ARGUMENT", "offset: '1.5'" },
    { "POST", "/v1/commit?tp=orders:0&offset=%2B1", NULL, 400, "INVALID_ARGUMENT", "offset: '+1'" },
    { "POST", "/v1/seek", NULL, 400, "INVALID_ARGUMENT", "offset, to and timestamp is missing" },
    { "POST", "/v1/seek", "{}", 400, "INVALID_ARGUMENT", "partitions or to is missing" },
    { "POST", "/v1/seek?to=start", NULL, 400, "INVALID_ARGUMENT", "to: 'start'" },
    { "POST", "/v1/seek?offset=5", NULL, 400, "INVALID_ARGUMENT", "tp is missing" },
    { "POST", "/v1/seek?timestamp=5", NULL, 400, "INVALID_ARGUMENT", "tp is missing" },
    { "POST",
      "/v1/seek?tp=orders:0&offset=5&to=end",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "exclude each other" },
    { "POST", "/v1/seek?tp=orders:7&offset=5", NULL, 404, "NO_SUCH_PARTITION", "orders" },
    { "PUT", "/v1/assignment", NULL, 400, "INVALID_ARGUMENT", "partitions is missing" },
    { "PUT", "/v1/assignment", "{}", 400, "INVALID_ARGUMENT", "partitions is missing" },
    { "PUT",
      "/v1/assignment",
      "{\"partitions\":[]}",
      400,
      "INVALID_ARGUMENT",
      "partitions: empty" },
    { "DELETE", "/v1/assignment", NULL, 409, "SUBSCRIPTION_CONFLICT", "" },
    { "PUT", "/v1/subscription", NULL, 400, "INVALID_ARGUMENT", "topics" },
    { "PUT", "/v1/subscription", "{\"topics\":[1]}", 400, "INVALID_ARGUMENT", "topics[0]" },
    { "PUT",
      "/v1/subscription",
      "{\"pattern\":\"a.*\",\"topics\":[\"a\"]}",
      400,
      "INVALID_ARGUMENT",
      "topics and pattern exclude each other" },
    { "PUT",
      "/v1/subscription",
      "{\"pattern\":\"a(b\"}",
      400,
      "INVALID_ARGUMENT",
      "wrong at byte 1: missing closing parenthesis" },
    { "PUT", "/v1/subscription", "{}", 400, "INVALID_ARGUMENT", "topics or pattern is missing" },
    { "POST", "/v1/rebalance", "{\"reason\":7}", 400, "INVALID_ARGUMENT", "reason: not a string" },
    { "POST", "/v1/rebalance", "{\"why\":\"x\"}", 400, "UNKNOWN_PARAMETER", "why: not a field" },
    { "POST",
      "/v1/rebalance?reason=a",
      "{\"reason\":\"b\"}",
      400,
      "INVALID_ARGUMENT",
      "reason: said in the query beside a body" },
    { "GET", "/v1/offsets/end", NULL, 400, "INVALID_ARGUMENT", "tp is missing" },
    { "POST", "/v1/offsets/for-times", NULL, 400, "INVALID_ARGUMENT", "timestamps" },
    { "POST", "/v1/offsets/for-times", "{}", 400, "INVALID_ARGUMENT", "timestamps" },
    { "POST",
      "/v1/offsets/for-times?tp=orders:0",
      NULL,
      400,
      "INVALID_ARGUMENT",
      "timestamp is missing" },
    { "GET", "/v1/topics/nope", NULL, 404, "NO_SUCH_TOPIC", "UNKNOWN_TOPIC_OR_PARTITION" },
    { "GET", "/v1/consumers/nobody/position", NULL, 404, "NO_SUCH_CONSUMER", "nobody" },
    { "GET", "/v1/consumers/nobody/topics/orders", NULL, 404, "NO_SUCH_CONSUMER", "nobody" },
    { "POST", "/v1/consumers/nobody/seek", "{", 404, "NO_SUCH_CONSUMER", "nobody" },
    { "GET", "/v1/consumers/nobody/nothing", NULL, 404, "NOT_FOUND", "nobody/nothing" },
    { "GET", "/v1/consumers/default/openapi.json", NULL, 404, "NOT_FOUND", "openapi.json" },
    { "GET", "/v1/consumers/default/healthz", NULL, 404, "NOT_FOUND", "healthz" },
    { "GET", "/v1/consumers/default/v1/position", NULL, 404, "NOT_FOUND", "v1/position" },
    { "GET", "/v1/consumers//position", NULL, 404, "NOT_FOUND", "position" },
    { "PUT", "/v1/consumers/default/position", NULL, 405, "METHOD_NOT_ALLOWED", "PUT" },
    { "GET", "/v1/consumers/a%20b/position", NULL, 400, "INVALID_ARGUMENT", "name: " },
    { "GET", "/v1/consumers/.hidden/position", NULL, 400, "INVALID_ARGUMENT", "name: " },
    { "GET", "/v1/consumers/" LONG_NAME "/position", NULL, 404, "NO_SUCH_CONSUMER", LONG_NAME },
    { "GET", "/v1/consumers/" LONG_NAME "x/position", NULL, 400, "INVALID_ARGUMENT", "name: " },
    { "GET", "/v1/poll?timeout_ms=-1", NULL, 400, "INVALID_ARGUMENT", "timeout_ms: -1" },
    { "GET", "/v1/poll?timeout_ms=300001", NULL, 400, "INVALID_ARGUMENT", "timeout_ms: 300001" },
    { "GET", "/v1/poll?timeout_ms=1s", NULL, 400, "INVALID_ARGUMENT", "timeout_ms: '1s'" },
    { "GET", "/v1/poll?timeout_ms=", NULL, 400, "INVALID_ARGUMENT", "timeout_ms: ''" },
    { "GET", "/v1/poll?max_records=0", NULL, 400, "INVALID_ARGUMENT", "max_records: 0" },
    { "GET", "/v1/poll?max_bytes=99999999999", NULL, 400, "INVALID_ARGUMENT", "max_bytes" },
    { "GET", "/v1/poll?value_format=xml", NULL, 400, "INVALID_ARGUMENT", "value_format: 'xml'" },
    { "GET", "/v1/poll?commit=yes", NULL, 400, "INVALID_ARGUMENT", "commit: 'yes'" },
    { "GET", "/v1/poll?update_offsets=1", NULL, 400, "INVALID_ARGUMENT", "update_offsets: '1'" },
    { "GET", "/v1/poll?max_record=5", NULL, 400, "UNKNOWN_PARAMETER", "max_record: " },
};

START_TEST(a_mistake_is_told_by_its_name) { // pitfall 110
    int status = client_call(&client, bad[_i].method, bad[_i].target, bad[_i].body);
    ck_assert_msg(
        status == bad[_i].status,
        "%s %s: %d %s",
        bad[_i].method,
        bad[_i].target,
        status,
        client_body(&client)
    );
    ck_assert_str_eq(client_code(&client), bad[_i].code);
    ck_assert_msg(strstr(client_body(&client), bad[_i].named), "%s", client_body(&client));
    ck_assert_str_eq(client_header(&client, "Content-Type"), "application/problem+json");
    ck_assert_int_eq(fake_counts().opened, 0);
    // The connection is still good.
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
}

END_TEST

START_TEST(a_405_says_what_is_allowed) {
    ck_assert_int_eq(client_call(&client, "PATCH", "/v1/assignment", NULL), 405);
    ck_assert_str_eq(client_header(&client, "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
    ck_assert_int_eq(client_call(&client, "HEAD", "/v1/commit", NULL), 405);
    ck_assert_str_eq(client_header(&client, "Allow"), "POST, OPTIONS");
}

END_TEST

START_TEST(head_is_get_without_the_body) {
    ck_assert_int_eq(client_call(&client, "HEAD", "/v1/paused", NULL), 200);
    ck_assert_str_eq(client_header(&client, "Content-Length"), "17");
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200);
}

END_TEST

START_TEST(committed_shows_what_was_committed) {
    ck_assert_int_eq(
        client_call(
            &client,
            "POST",
            "/v1/commit",
            "{\"offsets\":[" TP0 ",\"offset\":7,\"metadata\":\"m\\u0000\\\"\"}]}"
        ),
        200
    );
    ck_assert_int_eq(fake_committed("orders", 0), 7);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/committed?tp=orders:0", NULL), 200);
    ck_assert_str_eq(
        client_body(&client),
        "{\"offsets\":[" TP0 ",\"offset\":7,\"leader_epoch\":4,\"metadata\":\"m\\u0000\\\"\"}]}"
    );
}

END_TEST

START_TEST(a_commit_tells_each_partitions_error) { // pitfall 18
    fake_fail_partition("orders", 1, KC_OFFSET_METADATA_TOO_LARGE, 12);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", NULL), 200);
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), TP0 ",\"offset\":5,\"leader_epoch\":null,\"error\":null}")
    );
    ck_assert_ptr_nonnull(strstr(
        client_body(&client),
        "\"error\":\"OFFSET_METADATA_TOO_LARGE\",\"kafka_error\":{\"code\":12,"
    ));
}

END_TEST

START_TEST(a_commit_refused_by_the_group_is_a_conflict_with_the_same_results) { // pitfall 5
    fake_fail_partition("orders", 1, KC_ILLEGAL_GENERATION, 22);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", NULL), 409);
    ck_assert_str_eq(client_code(&client), "ILLEGAL_GENERATION");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(client.json, "offsets")), 2);
    fake_fail_next(FAKE_COMMIT, KC_REBALANCE_IN_PROGRESS, 27);
    ck_assert_int_eq(client_call(&client, "POST", "/v1/commit", NULL), 409);
    ck_assert_str_eq(client_code(&client), "REBALANCE_IN_PROGRESS");
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(client.json, "retriable")));
}

END_TEST

static const struct {
    const char *target;
    const char *body;
    const char *reason;
} rebalances[] = {
    { "/v1/rebalance", NULL, "" },
    { "/v1/rebalance", "{}", "" },
    { "/v1/rebalance", "{\"reason\":\"a new table\"}", "a new table" },
    { "/v1/rebalance?reason=a%20new%20table", NULL, "a new table" },
};

START_TEST(a_rebalance_is_asked_for_with_its_reason) {
    const char *target = rebalances[_i].target;
    ck_assert_int_eq(client_call(&client, "POST", target, rebalances[_i].body), 202);
    ck_assert_str_eq(client_body(&client), "{\"requested\":true}");
    ck_assert_int_eq(fake_counts().rebalances, 1);
    ck_assert_str_eq(fake_counts().reason, rebalances[_i].reason);
}

END_TEST

START_TEST(an_unreachable_cluster_is_503_with_retry_after) {
    fake_fail_next(FAKE_COMMITTED, KC_COORDINATOR_UNAVAILABLE, 0);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/committed", NULL), 503);
    ck_assert_str_eq(client_code(&client), "COORDINATOR_UNAVAILABLE");
    ck_assert_str_eq(client_header(&client, "Retry-After"), "1");
    fake_fail_next(FAKE_POSITION, KC_TIMED_OUT, 0);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/position", NULL), 504);
    ck_assert_ptr_null(client_header(&client, "Retry-After"));
}

END_TEST

START_TEST(a_failed_partition_is_named) {
    fake_fail_partition("orders", 1, KC_TOPIC_AUTHORIZATION_FAILED, 29);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/position", NULL), 403);
    const cJSON *partitions = cJSON_GetObjectItem(client.json, "partitions");
    ck_assert_int_eq(cJSON_GetArraySize(partitions), 1);
    ck_assert_int_eq(
        cJSON_GetObjectItem(cJSON_GetArrayItem(partitions, 0), "partition")->valueint, 1
    );
}

END_TEST

START_TEST(an_assignment_by_hand_ends_only_by_its_own_delete) {
    ck_assert_int_eq(client_call(&client, "DELETE", "/v1/subscription", NULL), 200);
    ck_assert_int_eq(
        client_call(&client, "PUT", "/v1/assignment", "{\"partitions\":[" TP1 "}]}"), 200
    );
    ck_assert_int_eq(client_call(&client, "DELETE", "/v1/subscription", NULL), 409);
    ck_assert_int_eq(client_call(&client, "DELETE", "/v1/assignment", NULL), 200);
}

END_TEST

START_TEST(status_shows_the_member_and_its_partitions) {
    ck_assert_int_eq(client_call(&client, "GET", "/v1/status", NULL), 200);
    ck_assert_str_eq(cJSON_GetObjectItem(client.json, "state")->valuestring, "stable");
    ck_assert_int_eq(cJSON_GetObjectItem(client.json, "generation")->valueint, 7);
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(client.json, "assignment"), 0);
    ck_assert_int_eq(cJSON_GetObjectItem(first, "lag")->valueint, 3);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(first, "committed")));
}

END_TEST

START_TEST(metrics_are_numbers_under_kafkas_names) {
    ck_assert_int_eq(client_call(&client, "GET", "/v1/metrics", NULL), 200);
    ck_assert_ptr_nonnull(
        strstr(client_body(&client), "\"records-consumed-total\":9007199254740991,")
    );
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"http-connections\":1,"));
    ck_assert_ptr_nonnull(strstr(client_body(&client), "\"http-connections-limit\":256,"));
}

END_TEST

START_TEST(the_management_listener_has_health_and_metrics_alone) { // pitfall 117
    struct client other = client_connect_management();
    ck_assert_int_eq(client_call(&client, "GET", "/v1/paused", NULL), 200); // it is accepted
    ck_assert_int_eq(client_call(&other, "GET", "/healthz", NULL), 200);
    ck_assert_int_eq(client_call(&other, "GET", "/readyz", NULL), 200);
    ck_assert_int_eq(client_call(&other, "GET", "/metrics", NULL), 200);
    ck_assert_ptr_nonnull(strstr(
        client_body(&other),
        "# TYPE kafka_sidecar_consumer_consumed_records_total counter\n"
        "kafka_sidecar_consumer_consumed_records_total{consumer=\"default\"} 9007199254740991\n"
    ));
    ck_assert_ptr_nonnull(strstr(client_body(&other), "\nkafka_sidecar_http_connections 1\n"));
    ck_assert_int_eq(client_call(&other, "GET", "/v1/poll", NULL), 404);
    ck_assert_int_eq(client_call(&other, "POST", "/healthz", NULL), 405);
    client_send(
        &other, "GET /healthz HTTP/1.1\r\nHost: 10.9.8.7:8094\r\n\r\n"
    ); // as a kubelet asks
    ck_assert_int_eq(client_read(&other), 200);
    fake_set_ready(false, "no broker can be reached: connecting: connection refused");
    ck_assert_int_eq(client_call(&other, "GET", "/readyz", NULL), 503);
    ck_assert_str_eq(client_code(&other), "NOT_READY");
    ck_assert_ptr_nonnull(strstr(client_body(&other), "connection refused"));
    ck_assert_int_eq(client_call(&other, "GET", "/healthz", NULL), 200);
    client_close(&other);
}

END_TEST

static int count_operations(const cJSON *paths) {
    int count = 0;
    const cJSON *path;
    const cJSON *operation;
    cJSON_ArrayForEach(path, paths) {
        cJSON_ArrayForEach(operation, path) {
            count += cJSON_HasObjectItem(operation, "operationId");
        }
    }
    return count;
}

static void check_params(const cJSON *operation, const char *params) {
    char known[400];
    int count = 0;
    (void)snprintf(known, sizeof known, "%s", params);
    char *rest = NULL;
    for (char *name = strtok_r(known, " *", &rest); name;
         name = strtok_r(NULL, " *", &rest), count++) {
        bool found = false;
        const cJSON *one;
        cJSON_ArrayForEach(one, cJSON_GetObjectItem(operation, "parameters")) {
            const cJSON *known_name = cJSON_GetObjectItem(schema_follow(one), "name");
            found = found || strcmp(known_name->valuestring, name) == 0;
        }
        ck_assert_msg(found, "%s is not in the document", name);
    }
    int documented = 0;
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(operation, "parameters")) {
        const cJSON *in = cJSON_GetObjectItem(schema_follow(one), "in");
        documented += strcmp(in->valuestring, "query") == 0;
    }
    ck_assert_int_eq(count, documented);
}

START_TEST(the_document_has_the_routes_and_no_others) {
    ck_assert_int_eq(client_call(&client, "GET", "/openapi.json", NULL), 200);
    const cJSON *paths = cJSON_GetObjectItem(client.json, "paths");
    size_t count;
    int seen = 0;
    const struct route *routes = route_table(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, routes[i].path);
        const cJSON *operation = cJSON_GetObjectItem(path, routes[i].method);
        ck_assert_msg(operation != NULL, "%s %s", routes[i].method, routes[i].path);
        check_params(operation, routes[i].params);
        ck_assert_int_eq(
            routes[i].takes_body, cJSON_GetObjectItem(operation, "requestBody") != NULL
        );
        seen++;
    }
    ck_assert_int_eq(seen, count_operations(paths));
}

END_TEST

static void add(Suite *s, const char *name, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, begin, end);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(calls) {
    Suite *s = suite_create("server/http/calls");
    const TTest *const tests[] = {
        a_405_says_what_is_allowed,
        head_is_get_without_the_body,
        committed_shows_what_was_committed,
        a_commit_tells_each_partitions_error,
        a_commit_refused_by_the_group_is_a_conflict_with_the_same_results,
        an_unreachable_cluster_is_503_with_retry_after,
        a_failed_partition_is_named,
        an_assignment_by_hand_ends_only_by_its_own_delete,
        status_shows_the_member_and_its_partitions,
        metrics_are_numbers_under_kafkas_names,
        the_management_listener_has_health_and_metrics_alone,
        the_document_has_the_routes_and_no_others,
        NULL,
    };
    add(s, "calls", tests);
    TCase *tables = tcase_create("tables");
    tcase_add_checked_fixture(tables, begin, end);
    tcase_add_loop_test(tables, a_call_answers_as_documented, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(
        tables, a_call_answers_the_same_under_the_consumers_name, 0, sizeof good / sizeof good[0]
    );
    tcase_add_loop_test(
        tables,
        a_rebalance_is_asked_for_with_its_reason,
        0,
        sizeof rebalances / sizeof rebalances[0]
    );
    tcase_add_loop_test(tables, a_mistake_is_told_by_its_name, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, tables);
    return s;
}
