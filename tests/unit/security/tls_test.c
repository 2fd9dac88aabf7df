// SPDX-License-Identifier: Apache-2.0
// One connection's machine against OpenSSL's server side: handshakes, bytes both ways, ends.
#include "consumer/security/tls.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
static const char *const version_names[] = { "TLSv1.2", "TLSv1.3" };

static void only_version(struct tls_world *world, int i) {
    (void)SSL_CTX_set_min_proto_version(world->broker.context, versions[i]);
    (void)SSL_CTX_set_max_proto_version(world->broker.context, versions[i]);
    tls_broker_again(&world->broker);
}

static void expect_echo(struct tls_world *world, struct tls *tls, size_t size) {
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    struct buf received = { 0 };
    tls_write(tls, (struct slice){ bytes, size });
    tls_rig_pump(tls, &world->broker, &received);
    ck_assert_uint_eq(world->broker.plain.size, size);
    ck_assert(memcmp(world->broker.plain.data, bytes, size) == 0);
    tls_broker_write(&world->broker, bytes, size);
    tls_rig_pump(tls, &world->broker, &received);
    ck_assert_uint_eq(received.size, size);
    ck_assert(memcmp(received.data, bytes, size) == 0);
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    buf_clear(&world->broker.plain);
    buf_dispose(&received);
    free(bytes);
}

START_TEST(bytes_go_both_ways_in_either_version) {
    struct tls_world world;
    tls_world_init(&world, false);
    only_version(&world, _i);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert_str_eq(tls_why(tls), "");
    ck_assert_str_eq(tls_facts(tls)->protocol, version_names[_i]);
    ck_assert_str_eq(tls_facts(tls)->subject, "CN=broker");
    ck_assert(!tls_facts(tls)->is_resumed);
    ck_assert(strncmp(tls_facts(tls)->cipher, "TLS_", 4) == 0);
    expect_echo(&world, tls, 1);
    expect_echo(&world, tls, 1000);
    expect_echo(&world, tls, 1 << 20);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(bytes_may_come_one_at_a_time) {
    struct tls_world world;
    tls_world_init(&world, false);
    only_version(&world, _i);
    world.broker.step = 1;
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    expect_echo(&world, tls, 40000);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

static struct tls *open_connection(struct tls_world *world, struct tls_context *context, int i) {
    only_version(world, i);
    struct tls *tls = tls_world_connect(world, context, "broker.test");
    ck_assert_msg(tls_state(tls) == TLS_OPEN, "%s", tls_why(tls));
    return tls;
}

static void expect_nothing_to_send(struct tls *tls) {
    struct buf output = { 0 };
    ck_assert(!tls_take_output(tls, &output));
}

START_TEST(a_client_certificate_is_sent_with_its_whole_chain_in_any_order) {
    struct tls_world world;
    tls_world_init(&world, true);
    struct identity middle = identity_make(&(struct identity_options
    ){ .name = "middle", .issuer = &world.ca, .is_ca = true });
    struct identity lower = identity_make(&(struct identity_options
    ){ .name = "lower", .issuer = &middle, .is_ca = true });
    struct identity leaf =
        identity_make(&(struct identity_options){ .name = "leaf", .issuer = &lower });
    X509 *orders[][3] = {
        { leaf.certificate, lower.certificate, middle.certificate },
        { middle.certificate, lower.certificate, leaf.certificate },
    };
    char *key = tls_rig_key_pem(leaf.key, NULL);
    char *chain = tls_rig_pem(orders[_i][0], orders[_i][1], orders[_i][2], NULL);
    world.options.certificate = tls_rig_source(chain, "ssl.certificate.location");
    world.options.key = tls_rig_source(key, "ssl.key.location");
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, 1);
    STACK_OF(X509) *seen = SSL_get_peer_cert_chain(world.broker.ssl);
    X509 *own = SSL_get0_peer_certificate(world.broker.ssl);
    ck_assert_int_eq(X509_cmp(own, leaf.certificate), 0);
    ck_assert_int_eq(sk_X509_num(seen), 2);
    ck_assert_int_eq(X509_cmp(sk_X509_value(seen, 0), lower.certificate), 0);
    ck_assert_int_eq(X509_cmp(sk_X509_value(seen, 1), middle.certificate), 0);
    ck_assert(tls_facts(tls)->is_client_certificate_asked);
    tls_free(tls);
    tls_context_free(context);
    free(key);
    free(chain);
    identity_dispose(&middle);
    identity_dispose(&lower);
    identity_dispose(&leaf);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(close_notify_of_the_broker_ends_the_connection_behind_its_last_bytes) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, _i);
    struct buf plain = { 0 };
    tls_broker_write(&world.broker, "last", 4);
    (void)SSL_shutdown(world.broker.ssl);
    expect_nothing_to_send(tls);
    (void)tls_rig_turn(tls, &world.broker, &plain);
    ck_assert(slice_equal_string(buf_slice(&plain), "last"));
    ck_assert_int_eq(tls_state(tls), TLS_ENDED);
    ck_assert_int_eq(tls_failure_of(tls), TLS_NO_FAILURE);
    ck_assert_str_eq(tls_why(tls), "");
    tls_rig_pump(tls, &world.broker, NULL);
    ck_assert(SSL_get_shutdown(world.broker.ssl) & SSL_RECEIVED_SHUTDOWN); // it is answered
    tls_write(tls, SLICE_LITERAL("too late"));
    expect_nothing_to_send(tls);
    ck_assert_int_eq(tls_on_closed(tls), TLS_ENDED);
    buf_dispose(&plain);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_close_without_close_notify_is_a_normal_end) { // pitfall 93
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, _i);
    expect_echo(&world, tls, 100);
    ck_assert_int_eq(tls_on_closed(tls), TLS_ENDED);
    ck_assert_int_eq(tls_failure_of(tls), TLS_NO_FAILURE);
    ck_assert_str_eq(tls_why(tls), "");
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(an_end_of_ours_says_close_notify_behind_what_was_written) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, _i);
    tls_write(tls, SLICE_LITERAL("bye"));
    tls_end(tls);
    ck_assert_int_eq(tls_state(tls), TLS_ENDED);
    tls_end(tls);
    tls_rig_pump(tls, &world.broker, NULL);
    ck_assert(slice_equal_string(buf_slice(&world.broker.plain), "bye"));
    ck_assert(SSL_get_shutdown(world.broker.ssl) & SSL_RECEIVED_SHUTDOWN);
    ck_assert_int_eq(tls_failure_of(tls), TLS_NO_FAILURE);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_renegotiation_is_not_entered) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, 0);
    ck_assert_int_eq(SSL_renegotiate(world.broker.ssl), 1);
    (void)SSL_do_handshake(world.broker.ssl); // sends a HelloRequest
    ck_assert_uint_gt(BIO_ctrl_pending(world.broker.out), 0);
    (void)tls_rig_turn(tls, &world.broker, NULL);
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    struct buf output = { 0 };
    if (tls_take_output(tls, &output)) ck_assert_uint_eq(output.data[0], SSL3_RT_ALERT);
    buf_dispose(&output);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(keys_are_changed_when_the_broker_wants_it) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = open_connection(&world, context, 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(SSL_key_update(world.broker.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        expect_echo(&world, tls, 1000);
    }
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls) {
    Suite *s = suite_create("security/tls");
    ADD_CASE(
        s, "one version", a_renegotiation_is_not_entered, keys_are_changed_when_the_broker_wants_it
    );
    TCase *each = tcase_create("versions");
    tcase_add_loop_test(each, bytes_go_both_ways_in_either_version, 0, 2);
    tcase_add_loop_test(each, bytes_may_come_one_at_a_time, 0, 2);
    tcase_add_loop_test(
        each, close_notify_of_the_broker_ends_the_connection_behind_its_last_bytes, 0, 2
    );
    tcase_add_loop_test(each, a_close_without_close_notify_is_a_normal_end, 0, 2);
    tcase_add_loop_test(each, an_end_of_ours_says_close_notify_behind_what_was_written, 0, 2);
    suite_add_tcase(s, each);
    TCase *orders = tcase_create("orders");
    tcase_add_loop_test(
        orders, a_client_certificate_is_sent_with_its_whole_chain_in_any_order, 0, 2
    );
    suite_add_tcase(s, orders);
    return s;
}
