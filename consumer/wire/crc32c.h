// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720), the checksum of a record batch: by the processor's own
// instruction where there is one. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// The checksum of what `crc` is the checksum of, followed by `size` more bytes; 0 begins one.
/// `data` may be NULL when `size` is 0.
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

/// The same by tables alone: what crc32c() does on a processor without the instruction, and what
/// its result is compared with in tests.
uint32_t crc32c_by_table(uint32_t crc, const void *data, size_t size);
