// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER: the one message, a broker's no, and what cannot be sent.
#include "consumer/security/base64.h"
#include "consumer/security/sasl.h"
#include "tests/unit/security/sasl_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

static const struct sasl_extension extensions[] = {
    { "logicalCluster", "lkc-1" },
    { "identityPoolId", "pool 1" },
};

static const struct sasl_options options = {
    .mechanism = "OAUTHBEARER",
    .token = "head.claims-_~+/.signature==",
    .extensions = extensions,
    .extension_count = 2,
};

// RFC 7628, section 4.1, without what Kafka has no use for.
START_TEST(token_and_extensions_are_in_one_message) {
    struct sasl_client client;
    sasl_client_init(&client, &options, NULL);
    ck_assert(slice_equal(
        buf_slice(&client.message),
        SLICE_LITERAL("n,,\1auth=Bearer head.claims-_~+/.signature==\1logicalCluster=lkc-1\1"
                      "identityPoolId=pool 1\1\1")
    ));
    ck_assert_int_eq(sasl_client_answer(&client, ""), SASL_DONE);
    sasl_client_dispose(&client);
}

END_TEST

START_TEST(a_token_alone_will_do) {
    struct sasl_options alone = { .mechanism = "OAUTHBEARER", .token = "t" };
    struct sasl_client client;
    sasl_client_init(&client, &alone, NULL);
    ck_assert(slice_equal(buf_slice(&client.message), SLICE_LITERAL("n,,\1auth=Bearer t\1\1")));
    sasl_client_dispose(&client);
}

END_TEST

static const struct {
    const char *answer;
    const char *why; // when the broker goes on as if nothing were
} refusals[] = {
    { "{\"status\":\"invalid_token\",\"scope\":\"s\"}",
      "SASL OAUTHBEARER: the broker refused the token (invalid_token), and went on" },
    { "{\"status\":\"a\\nb\xc3\xa9\"}",
      "SASL OAUTHBEARER: the broker refused the token (a?b?"
      "?), and went on" },
    { "{\"status\":1}", "SASL OAUTHBEARER: the broker refused the token (no reason), and went on" },
    { "{\"status\":\"\"}",
      "SASL OAUTHBEARER: the broker refused the token (no reason), and went on" },
    { "[[[", "SASL OAUTHBEARER: the broker refused the token (no reason), and went on" },
    { "\xff", "SASL OAUTHBEARER: the broker refused the token (no reason), and went on" },
};

START_TEST(a_refusal_is_acknowledged_and_never_becomes_a_yes) {
    struct sasl_client client;
    sasl_client_init(&client, &options, NULL);
    ck_assert_int_eq(sasl_client_answer(&client, refusals[_i].answer), SASL_SEND);
    ck_assert(slice_equal(buf_slice(&client.message), SLICE_LITERAL("\1")));
    ck_assert_str_eq(sasl_why(client.sasl), "");
    ck_assert_int_eq(sasl_client_answer(&client, ""), SASL_FAILED);
    ck_assert_str_eq(sasl_why(client.sasl), refusals[_i].why);
    sasl_client_dispose(&client);
}

END_TEST

static const struct {
    int64_t wall_ms;
    const char *hint;
} moments[] = {
    { 999999, "" },
    { 1000000, " (the token has expired)" },
    { 2000000, " (the token has expired)" },
};

START_TEST(that_a_token_is_over_explains_a_refusal) {
    struct buf token = { 0 };
    struct buf message = { 0 };
    char error[SASL_ERROR_BYTES];
    base64_encode(BASE64_URL, SLICE_LITERAL("{\"alg\":\"none\"}"), &token);
    buf_append_byte(&token, '.');
    base64_encode(BASE64_URL, SLICE_LITERAL("{\"sub\":\"a\",\"exp\":1000}"), &token);
    buf_append(&token, ".", 2); // with its NUL
    const struct sasl_options by_token = { .mechanism = "OAUTHBEARER",
                                           .token = (const char *)token.data };
    struct sasl_credentials *credentials = sasl_credentials_new(&by_token, error);
    ck_assert_msg(credentials != NULL, "%s", error);
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    ck_assert_int_eq(sasl_first(sasl, moments[_i].wall_ms, &message), SASL_SEND);
    ck_assert_str_eq(sasl_hint(sasl), moments[_i].hint);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
    buf_dispose(&token);
    buf_dispose(&message);
}

END_TEST

START_TEST(a_refusal_in_deep_brackets_is_one_without_a_reason) {
    static char deep[60000];
    memset(deep, '[', sizeof deep - 1);
    struct sasl_client client;
    sasl_client_init(&client, &options, NULL);
    ck_assert_int_eq(sasl_client_answer(&client, deep), SASL_SEND);
    sasl_client_dispose(&client);
}

END_TEST

#define BAD_TOKEN \
    "sasl.mechanism: the token for OAUTHBEARER has characters that no token has (RFC 6750)"

static const char *const bad_tokens[] = { "a b", "a\1b", "a\nb", "=", "a=b", "t\xc3\xa9" };

START_TEST(a_token_that_would_break_the_message_is_refused) {
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_options bad = { .mechanism = "OAUTHBEARER", .token = bad_tokens[_i] };
    ck_assert_ptr_null(sasl_credentials_new(&bad, error));
    ck_assert_str_eq(error, BAD_TOKEN);
}

END_TEST

START_TEST(without_a_token_there_is_nothing_to_send) {
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_options bad = { .mechanism = "OAUTHBEARER" };
    ck_assert_ptr_null(sasl_credentials_new(&bad, error));
    ck_assert_str_eq(error, "sasl.mechanism: OAUTHBEARER needs a token");
    bad.token = "";
    ck_assert_ptr_null(sasl_credentials_new(&bad, error));
    ck_assert_str_eq(error, "sasl.mechanism: OAUTHBEARER needs a token");
}

END_TEST

static const struct sasl_extension bad_extensions[] = {
    { "auth", "x" }, { "", "x" },   { "a1", "x" },     { "a-b", "x" },  { "a b", "x" },
    { "name", "" },  { "n", "\1" }, { "n", "x\1y=z" }, { "n", "\x7f" }, { "n", "\xc3\xa9" },
};

// KIP-342
START_TEST(an_extension_that_would_break_the_message_is_refused) {
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_extension both[] = { extensions[0], bad_extensions[_i] };
    struct sasl_options bad = options;
    bad.extensions = both;
    ck_assert_ptr_null(sasl_credentials_new(&bad, error));
    ck_assert_str_eq(
        error,
        "sasl.oauthbearer.extensions: extension 2 must have a name of letters, other than auth, "
        "and a"
        " value of printable ASCII"
    );
}

END_TEST

SUITE(oauth_bearer) {
    Suite *s = suite_create("security/oauth_bearer");
    ADD_CASE(
        s,
        "oauth_bearer",
        token_and_extensions_are_in_one_message,
        a_token_alone_will_do,
        a_refusal_in_deep_brackets_is_one_without_a_reason,
        without_a_token_there_is_nothing_to_send
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(
        cases,
        a_refusal_is_acknowledged_and_never_becomes_a_yes,
        0,
        sizeof refusals / sizeof refusals[0]
    );
    tcase_add_loop_test(
        cases, that_a_token_is_over_explains_a_refusal, 0, sizeof moments / sizeof moments[0]
    );
    tcase_add_loop_test(
        cases,
        a_token_that_would_break_the_message_is_refused,
        0,
        sizeof bad_tokens / sizeof bad_tokens[0]
    );
    tcase_add_loop_test(
        cases,
        an_extension_that_would_break_the_message_is_refused,
        0,
        sizeof bad_extensions / sizeof bad_extensions[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
