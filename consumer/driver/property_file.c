// SPDX-License-Identifier: Apache-2.0
// Natural lines are joined to logical ones, which are then split and unescaped.
#include "consumer/driver/property_file.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <string.h>

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(uint8_t c) {
    return c == '\n' || c == '\r';
}

static struct slice skip(struct slice text, size_t count) {
    must(count <= text.size);
    return (struct slice){ text.data + count, text.size - count };
}

static struct slice skip_blanks(struct slice text) {
    size_t count = 0;
    while (count < text.size && is_blank(text.data[count]))
        count++;
    return skip(text, count);
}

// Takes a natural line without its end off the text.
static struct slice take_natural(struct slice *text) {
    *text = skip_blanks(*text);
    struct slice line = { text->data, 0 };
    while (line.size < text->size && !is_line_end(text->data[line.size]))
        line.size++;
    size_t taken = line.size;
    if (taken < text->size && text->data[taken] == '\r') taken++;
    if (taken < text->size && text->data[taken] == '\n') taken++;
    *text = skip(*text, taken);
    return line;
}

static bool goes_on(struct slice line) {
    size_t backslashes = 0;
    while (backslashes < line.size && line.data[line.size - 1 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

// Takes the next logical line, still escaped; empty for a comment.
static void take_logical(struct slice *text, struct buf *logical) {
    struct slice line = take_natural(text);
    logical->size = 0;
    if (line.size > 0 && (line.data[0] == '#' || line.data[0] == '!')) return;
    while (goes_on(line)) {
        secret_append(logical, line.data, line.size - 1);
        if (text->size == 0) return;
        line = take_natural(text);
    }
    secret_append(logical, line.data, line.size);
}

static bool take_hex(struct slice *text, uint32_t *unit) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (text->size < 4) return false;
    *unit = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *digit = text->data[i] ? strchr(digits, text->data[i]) : NULL;
        if (!digit) return false;
        *unit = *unit << 4 | ((uint32_t)(digit - digits) & 0xf);
    }
    *text = skip(*text, 4);
    return true;
}

static void append_utf8(struct buf *to, uint32_t point) {
    uint8_t bytes[4];
    size_t count = 0;
    if (point < 0x80) {
        bytes[count++] = (uint8_t)point;
    } else if (point < 0x800) {
        bytes[count++] = (uint8_t)(0xc0 | point >> 6);
        bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        bytes[count++] = (uint8_t)(0xe0 | point >> 12);
        bytes[count++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
    } else {
        bytes[count++] = (uint8_t)(0xf0 | point >> 18);
        bytes[count++] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        bytes[count++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
    }
    secret_append(to, bytes, count);
}

// Behind \u: one UTF-16 unit, or two that belong together.
static bool take_code_point(struct slice *text, struct buf *to) {
    uint32_t first = 0;
    uint32_t second = 0;
    if (!take_hex(text, &first) || first == 0) return false;
    if (first >= 0xd800 && first <= 0xdfff) {
        bool is_pair = first < 0xdc00 && text->size >= 2 && memcmp(text->data, "\\u", 2) == 0;
        if (!is_pair) return false;
        *text = skip(*text, 2);
        if (!take_hex(text, &second) || second < 0xdc00 || second > 0xdfff) return false;
        first = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    }
    append_utf8(to, first);
    return true;
}

static uint8_t unescaped(uint8_t c) {
    switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default: return c;
    }
}

static bool unescape(struct slice text, struct buf *to) {
    while (text.size > 0) {
        uint8_t c = text.data[0];
        text = skip(text, 1);
        if (c == '\0') return false;
        if (c == '\\') {
            if (text.size == 0) return true;
            c = text.data[0];
            text = skip(text, 1);
            if (c == 'u') {
                if (!take_code_point(&text, to)) return false;
                continue;
            }
            c = unescaped(c);
        }
        secret_append(to, &c, 1);
    }
    return true;
}

// The key ends at the first separator that is not escaped.
static size_t key_size(struct slice line) {
    size_t size = 0;
    while (size < line.size && !is_blank(line.data[size]) && line.data[size] != '=' &&
           line.data[size] != ':')
        size += line.data[size] == '\\' && size + 1 < line.size ? 2 : 1;
    return size;
}

static struct slice skip_separator(struct slice text) {
    text = skip_blanks(text);
    bool has_one = text.size > 0 && (text.data[0] == '=' || text.data[0] == ':');
    return skip_blanks(has_one ? skip(text, 1) : text);
}

enum property_found property_find(struct slice text, const char *key, struct buf *value) {
    must(text.data != NULL || text.size == 0);
    enum property_found found = PROPERTY_MISSING;
    size_t begin = value->size;
    struct buf line = { 0 };
    struct buf name = { 0 };
    while (text.size > 0 && found != PROPERTY_MALFORMED) {
        take_logical(&text, &line);
        struct slice rest = buf_slice(&line);
        struct slice spelt = { rest.data, key_size(rest) };
        name.size = 0;
        if (!unescape(spelt, &name)) found = PROPERTY_MALFORMED;
        if (line.size == 0 || !slice_equal_string(buf_slice(&name), key)) continue;
        value->size = begin;
        bool is_good = unescape(skip_separator(skip(rest, spelt.size)), value);
        found = is_good ? PROPERTY_FOUND : PROPERTY_MALFORMED;
    }
    secret_dispose(&line);
    secret_dispose(&name);
    return found;
}
