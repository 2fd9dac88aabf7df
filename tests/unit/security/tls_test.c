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

SUITE(tls) {
    Suite *s = suite_create("security/tls");
    TCase *each = tcase_create("versions");
    tcase_add_loop_test(each, bytes_go_both_ways_in_either_version, 0, 2);
    tcase_add_loop_test(each, bytes_may_come_one_at_a_time, 0, 2);
    suite_add_tcase(s, each);
    return s;
}
