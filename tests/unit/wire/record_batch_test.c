// SPDX-License-Identifier: Apache-2.0
// Batch headers: those of a real broker, and those that no broker should send.
#include "consumer/wire/record_batch.h"
#include "consumer/wire/record_walker.h"
#include "consumer/wire/writer.h"
#include "tests/fake_kafka/record_writer.h"
#include "tests/unit/hex_file.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 61 };

static const char *const golden_names[] = {
    "records_none.hex",
    "records_lz4.hex",
    "records_librdkafka_gzip.hex",
    "records_librdkafka_snappy.hex",
    "records_librdkafka_zstd.hex",
    "records_java_gzip.hex",
    "records_java_snappy.hex",
    "records_java_snappy_blocks.hex",
    "records_java_zstd.hex",
    "records_append_time.hex",
    "records_transactions.hex",
    "records_compacted.hex",
};

enum { GOLDEN_COUNT = sizeof golden_names / sizeof golden_names[0] };

/// The bytes behind a batch.
static struct slice rest_of(struct slice bytes, const struct record_batch *batch) {
    size_t size = (size_t)batch->size;
    ck_assert_uint_le(size, bytes.size);
    return (struct slice){ bytes.data + size, bytes.size - size };
}

/// One uncompressed record at offset 40, as a batch that a test changes. The caller frees it.
static struct buf one_record_batch(void) {
    struct record_writer writer;
    record_writer_init(&writer, &RECORD_WRITER_OPTIONS(40));
    record_writer_add(&writer, &(struct record_to_write){ .value = SLICE_LITERAL("paid") });
    struct buf bytes = { 0 };
    record_writer_finish(&writer, &bytes);
    return bytes;
}

START_TEST(every_field_of_a_real_batch_is_read) {
    struct buf bytes = hex_file_load("records_none.hex");
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    ck_assert_int_eq(batch.base_offset, 0);
    ck_assert_int_eq(batch.size, 549);
    ck_assert_int_eq(batch.partition_leader_epoch, 0);
    ck_assert_int_eq(batch.magic, 2);
    ck_assert_uint_eq(batch.crc, 0x772a3ce4);
    ck_assert_int_eq(batch.attributes, 0);
    ck_assert_int_eq(batch.last_offset_delta, 5);
    ck_assert_int_eq(batch.base_timestamp, 1732250000000);
    ck_assert_int_eq(batch.max_timestamp, 1732250004000);
    ck_assert_int_eq(batch.producer_id, -1);
    ck_assert_int_eq(batch.producer_epoch, -1);
    ck_assert_int_eq(batch.base_sequence, -1);
    ck_assert_int_eq(batch.record_count, 6);
    ck_assert_ptr_eq(batch.bytes.data, bytes.data);
    ck_assert_uint_eq(batch.bytes.size, 549);
    ck_assert_ptr_eq(record_batch_payload(&batch).data, bytes.data + HEADER_SIZE);
    ck_assert_uint_eq(record_batch_payload(&batch).size, 549 - HEADER_SIZE);
    ck_assert_int_eq(record_batch_next_offset(&batch), 6);
    buf_dispose(&bytes);
}

END_TEST

/// What a batch of records_transactions.hex should be.
struct transaction_case {
    int64_t base_offset;
    int64_t next_offset;
    int32_t base_sequence;
    bool is_control;
    enum control_type type;
};

START_TEST(a_transactions_batches_and_markers_are_told_apart) {
    static const struct transaction_case cases[] = {
        { 0, 2, 0, false, CONTROL_OTHER },
        { 2, 3, -1, true, CONTROL_COMMIT },
        { 3, 5, 2, false, CONTROL_OTHER },
        { 5, 6, -1, true, CONTROL_ABORT },
    };
    struct buf bytes = hex_file_load("records_transactions.hex");
    struct slice left = buf_slice(&bytes);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record_batch batch;
        ck_assert_int_eq(record_batch_parse(left, &batch), BATCH_WHOLE);
        ck_assert_int_eq(batch.base_offset, cases[i].base_offset);
        ck_assert_int_eq(record_batch_next_offset(&batch), cases[i].next_offset);
        ck_assert_int_eq(batch.base_sequence, cases[i].base_sequence);
        ck_assert_int_eq(batch.producer_id, 0);
        ck_assert_int_eq(batch.producer_epoch, 0);
        ck_assert(record_batch_is_transactional(&batch));
        ck_assert(record_batch_is_control(&batch) == cases[i].is_control);
        if (cases[i].is_control) {
            ck_assert_int_eq(record_batch_control_type(&batch), cases[i].type);
        }
        left = rest_of(left, &batch);
    }
    ck_assert_uint_eq(left.size, 0);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(checksums_of_real_batches_are_right) {
    for (int i = 0; i < GOLDEN_COUNT; i++) {
        struct buf bytes = hex_file_load(golden_names[i]);
        struct slice left = buf_slice(&bytes);
        ck_assert_uint_gt(left.size, 0);
        while (left.size > 0) {
            struct record_batch batch;
            ck_assert_int_eq(record_batch_parse(left, &batch), BATCH_WHOLE);
            ck_assert(record_batch_crc_is_right(&batch));
            left = rest_of(left, &batch);
        }
        buf_dispose(&bytes);
    }
}

END_TEST

// pitfall 33
START_TEST(a_changed_byte_behind_the_checksum_makes_it_wrong) {
    struct buf bytes = hex_file_load("records_lz4.hex");
    for (size_t i = 17; i < bytes.size; i++) {
        struct record_batch batch;
        bytes.data[i] ^= 0x10;
        if (record_batch_parse(buf_slice(&bytes), &batch) == BATCH_WHOLE) {
            ck_assert(!record_batch_crc_is_right(&batch));
        } else {
            ck_assert_uint_ge(i, 23);
            ck_assert_uint_lt(i, HEADER_SIZE);
        }
        bytes.data[i] ^= 0x10;
    }
    // The broker sets offset and leader epoch after the producer made the checksum.
    struct record_batch batch;
    bytes.data[7] = 99;
    bytes.data[15] = 3;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    ck_assert_int_eq(batch.base_offset, 99);
    ck_assert_int_eq(batch.partition_leader_epoch, 3);
    ck_assert(record_batch_crc_is_right(&batch));
    buf_dispose(&bytes);
}

END_TEST

// pitfall 26, pitfall 102: each cut in memory of its own size, so that one byte too far is seen.
START_TEST(a_batch_cut_anywhere_is_partial) {
    struct buf bytes = hex_file_load("records_none.hex");
    for (size_t cut = 0; cut < bytes.size; cut++) {
        struct record_batch batch;
        uint8_t *copy = malloc(cut ? cut : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes.data, cut);
        ck_assert_int_eq(record_batch_parse((struct slice){ copy, cut }, &batch), BATCH_PARTIAL);
        ck_assert_ptr_null(batch.bytes.data);
        free(copy);
    }
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(SLICE_NULL, &batch), BATCH_PARTIAL);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 102
START_TEST(a_batch_is_read_at_every_place) {
    struct buf bytes = hex_file_load("records_none.hex");
    uint8_t *place = malloc(bytes.size + 8);
    ck_assert_ptr_nonnull(place);
    for (size_t shift = 0; shift < 8; shift++) {
        struct record_batch batch;
        memcpy(place + shift, bytes.data, bytes.size);
        struct slice moved = { place + shift, bytes.size };
        ck_assert_int_eq(record_batch_parse(moved, &batch), BATCH_WHOLE);
        ck_assert_int_eq(batch.max_timestamp, 1732250004000);
        ck_assert(record_batch_crc_is_right(&batch));
    }
    free(place);
    buf_dispose(&bytes);
}

END_TEST

/// One field with a value that cannot be.
struct hostile_case {
    size_t at;
    uint64_t value;
    int size;
};

// pitfall 37
START_TEST(impossible_lengths_offsets_and_counts_are_corrupt) {
    static const struct hostile_case cases[] = {
        { 0, (uint64_t)-1, 8 },
        { 0, (uint64_t)INT64_MIN, 8 },
        { 0, INT64_MAX, 8 },
        { 8, (uint32_t)-1, 4 },
        { 8, 0x80000000, 4 },
        { 8, 0, 4 },
        { 8, 13, 4 },
        { 8, 48, 4 },
        { 8, INT32_MAX, 4 },
        { 8, INT32_MAX - 11, 4 },
        { 16, 3, 1 },
        { 16, 0xff, 1 },
        { 23, (uint32_t)-1, 4 },
        { 23, 0x80000000, 4 },
        { 57, (uint32_t)-1, 4 },
        { 57, 0x80000000, 4 },
        { 57, 2, 4 },
        { 57, INT32_MAX, 4 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf bytes = one_record_batch();
        for (int k = 0; k < cases[i].size; k++) {
            bytes.data[cases[i].at + (size_t)k] =
                (uint8_t)(cases[i].value >> 8 * (cases[i].size - 1 - k));
        }
        struct record_batch batch;
        ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_CORRUPT);
        buf_dispose(&bytes);
    }
}

END_TEST

// pitfall 37
START_TEST(more_records_than_the_bytes_can_hold_are_corrupt) {
    struct buf bytes = one_record_batch();
    struct record_batch batch;
    writer_int32_at(&bytes, 23, INT32_MAX);
    writer_int32_at(&bytes, 57, INT32_MAX);
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_CORRUPT);
    // Compressed, any number may be in few bytes: the walk will tell.
    bytes.data[22] = COMPRESSION_ZSTD;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    // But never more than there are offsets.
    writer_int32_at(&bytes, 23, INT32_MAX - 2);
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_CORRUPT);
    writer_int32_at(&bytes, 57, INT32_MAX - 1);
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(a_corrupt_batch_says_where_it_is) {
    struct buf bytes = one_record_batch();
    struct record_batch batch;
    bytes.data[16] = 9;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_CORRUPT);
    ck_assert_int_eq(batch.base_offset, 40);
    ck_assert_int_eq(batch.size, (int32_t)bytes.size);
    ck_assert_int_eq(batch.magic, 9);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 37
START_TEST(the_last_offset_of_all_still_has_a_next_one) {
    struct buf bytes = one_record_batch();
    struct record_batch batch;
    for (uint64_t i = 0; i < 8; i++)
        bytes.data[i] = (uint8_t)((uint64_t)(INT64_MAX - 1) >> (56 - 8 * i));
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    ck_assert_int_eq(record_batch_next_offset(&batch), INT64_MAX);
    writer_int32_at(&bytes, 23, 1);
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_CORRUPT);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(only_the_first_batch_is_looked_at) {
    struct buf bytes = one_record_batch();
    size_t size = bytes.size;
    buf_append(&bytes, "garbage that is no batch", 24);
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    ck_assert_uint_eq(batch.bytes.size, size);
    ck_assert(record_batch_crc_is_right(&batch));
    buf_dispose(&bytes);
}

END_TEST

// Key "k" and value "v" at offset 5, as kafka-python 3.0.12 writes them.
START_TEST(old_message_formats_are_recognised_with_place_and_size) {
    static const uint8_t format_0[] = {
        0,    0,    0, 0, 0, 0, 0, 5, 0,   0, 0, 16, 0x1f, 0xec,
        0xd7, 0x0a, 0, 0, 0, 0, 0, 1, 'k', 0, 0, 0,  1,    'v',
    };
    static const uint8_t format_1[] = {
        0, 0, 0,    0,    0,    0,    0,    5,    0, 0, 0, 24, 0x72, 0xe2, 0x55, 0x96, 1, 0,
        0, 0, 0x01, 0x93, 0x52, 0x25, 0x5a, 0x80, 0, 0, 0, 1,  'k',  0,    0,    0,    1, 'v',
    };
    static const struct slice messages[] = {
        { format_0, sizeof format_0 },
        { format_1, sizeof format_1 },
    };
    for (int8_t magic = 0; magic < 2; magic++) {
        struct slice message = messages[magic];
        struct record_batch batch;
        ck_assert_int_eq(record_batch_parse(message, &batch), BATCH_OLD_FORMAT);
        ck_assert_int_eq(batch.magic, magic);
        ck_assert_int_eq(batch.base_offset, 5);
        ck_assert_uint_eq((size_t)batch.size, message.size);
        ck_assert_uint_eq(batch.bytes.size, message.size);
        message.size--;
        ck_assert_int_eq(record_batch_parse(message, &batch), BATCH_PARTIAL);
    }
    // No message is shorter than one with null key and value.
    uint8_t short_message[sizeof format_0];
    memcpy(short_message, format_0, sizeof format_0);
    struct record_batch batch;
    struct slice message = { short_message, sizeof short_message };
    short_message[11] = 14;
    ck_assert_int_eq(record_batch_parse(message, &batch), BATCH_OLD_FORMAT);
    short_message[11] = 13;
    ck_assert_int_eq(record_batch_parse(message, &batch), BATCH_CORRUPT);
}

END_TEST

// pitfall 25: a batch whose records are all gone, and one with a few left.
START_TEST(compacted_batches_lead_on_behind_their_last_offset) {
    struct buf bytes = hex_file_load("records_compacted.hex");
    struct slice left = buf_slice(&bytes);
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(left, &batch), BATCH_WHOLE);
    ck_assert_int_eq(batch.record_count, 0);
    ck_assert_int_eq(batch.producer_id, 2);
    ck_assert_int_eq(batch.base_timestamp, -1);
    ck_assert_uint_eq(record_batch_payload(&batch).size, 0);
    ck_assert_int_eq(record_batch_next_offset(&batch), 4);
    ck_assert(!record_batch_has_delete_horizon(&batch));
    left = rest_of(left, &batch);
    ck_assert_int_eq(record_batch_parse(left, &batch), BATCH_WHOLE);
    ck_assert_int_eq(batch.base_offset, 4);
    ck_assert_int_eq(batch.record_count, 4);
    ck_assert_int_eq(record_batch_next_offset(&batch), 12);
    ck_assert(record_batch_has_delete_horizon(&batch));
    buf_dispose(&bytes);
}

END_TEST

// pitfall 30: what is asked before decompression is in the header.
START_TEST(attributes_are_told_without_the_records) {
    for (unsigned attributes = 0; attributes < 128; attributes++) {
        struct buf bytes = one_record_batch();
        bytes.data[22] = (uint8_t)attributes;
        struct record_batch batch;
        ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
        ck_assert_int_eq(record_batch_compression(&batch), (int)(attributes % 8));
        ck_assert(record_batch_is_log_append_time(&batch) == (attributes / 8 % 2 != 0));
        ck_assert(record_batch_is_transactional(&batch) == (attributes / 16 % 2 != 0));
        ck_assert(record_batch_is_control(&batch) == (attributes / 32 % 2 != 0));
        ck_assert(record_batch_has_delete_horizon(&batch) == (attributes / 64 % 2 != 0));
        buf_dispose(&bytes);
    }
}

END_TEST

/// The type of a control batch whose one record has this key, and which says to be compressed so.
static enum control_type control_type_of(struct slice key, enum compression compression) {
    struct record_writer writer;
    record_writer_init(&writer, &RECORD_WRITER_OPTIONS(7));
    record_writer_add(&writer, &(struct record_to_write){ .key = key });
    struct buf bytes = { 0 };
    record_writer_finish(&writer, &bytes);
    bytes.data[22] = (uint8_t)(0x20 | compression);
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    enum control_type type = record_batch_control_type(&batch);
    buf_dispose(&bytes);
    return type;
}

START_TEST(the_key_of_a_control_record_says_its_type) {
    static const uint8_t abort_key[] = { 0, 0, 0, 0 };
    static const uint8_t commit_of_a_later_version[] = { 0, 9, 0, 1, 0xaa };
    static const uint8_t leader_change[] = { 0, 0, 0, 2 };
    ck_assert_int_eq(control_type_of((struct slice){ abort_key, 4 }, 0), CONTROL_ABORT);
    ck_assert_int_eq(control_type_of((struct slice){ abort_key, 3 }, 0), CONTROL_BAD);
    ck_assert_int_eq(
        control_type_of((struct slice){ commit_of_a_later_version, 5 }, 0), CONTROL_COMMIT
    );
    ck_assert_int_eq(control_type_of((struct slice){ leader_change, 4 }, 0), CONTROL_OTHER);
    ck_assert_int_eq(control_type_of(SLICE_NULL, 0), CONTROL_BAD);
    ck_assert_int_eq(
        control_type_of((struct slice){ abort_key, 4 }, COMPRESSION_GZIP), CONTROL_BAD
    );
}

END_TEST

// pitfall 25: KAFKA-7467
START_TEST(an_empty_control_batch_says_nothing_and_leads_on) {
    struct record_writer writer;
    struct buf bytes = { 0 };
    record_writer_init(&writer, &RECORD_WRITER_OPTIONS(7));
    record_writer_skip(&writer, 1);
    record_writer_finish(&writer, &bytes);
    bytes.data[22] |= 0x30;
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &batch), BATCH_WHOLE);
    ck_assert_int_eq(record_batch_control_type(&batch), CONTROL_OTHER);
    ck_assert_int_eq(record_batch_next_offset(&batch), 8);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(written_markers_are_those_of_a_broker) {
    struct record_writer_options options = RECORD_WRITER_OPTIONS(2);
    options.base_timestamp = 1795364831651;
    options.producer_id = 0;
    options.producer_epoch = 0;
    struct buf written = { 0 };
    record_writer_add_marker(&options, CONTROL_COMMIT, &written);
    struct buf bytes = hex_file_load("records_transactions.hex");
    struct record_batch first;
    struct record_batch marker;
    ck_assert_int_eq(record_batch_parse(buf_slice(&bytes), &first), BATCH_WHOLE);
    ck_assert_int_eq(record_batch_parse(rest_of(buf_slice(&bytes), &first), &marker), BATCH_WHOLE);
    ck_assert(slice_equal(marker.bytes, buf_slice(&written)));
    buf_dispose(&written);
    buf_dispose(&bytes);
}

END_TEST
SUITE(record_batch) {
    Suite *s = suite_create("wire/record_batch");
    ADD_CASE(
        s,
        "record_batch",
        every_field_of_a_real_batch_is_read,
        a_transactions_batches_and_markers_are_told_apart,
        checksums_of_real_batches_are_right,
        a_changed_byte_behind_the_checksum_makes_it_wrong,
        a_batch_cut_anywhere_is_partial,
        a_batch_is_read_at_every_place,
        impossible_lengths_offsets_and_counts_are_corrupt,
        more_records_than_the_bytes_can_hold_are_corrupt,
        a_corrupt_batch_says_where_it_is,
        the_last_offset_of_all_still_has_a_next_one,
        only_the_first_batch_is_looked_at,
        old_message_formats_are_recognised_with_place_and_size,
        compacted_batches_lead_on_behind_their_last_offset,
        attributes_are_told_without_the_records,
        the_key_of_a_control_record_says_its_type,
        an_empty_control_batch_says_nothing_and_leads_on,
        written_markers_are_those_of_a_broker
    );
    return s;
}
