// SPDX-License-Identifier: Apache-2.0
// Escaping, UTF-8 and base64.
#include "server/json/base64.h"
#include "server/json/text.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static struct kc_bytes bytes_of(const char *text) {
    return (struct kc_bytes){ (const uint8_t *)text, strlen(text) };
}

static const struct {
    const char *text;
    const char *escaped;
} escapes[] = {
    { "", "" },
    { "plain", "plain" },
    { "a \"quoted\" word and a \\ in a text of some length",
      "a \\\"quoted\\\" word and a \\\\ in a text of some length" },
    { "\b\t\n\f\r", "\\b\\t\\n\\f\\r" },
    { "\x01\x1f", "\\u0001\\u001f" },
    { "\x7f", "\x7f" },
    { "gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80!",
      "gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80!" },
    { "/", "/" },
};

START_TEST(text_is_escaped_as_json_wants_it) {
    struct out out = { 0 };
    ck_assert(text_escape(&out, bytes_of(escapes[_i].text)));
    ck_assert_str_eq(out_text(&out), escapes[_i].escaped);
    out_dispose(&out);
}

END_TEST

START_TEST(a_nul_byte_is_escaped) {
    struct out out = { 0 };
    ck_assert(text_escape(&out, (struct kc_bytes){ (const uint8_t *)"a\0b", 3 }));
    ck_assert_str_eq(out_text(&out), "a\\u0000b");
    out_dispose(&out);
}

END_TEST

static const char *const no_utf8[] = {
    "\x80",             // a tail alone
    "abc\xff",          // never a byte of UTF-8
    "\xc0\xaf",         // overlong
    "\xc1\xbf",         // overlong
    "\xe0\x9f\xbf",     // overlong
    "\xf0\x8f\xbf\xbf", // overlong
    "\xed\xa0\x80",     // a surrogate
    "\xf4\x90\x80\x80", // beyond U+10FFFF
    "\xf5\x80\x80\x80", // beyond U+10FFFF
    "\xc3",             // cut
    "\xe2\x82",         // cut
    "\xf0\x9f\x98",     // cut
    "\xe2(\xac",        // no tail
    "a text that goes wrong only after thirty bytes \xc3(",
};

START_TEST(what_is_no_utf8_leaves_the_text_as_it_was) { // pitfall 113
    struct out out = { 0 };
    OUT_LITERAL(&out, "before");
    ck_assert(!text_escape(&out, bytes_of(no_utf8[_i])));
    ck_assert_str_eq(out_text(&out), "before");
    out_dispose(&out);
}

END_TEST

START_TEST(lossy_escaping_keeps_what_it_can) {
    struct out out = { 0 };
    text_escape_lossy(&out, bytes_of("a\xff\"b\xc3"));
    ck_assert_str_eq(out_text(&out), "a\xef\xbf\xbd\\\"b\xef\xbf\xbd");
    out_dispose(&out);
}

END_TEST

/// One byte of each kind at each place of texts of each length: the register code, the word code
/// and a plain loop agree.
START_TEST(both_scanners_agree_with_a_plain_loop) {
    enum { MOST = 70 };

    for (unsigned byte = 0; byte < 256; byte++) {
        bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        for (size_t size = 0; size <= MOST; size += 1 + size / 20) {
            for (size_t place = 0; place < size; place++) {
                uint8_t *text = malloc(size); // exactly, so that reading beyond is seen
                memset(text, 'x', size);
                text[place] = (uint8_t)byte;
                size_t expected = plain ? size : place;
                ck_assert_uint_eq(text_plain_run(text, size), expected);
                ck_assert_uint_eq(text_plain_run_by_words(text, size), expected);
                free(text);
            }
        }
    }
}

END_TEST

START_TEST(random_bytes_are_scanned_alike) {
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        uint8_t text[100];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (uint8_t)((seed >> 16) % 13 == 0 ? seed >> 20 : 'a' + (seed >> 24) % 20);
        }
        size_t size = (size_t)round % sizeof text;
        ck_assert_uint_eq(text_plain_run(text, size), text_plain_run_by_words(text, size));
    }
}

END_TEST

static const struct {
    const char *text;
    const char *base64;
} encodings[] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "+/+/" },
};

START_TEST(both_base64_encoders_agree) {
    uint8_t bytes[200];
    struct out one = { 0 };
    struct out other = { 0 };
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + i / 7);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t *exact = malloc(size ? size : 1); // so that reading beyond is seen
        memcpy(exact, bytes, size);
        one.size = other.size = 0;
        base64_append(&one, (struct kc_bytes){ exact, size });
        base64_append_by_pairs(&other, (struct kc_bytes){ exact, size });
        ck_assert_str_eq(out_text(&one), out_text(&other));
        free(exact);
    }
    out_dispose(&one);
    out_dispose(&other);
}

END_TEST

/// Each byte of each sequence and escape at each place of a block, in texts that end just there.
START_TEST(escaping_is_the_same_at_every_place) {
    static const struct {
        const char *piece;
        const char *escaped;
    } pieces[] = {
        { "\"", "\\\"" },
        { "\n", "\\n" },
        { "\x01", "\\u0001" },
        { "\xc3\xa9", "\xc3\xa9" },
        { "\xe2\x82\xac", "\xe2\x82\xac" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
    };
    struct out out = { 0 };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        for (size_t before = 0; before < 5000; before += before < 40 || before > 4060 ? 1 : 97) {
            for (size_t after = 0; after < 36; after += 5) {
                size_t length = strlen(pieces[i].piece);
                size_t size = before + length + after;
                char *text = malloc(size);
                memset(text, 'x', size);
                memcpy(text + before, pieces[i].piece, length);
                out.size = 0;
                ck_assert(text_escape(&out, (struct kc_bytes){ (uint8_t *)text, size }));
                ck_assert_uint_eq(out.size, before + strlen(pieces[i].escaped) + after);
                ck_assert_mem_eq(out.data + before, pieces[i].escaped, strlen(pieces[i].escaped));
                free(text);
            }
            if (before > 4110) break;
        }
    }
    out_dispose(&out);
}

END_TEST

START_TEST(base64_is_that_of_rfc_4648) {
    struct out out = { 0 };
    base64_append(&out, bytes_of(encodings[_i].text));
    ck_assert_str_eq(out_text(&out), encodings[_i].base64);
    out_dispose(&out);
}

END_TEST

SUITE(text) {
    Suite *s = suite_create("server/json/text");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, text_is_escaped_as_json_wants_it, 0, sizeof escapes / sizeof escapes[0]
    );
    tcase_add_loop_test(
        tables, what_is_no_utf8_leaves_the_text_as_it_was, 0, sizeof no_utf8 / sizeof no_utf8[0]
    );
    tcase_add_loop_test(
        tables, base64_is_that_of_rfc_4648, 0, sizeof encodings / sizeof encodings[0]
    );
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "text",
        a_nul_byte_is_escaped,
        lossy_escaping_keeps_what_it_can,
        both_scanners_agree_with_a_plain_loop,
        random_bytes_are_scanned_alike,
        both_base64_encoders_agree,
        escaping_is_the_same_at_every_place
    );
    return s;
}
