// SPDX-License-Identifier: Apache-2.0
// A message as one line: Name{field=value ...}, for logs and failed tests. What a peer sent is
// escaped.
#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_struct(const struct schema *schema, int16_t version, const void *, struct buf *);

static void append_text(struct buf *out, const char *text) {
    buf_append(out, text, strlen(text));
}

static void append_escaped(struct buf *out, struct slice text) {
    buf_append_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        char escape[8];
        if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\') {
            buf_append_byte(out, byte);
            continue;
        }
        (void)snprintf(escape, sizeof escape, "\\x%02x", byte);
        append_text(out, escape);
    }
    buf_append_byte(out, '"');
}

static void append_number(struct buf *out, int64_t number, const char *unit) {
    char text[48];
    (void)snprintf(text, sizeof text, "%" PRId64 "%s", number, unit);
    append_text(out, text);
}

static void print_slice(const struct field *field, struct slice slice, struct buf *out) {
    must(slice.data != NULL || slice.size == 0);
    if (!slice.data) {
        append_text(out, "null");
    } else if (field->type == FIELD_STRING) {
        append_escaped(out, slice);
    } else {
        append_number(out, (int64_t)slice.size, "B");
    }
}

static void print_value(
    const struct field *field, int16_t version, const void *value, struct buf *out
) {
    switch (field->type) {
    case FIELD_BOOL: append_text(out, *(const bool *)value ? "true" : "false"); return;
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64: append_number(out, field_get_number(field, value), ""); return;
    case FIELD_UUID: {
        char text[UUID_TEXT_SIZE];
        uuid_print(*(const struct uuid *)value, text);
        append_text(out, text);
        return;
    }
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS: print_slice(field, *(const struct slice *)value, out); return;
    case FIELD_STRUCT: print_struct(field->schema, version, value, out); return;
    }
}

static void print_field(
    const struct field *field, int16_t version, const uint8_t *message, struct buf *out
) {
    append_text(out, field->name);
    buf_append_byte(out, '=');
    const void *member = message + field->offset;
    if (!field->is_array) {
        print_value(field, version, member, out);
        return;
    }
    int32_t count = *(const int32_t *)(const void *)(message + field->count_offset);
    if (count < 0) {
        append_text(out, "null");
        return;
    }
    const uint8_t *elements = *(const void *const *)member;
    must(count == 0 || elements != NULL);
    buf_append_byte(out, '[');
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) buf_append_byte(out, ' ');
        print_value(field, version, elements, out);
        elements += field_element_size(field);
    }
    buf_append_byte(out, ']');
}

static void print_struct(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
) {
    buf_append_byte(out, '{');
    bool first = true;
    for (size_t i = 0; i < schema->field_count; i++) {
        if (!field_in_version(&schema->fields[i], version)) continue;
        if (!first) buf_append_byte(out, ' ');
        print_field(&schema->fields[i], version, message, out);
        first = false;
    }
    buf_append_byte(out, '}');
}

void schema_print(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
) {
    must(schema != NULL && message != NULL && out != NULL);
    append_text(out, schema->name);
    print_struct(schema, version, message, out);
}
