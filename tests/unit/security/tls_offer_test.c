// SPDX-License-Identifier: Apache-2.0
// ssl.cipher.suites, ssl.enabled.protocols and ssl.curves.list, and what is negotiated by them.
#include "consumer/security/tls.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>

#include <string.h>

static const struct {
    const char *suites;
    const char *protocols;
    const char *curves;
    const char *protocol; ///< negotiated
    const char *cipher;   ///< negotiated; NULL: whatever
} good[] = {
    { NULL, NULL, NULL, "TLSv1.3", NULL },
    { "", "", "", "TLSv1.3", NULL },
    { NULL, "TLSv1.2", NULL, "TLSv1.2", NULL },
    { NULL, "TLSv1.3", NULL, "TLSv1.3", NULL },
    { NULL, "TLSv1.2,TLSv1.3", NULL, "TLSv1.3", NULL },
    { NULL, " TLSv1.3 , TLSv1.2 ", NULL, "TLSv1.3", NULL },
    { "TLS_AES_128_GCM_SHA256", NULL, NULL, "TLSv1.3", "TLS_AES_128_GCM_SHA256" },
    { "TLS_CHACHA20_POLY1305_SHA256",
      "TLSv1.2,TLSv1.3",
      NULL,
      "TLSv1.3",
      "TLS_CHACHA20_POLY1305_SHA256" },
    { "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      NULL,
      NULL,
      "TLSv1.2",
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { "ECDHE-ECDSA-AES128-GCM-SHA256",
      NULL,
      NULL,
      "TLSv1.2",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,ECDHE-ECDSA-CHACHA20-POLY1305",
      "TLSv1.2",
      NULL,
      "TLSv1.2",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
    { "TLS_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      NULL,
      NULL,
      "TLSv1.3",
      "TLS_AES_256_GCM_SHA384" },
    { "TLS_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,"
      "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
      "TLSv1.2",
      NULL,
      "TLSv1.2",
      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
    { "HIGH:!aNULL", NULL, NULL, "TLSv1.3", NULL },
    { "DEFAULT:@SECLEVEL=1", NULL, NULL, "TLSv1.3", NULL },
    { "HIGH:!aNULL:!MD5:@STRENGTH", "TLSv1.2", NULL, "TLSv1.2", NULL },
    { NULL, NULL, "X25519:P-256", "TLSv1.3", NULL },
    { NULL, "TLSv1.2", "secp384r1,secp256r1", "TLSv1.2", NULL },
};

START_TEST(what_is_offered_is_what_is_negotiated) {
    struct tls_world world;
    tls_world_init(&world, false);
    world.options.cipher_suites = good[_i].suites;
    world.options.enabled_protocols = good[_i].protocols;
    world.options.curves = good[_i].curves;
    struct tls_context *context = tls_rig_context(&world.options);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_msg(tls_state(tls) == TLS_OPEN, "%s", tls_why(tls));
    ck_assert_str_eq(tls_facts(tls)->protocol, good[_i].protocol);
    if (good[_i].cipher) ck_assert_str_eq(tls_facts(tls)->cipher, good[_i].cipher);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

#define CHOICE "; TLSv1.2 and TLSv1.3 can be chosen"

static const struct {
    const char *suites;
    const char *protocols;
    const char *curves;
    const char *error;
} bad[] = {
    { NULL, "TLSv1.1", NULL, "ssl.enabled.protocols: TLSv1.1 is too old to be safe" CHOICE },
    { NULL, "TLSv1.2,TLSv1", NULL, "ssl.enabled.protocols: TLSv1 is too old to be safe" CHOICE },
    { NULL, "SSLv3", NULL, "ssl.enabled.protocols: SSLv3 is too old to be safe" CHOICE },
    { NULL, "SSLv2Hello", NULL, "ssl.enabled.protocols: SSLv2Hello is too old to be safe" CHOICE },
    { NULL, "TLSv1.4", NULL, "ssl.enabled.protocols: TLSv1.4 is no version of TLS" CHOICE },
    { NULL, "tlsv1.3", NULL, "ssl.enabled.protocols: tlsv1.3 is no version of TLS" CHOICE },
    { "TLS_NO_SUCH_SUITE",
      NULL,
      NULL,
      "ssl.cipher.suites: TLS_NO_SUCH_SUITE is no suite that OpenSSL has here" },
    { "HIGH,ECDHE-NO-SUCH",
      NULL,
      NULL,
      "ssl.cipher.suites: ECDHE-NO-SUCH is no suite that OpenSSL has here" },
    { "SSL_RSA_WITH_RC4_128_MD5",
      NULL,
      NULL,
      "ssl.cipher.suites: SSL_RSA_WITH_RC4_128_MD5 is no suite that OpenSSL has here" },
    { "TLS_AES_128_GCM_SHA256",
      "TLSv1.2",
      NULL,
      "ssl.cipher.suites: none of the suites is of a version in ssl.enabled.protocols" },
    { "ECDHE-ECDSA-AES128-GCM-SHA256",
      "TLSv1.3",
      NULL,
      "ssl.cipher.suites: none of the suites is of a version in ssl.enabled.protocols" },
    { "HIGH:!ALL", NULL, NULL, "ssl.cipher.suites: no suite is left of what is given" },
    { NULL, NULL, "P-256:P-257", "ssl.curves.list: P-257 is nothing that OpenSSL has here" },
    { NULL, NULL, "P-256:P-256", "ssl.curves.list: the list is nothing that OpenSSL has here" },
};

START_TEST(what_cannot_be_offered_is_refused_by_name) {
    struct tls_options options = {
        .cipher_suites = bad[_i].suites,
        .enabled_protocols = bad[_i].protocols,
        .curves = bad[_i].curves,
    };
    char error[TLS_ERROR_BYTES];
    ck_assert_ptr_null(tls_context_new(&options, error));
    ck_assert_str_eq(error, bad[_i].error);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

END_TEST

START_TEST(a_very_long_name_is_refused_calmly) {
    char name[4096];
    memset(name, 'A', sizeof name);
    name[sizeof name - 1] = '\0';
    struct tls_options options[] = { { .cipher_suites = name },
                                     { .enabled_protocols = name },
                                     { .curves = name } };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char error[TLS_ERROR_BYTES];
        ck_assert_ptr_null(tls_context_new(&options[i], error));
        ck_assert_ptr_nonnull(strstr(error, ": AAAA"));
    }
}

END_TEST

START_TEST(the_curves_are_those_given) {
    struct tls_world world;
    tls_world_init(&world, false);
    world.options.curves = "secp384r1";
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert_int_eq(SSL_get_negotiated_group(world.broker.ssl), NID_secp384r1);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls_offer) {
    Suite *s = suite_create("security/tls_offer");
    ADD_CASE(s, "lists", a_very_long_name_is_refused_calmly, the_curves_are_those_given);
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, what_is_offered_is_what_is_negotiated, 0, sizeof good / sizeof *good
    );
    tcase_add_loop_test(
        tables, what_cannot_be_offered_is_refused_by_name, 0, sizeof bad / sizeof *bad
    );
    suite_add_tcase(s, tables);
    return s;
}
