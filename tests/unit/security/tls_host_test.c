// SPDX-License-Identifier: Apache-2.0
// For which hosts a certificate is good, and what SNI says. Pitfall 93.
#include "consumer/security/tls.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

static const struct {
    const char *host;  ///< dialed
    const char *hosts; ///< of the certificate, whose common name is "cn.test"
    const char *sni;   ///< NULL: none
    bool is_good;
} hosts[] = {
    { "broker.test", "DNS:broker.test", "broker.test", true },
    { "BROKER.Test", "DNS:broker.test", "BROKER.Test", true },
    { "broker.test", "DNS:a.test,DNS:broker.test", "broker.test", true },
    { "broker.test.", "DNS:broker.test", "broker.test", true },
    { "broker.test..", "DNS:broker.test", "broker.test.", false },
    { "other.test", "DNS:broker.test", "other.test", false },
    { "a.broker.test", "DNS:broker.test", "a.broker.test", false },
    { "b1.brokers.test", "DNS:*.brokers.test", "b1.brokers.test", true },
    { "b1.brokers.test.", "DNS:*.brokers.test", "b1.brokers.test", true },
    { "a.b1.brokers.test", "DNS:*.brokers.test", "a.b1.brokers.test", false },
    { "brokers.test", "DNS:*.brokers.test", "brokers.test", false },
    { "b1.brokers.test", "DNS:b*.brokers.test", "b1.brokers.test", false },
    { "broker.test", "DNS:*.test", "broker.test", false },
    { "localhost", "DNS:localhost", "localhost", true },
    { "broker_1.test", "DNS:broker_1.test", "broker_1.test", true },
    { "cn.test", NULL, "cn.test", true },
    { "cn.test", "IP:10.0.0.1", "cn.test", true },
    { "cn.test", "DNS:broker.test", "cn.test", false },
    { "10.0.0.1", "IP:10.0.0.1", NULL, true },
    { "10.0.0.1", "DNS:a.test,IP:10.0.0.2,IP:10.0.0.1", NULL, true },
    { "10.0.0.1", "IP:10.0.0.2", NULL, false },
    { "10.0.0.1", "DNS:10.0.0.1", NULL, false },
    { "10.0.0.1", "DNS:*.0.0.1", NULL, false },
    { "::1", "IP:::1", NULL, true },
    { "0:0:0:0:0:0:0:1", "IP:::1", NULL, true },
    { "2001:DB8::a", "IP:2001:db8:0:0:0:0:0:a", NULL, true },
    { "fe80::1%eth0", "IP:fe80::1", NULL, true },
    { "2001:db8::b", "IP:2001:db8::a", NULL, false },
};

START_TEST(a_certificate_is_good_for_the_hosts_that_it_names) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct identity identity = identity_make(&(struct identity_options
    ){ .name = "cn.test", .hosts = hosts[_i].hosts, .issuer = &world.ca });
    tls_broker_dispose(&world.broker);
    tls_broker_init(&world.broker, &identity, NULL, NULL);
    for (int is_verified = 0; is_verified < 2; is_verified++) {
        world.options.is_host_verified = is_verified;
        tls_broker_again(&world.broker);
        struct tls_context *context = tls_rig_context(&world.options);
        struct tls *tls = tls_world_connect(&world, context, hosts[_i].host);
        bool is_good = hosts[_i].is_good || !is_verified;
        ck_assert_msg(
            tls_state(tls) == (is_good ? TLS_OPEN : TLS_FAILED),
            "%s for %s: %s",
            hosts[_i].hosts,
            hosts[_i].host,
            tls_why(tls)
        );
        ck_assert_int_eq(tls_failure_of(tls), is_good ? TLS_NO_FAILURE : TLS_WRONG_HOST);
        const char *sni = SSL_get_servername(world.broker.ssl, TLSEXT_NAMETYPE_host_name);
        ck_assert_pstr_eq(sni, hosts[_i].sni);
        tls_free(tls);
        tls_context_free(context);
    }
    identity_dispose(&identity);
    tls_world_dispose(&world);
}

END_TEST

static const char *const impossible[] = { "", ".", ".broker.test" };

START_TEST(a_host_that_no_certificate_can_have_fails_before_a_byte_is_sent) {
    struct tls_world world;
    tls_world_init(&world, false);
    char longest[300];
    (void)memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct tls_context *context = tls_rig_context(&world.options);
    for (size_t i = 0; i <= sizeof impossible / sizeof *impossible; i++) {
        bool is_last = i == sizeof impossible / sizeof *impossible;
        struct tls *tls = tls_new(context, is_last ? longest : impossible[i], 9093);
        struct buf output = { 0 };
        ck_assert_int_eq(tls_begin(tls), TLS_FAILED);
        ck_assert_int_eq(tls_failure_of(tls), TLS_WRONG_HOST);
        ck_assert_str_eq(tls_why(tls), "the host name is none that a certificate could have");
        ck_assert(!tls_take_output(tls, &output));
        tls_free(tls);
    }
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls_host) {
    Suite *s = suite_create("security/tls_host");
    ADD_CASE(s, "none", a_host_that_no_certificate_can_have_fails_before_a_byte_is_sent);
    TCase *table = tcase_create("hosts");
    tcase_add_loop_test(
        table, a_certificate_is_good_for_the_hosts_that_it_names, 0, sizeof hosts / sizeof *hosts
    );
    suite_add_tcase(s, table);
    return s;
}
