// SPDX-License-Identifier: Apache-2.0
// What the interpreter promises of every message in every version, whatever bytes come.
#include "consumer/wire/reader.h"
#include "consumer/wire/schema.h"
#include "consumer/wire/writer.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire/catalog.h"
#include "tests/unit/wire/sample.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 8, MOST_BYTES_FOR_ONE = 64 };

// One message of the catalog in one version, made up, encoded.
struct round {
    struct catalog_entry entry;
    int16_t version;
    struct random random;
    struct arena arena;
    struct buf encoded;
    union catalog_message message;
};

static void round_make(struct round *round, struct catalog_entry entry, int16_t version) {
    arena_dispose(&round->arena);
    buf_clear(&round->encoded);
    round->entry = entry;
    round->version = version;
    sample_fill(entry.schema, version, &round->random, &round->arena, &round->message);
    enum status status = schema_encode(entry.schema, version, &round->message, &round->encoded);
    ck_assert_int_eq(status, STATUS_OK);
}

// Decodes bytes from memory of just their size, so that a read beyond it is found out.
static enum status round_decode(
    struct round *round, struct slice bytes, union catalog_message *message, size_t *left
) {
    uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    struct reader reader = reader_over((struct slice){ copy, bytes.size });
    struct arena arena = { 0 };
    enum status status =
        schema_decode(round->entry.schema, round->version, &reader, &arena, message);
    *left = reader_left(&reader);
    ck_assert_uint_le(arena.used, bytes.size * MOST_BYTES_FOR_ONE);
    if (status == STATUS_OK && *left == 0 && slice_equal(bytes, buf_slice(&round->encoded)))
        ck_assert(sample_equal(round->entry.schema, &round->message, message));
    arena_dispose(&arena);
    free(copy);
    return status;
}

static void round_dispose(struct round *round) {
    arena_dispose(&round->arena);
    buf_dispose(&round->encoded);
}

// Calls a check with samples of every version of one message.
static void for_all_versions(int index, void (*check)(struct round *round)) {
    struct catalog_entry entry = catalog_at((size_t)index);
    struct round round = { 0 };
    random_init(&round.random, (uint64_t)index);
    for (int16_t version = entry.min_version; version <= entry.max_version; version++) {
        for (int i = 0; i < SAMPLES && catalog_has(entry, version); i++) {
            round_make(&round, entry, version);
            check(&round);
        }
    }
    round_dispose(&round);
}

static void check_round_trip(struct round *round) {
    union catalog_message message;
    memset(&message, 0xa5, sizeof message);
    size_t left;
    ck_assert_int_eq(round_decode(round, buf_slice(&round->encoded), &message, &left), STATUS_OK);
    ck_assert_uint_eq(left, 0);
}

START_TEST(every_message_comes_back_as_it_went) {
    for_all_versions(_i, check_round_trip);
}

END_TEST

static void check_leftover(struct round *round) {
    union catalog_message message;
    size_t left;
    buf_append(&round->encoded, "tail", 4);
    ck_assert_int_eq(round_decode(round, buf_slice(&round->encoded), &message, &left), STATUS_OK);
    ck_assert_uint_eq(left, 4);
}

START_TEST(bytes_behind_a_message_are_left_to_the_caller) {
    for_all_versions(_i, check_leftover);
}

END_TEST

static void check_truncated(struct round *round) {
    struct slice whole = buf_slice(&round->encoded);
    size_t step = whole.size / 50 + 1;
    for (size_t cut = 0; cut < whole.size; cut += step) {
        union catalog_message message;
        size_t left;
        enum status status =
            round_decode(round, (struct slice){ whole.data, cut }, &message, &left);
        ck_assert_int_eq(status, STATUS_INVALID_FRAME);
    }
}

START_TEST(no_message_is_whole_without_its_last_byte) {
    for_all_versions(_i, check_truncated);
}

END_TEST

static void check_damaged(struct round *round) {
    for (int i = 0; i < 10 && round->encoded.size > 0; i++) {
        size_t at = (size_t)random_below(&round->random, round->encoded.size);
        round->encoded.data[at] = (uint8_t)random_below(&round->random, 256);
        if (i % 3 == 0) round->encoded.data[at] = i % 2 == 0 ? 0xff : 0x7f;
        uint8_t *copy = malloc(round->encoded.size);
        memcpy(copy, round->encoded.data, round->encoded.size);
        struct reader reader = reader_over((struct slice){ copy, round->encoded.size });
        struct arena arena = { 0 };
        union catalog_message message;
        enum status status =
            schema_decode(round->entry.schema, round->version, &reader, &arena, &message);
        ck_assert(status == STATUS_OK || status == STATUS_INVALID_FRAME);
        ck_assert_uint_le(arena.used, round->encoded.size * MOST_BYTES_FOR_ONE);
        arena_dispose(&arena);
        free(copy);
    }
}

START_TEST(damaged_bytes_are_refused_or_read_but_never_cost_much) {
    // pitfall 37
    for_all_versions(_i, check_damaged);
}

END_TEST

static void check_limit(struct round *round) {
    struct arena arena;
    arena_init(&arena, 1);
    struct reader reader = reader_over(buf_slice(&round->encoded));
    union catalog_message message;
    enum status status =
        schema_decode(round->entry.schema, round->version, &reader, &arena, &message);
    ck_assert(status == STATUS_OK || status == STATUS_TOO_LARGE);
    ck_assert_uint_eq(arena.used, 0);
    arena_dispose(&arena);
}

START_TEST(an_arena_at_its_limit_ends_the_decoding) {
    for_all_versions(_i, check_limit);
}

END_TEST

static void check_printed(struct round *round) {
    struct buf line = { 0 };
    schema_print(round->entry.schema, round->version, &round->message, &line);
    ck_assert_uint_gt(line.size, 2);
    size_t printable = 0;
    while (printable < line.size && line.data[printable] >= ' ' && line.data[printable] < 0x7f)
        printable++;
    ck_assert_uint_eq(printable, line.size);
    buf_dispose(&line);
}

START_TEST(every_message_prints_as_one_printable_line) {
    for_all_versions(_i, check_printed);
}

END_TEST

START_TEST(defaults_can_be_encoded_in_every_version_and_take_no_tags) {
    struct catalog_entry entry = catalog_at((size_t)_i);
    for (int16_t version = entry.min_version; version <= entry.max_version; version++) {
        struct buf out = { 0 };
        union catalog_message message;
        schema_init(entry.schema, &message);
        ck_assert_int_eq(schema_encode(entry.schema, version, &message, &out), STATUS_OK);
        if (schema_is_flexible(entry.schema, version)) ck_assert_uint_eq(out.data[out.size - 1], 0);
        buf_dispose(&out);
    }
}

END_TEST

static void add_for_all_messages(Suite *s, const char *name, const TTest *test) {
    TCase *test_case = tcase_create(name);
    tcase_set_timeout(test_case, 60);
    tcase_add_loop_test(test_case, test, 0, (int)catalog_size());
    suite_add_tcase(s, test_case);
}

SUITE(schema) {
    Suite *s = suite_create("wire/schema");
    add_for_all_messages(s, "round trip", every_message_comes_back_as_it_went);
    add_for_all_messages(s, "leftover", bytes_behind_a_message_are_left_to_the_caller);
    add_for_all_messages(s, "truncated", no_message_is_whole_without_its_last_byte);
    add_for_all_messages(s, "damaged", damaged_bytes_are_refused_or_read_but_never_cost_much);
    add_for_all_messages(s, "limit", an_arena_at_its_limit_ends_the_decoding);
    add_for_all_messages(s, "print", every_message_prints_as_one_printable_line);
    add_for_all_messages(s, "defaults", defaults_can_be_encoded_in_every_version_and_take_no_tags);
    return s;
}
