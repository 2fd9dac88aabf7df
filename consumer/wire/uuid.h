// SPDX-License-Identifier: Apache-2.0
// A topic's id: 16 bytes, compared as bytes and shown as Kafka shows it. Any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT_SIZE = 23 };

/// 16 bytes as they are on the wire. All zero means "no id".
struct uuid {
    uint8_t bytes[16];
};

/// True for the all-zero id, which stands for none.
bool uuid_is_zero(struct uuid uuid);

/// True when both have the same bytes.
bool uuid_equal(struct uuid a, struct uuid b);

/// Writes 22 characters of unpadded URL-safe base64 (as Kafka's tools show ids) and a NUL.
void uuid_print(struct uuid uuid, char text[UUID_TEXT_SIZE]);
