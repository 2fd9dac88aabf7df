// SPDX-License-Identifier: Apache-2.0
// A body is checked as a whole first; then each object's keys are looked up in the table of fields
// and its values read by the field's own reader.
#include "server/json/requests.h"

#include "server/base/must.h"
#include "server/json/body.h"
#include "server/json/number.h"
#include "server/json/timestamp.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

/// The fields of an item, as bits.
enum item_field {
    FIELD_TOPIC = 1,
    FIELD_PARTITION = 2,
    FIELD_OFFSET = 4,
    FIELD_TARGET = 8, ///< "offset" of a seek: a number, a word, or {"timestamp":…}
    FIELD_LEADER_EPOCH = 16,
    FIELD_METADATA = 32,
    FIELD_TIMESTAMP = 64,
};

/// What the body of each call looks like.
static const struct shape {
    const char *list;
    unsigned required;
    unsigned optional;
} shapes[] = {
    [REQUEST_COMMIT] = { "offsets",
                         FIELD_TOPIC | FIELD_PARTITION | FIELD_OFFSET,
                         FIELD_LEADER_EPOCH | FIELD_METADATA },
    [REQUEST_ASSIGN] = { "partitions", FIELD_TOPIC | FIELD_PARTITION, FIELD_OFFSET },
    [REQUEST_NAMED] = { "partitions", FIELD_TOPIC | FIELD_PARTITION, 0 },
    [REQUEST_SEEK] = { "partitions", FIELD_TOPIC | FIELD_PARTITION | FIELD_TARGET, 0 },
    [REQUEST_TIMES] = { "timestamps", FIELD_TOPIC | FIELD_PARTITION | FIELD_TIMESTAMP, 0 },
};

struct kc_partition *partition_list_add(
    struct partition_list *list, struct pool *pool, bool target
) {
    must(list->count <= list->capacity);
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
        struct kc_partition *partitions = pool_array(pool, capacity, sizeof *partitions);
        struct seek_target *targets = pool_array(pool, capacity, sizeof *targets);
        if (list->partitions) {
            memcpy(partitions, list->partitions, list->count * sizeof *partitions);
            if (target) memcpy(targets, list->targets, list->count * sizeof *targets);
        }
        list->partitions = partitions;
        list->targets = target ? targets : NULL;
        list->capacity = capacity;
    }
    struct kc_partition *partition = &list->partitions[list->count++];
    partition->leader_epoch = -1;
    partition->offset = -1;
    partition->timestamp_ms = -1;
    return partition;
}

bool seek_target_find(const char *word, struct seek_target *target) {
    static const struct {
        const char *word;
        enum kc_target kind;
    } words[] = {
        { "beginning", KC_TO_BEGINNING },
        { "end", KC_TO_END },
        { "committed", KC_TO_COMMITTED },
    };

    must(word != NULL && target != NULL);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i].word) != 0) continue;
        *target = (struct seek_target){ .kind = words[i].kind };
        return true;
    }
    return false;
}

static bool read_integer(
    struct body *body, const char *field, int64_t least, int64_t most, int64_t *number
) {
    must(least <= most);
    struct kc_bytes raw = cursor_take_raw(&body->cursor);
    int shown = raw.size > 40 ? 40 : (int)raw.size;
    const char *text = (const char *)raw.data;
    enum number_text found = number_parse(raw, number);
    if (found == NUMBER_NOT_WHOLE) {
        return complain(
            body->complaint, "%s%s: %.*s is not a whole number", body->path, field, shown, text
        );
    }
    if (found == NUMBER_TOO_LARGE || *number < least || *number > most) {
        return complain(
            body->complaint,
            "%s%s: %.*s is not between %lld and %lld",
            body->path,
            field,
            shown,
            text,
            (long long)least,
            (long long)most
        );
    }
    return true;
}

/// Milliseconds since 1970 as a number, or a time as text.
static bool read_timestamp(struct body *body, const char *field, int64_t *timestamp_ms) {
    struct kc_bytes text = { NULL, 0 };
    if (cursor_kind(&body->cursor) != CURSOR_STRING) {
        return read_integer(body, field, 0, INT64_MAX, timestamp_ms);
    }
    if (!body_read_string(body, field, &text)) return false;
    if (timestamp_parse(text, timestamp_ms)) return true;
    return complain(
        body->complaint,
        "%s%s: \"%.40s\" is no time since 1970 such as " TIMESTAMP_EXAMPLE ", nor milliseconds",
        body->path,
        field,
        (const char *)text.data
    );
}

static bool read_timestamp_object(struct body *body, struct seek_target *target) {
    struct kc_bytes key;
    bool found = false;
    cursor_enter_object(&body->cursor);
    while (cursor_next_key(&body->cursor, body->pool, &key)) {
        bool known = key.data && strcmp((const char *)key.data, "timestamp") == 0 && !found;
        if (!known) {
            return complain(
                body->complaint, "%soffset: an object may have \"timestamp\" alone", body->path
            );
        }
        found = true;
        if (!read_timestamp(body, "offset.timestamp", &target->timestamp_ms)) return false;
    }
    target->kind = KC_TO_TIMESTAMP;
    return found || complain(body->complaint, "%soffset.timestamp is missing", body->path);
}

static bool read_word(struct body *body, const char *field, struct seek_target *target) {
    const char *word = NULL;
    if (!body_read_name(body, field, &word)) return false;
    if (seek_target_find(word, target)) return true;
    return complain(
        body->complaint,
        "%s%s: \"%.40s\" is none of \"beginning\", \"end\", \"committed\"",
        body->path,
        field,
        word
    );
}

static bool read_target(struct body *body, struct seek_target *target) {
    enum cursor_kind kind = cursor_kind(&body->cursor);
    if (kind == CURSOR_STRING) {
        const uint8_t *at = body->cursor.at;
        bool is_number = at[1] >= '0' && at[1] <= '9';
        if (!is_number) return read_word(body, "offset", target);
    }
    if (kind == CURSOR_OBJECT) return read_timestamp_object(body, target);
    target->kind = KC_TO_OFFSET;
    return read_integer(body, "offset", 0, INT64_MAX, &target->offset);
}

static bool read_metadata(struct body *body, struct kc_partition *partition) {
    struct kc_bytes bytes = { NULL, 0 };
    if (cursor_kind(&body->cursor) == CURSOR_NULL) {
        (void)cursor_take_raw(&body->cursor);
        return true;
    }
    if (!body_read_string(body, "metadata", &bytes)) return false;
    partition->metadata = (const char *)bytes.data;
    partition->metadata_size = bytes.size;
    return true;
}

/// Null says what -1 says: not known.
static bool read_leader_epoch(struct body *body, struct kc_partition *partition) {
    int64_t number = -1;
    if (cursor_kind(&body->cursor) == CURSOR_NULL) {
        (void)cursor_take_raw(&body->cursor);
    } else if (!read_integer(body, "leader_epoch", -1, INT32_MAX, &number)) {
        return false;
    }
    partition->leader_epoch = (int32_t)number;
    return true;
}

static bool read_partition_number(struct body *body, struct kc_partition *partition) {
    int64_t number = 0;
    if (!read_integer(body, "partition", 0, INT32_MAX, &number)) return false;
    partition->partition = (int32_t)number;
    return true;
}

/// The field of that name among `allowed`; 0 when there is none.
static unsigned find_field(struct kc_bytes key, unsigned allowed) {
    static const struct {
        const char *name;
        unsigned field;
    } names[] = {
        { "topic", FIELD_TOPIC },
        { "partition", FIELD_PARTITION },
        { "offset", FIELD_OFFSET },
        { "offset", FIELD_TARGET },
        { "leader_epoch", FIELD_LEADER_EPOCH },
        { "metadata", FIELD_METADATA },
        { "timestamp", FIELD_TIMESTAMP },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool same =
            key.size == strlen(names[i].name) && memcmp(key.data, names[i].name, key.size) == 0;
        if (same && (allowed & names[i].field)) return names[i].field;
    }
    return 0;
}

static bool read_field(
    struct body *body, unsigned field, struct kc_partition *partition, struct seek_target *target
) {
    switch ((enum item_field)field) {
    case FIELD_TOPIC: return body_read_name(body, "topic", &partition->topic);
    case FIELD_PARTITION: return read_partition_number(body, partition);
    case FIELD_OFFSET: return read_integer(body, "offset", 0, INT64_MAX, &partition->offset);
    case FIELD_TARGET: return read_target(body, target);
    case FIELD_LEADER_EPOCH: return read_leader_epoch(body, partition);
    case FIELD_METADATA: return read_metadata(body, partition);
    case FIELD_TIMESTAMP: return read_timestamp(body, "timestamp", &partition->timestamp_ms);
    }
    must(!"a field that is none");
    return false;
}

static bool complain_of_missing(struct body *body, unsigned missing) {
    must(missing != 0);
    const char *name = missing & FIELD_TOPIC       ? "topic"
                       : missing & FIELD_PARTITION ? "partition"
                       : missing & FIELD_TIMESTAMP ? "timestamp"
                                                   : "offset";
    return complain(body->complaint, "%s%s is missing", body->path, name);
}

static bool read_item(struct body *body, const struct shape *shape, struct partition_list *list) {
    if (cursor_kind(&body->cursor) != CURSOR_OBJECT) {
        body->path[strlen(body->path) - 1] = '\0';
        return complain(body->complaint, "%s: not an object", body->path);
    }
    bool has_target = (shape->required & FIELD_TARGET) != 0;
    struct kc_partition *partition = partition_list_add(list, body->pool, has_target);
    struct seek_target *target = has_target ? &list->targets[list->count - 1] : NULL;
    unsigned seen = 0;
    struct kc_bytes key;
    cursor_enter_object(&body->cursor);
    while (cursor_next_key(&body->cursor, body->pool, &key)) {
        unsigned field = key.data ? find_field(key, shape->required | shape->optional) : 0;
        if (field == 0 || (seen & field)) return body_complain_of_key(body, key, field != 0);
        seen |= field;
        if (!read_field(body, field, partition, target)) return false;
    }
    unsigned missing = shape->required & ~seen;
    return missing == 0 || complain_of_missing(body, missing);
}

static bool read_list(struct body *body, const struct shape *shape, struct partition_list *list) {
    must(!list->given);
    if (cursor_kind(&body->cursor) != CURSOR_ARRAY) {
        return complain(body->complaint, "%s: not an array", shape->list);
    }
    list->given = true;
    cursor_enter_array(&body->cursor);
    for (size_t i = 0; cursor_next_item(&body->cursor); i++) {
        (void)snprintf(body->path, sizeof body->path, "%s[%zu].", shape->list, i);
        if (!read_item(body, shape, list)) return false;
    }
    body->path[0] = '\0';
    return true;
}

bool request_read_partitions(
    struct kc_bytes text,
    enum request_kind kind,
    struct pool *pool,
    struct partition_list *list,
    struct complaint *complaint
) {
    must((size_t)kind < sizeof shapes / sizeof shapes[0]);
    const struct shape *shape = &shapes[kind];
    struct body body;
    struct kc_bytes key;
    *list = (struct partition_list){ 0 };
    if (!body_begin(&body, text, pool, complaint)) return false;
    while (cursor_next_key(&body.cursor, pool, &key)) {
        if (body_key_is(key, shape->list) && !list->given) {
            if (!read_list(&body, shape, list)) return false;
        } else if (kind == REQUEST_SEEK && body_key_is(key, "to") && !list->has_common_target) {
            list->has_common_target = true;
            if (!read_word(&body, "to", &list->common_target)) return false;
        } else {
            bool known =
                body_key_is(key, shape->list) || (kind == REQUEST_SEEK && body_key_is(key, "to"));
            return body_complain_of_key(&body, key, known);
        }
    }
    if (list->given && list->has_common_target) {
        return complain(complaint, "\"to\" and \"partitions\" exclude each other");
    }
    return true;
}
