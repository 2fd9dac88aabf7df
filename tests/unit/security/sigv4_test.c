// SPDX-License-Identifier: Apache-2.0
// Signature Version 4 against the vectors that AWS publishes for its own signers (aws-c-auth,
// tests/aws-signing-test-suite/v4), but for those on requests that no caller of ours makes: paths
// to be normalized, headers to be trimmed or folded.
#include "consumer/security/sigv4.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { MOST_PAIRS = 4 };

static const int64_t signed_at_ms = 1440938160000; // 2015-08-30T12:36:00Z

static const struct vector {
    const char *name;
    const char *method;
    const char *path;
    struct sigv4_pair query[MOST_PAIRS];
    struct sigv4_pair headers[MOST_PAIRS];
    const char *payload;
    const char *token;
    bool is_body_signed; // the header x-amz-content-sha256 is one more
    const char *in_headers;
    const char *in_query;
} vectors[] = {
    { .name = "get-space-normalized",
      .method = "GET",
      .path = "/example space/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
      .in_query = "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6" },
    { .name = "get-unreserved",
      .method = "GET",
      .path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
      .in_query = "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005" },
    { .name = "get-utf8",
      .method = "GET",
      .path = "/\xe1\x88\xb4",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
      .in_query = "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44" },
    { .name = "get-vanilla",
      .method = "GET",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      .in_query = "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d" },
    { .name = "get-vanilla-empty-query-key",
      .method = "GET",
      .path = "/",
      .query = { { "Param1", "value1" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
      .in_query = "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de" },
    { .name = "get-vanilla-query",
      .method = "GET",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      .in_query = "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d" },
    { .name = "get-vanilla-query-order-encoded",
      .method = "GET",
      .path = "/",
      .query = { { "Param-3", "Value3" }, { "Param", "Value2" }, { "\xe1\x88\xb4", "Value1" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
      .in_query = "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787" },
    { .name = "get-vanilla-query-order-key-case",
      .method = "GET",
      .path = "/",
      .query = { { "Param2", "value2" }, { "Param1", "value1" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
      .in_query = "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5" },
    { .name = "get-vanilla-query-unreserved",
      .method = "GET",
      .path = "/",
      .query = { { "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                   "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
      .in_query = "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf" },
    { .name = "get-vanilla-utf8-query",
      .method = "GET",
      .path = "/",
      .query = { { "\xe1\x88\xb4", "bar" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
      .in_query = "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600" },
    { .name = "get-vanilla-with-session-token",
      .method = "GET",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
      .in_headers = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
      .in_query = "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c" },
    { .name = "post-header-key-case",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
      .in_query = "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b" },
    { .name = "post-header-key-sort",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" }, { "my-header1", "value1" } },
      .payload = "",
      .token = NULL,
      .in_headers = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
      .in_query = "c09d07e0d55871f10f2a6d350d994acf6825a3cae70673d7def55616e6119dd7" },
    { .name = "post-header-value-case",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" }, { "my-header1", "VALUE1" } },
      .payload = "",
      .token = NULL,
      .in_headers = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
      .in_query = "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed" },
    { .name = "post-sts-header-after",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
      .in_query = "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b" },
    { .name = "post-sts-header-before",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = "AQoDYXdzEPT//////////"
               "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf"
               "KD8YUuwthAx7mSEI/qkPpKPi/"
               "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6"
               "q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
               "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
      .in_headers = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
      .in_query = "46c2e3c63c1dbe7d39f8ada16fe7f001c1f56c5791441565323677f96308871c" },
    { .name = "post-vanilla",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
      .in_query = "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b" },
    { .name = "post-vanilla-empty-query-value",
      .method = "POST",
      .path = "/",
      .query = { { "Param1", "value1" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
      .in_query = "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682" },
    { .name = "post-vanilla-query",
      .method = "POST",
      .path = "/",
      .query = { { "Param1", "value1" } },
      .headers = { { "host", "example.amazonaws.com" } },
      .payload = "",
      .token = NULL,
      .in_headers = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
      .in_query = "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682" },
    { .name = "post-x-www-form-urlencoded",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "content-type", "application/x-www-form-urlencoded" },
                   { "host", "example.amazonaws.com" },
                   { "content-length", "13" } },
      .payload = "Param1=value1",
      .token = NULL,
      .is_body_signed = true,
      .in_headers = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
      .in_query = "89a40deed0f26f9461242825a082d2222717248abc7ab41f552ad84a94ad46e9" },
    { .name = "post-x-www-form-urlencoded-parameters",
      .method = "POST",
      .path = "/",
      .query = { { NULL, NULL } },
      .headers = { { "content-type", "application/x-www-form-urlencoded; charset=utf-8" },
                   { "host", "example.amazonaws.com" },
                   { "content-length", "13" } },
      .payload = "Param1=value1",
      .token = NULL,
      .is_body_signed = true,
      .in_headers = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
      .in_query = "0dbeb9b026c7b6675f266b8427efec9b4fa8b1f6ef1477d717aea231106eab4d" },
};

static size_t count(const struct sigv4_pair *pairs) {
    size_t counted = 0;
    while (counted < MOST_PAIRS && pairs[counted].name)
        counted++;
    return counted;
}

static void sign(const struct vector *vector, bool in_query, struct sigv4_signed *result) {
    struct sigv4_pair headers[MOST_PAIRS];
    memcpy(headers, vector->headers, sizeof headers);
    struct sigv4_request request = {
        .method = vector->method,
        .path = vector->path,
        .query = vector->query,
        .query_count = count(vector->query),
        .headers = headers,
        .header_count = count(headers),
        .payload = slice_from_string(vector->payload),
        .region = "us-east-1",
        .service = "service",
        .wall_ms = signed_at_ms,
        .expires_after = in_query ? 3600 : 0,
    };
    if (vector->is_body_signed && !in_query) {
        headers[request.header_count].name = "x-amz-content-sha256";
        headers[request.header_count++].value =
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
    }
    struct sigv4_keys keys = {
        .access_key_id = "AKIDEXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .session_token = vector->token,
    };
    sigv4_sign(&request, &keys, result);
}

START_TEST(a_request_is_signed_in_its_query_as_aws_signs_it) {
    struct sigv4_signed result;
    sign(&vectors[_i], true, &result);
    ck_assert_str_eq(result.date, "20150830T123600Z");
    ck_assert_msg(strcmp(result.signature, vectors[_i].in_query) == 0, "%s", vectors[_i].name);
    sigv4_signed_dispose(&result);
}

END_TEST

START_TEST(a_request_is_signed_in_its_headers_as_aws_signs_it) {
    struct sigv4_signed result;
    sign(&vectors[_i], false, &result);
    ck_assert_msg(strcmp(result.signature, vectors[_i].in_headers) == 0, "%s", vectors[_i].name);
    sigv4_signed_dispose(&result);
}

END_TEST

static const struct vector *find(const char *name) {
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        if (strcmp(vectors[i].name, name) == 0) return &vectors[i];
    ck_abort_msg("no vector %s", name);
    return NULL;
}

START_TEST(the_authorization_header_names_key_headers_and_signature) {
    struct sigv4_signed result;
    struct buf value = { 0 };
    sign(find("get-vanilla"), false, &result);
    sigv4_authorization(&result, &value);
    ck_assert(slice_equal_string(
        buf_slice(&value),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    ));
    buf_dispose(&value);
    sigv4_signed_dispose(&result);
}

END_TEST

START_TEST(the_query_is_sorted_and_has_what_is_signed) {
    struct sigv4_signed result;
    sign(find("get-vanilla-query-order-encoded"), true, &result);
    ck_assert(slice_equal_string(
        buf_slice(&result.query),
        "%E1%88%B4=Value1&Param=Value2&Param-3=Value3&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&"
        "X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    ));
    sigv4_signed_dispose(&result);
}

END_TEST

START_TEST(a_clock_that_is_far_off_gives_a_date_all_the_same) {
    const int64_t times[] = { INT64_MIN, -1, 0, INT64_MAX };
    const char *const dates[] = {
        "19700101T000000Z", "19700101T000000Z", "19700101T000000Z", "99991231T235959Z"
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct sigv4_request request = {
            .method = "GET", .path = "/", .region = "r", .service = "s", .wall_ms = times[i]
        };
        struct sigv4_keys keys = { "id", "secret", NULL };
        struct sigv4_signed result;
        sigv4_sign(&request, &keys, &result);
        ck_assert_str_eq(result.date, dates[i]);
        sigv4_signed_dispose(&result);
    }
}

END_TEST

SUITE(sigv4) {
    Suite *s = suite_create("security/sigv4");
    ADD_CASE(
        s,
        "sigv4",
        the_authorization_header_names_key_headers_and_signature,
        the_query_is_sorted_and_has_what_is_signed,
        a_clock_that_is_far_off_gives_a_date_all_the_same
    );
    TCase *cases = tcase_create("vectors");
    const int last = (int)(sizeof vectors / sizeof vectors[0]);
    tcase_add_loop_test(cases, a_request_is_signed_in_its_query_as_aws_signs_it, 0, last);
    tcase_add_loop_test(cases, a_request_is_signed_in_its_headers_as_aws_signs_it, 0, last);
    suite_add_tcase(s, cases);
    return s;
}
