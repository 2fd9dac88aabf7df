// SPDX-License-Identifier: Apache-2.0
// Growing bufs of secrets.
#include "consumer/security/secret.h"
#include "tests/unit/suite.h"

START_TEST(a_secret_grows_like_any_buf) {
    struct buf buf = { 0 };
    secret_append_string(&buf, "one");
    secret_append_string(&buf, NULL);
    for (int i = 0; i < 1000; i++)
        secret_append(&buf, " more", 5);
    ck_assert_uint_eq(buf.size, 3 + 5 * 1000);
    ck_assert(slice_equal((struct slice){ buf.data, 8 }, SLICE_LITERAL("one more")));
    ck_assert(slice_equal((struct slice){ buf.data + buf.size - 5, 5 }, SLICE_LITERAL(" more")));
    secret_dispose(&buf);
    ck_assert_ptr_null(buf.data);
    ck_assert_uint_eq(buf.size, 0);
    secret_append(&buf, "again", 5);
    ck_assert(slice_equal(buf_slice(&buf), SLICE_LITERAL("again")));
    secret_dispose(&buf);
}

END_TEST

START_TEST(room_that_is_there_is_used) {
    struct buf buf = { 0 };
    secret_reserve(&buf, 100);
    const uint8_t *before = buf.data;
    secret_reserve(&buf, 50);
    secret_append_string(&buf, "here");
    ck_assert_ptr_eq(buf.data, before);
    secret_dispose(&buf);
}

END_TEST

START_TEST(a_copied_secret_is_the_same_and_null_stays_null) {
    char *copy = secret_dup("hush");
    ck_assert_str_eq(copy, "hush");
    secret_free(copy);
    ck_assert_ptr_null(secret_dup(NULL));
    secret_free(NULL);
}

END_TEST

SUITE(secret) {
    Suite *s = suite_create("security/secret");
    ADD_CASE(
        s,
        "secret",
        a_secret_grows_like_any_buf,
        room_that_is_there_is_used,
        a_copied_secret_is_the_same_and_null_stays_null
    );
    return s;
}
