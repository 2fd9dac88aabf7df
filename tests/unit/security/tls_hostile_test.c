// SPDX-License-Identifier: Apache-2.0
// A peer that means ill: damage at each place of a handshake, junk behind it, and what would never
// end.
#include "consumer/security/tls.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>

#include <string.h>

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

enum { STRIDE = 23, MOST_FLIGHTS = 2 };

static void start(struct tls_world *world, int i) {
    tls_world_init(world, false);
    (void)SSL_CTX_set_min_proto_version(world->broker.context, versions[i]);
    (void)SSL_CTX_set_max_proto_version(world->broker.context, versions[i]);
    tls_broker_again(&world->broker);
}

// One handshake with the byte at `place` of a flight damaged, or the flight's rest replaced by
// junk. False: the flight is shorter than that.
static bool damage(
    struct tls_world *world, struct tls_context *context, int flight, size_t place, bool is_junk
) {
    tls_broker_again(&world->broker);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    (void)tls_begin(tls);
    struct buf bytes = { 0 };
    tls_rig_answer(tls, &world->broker, &bytes);
    for (int i = 0; i < flight; i++) {
        tls_rig_deliver(tls, bytes.data, bytes.size);
        buf_clear(&bytes);
        tls_rig_answer(tls, &world->broker, &bytes);
    }
    bool is_inside = place < bytes.size;
    if (is_inside) {
        if (is_junk) memset(bytes.data + place, 0xa5, bytes.size - place);
        bytes.data[place] ^= 0x5a;
        tls_rig_deliver(tls, bytes.data, bytes.size);
        EXPECT((tls_state(tls) == TLS_FAILED) == (tls_failure_of(tls) != TLS_NO_FAILURE));
        EXPECT((tls_state(tls) == TLS_FAILED) == (tls_why(tls)[0] != '\0'));
        EXPECT(tls_state(tls) != TLS_ENDED);
        EXPECT(ERR_peek_error() == 0);
    }
    buf_dispose(&bytes);
    tls_free(tls);
    return is_inside;
}

START_TEST(damage_at_any_place_of_a_handshake_is_borne) {
    struct tls_world world;
    start(&world, _i);
    struct tls_context *context = tls_rig_context(&world.options);
    for (int flight = 0; flight < MOST_FLIGHTS; flight++) {
        for (size_t place = 0; damage(&world, context, flight, place, false);)
            place += place < STRIDE ? 1 : STRIDE;
        for (size_t place = 0; damage(&world, context, flight, place, true);)
            place += STRIDE;
    }
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_damaged_record_fails_an_open_connection) {
    struct tls_world world;
    start(&world, _i);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    tls_broker_write(&world.broker, "some bytes", 10);
    uint8_t bytes[200];
    int count = BIO_read(world.broker.out, bytes, sizeof bytes);
    ck_assert_int_gt(count, 20);
    bytes[count - 1] ^= 1;
    tls_rig_deliver(tls, bytes, (size_t)count);
    ck_assert_int_eq(tls_state(tls), TLS_FAILED);
    ck_assert_int_eq(tls_failure_of(tls), TLS_PROTOCOL_ERROR);
    ck_assert_ptr_nonnull(strstr(tls_why(tls), "bad record mac"));
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(plaintext_behind_the_handshake_fails_the_connection) {
    struct tls_world world;
    start(&world, _i);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    tls_rig_deliver(tls, "\0\0\0\x0a\0\0\0\x01\0\0\0\0\0\0", 14);
    ck_assert_int_eq(tls_state(tls), TLS_FAILED);
    ck_assert_int_eq(tls_failure_of(tls), TLS_PROTOCOL_ERROR);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_flood_of_tickets_and_key_changes_is_borne) {
    struct tls_world world;
    start(&world, 1);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    struct buf plain = { 0 };
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(SSL_new_session_ticket(world.broker.ssl), 1);
        tls_broker_write(&world.broker, "x", 1);
        ck_assert_int_eq(SSL_key_update(world.broker.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        tls_broker_write(&world.broker, "x", 1);
    }
    tls_rig_pump(tls, &world.broker, &plain);
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert_uint_eq(plain.size, 1000);
    buf_dispose(&plain);
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

// Sends the same record until the machine has enough of it, and says how often that was.
static int repeat(struct tls *tls, const char *record, size_t size) {
    enum { MOST = 10000 };

    int count = 0;
    while (tls_state(tls) == TLS_HANDSHAKING && count < MOST) {
        tls_rig_deliver(tls, record, size);
        count++;
    }
    return count < MOST ? count : -1;
}

START_TEST(records_that_lead_nowhere_are_not_borne_for_ever) {
    static const struct {
        const char *record;
        size_t size;
    } records[] = {
        { "\x16\x03\x03\0\0", 5 },           // empty
        { "\x15\x03\x03\0\x02\x01\x5a", 7 }, // a warning: user_canceled
        { "\x14\x03\x03\0\x01\x01", 6 },     // ChangeCipherSpec
    };
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct tls *tls = tls_new(context, "broker.test", 9093);
        (void)tls_begin(tls);
        int count = repeat(tls, records[i].record, records[i].size);
        ck_assert_msg(count > 0, "record %zu never ends", i);
        tls_free(tls);
    }
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_handshake_message_is_not_collected_beyond_its_bound) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *context = tls_rig_context(&world.options);
    struct tls *tls = tls_new(context, "broker.test", 9093);
    (void)tls_begin(tls);
    // A ServerHello that says it has 16 MB.
    tls_rig_deliver(tls, "\x16\x03\x03\x10\0\x02\xff\xff\xff", 9);
    ck_assert_int_eq(tls_state(tls), TLS_HANDSHAKING);
    uint8_t junk[4092] = { 0 };
    tls_rig_deliver(tls, junk, sizeof junk);
    ck_assert_int_eq(tls_state(tls), TLS_FAILED);
    ck_assert_ptr_nonnull(strstr(tls_why(tls), "excessive message size"));
    tls_free(tls);
    tls_context_free(context);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls_hostile) {
    Suite *s = suite_create("security/tls_hostile");
    ADD_CASE(
        s,
        "bounds",
        a_flood_of_tickets_and_key_changes_is_borne,
        records_that_lead_nowhere_are_not_borne_for_ever,
        a_handshake_message_is_not_collected_beyond_its_bound
    );
    TCase *each = tcase_create("versions");
    tcase_set_timeout(each, 60);
    tcase_add_loop_test(each, damage_at_any_place_of_a_handshake_is_borne, 0, 2);
    tcase_add_loop_test(each, a_damaged_record_fails_an_open_connection, 0, 2);
    tcase_add_loop_test(each, plaintext_behind_the_handshake_fails_the_connection, 0, 2);
    suite_add_tcase(s, each);
    return s;
}
