// SPDX-License-Identifier: Apache-2.0
// sasl.jaas.config as people write it, as Java's parser takes it, and wrong. Values were compared
// with java.io.StreamTokenizer.
#include "consumer/security/jaas.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN "org.apache.kafka.common.security.plain.PlainLoginModule"
#define SCRAM "org.apache.kafka.common.security.scram.ScramLoginModule"
#define OAUTH "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
#define MSK   "software.amazon.msk.auth.iam.IAMLoginModule"

static const struct {
    const char *text;
    enum jaas_module module;
    size_t option_count;
    const char *names[3];
    const char *values[3];
} readings[] = {
    { PLAIN " required username=\"alice\" password=\"alice-secret\";",
      JAAS_PLAIN,
      2,
      { "username", "password" },
      { "alice", "alice-secret" } },
    { "\n  " SCRAM
      "\trequired\n    username='alice'\n    password='it\"s'\n    tokenauth=true\n;\n",
      JAAS_SCRAM,
      3,
      { "username", "password", "tokenauth" },
      { "alice", "it\"s", "true" } },
    { OAUTH " required;", JAAS_OAUTHBEARER, 0, { NULL }, { NULL } },
    { OAUTH " required clientId=\"a/b=c;d\" clientSecret=\"// no comment\" scope=kafka;",
      JAAS_OAUTHBEARER,
      3,
      { "clientId", "clientSecret", "scope" },
      { "a/b=c;d", "// no comment", "kafka" } },
    { MSK " required awsProfileName=\"default\" awsDebugCreds=true;",
      JAAS_MSK_IAM,
      2,
      { "awsProfileName", "awsDebugCreds" },
      { "default", "true" } },
    { "kafkashaded." PLAIN " REQUIRED a=b;", JAAS_PLAIN, 1, { "a" }, { "b" } },
    { PLAIN " Sufficient a=b;", JAAS_PLAIN, 1, { "a" }, { "b" } },
    { PLAIN " requisite a=1;", JAAS_PLAIN, 1, { "a" }, { "1" } },
    { PLAIN " optional a=\"\";", JAAS_PLAIN, 1, { "a" }, { "" } },
    { PLAIN " required a = b ;", JAAS_PLAIN, 1, { "a" }, { "b" } },
    { PLAIN " required a=b a=c;", JAAS_PLAIN, 1, { "a" }, { "c" } },
    { PLAIN " required \"a b\"=\"c\";", JAAS_PLAIN, 1, { "a b" }, { "c" } },
    { PLAIN " required a=p@$$w{0}r\\d!,:;", JAAS_PLAIN, 1, { "a" }, { "p@$$w{0}r\\d!,:" } },
    { PLAIN " required a=\"\\\"\\\\\\'\" b='\\'';", JAAS_PLAIN, 2, { "a", "b" }, { "\"\\'", "'" } },
    { PLAIN " required a=\"\\a\\b\\f\\n\\r\\t\\v\\q\\u0041\";",
      JAAS_PLAIN,
      1,
      { "a" },
      { "\a\b\f\n\r\t\vqu0041" } },
    { PLAIN " required a=\"\\101\\1012\\477\\351\\7x\";",
      JAAS_PLAIN,
      1,
      { "a" },
      { "AA2'7\xc3\xa9\ax" } },
    { PLAIN " required a=\"p\xc3\xa4ss\\\xc3\xa4\" b=\xc3\xa4;",
      JAAS_PLAIN,
      2,
      { "a", "b" },
      { "p\xc3\xa4ss\xc3\xa4", "\xc3\xa4" } },
    { "/* one */ " PLAIN " // two\n required / three\n a=b /* four\n */ ; // five",
      JAAS_PLAIN,
      1,
      { "a" },
      { "b" } },
    { PLAIN " required a=b /\n a=c\n a=d;", JAAS_PLAIN, 1, { "a" }, { "d" } },
    { PLAIN " required a=b/c\n;", JAAS_PLAIN, 1, { "a" }, { "b" } },
};

START_TEST(a_text_is_read_as_java_reads_it) {
    char error[JAAS_ERROR_BYTES] = "";
    struct jaas *jaas = jaas_new(readings[_i].text, error);
    ck_assert_msg(jaas != NULL, "%s: %s", readings[_i].text, error);
    ck_assert_int_eq(jaas->module, readings[_i].module);
    ck_assert_uint_eq(jaas->option_count, readings[_i].option_count);
    for (size_t i = 0; i < readings[_i].option_count; i++) {
        const char *value = jaas_find(jaas, readings[_i].names[i]);
        ck_assert_msg(value != NULL, "%s", readings[_i].names[i]);
        ck_assert_str_eq(value, readings[_i].values[i]);
    }
    ck_assert_ptr_null(jaas_find(jaas, "other"));
    jaas_free(jaas);
}

END_TEST

#define AT(number, text) "sasl.jaas.config: before character " #number ": " text
#define NO_MODULE                                                                     \
    "the login module must be one of Kafka's PlainLoginModule, ScramLoginModule and " \
    "OAuthBearerLoginModule or Amazon's IAMLoginModule"

static const struct {
    const char *text;
    const char *error;
} faults[] = {
    { "", AT(1, "it is empty") },
    { " // " PLAIN " required;", AT(70, "it is empty") },
    { "/*", AT(3, "it is empty") },
    { ";", AT(2, "a login module must be named") },
    { "\"" PLAIN, AT(57, "a login module must be named") },
    { "hunter2", AT(8, NO_MODULE) },
    { "com.sun.security.auth.module.Krb5LoginModule required;", AT(45, NO_MODULE) },
    { "my" PLAIN " required;", AT(58, NO_MODULE) },
    { PLAIN, AT(56, "\"required\" must follow the login module") },
    { PLAIN ";", AT(57, "\"required\" must follow the login module") },
    { PLAIN " username=hunter2;", AT(65, "\"required\" must follow the login module") },
    { PLAIN " required", AT(65, "a ';' must be at the end") },
    { PLAIN " required a=hunter2", AT(75, "a ';' must be at the end") },
    { PLAIN " required a;", AT(68, "an option must be NAME=\"VALUE\": '=' is missing") },
    { PLAIN " required a=b hunter2 c=d;",
      AT(79, "an option must be NAME=\"VALUE\": '=' is missing") },
    { PLAIN " required a=;", AT(69, "an option's value is missing") },
    { PLAIN " required a==b;", AT(69, "an option's value is missing") },
    { PLAIN " required a=", AT(68, "an option's value is missing") },
    { PLAIN " required =b;", AT(67, "an option's name must be there, or a ';' at the end") },
    { PLAIN " required \"\"=b;", AT(68, "an option's name must be there, or a ';' at the end") },
    { PLAIN " required a=\"hunter2;", AT(77, "a quote is not closed") },
    { PLAIN " required a=\"hunter2\n\";", AT(76, "a quote is not closed") },
    { PLAIN " required a=\"hunter2\\", AT(77, "a quote is not closed") },
    { PLAIN " required a=\"hunter2\\0x\";", AT(78, "a value cannot have the character \\0") },
    { PLAIN " required \"\\0\"=b;", AT(69, "an option's name must be there, or a ';' at the end") },
    { PLAIN " required a=b; " PLAIN " required c=d;", AT(126, "nothing may follow the ';'") },
};

START_TEST(what_is_wrong_is_told_by_its_place_and_never_shown) {
    char error[JAAS_ERROR_BYTES] = "";
    ck_assert_ptr_null(jaas_new(faults[_i].text, error));
    ck_assert_str_eq(error, faults[_i].error);
    ck_assert_ptr_null(strstr(error, "hunter2"));
}

END_TEST

static const struct {
    const char *text;
    const char *mechanism;
    const char *error; // NULL: it is good
} checks[] = {
    { PLAIN " required username=u password=p;", "PLAIN", NULL },
    { SCRAM " required username=u password=p;", "SCRAM-SHA-256", NULL },
    { SCRAM " required username=u password=p;", "SCRAM-SHA-512", NULL },
    { OAUTH " required;", "OAUTHBEARER", NULL },
    { MSK " required;", "AWS_MSK_IAM", NULL },
    { PLAIN " required username=u password=p;",
      "SCRAM-SHA-256",
      "sasl.jaas.config: PlainLoginModule is not the login module of "
      "sasl.mechanism=SCRAM-SHA-256" },
    { OAUTH " required;",
      "GSSAPI",
      "sasl.jaas.config: OAuthBearerLoginModule is not the login module of sasl.mechanism=GSSAPI" },
    { PLAIN " required password=p;", "PLAIN", "sasl.jaas.config: the option username is missing" },
    { SCRAM " required username=u;",
      "SCRAM-SHA-512",
      "sasl.jaas.config: the option password is missing" },
    { PLAIN " required username=u password=\"\";",
      "PLAIN",
      "sasl.jaas.config: the option password is missing" },
};

START_TEST(module_and_mechanism_must_fit) {
    char error[JAAS_ERROR_BYTES] = "";
    struct jaas *jaas = jaas_new(checks[_i].text, error);
    ck_assert_msg(jaas != NULL, "%s", error);
    ck_assert_int_eq(jaas_check(jaas, checks[_i].mechanism, error), checks[_i].error == NULL);
    if (checks[_i].error) ck_assert_str_eq(error, checks[_i].error);
    jaas_free(jaas);
}

END_TEST

START_TEST(extensions_and_claims_are_options_with_a_prefix) {
    char error[JAAS_ERROR_BYTES] = "";
    struct jaas *jaas = jaas_new(
        OAUTH
        " required unsecuredLoginStringClaim_sub=\"alice\" extension_logicalCluster=lkc-1 "
        "unsecuredLoginListClaim_scope=\"|a|b\" unsecuredLoginNumberClaim_n=7 "
        "unsecuredLoginExtension_traceId=\"123\" extension_=x unsecuredLoginLifetimeSeconds=60;",
        error
    );
    ck_assert_msg(jaas != NULL, "%s", error);
    struct sasl_extension extensions[JAAS_MOST_OPTIONS];
    ck_assert_uint_eq(jaas_extensions(jaas, extensions), 2);
    ck_assert_str_eq(extensions[0].name, "logicalCluster");
    ck_assert_str_eq(extensions[0].value, "lkc-1");
    ck_assert_str_eq(extensions[1].name, "traceId");
    struct oauth_claim claims[JAAS_MOST_OPTIONS];
    ck_assert_uint_eq(jaas_claims(jaas, claims), 3);
    ck_assert_int_eq(claims[0].kind, OAUTH_STRING);
    ck_assert_str_eq(claims[0].name, "sub");
    ck_assert_str_eq(claims[0].value, "alice");
    ck_assert_int_eq(claims[1].kind, OAUTH_LIST);
    ck_assert_str_eq(claims[1].name, "scope");
    ck_assert_int_eq(claims[2].kind, OAUTH_NUMBER);
    jaas_free(jaas);
}

END_TEST

START_TEST(true_is_true_in_any_case) {
    char error[JAAS_ERROR_BYTES] = "";
    struct jaas *jaas = jaas_new(SCRAM " required a=true b=\"TRUE\" c=yes d=\"\";", error);
    ck_assert_msg(jaas != NULL, "%s", error);
    ck_assert(jaas_is_true(jaas, "a"));
    ck_assert(jaas_is_true(jaas, "b"));
    ck_assert(!jaas_is_true(jaas, "c"));
    ck_assert(!jaas_is_true(jaas, "d"));
    ck_assert(!jaas_is_true(jaas, "e"));
    jaas_free(jaas);
    jaas_free(NULL);
}

END_TEST

START_TEST(options_and_length_are_bounded) {
    char error[JAAS_ERROR_BYTES] = "";
    struct buf text = { 0 };
    buf_append(&text, PLAIN " required", strlen(PLAIN " required"));
    for (int i = 0; i <= JAAS_MOST_OPTIONS; i++) {
        char option[16];
        int size = snprintf(option, sizeof option, " o%02d=x", i);
        buf_append(&text, option, (size_t)size);
    }
    buf_append(&text, ";", 2);
    ck_assert_ptr_null(jaas_new((const char *)text.data, error));
    ck_assert_ptr_nonnull(strstr(error, "there are more than 64 options"));
    buf_dispose(&text);

    char *large = malloc(JAAS_MOST_BYTES + 2);
    memset(large, ' ', JAAS_MOST_BYTES + 1);
    large[JAAS_MOST_BYTES + 1] = '\0';
    ck_assert_ptr_null(jaas_new(large, error));
    ck_assert_str_eq(error, AT(1, "it is too long"));
    free(large);
}

END_TEST

static const struct {
    const char *options;
    const char *subject; // of the token; NULL: there is none
    int64_t life_ms;
    const char *error;
} unsigned_tokens[] = {
    { "unsecuredLoginStringClaim_sub=alice", "alice", 3600000, NULL },
    { "unsecuredLoginStringClaim_sub=alice unsecuredLoginLifetimeSeconds=60",
      "alice",
      60000,
      NULL },
    { "unsecuredLoginStringClaim_azp=app unsecuredLoginPrincipalClaimName=azp "
      "unsecuredLoginListClaim_scope='|a'",
      "",
      3600000,
      NULL },
    { "",
      NULL,
      0,
      "sasl.jaas.config: the claim of the principal is missing: "
      "unsecuredLoginStringClaim_sub=\"NAME\"" },
    { "unsecuredLoginNumberClaim_sub=7",
      NULL,
      0,
      "sasl.jaas.config: the claim of the principal is missing: "
      "unsecuredLoginStringClaim_sub=\"NAME\"" },
    { "unsecuredLoginStringClaim_sub=''",
      NULL,
      0,
      "sasl.jaas.config: the claim of the principal is missing: "
      "unsecuredLoginStringClaim_sub=\"NAME\"" },
    { "unsecuredLoginStringClaim_sub=a unsecuredLoginLifetimeSeconds=-1",
      NULL,
      0,
      "sasl.jaas.config: unsecuredLoginLifetimeSeconds must be a number from 1 to 31536000" },
    { "unsecuredLoginStringClaim_sub=a unsecuredLoginLifetimeSeconds=99999999999999999999",
      NULL,
      0,
      "sasl.jaas.config: unsecuredLoginLifetimeSeconds must be a number from 1 to 31536000" },
    { "unsecuredLoginStringClaim_sub=a unsecuredLoginStringClaim_exp=hunter2",
      NULL,
      0,
      "sasl.jaas.config: the claim exp cannot be set" },
};

START_TEST(an_unsigned_token_is_made_of_the_options) {
    char error[JAAS_ERROR_BYTES] = "";
    char text[400];
    (void)snprintf(text, sizeof text, "%s required %s;", OAUTH, unsigned_tokens[_i].options);
    struct jaas *jaas = jaas_new(text, error);
    ck_assert_msg(jaas != NULL, "%s", error);
    struct buf token = { 0 };
    struct oauth_claims claims;
    int64_t expires_at_ms = 0;
    bool is_made = jaas_make_unsigned_token(jaas, 1700000000000, &token, &expires_at_ms, error);
    ck_assert_int_eq(is_made, unsigned_tokens[_i].subject != NULL);
    if (is_made) {
        ck_assert(oauth_token_read(buf_slice(&token), NULL, &claims, error));
        ck_assert_str_eq(claims.subject, unsigned_tokens[_i].subject);
        ck_assert_int_eq(claims.expires_at_ms, 1700000000000 + unsigned_tokens[_i].life_ms);
        ck_assert_int_eq(claims.expires_at_ms, expires_at_ms);
    } else {
        ck_assert_str_eq(error, unsigned_tokens[_i].error);
        ck_assert_uint_eq(token.size, 0);
    }
    buf_dispose(&token);
    jaas_free(jaas);
}

END_TEST

SUITE(jaas) {
    Suite *s = suite_create("security/jaas");
    ADD_CASE(
        s,
        "jaas",
        extensions_and_claims_are_options_with_a_prefix,
        true_is_true_in_any_case,
        options_and_length_are_bounded
    );
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(
        cases, a_text_is_read_as_java_reads_it, 0, sizeof readings / sizeof readings[0]
    );
    tcase_add_loop_test(
        cases,
        what_is_wrong_is_told_by_its_place_and_never_shown,
        0,
        sizeof faults / sizeof faults[0]
    );
    tcase_add_loop_test(cases, module_and_mechanism_must_fit, 0, sizeof checks / sizeof checks[0]);
    tcase_add_loop_test(
        cases,
        an_unsigned_token_is_made_of_the_options,
        0,
        sizeof unsigned_tokens / sizeof unsigned_tokens[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
