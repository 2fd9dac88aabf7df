// SPDX-License-Identifier: Apache-2.0
// Messages of formats 0 and 1: what a real broker keeps of them, and damage of every kind.
#include "consumer/wire/compression.h"
#include "consumer/wire/lz4_header.h"
#include "consumer/wire/message_set.h"
#include "consumer/wire/record_batch.h"
#include "consumer/wire/record_walker.h"
#include "tests/fake_kafka/message_writer.h"
#include "tests/unit/hex_file.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define MIB        ((size_t)1024 * 1024)
#define START_MS   ((int64_t)1732250000000)
#define LONG_VALUE "a value that says the same again, and the same again, and the same again"

/// A set on its way through unpacking and walking.
struct opened {
    struct compression_context context;
    struct buf unpacked;
    struct message_set set;
    struct message_walker walker;
    enum status status; ///< of unpacking
};

static struct opened open_set(struct slice bytes, bool check_crcs) {
    struct opened opened = { 0 };
    message_set_take(bytes, &opened.set);
    const struct message_unpacking how = {
        .context = &opened.context,
        .max_size = MIB,
        .check_crcs = check_crcs,
    };
    opened.status = message_set_unpack(opened.set.bytes, &how, &opened.unpacked);
    if (opened.status) return opened;
    message_walker_init(&opened.walker, opened.set.bytes, buf_slice(&opened.unpacked), check_crcs);
    return opened;
}

static void close_set(struct opened *opened) {
    compression_context_dispose(&opened->context);
    buf_dispose(&opened->unpacked);
}

// What a file of messages says, read to its end: each record is given to `check`.
struct reading {
    int64_t next; ///< offset of the next record
    int8_t magic;
    int sets;
};

static void check_text(const struct record *record, size_t i) {
    static const struct {
        const char *key;
        const char *value;
    } texts[] = {
        { "k-0", LONG_VALUE },
        { NULL, "{\"qty\":2}" },
        { "", "" },
        { "k-3", NULL },
        { "k-4", LONG_VALUE LONG_VALUE LONG_VALUE },
    };

    ck_assert_uint_eq(record->header_count, 0);
    struct slice headers = record->headers;
    struct slice none;
    ck_assert(!record_header_next(&headers, &none, &none));
    if (i < sizeof texts / sizeof texts[0]) {
        ck_assert(slice_equal_string(record->key, texts[i].key));
        ck_assert(slice_equal_string(record->value, texts[i].value));
        return;
    }
    ck_assert(slice_equal(record->key, SLICE_LITERAL("\x00\x01")));
    ck_assert_uint_eq(record->value.size, 90);
    for (size_t k = 0; k < 90; k += 3)
        ck_assert_mem_eq(record->value.data + k, "\xff\x00\xfe", 3);
}

// The six records that the golden files tell of, from offset `base` on.
static void check_six(struct opened *opened, struct reading *reading, int8_t magic, int64_t base) {
    struct record record;
    while (message_walker_next(&opened->walker, &record)) {
        size_t i = (size_t)(record.offset - base);
        ck_assert_int_eq(record.offset, reading->next++);
        int64_t time_ms = i == 5 ? START_MS - 1000 : START_MS + 1000 * (int64_t)i;
        ck_assert_int_eq(record.timestamp, magic == 0 ? -1 : time_ms);
        ck_assert_int_eq(opened->walker.timestamp_type, magic == 0 ? -1 : 0);
        check_text(&record, i);
    }
    ck_assert(!opened->walker.bad);
    ck_assert(!message_walker_next(&opened->walker, &record));
}

static int8_t format_of(const char *name) {
    return name[sizeof "messages_v" - 1] == '1' ? 1 : 0;
}

// pitfall 101, and for lz4 in format 0 the header checksum of old.
START_TEST(messages_of_every_codec_come_out_as_produced) {
    static const char *const names[] = {
        "messages_v0_none.hex",   "messages_v0_gzip.hex", "messages_v0_snappy.hex",
        "messages_v0_lz4.hex",    "messages_v1_none.hex", "messages_v1_gzip.hex",
        "messages_v1_snappy.hex", "messages_v1_lz4.hex",
    };
    struct buf bytes = hex_file_load(names[_i]);
    struct slice left = buf_slice(&bytes);
    struct reading reading = { 0 };
    while (left.size > 0) {
        struct opened opened = open_set(left, true);
        ck_assert_int_eq(opened.status, STATUS_OK);
        check_six(&opened, &reading, format_of(names[_i]), 0);
        ck_assert_int_eq(opened.set.next_offset, reading.next);
        left.data += opened.set.bytes.size;
        left.size -= opened.set.bytes.size;
        reading.sets++;
        close_set(&opened);
    }
    ck_assert_int_eq(reading.next, 6);
    ck_assert_int_eq(reading.sets, _i % 4 == 0 ? 1 : 2); // plain ones are one set, wrappers two
    buf_dispose(&bytes);
}

END_TEST

// The checksums are those that kafka-python 3.0.12 tells of the same log.
START_TEST(three_formats_follow_each_other_in_one_log) {
    static const uint32_t checksums[] = { 1921755942, 398826545, 3817498742 };
    struct buf bytes = hex_file_load("messages_mixed.hex");
    struct slice left = buf_slice(&bytes);
    struct reading reading = { 0 };
    for (int set = 0; set < 4; set++) {
        struct opened opened = open_set(left, true);
        ck_assert_int_eq(opened.status, STATUS_OK);
        if (set == 0) {
            struct message_walker walker = opened.walker;
            struct record record;
            size_t count = 0;
            for (; message_walker_next(&walker, &record); count++) {
                ck_assert_uint_lt(count, sizeof checksums / sizeof checksums[0]);
                ck_assert_uint_eq(walker.checksum, checksums[count]);
            }
            ck_assert_uint_eq(count, sizeof checksums / sizeof checksums[0]);
        }
        check_six(&opened, &reading, (int8_t)(set / 2), set < 2 ? 0 : 6);
        left.data += opened.set.bytes.size;
        left.size -= opened.set.bytes.size;
        close_set(&opened);
    }
    ck_assert_int_eq(reading.next, 12);
    struct record_batch batch;
    ck_assert_int_eq(record_batch_parse(left, &batch), BATCH_WHOLE);
    ck_assert_int_eq(batch.base_offset, 12);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 36: the wrapper's time is that of all it holds.
START_TEST(append_time_is_that_of_the_wrapper) {
    static const char *const names[] = {
        "messages_v1_append_time_none.hex",
        "messages_v1_append_time_gzip.hex",
    };
    static const int64_t times[] = { 1795773672383, 1795773672520 };
    struct buf bytes = hex_file_load(names[_i]);
    struct opened opened = open_set(buf_slice(&bytes), true);
    struct record record;
    for (int64_t offset = 0; offset < 3; offset++) {
        ck_assert(message_walker_next(&opened.walker, &record));
        ck_assert_int_eq(record.offset, offset);
        ck_assert_int_eq(record.timestamp, times[_i]);
        ck_assert_int_eq(opened.walker.timestamp_type, 1);
    }
    ck_assert(!message_walker_next(&opened.walker, &record) && !opened.walker.bad);
    close_set(&opened);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 25
START_TEST(gaps_of_compaction_are_no_damage) {
    static const char *const names[] = { "messages_v0_compacted.hex", "messages_v1_compacted.hex" };
    static const int64_t offsets[] = { 2, 3, 4, 6, 7, 8, 9 };
    struct buf bytes = hex_file_load(names[_i]);
    struct slice left = buf_slice(&bytes);
    size_t found = 0;
    while (left.size > 0) {
        struct opened opened = open_set(left, true);
        struct record record;
        while (message_walker_next(&opened.walker, &record))
            ck_assert_int_eq(record.offset, offsets[found++]);
        ck_assert(!opened.walker.bad);
        left.data += opened.set.bytes.size;
        left.size -= opened.set.bytes.size;
        close_set(&opened);
    }
    ck_assert_uint_eq(found, sizeof offsets / sizeof offsets[0]);
    buf_dispose(&bytes);
}

END_TEST

// ------------------------------------------------------------------------------------------------
// Made by hand

static void add(struct buf *out, int8_t magic, int64_t offset, const char *value) {
    struct message_to_write message = {
        .magic = magic,
        .offset = offset,
        .timestamp = 1000 + offset,
        .value = slice_from_string(value),
    };
    message_write(&message, out);
}

static struct buf wrap(int8_t magic, enum compression codec, int64_t offset, struct buf *set) {
    struct message_to_write wrapper = {
        .magic = magic, .codec = codec, .offset = offset, .timestamp = 77
    };
    struct buf out = { 0 };
    message_write_wrapper(&wrapper, buf_slice(set), &out);
    buf_dispose(set);
    return out;
}

// Ends the test unless the set's records are these, and then damage, or not.
static void expect_offsets(struct slice bytes, const int64_t *offsets, size_t count, bool damaged) {
    struct opened opened = open_set(bytes, true);
    ck_assert_int_eq(opened.status, STATUS_OK);
    struct record record;
    for (size_t i = 0; i < count; i++) {
        ck_assert(message_walker_next(&opened.walker, &record));
        ck_assert_int_eq(record.offset, offsets[i]);
    }
    ck_assert(!message_walker_next(&opened.walker, &record));
    ck_assert_int_eq(opened.walker.bad, damaged);
    ck_assert(!message_walker_next(&opened.walker, &record));
    close_set(&opened);
}

START_TEST(offsets_in_wrappers_of_format_1_count_from_its_first_message) {
    struct buf set = { 0 };
    add(&set, 1, 0, "a");
    add(&set, 1, 3, "b"); // compacted between
    add(&set, 1, 4, "c");
    struct buf bytes = wrap(1, COMPRESSION_GZIP, 104, &set);
    expect_offsets(buf_slice(&bytes), (const int64_t[]){ 100, 103, 104 }, 3, false);
    buf_dispose(&bytes);
    // In which the first are gone: what is left still counts from where the first one was.
    add(&set, 1, 2, "a");
    add(&set, 1, 4, "b");
    bytes = wrap(1, COMPRESSION_SNAPPY, 104, &set);
    expect_offsets(buf_slice(&bytes), (const int64_t[]){ 102, 104 }, 2, false);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(offsets_in_wrappers_of_format_0_are_the_log_s_own) {
    struct buf set = { 0 };
    add(&set, 0, 100, "a");
    add(&set, 0, 103, "b");
    struct buf bytes = wrap(0, COMPRESSION_SNAPPY, 103, &set);
    expect_offsets(buf_slice(&bytes), (const int64_t[]){ 100, 103 }, 2, false);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 26: the broker cuts the last message anywhere.
START_TEST(a_partial_message_at_the_end_is_left_out) {
    struct buf bytes = { 0 };
    add(&bytes, 1, 5, "a");
    add(&bytes, 1, 6, "b");
    size_t whole = bytes.size;
    add(&bytes, 1, 7, "c");
    for (size_t size = whole; size < bytes.size; size++) {
        struct message_set set;
        message_set_take((struct slice){ bytes.data, size }, &set);
        ck_assert_uint_eq(set.bytes.size, whole);
        ck_assert_int_eq(set.next_offset, 7);
        struct record_batch batch;
        struct slice rest = { bytes.data + whole, size - whole };
        ck_assert_int_eq(record_batch_parse(rest, &batch), BATCH_PARTIAL);
    }
    buf_dispose(&bytes);
}

END_TEST

// A set ends where another format, a wrapper, or an offset that does not grow begins.
START_TEST(messages_belong_together_only_while_they_are_alike) {
    struct buf bytes = { 0 };
    add(&bytes, 0, 1, "a");
    size_t first = bytes.size;
    if (_i == 0) add(&bytes, 1, 2, "b");
    if (_i == 1) add(&bytes, 0, 1, "b");
    if (_i == 2) {
        struct buf set = { 0 };
        add(&set, 0, 2, "b");
        struct buf wrapper = wrap(0, COMPRESSION_GZIP, 2, &set);
        buf_append(&bytes, wrapper.data, wrapper.size);
        buf_dispose(&wrapper);
    }
    struct message_set set;
    message_set_take(buf_slice(&bytes), &set);
    ck_assert_uint_eq(set.bytes.size, first);
    ck_assert_int_eq(set.next_offset, 2);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 33: the records before it come first, and it can be passed alone.
START_TEST(a_wrong_checksum_is_damage_of_one_message) {
    struct buf bytes = { 0 };
    add(&bytes, 1, 5, "a");
    add(&bytes, 1, 6, "b");
    bytes.data[bytes.size - 1] ^= 1;
    add(&bytes, 1, 9, "c");
    struct opened opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_eq(opened.set.next_offset, 10);
    struct record record;
    ck_assert(message_walker_next(&opened.walker, &record));
    ck_assert_int_eq(record.offset, 5);
    ck_assert(!message_walker_next(&opened.walker, &record));
    ck_assert(opened.walker.bad);
    ck_assert_int_eq(opened.walker.skip_offset, 7);
    close_set(&opened);
    opened = open_set(buf_slice(&bytes), false); // check.crcs=false
    int count = 0;
    while (message_walker_next(&opened.walker, &record))
        count++;
    ck_assert_int_eq(count, 3);
    close_set(&opened);
    buf_dispose(&bytes);
}

END_TEST

// pitfalls 33, 34
START_TEST(a_damaged_wrapper_is_refused_as_a_whole) {
    struct buf set = { 0 };
    add(&set, 1, 0, "a");
    struct buf bytes = wrap(1, COMPRESSION_GZIP, 9, &set);
    bytes.data[bytes.size - 6] ^= 1;
    struct opened opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_eq(opened.status, STATUS_CORRUPT_RECORDS);
    ck_assert_int_eq(opened.set.next_offset, 10);
    close_set(&opened);
    message_mend_crc(bytes.data, bytes.size); // then the codec tells
    opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_ne(opened.status, STATUS_OK);
    close_set(&opened);
    buf_dispose(&bytes);
}

END_TEST

// pitfall 35
START_TEST(a_wrapper_that_holds_too_much_is_refused) {
    struct buf set = { 0 };
    struct buf value = { 0 };
    buf_reserve(&value, 2 * MIB);
    memset(value.data, 'x', 2 * MIB);
    value.size = 2 * MIB;
    struct message_to_write message = { .magic = 1, .value = buf_slice(&value) };
    message_write(&message, &set);
    struct buf bytes = wrap(1, COMPRESSION_GZIP, 0, &set);
    struct opened opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_eq(opened.status, STATUS_TOO_LARGE);
    close_set(&opened);
    buf_dispose(&bytes);
    buf_dispose(&value);
}

END_TEST

// Makes what no broker should send, case by case.
static struct buf make_nonsense(int number, size_t *good) {
    struct buf set = { 0 };
    *good = 0;
    if (number == 0) return wrap(1, COMPRESSION_GZIP, 5, &set); // nothing in it
    add(&set, 1, 0, "a");
    *good = 1;
    switch (number) {
    case 1: add(&set, 0, 1, "of another format"); break;
    case 2: {
        struct buf inner = { 0 };
        add(&inner, 1, 1, "within a wrapper within a wrapper");
        struct buf wrapper = wrap(1, COMPRESSION_GZIP, 1, &inner);
        buf_append(&set, wrapper.data, wrapper.size);
        buf_dispose(&wrapper);
        break;
    }
    case 3:
        add(&set, 1, 0, "an offset twice");
        *good = 1;
        break;
    case 4:
        add(&set, 1, 7, "an offset beyond the last");
        add(&set, 1, 1, "b");
        break;
    case 5:
        add(&set, 1, 1, "a value that is longer than its message");
        set.data[set.size - 40] ^= 0x40;
        break;
    case 6: // offsets that would begin below 0
        add(&set, 1, 100, "b");
        *good = 0;
        break;
    case 7: // a message of no size at the end
        add(&set, 1, 1, "b");
        set.size -= 1;
        *good = 0;
        break;
    }
    return wrap(1, COMPRESSION_GZIP, 50, &set);
}

// pitfall 37
START_TEST(a_wrapper_of_nonsense_is_damage_and_never_more) {
    size_t good = 0;
    struct buf bytes = make_nonsense(_i, &good);
    struct opened opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_eq(opened.status, STATUS_OK);
    struct record record;
    size_t count = 0;
    while (message_walker_next(&opened.walker, &record))
        count++;
    ck_assert_uint_eq(count, good);
    ck_assert(opened.walker.bad);
    ck_assert_int_eq(opened.walker.skip_offset, opened.set.next_offset);
    close_set(&opened);
    buf_dispose(&bytes);
}

END_TEST

START_TEST(a_wrapper_without_a_value_or_of_no_codec_is_damage) {
    struct message_to_write wrapper = { .magic = 1, .codec = COMPRESSION_GZIP, .offset = 3 };
    if (_i == 1) wrapper.value = SLICE_LITERAL("");
    if (_i == 2) wrapper.codec = COMPRESSION_ZSTD;
    if (_i == 3) wrapper.codec = (enum compression)7;
    if (_i >= 2) wrapper.value = SLICE_LITERAL("something");
    struct buf bytes = { 0 };
    message_write(&wrapper, &bytes);
    struct opened opened = open_set(buf_slice(&bytes), true);
    ck_assert_int_eq(opened.status, STATUS_CORRUPT_RECORDS);
    close_set(&opened);
    buf_dispose(&bytes);
}

END_TEST

// Every byte of a set changed in turn, and every length: nothing is read that is not there.
START_TEST(no_changed_byte_leads_out_of_the_bytes) {
    for (int8_t magic = 0; magic < 2; magic++) {
        struct buf bytes = { 0 };
        add(&bytes, magic, 1, "one");
        add(&bytes, magic, 2, "two");
        for (size_t i = 0; i < 8 * bytes.size; i++) {
            struct buf changed = { 0 };
            buf_append(&changed, bytes.data, bytes.size);
            changed.data[i / 8] ^= (uint8_t)(1u << i % 8);
            struct record_batch batch;
            if (record_batch_parse(buf_slice(&changed), &batch) == BATCH_OLD_FORMAT) {
                struct opened opened = open_set(buf_slice(&changed), false);
                struct record record;
                for (int k = 0; !opened.status && k < 3; k++)
                    (void)message_walker_next(&opened.walker, &record);
                close_set(&opened);
            }
            buf_dispose(&changed);
        }
        buf_dispose(&bytes);
    }
}

END_TEST

// Headers of the lz4 tool: without and with the content's size.
START_TEST(the_checksum_of_an_lz4_header_is_made_right) {
    static const uint8_t frames[][15] = {
        { 0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7 },
        { 0x04, 0x22, 0x4d, 0x18, 0x6c, 0x40, 5, 0, 0, 0, 0, 0, 0, 0, 0x00 },
    };
    static const size_t sizes[] = { 7, 15 };
    uint8_t frame[15];
    memcpy(frame, frames[0], sizeof frame);
    frame[6] = 0x1a;
    lz4_header_mend(frame, sizes[0]);
    ck_assert_uint_eq(frame[6], 0xa7);
    // A frame of the library's own stays as it is.
    struct compression_context context = { 0 };
    struct buf out = { 0 };
    uint8_t whole[] = { 0x04, 0x22, 0x4d, 0x18, 0x6c, 0x40, 5,    0,    0,    0,   0,
                        0,    0,    0,    0x00, 5,    0,    0,    0x80, 'h',  'e', 'l',
                        'l',  'o',  0,    0,    0,    0,    0x27, 0x8f, 0x09, 0x7d };
    whole[4] = 0x68; // no content checksum
    lz4_header_mend(whole, sizeof whole - 4);
    enum status status = compression_decompress(
        &context, COMPRESSION_LZ4, (struct slice){ whole, sizeof whole - 4 }, MIB, &out
    );
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), SLICE_LITERAL("hello")));
    buf_dispose(&out);
    compression_context_dispose(&context);
    for (size_t size = 0; size < sizes[0]; size++) {
        memcpy(frame, frames[0], sizeof frame);
        frame[6] = 0x1a;
        lz4_header_mend(frame, size); // too short to be one
        ck_assert_uint_eq(frame[6], 0x1a);
    }
    memcpy(frame, frames[1], sizeof frame);
    lz4_header_mend(frame, sizes[1] - 1);
    ck_assert_mem_eq(frame, frames[1], sizes[1]);
}

END_TEST

SUITE(wire_message_set) {
    Suite *s = suite_create("wire/message_set");
    ADD_CASE(
        s,
        "messages",
        three_formats_follow_each_other_in_one_log,
        offsets_in_wrappers_of_format_1_count_from_its_first_message,
        offsets_in_wrappers_of_format_0_are_the_log_s_own,
        a_partial_message_at_the_end_is_left_out,
        a_wrong_checksum_is_damage_of_one_message,
        a_damaged_wrapper_is_refused_as_a_whole,
        a_wrapper_that_holds_too_much_is_refused,
        no_changed_byte_leads_out_of_the_bytes,
        the_checksum_of_an_lz4_header_is_made_right
    );
    TCase *cases = tcase_create("messages, case by case");
    tcase_add_loop_test(cases, messages_of_every_codec_come_out_as_produced, 0, 8);
    tcase_add_loop_test(cases, append_time_is_that_of_the_wrapper, 0, 2);
    tcase_add_loop_test(cases, gaps_of_compaction_are_no_damage, 0, 2);
    tcase_add_loop_test(cases, messages_belong_together_only_while_they_are_alike, 0, 3);
    tcase_add_loop_test(cases, a_wrapper_of_nonsense_is_damage_and_never_more, 0, 8);
    tcase_add_loop_test(cases, a_wrapper_without_a_value_or_of_no_codec_is_damage, 0, 4);
    suite_add_tcase(s, cases);
    return s;
}
