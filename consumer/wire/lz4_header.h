// SPDX-License-Identifier: Apache-2.0
// The header of an lz4 frame, as Kafka's message format 0 has it. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Makes the header checksum of the frame in `bytes` right: Kafka before 0.10 counted the frame's
/// magic number in, and brokers write format 0 so to this day. Of bytes that are no frame, or less
/// than its header, nothing is changed.
void lz4_header_mend(uint8_t *bytes, size_t size);
