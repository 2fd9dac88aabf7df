// SPDX-License-Identifier: Apache-2.0
// A list with one entry a key, in the order of their first notes. It is short, and searched from
// its beginning.
#include "server/origins.h"

#include "server/base/must.h"
#include "server/base/pool.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const char *key;
    struct origin origin;
};

struct origins {
    struct entry *entries;
    size_t count;
    size_t capacity;
    struct pool pool;
};

static const struct origin by_default = { ORIGIN_DEFAULT, "", NULL, NULL };

struct origins *origins_new(void) {
    return must_have(sizeof(struct origins));
}

void origins_free(struct origins *origins) {
    if (!origins) return;
    pool_dispose(&origins->pool);
    free(origins->entries);
    free(origins);
}

static struct entry *find(const struct origins *origins, const char *key) {
    must(key != NULL);
    for (size_t i = 0; i < origins->count; i++) {
        if (strcmp(origins->entries[i].key, key) == 0) return &origins->entries[i];
    }
    return NULL;
}

static struct entry *add(struct origins *origins, const char *key) {
    if (origins->count == origins->capacity) {
        origins->capacity = origins->capacity * 2 + 16;
        size_t size = origins->capacity * sizeof *origins->entries;
        origins->entries = must_grow(origins->entries, size);
    }
    must(origins->count < origins->capacity);
    struct entry *entry = &origins->entries[origins->count++];
    entry->key = pool_string(&origins->pool, key);
    return entry;
}

void origins_note(struct origins *origins, const char *key, struct origin origin) {
    must(origin.place != NULL);
    struct entry *entry = find(origins, key);
    if (!entry) entry = add(origins, key);
    origin.place = pool_string(&origins->pool, origin.place);
    origin.spelt = pool_string(&origins->pool, origin.spelt);
    entry->origin = origin;
}

const struct origin *origins_find(const struct origins *origins, const char *key) {
    const struct entry *entry = find(origins, key);
    return entry ? &entry->origin : &by_default;
}

const char *origins_idle(
    const struct origins *origins, size_t index, const struct origin **origin
) {
    for (size_t i = 0; i < origins->count; i++) {
        const struct entry *entry = &origins->entries[i];
        if (!entry->origin.idle || index-- > 0) continue;
        *origin = &entry->origin;
        return entry->key;
    }
    return NULL;
}

const char *origins_kind_name(enum origin_kind kind) {
    switch (kind) {
    case ORIGIN_DEFAULT: return "default";
    case ORIGIN_FILE: return "file";
    case ORIGIN_ENVIRONMENT: return "environment";
    case ORIGIN_FLAG: return "flag";
    case ORIGIN_SET: return "set";
    }
    must(!"an origin that is none");
    return "";
}
