// SPDX-License-Identifier: Apache-2.0
// Four characters for three bytes; two or three characters for the last one or two.
#include "consumer/security/base64.h"

#include "consumer/security/secret.h"

#include <string.h>

static const char alphabets[][65] = {
    [BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

enum { GROUP_CHARS = 4, GROUP_BYTES = 3 };

void base64_encode(enum base64_kind kind, struct slice bytes, struct buf *text) {
    const char *alphabet = alphabets[kind];
    secret_reserve(text, bytes.size / GROUP_BYTES * GROUP_CHARS + GROUP_CHARS);
    for (size_t at = 0; at < bytes.size; at += GROUP_BYTES) {
        size_t count = bytes.size - at < GROUP_BYTES ? bytes.size - at : GROUP_BYTES;
        uint32_t group = 0;
        for (size_t i = 0; i < GROUP_BYTES; i++)
            group = group << 8 | (i < count ? bytes.data[at + i] : 0U);
        for (size_t i = 0; i <= count; i++)
            buf_append_byte(text, (uint8_t)alphabet[group >> (18 - 6 * i) & 63]);
        for (size_t i = count; i < GROUP_BYTES && kind == BASE64_STANDARD; i++)
            buf_append_byte(text, '=');
    }
}

// Takes the padding off; false when it is not what it must be.
static bool take_padding(enum base64_kind kind, struct slice *text) {
    if (kind == BASE64_URL) return true;
    if (text->size % GROUP_CHARS != 0) return false;
    for (int i = 0; i < 2 && text->size > 0 && text->data[text->size - 1] == '='; i++)
        text->size--;
    return true;
}

static bool decode_group(const char *alphabet, struct slice chars, struct buf *bytes) {
    uint32_t group = 0;
    for (size_t i = 0; i < GROUP_CHARS; i++) {
        const char *found = alphabet;
        if (i < chars.size) found = memchr(alphabet, chars.data[i], 64);
        if (!found) return false;
        group = group << 6 | (uint32_t)(found - alphabet);
    }
    uint32_t left_over = chars.size == GROUP_CHARS ? 0 : group & (chars.size == 3 ? 0xff : 0xffff);
    if (left_over != 0) return false;
    for (size_t i = 0; i + 1 < chars.size; i++)
        buf_append_byte(bytes, (uint8_t)(group >> (16 - 8 * i)));
    return true;
}

bool base64_decode(enum base64_kind kind, struct slice text, struct buf *bytes) {
    size_t before = bytes->size;
    if (!take_padding(kind, &text) || text.size % GROUP_CHARS == 1) return false;
    secret_reserve(bytes, text.size / GROUP_CHARS * GROUP_BYTES + GROUP_BYTES);
    for (size_t at = 0; at < text.size; at += GROUP_CHARS) {
        struct slice chars = { text.data + at, text.size - at };
        if (chars.size > GROUP_CHARS) chars.size = GROUP_CHARS;
        if (!decode_group(alphabets[kind], chars, bytes)) {
            bytes->size = before;
            return false;
        }
    }
    return true;
}
