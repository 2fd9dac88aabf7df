// SPDX-License-Identifier: Apache-2.0
// Bodies that say what a consumer is to read.
#include "server/json/subscription.h"

#include "server/base/must.h"
#include "server/json/body.h"

#include <stdio.h>

static bool read_topics(struct body *body, struct subscription_request *request) {
    if (cursor_kind(&body->cursor) != CURSOR_ARRAY) {
        return complain(body->complaint, "topics: not an array");
    }
    struct cursor counting = body->cursor;
    size_t count = 0;
    cursor_enter_array(&counting);
    for (; cursor_next_item(&counting); count++)
        (void)cursor_take_raw(&counting);
    request->topics = pool_array(body->pool, count + 1, sizeof *request->topics);
    cursor_enter_array(&body->cursor);
    while (cursor_next_item(&body->cursor)) {
        char field[BODY_PATH_BYTES];
        (void)snprintf(field, sizeof field, "topics[%zu]", request->count);
        if (!body_read_name(body, field, &request->topics[request->count++])) return false;
    }
    if (count == 0) return complain(body->complaint, "topics: empty; DELETE ends a subscription");
    return true;
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
    *request = (struct subscription_request){ 0 };
    if (!body_begin(&body, text, pool, complaint)) return false;
    bool pattern = false;
    while (cursor_next_key(&body.cursor, pool, &key)) {
        if (body_key_is(key, "topics") && !request->topics) {
            if (!read_topics(&body, request)) return false;
        } else if (body_key_is(key, "pattern") && !pattern) {
            pattern = true;
            (void)cursor_take_raw(&body.cursor);
        } else {
            return body_complain_of_key(
                &body, key, body_key_is(key, "topics") || body_key_is(key, "pattern")
            );
        }
    }
    if (pattern && request->topics)
        return complain(complaint, "topics and pattern exclude each other");
    if (pattern) return complain(complaint, "pattern: subscribing by pattern is not supported yet");
    return request->topics || complain(complaint, "topics is missing");
}
