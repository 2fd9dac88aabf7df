// SPDX-License-Identifier: Apache-2.0
// The text is known to be JSON, so that what is not there is a programmer's error.
#include "server/json/cursor.h"

#include "server/base/must.h"

#include <string.h>

enum { LONGEST_SEQUENCE = 4 };

struct cursor cursor_begin(struct kc_bytes text) {
    must(text.data != NULL && text.size > 0);
    return (struct cursor){ text.data, text.data + text.size };
}

static uint8_t skip_space(struct cursor *cursor) {
    while (cursor->at < cursor->end && *cursor->at <= ' ')
        cursor->at++;
    must(cursor->at < cursor->end);
    return *cursor->at;
}

enum cursor_kind cursor_kind(struct cursor *cursor) {
    switch (skip_space(cursor)) {
    case '{': return CURSOR_OBJECT;
    case '[': return CURSOR_ARRAY;
    case '"': return CURSOR_STRING;
    case 't': return CURSOR_TRUE;
    case 'f': return CURSOR_FALSE;
    case 'n': return CURSOR_NULL;
    default: return CURSOR_NUMBER;
    }
}

static void take(struct cursor *cursor, char expected) {
    must(skip_space(cursor) == (uint8_t)expected);
    cursor->at++;
}

void cursor_enter_object(struct cursor *cursor) {
    take(cursor, '{');
}

void cursor_enter_array(struct cursor *cursor) {
    take(cursor, '[');
}

/// Goes to the next member of an object or array, or behind its end.
static bool next_member(struct cursor *cursor, char end) {
    must(end == '}' || end == ']');
    uint8_t byte = skip_space(cursor);
    if (byte == (uint8_t)end) {
        cursor->at++;
        return false;
    }
    if (byte == ',') cursor->at++;
    return true;
}

bool cursor_next_key(struct cursor *cursor, struct pool *pool, struct kc_bytes *key) {
    must(pool != NULL && key != NULL);
    if (!next_member(cursor, '}')) return false;
    *key = cursor_take_string(cursor, pool);
    take(cursor, ':');
    return true;
}

bool cursor_next_item(struct cursor *cursor) {
    return next_member(cursor, ']');
}

/// The bytes between the quotes, still escaped.
static struct kc_bytes take_quoted(struct cursor *cursor) {
    take(cursor, '"');
    struct kc_bytes quoted = { cursor->at, 0 };
    for (; *cursor->at != '"'; cursor->at++) {
        if (*cursor->at == '\\') cursor->at++;
        must(cursor->at + 1 < cursor->end);
    }
    quoted.size = (size_t)(cursor->at - quoted.data);
    cursor->at++;
    return quoted;
}

static uint32_t hex_digit(uint8_t byte) {
    return byte <= '9' ? (uint32_t)byte - '0' : ((uint32_t)byte | 0x20) - 'a' + 10;
}

static uint32_t four_digits(const uint8_t *at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | hex_digit(at[i]);
    return value;
}

/// Reads the character of a \u escape (and of its second half) at `*at`, behind the u; 0xd800 for a
/// lone surrogate.
static uint32_t take_code_point(const uint8_t **at, const uint8_t *end) {
    must(end - *at >= 4);
    uint32_t first = four_digits(*at);
    *at += 4;
    if (first < 0xd800 || first > 0xdfff) return first;
    bool paired = first < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u';
    uint32_t second = paired ? four_digits(*at + 2) : 0;
    if (second < 0xdc00 || second > 0xdfff) return 0xd800;
    *at += 6;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static size_t write_utf8(char to[LONGEST_SEQUENCE], uint32_t point) {
    must(point < 0x110000);
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)((0xf00u >> length & 0xf0) | point);
    return length;
}

static char unescaped(uint8_t byte) {
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    const char *found = strchr(from, byte);
    return (char)(found ? to[found - from] : byte);
}

struct kc_bytes cursor_take_string(struct cursor *cursor, struct pool *pool) {
    struct kc_bytes quoted = take_quoted(cursor);
    const uint8_t *end = quoted.data + quoted.size;
    char *text = pool_array(pool, quoted.size + 1, 1); // no escape is shorter than its character
    size_t size = 0;
    for (const uint8_t *at = quoted.data; at < end;) {
        if (*at != '\\') {
            text[size++] = (char)*at++;
        } else if (at[1] != 'u') {
            text[size++] = unescaped(at[1]);
            at += 2;
        } else {
            at += 2;
            uint32_t point = take_code_point(&at, end);
            if (point == 0xd800) return (struct kc_bytes){ NULL, 0 };
            size += write_utf8(text + size, point);
        }
    }
    return (struct kc_bytes){ (uint8_t *)text, size };
}

/// Steps over one token; objects and arrays are stepped over by counting.
struct kc_bytes cursor_take_raw(struct cursor *cursor) {
    (void)skip_space(cursor);
    struct kc_bytes raw = { cursor->at, 0 };
    unsigned depth = 0;
    do {
        uint8_t byte = skip_space(cursor);
        if (byte == '"') {
            (void)take_quoted(cursor);
        } else if (byte == '{' || byte == '[') {
            depth++;
            cursor->at++;
        } else if (byte == '}' || byte == ']') {
            depth--;
            cursor->at++;
        } else if (byte == ',' || byte == ':') {
            cursor->at++;
        } else {
            while (cursor->at < cursor->end && !strchr(" \t\r\n,:]}", *cursor->at))
                cursor->at++;
        }
    } while (depth > 0);
    raw.size = (size_t)(cursor->at - raw.data);
    return raw;
}
