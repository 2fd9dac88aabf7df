// SPDX-License-Identifier: Apache-2.0
// CRC-32C by instruction and by tables.
#include "consumer/wire/crc32c.h"
#include "tests/unit/suite.h"

#include <string.h>

/// Both ways at once; they must agree.
static uint32_t crc_of(const void *data, size_t size) {
    uint32_t crc = crc32c(0, data, size);
    ck_assert_uint_eq(crc, crc32c_by_table(0, data, size));
    return crc;
}

START_TEST(the_vectors_of_rfc_3720_come_out) {
    uint8_t bytes[32] = { 0 };
    ck_assert_uint_eq(crc_of(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    ck_assert_uint_eq(crc_of(bytes, 32), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    ck_assert_uint_eq(crc_of(bytes, 32), 0x46dd794e);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    ck_assert_uint_eq(crc_of(bytes, 32), 0x113fdb5c);
    static const uint8_t scsi_read[48] = {
        0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, 0x28, [40] = 0x02
    };
    ck_assert_uint_eq(crc_of(scsi_read, 48), 0xd9963a56);
}

END_TEST

START_TEST(the_usual_check_value_comes_out) {
    ck_assert_uint_eq(crc_of("123456789", 9), 0xe3069283);
}

END_TEST

START_TEST(no_bytes_change_nothing) {
    ck_assert_uint_eq(crc_of(NULL, 0), 0);
    ck_assert_uint_eq(crc32c(0xe3069283, NULL, 0), 0xe3069283);
    ck_assert_uint_eq(crc32c_by_table(0xe3069283, NULL, 0), 0xe3069283);
}

END_TEST

// pitfall 102: places and lengths that are no multiple of eight.
START_TEST(instruction_and_tables_agree_at_every_place_and_length) {
    uint8_t bytes[320];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + (i >> 3));
    for (size_t at = 0; at < 16; at++) {
        for (size_t size = 0; size <= 300; size++)
            (void)crc_of(bytes + at, size);
    }
}

END_TEST

START_TEST(parts_give_what_the_whole_gives) {
    const char *text = "the records of one batch, in two parts";
    size_t size = strlen(text);
    uint32_t whole = crc_of(text, size);
    for (size_t cut = 0; cut <= size; cut++) {
        uint32_t front = crc_of(text, cut);
        ck_assert_uint_eq(crc32c(front, text + cut, size - cut), whole);
        ck_assert_uint_eq(crc32c_by_table(front, text + cut, size - cut), whole);
    }
}

END_TEST

SUITE(crc32c) {
    Suite *s = suite_create("wire/crc32c");
    ADD_CASE(
        s,
        "crc32c",
        the_vectors_of_rfc_3720_come_out,
        the_usual_check_value_comes_out,
        no_bytes_change_nothing,
        instruction_and_tables_agree_at_every_place_and_length,
        parts_give_what_the_whole_gives
    );
    return s;
}
