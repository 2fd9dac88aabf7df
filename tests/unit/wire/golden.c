// SPDX-License-Identifier: Apache-2.0
// A line says what it is by its first word: request, response, header, expect; '#' is a comment,
// and all else is hex.
#include "tests/unit/wire/golden.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *after(const char *line, const char *word) {
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 ? line + length : NULL;
}

static struct catalog_entry entry_of(const char *expect) {
    size_t length = strcspn(expect, "{");
    for (size_t i = 0; i < catalog_size(); i++) {
        struct catalog_entry entry = catalog_at(i);
        const char *name = entry.schema->name;
        if (strlen(name) == length && strncmp(name, expect, length) == 0) return entry;
    }
    ck_abort_msg("no message of the catalog: %s", expect);
}

static void append_hex(struct buf *bytes, const char *line) {
    char *end = NULL;
    for (;; line = end) {
        unsigned long byte = strtoul(line, &end, 16);
        if (end == line) break;
        must(byte <= UINT8_MAX);
        buf_append_byte(bytes, (uint8_t)byte);
    }
    ck_assert_msg(*end == '\0', "not hex: %s", line);
}

static void take_line(struct golden_frame *frame, const char *line) {
    const char *text = after(line, "header ");
    if (text) {
        frame->header = must_strdup(text);
        return;
    }
    text = after(line, "expect ");
    if (text) {
        frame->expect = must_strdup(text);
        frame->entry = entry_of(text);
        return;
    }
    append_hex(&frame->bytes, line);
}

void golden_load(const char *path, struct golden_exchange *exchange) {
    *exchange = (struct golden_exchange){ 0 };
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be read (tests run in the project's folder)", path);
    struct golden_frame *frame = NULL;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *request = after(line, "request v");
        const char *response = after(line, "response v");
        if (request || response) {
            frame = request ? &exchange->request : &exchange->response;
            frame->version = (int16_t)strtol(request ? request : response, NULL, 10);
        } else if (line[0] != '#' && line[0] != '\0') {
            ck_assert_msg(frame != NULL, "%s: %s", path, line);
            take_line(frame, line);
        }
    }
    free(line);
    (void)fclose(file);
    ck_assert_msg(exchange->request.expect && exchange->response.expect, "%s", path);
    ck_assert_msg(exchange->request.header && exchange->response.header, "%s", path);
}

static void frame_dispose(struct golden_frame *frame) {
    free(frame->header);
    free(frame->expect);
    buf_dispose(&frame->bytes);
}

void golden_dispose(struct golden_exchange *exchange) {
    frame_dispose(&exchange->request);
    frame_dispose(&exchange->response);
}
