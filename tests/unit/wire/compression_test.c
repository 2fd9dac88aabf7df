// SPDX-License-Identifier: Apache-2.0
// Decompression: what comes out, what is refused, and how much memory a hostile input can get.
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/wire/compression.h"
#include "consumer/wire/writer.h"
#include "tests/fake_kafka/record_writer.h"
#include "tests/unit/suite.h"

#include <snappy-c.h>
#include <zstd.h>

#include <string.h>

#define MIB ((size_t)1024 * 1024)

static const enum compression codecs[] = {
    COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_SNAPPY, COMPRESSION_LZ4, COMPRESSION_ZSTD,
};

enum { CODEC_COUNT = sizeof codecs / sizeof codecs[0] };

static struct compression_context context;
static struct buf packed;
static struct buf out;

static void begin(void) {
    compression_context_init(&context);
}

static void end(void) {
    compression_context_dispose(&context);
    buf_dispose(&packed);
    buf_dispose(&out);
}

/// Words that repeat among bytes that don't, as in records.
static struct buf sample(size_t size) {
    struct random random;
    random_init(&random, size);
    struct buf text = { 0 };
    while (text.size < size) {
        buf_append(&text, "{\"quantity\":", 12);
        buf_append_byte(&text, (uint8_t)random_below(&random, 256));
        buf_append_byte(&text, (uint8_t)random_below(&random, 256));
    }
    text.size = size;
    return text;
}

static void pack(enum compression codec, struct slice in) {
    buf_clear(&packed);
    record_writer_compress(codec, in, &packed);
}

static enum status unpack(enum compression codec, size_t max_size) {
    return compression_decompress(&context, codec, buf_slice(&packed), max_size, &out);
}

static void pack_raw_snappy(struct slice in) {
    size_t size = snappy_max_compressed_length(in.size);
    buf_clear(&packed);
    buf_reserve(&packed, size);
    char *to = (char *)packed.data;
    ck_assert_int_eq(snappy_compress((const char *)in.data, in.size, to, &size), SNAPPY_OK);
    packed.size = size;
}

START_TEST(every_codec_gives_back_what_went_in) {
    static const size_t sizes[] = { 0, 1, 100, 32768, 32769, 200000, 8 * MIB };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf text = sample(sizes[i]);
        for (int c = 0; c < CODEC_COUNT; c++) {
            pack(codecs[c], buf_slice(&text));
            ck_assert_int_eq(unpack(codecs[c], 16 * MIB), STATUS_OK);
            ck_assert(slice_equal(buf_slice(&out), buf_slice(&text)));
        }
        pack_raw_snappy(buf_slice(&text));
        ck_assert_int_eq(unpack(COMPRESSION_SNAPPY, 16 * MIB), STATUS_OK);
        ck_assert(slice_equal(buf_slice(&out), buf_slice(&text)));
        buf_dispose(&text);
    }
}

END_TEST

START_TEST(members_frames_and_streams_in_a_row_are_one) {
    for (int c = 1; c < CODEC_COUNT; c++) {
        buf_clear(&packed);
        record_writer_compress(codecs[c], SLICE_LITERAL("the first, "), &packed);
        record_writer_compress(codecs[c], SLICE_LITERAL(""), &packed);
        record_writer_compress(codecs[c], SLICE_LITERAL("the last"), &packed);
        ck_assert_int_eq(unpack(codecs[c], 100), STATUS_OK);
        ck_assert(slice_equal_string(buf_slice(&out), "the first, the last"));
    }
}

END_TEST

START_TEST(xerial_version_numbers_mean_nothing) {
    pack(COMPRESSION_SNAPPY, SLICE_LITERAL("records"));
    memset(packed.data + 8, 0xee, 8);
    ck_assert_int_eq(unpack(COMPRESSION_SNAPPY, 100), STATUS_OK);
    ck_assert(slice_equal_string(buf_slice(&out), "records"));
}

END_TEST

/// Feeds every beginning of `packed` from memory of just its size.
static void expect_every_cut_is_corrupt(enum compression codec, size_t good_cut) {
    struct buf whole = packed;
    packed = (struct buf){ 0 };
    for (size_t cut = 0; cut < whole.size; cut++) {
        buf_dispose(&packed);
        buf_append(&packed, whole.data, cut);
        if (cut == good_cut) continue;
        ck_assert_int_eq(unpack(codec, MIB), STATUS_CORRUPT_RECORDS);
        ck_assert_uint_eq(out.size, 0);
    }
    buf_dispose(&whole);
}

START_TEST(input_cut_anywhere_is_corrupt) {
    struct buf text = sample(300);
    for (int c = 1; c < CODEC_COUNT; c++) {
        pack(codecs[c], buf_slice(&text));
        // Xerial's framing has no end: behind its header, and each block, it is whole.
        expect_every_cut_is_corrupt(codecs[c], codecs[c] == COMPRESSION_SNAPPY ? 16 : SIZE_MAX);
    }
    pack_raw_snappy(buf_slice(&text));
    expect_every_cut_is_corrupt(COMPRESSION_SNAPPY, SIZE_MAX);
    buf_dispose(&text);
}

END_TEST

// Whether damage is seen depends on the codec; that nothing bad happens does not.
START_TEST(a_damaged_byte_never_gives_more_than_the_bound) {
    struct buf text = sample(300);
    for (int c = 0; c < CODEC_COUNT; c++) {
        pack(codecs[c], buf_slice(&text));
        for (size_t i = 0; i < packed.size * 8; i++) {
            packed.data[i / 8] ^= (uint8_t)(1U << i % 8);
            enum status status = unpack(codecs[c], 1000);
            if (status != STATUS_OK) ck_assert_uint_eq(out.size, 0);
            ck_assert_uint_le(out.size, 1000);
            ck_assert_uint_le(out.capacity, 1001);
            packed.data[i / 8] ^= (uint8_t)(1U << i % 8);
        }
    }
    buf_dispose(&text);
}

END_TEST

// pitfall 35
START_TEST(a_bomb_is_too_large_and_gets_no_more_memory_than_the_bound) {
    struct buf zeros = { 0 };
    buf_reserve(&zeros, 32 * MIB);
    memset(zeros.data, 0, 32 * MIB);
    zeros.size = 32 * MIB;
    for (int c = 0; c < CODEC_COUNT; c++) {
        pack(codecs[c], buf_slice(&zeros));
        ck_assert_int_eq(unpack(codecs[c], 100000), STATUS_TOO_LARGE);
        ck_assert_uint_eq(out.size, 0);
        ck_assert_uint_le(out.capacity, 100001);
    }
    pack_raw_snappy(buf_slice(&zeros));
    ck_assert_int_eq(unpack(COMPRESSION_SNAPPY, 100000), STATUS_TOO_LARGE);
    ck_assert_uint_le(out.capacity, 100001);
    buf_dispose(&zeros);
}

END_TEST

START_TEST(the_bound_itself_is_not_too_large) {
    static const size_t sizes[] = { 0, 1, 1000, 100000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf text = sample(sizes[i]);
        for (int c = 0; c < CODEC_COUNT; c++) {
            pack(codecs[c], buf_slice(&text));
            ck_assert_int_eq(unpack(codecs[c], sizes[i]), STATUS_OK);
            ck_assert_uint_eq(out.size, sizes[i]);
            if (sizes[i] == 0) continue;
            ck_assert_int_eq(unpack(codecs[c], sizes[i] - 1), STATUS_TOO_LARGE);
        }
        buf_dispose(&text);
    }
}

END_TEST

// pitfall 35, pitfall 37
START_TEST(a_declared_size_that_the_bytes_cannot_give_gets_no_memory) {
    static const uint8_t snappy[] = { 0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 'x' };
    buf_append(&packed, snappy, sizeof snappy);
    ck_assert_int_eq(unpack(COMPRESSION_SNAPPY, 4096 * MIB), STATUS_CORRUPT_RECORDS);
    ck_assert_uint_lt(out.capacity, 1000);
    // One segment, eight bytes of content size: 2^40.
    static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0 };
    buf_clear(&packed);
    buf_append(&packed, zstd, sizeof zstd);
    ck_assert_int_eq(unpack(COMPRESSION_ZSTD, 4096 * MIB), STATUS_CORRUPT_RECORDS);
    ck_assert_uint_lt(out.capacity, 1000);
}

END_TEST

// pitfall 37
START_TEST(xerial_blocks_of_impossible_length_are_corrupt) {
    static const int32_t lengths[] = { -1, INT32_MIN, INT32_MAX, 0, 10, 1000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        pack(COMPRESSION_SNAPPY, SLICE_LITERAL("records"));
        ck_assert_uint_eq(packed.size - 20, 9);
        writer_int32_at(&packed, 16, lengths[i]);
        ck_assert_int_eq(unpack(COMPRESSION_SNAPPY, MIB), STATUS_CORRUPT_RECORDS);
    }
}

END_TEST

START_TEST(bytes_behind_the_last_frame_are_corrupt) {
    for (int c = 1; c < CODEC_COUNT; c++) {
        pack(codecs[c], SLICE_LITERAL("records"));
        buf_append(&packed, "garbage that is no frame", 24);
        ck_assert_int_eq(unpack(codecs[c], MIB), STATUS_CORRUPT_RECORDS);
    }
}

END_TEST

START_TEST(a_codec_that_kafka_does_not_have_is_corrupt) {
    buf_append(&packed, "records", 7);
    for (int codec = 5; codec < 8; codec++)
        ck_assert_int_eq(unpack((enum compression)codec, MIB), STATUS_CORRUPT_RECORDS);
    ck_assert_str_eq(compression_name((enum compression)5), "unknown");
    ck_assert_str_eq(compression_name(COMPRESSION_ZSTD), "zstd");
}

END_TEST

START_TEST(no_bytes_are_corrupt_where_a_codec_was_named) {
    for (int c = 0; c < CODEC_COUNT; c++) {
        enum status wanted = codecs[c] == COMPRESSION_NONE ? STATUS_OK : STATUS_CORRUPT_RECORDS;
        ck_assert_int_eq(unpack(codecs[c], MIB), wanted);
        ck_assert_uint_eq(out.size, 0);
    }
}

END_TEST

START_TEST(a_context_works_after_errors_and_keeps_the_memory) {
    for (int c = 1; c < CODEC_COUNT; c++) {
        struct buf text = sample(50000);
        pack(codecs[c], buf_slice(&text));
        packed.size -= 30;
        ck_assert_int_eq(unpack(codecs[c], MIB), STATUS_CORRUPT_RECORDS);
        packed.size += 30;
        ck_assert_int_eq(unpack(codecs[c], 40000), STATUS_TOO_LARGE);
        ck_assert_int_eq(unpack(codecs[c], MIB), STATUS_OK);
        const uint8_t *memory = out.data;
        ck_assert_int_eq(unpack(codecs[c], MIB), STATUS_OK);
        ck_assert_ptr_eq(out.data, memory);
        ck_assert(slice_equal(buf_slice(&out), buf_slice(&text)));
        buf_dispose(&text);
    }
}

END_TEST

// A frame of a stream's writer says no content size, only a window; Java's client writes such.
START_TEST(a_zstd_frame_without_a_size_comes_out) {
    struct buf text = sample(3 * MIB);
    ZSTD_CCtx *writer = ZSTD_createCCtx();
    must(writer != NULL);
    buf_reserve(&packed, ZSTD_compressBound(text.size));
    ZSTD_outBuffer to = { packed.data, packed.capacity, 0 };
    for (size_t at = 0; at <= text.size; at += MIB) {
        ZSTD_inBuffer from = { text.data + at, at < text.size ? MIB : 0, 0 };
        size_t left =
            ZSTD_compressStream2(writer, &to, &from, from.size ? ZSTD_e_flush : ZSTD_e_end);
        ck_assert_uint_eq(left, 0);
    }
    (void)ZSTD_freeCCtx(writer);
    packed.size = to.pos;
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.size);
    ck_assert(size == ZSTD_CONTENTSIZE_UNKNOWN);
    ck_assert_int_eq(unpack(COMPRESSION_ZSTD, 4 * MIB), STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), buf_slice(&text)));
    ck_assert_int_eq(unpack(COMPRESSION_ZSTD, 2 * MIB), STATUS_TOO_LARGE);
    buf_dispose(&text);
}

END_TEST

SUITE(compression) {
    Suite *s = suite_create("wire/compression");
    TCase *cases = tcase_create("compression");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, every_codec_gives_back_what_went_in);
    tcase_add_test(cases, members_frames_and_streams_in_a_row_are_one);
    tcase_add_test(cases, xerial_version_numbers_mean_nothing);
    tcase_add_test(cases, input_cut_anywhere_is_corrupt);
    tcase_add_test(cases, a_damaged_byte_never_gives_more_than_the_bound);
    tcase_add_test(cases, a_bomb_is_too_large_and_gets_no_more_memory_than_the_bound);
    tcase_add_test(cases, the_bound_itself_is_not_too_large);
    tcase_add_test(cases, a_declared_size_that_the_bytes_cannot_give_gets_no_memory);
    tcase_add_test(cases, xerial_blocks_of_impossible_length_are_corrupt);
    tcase_add_test(cases, bytes_behind_the_last_frame_are_corrupt);
    tcase_add_test(cases, a_codec_that_kafka_does_not_have_is_corrupt);
    tcase_add_test(cases, no_bytes_are_corrupt_where_a_codec_was_named);
    tcase_add_test(cases, a_context_works_after_errors_and_keeps_the_memory);
    tcase_add_test(cases, a_zstd_frame_without_a_size_comes_out);
    suite_add_tcase(s, cases);
    return s;
}
