// SPDX-License-Identifier: Apache-2.0
// A subscription is the same two members wherever it stands.
#include "server/json/subscription.h"

#include "server/base/must.h"
#include "server/json/body.h"

#include <stdio.h>
#include <string.h>

/// More properties than there are options.
enum { MOST_ENTRIES = 256 };

/// How many members or items the object or array that comes next has.
static size_t count_items(struct body *body, bool is_object) {
    struct cursor counting = body->cursor;
    struct kc_bytes key;
    size_t count = 0;
    if (is_object) {
        cursor_enter_object(&counting);
    } else {
        cursor_enter_array(&counting);
    }
    while (is_object ? cursor_next_key(&counting, body->pool, &key) : cursor_next_item(&counting)) {
        (void)cursor_take_raw(&counting);
        count++;
    }
    return count;
}

static bool read_topics(struct body *body, struct subscription_request *request) {
    must(request->topics == NULL);
    if (cursor_kind(&body->cursor) != CURSOR_ARRAY) {
        return complain(body->complaint, "topics: not an array");
    }
    size_t count = count_items(body, false);
    request->topics = pool_array(body->pool, count + 1, sizeof *request->topics);
    cursor_enter_array(&body->cursor);
    while (cursor_next_item(&body->cursor)) {
        char field[BODY_PATH_BYTES];
        (void)snprintf(field, sizeof field, "topics[%zu]", request->count);
        if (!body_read_name(body, field, &request->topics[request->count++])) return false;
    }
    return true;
}

/// Reads the member if it is one of a subscription; `known` says whether it is.
static bool read_member(
    struct body *body, struct kc_bytes key, struct subscription_request *request, bool *known
) {
    bool is_topics = body_key_is(key, "topics");
    bool is_pattern = body_key_is(key, "pattern");
    bool again = (is_topics && request->topics) || (is_pattern && request->pattern);
    *known = is_topics || is_pattern;
    if (again) return body_complain_of_key(body, key, true);
    if (is_topics) return read_topics(body, request);
    return !is_pattern || body_read_name(body, "pattern", &request->pattern);
}

static bool is_one(const struct subscription_request *request, struct complaint *complaint) {
    if (!request->topics || !request->pattern) return true;
    return complain(complaint, "topics and pattern exclude each other");
}

bool request_read_subscription(
    struct kc_bytes text,
    struct pool *pool,
    struct subscription_request *request,
    struct complaint *complaint
) {
    must(request != NULL);
    struct body body;
    struct kc_bytes key;
    bool known;
    *request = (struct subscription_request){ 0 };
    if (!body_begin(&body, text, pool, complaint)) return false;
    while (cursor_next_key(&body.cursor, pool, &key)) {
        if (!read_member(&body, key, request, &known)) return false;
        if (!known) return body_complain_of_key(&body, key, false);
    }
    if (!is_one(request, complaint)) return false;
    if (!request->topics && !request->pattern) {
        return complain(complaint, "topics or pattern is missing");
    }
    if (request->topics && request->count == 0) {
        return complain(complaint, "topics: empty; DELETE ends a subscription");
    }
    return true;
}

static bool read_value(struct body *body, struct config_entry *entry) {
    char field[BODY_PATH_BYTES];
    struct kc_bytes raw;
    (void)snprintf(field, sizeof field, "config.%.40s", entry->key);
    switch (cursor_kind(&body->cursor)) {
    case CURSOR_STRING:
        if (!body_read_string(body, field, &raw)) return false;
        entry->value = (const char *)raw.data;
        if (strlen(entry->value) == raw.size) return true;
        return complain(body->complaint, "%s: has a NUL character in it", field);
    case CURSOR_NULL: (void)cursor_take_raw(&body->cursor); return true;
    case CURSOR_NUMBER:
    case CURSOR_TRUE:
    case CURSOR_FALSE:
        raw = cursor_take_raw(&body->cursor);
        entry->value = pool_copy(body->pool, raw.data, raw.size);
        return true;
    case CURSOR_OBJECT:
    case CURSOR_ARRAY: break;
    }
    return complain(body->complaint, "%s: neither a text nor a number, true or false", field);
}

static bool has_entry(const struct consumer_request *request, struct kc_bytes key) {
    for (size_t i = 0; i < request->entry_count; i++) {
        if (body_key_is(key, request->entries[i].key)) return true;
    }
    return false;
}

static bool read_config(struct body *body, struct consumer_request *request) {
    must(request->entries == NULL);
    if (cursor_kind(&body->cursor) != CURSOR_OBJECT) {
        return complain(body->complaint, "config: not an object");
    }
    size_t count = count_items(body, true);
    struct kc_bytes key;
    if (count > MOST_ENTRIES) {
        return complain(body->complaint, "config: more than %d properties", MOST_ENTRIES);
    }
    request->entries = pool_array(body->pool, count + 1, sizeof *request->entries);
    cursor_enter_object(&body->cursor);
    (void)snprintf(body->path, sizeof body->path, "config.");
    while (cursor_next_key(&body->cursor, body->pool, &key)) {
        bool again = has_entry(request, key);
        if (!key.data || again) return body_complain_of_key(body, key, again);
        struct config_entry *entry = &request->entries[request->entry_count++];
        entry->key = (const char *)key.data;
        if (!read_value(body, entry)) return false;
    }
    body->path[0] = '\0';
    return true;
}

bool request_read_consumer(
    struct kc_bytes text,
    struct pool *pool,
    struct consumer_request *request,
    struct complaint *complaint
) {
    must(request != NULL);
    struct body body;
    struct kc_bytes key;
    bool known;
    *request = (struct consumer_request){ 0 };
    if (!body_begin(&body, text, pool, complaint)) return false;
    while (cursor_next_key(&body.cursor, pool, &key)) {
        if (!read_member(&body, key, &request->subscription, &known)) return false;
        if (known) continue;
        bool is_config = body_key_is(key, "config");
        if (!is_config || request->entries) return body_complain_of_key(&body, key, is_config);
        if (!read_config(&body, request)) return false;
    }
    return is_one(&request->subscription, complaint);
}

bool request_read_reason(
    struct kc_bytes text, struct pool *pool, const char **reason, struct complaint *complaint
) {
    must(reason != NULL);
    struct body body;
    struct kc_bytes key;
    bool given = false;
    if (!body_begin(&body, text, pool, complaint)) return false;
    while (cursor_next_key(&body.cursor, pool, &key)) {
        bool known = body_key_is(key, "reason");
        if (!known || given) return body_complain_of_key(&body, key, known);
        given = true;
        if (!body_read_name(&body, "reason", reason)) return false;
    }
    return true;
}
