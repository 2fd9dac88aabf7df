// SPDX-License-Identifier: Apache-2.0
// One logical line is put together from its natural lines, then split and unescaped.
#include "server/properties.h"

#include "server/base/must.h"
#include "server/base/out.h"

#include <stdint.h>
#include <string.h>

struct reader {
    const char *at;
    const char *end;
    unsigned line; ///< of the last natural line that was taken
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static void skip_blanks(struct reader *reader) {
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
}

/// Takes the rest of a natural line without its end.
static void take_rest(struct reader *reader, const char **text, size_t *size) {
    must(reader->at <= reader->end);
    *text = reader->at;
    while (reader->at < reader->end && *reader->at != '\n' && *reader->at != '\r')
        reader->at++;
    *size = (size_t)(reader->at - *text);
    bool carriage_return = reader->at < reader->end && *reader->at == '\r';
    if (carriage_return) reader->at++;
    if (reader->at < reader->end && *reader->at == '\n') reader->at++;
    reader->line++;
}

static bool ends_with_escape(const char *text, size_t size) {
    size_t backslashes = 0;
    while (backslashes < size && text[size - 1 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

/// Takes the next logical line, still escaped. False when it is blank or a comment.
static bool take_logical(struct reader *reader, struct out *logical) {
    const char *text;
    size_t size;
    logical->size = 0;
    skip_blanks(reader);
    bool comment = reader->at < reader->end && (*reader->at == '#' || *reader->at == '!');
    take_rest(reader, &text, &size);
    if (comment || size == 0) return false;
    while (ends_with_escape(text, size)) {
        out_append(logical, text, size - 1);
        if (reader->at == reader->end) return true;
        skip_blanks(reader);
        take_rest(reader, &text, &size);
    }
    out_append(logical, text, size);
    return logical->size > 0;
}

static bool hex_value(const char *digits, size_t left, uint32_t *value) {
    static const char hex[] = "0123456789abcdef0123456789ABCDEF";
    if (left < 4) return false;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const char *found = digits[i] ? strchr(hex, digits[i]) : NULL;
        if (!found) return false;
        *value = *value << 4 | ((uint32_t)(found - hex) & 0xf);
    }
    return true;
}

static void append_utf8(struct out *out, uint32_t point) {
    must(point < 0x110000);
    if (point < 0x80) {
        out_byte(out, (char)point);
    } else if (point < 0x800) {
        out_byte(out, (char)(0xc0 | point >> 6));
        out_byte(out, (char)(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
        out_byte(out, (char)(0xe0 | point >> 12));
        out_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
        out_byte(out, (char)(0x80 | (point & 0x3f)));
    } else {
        out_byte(out, (char)(0xf0 | point >> 18));
        out_byte(out, (char)(0x80 | (point >> 12 & 0x3f)));
        out_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
        out_byte(out, (char)(0x80 | (point & 0x3f)));
    }
}

/// Takes a \u escape at `text` (behind the u), with its second half; 0 for a wrong one.
static size_t take_code_point(const char *text, size_t left, struct out *out) {
    uint32_t first;
    uint32_t second;
    if (!hex_value(text, left, &first) || first == 0) return 0;
    if (first < 0xd800 || first > 0xdfff) {
        append_utf8(out, first);
        return 4;
    }
    bool paired = first < 0xdc00 && left >= 10 && text[4] == '\\' && text[5] == 'u' &&
                  hex_value(text + 6, left - 6, &second) && second >= 0xdc00 && second <= 0xdfff;
    if (!paired) return 0;
    append_utf8(out, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    return 10;
}

static char unescaped(char c) {
    switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default: return c;
    }
}

static bool unescape(const char *text, size_t size, struct out *out) {
    must(text != NULL || size == 0);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0') return false;
        if (text[i] != '\\' || i + 1 == size) {
            if (text[i] != '\\') out_byte(out, text[i]);
        } else if (text[++i] != 'u') {
            out_byte(out, unescaped(text[i]));
        } else {
            size_t taken = take_code_point(text + i + 1, size - i - 1, out);
            if (taken == 0) return false;
            i += taken;
        }
    }
    return true;
}

/// The key ends at the first separator that is not escaped.
static size_t key_length(const char *text, size_t size) {
    size_t length = 0;
    while (length < size && !is_blank(text[length]) && text[length] != '=' && text[length] != ':')
        length += text[length] == '\\' && length + 1 < size ? 2 : 1;
    return length;
}

static size_t separator_length(const char *text, size_t size) {
    size_t length = 0;
    while (length < size && is_blank(text[length]))
        length++;
    if (length < size && (text[length] == '=' || text[length] == ':')) length++;
    while (length < size && is_blank(text[length]))
        length++;
    return length;
}

unsigned properties_read(const char *text, size_t size, properties_entry *entry, void *arg) {
    must(text != NULL && entry != NULL);
    struct reader reader = { text, text + size, 0 };
    struct out logical = { 0 };
    struct out key = { 0 };
    struct out value = { 0 };
    bool good = true;
    while (good && reader.at < reader.end) {
        unsigned line = reader.line + 1;
        if (!take_logical(&reader, &logical)) continue;
        key.size = value.size = 0;
        size_t name = key_length(logical.data, logical.size);
        size_t rest = name + separator_length(logical.data + name, logical.size - name);
        good = unescape(logical.data, name, &key) &&
               unescape(logical.data + rest, logical.size - rest, &value) &&
               entry(arg, line, out_text(&key), out_text(&value));
        if (!good) reader.line = line;
    }
    out_dispose(&logical);
    out_dispose(&key);
    out_dispose(&value);
    return good ? 0 : reader.line;
}
