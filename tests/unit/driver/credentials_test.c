// SPDX-License-Identifier: Apache-2.0
// Certificates and passwords that change under a running consumer: when a snapshot is made, and
// what is told of one that cannot be made.
#include "consumer/base/clock.h"
#include "consumer/base/log.h"
#include "consumer/driver/credentials.h"
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
#include "tests/unit/driver/endpoint.h"
#include "tests/unit/driver/folder.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

static struct folder folder;
static struct options options;
static uv_loop_t loop;
static struct credentials *credentials;

/// Lines that were logged: noun, verb and details of each.
static char logged[4000];

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    size_t size = strlen(logged);
    (void)arg;
    (void)level;
    (void)snprintf(logged + size, sizeof logged - size, "%s %s %s\n", noun, verb, details);
}

static const struct log log_to_test = { .write = write_line, .level = LOG_DEBUG };

/// What the listener was told.
static struct {
    struct security *security; ///< the newest
    int snapshots;
    char trouble[SECRETS_ERROR_BYTES];
    int troubles;
    bool is_closed;
} told;

static void on_security_take(void *arg, struct security *security) {
    (void)arg;
    security_unref(told.security);
    told.security = security;
    told.snapshots++;
}

static void on_trouble(void *arg, const char *why) {
    (void)arg;
    (void)snprintf(told.trouble, sizeof told.trouble, "%s", why);
    told.troubles++;
}

static void on_closed(void *arg) {
    (void)arg;
    told.is_closed = true;
}

static void set(const char *key, const char *value) {
    folder_set(&folder, &options, key, value);
}

static void begin(void) {
    memset(&told, 0, sizeof told);
    logged[0] = '\0';
    folder_init(&folder);
    options_init(&options);
    set("bootstrap.servers", "localhost:9093");
    ck_assert_int_eq(uv_loop_init(&loop), 0);
}

static void end(void) {
    if (credentials) {
        credentials_close(credentials);
        ck_assert(!told.is_closed);
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert(told.is_closed);
        credentials_free(credentials);
        credentials = NULL;
    }
    security_unref(told.security);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    options_dispose(&options);
    folder_dispose(&folder);
}

static void start(void) {
    char error[SECRETS_ERROR_BYTES] = "";
    credentials = credentials_new(&options, error);
    ck_assert_msg(credentials != NULL, "%s", error);
    struct credentials_listener listener = {
        .on_security_take = on_security_take,
        .on_trouble = on_trouble,
        .on_closed = on_closed,
    };
    credentials_start(credentials, &loop, &log_to_test, listener);
}

static void expect_refusal(const char *begins_with) {
    char error[SECRETS_ERROR_BYTES] = "";
    ck_assert_ptr_null(credentials_new(&options, error));
    ck_assert_msg(strstr(error, begins_with) == error, "%s", error);
}

/// Looks, and waits until the look is over.
static void look(void) {
    credentials_refresh(credentials);
    ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
}

static void use_password(void) {
    folder_write(&folder, "password", "first\n");
    set("security.protocol", "SASL_PLAINTEXT");
    set("sasl.mechanism", "PLAIN");
    set("sasl.username", "alice");
    set("sasl.password", "${file:@/password}");
}

/// The first message of PLAIN has the password in it, that of OAUTHBEARER the token.
static void expect_said(const char *said) {
    struct sasl *sasl = sasl_new(told.security->sasl, "localhost");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    ck_assert_ptr_nonnull(memmem(message.data, message.size, said, strlen(said)));
    buf_dispose(&message);
    sasl_free(sasl);
}

START_TEST(the_first_snapshot_is_there_at_once) {
    use_password();
    start();
    ck_assert_int_eq(told.snapshots, 1);
    ck_assert_int_eq(told.security->protocol, SECURITY_SASL_PLAINTEXT);
    ck_assert_ptr_null(told.security->tls);
    expect_said("first");
}

END_TEST

START_TEST(a_password_that_changes_makes_a_snapshot_and_one_that_does_not_makes_none) {
    use_password();
    start();
    folder_write(&folder, "password", "first\n");
    look();
    ck_assert_int_eq(told.snapshots, 1);
    folder_write(&folder, "password", "second\n");
    look();
    ck_assert_int_eq(told.snapshots, 2);
    expect_said("second");
    ck_assert_int_eq(told.troubles, 0);
}

END_TEST

START_TEST(it_is_looked_by_itself_after_the_interval) {
    use_password();
    set("credentials.refresh.interval.ms", "100");
    start();
    folder_write(&folder, "password", "second\n");
    while (told.snapshots < 2)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
    expect_said("second");
}

END_TEST

START_TEST(a_file_that_cannot_be_read_keeps_the_snapshot_and_is_told_once) {
    use_password();
    start();
    folder_remove(&folder, "password");
    look();
    look();
    ck_assert_int_eq(told.snapshots, 1);
    ck_assert_int_eq(told.troubles, 1);
    ck_assert_ptr_nonnull(strstr(told.trouble, "sasl.password: ${file:"));
    folder_write(&folder, "password", "first\n");
    look();
    ck_assert_int_eq(told.troubles, 2);
    ck_assert_str_eq(told.trouble, "");
    ck_assert_int_eq(told.snapshots, 1);
}

END_TEST

START_TEST(a_look_that_is_asked_for_during_another_comes_after_it) {
    use_password();
    start();
    credentials_refresh(credentials);
    folder_write(&folder, "password", "second\n");
    credentials_refresh(credentials);
    while (told.snapshots < 2)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
    expect_said("second");
}

END_TEST

START_TEST(closing_waits_for_a_look_and_its_snapshot_goes_nowhere) {
    use_password();
    start();
    folder_write(&folder, "password", "second\n");
    credentials_refresh(credentials); // end() closes
}

END_TEST

static void write_identity(
    const struct identity *identity, const char *certificate, const char *key
) {
    char *pem = tls_rig_pem(identity->certificate, NULL);
    if (certificate) folder_write(&folder, certificate, pem);
    free(pem);
    pem = tls_rig_key_pem(identity->key, NULL);
    if (key) folder_write(&folder, key, pem);
    free(pem);
}

static struct identity make(const char *name) {
    return identity_make(&(struct identity_options){ .name = name });
}

START_TEST(a_key_that_does_not_fit_yet_keeps_the_snapshot_until_both_files_are_there) {
    struct identity first = make("first");
    struct identity second = make("second");
    write_identity(&first, "ca.pem", NULL);
    write_identity(&first, "client.pem", "client.key");
    set("security.protocol", "SSL");
    set("ssl.ca.location", "@/ca.pem");
    set("ssl.certificate.location", "@/client.pem");
    set("ssl.key.location", "@/client.key");
    start();
    ck_assert_ptr_nonnull(told.security->tls);
    ck_assert_ptr_null(told.security->sasl);
    write_identity(&second, "client.pem", NULL);
    look();
    ck_assert_int_eq(told.snapshots, 1);
    ck_assert_ptr_nonnull(strstr(told.trouble, "ssl.certificate.location: "));
    write_identity(&second, NULL, "client.key");
    look();
    ck_assert_int_eq(told.snapshots, 2);
    ck_assert_str_eq(told.trouble, "");
    identity_dispose(&first);
    identity_dispose(&second);
}

END_TEST

START_TEST(a_certificate_that_expires_soon_and_an_unverified_host_are_warned_of) {
    struct identity_options soon = { .name = "soon", .from_days = -2, .to_days = 2 };
    struct identity identity = identity_make(&soon);
    write_identity(&identity, "client.pem", "client.key");
    set("security.protocol", "SSL");
    set("ssl.certificate.location", "@/client.pem");
    set("ssl.key.location", "@/client.key");
    set("ssl.endpoint.identification.algorithm", "");
    start();
    ck_assert_ptr_nonnull(strstr(logged, "certificate about_to_expire left_hours=47"));
    ck_assert_ptr_nonnull(strstr(logged, "security weakened why="));
    identity_dispose(&identity);
}

END_TEST

START_TEST(a_certificate_that_lasts_is_not_warned_of) {
    struct identity identity = make("lasting");
    write_identity(&identity, "client.pem", "client.key");
    set("security.protocol", "SSL");
    set("ssl.certificate.location", "@/client.pem");
    set("ssl.key.location", "@/client.key");
    start();
    ck_assert_str_eq(logged, "");
    identity_dispose(&identity);
}

END_TEST

START_TEST(a_secret_of_kubernetes_changes_by_a_swapped_link) {
    use_password();
    folder_write(&folder, "v1", "first\n");
    folder_write(&folder, "v2", "second\n");
    folder_remove(&folder, "password");
    folder_link(&folder, "password", "v1");
    start();
    folder_link(&folder, "password", "v2");
    look();
    ck_assert_int_eq(told.snapshots, 2);
    expect_said("second");
}

END_TEST

START_TEST(what_is_wrong_at_the_start_names_the_property) {
    set("security.protocol", "SSL");
    set("ssl.ca.location", "@/none.pem");
    expect_refusal("ssl.ca.location: cannot read /");
    folder_write(&folder, "none.pem", "nothing that is PEM");
    expect_refusal("ssl.ca.location: ");
    set("ssl.ca.location", "");
    set("ssl.keystore.key", "${env:KAFKA_SIDECAR_TEST_NONE}");
    expect_refusal("ssl.keystore.key: ${env:KAFKA_SIDECAR_TEST_NONE}: ");
    set("ssl.keystore.key", "");
    set("security.protocol", "SASL_SSL");
    set("sasl.mechanism", "PLAIN");
    set("sasl.username", "alice");
    expect_refusal("sasl.password");
    set("sasl.mechanism", "KERBEROS");
    expect_refusal("sasl.mechanism");
}

END_TEST

START_TEST(librdkafkas_probe_means_the_systems_authorities) {
    set("security.protocol", "SSL");
    set("ssl.ca.location", "probe");
    start();
    ck_assert_int_eq(told.snapshots, 1);
}

END_TEST

START_TEST(files_that_the_protocol_has_no_use_for_are_not_read) {
    use_password();
    set("ssl.ca.location", "/nowhere/ca.pem");
    start();
    ck_assert_int_eq(told.snapshots, 1);
}

END_TEST

static void use_bearer(void) {
    set("security.protocol", "SASL_PLAINTEXT");
    set("sasl.mechanism", "OAUTHBEARER");
}

START_TEST(names_of_java_say_the_same) {
    set("security.protocol", "SASL_PLAINTEXT");
    set("sasl.mechanism", "SCRAM-SHA-256");
    set("sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        "username=\"alice\" password=\"it's mine\";");
    start();
    expect_said("n=alice");
    set("sasl.mechanism", "PLAIN");
    expect_refusal("sasl.jaas.config: ");
}

END_TEST

START_TEST(a_token_comes_from_a_file_and_is_read_again) {
    use_bearer();
    folder_write(&folder, "token", "  first.token\n");
    set("sasl.oauthbearer.token.file", "@/token");
    set("sasl.oauthbearer.extensions", "logicalCluster=lkc-1,pool=p");
    start();
    expect_said("auth=Bearer first.token\x01logicalCluster=lkc-1\x01pool=p\x01");
    folder_write(&folder, "token", "second.token");
    look();
    expect_said("auth=Bearer second.token\x01");
    folder_write(&folder, "token", "no token");
    look();
    ck_assert_int_eq(told.snapshots, 2);
    ck_assert_str_eq(told.trouble, "sasl.oauthbearer.token.file: no token is in that file");
}

END_TEST

START_TEST(java_names_a_tokens_file_by_a_url) {
    use_bearer();
    folder_write(&folder, "token", "java.token");
    set("sasl.oauthbearer.token.endpoint.url", "file://@/token");
    start();
    expect_said("auth=Bearer java.token");
}

END_TEST

START_TEST(an_unsigned_token_is_made_when_it_is_allowed_alone) {
    use_bearer();
    expect_refusal("sasl.mechanism: OAUTHBEARER needs sasl.oauthbearer.token.file or ");
    set("enable.sasl.oauthbearer.unsecure.jwt", "true");
    expect_refusal("sasl.oauthbearer.config: principal=NAME is needed");
    set("sasl.oauthbearer.config", "scope=a,b");
    expect_refusal("sasl.oauthbearer.config: ");
    set("sasl.oauthbearer.config", "principal=olga scope=a,b lifeSeconds=many");
    expect_refusal("sasl.oauthbearer.config: ");
    set("sasl.oauthbearer.config", "principal=olga colour=red");
    expect_refusal("sasl.oauthbearer.config: ");
    set("sasl.oauthbearer.config", "principal=olga scope=a,b lifeSeconds=60 extension_x=yes");
    start();
    expect_said("auth=Bearer eyJhbGciOiJub25lIn0.");
    expect_said("\x01x=yes\x01");
    look();
    ck_assert_int_eq(told.snapshots, 1);
}

END_TEST

START_TEST(java_makes_unsigned_tokens_by_its_login_module) {
    use_bearer();
    set("enable.sasl.oauthbearer.unsecure.jwt", "true");
    set("sasl.jaas.config",
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
        "unsecuredLoginStringClaim_sub=\"olga\";");
    start();
    expect_said("auth=Bearer eyJhbGciOiJub25lIn0.");
}

END_TEST

// Its token is over, and what comes before the next one cannot be read: that is no reason to hurry.
START_TEST(an_overdue_token_behind_a_file_that_is_gone_does_not_keep_busy) {
    use_bearer();
    folder_write(&folder, "extensions", "x=yes");
    set("enable.sasl.oauthbearer.unsecure.jwt", "true");
    set("sasl.oauthbearer.config", "principal=olga lifeSeconds=1");
    set("sasl.oauthbearer.extensions", "${file:@/extensions}");
    int64_t over_at_ms = clock_wall_ms() + 1000;
    start();
    folder_remove(&folder, "extensions");
    do {
        look();
    } while (clock_wall_ms() <= over_at_ms + 1000);
    ck_assert_int_eq(told.troubles, 1);
    ck_assert_int_gt(uv_backend_timeout(&loop), 500);
}

END_TEST

static struct endpoint endpoint;

#define GOOD_ANSWER(token) "{\"access_token\":\"" token "\",\"expires_in\":3600}"

static void use_endpoint(void) {
    use_bearer();
    set("sasl.oauthbearer.token.endpoint.url", endpoint.url);
    set("sasl.oauthbearer.client.credentials.client.id", "me");
    set("sasl.oauthbearer.client.credentials.client.secret", "hunter2");
    set("sasl.oauthbearer.scope", "a b&c");
    set("sasl.login.retry.backoff.ms", "50");
}

static void await_snapshots(int count) {
    while (told.snapshots < count)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
}

START_TEST(a_token_is_fetched_by_client_credentials) {
    endpoint_init(&endpoint, "200 OK", GOOD_ANSWER("first"));
    use_endpoint();
    start();
    ck_assert_int_eq(told.snapshots, 0);
    await_snapshots(1);
    expect_said("auth=Bearer first\x01");
    // me:hunter2
    ck_assert(endpoint_was_told(&endpoint, "Authorization: Basic bWU6aHVudGVyMg==\r\n"));
    ck_assert(endpoint_was_told(&endpoint, "POST / HTTP/1.1"));
    ck_assert(endpoint_was_told(&endpoint, "\r\n\r\ngrant_type=client_credentials&scope=a%20b%26c")
    );
    endpoint_answer(&endpoint, "200 OK", GOOD_ANSWER("second"));
    look(); // not due yet
    ck_assert_int_eq(endpoint_count(&endpoint), 1);
    endpoint_dispose(&endpoint);
}

END_TEST

START_TEST(a_secret_of_the_client_that_changes_fetches_another_token) {
    endpoint_init(&endpoint, "200 OK", GOOD_ANSWER("first"));
    folder_write(&folder, "secret", "one");
    use_endpoint();
    set("sasl.oauthbearer.client.credentials.client.secret", "${file:@/secret}");
    start();
    await_snapshots(1);
    endpoint_answer(&endpoint, "200 OK", GOOD_ANSWER("second"));
    folder_write(&folder, "secret", "two");
    look();
    await_snapshots(2);
    expect_said("auth=Bearer second\x01");
    endpoint_dispose(&endpoint);
}

END_TEST

/// Answers that bring no token, and what is said of them.
static const struct {
    const char *status;
    const char *body;
    const char *why;
} answers[] = {
    { "401 Unauthorized",
      "{\"error\":\"invalid_client\",\"error_description\":\"hunter2 is wrong\"}",
      "answers 401 invalid_client" },
    { "400 Bad Request", "{\"error\":\"no code: hunter2\"}", "answers 400 " },
    { "302 Found", "", "answers 302 " },
    { "500 Internal Server Error", "hunter2", "answers 500 " },
    { "200 OK", "", "answers 200 without an access_token" },
    { "200 OK", "[]", "answers 200 without an access_token" },
    { "200 OK", "{\"access_token\":\"a b\",\"expires_in\":1}", "without an access_token" },
    { "200 OK", "{\"access_token\":\"t\"}", "does not say when it ends" },
    { "200 OK", "{\"access_token\":\"t\",\"expires_in\":-1}", "does not say when it ends" },
};

START_TEST(an_endpoint_that_gives_no_token_is_told_and_tried_again) {
    endpoint_init(&endpoint, answers[_i].status, answers[_i].body);
    use_endpoint();
    start();
    while (told.troubles == 0)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
    ck_assert_msg(strstr(told.trouble, answers[_i].why) != NULL, "%s", told.trouble);
    ck_assert_ptr_nonnull(strstr(told.trouble, "sasl.oauthbearer.token.endpoint.url: "));
    ck_assert_ptr_null(strstr(told.trouble, "hunter2"));
    ck_assert_int_eq(told.snapshots, 0);
    endpoint_answer(&endpoint, "200 OK", GOOD_ANSWER("later"));
    await_snapshots(1);
    ck_assert_str_eq(told.trouble, "");
    ck_assert(!endpoint_was_told(&endpoint, "/elsewhere HTTP"));
    endpoint_dispose(&endpoint);
}

END_TEST

START_TEST(aws_credentials_that_change_make_a_snapshot_and_others_none) {
    char path[2 * FOLDER_PATH_BYTES];
    set("security.protocol", "SASL_PLAINTEXT");
    set("sasl.mechanism", "AWS_MSK_IAM");
    set("sasl.jaas.config",
        "software.amazon.msk.auth.iam.IAMLoginModule required awsProfileName=\"reader\";");
    (void)snprintf(path, sizeof path, "%s/credentials", folder.path);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread that does this
    ck_assert_int_eq(setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1), 0);
    start();
    while (told.troubles == 0)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
    ck_assert_ptr_nonnull(strstr(told.trouble, "sasl.mechanism: no AWS credentials: cannot read"));
    folder_write(
        &folder, "credentials", "[reader]\naws_access_key_id=A\naws_secret_access_key=hunter2\n"
    );
    await_snapshots(1);
    ck_assert_str_eq(told.trouble, "");
    ck_assert_str_eq(sasl_credentials_mechanism(told.security->sasl), "AWS_MSK_IAM");
    look();
    ck_assert_int_eq(told.snapshots, 1);
    folder_write(
        &folder, "credentials", "[reader]\naws_access_key_id=B\naws_secret_access_key=hunter2\n"
    );
    look();
    ck_assert_int_eq(told.snapshots, 2);
}

END_TEST

START_TEST(nobody_at_the_endpoint_is_told) {
    endpoint_init(&endpoint, "200 OK", "");
    use_endpoint();
    endpoint_dispose(&endpoint);
    start();
    while (told.troubles == 0)
        ck_assert_int_ne(uv_run(&loop, UV_RUN_ONCE), 0);
    ck_assert_ptr_nonnull(strstr(told.trouble, "the endpoint: Failed to connect to 127.0.0.1"));
    // With a time in it, the same trouble would be told as news again and again.
    ck_assert_msg(strstr(told.trouble, " after ") == NULL, "%s", told.trouble);
}

END_TEST

START_TEST(what_an_endpoint_needs_is_named_at_the_start) {
    use_bearer();
    set("sasl.oauthbearer.token.endpoint.url", "ftp://localhost/token");
    expect_refusal("sasl.oauthbearer.token.endpoint.url: wanted is https://");
    char error[OPTION_ERROR_BYTES] = "";
    enum status status = options_set(
        &options, "sasl.oauthbearer.token.endpoint.url", "https://me:hunter2@localhost/", error
    );
    ck_assert_int_eq(status, STATUS_OK);
    expect_refusal("sasl.oauthbearer.token.endpoint.url: a name before");
    set("sasl.oauthbearer.token.endpoint.url", "https://localhost/token");
    expect_refusal("sasl.oauthbearer.client.credentials.client.id: ");
    set("sasl.oauthbearer.client.credentials.client.id", "me");
    expect_refusal("sasl.oauthbearer.client.credentials.client.secret: ");
    set("sasl.oauthbearer.client.credentials.client.secret", "s");
    set("https.ca.location", "@/none.pem");
    expect_refusal("https.ca.location: cannot read");
}

END_TEST

SUITE(credentials) {
    Suite *s = suite_create("credentials");
    TCase *cases = tcase_create("credentials");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, the_first_snapshot_is_there_at_once);
    tcase_add_test(
        cases, a_password_that_changes_makes_a_snapshot_and_one_that_does_not_makes_none
    );
    tcase_add_test(cases, it_is_looked_by_itself_after_the_interval);
    tcase_add_test(cases, a_file_that_cannot_be_read_keeps_the_snapshot_and_is_told_once);
    tcase_add_test(cases, a_look_that_is_asked_for_during_another_comes_after_it);
    tcase_add_test(cases, closing_waits_for_a_look_and_its_snapshot_goes_nowhere);
    tcase_add_test(
        cases, a_key_that_does_not_fit_yet_keeps_the_snapshot_until_both_files_are_there
    );
    tcase_add_test(cases, a_certificate_that_expires_soon_and_an_unverified_host_are_warned_of);
    tcase_add_test(cases, a_certificate_that_lasts_is_not_warned_of);
    tcase_add_test(cases, a_secret_of_kubernetes_changes_by_a_swapped_link);
    tcase_add_test(cases, what_is_wrong_at_the_start_names_the_property);
    tcase_add_test(cases, librdkafkas_probe_means_the_systems_authorities);
    tcase_add_test(cases, files_that_the_protocol_has_no_use_for_are_not_read);
    tcase_add_test(cases, names_of_java_say_the_same);
    tcase_add_test(cases, a_token_comes_from_a_file_and_is_read_again);
    tcase_add_test(cases, java_names_a_tokens_file_by_a_url);
    tcase_add_test(cases, an_unsigned_token_is_made_when_it_is_allowed_alone);
    tcase_add_test(cases, java_makes_unsigned_tokens_by_its_login_module);
    tcase_add_test(cases, an_overdue_token_behind_a_file_that_is_gone_does_not_keep_busy);
    tcase_add_test(cases, a_token_is_fetched_by_client_credentials);
    tcase_add_test(cases, a_secret_of_the_client_that_changes_fetches_another_token);
    tcase_add_loop_test(
        cases,
        an_endpoint_that_gives_no_token_is_told_and_tried_again,
        0,
        sizeof answers / sizeof answers[0]
    );
    tcase_add_test(cases, aws_credentials_that_change_make_a_snapshot_and_others_none);
    tcase_add_test(cases, nobody_at_the_endpoint_is_told);
    tcase_add_test(cases, what_an_endpoint_needs_is_named_at_the_start);
    suite_add_tcase(s, cases);
    return s;
}
