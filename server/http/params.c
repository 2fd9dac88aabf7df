// SPDX-License-Identifier: Apache-2.0
// A query is a short list: it is searched from its beginning each time.
#include "server/http/params.h"

#include "server/base/must.h"
#include "server/json/number.h"
#include "server/json/timestamp.h"

#include <string.h>

enum { FIRST_CAPACITY = 8 };

void params_add(struct params *params, struct pool *pool, const char *name, const char *value) {
    must(name != NULL && value != NULL);
    if (params->count == params->capacity) {
        size_t capacity = params->capacity ? params->capacity * 2 : FIRST_CAPACITY;
        struct param *items = pool_array(pool, capacity, sizeof *items);
        if (params->items) memcpy(items, params->items, params->count * sizeof *items);
        params->items = items;
        params->capacity = capacity;
    }
    params->items[params->count++] = (struct param){ name, value };
}

/// True when `name` is among `known`; `repeatable` says whether it has a star.
static bool is_known(const char *known, const char *name, bool *repeatable) {
    size_t length = strlen(name);
    for (const char *at = known; *at;) {
        size_t word = strcspn(at, " *");
        *repeatable = at[word] == '*';
        if (word == length && memcmp(at, name, word) == 0) return true;
        at += word + strspn(at + word, " *");
    }
    return false;
}

static size_t times_given(const struct params *params, const char *name) {
    size_t times = 0;
    for (size_t i = 0; i < params->count; i++)
        times += strcmp(params->items[i].name, name) == 0;
    return times;
}

bool params_check(const struct params *params, const char *known, struct complaint *complaint) {
    must(known != NULL);
    for (size_t i = 0; i < params->count; i++) {
        const char *name = params->items[i].name;
        bool repeatable = false;
        if (!is_known(known, name, &repeatable)) {
            complaint->is_unknown = true;
            return complain(complaint, "%.60s: not a parameter of this call", name);
        }
        if (!repeatable && times_given(params, name) > 1) {
            return complain(complaint, "%.60s: given twice", name);
        }
    }
    return true;
}

const char *params_find(const struct params *params, const char *name) {
    must(name != NULL);
    for (size_t i = 0; i < params->count; i++) {
        if (strcmp(params->items[i].name, name) == 0) return params->items[i].value;
    }
    return NULL;
}

bool params_whole_number(const char *text, int64_t *number) {
    must(text != NULL);
    struct kc_bytes bytes = { (const uint8_t *)text, strlen(text) };
    return number_parse(bytes, number) == NUMBER_WHOLE;
}

static bool read_integer(
    const char *name,
    const char *text,
    int64_t bounds[2],
    int64_t *number,
    struct complaint *complaint
) {
    must(bounds[0] <= bounds[1]);
    int64_t found = 0;
    enum number_text kind =
        number_parse((struct kc_bytes){ (const uint8_t *)text, strlen(text) }, &found);
    if (kind == NUMBER_WHOLE && found >= bounds[0] && found <= bounds[1]) {
        *number = found;
        return true;
    }
    if (kind == NUMBER_NOT_WHOLE) {
        return complain(complaint, "%s: '%.40s' is not a whole number", name, text);
    }
    return complain(
        complaint,
        "%s: %.40s is not between %lld and %lld",
        name,
        text,
        (long long)bounds[0],
        (long long)bounds[1]
    );
}

bool params_integer(
    const struct params *params,
    const char *name,
    int64_t least,
    int64_t most,
    int64_t *number,
    struct complaint *complaint
) {
    const char *text = params_find(params, name);
    return !text || read_integer(name, text, (int64_t[]){ least, most }, number, complaint);
}

bool params_boolean(
    const struct params *params, const char *name, bool *value, struct complaint *complaint
) {
    must(value != NULL);
    const char *text = params_find(params, name);
    if (!text) return true;
    *value = strcmp(text, "true") == 0;
    if (*value || strcmp(text, "false") == 0) return true;
    return complain(complaint, "%s: '%.40s' is neither true nor false", name, text);
}

const char *params_about_partitions(const struct params *params) {
    static const char about[] = "tp topic partition offset to timestamp";
    bool repeatable;
    for (size_t i = 0; i < params->count; i++) {
        must(params->items[i].name != NULL);
        if (is_known(about, params->items[i].name, &repeatable)) return params->items[i].name;
    }
    return NULL;
}

/// Where a query's partitions are to go.
struct place {
    bool given;
    struct seek_target target;
    int64_t offset;
    int64_t timestamp_ms;
};

/// Milliseconds since 1970, or a time as text.
static bool read_timestamp(const struct params *params, int64_t *ms, struct complaint *why) {
    const char *text = params_find(params, "timestamp");
    must(ms != NULL);
    if (!text) return true;
    const char *digits = text + (text[0] == '-');
    bool is_number = digits[strspn(digits, "0123456789")] == '\0';
    if (is_number) return params_integer(params, "timestamp", 0, INT64_MAX, ms, why);
    if (timestamp_parse((struct kc_bytes){ (const uint8_t *)text, strlen(text) }, ms)) return true;
    return complain(
        why,
        "timestamp: '%.40s' is no time since 1970 such as " TIMESTAMP_EXAMPLE
        ", nor a whole number "
        "of milliseconds",
        text
    );
}

static bool read_place(
    const struct params *params, enum request_kind kind, struct place *place, struct complaint *why
) {
    const char *to = params_find(params, "to");
    bool has_offset = params_find(params, "offset") != NULL;
    bool has_timestamp = params_find(params, "timestamp") != NULL;
    *place = (struct place){ .offset = -1, .timestamp_ms = -1 };
    place->given = to || has_offset || has_timestamp;
    if ((to != NULL) + has_offset + has_timestamp > 1) {
        return complain(why, "offset, to and timestamp exclude each other");
    }
    if (!params_integer(params, "offset", 0, INT64_MAX, &place->offset, why)) return false;
    if (!read_timestamp(params, &place->timestamp_ms, why)) return false;
    place->target = (struct seek_target){
        .kind = has_timestamp ? KC_TO_TIMESTAMP : KC_TO_OFFSET,
        .offset = place->offset,
        .timestamp_ms = place->timestamp_ms,
    };
    if (to && !seek_target_find(to, &place->target)) {
        return complain(why, "to: '%.40s' is none of beginning, end, committed", to);
    }
    if (kind == REQUEST_TIMES && !has_timestamp) return complain(why, "timestamp is missing");
    return kind != REQUEST_SEEK || place->given ||
           complain(why, "one of offset, to and timestamp is missing");
}

static void add(
    struct partition_list *list,
    struct pool *pool,
    enum request_kind kind,
    const struct place *place,
    struct kc_partition named
) {
    must(named.topic != NULL);
    struct kc_partition *one = partition_list_add(list, pool, kind == REQUEST_SEEK);
    one->topic = named.topic;
    one->partition = named.partition;
    one->offset = place->offset;
    one->timestamp_ms = place->timestamp_ms;
    if (kind == REQUEST_SEEK) list->targets[list->count - 1] = place->target;
}

static bool read_partition(
    const char *name, const char *text, int32_t *partition, struct complaint *why
) {
    int64_t number = 0;
    if (!read_integer(name, text, (int64_t[]){ 0, INT32_MAX }, &number, why)) return false;
    *partition = (int32_t)number;
    return true;
}

/// Reads topic:partition; the name of a topic has no colon.
static bool read_pair(
    const char *text, struct pool *pool, struct kc_partition *named, struct complaint *why
) {
    must(text != NULL);
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text) {
        return complain(why, "tp: '%.60s' is not topic:partition", text);
    }
    named->topic = pool_copy(pool, text, (size_t)(colon - text));
    return read_partition("tp", colon + 1, &named->partition, why);
}

bool params_partitions(
    const struct params *params,
    enum request_kind kind,
    struct pool *pool,
    struct partition_list *list,
    struct complaint *complaint
) {
    const char *topic = params_find(params, "topic");
    const char *partition = params_find(params, "partition");
    struct place place;
    struct kc_partition named = { .topic = topic };
    *list = (struct partition_list){ 0 };
    if ((topic != NULL) != (partition != NULL)) {
        return complain(complaint, "%s is missing", topic ? "partition" : "topic");
    }
    if (!read_place(params, kind, &place, complaint)) return false;
    if (topic && (topic[0] == '\0' ||
                  !read_partition("partition", partition, &named.partition, complaint))) {
        return topic[0] != '\0' ? false : complain(complaint, "topic: empty");
    }
    if (topic) add(list, pool, kind, &place, named);
    for (size_t i = 0; i < params->count; i++) {
        if (strcmp(params->items[i].name, "tp") != 0) continue;
        if (!read_pair(params->items[i].value, pool, &named, complaint)) return false;
        add(list, pool, kind, &place, named);
    }
    list->given = list->count > 0;
    if (list->given) {
        bool complete = kind != REQUEST_COMMIT || place.offset >= 0;
        return complete || complain(complaint, "offset is missing");
    }
    if (!place.given) return true;
    list->has_common_target = kind == REQUEST_SEEK && params_find(params, "to") != NULL;
    list->common_target = place.target;
    return list->has_common_target || complain(complaint, "tp is missing: which partitions?");
}
