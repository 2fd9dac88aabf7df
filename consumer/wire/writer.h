// SPDX-License-Identifier: Apache-2.0
// Appends Kafka's primitive types to a buf. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One byte, 0 or 1.
void writer_bool(struct buf *out, bool value);

/// One byte.
void writer_int8(struct buf *out, int8_t value);

/// Two bytes, big endian.
void writer_int16(struct buf *out, int16_t value);

/// Two bytes, big endian.
void writer_uint16(struct buf *out, uint16_t value);

/// Four bytes, big endian.
void writer_int32(struct buf *out, int32_t value);

/// Eight bytes, big endian.
void writer_int64(struct buf *out, int64_t value);

/// Overwrites four bytes that were written at `offset` before: for a length that is known last.
void writer_int32_at(struct buf *out, size_t offset, int32_t value);

/// An unsigned varint in as few bytes as it needs.
void writer_uvarint(struct buf *out, uint32_t value);

/// A zigzag varint, as in records.
void writer_varint(struct buf *out, int32_t value);

/// A zigzag varint of up to 64 bits, as in records.
void writer_varlong(struct buf *out, int64_t value);

/// 16 bytes.
void writer_uuid(struct buf *out, struct uuid value);

/// An int16 length and the bytes; -1 for null. The caller has checked that it is at most 32,767.
void writer_string(struct buf *out, struct slice value);

/// Length + 1 as an unsigned varint and the bytes; 0 for null. At most 32,767 bytes.
void writer_compact_string(struct buf *out, struct slice value);

/// An int32 length and the bytes; -1 for null. The caller has checked that it fits.
void writer_bytes(struct buf *out, struct slice value);

/// Length + 1 as an unsigned varint and the bytes; 0 for null. At most 2^31 - 1 bytes.
void writer_compact_bytes(struct buf *out, struct slice value);
