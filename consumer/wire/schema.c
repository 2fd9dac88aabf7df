// SPDX-License-Identifier: Apache-2.0
// Walks a field table beside a C struct, once for each of: defaults, decoding, encoding. Recursion
// follows the tables' own nesting (at most four deep), never the peer's bytes.
#include "consumer/wire/schema.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/writer.h"

#include <string.h>

enum { TAGS_WATCHED = 64 }; // a duplicate among larger tags goes unseen; none is assigned

static void *member_of(void *message, size_t offset) {
    return (uint8_t *)message + offset;
}

static const void *const_member_of(const void *message, size_t offset) {
    return (const uint8_t *)message + offset;
}

static int32_t *count_of(const struct field *field, void *message) {
    must(field->is_array);
    return member_of(message, field->count_offset);
}

static int32_t count_in(const struct field *field, const void *message) {
    must(field->is_array);
    return *(const int32_t *)const_member_of(message, field->count_offset);
}

bool schema_is_flexible(const struct schema *schema, int16_t version) {
    must(version >= 0);
    return version >= schema->flexible_since;
}

// Defaults.

static void set_default(const struct field *field, void *message) {
    must(field->type != FIELD_STRUCT || field->schema != NULL);
    void *member = member_of(message, field->offset);
    if (field->is_array) {
        *(void **)member = NULL;
        *count_of(field, message) = field->default_null ? -1 : 0;
        return;
    }
    switch (field->type) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64: field_set_number(field, member, field->default_value); return;
    case FIELD_UUID: memset(member, 0, sizeof(struct uuid)); return;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS:
        *(struct slice *)member = field->default_null ? SLICE_NULL : SLICE_LITERAL("");
        return;
    case FIELD_STRUCT: schema_init(field->schema, member); return;
    }
}

void schema_init(const struct schema *schema, void *message) {
    must(schema != NULL && message != NULL);
    for (size_t i = 0; i < schema->field_count; i++)
        set_default(&schema->fields[i], message);
}

static bool is_default(const struct field *field, const void *message) {
    const void *member = const_member_of(message, field->offset);
    if (field->is_array) return count_in(field, message) == (field->default_null ? -1 : 0);
    switch (field->type) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64: return field_get_number(field, member) == field->default_value;
    case FIELD_UUID: return uuid_is_zero(*(const struct uuid *)member);
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS: {
        const struct slice *slice = member;
        return field->default_null ? !slice->data : slice->data && slice->size == 0;
    }
    case FIELD_STRUCT:
        for (size_t i = 0; i < field->schema->field_count; i++)
            if (!is_default(&field->schema->fields[i], member)) return false;
        return true;
    }
    return false;
}

// Decoding.

struct decoder {
    struct reader *reader;
    struct arena *arena;
    int16_t version;
    bool flexible;
    bool too_large;
};

static void decode_struct(struct decoder *decoder, const struct schema *schema, void *message);

static bool is_compact(const struct field *field, bool flexible) {
    return flexible && !field->is_plain;
}

// The least bytes that a field takes on the wire, so that a count can be refused before memory is
// taken for it.
static size_t least_size(const struct field *field, int16_t version, bool flexible);

static size_t least_element_size(const struct field *field, int16_t version, bool flexible) {
    switch (field->type) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_UUID: return field_element_size(field);
    case FIELD_STRING: return is_compact(field, flexible) ? 1 : 2;
    case FIELD_BYTES:
    case FIELD_RECORDS: return is_compact(field, flexible) ? 1 : 4;
    case FIELD_STRUCT: break;
    }
    must(field->schema != NULL);
    size_t size = flexible ? 1 : 0;
    for (size_t i = 0; i < field->schema->field_count; i++)
        size += least_size(&field->schema->fields[i], version, flexible);
    return size;
}

static size_t least_size(const struct field *field, int16_t version, bool flexible) {
    if (!field_in_version(field, version) || field->is_tagged) return 0;
    if (field->is_array) return is_compact(field, flexible) ? 1 : 4;
    return least_element_size(field, version, flexible);
}

static struct slice decode_slice(struct decoder *decoder, const struct field *field) {
    must(field->type == FIELD_STRING || field->type == FIELD_BYTES || field->type == FIELD_RECORDS);
    bool compact = is_compact(field, decoder->flexible);
    if (field->type == FIELD_STRING)
        return compact ? reader_compact_string(decoder->reader) : reader_string(decoder->reader);
    return compact ? reader_compact_bytes(decoder->reader) : reader_bytes(decoder->reader);
}

static void decode_value(
    struct decoder *decoder, const struct field *field, void *value, bool nullable
) {
    struct reader *reader = decoder->reader;
    switch (field->type) {
    case FIELD_BOOL: *(bool *)value = reader_bool(reader); return;
    case FIELD_INT8: *(int8_t *)value = reader_int8(reader); return;
    case FIELD_INT16: *(int16_t *)value = reader_int16(reader); return;
    case FIELD_UINT16: *(uint16_t *)value = reader_uint16(reader); return;
    case FIELD_INT32: *(int32_t *)value = reader_int32(reader); return;
    case FIELD_INT64: *(int64_t *)value = reader_int64(reader); return;
    case FIELD_UUID: *(struct uuid *)value = reader_uuid(reader); return;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS: {
        struct slice slice = decode_slice(decoder, field);
        if (!slice.data && !nullable) reader_fail(reader);
        *(struct slice *)value = slice;
        return;
    }
    case FIELD_STRUCT: decode_struct(decoder, field->schema, value); return;
    }
}

static void decode_array(struct decoder *decoder, const struct field *field, void *message) {
    struct reader *reader = decoder->reader;
    int16_t version = decoder->version;
    bool compact = is_compact(field, decoder->flexible);
    int64_t count = compact ? (int64_t)reader_uvarint(reader) - 1 : reader_int32(reader);
    set_default(field, message);
    if (count == -1 && field_nullable_in_version(field, version)) {
        *count_of(field, message) = -1;
        return;
    }
    size_t least = least_element_size(field, version, decoder->flexible);
    must(least > 0);
    if (count < 0 || (uint64_t)count > reader_left(reader) / least || count > INT32_MAX) {
        reader_fail(reader);
        return;
    }
    *count_of(field, message) = (int32_t)count;
    if (count == 0) return;
    size_t stride = field_element_size(field);
    uint8_t *elements = arena_array(decoder->arena, (size_t)count, stride);
    if (!elements) {
        decoder->too_large = true;
        reader_fail(reader);
        return;
    }
    *(void **)member_of(message, field->offset) = elements;
    for (int64_t i = 0; i < count && !reader->bad; i++, elements += stride)
        decode_value(decoder, field, elements, false);
}

static void decode_field(struct decoder *decoder, const struct field *field, void *message) {
    if (field->is_array) {
        decode_array(decoder, field, message);
        return;
    }
    bool nullable = field_nullable_in_version(field, decoder->version);
    decode_value(decoder, field, member_of(message, field->offset), nullable);
}

static const struct field *find_tagged(const struct schema *schema, int16_t version, uint32_t tag) {
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->is_tagged && field->tag == tag && field_in_version(field, version)) return field;
    }
    return NULL;
}

// One tagged field has its own bytes: it can neither read on into what follows nor leave some.
static void decode_tagged(
    struct decoder *decoder, const struct field *field, struct slice bytes, void *message
) {
    must(field->is_tagged && bytes.data != NULL);
    struct reader *outer = decoder->reader;
    struct reader inner = reader_over(bytes);
    decoder->reader = &inner;
    decode_field(decoder, field, message);
    decoder->reader = outer;
    if (inner.bad || reader_left(&inner) > 0) reader_fail(outer);
}

static void decode_tags(struct decoder *decoder, const struct schema *schema, void *message) {
    must(decoder->flexible);
    struct reader *reader = decoder->reader;
    uint64_t seen = 0;
    uint32_t count = reader_uvarint(reader);
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        uint32_t tag = reader_uvarint(reader);
        struct slice bytes = reader_take(reader, reader_uvarint(reader));
        uint64_t bit = tag < TAGS_WATCHED ? UINT64_C(1) << tag : 0;
        if (seen & bit) reader_fail(reader);
        seen |= bit;
        const struct field *field = find_tagged(schema, decoder->version, tag);
        if (field && !reader->bad) decode_tagged(decoder, field, bytes, message);
    }
}

static void decode_struct(struct decoder *decoder, const struct schema *schema, void *message) {
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field_in_version(field, decoder->version) && !field->is_tagged) {
            decode_field(decoder, field, message);
        } else {
            set_default(field, message);
        }
    }
    if (decoder->flexible) decode_tags(decoder, schema, message);
}

enum status schema_decode(
    const struct schema *schema,
    int16_t version,
    struct reader *reader,
    struct arena *arena,
    void *message
) {
    must(schema != NULL && reader != NULL && arena != NULL && message != NULL);
    struct decoder decoder = {
        .reader = reader,
        .arena = arena,
        .version = version,
        .flexible = schema_is_flexible(schema, version),
    };
    decode_struct(&decoder, schema, message);
    if (decoder.too_large) return STATUS_TOO_LARGE;
    return reader->bad ? STATUS_INVALID_FRAME : STATUS_OK;
}

// Encoding.

struct encoder {
    struct buf *out;
    int16_t version;
    bool flexible;
    enum status status; ///< the first error
};

static void encode_struct(
    struct encoder *encoder, const struct schema *schema, const void *message
);

static void encoder_fail(struct encoder *encoder, enum status status) {
    must(status != STATUS_OK);
    if (encoder->status == STATUS_OK) encoder->status = status;
}

static void encode_slice(
    struct encoder *encoder, const struct field *field, struct slice value, bool nullable
) {
    must(value.data != NULL || value.size == 0);
    bool is_string = field->type == FIELD_STRING;
    if (!value.data && !nullable) {
        encoder_fail(encoder, STATUS_INVALID_ARGUMENT);
        return;
    }
    if (value.size > (is_string ? (size_t)INT16_MAX : (size_t)INT32_MAX)) {
        encoder_fail(encoder, STATUS_TOO_LARGE);
        return;
    }
    bool compact = is_compact(field, encoder->flexible);
    if (compact) {
        writer_compact_bytes(encoder->out, value); // compact strings look the same
    } else if (is_string) {
        writer_string(encoder->out, value);
    } else {
        writer_bytes(encoder->out, value);
    }
}

static void encode_value(
    struct encoder *encoder, const struct field *field, const void *value, bool nullable
) {
    struct buf *out = encoder->out;
    switch (field->type) {
    case FIELD_BOOL: writer_bool(out, *(const bool *)value); return;
    case FIELD_INT8: writer_int8(out, *(const int8_t *)value); return;
    case FIELD_INT16: writer_int16(out, *(const int16_t *)value); return;
    case FIELD_UINT16: writer_uint16(out, *(const uint16_t *)value); return;
    case FIELD_INT32: writer_int32(out, *(const int32_t *)value); return;
    case FIELD_INT64: writer_int64(out, *(const int64_t *)value); return;
    case FIELD_UUID: writer_uuid(out, *(const struct uuid *)value); return;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_RECORDS:
        encode_slice(encoder, field, *(const struct slice *)value, nullable);
        return;
    case FIELD_STRUCT: encode_struct(encoder, field->schema, value); return;
    }
}

static void encode_array(struct encoder *encoder, const struct field *field, const void *message) {
    int32_t count = count_in(field, message);
    must(count >= -1);
    if (count == -1 && !field_nullable_in_version(field, encoder->version)) {
        encoder_fail(encoder, STATUS_INVALID_ARGUMENT);
        return;
    }
    if (is_compact(field, encoder->flexible)) {
        writer_uvarint(encoder->out, (uint32_t)count + 1);
    } else {
        writer_int32(encoder->out, count);
    }
    const uint8_t *elements = *(const void *const *)const_member_of(message, field->offset);
    must(count <= 0 || elements != NULL);
    for (int32_t i = 0; i < count && encoder->status == STATUS_OK; i++) {
        encode_value(encoder, field, elements, false);
        elements += field_element_size(field);
    }
}

static void encode_field(struct encoder *encoder, const struct field *field, const void *message) {
    if (field->is_array) {
        encode_array(encoder, field, message);
        return;
    }
    bool nullable = field_nullable_in_version(field, encoder->version);
    encode_value(encoder, field, const_member_of(message, field->offset), nullable);
}

// The field with the lowest tag from `at_least` on that is to be written; NULL when none is left.
static const struct field *next_tagged(
    const struct schema *schema, int16_t version, uint32_t at_least, const void *message
) {
    const struct field *next = NULL;
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field->is_tagged || field->tag < at_least || !field_in_version(field, version))
            continue;
        if ((!next || field->tag < next->tag) && !is_default(field, message)) next = field;
    }
    return next;
}

static void encode_tagged(struct encoder *encoder, const struct field *field, const void *message) {
    must(field->is_tagged && encoder->flexible);
    struct buf *outer = encoder->out;
    struct buf inner = { 0 };
    encoder->out = &inner;
    encode_field(encoder, field, message);
    encoder->out = outer;
    if (inner.size > INT32_MAX) encoder_fail(encoder, STATUS_TOO_LARGE);
    writer_uvarint(outer, field->tag);
    writer_uvarint(outer, (uint32_t)inner.size);
    buf_append(outer, inner.data, inner.size);
    buf_dispose(&inner);
}

static void encode_tags(struct encoder *encoder, const struct schema *schema, const void *message) {
    must(encoder->flexible);
    int16_t version = encoder->version;
    uint32_t count = 0;
    const struct field *field = next_tagged(schema, version, 0, message);
    for (; field; field = next_tagged(schema, version, field->tag + 1, message))
        count++;
    writer_uvarint(encoder->out, count);
    field = next_tagged(schema, version, 0, message);
    for (; field; field = next_tagged(schema, version, field->tag + 1, message))
        encode_tagged(encoder, field, message);
}

static void encode_struct(
    struct encoder *encoder, const struct schema *schema, const void *message
) {
    for (size_t i = 0; i < schema->field_count && encoder->status == STATUS_OK; i++) {
        const struct field *field = &schema->fields[i];
        if (field_in_version(field, encoder->version) && !field->is_tagged)
            encode_field(encoder, field, message);
    }
    if (encoder->flexible) encode_tags(encoder, schema, message);
}

enum status schema_encode(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
) {
    must(schema != NULL && message != NULL && out != NULL);
    size_t start = out->size;
    struct encoder encoder = {
        .out = out,
        .version = version,
        .flexible = schema_is_flexible(schema, version),
        .status = STATUS_OK,
    };
    encode_struct(&encoder, schema, message);
    if (encoder.status != STATUS_OK) out->size = start;
    return encoder.status;
}
