// SPDX-License-Identifier: Apache-2.0
// Walks the tables as the interpreter does, but apart from it: a fault there is not repeated here.
#include "tests/unit/wire/sample.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"

#include <string.h>

enum { LONGEST_ARRAY = 3, LONGEST_STRING = 200 };

static int64_t some_number(const struct field *field, struct random *random) {
    if (field->type == FIELD_BOOL) return (int64_t)random_below(random, 2);
    int64_t highest = INT64_MAX >> (64 - 8 * field_element_size(field));
    int64_t lowest = -highest - 1;
    if (field->type == FIELD_UINT16) {
        highest = UINT16_MAX;
        lowest = 0;
    }
    switch (random_below(random, 4)) {
    case 0: return lowest;
    case 1: return highest;
    case 2: return 0;
    }
    return (int64_t)random_below(random, (uint64_t)highest);
}

static struct slice some_bytes(struct random *random, struct arena *arena) {
    size_t size = (size_t)random_below(random, LONGEST_STRING);
    if (random_below(random, 3) == 0) size = 0;
    uint8_t *bytes = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_below(random, 256);
    return (struct slice){ bytes, size };
}

static void fill_value(
    const struct field *field,
    int16_t version,
    struct random *random,
    struct arena *arena,
    void *value
) {
    switch (field->type) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64: field_set_number(field, value, some_number(field, random)); return;
    case FIELD_UUID:
        for (size_t i = 0; i < sizeof(struct uuid); i++)
            ((struct uuid *)value)->bytes[i] = (uint8_t)random_below(random, 256);
        return;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS: *(struct slice *)value = some_bytes(random, arena); return;
    case FIELD_STRUCT: sample_fill(field->schema, version, random, arena, value); return;
    }
}

static void fill_array(
    const struct field *field,
    int16_t version,
    struct random *random,
    struct arena *arena,
    uint8_t *message
) {
    int32_t count = (int32_t)random_below(random, LONGEST_ARRAY + 1);
    if (field_nullable_in_version(field, version) && random_below(random, 3) == 0) count = -1;
    uint8_t *elements = NULL;
    if (count > 0) elements = arena_array(arena, (size_t)count, field_element_size(field));
    memcpy(message + field->offset, &elements, sizeof elements);
    memcpy(message + field->count_offset, &count, sizeof count);
    for (int32_t i = 0; i < count; i++, elements += field_element_size(field))
        fill_value(field, version, random, arena, elements);
}

static bool is_slice(const struct field *field) {
    return field->type == FIELD_STRING || field->type == FIELD_BYTES ||
           field->type == FIELD_RECORDS;
}

void sample_fill(
    const struct schema *schema,
    int16_t version,
    struct random *random,
    struct arena *arena,
    void *message
) {
    must(random != NULL && arena != NULL);
    schema_init(schema, message);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_in_version(field, version)) continue;
        if (field->is_tagged && random_below(random, 3) == 0) continue;
        void *member = (uint8_t *)message + field->offset;
        bool nullable = field_nullable_in_version(field, version);
        if (field->is_array) {
            fill_array(field, version, random, arena, message);
        } else if (is_slice(field) && nullable && random_below(random, 3) == 0) {
            *(struct slice *)member = SLICE_NULL;
        } else {
            fill_value(field, version, random, arena, member);
        }
    }
}

static bool equal_values(const struct field *field, const void *a, const void *b) {
    if (field->type == FIELD_STRUCT) return sample_equal(field->schema, a, b);
    if (is_slice(field)) return slice_equal(*(const struct slice *)a, *(const struct slice *)b);
    return memcmp(a, b, field_element_size(field)) == 0;
}

static bool equal_arrays(const struct field *field, const uint8_t *a, const uint8_t *b) {
    const uint8_t *elements_a;
    const uint8_t *elements_b;
    int32_t count;
    memcpy(&elements_a, a + field->offset, sizeof(void *));
    memcpy(&elements_b, b + field->offset, sizeof(void *));
    memcpy(&count, a + field->count_offset, sizeof count);
    if (memcmp(&count, b + field->count_offset, sizeof count) != 0) return false;
    size_t stride = field_element_size(field);
    for (int32_t i = 0; i < count; i++, elements_a += stride, elements_b += stride) {
        if (!equal_values(field, elements_a, elements_b)) return false;
    }
    return true;
}

bool sample_equal(const struct schema *schema, const void *a, const void *b) {
    must(schema != NULL && a != NULL && b != NULL);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        const uint8_t *member_a = (const uint8_t *)a + field->offset;
        const uint8_t *member_b = (const uint8_t *)b + field->offset;
        bool equal =
            field->is_array ? equal_arrays(field, a, b) : equal_values(field, member_a, member_b);
        if (!equal) return false;
    }
    return true;
}
