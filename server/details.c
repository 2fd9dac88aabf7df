// SPDX-License-Identifier: Apache-2.0
// One look ahead: a blank ends a value only when a key follows it.
#include "server/details.h"

#include "server/base/must.h"

#include <ctype.h>
#include <string.h>

/// The length of a key with "=" behind it; 0: there is none.
static size_t key_length(const char *text) {
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || (text[length] && strchr("_.-", text[length])))
        length++;
    return text[length] == '=' ? length : 0;
}

/// A quoted value needs its quote before the blank that ends it.
static bool ends_here(const char *value, const char *at) {
    must(at >= value);
    bool quoted = value[0] == '"';
    if (quoted && (at - value < 2 || at[-1] != '"')) return false;
    return key_length(at + 1) > 0;
}

bool details_next(const char **details, struct detail *detail) {
    const char *at = *details + strspn(*details, " ");
    size_t length = key_length(at);
    if (length == 0) return false;
    const char *value = at + length + 1;
    const char *end = value;
    while (*end && !(*end == ' ' && ends_here(value, end)))
        end++;
    *details = end;
    bool quoted = end - value >= 2 && value[0] == '"' && end[-1] == '"';
    *detail = (struct detail){
        .key = at,
        .key_size = length,
        .value = quoted ? value + 1 : value,
        .value_size = (size_t)(end - value) - (quoted ? 2 : 0),
    };
    return true;
}
