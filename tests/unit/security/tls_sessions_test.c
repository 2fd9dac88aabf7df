// SPDX-License-Identifier: Apache-2.0
// Resumption as both sides see it, and the bounds of what is kept for it.
#include "consumer/security/tls.h"
#include "consumer/security/tls_sessions.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/core_names.h>

#include <stdio.h>
#include <string.h>

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

enum { OF_VERSION_1_2 = 0 };

static void start(struct tls_world *world, int i, bool wants_client) {
    tls_world_init(world, wants_client);
    if (wants_client) tls_world_identify(world);
    (void)SSL_CTX_set_min_proto_version(world->broker.context, versions[i]);
    (void)SSL_CTX_set_max_proto_version(world->broker.context, versions[i]);
    (void)SSL_CTX_set_num_tickets(world->broker.context, 1);
    tls_broker_again(&world->broker);
}

// Connects anew; both sides must agree on whether it is resumed. The machine is left as it is.
static struct tls *reconnect(
    struct tls_world *world, struct tls_context *context, const char *host, bool is_resumed
) {
    tls_broker_again(&world->broker);
    struct tls *tls = tls_world_connect(world, context, host);
    ck_assert_msg(tls_state(tls) == TLS_OPEN, "%s", tls_why(tls));
    ck_assert_int_eq(tls_facts(tls)->is_resumed, is_resumed);
    ck_assert_int_eq(SSL_session_reused(world->broker.ssl), is_resumed);
    ck_assert_str_eq(tls_facts(tls)->subject, "CN=broker");
    return tls;
}

START_TEST(a_second_connection_resumes_and_so_does_a_third) {
    struct tls_world world;
    start(&world, _i, false);
    struct tls_context *context = tls_rig_context(&world.options);
    for (int i = 0; i < 3; i++) {
        struct tls *tls = reconnect(&world, context, "broker.test", i > 0);
        if (i == 1) tls_end(tls); // with close_notify or without, it makes no difference
        tls_free(tls);
    }
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

// As Java's brokers do it: whoever resumes by a ticket gets a new one. The keys need not be secret.
static int renew_tickets(
    SSL *ssl,
    unsigned char *name,
    unsigned char *iv,
    EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac,
    int is_new
) {
    static unsigned char key[32] = "a key of the tests";
    char digest[] = "sha256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, sizeof key),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    (void)ssl;
    if (is_new) memset(iv, 'i', 16);
    (void)EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, is_new);
    (void)EVP_MAC_CTX_set_params(mac, params);
    if (is_new) memset(name, 'n', 16);
    return is_new ? 1 : 2;
}

START_TEST(a_ticket_that_is_renewed_at_each_use_is_kept) {
    struct tls_world world;
    start(&world, _i, false);
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(world.broker.context, renew_tickets);
    struct tls_context *context = tls_rig_context(&world.options);
    for (int i = 0; i < 5; i++)
        tls_free(reconnect(&world, context, "broker.test", i > 0));
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_session_with_a_client_certificate_is_resumed) {
    struct tls_world world;
    start(&world, _i, true);
    struct tls_context *context = tls_rig_context(&world.options);
    for (int i = 0; i < 3; i++) {
        struct tls *tls = reconnect(&world, context, "broker.test", i > 0);
        ck_assert(tls_facts(tls)->is_client_certificate_asked == (i == 0));
        tls_free(tls);
    }
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_ticket_of_version_1_3_is_used_once) {
    struct tls_world world;
    start(&world, _i, false);
    struct tls_context *context = tls_rig_context(&world.options);
    tls_free(reconnect(&world, context, "broker.test", false));
    struct tls *first = tls_new(context, "broker.test", 9093);
    ck_assert_int_eq(tls_begin(first), TLS_HANDSHAKING); // has the only ticket now
    tls_free(reconnect(&world, context, "broker.test", _i == OF_VERSION_1_2));
    tls_free(first);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_session_is_for_one_host_and_one_context) {
    struct tls_world world;
    start(&world, _i, false);
    world.options.is_host_verified = false;
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls_context *later = tls_rig_context(&world.options);
    tls_free(reconnect(&world, context, "broker.test", false));
    tls_free(reconnect(&world, context, "other.test", false));
    tls_free(reconnect(&world, later, "broker.test", false));
    tls_free(reconnect(&world, context, "broker.test", true));
    struct tls *tls = tls_new(context, "broker.test", 9094); // another port
    tls_broker_again(&world.broker);
    (void)tls_begin(tls);
    tls_rig_pump(tls, &world.broker, NULL);
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert(!tls_facts(tls)->is_resumed);
    tls_free(tls);
    tls_context_free(context);
    tls_context_free(later);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_broker_that_forgot_the_session_gets_a_whole_handshake) {
    struct tls_world world;
    start(&world, _i, false);
    struct tls_context *context = tls_rig_context(&world.options);
    tls_free(reconnect(&world, context, "broker.test", false));
    tls_broker_dispose(&world.broker);
    tls_broker_init(&world.broker, &world.broker_identity, NULL, NULL);
    tls_free(reconnect(&world, context, "broker.test", false));
    tls_free(reconnect(&world, context, "broker.test", true));
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_handshake_that_fails_forgets_the_sessions_of_its_host) {
    struct tls_world world;
    start(&world, _i, false);
    (void)SSL_CTX_set_num_tickets(world.broker.context, 3);
    struct tls_context *context = tls_rig_context(&world.options);
    tls_free(reconnect(&world, context, "broker.test", false));
    struct tls *failing = tls_new(context, "broker.test", 9093);
    (void)tls_begin(failing);
    tls_rig_deliver(failing, "\x15\x03\x03\0\x02\x02\x28", 7);
    ck_assert_int_eq(tls_state(failing), TLS_FAILED);
    tls_free(failing);
    tls_free(reconnect(&world, context, "broker.test", false));
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_context_lives_as_long_as_its_last_machine) {
    struct tls_world world;
    start(&world, _i, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = reconnect(&world, context, "broker.test", false);
    tls_context_free(context);
    tls_write(tls, SLICE_LITERAL("still here"));
    tls_rig_pump(tls, &world.broker, NULL);
    ck_assert(slice_equal_string(buf_slice(&world.broker.plain), "still here"));
    tls_free(tls);
    tls_world_dispose(&world);
}

END_TEST

static SSL_SESSION *session_of(int version) {
    SSL_SESSION *session = SSL_SESSION_new();
    (void)SSL_SESSION_set_protocol_version(session, version);
    return session;
}

START_TEST(of_the_sessions_of_a_host_the_newest_are_kept) {
    struct tls_sessions sessions = { 0 };
    SSL_SESSION *made[TLS_SESSIONS_OF_A_HOST + 2];
    for (int i = 0; i < TLS_SESSIONS_OF_A_HOST + 2; i++) {
        made[i] = session_of(TLS1_3_VERSION);
        tls_sessions_put_take(&sessions, "a:1", made[i]);
    }
    for (int i = TLS_SESSIONS_OF_A_HOST + 1; i >= 2; i--) {
        SSL_SESSION *taken = tls_sessions_take(&sessions, "a:1");
        ck_assert_ptr_eq(taken, made[i]);
        SSL_SESSION_free(taken);
    }
    ck_assert_ptr_null(tls_sessions_take(&sessions, "a:1"));
    tls_sessions_dispose(&sessions);
}

END_TEST

START_TEST(a_session_of_version_1_2_takes_the_place_of_all_others) {
    struct tls_sessions sessions = { 0 };
    tls_sessions_put_take(&sessions, "a:1", session_of(TLS1_3_VERSION));
    tls_sessions_put_take(&sessions, "a:1", session_of(TLS1_2_VERSION));
    SSL_SESSION *newest = session_of(TLS1_2_VERSION);
    tls_sessions_put_take(&sessions, "a:1", newest);
    for (int i = 0; i < 3; i++) {
        SSL_SESSION *taken = tls_sessions_take(&sessions, "a:1");
        ck_assert_ptr_eq(taken, newest);
        SSL_SESSION_free(taken);
    }
    tls_sessions_forget(&sessions, "a:1");
    ck_assert_ptr_null(tls_sessions_take(&sessions, "a:1"));
    tls_sessions_dispose(&sessions);
}

END_TEST

START_TEST(one_host_too_many_costs_the_first) {
    struct tls_sessions sessions = { 0 };
    char key[32];
    for (int i = 0; i <= TLS_SESSIONS_MOST_HOSTS; i++) {
        (void)snprintf(key, sizeof key, "host-%d:9092", i);
        tls_sessions_put_take(&sessions, key, session_of(TLS1_2_VERSION));
    }
    ck_assert_ptr_null(tls_sessions_take(&sessions, "host-0:9092"));
    SSL_SESSION *second = tls_sessions_take(&sessions, "host-1:9092");
    ck_assert_ptr_nonnull(second);
    SSL_SESSION_free(second);
    tls_sessions_dispose(&sessions);
}

END_TEST

SUITE(tls_sessions) {
    Suite *s = suite_create("security/tls_sessions");
    ADD_CASE(
        s,
        "bounds",
        of_the_sessions_of_a_host_the_newest_are_kept,
        a_session_of_version_1_2_takes_the_place_of_all_others,
        one_host_too_many_costs_the_first
    );
    TCase *each = tcase_create("versions");
    tcase_add_loop_test(each, a_second_connection_resumes_and_so_does_a_third, 0, 2);
    tcase_add_loop_test(each, a_ticket_that_is_renewed_at_each_use_is_kept, 0, 2);
    tcase_add_loop_test(each, a_session_with_a_client_certificate_is_resumed, 0, 2);
    tcase_add_loop_test(each, a_ticket_of_version_1_3_is_used_once, 0, 2);
    tcase_add_loop_test(each, a_session_is_for_one_host_and_one_context, 0, 2);
    tcase_add_loop_test(each, a_broker_that_forgot_the_session_gets_a_whole_handshake, 0, 2);
    tcase_add_loop_test(each, a_handshake_that_fails_forgets_the_sessions_of_its_host, 0, 2);
    tcase_add_loop_test(each, a_context_lives_as_long_as_its_last_machine, 0, 2);
    suite_add_tcase(s, each);
    return s;
}
