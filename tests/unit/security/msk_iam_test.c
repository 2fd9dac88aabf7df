// SPDX-License-Identifier: Apache-2.0
// Amazon MSK: the payload and the token as its own libraries make them, regions in host names, and
// what brokers answer. The signatures come from another implementation; that without a session
// token is also in librdkafka's tests.
#include "consumer/security/base64.h"
#include "consumer/security/msk_iam.h"
#include "consumer/security/sasl.h"
#include "tests/unit/suite.h"

#include <string.h>

static const int64_t signed_at_ms = 1262304000000; // 2010-01-01T00:00:00Z

static const struct sasl_options options = {
    .mechanism = "AWS_MSK_IAM",
    .aws = {
        .access_key_id = "AWS_ACCESS_KEY_ID",
        .secret_access_key = "AWS_SECRET_ACCESS_KEY",
        .region = "us-east-1",
    },
};

static void expect_text(struct slice text, const char *expected) {
    ck_assert_msg(
        slice_equal_string(text, expected), "%.*s", (int)text.size, (const char *)text.data
    );
}

static void expect_first(const struct sasl_options *given, const char *host, const char *expected) {
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_credentials *credentials = sasl_credentials_new(given, error);
    ck_assert_msg(credentials != NULL, "%s", error);
    struct sasl *sasl = sasl_new(credentials, host);
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, signed_at_ms, &message), SASL_SEND);
    expect_text(buf_slice(&message), expected);
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

START_TEST(the_payload_is_the_signed_request_in_json) {
    expect_first(
        &options,
        "hostname",
        "{\"version\":\"2020_10_22\",\"host\":\"hostname\",\"user-agent\":\"kafka-sidecar"
        "/" SIDECAR_VERSION "\",\"action\":\"kafka-cluster:Connect\","
        "\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\","
        "\"x-amz-credential\":\"AWS_ACCESS_KEY_ID/20100101/us-east-1/kafka-cluster/aws4_request\","
        "\"x-amz-date\":\"20100101T000000Z\",\"x-amz-signedheaders\":\"host\","
        "\"x-amz-expires\":\"900\","
        "\"x-amz-signature\":\"d3eeeddfb2c2b76162d583d7499c2364eb9a92b248218e31866659b18997ef44\"}"
    );
}

END_TEST

START_TEST(temporary_credentials_show_their_session_token) {
    struct sasl_options temporary = options;
    temporary.aws.session_token = "a/token+with=signs";
    expect_first(
        &temporary,
        "hostname",
        "{\"version\":\"2020_10_22\",\"host\":\"hostname\",\"user-agent\":\"kafka-sidecar"
        "/" SIDECAR_VERSION "\",\"action\":\"kafka-cluster:Connect\","
        "\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\","
        "\"x-amz-credential\":\"AWS_ACCESS_KEY_ID/20100101/us-east-1/kafka-cluster/aws4_request\","
        "\"x-amz-date\":\"20100101T000000Z\",\"x-amz-security-token\":\"a/token+with=signs\","
        "\"x-amz-signedheaders\":\"host\",\"x-amz-expires\":\"900\","
        "\"x-amz-signature\":\"c1e2995d2453ef60435fcc1ae84c7aa0d26bb400bab17f9f67e76dcf92af6dc9\"}"
    );
}

END_TEST

START_TEST(a_token_is_the_url_of_the_signed_request) {
    struct sigv4_keys keys = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "a/token+with=signs" };
    struct buf token = { 0 };
    struct buf url = { 0 };
    msk_iam_token(&keys, "eu-west-1", signed_at_ms, &token);
    ck_assert(base64_decode(BASE64_URL, buf_slice(&token), &url));
    expect_text(
        buf_slice(&url),
        "https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&"
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AWS_ACCESS_KEY_ID%2F20100101%2Feu-west-1%2Fkafka-cluster%2Faws4_request&"
        "X-Amz-Date=20100101T000000Z&X-Amz-Expires=900&"
        "X-Amz-Security-Token=a%2Ftoken%2Bwith%3Dsigns&X-Amz-SignedHeaders=host&"
        "X-Amz-Signature=a5befc046b51ba2505da86f0af62625f5462f61b7ade0f758dba9467b8bcb841&"
        "User-Agent=kafka-sidecar%2F" SIDECAR_VERSION
    );
    buf_dispose(&url);
    buf_dispose(&token);
}

END_TEST

START_TEST(oauthbearer_makes_a_token_for_each_exchange) {
    struct sasl_options with_token = options;
    with_token.mechanism = "OAUTHBEARER";
    struct sigv4_keys keys = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", NULL };
    struct buf expected = { 0 };
    buf_append(
        &expected,
        "n,,\x01"
        "auth=Bearer ",
        16
    );
    msk_iam_token(&keys, "us-east-1", signed_at_ms, &expected);
    buf_append(&expected, "\x01\x01", 3);
    expect_first(&with_token, "hostname", (const char *)expected.data);
    buf_dispose(&expected);
}

END_TEST

static const struct {
    const char *host;
    const char *region; // NULL: it has none
} hosts[] = {
    { "b-1.name.x1.c2.kafka.us-east-1.amazonaws.com", "us-east-1" },
    { "boot-x.c1.kafka-serverless.eu-central-1.amazonaws.com", "eu-central-1" },
    { "b-1.name.x1.c2.kafka.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "us-east-1.amazonaws.com", NULL },
    { "vpce-1.vpce-svc-2.us-east-1.vpce.amazonaws.com", NULL },
    { "kafka..amazonaws.com", NULL },
    { "kafka.a-region-of-more-than-32-characters.amazonaws.com", NULL },
    { ".amazonaws.com", NULL },
    { "broker.test", NULL },
    { "", NULL },
};

START_TEST(a_region_is_found_in_a_host_name) {
    char region[MSK_IAM_REGION_BYTES] = "";
    ck_assert_int_eq(msk_iam_find_region(hosts[_i].host, region), hosts[_i].region != NULL);
    if (hosts[_i].region) ck_assert_str_eq(region, hosts[_i].region);
}

END_TEST

START_TEST(the_region_of_the_host_is_signed_when_none_is_given) {
    struct sasl_options without = options;
    without.aws.region = NULL;
    char error[SASL_ERROR_BYTES];
    struct sasl_credentials *credentials = sasl_credentials_new(&without, error);
    struct sasl *sasl = sasl_new(credentials, "b-1.kafka.ap-south-1.amazonaws.com");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, signed_at_ms, &message), SASL_SEND);
    buf_append_byte(&message, 0);
    ck_assert_ptr_nonnull(strstr((const char *)message.data, "/20100101/ap-south-1/kafka-cluster/")
    );
    sasl_free(sasl);
    buf_clear(&message);
    sasl = sasl_new(credentials, "broker.test");
    ck_assert_int_eq(sasl_first(sasl, signed_at_ms, &message), SASL_FAILED);
    ck_assert_str_eq(
        sasl_why(sasl),
        "SASL AWS_MSK_IAM: no AWS region is given, and the broker's name broker.test has none"
    );
    ck_assert_uint_eq(message.size, 0);
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

static const struct {
    const char *text;
    enum sasl_turn turn;
} answers[] = {
    { "{\"version\":\"2020_10_22\",\"request-id\":\"1234\"}", SASL_DONE },
    { "{\"request-id\":\"1234\", \"version\":\"2020_10_22\"}", SASL_DONE },
    { "", SASL_FAILED },
    { "{}", SASL_FAILED },
    { "[]", SASL_FAILED },
    { "{\"version\":\"2021_01_01\",\"request-id\":\"1234\"}", SASL_FAILED },
    { "{\"version\":20201022}", SASL_FAILED },
    { "{\"version\":\"2020_10_22\"", SASL_FAILED },
    { "\xff\xfe", SASL_FAILED },
};

START_TEST(an_answer_is_good_when_it_is_of_the_protocols_version) {
    char error[SASL_ERROR_BYTES];
    struct sasl_credentials *credentials = sasl_credentials_new(&options, error);
    struct sasl *sasl = sasl_new(credentials, "hostname");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, signed_at_ms, &message), SASL_SEND);
    buf_clear(&message);
    struct slice answer = slice_from_string(answers[_i].text);
    ck_assert_int_eq(sasl_next(sasl, answer, &message), answers[_i].turn);
    ck_assert_int_eq(*sasl_why(sasl) != '\0', answers[_i].turn == SASL_FAILED);
    ck_assert_uint_eq(message.size, 0);
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

END_TEST

#define NO_KEYS " needs AWS credentials: an access key id and a secret access key"

static const struct {
    struct sasl_options options;
    const char *error;
} faults[] = {
    { { .mechanism = "AWS_MSK_IAM" }, "sasl.mechanism: AWS_MSK_IAM" NO_KEYS },
    { { .mechanism = "AWS_MSK_IAM", .aws = { .access_key_id = "id", .secret_access_key = "" } },
      "sasl.mechanism: AWS_MSK_IAM" NO_KEYS },
    { { .mechanism = "OAUTHBEARER", .aws = { .access_key_id = "id" } },
      "sasl.mechanism: OAUTHBEARER" NO_KEYS },
    { { .mechanism = "OAUTHBEARER", .aws = { .access_key_id = "id", .secret_access_key = "s" } },
      "sasl.mechanism: a token for Amazon MSK needs an AWS region" },
    { { .mechanism = "AWS_MSK_IAM",
        .aws = { .access_key_id = "id",
                 .secret_access_key = "s",
                 .region = "a-region-of-more-than-32-characters" } },
      "sasl.mechanism: the AWS region is too long" },
};

START_TEST(what_is_missing_is_named) {
    char error[SASL_ERROR_BYTES] = "";
    ck_assert_ptr_null(sasl_credentials_new(&faults[_i].options, error));
    ck_assert_str_eq(error, faults[_i].error);
}

END_TEST

SUITE(msk_iam) {
    Suite *s = suite_create("security/msk_iam");
    ADD_CASE(
        s,
        "msk_iam",
        the_payload_is_the_signed_request_in_json,
        temporary_credentials_show_their_session_token,
        a_token_is_the_url_of_the_signed_request,
        oauthbearer_makes_a_token_for_each_exchange,
        the_region_of_the_host_is_signed_when_none_is_given
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, a_region_is_found_in_a_host_name, 0, sizeof hosts / sizeof hosts[0]);
    tcase_add_loop_test(
        cases,
        an_answer_is_good_when_it_is_of_the_protocols_version,
        0,
        sizeof answers / sizeof answers[0]
    );
    tcase_add_loop_test(cases, what_is_missing_is_named, 0, sizeof faults / sizeof faults[0]);
    suite_add_tcase(s, cases);
    return s;
}
