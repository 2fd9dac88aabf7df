// SPDX-License-Identifier: Apache-2.0
// Media ranges with weights (RFC 9110, section 12.5.1). Weights are thousandths.
#include "server/http/accept.h"

#include "server/base/must.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { WHOLE_WEIGHT = 1000 };

/// How well a media type is wanted: by the most exact range that covers it.
struct preference {
    const char *type;
    int exactness; ///< 0: none covers it; 1 */*, 2 such as text/*, 3 the type itself
    int weight;
};

static const char *skip_space(const char *at, const char *end) {
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

/// A weight of at most three digits behind the point.
static int read_weight(const char *at, const char *end) {
    int weight = at < end && *at == '1' ? WHOLE_WEIGHT : 0;
    int unit = WHOLE_WEIGHT / 10;
    for (at += 2; at < end && isdigit((unsigned char)*at) && weight < WHOLE_WEIGHT; at++) {
        weight += (*at - '0') * unit;
        unit /= 10;
    }
    return weight;
}

static int find_weight(const char *at, const char *end) {
    while ((at = memchr(at, ';', (size_t)(end - at))) != NULL) {
        at = skip_space(at + 1, end);
        if (end - at >= 3 && (*at == 'q' || *at == 'Q') && at[1] == '=') {
            return read_weight(at + 2, end);
        }
    }
    return WHOLE_WEIGHT;
}

static bool range_is(const char *at, size_t size, const char *range) {
    return size == strlen(range) && strncasecmp(at, range, size) == 0;
}

/// "text/*" covers whatever begins with "text/".
static bool range_covers_kind(const char *at, size_t size, const char *type) {
    size_t kind = strcspn(type, "/") + 1;
    return size == kind + 1 && at[kind] == '*' && strncasecmp(at, type, kind) == 0;
}

static void consider(struct preference *preference, const char *at, const char *end) {
    at = skip_space(at, end);
    const char *stop = at;
    while (stop < end && *stop != ';' && !isspace((unsigned char)*stop))
        stop++;
    size_t size = (size_t)(stop - at);
    int exactness = range_is(at, size, preference->type)            ? 3
                    : range_covers_kind(at, size, preference->type) ? 2
                    : range_is(at, size, "*/*")                     ? 1
                                                                    : 0;
    if (exactness <= preference->exactness) return;
    preference->exactness = exactness;
    preference->weight = find_weight(stop, end);
}

bool accept_chooses(const char *accept, const char *first, const char *second, bool *is_second) {
    must(first != NULL && second != NULL);
    struct preference one = { .type = first };
    struct preference other = { .type = second };
    *is_second = false;
    if (!accept || accept[0] == '\0') return true;
    for (const char *at = accept; *at;) {
        const char *end = at + strcspn(at, ",");
        consider(&one, at, end);
        consider(&other, at, end);
        at = end + (*end == ',');
    }
    *is_second = other.weight > one.weight ||
                 (other.weight == one.weight && other.exactness > one.exactness);
    return one.weight > 0 || other.weight > 0;
}

bool accept_allows(const char *accept, const char *type) {
    must(type != NULL && strchr(type, '/') != NULL);
    struct preference wanted = { .type = type };
    if (!accept || accept[0] == '\0') return true;
    for (const char *at = accept; *at;) {
        const char *end = at + strcspn(at, ",");
        consider(&wanted, at, end);
        at = end + (*end == ',');
    }
    return wanted.weight > 0;
}

int accept_weight(const char *list, const char *name) {
    must(list != NULL && name != NULL);
    for (const char *at = list; *at;) {
        const char *end = at + strcspn(at, ",");
        const char *begin = skip_space(at, end);
        const char *stop = begin;
        while (stop < end && *stop != ';' && !isspace((unsigned char)*stop))
            stop++;
        if (range_is(begin, (size_t)(stop - begin), name)) return find_weight(stop, end);
        at = end + (*end == ',');
    }
    return -1;
}
