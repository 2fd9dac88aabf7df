// SPDX-License-Identifier: Apache-2.0
// Reads Kafka's primitive types from borrowed bytes. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A place in borrowed bytes. Sticky: after the first read past the end, or of a value that cannot
/// be, `bad` stays true and every read returns 0 or null, so that the caller asks once.
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

/// A reader at the start of bytes that must outlive it and every slice read from it.
struct reader reader_over(struct slice bytes);

/// How many bytes are not read yet; 0 when bad.
size_t reader_left(const struct reader *reader);

/// Makes the reader bad: for callers that find a value impossible.
void reader_fail(struct reader *reader);

/// One byte; any value but 0 is true, as Kafka reads it.
bool reader_bool(struct reader *reader);

/// One byte.
int8_t reader_int8(struct reader *reader);

/// Two bytes, big endian.
int16_t reader_int16(struct reader *reader);

/// Two bytes, big endian.
uint16_t reader_uint16(struct reader *reader);

/// Four bytes, big endian.
int32_t reader_int32(struct reader *reader);

/// Four bytes, big endian.
uint32_t reader_uint32(struct reader *reader);

/// Eight bytes, big endian.
int64_t reader_int64(struct reader *reader);

/// An unsigned varint of at most 5 bytes (KIP-482); bad when it exceeds 32 bits.
uint32_t reader_uvarint(struct reader *reader);

/// A zigzag varint of at most 5 bytes, as in records.
int32_t reader_varint(struct reader *reader);

/// A zigzag varint of at most 10 bytes, as in records; bad when it exceeds 64 bits.
int64_t reader_varlong(struct reader *reader);

/// 16 bytes.
struct uuid reader_uuid(struct reader *reader);

/// The next `size` bytes, borrowed; the null slice, and bad, when fewer are left.
struct slice reader_take(struct reader *reader, size_t size);

/// A string behind an int16 length, or null for -1.
struct slice reader_string(struct reader *reader);

/// A string behind an unsigned varint of its length + 1, or null for 0; bad above 32,767 bytes.
struct slice reader_compact_string(struct reader *reader);

/// Bytes behind an int32 length, or null for -1.
struct slice reader_bytes(struct reader *reader);

/// Bytes behind an unsigned varint of their length + 1, or null for 0.
struct slice reader_compact_bytes(struct reader *reader);
