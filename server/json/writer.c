// SPDX-License-Identifier: Apache-2.0
// Tokens of JSON; a comma is due unless the last byte opens something or ends a key.
#include "server/json/writer.h"

#include "server/base/must.h"
#include "server/json/base64.h"
#include "server/json/number.h"
#include "server/json/text.h"

#include <string.h>

/// Before a key or an item. A line end separates the documents of NDJSON.
static void separate(struct out *out) {
    if (out->size == 0) return;
    char last = out->data[out->size - 1];
    if (last != '{' && last != '[' && last != ':' && last != '\n') out_byte(out, ',');
}

void writer_begin_object(struct out *out) {
    separate(out);
    out_byte(out, '{');
}

void writer_end_object(struct out *out) {
    must(out->size > 0 && out->data[out->size - 1] != ':');
    out_byte(out, '}');
}

void writer_begin_array(struct out *out) {
    separate(out);
    out_byte(out, '[');
}

void writer_end_array(struct out *out) {
    must(out->size > 0 && out->data[out->size - 1] != ':');
    out_byte(out, ']');
}

static void write_key(struct out *out, const char *key, const char *tail) {
    must(out->size > 0 && out->data[out->size - 1] != ':');
    separate(out);
    out_byte(out, '"');
    out_string(out, key);
    out_string(out, tail);
    OUT_LITERAL(out, "\":");
}

void writer_key(struct out *out, const char *key) {
    write_key(out, key, "");
}

void writer_string(struct out *out, const char *text) {
    separate(out);
    if (!text) {
        OUT_LITERAL(out, "null");
        return;
    }
    out_byte(out, '"');
    text_escape_lossy(out, (struct kc_bytes){ (const uint8_t *)text, strlen(text) });
    out_byte(out, '"');
}

void writer_integer(struct out *out, int64_t number) {
    must(out != NULL);
    separate(out);
    number_append(out, number);
}

void writer_member_string(struct out *out, const char *key, const char *text) {
    writer_key(out, key);
    writer_string(out, text);
}

void writer_member_integer(struct out *out, const char *key, int64_t number) {
    writer_key(out, key);
    number_append(out, number);
}

void writer_member_known(struct out *out, const char *key, int64_t number) {
    if (number < 0) {
        writer_member_null(out, key);
    } else {
        writer_member_integer(out, key, number);
    }
}

void writer_member_boolean(struct out *out, const char *key, bool value) {
    must(key != NULL);
    writer_key(out, key);
    out_string(out, value ? "true" : "false");
}

void writer_member_null(struct out *out, const char *key) {
    writer_key(out, key);
    OUT_LITERAL(out, "null");
}

void writer_member_bytes(struct out *out, const char *key, struct kc_bytes bytes) {
    if (!bytes.data) {
        writer_member_null(out, key);
        return;
    }
    size_t before = out->size;
    writer_key(out, key);
    out_byte(out, '"');
    if (text_escape(out, bytes)) {
        out_byte(out, '"');
        return;
    }
    out->size = before;
    writer_member_base64(out, key, bytes);
}

void writer_member_base64(struct out *out, const char *key, struct kc_bytes bytes) {
    write_key(out, key, "_base64");
    if (!bytes.data) {
        OUT_LITERAL(out, "null");
        return;
    }
    out_byte(out, '"');
    base64_append(out, bytes);
    out_byte(out, '"');
}
