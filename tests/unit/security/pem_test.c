// SPDX-License-Identifier: Apache-2.0
// PEM as it comes out of files, environment variables and properties.
#include "consumer/security/pem.h"
#include "tests/unit/suite.h"

#include <string.h>

static const char usual[] = "-----BEGIN X-----\nQUJD\n-----END X-----\n";

static const char *const texts[] = {
    "-----BEGIN X-----\nQUJD\n-----END X-----\n",
    "-----BEGIN X-----\nQUJD\n-----END X-----",
    "-----BEGIN X-----\r\nQUJD\r\n-----END X-----\r\n",
    "-----BEGIN X-----\n  QU\n\tJD\n\n-----END X-----\n",
    "   -----BEGIN X-----\n   QUJD\n   -----END X-----\n",
    "-----BEGIN X----- QUJD -----END X-----",
    "-----BEGIN X-----QUJD-----END X-----",
    "Subject: CN=x\n# a comment\n-----BEGIN X-----\nQUJD\n-----END X-----\nand more\n",
};

START_TEST(a_block_is_found_however_it_is_written) {
    struct slice rest = slice_from_string(texts[_i]);
    struct pem_block block;
    struct buf out = { 0 };
    ck_assert(pem_is(rest));
    ck_assert(pem_next(&rest, &block));
    ck_assert(slice_equal_string(block.label, "X"));
    pem_write(&block, &out);
    ck_assert(slice_equal_string(buf_slice(&out), usual));
    ck_assert(!pem_next(&rest, &block));
    buf_dispose(&out);
}

END_TEST

START_TEST(blocks_follow_one_another) {
    struct slice rest = slice_from_string("-----BEGIN A-----QQ==-----END A----- -----BEGIN B C-----"
                                          "Qg==-----END B C-----");
    struct pem_block block;
    ck_assert(pem_next(&rest, &block));
    ck_assert(slice_equal_string(block.label, "A"));
    ck_assert(slice_equal_string(block.body, "QQ=="));
    ck_assert(pem_next(&rest, &block));
    ck_assert(slice_equal_string(block.label, "B C"));
    ck_assert(pem_is_labelled(&block, "C") && pem_is_labelled(&block, "B C"));
    ck_assert(!pem_is_labelled(&block, "B") && !pem_is_labelled(&block, "A B C"));
    ck_assert(!pem_next(&rest, &block));
}

END_TEST

START_TEST(long_lines_are_wrapped) {
    char text[400] = "-----BEGIN X-----";
    memset(text + strlen(text), 'A', 130);
    strcat(text, "-----END X-----"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    struct slice rest = slice_from_string(text);
    struct pem_block block;
    struct buf out = { 0 };
    ck_assert(pem_next(&rest, &block));
    pem_write(&block, &out);
    struct slice left = buf_slice(&out);
    int lines = 0;
    for (size_t i = 0, column = 0; i < left.size; i++, column++) {
        if (left.data[i] != '\n') continue;
        ck_assert_uint_le(column, 64);
        column = (size_t)-1;
        lines++;
    }
    ck_assert_int_eq(lines, 5);
    buf_dispose(&out);
}

END_TEST

START_TEST(headers_of_an_encrypted_key_keep_their_lines) {
    struct slice rest = slice_from_string("-----BEGIN X-----\r\n  Proc-Type: 4,ENCRYPTED\r\n  "
                                          "DEK-Info: AES-256-CBC,01\r\n\r\n  QU\r\n  JD\r\n"
                                          "-----END X-----");
    struct pem_block block;
    struct buf out = { 0 };
    ck_assert(pem_next(&rest, &block));
    pem_write(&block, &out);
    ck_assert(slice_equal_string(
        buf_slice(&out),
        "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,01\n\nQUJD\n"
        "-----END X-----\n"
    ));
    buf_dispose(&out);
}

END_TEST

static const char *const unfinished[] = {
    "-----BEGIN X-----\nQUJD\n",
    "-----BEGIN X",
    "-----BEGIN ",
    "-----BEGIN X-----\nQUJD\n-----END Y-----\n",
    "-----BEGIN X-----\nQUJD\n-----END X",
    "-----BEGIN X-----\nQUJD\n-----END X--",
};

START_TEST(a_block_without_its_end_is_told) {
    struct slice rest = slice_from_string(unfinished[_i]);
    struct pem_block block;
    ck_assert(pem_next(&rest, &block));
    ck_assert_ptr_null(block.body.data);
    ck_assert(!pem_next(&rest, &block));
}

END_TEST

START_TEST(what_is_no_pem_has_no_blocks) {
    struct slice rest = SLICE_LITERAL("");
    struct slice null = SLICE_NULL;
    struct slice other = SLICE_LITERAL("0\x82\x01\x02-----BEGI");
    struct pem_block block;
    ck_assert(!pem_next(&rest, &block) && !pem_is(rest));
    ck_assert(!pem_next(&null, &block) && !pem_is(null));
    ck_assert(!pem_next(&other, &block) && !pem_is(other));
}

END_TEST

START_TEST(an_empty_block_is_written_empty) {
    struct slice rest = SLICE_LITERAL("-----BEGIN X----------END X-----");
    struct pem_block block;
    struct buf out = { 0 };
    ck_assert(pem_next(&rest, &block));
    pem_write(&block, &out);
    ck_assert(slice_equal_string(buf_slice(&out), "-----BEGIN X-----\n-----END X-----\n"));
    buf_dispose(&out);
}

END_TEST

SUITE(pem) {
    Suite *s = suite_create("security/pem");
    ADD_CASE(
        s,
        "blocks",
        blocks_follow_one_another,
        long_lines_are_wrapped,
        headers_of_an_encrypted_key_keep_their_lines,
        what_is_no_pem_has_no_blocks,
        an_empty_block_is_written_empty
    );
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables, a_block_is_found_however_it_is_written, 0, sizeof texts / sizeof *texts
    );
    tcase_add_loop_test(
        tables, a_block_without_its_end_is_told, 0, sizeof unfinished / sizeof *unfinished
    );
    suite_add_tcase(s, tables);
    return s;
}
