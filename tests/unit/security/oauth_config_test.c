// SPDX-License-Identifier: Apache-2.0
// The two lists of OAUTHBEARER in librdkafka's way.
#include "consumer/security/oauth_config.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

enum { MOST_EXPECTED = 2 };

#define NOT_LIST \
    "sasl.oauthbearer.extensions: must be at most 64 times name=value, separated by commas"

static const struct {
    const char *text;
    size_t count;
    struct sasl_extension expected[MOST_EXPECTED];
} lists[] = {
    { "", 0, { { NULL, NULL } } },
    { " , ", 0, { { NULL, NULL } } },
    { "logicalCluster=lkc-1", 1, { { "logicalCluster", "lkc-1" } } },
    { "a=b,c=d e=f", 2, { { "a", "b" }, { "c", "d e=f" } } },
    { ", a=b,, c=", 2, { { "a", "b" }, { "c", "" } } },
};

START_TEST(extensions_are_separated_by_commas) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct oauth_extensions extensions;
    ck_assert(oauth_extensions_read(lists[_i].text, &extensions, error));
    ck_assert_uint_eq(extensions.count, lists[_i].count);
    for (size_t i = 0; i < extensions.count; i++) {
        ck_assert_str_eq(extensions.all[i].name, lists[_i].expected[i].name);
        ck_assert_str_eq(extensions.all[i].value, lists[_i].expected[i].value);
    }
    oauth_extensions_dispose(&extensions);
}

END_TEST

START_TEST(extensions_that_are_no_list_are_not_shown) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct oauth_extensions extensions;
    ck_assert(!oauth_extensions_read("a=b,hunter2", &extensions, error));
    ck_assert_str_eq(error, NOT_LIST);
    oauth_extensions_dispose(&extensions);
    char many[OAUTH_MOST_EXTENSIONS * 4 + 5];
    for (size_t i = 0; i <= OAUTH_MOST_EXTENSIONS; i++)
        (void)snprintf(many + 4 * i, 5, "a=b,");
    ck_assert(!oauth_extensions_read(many, &extensions, error));
    ck_assert_str_eq(error, NOT_LIST);
    oauth_extensions_dispose(&extensions);
}

END_TEST

START_TEST(extensions_may_be_words_of_the_config) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct oauth_extensions extensions;
    const char *config = "principal=admin extension_traceId=1=2  extension_b=c scope=x";
    ck_assert(oauth_extensions_read_config(config, &extensions, error));
    ck_assert_uint_eq(extensions.count, 2);
    ck_assert_str_eq(extensions.all[0].name, "traceId");
    ck_assert_str_eq(extensions.all[0].value, "1=2");
    ck_assert_str_eq(extensions.all[1].name, "b");
    oauth_extensions_dispose(&extensions);
    ck_assert(!oauth_extensions_read_config("extension_a", &extensions, error));
    ck_assert_str_eq(
        error, "sasl.oauthbearer.config: must have at most 64 times extension_name=value"
    );
    oauth_extensions_dispose(&extensions);
}

END_TEST

static const struct {
    const char *config;
    const char *subject_claim;
    int64_t life_ms;
} tokens[] = {
    { "principal=admin", "sub", 3600000 },
    { "  principal=admin  lifeSeconds=60 ", "sub", 60000 },
    { "principalClaimName=azp principal=admin scopeClaimName=roles scope=role1,role2 "
      "lifeSeconds=600",
      "azp",
      600000 },
    { "principal=admin extension_traceId=123", "sub", 3600000 },
};

START_TEST(an_unsigned_token_is_made_of_the_config) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct buf token = { 0 };
    struct oauth_claims claims;
    int64_t expires_at_ms = 0;
    const int64_t now_ms = 1700000000000;
    bool is_made =
        oauth_config_make_token(tokens[_i].config, now_ms, &token, &expires_at_ms, error);
    ck_assert_msg(is_made, "%s", error);
    ck_assert(oauth_token_read(buf_slice(&token), tokens[_i].subject_claim, &claims, error));
    ck_assert_str_eq(claims.subject, "admin");
    ck_assert_int_eq(claims.expires_at_ms, now_ms + tokens[_i].life_ms);
    ck_assert_int_eq(claims.expires_at_ms, expires_at_ms);
    buf_dispose(&token);
}

END_TEST

#define NO_LIFE "sasl.oauthbearer.config: lifeSeconds must be a number from 1 to 31536000"
#define NO_WORD "sasl.oauthbearer.config: must be words name=value, separated by blanks"

static const struct {
    const char *config;
    const char *error;
} faults[] = {
    { "", "sasl.oauthbearer.config: principal=NAME is missing" },
    { "scope=a", "sasl.oauthbearer.config: principal=NAME is missing" },
    { "principal=", NO_WORD },
    { "hunter2", NO_WORD },
    { "principal=a hunter2=x",
      "sasl.oauthbearer.config: has a name that is not known; there are principal, "
      "principalClaimName, scope, scopeClaimName, lifeSeconds and extension_NAME" },
    { "principal=a lifeSeconds=0", NO_LIFE },
    { "principal=a lifeSeconds=1h", NO_LIFE },
    { "principal=a lifeSeconds=+5", NO_LIFE },
    { "principal=a lifeSeconds=31536001", NO_LIFE },
    { "principal=a lifeSeconds=99999999999999999999", NO_LIFE },
    { "principal=a principalClaimName=iat",
      "sasl.oauthbearer.config: the claim iat cannot be set" },
};

START_TEST(a_config_that_is_wrong_is_told_and_not_shown) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct buf token = { 0 };
    int64_t expires_at_ms = 0;
    ck_assert(!oauth_config_make_token(faults[_i].config, 0, &token, &expires_at_ms, error));
    ck_assert_str_eq(error, faults[_i].error);
    ck_assert_uint_eq(token.size, 0);
    buf_dispose(&token);
}

END_TEST

SUITE(oauth_config) {
    Suite *s = suite_create("security/oauth_config");
    ADD_CASE(
        s,
        "oauth_config",
        extensions_that_are_no_list_are_not_shown,
        extensions_may_be_words_of_the_config
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(
        cases, extensions_are_separated_by_commas, 0, sizeof lists / sizeof lists[0]
    );
    tcase_add_loop_test(
        cases, an_unsigned_token_is_made_of_the_config, 0, sizeof tokens / sizeof tokens[0]
    );
    tcase_add_loop_test(
        cases, a_config_that_is_wrong_is_told_and_not_shown, 0, sizeof faults / sizeof faults[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
