// SPDX-License-Identifier: Apache-2.0
// What tokens say of themselves, when the next is to be fetched, and unsigned ones.
#include "consumer/security/base64.h"
#include "consumer/security/oauth_token.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

// A token with these claims.
static void make(const char *claims, struct buf *token) {
    buf_clear(token);
    base64_encode(BASE64_URL, SLICE_LITERAL("{\"alg\":\"RS256\"}"), token);
    buf_append_byte(token, '.');
    base64_encode(BASE64_URL, slice_from_string(claims), token);
    buf_append(token, ".c2lnbmF0dXJl", 13);
}

static const struct {
    const char *json;
    struct oauth_claims claims;
} readings[] = {
    { "{\"sub\":\"alice\",\"iat\":1700000000,\"exp\":1700003600}",
      { 1700000000000, 1700003600000, "alice" } },
    { "{\"exp\":1700003600.25}", { 0, 1700003600250, "" } },
    { "{\"exp\":1.7e9,\"iat\":\"1700000000\",\"sub\":7}", { 0, 1700000000000, "" } },
    { "{\"exp\":1700003600,\"iat\":-5,\"sub\":\"\\u00e9\\n\"}", { 0, 1700003600000, "???" } },
    { "{\"EXP\":1,\"exp\":1700003600,\"iat\":1e300}", { 0, 1700003600000, "" } },
};

START_TEST(a_token_says_when_it_expires_and_whose_it_is) {
    struct buf token = { 0 };
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES] = "";
    make(readings[_i].json, &token);
    ck_assert_msg(oauth_token_read(buf_slice(&token), NULL, &claims, error), "%s", error);
    ck_assert_int_eq(claims.issued_at_ms, readings[_i].claims.issued_at_ms);
    ck_assert_int_eq(claims.expires_at_ms, readings[_i].claims.expires_at_ms);
    ck_assert_str_eq(claims.subject, readings[_i].claims.subject);
    buf_dispose(&token);
}

END_TEST

START_TEST(the_subject_can_be_in_another_claim) {
    struct buf token = { 0 };
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES];
    make("{\"sub\":\"alice\",\"azp\":\"app\",\"exp\":1}", &token);
    ck_assert(oauth_token_read(buf_slice(&token), "azp", &claims, error));
    ck_assert_str_eq(claims.subject, "app");
    buf_dispose(&token);
}

END_TEST

START_TEST(a_long_subject_is_cut) {
    char json[1000];
    struct buf token = { 0 };
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES];
    (void)snprintf(json, sizeof json, "{\"exp\":1,\"sub\":\"%0900d\"}", 0);
    make(json, &token);
    ck_assert(oauth_token_read(buf_slice(&token), NULL, &claims, error));
    ck_assert_uint_eq(strlen(claims.subject), OAUTH_SUBJECT_BYTES - 1);
    buf_dispose(&token);
}

END_TEST

#define NO_JWT    "the token is not a JWT (RFC 7519): three texts in base64 with dots between"
#define NO_TOKEN  "the token is empty, too long, or has characters that no token has (RFC 6750)"
#define NO_END    "the token does not say when it expires (exp)"
#define NO_OBJECT "the token's claims are no JSON object"

static const struct {
    const char *token; // NULL: made of the claims
    const char *json;
    const char *error;
} faults[] = {
    { "", NULL, NO_TOKEN },
    { "a b.c.d", NULL, NO_TOKEN },
    { "opaque", NULL, NO_JWT },
    { "one.two", NULL, NO_JWT },
    { "a.b.c.d", NULL, NO_JWT },
    { "e30..", NULL, NO_JWT },
    { "e30.e30=.", NULL, NO_TOKEN },
    { "e30.e.", NULL, NO_JWT },
    { "e30.e31.", NULL, NO_JWT },
    { "e30.e30.", NULL, NO_END },
    { NULL, "[]", NO_OBJECT },
    { NULL, "{", NO_OBJECT },
    { NULL, "\xff", NO_OBJECT },
    { NULL, "null", NO_OBJECT },
    { NULL, "{\"exp\":\"1700003600\"}", NO_END },
    { NULL, "{\"exp\":0}", NO_END },
    { NULL, "{\"exp\":1e20}", NO_END },
    { NULL, "{\"exp\":null}", NO_END },
};

START_TEST(a_token_that_cannot_be_read_is_told_without_its_text) {
    struct buf token = { 0 };
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES] = "";
    if (faults[_i].json) make(faults[_i].json, &token);
    struct slice text = faults[_i].json ? buf_slice(&token) : slice_from_string(faults[_i].token);
    ck_assert(!oauth_token_read(text, NULL, &claims, error));
    ck_assert_str_eq(error, faults[_i].error);
    buf_dispose(&token);
}

END_TEST

START_TEST(a_token_of_any_length_is_bounded) {
    static uint8_t bytes[OAUTH_MOST_TOKEN_BYTES + 1];
    memset(bytes, 'a', sizeof bytes);
    ck_assert(oauth_token_is_valid((struct slice){ bytes, sizeof bytes - 1 }));
    ck_assert(!oauth_token_is_valid((struct slice){ bytes, sizeof bytes }));
}

END_TEST

// Minutes of a clock that begins long after 1970, and seconds for the settings: Kafka's defaults.
#define MINUTES(count) (1700000000000 + (int64_t)(count)*60000)

#define KAFKAS \
    { 0.8, 0.05, 60000, 300000 }

static const struct {
    const char *what;
    struct oauth_refresh refresh;
    int64_t begin_ms;
    int64_t end_ms;
    int64_t now_ms;
    double random;
    int64_t at_ms;
} plans[] = {
    { "at 80 % of an hour", KAFKAS, MINUTES(0), MINUTES(60), MINUTES(0), 0, MINUTES(48) },
    { "with all of the jitter", KAFKAS, MINUTES(0), MINUTES(60), MINUTES(0), 1, MINUTES(51) },
    { "counted from when it was made",
      KAFKAS,
      MINUTES(0),
      MINUTES(60),
      MINUTES(30),
      0,
      MINUTES(48) },
    { "counted from now without that", KAFKAS, 0, MINUTES(60), MINUTES(10), 0, MINUTES(50) },
    { "made after its end", KAFKAS, MINUTES(99), MINUTES(60), MINUTES(10), 0, MINUTES(50) },
    { "the buffer before the end", KAFKAS, MINUTES(0), MINUTES(20), MINUTES(0), 0, MINUTES(15) },
    { "the least period from now", KAFKAS, MINUTES(0), MINUTES(60), MINUTES(52), 0, MINUTES(53) },
    { "no room for both", KAFKAS, MINUTES(0), MINUTES(5), MINUTES(0), 0, MINUTES(4) },
    { "just room for both", KAFKAS, MINUTES(0), MINUTES(6), MINUTES(0), 0, MINUTES(1) },
    { "at the end", KAFKAS, MINUTES(0), MINUTES(60), MINUTES(60), 0, MINUTES(60) + 10000 },
    { "after the end", KAFKAS, MINUTES(0), MINUTES(60), MINUTES(99), 0, MINUTES(99) + 10000 },
    { "no bounds", { 0.5, 0.25, 0, 0 }, MINUTES(0), MINUTES(60), MINUTES(0), 0.8, MINUTES(42) },
};

START_TEST(the_next_token_is_fetched_as_kafkas_clients_do) {
    struct oauth_claims claims = { plans[_i].begin_ms, plans[_i].end_ms, "" };
    int64_t at_ms =
        oauth_token_refresh_at_ms(&plans[_i].refresh, &claims, plans[_i].now_ms, plans[_i].random);
    ck_assert_msg(
        at_ms == plans[_i].at_ms, "%s: %lld", plans[_i].what, (long long)(at_ms - plans[_i].now_ms)
    );
}

END_TEST

static void expect_claims(struct slice token, const char *expected) {
    struct buf header = { 0 };
    struct buf json = { 0 };
    const uint8_t *dot = memchr(token.data, '.', token.size);
    ck_assert_ptr_nonnull(dot);
    size_t first = (size_t)(dot - token.data);
    ck_assert(base64_decode(BASE64_URL, (struct slice){ token.data, first }, &header));
    ck_assert(slice_equal_string(buf_slice(&header), "{\"alg\":\"none\"}"));
    struct slice payload = { dot + 1, token.size - first - 2 };
    ck_assert_int_eq(token.data[token.size - 1], '.');
    ck_assert(base64_decode(BASE64_URL, payload, &json));
    ck_assert_msg(
        slice_equal_string(buf_slice(&json), expected), "%.*s", (int)json.size, (char *)json.data
    );
    buf_dispose(&json);
    buf_dispose(&header);
}

START_TEST(an_unsigned_token_has_the_claims_it_is_given) {
    const struct oauth_claim given[] = {
        { OAUTH_STRING, "sub", "al\"ice\\" }, { OAUTH_NUMBER, "level", "7" },
        { OAUTH_NUMBER, "part", "-0.5e-3" },  { OAUTH_LIST, "scope", "|a|b||c" },
        { OAUTH_LIST, "one", ",x" },          { OAUTH_LIST, "none", "" },
    };
    struct buf token = { 0 };
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES] = "";
    ck_assert(oauth_token_make_unsigned(given, 6, 1700000000123, 3600000, &token, error));
    expect_claims(
        buf_slice(&token),
        "{\"sub\":\"al\\\"ice\\\\\",\"level\":7,\"part\":-0.0005,\"scope\":[\"a\",\"b\",\"\",\"c\"]"
        ","
        "\"one\":[\"x\"],\"none\":[],\"iat\":1700000000.123,\"exp\":1700003600.123}"
    );
    ck_assert(oauth_token_read(buf_slice(&token), NULL, &claims, error));
    ck_assert_int_eq(claims.expires_at_ms, 1700003600123);
    ck_assert_str_eq(claims.subject, "al\"ice\\");
    buf_dispose(&token);
}

END_TEST

START_TEST(an_unsigned_token_may_have_no_claims_of_its_own) {
    struct buf token = { 0 };
    char error[OAUTH_ERROR_BYTES];
    ck_assert(oauth_token_make_unsigned(NULL, 0, 0, 1000, &token, error));
    expect_claims(buf_slice(&token), "{\"iat\":0.000,\"exp\":1.000}");
    buf_dispose(&token);
}

END_TEST

static const struct {
    struct oauth_claim claim;
    const char *error;
} bad_claims[] = {
    { { OAUTH_STRING, "iat", "secret" }, "the claim iat cannot be set" },
    { { OAUTH_NUMBER, "exp", "1" }, "the claim exp cannot be set" },
    { { OAUTH_STRING, "", "secret" }, "the claim  cannot be set" },
    { { OAUTH_NUMBER, "n", "secret" }, "the claim n is not a number" },
    { { OAUTH_NUMBER, "n", "" }, "the claim n is not a number" },
    { { OAUTH_NUMBER, "n", "1 " }, "the claim n is not a number" },
    { { OAUTH_NUMBER, "n", "nan" }, "the claim n is not a number" },
    { { OAUTH_NUMBER, "n", "1e999" }, "the claim n is not a number" },
};

START_TEST(a_claim_that_is_wrong_is_named_without_its_value) {
    struct buf token = { 0 };
    char error[OAUTH_ERROR_BYTES] = "";
    ck_assert(!oauth_token_make_unsigned(&bad_claims[_i].claim, 1, 0, 1000, &token, error));
    ck_assert_str_eq(error, bad_claims[_i].error);
    ck_assert_uint_eq(token.size, 0);
    buf_dispose(&token);
}

END_TEST

SUITE(oauth_token) {
    Suite *s = suite_create("security/oauth_token");
    ADD_CASE(
        s,
        "oauth_token",
        the_subject_can_be_in_another_claim,
        a_long_subject_is_cut,
        a_token_of_any_length_is_bounded,
        an_unsigned_token_has_the_claims_it_is_given,
        an_unsigned_token_may_have_no_claims_of_its_own
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(
        cases, a_token_says_when_it_expires_and_whose_it_is, 0, sizeof readings / sizeof readings[0]
    );
    tcase_add_loop_test(
        cases,
        a_token_that_cannot_be_read_is_told_without_its_text,
        0,
        sizeof faults / sizeof faults[0]
    );
    tcase_add_loop_test(
        cases, the_next_token_is_fetched_as_kafkas_clients_do, 0, sizeof plans / sizeof plans[0]
    );
    tcase_add_loop_test(
        cases,
        a_claim_that_is_wrong_is_named_without_its_value,
        0,
        sizeof bad_claims / sizeof bad_claims[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
