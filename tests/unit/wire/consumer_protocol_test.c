// SPDX-License-Identifier: Apache-2.0
// Subscriptions and assignments, among members of other versions.
#include "consumer/wire/consumer_protocol.h"
#include "tests/unit/suite.h"

#define BYTES(...) \
    ((struct slice){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

START_TEST(a_subscription_is_laid_out_as_other_clients_expect) {
    struct slice topics[] = { SLICE_LITERAL("t") };
    int32_t partitions[] = { 4 };
    struct consumer_protocol_topic_partitions owned = { SLICE_LITERAL("t"), partitions, 1 };
    struct consumer_protocol_subscription subscription;
    schema_init(&consumer_protocol_subscription_schema, &subscription);
    subscription.topics = topics;
    subscription.topics_count = 1;
    subscription.owned_partitions = &owned;
    subscription.owned_partitions_count = 1;
    subscription.generation_id = 9;
    subscription.rack_id = SLICE_LITERAL("r");
    struct buf out = { 0 };
    ck_assert_int_eq(consumer_protocol_encode_subscription(0, &subscription, &out), STATUS_OK);
    struct slice version_0 = BYTES(0, 0, 0, 0, 0, 1, 0, 1, 't', 255, 255, 255, 255);
    ck_assert(slice_equal(buf_slice(&out), version_0));
    buf_clear(&out);
    ck_assert_int_eq(consumer_protocol_encode_subscription(3, &subscription, &out), STATUS_OK);
    struct slice version_3 = BYTES(
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        1,
        't',
        255,
        255,
        255,
        255,
        0,
        0,
        0,
        1,
        0,
        1,
        't',
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        4,
        0,
        0,
        0,
        9,
        0,
        1,
        'r'
    );
    ck_assert(slice_equal(buf_slice(&out), version_3));
    buf_dispose(&out);
}

END_TEST

START_TEST(a_newer_subscription_is_read_as_the_newest_known) {
    struct slice newer = BYTES(
        0,
        9,
        0,
        0,
        0,
        1,
        0,
        1,
        't',
        255,
        255,
        255,
        255,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        9,
        255,
        255,
        'n',
        'e',
        'w'
    );
    struct arena arena = { 0 };
    struct consumer_protocol_subscription subscription;
    ck_assert_int_eq(
        consumer_protocol_decode_subscription(newer, &arena, &subscription), STATUS_OK
    );
    ck_assert_int_eq(subscription.topics_count, 1);
    ck_assert(slice_equal_string(subscription.topics[0], "t"));
    ck_assert_int_eq(subscription.generation_id, 9);
    ck_assert_ptr_null(subscription.user_data.data);
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_subscription_that_is_none_is_refused) {
    const struct slice wrong[] = {
        SLICE_NULL,
        BYTES(0),
        BYTES(0, 0),
        BYTES(0xff, 0xff, 0, 0, 0, 0, 255, 255, 255, 255),
        BYTES(0, 0, 0x7f, 0xff, 0xff, 0xff, 255, 255, 255, 255),
        BYTES(0, 1, 0, 0, 0, 0, 255, 255, 255, 255),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct arena arena = { 0 };
        struct consumer_protocol_subscription subscription;
        ck_assert_int_eq(
            consumer_protocol_decode_subscription(wrong[i], &arena, &subscription),
            STATUS_INVALID_FRAME
        );
        arena_dispose(&arena);
    }
}

END_TEST

START_TEST(an_assignment_comes_back_as_it_went) {
    int32_t partitions[] = { 0, 3 };
    struct consumer_protocol_topic_partitions topic = { SLICE_LITERAL("t"), partitions, 2 };
    struct consumer_protocol_assignment assignment = { .assigned_partitions = &topic,
                                                       .assigned_partitions_count = 1,
                                                       .user_data = SLICE_NULL };
    for (int16_t version = 0; version <= 3; version++) {
        struct buf out = { 0 };
        struct arena arena = { 0 };
        struct consumer_protocol_assignment read;
        ck_assert_int_eq(
            consumer_protocol_encode_assignment(version, &assignment, &out), STATUS_OK
        );
        ck_assert_int_eq(
            consumer_protocol_decode_assignment(buf_slice(&out), &arena, &read), STATUS_OK
        );
        ck_assert_int_eq(read.assigned_partitions_count, 1);
        ck_assert_int_eq(read.assigned_partitions[0].partitions_count, 2);
        ck_assert_int_eq(read.assigned_partitions[0].partitions[1], 3);
        arena_dispose(&arena);
        buf_dispose(&out);
    }
}

END_TEST

START_TEST(no_bytes_assign_nothing) {
    struct arena arena = { 0 };
    struct consumer_protocol_assignment read;
    ck_assert_int_eq(consumer_protocol_decode_assignment(SLICE_NULL, &arena, &read), STATUS_OK);
    ck_assert_int_eq(read.assigned_partitions_count, 0);
    struct slice empty = SLICE_LITERAL("");
    ck_assert_int_eq(consumer_protocol_decode_assignment(empty, &arena, &read), STATUS_OK);
    ck_assert_int_eq(read.assigned_partitions_count, 0);
    ck_assert_int_eq(
        consumer_protocol_decode_assignment(BYTES(0, 0, 0), &arena, &read), STATUS_INVALID_FRAME
    );
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_failed_encoding_appends_nothing) {
    struct consumer_protocol_topic_partitions topic = { SLICE_NULL, NULL, 0 };
    struct consumer_protocol_assignment assignment = { .assigned_partitions = &topic,
                                                       .assigned_partitions_count = 1,
                                                       .user_data = SLICE_NULL };
    struct buf out = { 0 };
    ck_assert_int_eq(
        consumer_protocol_encode_assignment(0, &assignment, &out), STATUS_INVALID_ARGUMENT
    );
    ck_assert_uint_eq(out.size, 0);
    buf_dispose(&out);
}

END_TEST

SUITE(consumer_protocol) {
    Suite *s = suite_create("wire/consumer_protocol");
    ADD_CASE(
        s,
        "consumer protocol",
        a_subscription_is_laid_out_as_other_clients_expect,
        a_newer_subscription_is_read_as_the_newest_known,
        a_subscription_that_is_none_is_refused,
        an_assignment_comes_back_as_it_went,
        no_bytes_assign_nothing,
        a_failed_encoding_appends_nothing
    );
    return s;
}
