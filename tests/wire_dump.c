// SPDX-License-Identifier: Apache-2.0
// Prints every field table, as it is in each version, one JSON object a line, for
// tests/wire_definitions.py to compare with Kafka's own definitions.
#include "consumer/wire/field.h"
#include "tests/unit/wire/catalog.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const type_names[] = {
    [FIELD_BOOL] = "bool",       [FIELD_INT8] = "int8",     [FIELD_INT16] = "int16",
    [FIELD_UINT16] = "uint16",   [FIELD_INT32] = "int32",   [FIELD_INT64] = "int64",
    [FIELD_UUID] = "uuid",       [FIELD_STRING] = "string", [FIELD_BYTES] = "bytes",
    [FIELD_RECORDS] = "records", [FIELD_STRUCT] = "struct",
};

static void print_fields(const struct schema *schema, int16_t version);

static void print_default(const struct field *field) {
    switch (field->type) {
    case FIELD_BOOL: (void)printf("%s", field->default_value ? "true" : "false"); return;
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64: (void)printf("%" PRId64, field->default_value); return;
    case FIELD_UUID:
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS:
    case FIELD_STRUCT: (void)printf("\"\""); return;
    }
}

static void print_field(const struct field *field, int16_t version) {
    (void)printf(
        "{\"name\":\"%s\",\"type\":\"%s%s\",\"nullable\":%s,\"plain\":%s,\"tag\":",
        field->name,
        field->is_array ? "[]" : "",
        type_names[field->type],
        field_nullable_in_version(field, version) ? "true" : "false",
        field->is_plain ? "true" : "false"
    );
    if (field->is_tagged) {
        (void)printf("%" PRIu32 ",\"default\":", field->tag);
    } else {
        (void)printf("null,\"default\":");
    }
    if (field->default_null) {
        (void)printf("null");
    } else if (field->is_array) {
        (void)printf("[]");
    } else {
        print_default(field);
    }
    if (field->type == FIELD_STRUCT) {
        (void)printf(",\"fields\":");
        print_fields(field->schema, version);
    }
    (void)printf("}");
}

static void print_fields(const struct schema *schema, int16_t version) {
    const char *separator = "";
    (void)printf("[");
    for (size_t i = 0; i < schema->field_count; i++) {
        if (!field_in_version(&schema->fields[i], version)) continue;
        (void)printf("%s", separator);
        print_field(&schema->fields[i], version);
        separator = ",";
    }
    (void)printf("]");
}

int main(void) {
    for (size_t i = 0; i < catalog_size(); i++) {
        struct catalog_entry entry = catalog_at(i);
        for (int16_t version = entry.min_version; version <= entry.max_version; version++) {
            if (!catalog_has(entry, version)) continue;
            (void)printf(
                "{\"message\":\"%s\",\"key\":%d,\"version\":%d,\"flexible\":%s,\"fields\":",
                entry.schema->name,
                entry.api_key,
                version,
                schema_is_flexible(entry.schema, version) ? "true" : "false"
            );
            print_fields(entry.schema, version);
            (void)printf("}\n");
        }
    }
    return 0;
}
