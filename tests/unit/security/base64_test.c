// SPDX-License-Identifier: Apache-2.0
// Both alphabets, there and back, and texts that no encoder makes.
#include "consumer/security/base64.h"
#include "tests/unit/suite.h"

// RFC 4648, section 10, and the characters in which the alphabets differ.
static const struct {
    enum base64_kind kind;
    const char *bytes;
    const char *text;
} pairs[] = {
    { BASE64_STANDARD, "", "" },
    { BASE64_STANDARD, "f", "Zg==" },
    { BASE64_STANDARD, "fo", "Zm8=" },
    { BASE64_STANDARD, "foo", "Zm9v" },
    { BASE64_STANDARD, "foob", "Zm9vYg==" },
    { BASE64_STANDARD, "fooba", "Zm9vYmE=" },
    { BASE64_STANDARD, "foobar", "Zm9vYmFy" },
    { BASE64_STANDARD, "\xfb\xff\xfe", "+//+" },
    { BASE64_URL, "", "" },
    { BASE64_URL, "f", "Zg" },
    { BASE64_URL, "fo", "Zm8" },
    { BASE64_URL, "foo", "Zm9v" },
    { BASE64_URL, "\xfb\xff\xfe", "-__-" },
};

START_TEST(bytes_and_text_are_each_others) {
    struct buf out = { 0 };
    base64_encode(pairs[_i].kind, slice_from_string(pairs[_i].bytes), &out);
    ck_assert(slice_equal_string((struct slice){ (const uint8_t *)"", 0 }, "") || out.size > 0);
    ck_assert_msg(
        out.size == 0 ? !*pairs[_i].text : slice_equal_string(buf_slice(&out), pairs[_i].text),
        "%s",
        pairs[_i].text
    );
    buf_clear(&out);
    ck_assert(base64_decode(pairs[_i].kind, slice_from_string(pairs[_i].text), &out));
    ck_assert(
        out.size == 0 ? !*pairs[_i].bytes : slice_equal_string(buf_slice(&out), pairs[_i].bytes)
    );
    buf_dispose(&out);
}

END_TEST

static const struct {
    enum base64_kind kind;
    const char *text;
} faults[] = {
    { BASE64_STANDARD, "Zg" },
    { BASE64_STANDARD, "Zg=" },
    { BASE64_STANDARD, "Z===" },
    { BASE64_STANDARD, "====" },
    { BASE64_STANDARD, "Zh==" },
    { BASE64_STANDARD, "Zm9=" },
    { BASE64_STANDARD, "Zg==Zg==" },
    { BASE64_STANDARD, "Zm 9v" },
    { BASE64_STANDARD, "-__-" },
    { BASE64_STANDARD, "Zm9v\n" },
    { BASE64_STANDARD, "=" },
    { BASE64_URL, "Zg==" },
    { BASE64_URL, "Z" },
    { BASE64_URL, "Zh" },
    { BASE64_URL, "+//+" },
    { BASE64_URL, "Zm9vZ" },
    { BASE64_URL, "Zm\xc3\xa9" },
};

START_TEST(a_text_that_no_encoder_makes_is_refused) {
    struct buf out = { 0 };
    buf_append(&out, "kept", 4);
    ck_assert_msg(
        !base64_decode(faults[_i].kind, slice_from_string(faults[_i].text), &out),
        "%s",
        faults[_i].text
    );
    ck_assert(slice_equal_string(buf_slice(&out), "kept"));
    buf_dispose(&out);
}

END_TEST

SUITE(base64) {
    Suite *s = suite_create("security/base64");
    TCase *pair_case = tcase_create("pairs");
    tcase_add_loop_test(
        pair_case, bytes_and_text_are_each_others, 0, sizeof pairs / sizeof pairs[0]
    );
    suite_add_tcase(s, pair_case);
    TCase *fault_case = tcase_create("faults");
    tcase_add_loop_test(
        fault_case, a_text_that_no_encoder_makes_is_refused, 0, sizeof faults / sizeof faults[0]
    );
    suite_add_tcase(s, fault_case);
    return s;
}
