// SPDX-License-Identifier: Apache-2.0
// One interpreter that decodes, encodes, prints and fills every Kafka message from its field
// table. Any thread; a table never changes.
//
// A message is a C struct with the fields of all its versions. Strings, bytes and records are
// slices (data NULL is null), a field `foo` that is an array is two members, `foo` and `foo_count`
// (-1 is null). A schema `x_schema` describes `struct x`.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/base/bytes.h"
#include "consumer/base/status.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct reader;
struct schema;

/// Reads one message of a version into `message`, every member of which is set: fields that the
/// version does not have get their defaults. Slices borrow the reader's bytes, arrays live in the
/// arena. STATUS_INVALID_FRAME when the bytes are no such message, STATUS_TOO_LARGE when the arena
/// reaches its limit; then the message is not to be used. Bytes may be left over: the caller asks
/// reader_left().
enum status schema_decode(
    const struct schema *schema,
    int16_t version,
    struct reader *reader,
    struct arena *arena,
    void *message
);

/// Appends one message of a version. A field that the version does not have is left out, whatever
/// its value. STATUS_TOO_LARGE for a string above 32,767 bytes or bytes above 2^31 - 1,
/// STATUS_INVALID_ARGUMENT for null where the version has no null; then nothing is appended.
enum status schema_encode(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
);

/// Sets every member to Kafka's default: 0, "", the empty array, or what the definition says. For
/// whole messages and for the elements of their arrays alike.
void schema_init(const struct schema *schema, void *message);

/// Appends one line of text with the fields of a version, for logs and tests: no newline, nothing
/// unprintable, bytes and records as their sizes.
void schema_print(
    const struct schema *schema, int16_t version, const void *message, struct buf *out
);

/// True when a version of this message has compact lengths and tagged fields (KIP-482). Only for
/// whole messages.
bool schema_is_flexible(const struct schema *schema, int16_t version);
