// SPDX-License-Identifier: Apache-2.0
// Where AWS credentials are found, in which order, and what is said when there are none.
#include "consumer/driver/aws_keys.h"
#include "tests/unit/driver/endpoint.h"
#include "tests/unit/driver/folder.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct folder folder;
static struct endpoint endpoint;
static struct aws_keys keys;
static char error[AWS_KEYS_ERROR_BYTES];

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
};

static void forget(void) {
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread
        ck_assert_int_eq(unsetenv(variables[i]), 0);
    }
}

static void set(const char *name, const char *value) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void set_path(const char *name, const char *file) {
    char path[2 * FOLDER_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder.path, file);
    set(name, path);
}

static void begin(void) {
    forget();
    folder_init(&folder);
    set_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    endpoint_init(&endpoint, "200 OK", "");
}

static void end(void) {
    aws_keys_dispose(&keys);
    endpoint_dispose(&endpoint);
    folder_dispose(&folder);
    forget();
}

static bool find(const char *profile) {
    struct aws_search search = {
        .profile = profile,
        .https = { .connect_timeout_ms = 10000, .read_timeout_ms = 10000 },
    };
    aws_keys_dispose(&keys);
    error[0] = '\0';
    return aws_keys_find(&keys, &search, error);
}

static void expect(const char *id, const char *secret, const char *token) {
    ck_assert_str_eq(keys.access_key_id, id);
    ck_assert_str_eq(keys.secret_access_key, secret);
    ck_assert_pstr_eq(keys.session_token, token);
}

static void expect_why(const char *why) {
    ck_assert_msg(strstr(error, "sasl.mechanism: no AWS credentials: ") == error, "%s", error);
    ck_assert_msg(strstr(error, why) != NULL, "%s", error);
    ck_assert_ptr_null(strstr(error, "hunter2"));
}

START_TEST(the_environment_comes_first) {
    folder_write(&folder, "credentials", "[default]\naws_access_key_id=of file\n");
    set("AWS_ACCESS_KEY_ID", "AKID");
    set("AWS_SECRET_ACCESS_KEY", "hunter2");
    ck_assert(find(NULL));
    expect("AKID", "hunter2", NULL);
    ck_assert_int_eq(keys.expires_at_ms, 0);
    set("AWS_SESSION_TOKEN", "token");
    ck_assert(find(NULL));
    expect("AKID", "hunter2", "token");
    set("AWS_ACCESS_KEY_ID", "");
    ck_assert(!find(NULL));
    expect_why("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
}

END_TEST

START_TEST(a_profile_of_the_shared_file_is_found) {
    ck_assert(!find(NULL));
    expect_why("No such file");
    folder_write(
        &folder,
        "credentials",
        "# comment\n[default]\naws_access_key_id = one\r\naws_secret_access_key=hunter2\n\n"
        "[ other ]\naws_access_key_id=two\naws_secret_access_key=a=b\naws_session_token=t"
    );
    ck_assert(find(NULL));
    expect("one", "hunter2", NULL);
    set("AWS_PROFILE", "other");
    ck_assert(find(NULL));
    expect("two", "a=b", "t");
    set("AWS_ACCESS_KEY_ID", "of the environment");
    ck_assert(find("default"));
    expect("one", "hunter2", NULL);
    ck_assert(!find("none"));
    expect_why("no credentials of the profile none are in /");
}

END_TEST

START_TEST(a_web_identity_is_changed_for_a_role) {
    set("AWS_ENDPOINT_URL_STS", endpoint.url);
    set_path("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
    folder_write(&folder, "token", "a.b-c\n");
    ck_assert(!find(NULL));
    expect_why("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
    set("AWS_ROLE_ARN", "arn:aws:iam::1:role/reader");
    endpoint_answer(
        &endpoint,
        "200 OK",
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>hunter2</SecretAccessKey>"
        "<SessionToken>token==</SessionToken><Expiration>2026-11-27T10:00:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    ck_assert_msg(find(NULL), "%s", error);
    expect("ASIA", "hunter2", "token==");
    ck_assert_int_eq(keys.expires_at_ms, 1795773600000);
    ck_assert(endpoint_was_told(
        &endpoint,
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole"
        "%2Freader&RoleSessionName=kafka-sidecar&WebIdentityToken=a.b-c"
    ));
    endpoint_answer(&endpoint, "403 Forbidden", "<Message>hunter2</Message>");
    ck_assert(!find(NULL));
    expect_why("AWS STS: answers 403 without credentials");
    folder_remove(&folder, "token");
    ck_assert(!find(NULL));
    expect_why("/token: No such file");
}

END_TEST

static const char container_answer[] =
    "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hunter2\",\"Token\":\"token\","
    "\"Expiration\":\"2026-11-27T10:00:00Z\"}";

START_TEST(a_containers_endpoint_is_asked_with_its_token) {
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url);
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the environment");
    endpoint_answer(&endpoint, "200 OK", container_answer);
    ck_assert_msg(find(NULL), "%s", error);
    expect("ASIA", "hunter2", "token");
    ck_assert(endpoint_was_told(&endpoint, "\r\nAuthorization: of the environment\r\n"));
    set_path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token");
    folder_write(&folder, "token", "of a file\n");
    ck_assert(find(NULL));
    ck_assert(endpoint_was_told(&endpoint, "\r\nAuthorization: of a file\r\n"));
    folder_write(&folder, "token", "two\r\nEvil: lines");
    ck_assert(!find(NULL));
    expect_why("what is in it is no token");
}

END_TEST

START_TEST(a_containers_token_is_sent_nowhere_else) {
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/");
    ck_assert(!find(NULL));
    expect_why("AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https:// nor this host");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.example.com/");
    ck_assert(!find(NULL));
    expect_why("neither https:// nor this host");
}

END_TEST

START_TEST(credentials_are_the_same_when_all_of_them_is) {
    struct aws_keys other = { 0 };
    ck_assert(aws_keys_equal(&keys, &other));
    set("AWS_ACCESS_KEY_ID", "AKID");
    set("AWS_SECRET_ACCESS_KEY", "hunter2");
    ck_assert(find(NULL));
    ck_assert(!aws_keys_equal(&keys, &other));
    ck_assert(aws_keys_equal(&keys, &keys));
}

END_TEST

SUITE(aws_keys) {
    Suite *s = suite_create("aws keys");
    TCase *cases = tcase_create("aws keys");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, the_environment_comes_first);
    tcase_add_test(cases, a_profile_of_the_shared_file_is_found);
    tcase_add_test(cases, a_web_identity_is_changed_for_a_role);
    tcase_add_test(cases, a_containers_endpoint_is_asked_with_its_token);
    tcase_add_test(cases, a_containers_token_is_sent_nowhere_else);
    tcase_add_test(cases, credentials_are_the_same_when_all_of_them_is);
    suite_add_tcase(s, cases);
    return s;
}
