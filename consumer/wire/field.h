// SPDX-License-Identifier: Apache-2.0
// What a field table is made of: one row for each field of a message, in wire order. Included by
// the files that define tables and by those that walk them. Constant data.
//
// A table reads
//     #define OF struct heartbeat_response
//     static const struct field heartbeat_response_fields[] = {
//         { INT32(throttle_time_ms), SINCE(1) },
//         { INT16(error_code), SINCE(0) },
//     };
//     #undef OF
//     MESSAGE(heartbeat_response, 4);
// and a row whose member has another C type than it says does not compile.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A field's type, or that of its elements.
enum field_type {
    FIELD_BOOL,
    FIELD_INT8,
    FIELD_INT16,
    FIELD_UINT16,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_UUID,
    FIELD_STRING,
    FIELD_BYTES,
    FIELD_RECORDS,
    FIELD_STRUCT,
};

/// One row of a table.
struct field {
    const char *name; ///< Kafka's, in snake case
    enum field_type type;
    bool is_array;
    bool is_plain;     ///< not compact even in flexible versions
    bool is_nullable;  ///< from version `nullable_since` on
    bool is_tagged;    ///< in all its versions
    bool default_null; ///< the default is null
    uint32_t tag;
    int16_t since;
    int16_t removed_in; ///< the first version without it; 0: none
    int16_t nullable_since;
    size_t offset;               ///< of the member in its struct
    size_t count_offset;         ///< of the member with an array's count
    const struct schema *schema; ///< of a struct
    int64_t default_value;       ///< of a number
};

/// A struct and its table.
struct schema {
    const char *name; ///< the C struct's
    size_t size;
    const struct field *fields;
    size_t field_count;
    int16_t flexible_since; ///< of a whole message; its nested structs follow it
};

/// True when the version has the field.
bool field_in_version(const struct field *field, int16_t version);

/// True when the field may be null in the version.
bool field_nullable_in_version(const struct field *field, int16_t version);

/// Bytes of the C member, or of one element of the array.
size_t field_element_size(const struct field *field);

/// The number at a member (or element) of one of the number types, bool included.
int64_t field_get_number(const struct field *field, const void *member);

/// Sets a member (or element) of one of the number types; the caller knows that it fits.
void field_set_number(const struct field *field, void *member, int64_t value);

// The parts of a row. A selection over the member's type has one branch, "C type : row type": a
// member of any other type does not compile.
#define FIELD_ONE(member, branch) \
    .name = #member, .offset = offsetof(OF, member), .type = _Generic(((OF *)NULL)->member, branch)
#define FIELD_ARRAY(member, branch)                                                       \
    FIELD_ONE(member, branch), .count_offset = offsetof(OF, member##_count),              \
                               .is_array = _Generic(((OF *)NULL)->member##_count, int32_t \
                                                    : true)

#define BOOL(member)         FIELD_ONE(member, bool : FIELD_BOOL)
#define INT8(member)         FIELD_ONE(member, int8_t : FIELD_INT8)
#define INT16(member)        FIELD_ONE(member, int16_t : FIELD_INT16)
#define UINT16(member)       FIELD_ONE(member, uint16_t : FIELD_UINT16)
#define INT32(member)        FIELD_ONE(member, int32_t : FIELD_INT32)
#define INT64(member)        FIELD_ONE(member, int64_t : FIELD_INT64)
#define UUID(member)         FIELD_ONE(member, struct uuid : FIELD_UUID)
#define STRING(member)       FIELD_ONE(member, struct slice : FIELD_STRING)
#define BYTES(member)        FIELD_ONE(member, struct slice : FIELD_BYTES)
#define RECORDS(member)      FIELD_ONE(member, struct slice : FIELD_RECORDS)
#define INT32_ARRAY(member)  FIELD_ARRAY(member, int32_t * : FIELD_INT32)
#define UUID_ARRAY(member)   FIELD_ARRAY(member, struct uuid * : FIELD_UUID)
#define STRING_ARRAY(member) FIELD_ARRAY(member, struct slice * : FIELD_STRING)
#define STRUCT(member, noun) FIELD_ONE(member, struct noun : FIELD_STRUCT), .schema = &noun##_schema
#define STRUCT_ARRAY(member, noun) \
    FIELD_ARRAY(member, struct noun * : FIELD_STRUCT), .schema = &noun##_schema

#define SINCE(version)    .since = (version)
#define UNTIL(version)    .removed_in = ((version) + 1)
#define NULLABLE(version) .is_nullable = true, .nullable_since = (version)
#define TAG(number)       .is_tagged = true, .tag = (number)
#define DEFAULT(value)    .default_value = (value)
#define DEFAULT_NULL      .default_null = true
#define PLAIN             .is_plain = true

/// No version is flexible.
#define NEVER_FLEXIBLE INT16_MAX

/// Defines noun##_schema from noun##_fields, for `struct noun`: a whole message, and its first
/// flexible version.
#define MESSAGE(noun, flexible)                                        \
    const struct schema noun##_schema = {                              \
        .name = #noun,                                                 \
        .size = sizeof(struct noun),                                   \
        .fields = noun##_fields,                                       \
        .field_count = sizeof noun##_fields / sizeof noun##_fields[0], \
        .flexible_since = (flexible),                                  \
    }

/// The same for a struct inside messages, which is flexible when they are.
#define NESTED(noun) MESSAGE(noun, NEVER_FLEXIBLE)
