// SPDX-License-Identifier: Apache-2.0
// The hex loader; it aborts rather than give a test half of its bytes.
#include "tests/unit/hex_file.h"

#include <check.h>

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

/// The next character that is neither white space nor comment, or EOF.
static int next_digit(FILE *file) {
    int c = getc(file);
    while (c != EOF && (isspace(c) || c == '#')) {
        if (c == '#') {
            while (c != EOF && c != '\n')
                c = getc(file);
        } else {
            c = getc(file);
        }
    }
    return c;
}

static unsigned digit_value(int c, const char *name) {
    ck_assert_msg(isxdigit(c), "%s: no hex digit", name);
    return (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
}

struct buf hex_file_load(const char *name) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "tests/golden/%s", name);
    ck_assert_int_lt(length, (int)sizeof path);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    struct buf bytes = { 0 };
    for (int c = next_digit(file); c != EOF; c = next_digit(file)) {
        unsigned high = digit_value(c, name);
        buf_append_byte(&bytes, (uint8_t)(high << 4 | digit_value(next_digit(file), name)));
    }
    (void)fclose(file);
    return bytes;
}
