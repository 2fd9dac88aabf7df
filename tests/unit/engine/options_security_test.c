// SPDX-License-Identifier: Apache-2.0
// Options of secured clusters: what cannot be together, what cannot be alone, and what is never
// shown.
#include "consumer/engine/options.h"
#include "consumer/security/security.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { MOST_PAIRS = 6 };

/// Settings, each "key=value", and how the complaint about them begins; NULL: there is none.
static const struct {
    const char *pairs[MOST_PAIRS];
    const char *complaint;
} cases[] = {
    { { "security.protocol=SSL" }, NULL },
    { { "security.protocol=SSL", "ssl.ca.location=/a", "ssl.truststore.certificates=x" },
      "ssl.ca.location: cannot be set beside ssl.truststore.certificates" },
    { { "security.protocol=PLAINTEXT", "ssl.ca.location=/a", "ssl.ca.pem=x" }, NULL },
    { { "security.protocol=SSL", "ssl.ca.location=/a", "ssl.ca.pem=" }, NULL },
    { { "security.protocol=SSL", "ssl.key.location=/k" },
      "ssl.key.location: is set without a certificate" },
    { { "security.protocol=SSL", "ssl.keystore.certificate.chain=c" },
      "ssl.keystore.certificate.chain: is set without a private key" },
    { { "security.protocol=SSL", "ssl.key.pem=k", "ssl.certificate.location=/c" }, NULL },
    { { "security.protocol=SSL", "ssl.keystore.location=/k" }, NULL },
    { { "security.protocol=SSL", "ssl.keystore.location=/k", "ssl.certificate.pem=c" },
      "ssl.certificate.pem: cannot be set beside ssl.keystore.location" },
    { { "security.protocol=SSL", "enable.ssl.certificate.verification=false" },
      "enable.ssl.certificate.verification: false" },
    { { "security.protocol=SSL", "ssl.endpoint.identification.algorithm=" }, NULL },
    { { "security.protocol=SSL", "ssl.endpoint.identification.algorithm=HTTPS" }, NULL },
    { { "security.protocol=SSL", "ssl.endpoint.identification.algorithm=ldaps" },
      "ssl.endpoint.identification.algorithm: 'ldaps' is neither" },
    { { "security.protocol=SSL", "ssl.enabled.protocols=TLSv1.3", "ssl.protocol=TLSv1.2" },
      "ssl.enabled.protocols: has no version" },
    { { "security.protocol=SSL", "ssl.enabled.protocols=" },
      "ssl.enabled.protocols: has no version" },
    { { "security.protocol=SASL_SSL" }, "sasl.mechanism: is not set, and GSSAPI, Java's default" },
    { { "security.protocol=SASL_PLAINTEXT", "sasl.mechanism=GSSAPI" },
      "sasl.mechanism: GSSAPI cannot be had here" },
    { { "security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", "ssl.key.pem=k" }, NULL },
    { { "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=PLAIN",
        "sasl.username=u",
        "sasl.jaas.config=x" },
      "sasl.username: cannot be set beside sasl.jaas.config" },
    { { "security.protocol=SASL_SSL",
        "sasl.mechanism=OAUTHBEARER",
        "sasl.oauthbearer.token.file=/t",
        "sasl.oauthbearer.token.endpoint.url=http://x" },
      "sasl.oauthbearer.token.endpoint.url: cannot be set beside sasl.oauthbearer.token.file" },
    { { "security.protocol=SASL_SSL",
        "sasl.mechanism=OAUTHBEARER",
        "sasl.login.refresh.window.factor=0.4" },
      "sasl.login.refresh.window.factor: '0.4' is not a number from 0.5 to 1" },
    { { "security.protocol=SASL_SSL",
        "sasl.mechanism=OAUTHBEARER",
        "sasl.login.refresh.window.jitter=nan" },
      "sasl.login.refresh.window.jitter: 'nan' is not a number" },
    { { "authentication.backoff.ms=2000", "authentication.backoff.max.ms=1000" },
      "authentication.backoff.ms: is larger" },
};

static void set(struct options *options, const char *pair) {
    char error[OPTION_ERROR_BYTES] = "";
    char key[80] = "";
    const char *equals = strchr(pair, '=');
    memcpy(key, pair, (size_t)(equals - pair));
    ck_assert_msg(options_set(options, key, equals + 1, error) == STATUS_OK, "%s", error);
}

START_TEST(what_does_not_make_sense_is_named) {
    struct options options;
    char error[OPTION_ERROR_BYTES] = "";
    options_init(&options);
    set(&options, "bootstrap.servers=localhost:9092");
    for (size_t i = 0; i < MOST_PAIRS && cases[_i].pairs[i]; i++)
        set(&options, cases[_i].pairs[i]);
    enum status status = options_check(&options, error);
    ck_assert_int_eq(status != STATUS_OK, cases[_i].complaint != NULL);
    if (cases[_i].complaint) {
        ck_assert_msg(strstr(error, cases[_i].complaint) == error, "%s", error);
    }
    options_dispose(&options);
}

END_TEST

START_TEST(the_choices_of_security_protocol_are_in_the_order_of_the_enum) {
    static const struct {
        const char *pair;
        enum security_protocol protocol;
    } protocols[] = {
        { "security.protocol=PLAINTEXT", SECURITY_PLAINTEXT },
        { "security.protocol=SSL", SECURITY_SSL },
        { "security.protocol=SASL_PLAINTEXT", SECURITY_SASL_PLAINTEXT },
        { "security.protocol=SASL_SSL", SECURITY_SASL_SSL },
    };

    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        struct options options;
        options_init(&options);
        set(&options, protocols[i].pair);
        int64_t number = options_number(&options, OPTION_SECURITY_PROTOCOL);
        ck_assert_int_eq(number, protocols[i].protocol);
        options_dispose(&options);
    }
}

END_TEST

START_TEST(what_can_be_used_to_log_in_is_secret) {
    static const char *const secrets[] = {
        "ssl.truststore.password",
        "ssl.keystore.password",
        "ssl.keystore.key",
        "ssl.key.password",
        "ssl.key.pem",
        "sasl.password",
        "sasl.jaas.config",
        "sasl.oauthbearer.client.credentials.client.secret",
    };

    size_t found = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        found += options_row((enum option_name)i)->type == OPTION_SECRET;
    ck_assert_uint_eq(found, sizeof secrets / sizeof secrets[0]);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        enum option_name name = OPTION_COUNT;
        const struct option_row *row = options_find(secrets[i], &name);
        ck_assert_ptr_nonnull(row);
        ck_assert_int_eq(row->type, OPTION_SECRET);
        ck_assert(options_is_late(name));
    }
}

END_TEST

START_TEST(texts_of_security_alone_may_have_references_until_they_are_used) {
    ck_assert(options_is_late(OPTION_SSL_CA_LOCATION));
    ck_assert(options_is_late(OPTION_SASL_USERNAME));
    ck_assert(!options_is_late(OPTION_SECURITY_PROTOCOL));
    ck_assert(!options_is_late(OPTION_CLIENT_ID));
    ck_assert(!options_is_late(OPTION_SASL_LOGIN_READ_TIMEOUT_MS));
}

END_TEST

SUITE(options_security) {
    Suite *s = suite_create("options security");
    TCase *table = tcase_create("options sense");
    tcase_add_loop_test(
        table, what_does_not_make_sense_is_named, 0, sizeof cases / sizeof cases[0]
    );
    suite_add_tcase(s, table);
    ADD_CASE(
        s,
        "options security",
        the_choices_of_security_protocol_are_in_the_order_of_the_enum,
        what_can_be_used_to_log_in_is_secret,
        texts_of_security_alone_may_have_references_until_they_are_used
    );
    return s;
}
