// SPDX-License-Identifier: Apache-2.0
// Field tables, in wire order, and the version before them.
#include "consumer/wire/consumer_protocol.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/writer.h"

#define OF struct consumer_protocol_topic_partitions
static const struct field consumer_protocol_topic_partitions_fields[] = {
    { STRING(topic), SINCE(0) },
    { INT32_ARRAY(partitions), SINCE(0) },
};
#undef OF
NESTED(consumer_protocol_topic_partitions);

#define OF struct consumer_protocol_subscription
static const struct field consumer_protocol_subscription_fields[] = {
    { STRING_ARRAY(topics), SINCE(0) },
    { BYTES(user_data), SINCE(0), NULLABLE(0), DEFAULT_NULL },
    { STRUCT_ARRAY(owned_partitions, consumer_protocol_topic_partitions), SINCE(1) },
    { INT32(generation_id), SINCE(2), DEFAULT(-1) },
    { STRING(rack_id), SINCE(3), NULLABLE(3), DEFAULT_NULL },
};
#undef OF
MESSAGE(consumer_protocol_subscription, NEVER_FLEXIBLE);

#define OF struct consumer_protocol_assignment
static const struct field consumer_protocol_assignment_fields[] = {
    { STRUCT_ARRAY(assigned_partitions, consumer_protocol_topic_partitions), SINCE(0) },
    { BYTES(user_data), SINCE(0), NULLABLE(0), DEFAULT_NULL },
};
#undef OF
MESSAGE(consumer_protocol_assignment, NEVER_FLEXIBLE);

enum { NEWEST_VERSION = 3 };

static enum status decode(
    const struct schema *schema, struct slice bytes, struct arena *arena, void *message
) {
    must(arena != NULL && message != NULL);
    struct reader reader = reader_over(bytes);
    int16_t version = reader_int16(&reader);
    if (reader.bad || version < 0) return STATUS_INVALID_FRAME;
    if (version > NEWEST_VERSION) version = NEWEST_VERSION;
    return schema_decode(schema, version, &reader, arena, message);
}

static enum status encode(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
) {
    must(message != NULL && out != NULL);
    must(version >= 0 && version <= NEWEST_VERSION);
    size_t start = out->size;
    writer_int16(out, version);
    enum status status = schema_encode(schema, version, message, out);
    if (status != STATUS_OK) out->size = start;
    return status;
}

enum status consumer_protocol_decode_subscription(
    struct slice bytes, struct arena *arena, struct consumer_protocol_subscription *subscription
) {
    return decode(&consumer_protocol_subscription_schema, bytes, arena, subscription);
}

enum status consumer_protocol_encode_subscription(
    int16_t version, const struct consumer_protocol_subscription *subscription, struct buf *out
) {
    return encode(&consumer_protocol_subscription_schema, version, subscription, out);
}

enum status consumer_protocol_decode_assignment(
    struct slice bytes, struct arena *arena, struct consumer_protocol_assignment *assignment
) {
    if (bytes.size == 0) {
        schema_init(&consumer_protocol_assignment_schema, assignment);
        return STATUS_OK;
    }
    return decode(&consumer_protocol_assignment_schema, bytes, arena, assignment);
}

enum status consumer_protocol_encode_assignment(
    int16_t version, const struct consumer_protocol_assignment *assignment, struct buf *out
) {
    return encode(&consumer_protocol_assignment_schema, version, assignment, out);
}
