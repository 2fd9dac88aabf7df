// SPDX-License-Identifier: Apache-2.0
// Slices, buffers, arenas and chunks.
#include "consumer/base/arena.h"
#include "consumer/base/bytes.h"
#include "consumer/base/chunk.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(null_and_empty_slices_differ) {
    struct slice empty = SLICE_LITERAL("");
    ck_assert(!slice_equal(SLICE_NULL, empty));
    ck_assert(slice_equal(SLICE_NULL, SLICE_NULL));
    ck_assert(slice_equal(empty, slice_from_string("")));
    ck_assert(slice_equal_string(empty, ""));
    ck_assert(!slice_equal_string(SLICE_NULL, ""));
}

END_TEST

START_TEST(a_buf_keeps_its_bytes_while_it_grows) {
    struct buf buf = { 0 };
    for (int i = 0; i < 10000; i++)
        buf_append_byte(&buf, (uint8_t)i);
    ck_assert_uint_eq(buf.size, 10000);
    for (int i = 0; i < 10000; i++)
        ck_assert_uint_eq(buf.data[i], (uint8_t)i);
    buf_dispose(&buf);
    ck_assert_uint_eq(buf_slice(&buf).size, 0);
}

END_TEST

START_TEST(an_arena_with_a_limit_says_no_at_the_limit) {
    struct arena arena;
    arena_init(&arena, 100000);
    size_t got = 0;
    while (arena_alloc(&arena, 1000))
        got += 1000;
    ck_assert_uint_ge(got, 98000);
    ck_assert_uint_le(got, 100000);
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX / 2, 16));
    arena_dispose(&arena);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 1000));
    arena_dispose(&arena);
}

END_TEST

START_TEST(an_arena_copies_null_as_null_and_empty_as_empty) {
    struct arena arena = { 0 };
    ck_assert_ptr_null(arena_copy(&arena, SLICE_NULL).data);
    ck_assert_ptr_nonnull(arena_copy(&arena, SLICE_LITERAL("")).data);
    ck_assert_str_eq(arena_string(&arena, SLICE_LITERAL("orders")), "orders");
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_chunk_lives_until_its_last_reference_goes) {
    struct chunk *chunk = chunk_new(10);
    memset(chunk->data, 7, 10);
    struct chunk *other = chunk_ref(chunk);
    chunk_unref(chunk);
    ck_assert_uint_eq(other->data[9], 7);
    chunk_unref(other);
    chunk_unref(NULL);
}

END_TEST

SUITE(bytes) {
    Suite *s = suite_create("base/bytes");
    ADD_CASE(
        s,
        "bytes",
        null_and_empty_slices_differ,
        a_buf_keeps_its_bytes_while_it_grows,
        an_arena_with_a_limit_says_no_at_the_limit,
        an_arena_copies_null_as_null_and_empty_as_empty,
        a_chunk_lives_until_its_last_reference_goes
    );
    return s;
}
