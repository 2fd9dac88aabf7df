// SPDX-License-Identifier: Apache-2.0
// Questions to a row.
#include "consumer/wire/field.h"

#include "consumer/base/must.h"

bool field_in_version(const struct field *field, int16_t version) {
    must(version >= 0);
    return version >= field->since && (field->removed_in == 0 || version < field->removed_in);
}

bool field_nullable_in_version(const struct field *field, int16_t version) {
    must(version >= 0);
    return field->is_nullable && version >= field->nullable_since;
}

size_t field_element_size(const struct field *field) {
    switch (field->type) {
    case FIELD_BOOL: return sizeof(bool);
    case FIELD_INT8: return sizeof(int8_t);
    case FIELD_INT16:
    case FIELD_UINT16: return sizeof(int16_t);
    case FIELD_INT32: return sizeof(int32_t);
    case FIELD_INT64: return sizeof(int64_t);
    case FIELD_UUID: return sizeof(struct uuid);
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS: return sizeof(struct slice);
    case FIELD_STRUCT: return field->schema->size;
    }
    must(false && "a known type");
    return 0;
}

int64_t field_get_number(const struct field *field, const void *member) {
    switch (field->type) {
    case FIELD_BOOL: return *(const bool *)member;
    case FIELD_INT8: return *(const int8_t *)member;
    case FIELD_INT16: return *(const int16_t *)member;
    case FIELD_UINT16: return *(const uint16_t *)member;
    case FIELD_INT32: return *(const int32_t *)member;
    case FIELD_INT64: return *(const int64_t *)member;
    case FIELD_UUID:
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS:
    case FIELD_STRUCT: break;
    }
    must(false && "a number");
    return 0;
}

void field_set_number(const struct field *field, void *member, int64_t value) {
    switch (field->type) {
    case FIELD_BOOL: *(bool *)member = value != 0; return;
    case FIELD_INT8: *(int8_t *)member = (int8_t)value; return;
    case FIELD_INT16: *(int16_t *)member = (int16_t)value; return;
    case FIELD_UINT16: *(uint16_t *)member = (uint16_t)value; return;
    case FIELD_INT32: *(int32_t *)member = (int32_t)value; return;
    case FIELD_INT64: *(int64_t *)member = value; return;
    case FIELD_UUID:
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS:
    case FIELD_STRUCT: break;
    }
    must(false && "a number");
}
