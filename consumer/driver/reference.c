// SPDX-License-Identifier: Apache-2.0
// A reference is ${PROVIDER:REST}; other text between braces is no reference and stays, as in
// Kafka.
#include "consumer/driver/reference.h"

#include "consumer/base/must.h"
#include "consumer/driver/file.h"
#include "consumer/driver/property_file.h"
#include "consumer/security/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_REFERENCE_BYTES = 4096 };

// The next reference in a text, from its dollar to its brace; false when there is none.
static bool find(const char *text, const char **begin, size_t *size) {
    for (const char *at = strstr(text, "${"); at; at = strstr(at + 2, "${")) {
        const char *end = strchr(at, '}');
        if (!end) return false;
        if (!memchr(at, ':', (size_t)(end - at))) continue;
        *begin = at;
        *size = (size_t)(end - at) + 1;
        return true;
    }
    return false;
}

bool reference_is_in(const char *value) {
    const char *begin;
    size_t size;
    return find(value, &begin, &size);
}

// A file's content without the newline at its end.
static bool append_file(const char *path, struct buf *to, char why[FILE_WHY_BYTES]) {
    size_t begin = to->size;
    if (!file_read(path, to, why)) return false;
    if (to->size > begin && to->data[to->size - 1] == '\n') {
        to->size--;
        if (to->size > begin && to->data[to->size - 1] == '\r') to->size--;
    }
    if (to->size == begin || !memchr(to->data + begin, '\0', to->size - begin)) return true;
    (void)snprintf(why, FILE_WHY_BYTES, "a NUL byte is in it");
    return false;
}

static bool append_property(
    const char *path, const char *key, struct buf *to, char why[FILE_WHY_BYTES]
) {
    struct buf content = { 0 };
    bool is_found = false;
    if (file_read(path, &content, why)) {
        switch (property_find(buf_slice(&content), key, to)) {
        case PROPERTY_FOUND: is_found = true; break;
        case PROPERTY_MISSING: (void)snprintf(why, FILE_WHY_BYTES, "the key is not in it"); break;
        case PROPERTY_MALFORMED:
            (void)snprintf(why, FILE_WHY_BYTES, "an escape in it is none");
            break;
        }
    }
    secret_dispose(&content);
    return is_found;
}

// ${file:/path} or ${file:/path:key}
static bool resolve_file(char *rest, struct buf *to, char why[FILE_WHY_BYTES]) {
    char *colon = strchr(rest, ':');
    if (!colon) return append_file(rest, to, why);
    *colon = '\0';
    return append_property(rest, colon + 1, to, why);
}

// ${dir:/path:key}: each file of a directory is a value, as Kubernetes mounts secrets.
static bool resolve_dir(char *rest, struct buf *to, char why[FILE_WHY_BYTES]) {
    const char *colon = strchr(rest, ':');
    const char *key = colon ? colon + 1 : "";
    if (!key[0] || strchr(key, '/') || strcmp(key, "..") == 0) {
        (void)snprintf(why, FILE_WHY_BYTES, "wanted is ${dir:/path:name of a file in it}");
        return false;
    }
    rest[colon - rest] = '/';
    return append_file(rest, to, why);
}

static bool resolve_env(char *rest, struct buf *to, char why[FILE_WHY_BYTES]) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here changes the environment
    const char *value = getenv(rest);
    if (!value) {
        (void)snprintf(why, FILE_WHY_BYTES, "the environment has no such variable");
        return false;
    }
    secret_append_string(to, value);
    return true;
}

static const struct provider {
    const char *prefix;
    bool (*resolve)(char *rest, struct buf *to, char why[FILE_WHY_BYTES]);
} providers[] = {
    { "${file:", resolve_file },
    { "${dir:", resolve_dir },
    { "${env:", resolve_env },
};

static bool resolve_one(
    const char *begin, size_t size, struct buf *to, char why[REFERENCE_WHY_BYTES]
) {
    char rest[MOST_REFERENCE_BYTES];
    char cause[FILE_WHY_BYTES] = "too long";
    bool is_known = false;
    bool is_resolved = false;
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        size_t prefix = strlen(providers[i].prefix);
        if (size <= prefix || strncmp(begin, providers[i].prefix, prefix) != 0) continue;
        size_t length = size - prefix - 1;
        is_known = true;
        if (length >= sizeof rest) break;
        memcpy(rest, begin + prefix, length);
        rest[length] = '\0';
        is_resolved = providers[i].resolve(rest, to, cause);
        break;
    }
    if (is_resolved) return true;
    if (!is_known) { // maybe a part of a password: not to be shown
        (void)snprintf(why, REFERENCE_WHY_BYTES, "a reference in it is to none of file, dir, env");
        return false;
    }
    int shown = (int)(size < 120 ? size : 120);
    (void)snprintf(why, REFERENCE_WHY_BYTES, "%.*s: %s", shown, begin, cause);
    return false;
}

bool reference_resolve(const char *value, struct buf *to, char why[REFERENCE_WHY_BYTES]) {
    must(value != NULL);
    const char *begin;
    size_t size;
    for (; find(value, &begin, &size); value = begin + size) {
        secret_append(to, value, (size_t)(begin - value));
        if (!resolve_one(begin, size, to, why)) return false;
    }
    secret_append_string(to, value);
    return true;
}
