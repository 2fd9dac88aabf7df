// SPDX-License-Identifier: Apache-2.0
// What all bodies have in common. The text is checked as a whole before anything of it is read.
#include "server/json/body.h"

#include "server/base/must.h"
#include "server/json/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool complain(struct complaint *complaint, const char *format, ...) {
    must(complaint != NULL);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
    va_end(arguments);
    return false;
}

bool body_begin(
    struct body *body, struct kc_bytes text, struct pool *pool, struct complaint *complaint
) {
    must(pool != NULL && complaint != NULL);
    struct check_fault fault;
    *body = (struct body){ .pool = pool, .complaint = complaint };
    if (!text.data || !check_json(text, REQUEST_MOST_DEPTH, &fault)) {
        if (!text.data) fault = (struct check_fault){ 0, "nothing" };
        complaint->is_syntax = true;
        return complain(complaint, "the body is no JSON: %s at byte %zu", fault.why, fault.at);
    }
    body->cursor = cursor_begin(text);
    if (cursor_kind(&body->cursor) != CURSOR_OBJECT) {
        return complain(complaint, "the body: not an object");
    }
    cursor_enter_object(&body->cursor);
    return true;
}

bool body_key_is(struct kc_bytes key, const char *name) {
    return key.data && key.size == strlen(name) && memcmp(key.data, name, key.size) == 0;
}

bool body_read_string(struct body *body, const char *field, struct kc_bytes *bytes) {
    if (cursor_kind(&body->cursor) != CURSOR_STRING) {
        return complain(body->complaint, "%s%s: not a string", body->path, field);
    }
    *bytes = cursor_take_string(&body->cursor, body->pool);
    if (!bytes->data) {
        return complain(
            body->complaint, "%s%s: half of a surrogate pair is no text", body->path, field
        );
    }
    return true;
}

bool body_read_name(struct body *body, const char *field, const char **name) {
    struct kc_bytes bytes = { NULL, 0 };
    if (!body_read_string(body, field, &bytes)) return false;
    if (bytes.size == 0 || memchr(bytes.data, 0, bytes.size)) {
        return complain(
            body->complaint,
            "%s%s: %s",
            body->path,
            field,
            bytes.size == 0 ? "empty" : "has a NUL character in it"
        );
    }
    *name = (const char *)bytes.data;
    return true;
}

bool body_complain_of_key(struct body *body, struct kc_bytes key, bool repeated) {
    body->complaint->is_unknown = !repeated;
    return complain(
        body->complaint,
        "%s%.60s: %s",
        body->path,
        key.data ? (const char *)key.data : "?",
        repeated ? "given twice" : "not a field of this call"
    );
}
