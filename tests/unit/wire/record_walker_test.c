// SPDX-License-Identifier: Apache-2.0
// The walk over records: a real broker's, and damage of every kind.
#include "consumer/wire/record_walker.h"
#include "consumer/wire/writer.h"
#include "tests/fake_kafka/record_writer.h"
#include "tests/unit/hex_file.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

/// A batch and its records, decompressed.
struct opened {
    struct record_batch batch;
    struct buf records;
    struct record_walker walker;
};

static struct opened open_batch(struct slice bytes) {
    struct opened opened = { 0 };
    struct compression_context context;
    compression_context_init(&context);
    ck_assert_int_eq(record_batch_parse(bytes, &opened.batch), BATCH_WHOLE);
    enum status status = compression_decompress(
        &context,
        record_batch_compression(&opened.batch),
        record_batch_payload(&opened.batch),
        16 * MIB,
        &opened.records
    );
    ck_assert_int_eq(status, STATUS_OK);
    compression_context_dispose(&context);
    record_walker_init(&opened.walker, &opened.batch, buf_slice(&opened.records));
    return opened;
}

static void expect_record(
    struct opened *opened, int64_t offset, int64_t timestamp, const char *key, const char *value
) {
    struct record record;
    ck_assert(record_walker_next(&opened->walker, &record));
    ck_assert_int_eq(record.offset, offset);
    ck_assert_int_eq(record.timestamp, timestamp);
    ck_assert(slice_equal_string(record.key, key));
    ck_assert(slice_equal_string(record.value, value));
    ck_assert_uint_eq(record.header_count, 0);
    struct slice none;
    ck_assert(!record_header_next(&record.headers, &none, &none));
}

static void expect_end(struct opened *opened) {
    struct record record;
    ck_assert(!record_walker_next(&opened->walker, &record));
    ck_assert(!opened->walker.bad);
    ck_assert(!record_walker_next(&opened->walker, &record));
    buf_dispose(&opened->records);
}

static void expect_header(struct slice *headers, const char *key, struct slice value) {
    struct slice got_key;
    struct slice got_value;
    ck_assert(record_header_next(headers, &got_key, &got_value));
    ck_assert(slice_equal_string(got_key, key));
    ck_assert(slice_equal(got_value, value));
}

#define LONG_VALUE "a value that says the same again, and the same again, and the same again"

/// The fifth of the six records that the golden files tell of.
static void expect_record_with_headers(struct opened *opened) {
    struct record record;
    ck_assert(record_walker_next(&opened->walker, &record));
    ck_assert_int_eq(record.offset, 4);
    ck_assert(slice_equal_string(record.key, "k-4"));
    ck_assert(slice_equal_string(record.value, LONG_VALUE LONG_VALUE LONG_VALUE));
    ck_assert_uint_eq(record.header_count, 5);
    struct slice headers = record.headers;
    expect_header(&headers, "trace", SLICE_LITERAL("abc"));
    expect_header(&headers, "trace", SLICE_LITERAL("def"));
    expect_header(&headers, "none", SLICE_NULL);
    expect_header(&headers, "empty", SLICE_LITERAL(""));
    expect_header(&headers, "", SLICE_LITERAL("\x00\xff"));
    struct slice none;
    ck_assert(!record_header_next(&headers, &none, &none));
    ck_assert_uint_eq(headers.size, 0);
}

static void expect_six_records(struct opened *opened) {
    const int64_t start_ms = 1732250000000;
    expect_record(opened, 0, start_ms, "k-0", LONG_VALUE);
    expect_record(opened, 1, start_ms + 1000, NULL, "{\"qty\":2}");
    expect_record(opened, 2, start_ms + 2000, "", "");
    expect_record(opened, 3, start_ms + 3000, "k-3", NULL);
    expect_record_with_headers(opened);
    struct record record;
    ck_assert(record_walker_next(&opened->walker, &record));
    ck_assert_int_eq(record.offset, 5);
    ck_assert_int_eq(record.timestamp, start_ms - 1000);
    ck_assert(slice_equal(record.key, SLICE_LITERAL("\x00\x01")));
    ck_assert_uint_eq(record.value.size, 90);
    for (size_t i = 0; i < 90; i += 3)
        ck_assert_mem_eq(record.value.data + i, "\xff\x00\xfe", 3);
    expect_end(opened);
}

// pitfall 101: null, empty, repeated and nameless, each as it was.
START_TEST(records_of_every_codec_and_writer_come_out_as_produced) {
    static const char *const names[] = {
        "records_none.hex",
        "records_lz4.hex",
        "records_librdkafka_gzip.hex",
        "records_librdkafka_snappy.hex",
        "records_librdkafka_zstd.hex",
        "records_java_gzip.hex",
        "records_java_snappy.hex",
        "records_java_zstd.hex",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct buf bytes = hex_file_load(names[i]);
        struct opened opened = open_batch(buf_slice(&bytes));
        expect_six_records(&opened);
        buf_dispose(&bytes);
    }
}

END_TEST

START_TEST(a_record_of_several_xerial_blocks_comes_out) {
    struct buf bytes = hex_file_load("records_java_snappy_blocks.hex");
    struct opened opened = open_batch(buf_slice(&bytes));
    struct record record;
    ck_assert(record_walker_next(&opened.walker, &record));
    ck_assert_uint_eq(record.value.size, 70000);
    for (size_t i = 0; i < record.value.size; i++)
        ck_assert_uint_eq(record.value.data[i], 'x');
    expect_end(&opened);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 36
START_TEST(log_append_time_is_the_time_of_every_record) {
    struct buf bytes = hex_file_load("records_append_time.hex");
    struct opened opened = open_batch(buf_slice(&bytes));
    const int64_t appended_ms = 1795364830528;
    ck_assert(record_batch_is_log_append_time(&opened.batch));
    ck_assert_int_eq(opened.batch.base_timestamp, 1732250000000);
    expect_record(&opened, 0, appended_ms, "k-0", LONG_VALUE);
    expect_record(&opened, 1, appended_ms, NULL, "{\"qty\":2}");
    expect_record(&opened, 2, appended_ms, "", "");
    expect_end(&opened);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 25. The delete horizon took the place of the first time; the others still count from it.
START_TEST(offsets_have_gaps_after_compaction) {
    struct buf bytes = hex_file_load("records_compacted.hex");
    struct opened opened = open_batch(buf_slice(&bytes));
    expect_end(&opened);
    struct slice rest = { bytes.data + opened.batch.size, bytes.size - (size_t)opened.batch.size };
    opened = open_batch(rest);
    const int64_t last_ms = opened.batch.max_timestamp;
    expect_record(&opened, 6, last_ms - 4, "a", "3");
    expect_record(&opened, 8, last_ms - 2, "c", "2");
    expect_record(&opened, 9, last_ms - 1, "b", "3");
    expect_record(&opened, 10, last_ms, "d", NULL);
    expect_end(&opened);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(written_records_come_back_with_every_codec) {
    for (int codec = 0; codec <= COMPRESSION_ZSTD; codec++) {
        struct record_writer_options options = RECORD_WRITER_OPTIONS(INT64_MAX - 12);
        options.compression = (enum compression)codec;
        options.is_snappy_raw = true;
        options.base_timestamp = INT64_MIN;
        struct record_writer writer;
        record_writer_init(&writer, &options);
        record_writer_add(
            &writer,
            &(struct record_to_write){ .timestamp = INT64_MIN, .value = SLICE_LITERAL("first") }
        );
        record_writer_skip(&writer, 9);
        record_writer_add(
            &writer, &(struct record_to_write){ .timestamp = -1, .key = SLICE_LITERAL("last") }
        );
        struct buf bytes = { 0 };
        record_writer_finish(&writer, &bytes);
        struct opened opened = open_batch(buf_slice(&bytes));
        expect_record(&opened, INT64_MAX - 12, INT64_MIN, NULL, "first");
        expect_record(&opened, INT64_MAX - 2, -1, "last", NULL);
        expect_end(&opened);
        buf_dispose(&bytes);
    }
}

END_TEST

START_TEST(records_of_many_sizes_come_back) {
    struct buf text = { 0 };
    buf_reserve(&text, 8 * MIB);
    for (size_t i = 0; i < 8 * MIB; i++)
        buf_append_byte(&text, (uint8_t)(i * i >> 7));
    static const size_t sizes[] = { 0, 1, 63, 64, 8191, 8192, MIB - 1, MIB, 8 * MIB };

    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    struct record_writer writer;
    record_writer_init(&writer, &RECORD_WRITER_OPTIONS(0));
    for (size_t i = 0; i < COUNT; i++)
        record_writer_add(&writer, &(struct record_to_write){ .value = { text.data, sizes[i] } });
    struct buf bytes = { 0 };
    record_writer_finish(&writer, &bytes);
    struct opened opened = open_batch(buf_slice(&bytes));
    for (size_t i = 0; i < COUNT; i++) {
        struct record record;
        ck_assert(record_walker_next(&opened.walker, &record));
        ck_assert(slice_equal(record.value, (struct slice){ text.data, sizes[i] }));
    }
    expect_end(&opened);
    buf_dispose(&bytes);
    buf_dispose(&text);
}

END_TEST

/// How many records come before the walk ends; `bad` tells how it ended.
static int walk(const struct record_batch *batch, struct slice records, bool *bad) {
    struct record_walker walker;
    struct record record;
    int count = 0;
    record_walker_init(&walker, batch, records);
    while (record_walker_next(&walker, &record))
        count++;
    *bad = walker.bad;
    ck_assert(!record_walker_next(&walker, &record));
    ck_assert(walker.bad == *bad);
    return count;
}

// pitfall 26, pitfall 37: each cut in memory of its own size, so that one byte too far is seen.
START_TEST(records_cut_anywhere_are_bad_behind_the_last_whole_one) {
    struct buf bytes = hex_file_load("records_none.hex");
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    struct slice records = record_batch_payload(&batch);
    int most = 0;
    for (size_t cut = 0; cut < records.size; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, records.data, cut);
        bool bad = false;
        int count = walk(&batch, (struct slice){ copy, cut }, &bad);
        ck_assert(bad);
        ck_assert_int_ge(count, most);
        most = count;
        free(copy);
    }
    ck_assert_int_eq(most, 5);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 37
START_TEST(fewer_or_more_records_than_the_header_says_are_bad) {
    struct buf bytes = hex_file_load("records_none.hex");
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    for (int32_t count = 0; count < 10; count++) {
        batch.record_count = count;
        bool bad = false;
        ck_assert_int_eq(walk(&batch, record_batch_payload(&batch), &bad), count < 6 ? count : 6);
        ck_assert(bad == (count != 6));
    }
    buf_dispose(&bytes);
}

END_TEST

/// The bytes of one record behind its length, and whether they are a good one.
struct record_case {
    const char *bytes;
    size_t size;
    bool is_good;
};

#define RECORD_CASE(literal, good) \
    { (literal), sizeof(literal) - 1, (good) }

// Attributes, time delta, offset delta, key, value, header count; zigzag, so that 1 is -1 and 2 is
// 1. Offset deltas 0 to 2 are in the batch.
static const struct record_case record_cases[] = {
    RECORD_CASE("\x00\x00\x00\x01\x01\x00", true),
    RECORD_CASE("\xff\x00\x04\x00\x00\x00", true),
    RECORD_CASE("\x00\x00\x00\x02k\x02v\x02\x02h\x01", true),
    // No bytes, or fewer than fields.
    RECORD_CASE("", false),
    RECORD_CASE("\x00", false),
    RECORD_CASE("\x00\x00\x00\x01\x01", false),
    // More bytes than fields.
    RECORD_CASE("\x00\x00\x00\x01\x01\x00\x00", false),
    // Offset delta -1, 3, and one that 32 bits do not hold.
    RECORD_CASE("\x00\x00\x01\x01\x01\x00", false),
    RECORD_CASE("\x00\x00\x06\x01\x01\x00", false),
    RECORD_CASE("\x00\x00\x80\x80\x80\x80\x10\x01\x01\x00", false),
    // Lengths of key and value: -2, one too many, 2^31 - 1, -2^31.
    RECORD_CASE("\x00\x00\x00\x03\x01\x00", false),
    RECORD_CASE("\x00\x00\x00\x01\x03\x00", false),
    RECORD_CASE("\x00\x00\x00\x03k\x01\x00", false),
    RECORD_CASE("\x00\x00\x00\x08kkk", false),
    RECORD_CASE("\x00\x00\x00\x01\x04v\x00", false),
    RECORD_CASE("\x00\x00\x00\xfe\xff\xff\xff\x0f\x01\x00", false),
    RECORD_CASE("\x00\x00\x00\x01\xfe\xff\xff\xff\x0f\x00", false),
    RECORD_CASE("\x00\x00\x00\xff\xff\xff\xff\x0f\x01\x00", false),
    // Header count: -1, one too many, 2^31 - 1, one too few.
    RECORD_CASE("\x00\x00\x00\x01\x01\x01", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\xfe\xff\xff\xff\x0f\x02h\x01", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x02h\x01\x02h\x01", false),
    // Headers: null key, key of length -2, key and value one too long, value of length -2.
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x01\x01", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x03\x01", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x06h\x01", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x02h\x02", false),
    RECORD_CASE("\x00\x00\x00\x01\x01\x02\x02h\x03", false),
    // A time delta of ten bytes, of eleven, and one that 64 bits do not hold.
    RECORD_CASE("\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00\x01\x01\x00", true),
    RECORD_CASE("\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x00\x01\x01\x00", false),
    RECORD_CASE("\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02\x00\x01\x01\x00", false),
    // Times before and behind all time: the batch's own is 1000.
    RECORD_CASE("\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\x01\x00", false),
    RECORD_CASE("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\x01\x00", true),
    // A length in five bytes is as good as in one; in six it is not.
    RECORD_CASE("\x00\x00\x00\x81\x80\x80\x80\x00\x01\x00", true),
    RECORD_CASE("\x00\x00\x00\x81\x80\x80\x80\x80\x00\x01\x00", false),
};

// pitfall 37
START_TEST(a_record_that_cannot_be_is_bad) {
    for (size_t i = 0; i < sizeof record_cases / sizeof record_cases[0]; i++) {
        const struct record_case *one = &record_cases[i];
        struct record_batch batch = {
            .magic = 2, .base_timestamp = 1000, .last_offset_delta = 2, .record_count = 1
        };
        size_t size = one->size + 1;
        uint8_t *bytes = malloc(size);
        ck_assert_ptr_nonnull(bytes);
        bytes[0] = (uint8_t)(one->size * 2);
        memcpy(bytes + 1, one->bytes, one->size);
        bool bad = false;
        int count = walk(&batch, (struct slice){ bytes, size }, &bad);
        ck_assert_msg(bad != one->is_good && count == one->is_good, "record case %zu", i);
        free(bytes);
    }
}

END_TEST

// pitfall 37
START_TEST(a_record_length_that_cannot_be_is_bad) {
    static const struct record_case lengths[] = {
        RECORD_CASE("\x0c", true),
        RECORD_CASE("\x8c\x80\x80\x80\x00", true),
        RECORD_CASE("\x0b", false),
        RECORD_CASE("\x00", false),
        RECORD_CASE("\x0a", false),
        RECORD_CASE("\x0e", false),
        RECORD_CASE("\xfe\xff\xff\xff\x0f", false),
        RECORD_CASE("\xff\xff\xff\xff\x0f", false),
        RECORD_CASE("\x8c\x80\x80\x80\x10", false),
        RECORD_CASE("\x8c\x80\x80\x80\x80\x00", false),
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct record_batch batch = { .magic = 2, .last_offset_delta = 2, .record_count = 1 };
        struct buf bytes = { 0 };
        buf_append(&bytes, lengths[i].bytes, lengths[i].size);
        buf_append(&bytes, "\x00\x00\x00\x01\x01\x00", 6);
        bool bad = false;
        walk(&batch, buf_slice(&bytes), &bad);
        ck_assert_msg(bad != lengths[i].is_good, "length case %zu", i);
        buf_dispose(&bytes);
    }
}

END_TEST

// Offsets only grow: a record again, or one behind, would be delivered twice.
START_TEST(an_offset_that_does_not_grow_is_bad) {
    static const char records[] = "\x0c\x00\x00\x02\x01\x01\x00"
                                  "\x0c\x00\x00\x02\x01\x01\x00";
    struct record_batch batch = { .magic = 2, .last_offset_delta = 2, .record_count = 2 };
    bool bad = false;
    ck_assert_int_eq(walk(&batch, SLICE_LITERAL(records), &bad), 1);
    ck_assert(bad);
    struct buf bytes = { 0 };
    buf_append(&bytes, records, sizeof records - 1);
    bytes.data[3] = 4;
    ck_assert_int_eq(walk(&batch, buf_slice(&bytes), &bad), 1);
    ck_assert(bad);
    bytes.data[3] = 0;
    ck_assert_int_eq(walk(&batch, buf_slice(&bytes), &bad), 2);
    ck_assert(!bad);
    buf_dispose(&bytes);
}

END_TEST

// With log append time the deltas mean nothing, whatever they are.
START_TEST(a_time_delta_does_not_matter_under_log_append_time) {
    static const char record[] = "\x1e\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\x01\x00";
    struct record_batch batch = {
        .magic = 2, .attributes = 8, .base_timestamp = 1000, .max_timestamp = 5, .record_count = 1
    };
    struct record_walker walker;
    struct record got;
    record_walker_init(&walker, &batch, SLICE_LITERAL(record));
    ck_assert(record_walker_next(&walker, &got));
    ck_assert_int_eq(got.timestamp, 5);
}

END_TEST

SUITE(record_walker) {
    Suite *s = suite_create("wire/record_walker");
    ADD_CASE(
        s,
        "record_walker",
        records_of_every_codec_and_writer_come_out_as_produced,
        a_record_of_several_xerial_blocks_comes_out,
        log_append_time_is_the_time_of_every_record,
        offsets_have_gaps_after_compaction,
        written_records_come_back_with_every_codec,
        records_of_many_sizes_come_back,
        records_cut_anywhere_are_bad_behind_the_last_whole_one,
        fewer_or_more_records_than_the_header_says_are_bad,
        a_record_that_cannot_be_is_bad,
        a_record_length_that_cannot_be_is_bad,
        an_offset_that_does_not_grow_is_bad,
        a_time_delta_does_not_matter_under_log_append_time
    );
    return s;
}
