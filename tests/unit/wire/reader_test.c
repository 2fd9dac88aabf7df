// SPDX-License-Identifier: Apache-2.0
// Primitive types, both ways, and what a reader does with bytes that end too early or cannot be.
#include "consumer/wire/reader.h"
#include "consumer/wire/writer.h"
#include "tests/unit/suite.h"

#include <string.h>

#define READER(...)                                               \
    reader_over((struct slice){ (const uint8_t[]){ __VA_ARGS__ }, \
                                sizeof((const uint8_t[]){ __VA_ARGS__ }) })

START_TEST(numbers_are_big_endian_wherever_they_lie) {
    // pitfall 102: the bytes start at an odd address
    const uint8_t frame[] = { 0,    0x80, 1, 2, 0xff, 0xfe, 0xfe, 0xff, 0xff, 0xff,
                              0xff, 0,    0, 0, 1,    0,    0,    0,    0,    7 };
    struct reader reader = reader_over((struct slice){ frame + 1, sizeof frame - 1 });
    ck_assert_int_eq(reader_int8(&reader), -128);
    ck_assert_int_eq(reader_int16(&reader), 258);
    ck_assert_uint_eq(reader_uint16(&reader), 65534);
    ck_assert_int_eq(reader_int32(&reader), -16777217);
    ck_assert_int_eq(reader_int64(&reader), (INT64_C(1) << 24) - (INT64_C(1) << 56));
    ck_assert(!reader.bad);
}

END_TEST

START_TEST(what_is_written_is_read) {
    struct buf out = { 0 };
    struct uuid uuid = { { 1, 2, 3, [15] = 16 } };
    writer_bool(&out, true);
    writer_int8(&out, INT8_MIN);
    writer_int16(&out, INT16_MIN);
    writer_uint16(&out, UINT16_MAX);
    writer_int32(&out, INT32_MIN);
    writer_int64(&out, INT64_MIN);
    writer_uuid(&out, uuid);
    writer_int32_at(&out, 6, 77);
    struct reader reader = reader_over(buf_slice(&out));
    ck_assert(reader_bool(&reader));
    ck_assert_int_eq(reader_int8(&reader), INT8_MIN);
    ck_assert_int_eq(reader_int16(&reader), INT16_MIN);
    ck_assert_uint_eq(reader_uint16(&reader), UINT16_MAX);
    ck_assert_int_eq(reader_int32(&reader), 77);
    ck_assert_int_eq(reader_int64(&reader), INT64_MIN);
    ck_assert(uuid_equal(reader_uuid(&reader), uuid));
    ck_assert_uint_eq(reader_left(&reader), 0);
    ck_assert(!reader.bad);
    buf_dispose(&out);
}

END_TEST

START_TEST(a_bad_reader_stays_bad_and_gives_nothing) {
    struct reader reader = READER(1, 2, 3);
    ck_assert_int_eq(reader_int32(&reader), 0);
    ck_assert(reader.bad);
    ck_assert_uint_eq(reader_left(&reader), 0);
    ck_assert_int_eq(reader_int8(&reader), 0);
    ck_assert_ptr_null(reader_take(&reader, 0).data);
    ck_assert(uuid_is_zero(reader_uuid(&reader)));
    ck_assert_uint_eq(reader_uvarint(&reader), 0);
}

END_TEST

static const struct {
    int64_t value;
    uint8_t bytes[10];
    size_t size;
} varints[] = {
    { 0, { 0 }, 1 },
    { -1, { 1 }, 1 },
    { 63, { 126 }, 1 },
    { -64, { 127 }, 1 },
    { 64, { 128, 1 }, 2 },
    { INT32_MAX, { 254, 255, 255, 255, 15 }, 5 },
    { INT32_MIN, { 255, 255, 255, 255, 15 }, 5 },
    { INT64_MAX, { 254, 255, 255, 255, 255, 255, 255, 255, 255, 1 }, 10 },
    { INT64_MIN, { 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 }, 10 },
};

START_TEST(a_varint_takes_as_few_bytes_as_it_needs) {
    int64_t value = varints[_i].value;
    struct slice expected = { varints[_i].bytes, varints[_i].size };
    struct buf out = { 0 };
    writer_varlong(&out, value);
    ck_assert(slice_equal(buf_slice(&out), expected));
    struct reader reader = reader_over(expected);
    ck_assert_int_eq(reader_varlong(&reader), value);
    ck_assert(!reader.bad);
    if (value >= INT32_MIN && value <= INT32_MAX) {
        buf_clear(&out);
        writer_varint(&out, (int32_t)value);
        ck_assert(slice_equal(buf_slice(&out), expected));
        reader = reader_over(expected);
        ck_assert_int_eq(reader_varint(&reader), value);
    }
    for (size_t cut = 0; cut < expected.size; cut++) {
        reader = reader_over((struct slice){ expected.data, cut });
        ck_assert_int_eq(reader_varlong(&reader), 0);
        ck_assert(reader.bad);
    }
    buf_dispose(&out);
}

END_TEST

START_TEST(a_varint_may_be_longer_than_needed_but_not_larger_than_its_type) {
    struct reader reader = READER(0x85, 0x80, 0x80, 0x80, 0);
    ck_assert_uint_eq(reader_uvarint(&reader), 5);
    ck_assert(!reader.bad);
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x0f);
    ck_assert_uint_eq(reader_uvarint(&reader), UINT32_MAX);
    ck_assert(!reader.bad);
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x1f);
    ck_assert_uint_eq(reader_uvarint(&reader), 0);
    ck_assert(reader.bad);
    reader = READER(0x80, 0x80, 0x80, 0x80, 0x80, 0);
    (void)reader_uvarint(&reader);
    ck_assert(reader.bad);
    reader = READER(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2);
    (void)reader_varlong(&reader);
    ck_assert(reader.bad);
}

END_TEST

START_TEST(null_and_empty_and_bytes_come_back_as_they_went) {
    const struct slice values[] = { SLICE_NULL, SLICE_LITERAL(""), SLICE_LITERAL("orders") };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buf out = { 0 };
        writer_string(&out, values[i]);
        writer_compact_string(&out, values[i]);
        writer_bytes(&out, values[i]);
        writer_compact_bytes(&out, values[i]);
        struct reader reader = reader_over(buf_slice(&out));
        ck_assert(slice_equal(reader_string(&reader), values[i]));
        ck_assert(slice_equal(reader_compact_string(&reader), values[i]));
        ck_assert(slice_equal(reader_bytes(&reader), values[i]));
        ck_assert(slice_equal(reader_compact_bytes(&reader), values[i]));
        ck_assert(!reader.bad);
        ck_assert_uint_eq(reader_left(&reader), 0);
        buf_dispose(&out);
    }
}

END_TEST

START_TEST(a_length_beyond_the_end_or_below_null_is_refused) {
    struct reader reader = READER(0, 4, 'a', 'b', 'c');
    ck_assert_ptr_null(reader_string(&reader).data);
    ck_assert(reader.bad);
    reader = READER(0xff, 0xfe, 'a');
    ck_assert_ptr_null(reader_string(&reader).data);
    ck_assert(reader.bad);
    reader = READER(0x7f, 0xff, 0xff, 0xff, 'a');
    ck_assert_ptr_null(reader_bytes(&reader).data);
    ck_assert(reader.bad);
    reader = READER(0x80, 0, 0, 0, 'a');
    ck_assert_ptr_null(reader_bytes(&reader).data);
    ck_assert(reader.bad);
    reader = READER(0xff, 0xff, 0xff, 0xff, 0x0f, 'a');
    ck_assert_ptr_null(reader_compact_bytes(&reader).data);
    ck_assert(reader.bad);
}

END_TEST

START_TEST(a_compact_string_is_no_longer_than_a_plain_one_may_be) {
    struct buf out = { 0 };
    writer_uvarint(&out, INT16_MAX + 2);
    buf_reserve(&out, INT16_MAX + 1);
    memset(out.data + out.size, 'x', INT16_MAX + 1);
    out.size += INT16_MAX + 1;
    struct reader reader = reader_over(buf_slice(&out));
    ck_assert_ptr_null(reader_compact_string(&reader).data);
    ck_assert(reader.bad);
    reader = reader_over(buf_slice(&out));
    ck_assert_uint_eq(reader_compact_bytes(&reader).size, INT16_MAX + 1);
    buf_dispose(&out);
}

END_TEST

START_TEST(an_id_is_shown_as_kafka_shows_it) {
    char text[UUID_TEXT_SIZE];
    struct uuid uuid = { { 0xe0,
                           0xbe,
                           0x9e,
                           0xa0,
                           0xd9,
                           0xed,
                           0x4a,
                           0x14,
                           0xbe,
                           0x2b,
                           0x8c,
                           0x96,
                           0x38,
                           0x8f,
                           0x11,
                           0xf4 } };
    uuid_print(uuid, text);
    ck_assert_str_eq(text, "4L6eoNntShS-K4yWOI8R9A");
    uuid_print((struct uuid){ { 0 } }, text);
    ck_assert_str_eq(text, "AAAAAAAAAAAAAAAAAAAAAA");
    ck_assert(!uuid_is_zero(uuid));
}

END_TEST

SUITE(reader) {
    Suite *s = suite_create("wire/reader");
    ADD_CASE(
        s,
        "reader",
        numbers_are_big_endian_wherever_they_lie,
        what_is_written_is_read,
        a_bad_reader_stays_bad_and_gives_nothing,
        a_varint_may_be_longer_than_needed_but_not_larger_than_its_type,
        null_and_empty_and_bytes_come_back_as_they_went,
        a_length_beyond_the_end_or_below_null_is_refused,
        a_compact_string_is_no_longer_than_a_plain_one_may_be,
        an_id_is_shown_as_kafka_shows_it
    );
    TCase *varint_case = tcase_create("varints");
    tcase_add_loop_test(
        varint_case, a_varint_takes_as_few_bytes_as_it_needs, 0, sizeof varints / sizeof varints[0]
    );
    suite_add_tcase(s, varint_case);
    return s;
}
