// SPDX-License-Identifier: Apache-2.0
// Certificates and passwords that change under a running consumer: when a snapshot is made, and
// what is told of one that cannot be made.
#include "consumer/base/log.h"
#include "consumer/driver/credentials.h"
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
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
static const struct log no_log;

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
    credentials_start(credentials, &loop, &no_log, listener);
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

/// The first message of PLAIN has the password in it.
static void expect_password(const char *password) {
    struct sasl *sasl = sasl_new(told.security->sasl, "localhost");
    struct buf message = { 0 };
    ck_assert_int_eq(sasl_first(sasl, 0, &message), SASL_SEND);
    ck_assert_ptr_nonnull(memmem(message.data, message.size, password, strlen(password)));
    buf_dispose(&message);
    sasl_free(sasl);
}

START_TEST(the_first_snapshot_is_there_at_once) {
    use_password();
    start();
    ck_assert_int_eq(told.snapshots, 1);
    ck_assert_int_eq(told.security->protocol, SECURITY_SASL_PLAINTEXT);
    ck_assert_ptr_null(told.security->tls);
    expect_password("first");
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
    expect_password("second");
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
    expect_password("second");
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
    expect_password("second");
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
    expect_password("second");
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
    tcase_add_test(cases, a_secret_of_kubernetes_changes_by_a_swapped_link);
    tcase_add_test(cases, what_is_wrong_at_the_start_names_the_property);
    tcase_add_test(cases, librdkafkas_probe_means_the_systems_authorities);
    tcase_add_test(cases, files_that_the_protocol_has_no_use_for_are_not_read);
    suite_add_tcase(s, cases);
    return s;
}
