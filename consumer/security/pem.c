// SPDX-License-Identifier: Apache-2.0
// OpenSSL wants each line of PEM in its place and none too long. A block is taken apart here, its
// white space dropped, and put together again. Whether it is base64 is OpenSSL's to say.
#include "consumer/security/pem.h"

#include "consumer/base/must.h"

#include <string.h>

enum { LINE_CHARACTERS = 64, DASHES = 5 };

static const char begins[] = "-----BEGIN ";
static const char ends[] = "-----END ";
static const char dashes[] = "-----";

static const uint8_t *find(struct slice text, const char *what) {
    return text.size == 0 ? NULL : memmem(text.data, text.size, what, strlen(what));
}

// What lies behind `at` in a text.
static struct slice behind(struct slice text, const uint8_t *at, size_t skipped) {
    const uint8_t *end = text.data + text.size;
    must(at >= text.data && skipped <= (size_t)(end - at));
    return (struct slice){ at + skipped, (size_t)(end - at) - skipped };
}

static struct slice up_to(struct slice text, const uint8_t *end) {
    return (struct slice){ text.data, (size_t)(end - text.data) };
}

// The body ends at the END line of the same label.
static const uint8_t *find_end(struct slice text, struct slice label, struct slice *rest) {
    const uint8_t *at = NULL;
    for (struct slice left = text; (at = find(left, ends)) != NULL;) {
        left = behind(left, at, sizeof ends - 1);
        if (left.size < label.size + DASHES) return NULL;
        if (memcmp(left.data, label.data, label.size) != 0) continue;
        if (memcmp(left.data + label.size, dashes, DASHES) != 0) continue;
        *rest = behind(left, left.data, label.size + DASHES);
        return at;
    }
    return NULL;
}

bool pem_next(struct slice *rest, struct pem_block *block) {
    const uint8_t *at = find(*rest, begins);
    if (!at) return false;
    struct slice text = behind(*rest, at, sizeof begins - 1);
    const uint8_t *label_end = find(text, dashes);
    *rest = text;
    *block = (struct pem_block){ .label = text, .body = SLICE_NULL };
    if (!label_end) return true;
    block->label = up_to(text, label_end);
    text = behind(text, label_end, DASHES);
    const uint8_t *body_end = find_end(text, block->label, rest);
    if (body_end) block->body = up_to(text, body_end);
    return true;
}

bool pem_is(struct slice text) {
    return find(text, begins) != NULL;
}

bool pem_is_labelled(const struct pem_block *block, const char *name) {
    size_t size = strlen(name);
    if (block->label.size < size) return false;
    size_t before = block->label.size - size;
    if (memcmp(block->label.data + before, name, size) != 0) return false;
    return before == 0 || block->label.data[before - 1] == ' ';
}

static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void append_text(struct buf *out, const char *text) {
    buf_append(out, text, strlen(text));
}

// The base64 without its white space, in lines.
static void append_wrapped(struct buf *out, struct slice body) {
    size_t column = 0;
    for (size_t i = 0; i < body.size; i++) {
        if (is_blank(body.data[i])) continue;
        buf_append_byte(out, body.data[i]);
        column = (column + 1) % LINE_CHARACTERS;
        if (column == 0) buf_append_byte(out, '\n');
    }
    if (column > 0) buf_append_byte(out, '\n');
}

// A key that is encrypted in the old way has lines like "DEK-Info: AES-256-CBC,0123", which end at
// an empty one. The last colon's line is the last of them. Returns how far they go.
static size_t append_headers(struct buf *out, struct slice body) {
    const uint8_t *colon = memrchr(body.data, ':', body.size);
    if (!colon) return 0;
    struct slice last = behind(body, colon, 0);
    const uint8_t *line_end = memchr(last.data, '\n', last.size);
    size_t end = line_end ? (size_t)(line_end - body.data) : body.size;
    bool is_line_start = true;
    for (size_t i = 0; i < end; i++) {
        uint8_t byte = body.data[i];
        if (byte == '\r' || (is_line_start && is_blank(byte))) continue;
        buf_append_byte(out, byte);
        is_line_start = byte == '\n';
    }
    append_text(out, "\n\n");
    return end;
}

void pem_write(const struct pem_block *block, struct buf *out) {
    must(block->body.data != NULL);
    buf_clear(out);
    // One allocation, so that no old one is left behind with a key in it.
    buf_reserve(out, 2 * block->label.size + 2 * block->body.size + 64);
    const uint8_t *memory = out->data;
    append_text(out, begins);
    buf_append(out, block->label.data, block->label.size);
    append_text(out, dashes);
    buf_append_byte(out, '\n');
    size_t skipped = block->body.size > 0 ? append_headers(out, block->body) : 0;
    append_wrapped(out, behind(block->body, block->body.data, skipped));
    append_text(out, ends);
    buf_append(out, block->label.data, block->label.size);
    append_text(out, dashes);
    buf_append_byte(out, '\n');
    must(out->data == memory);
}
