// SPDX-License-Identifier: Apache-2.0
// The list is walked element by element; a comma or semicolon within quotes does not end one.
#include "server/http/prefer.h"

#include "server/base/must.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { MOST_DIGITS = 9 };

/// The end of what begins at `at`: the next comma outside of quotes, or also a semicolon.
static const char *find_end(const char *at, bool at_semicolon) {
    bool quoted = false;
    for (; *at; at++) {
        if (*at == '"') quoted = !quoted;
        if (*at == '\\' && quoted && at[1]) at++;
        if (!quoted && (*at == ',' || (at_semicolon && *at == ';'))) break;
    }
    return at;
}

static const char *skip_space(const char *at) {
    return at + strspn(at, " \t");
}

/// Reads digits, maybe in quotes, up to `end`.
static bool read_seconds(const char *at, const char *end, int64_t *seconds) {
    must(at <= end);
    bool quoted = at < end && *at == '"';
    int64_t number = 0;
    int digits = 0;
    for (at += quoted; at < end && isdigit((unsigned char)*at); at++) {
        if (++digits > MOST_DIGITS) return false;
        number = number * 10 + (*at - '0');
    }
    if (quoted && (at == end || *at++ != '"')) return false;
    if (digits == 0 || skip_space(at) < end) return false;
    *seconds = number;
    return true;
}

bool prefer_wait(const char *prefer, int64_t *seconds) {
    static const char name[] = "wait";
    must(prefer != NULL && seconds != NULL);
    for (const char *at = prefer; *at; at++) {
        at = skip_space(at);
        const char *end = find_end(at, true);
        if (strncasecmp(at, name, sizeof name - 1) == 0) {
            const char *equals = skip_space(at + sizeof name - 1);
            // The first one counts.
            if (*equals == '=') return read_seconds(skip_space(equals + 1), end, seconds);
        }
        at = find_end(at, false);
        if (*at == '\0') break;
    }
    return false;
}
