// SPDX-License-Identifier: Apache-2.0
// Bytes as the inside of a JSON string: checking UTF-8 and escaping in one pass (RFC 8259, RFC
// 3629). Values without threads. This is the hot loop of every answer.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>

/// How many leading bytes stand in a JSON string as they are: ASCII from the space on, without
/// quote and backslash.
size_t text_plain_run(const uint8_t *at, size_t size);

/// The same by eight-byte words, for machines without SSE2; the twin that tests compare with.
size_t text_plain_run_by_words(const uint8_t *at, size_t size);

/// The length (2 to 4) of the UTF-8 sequence at `at`, whose first byte is 0x80 or more; 0 when it
/// is none.
size_t text_sequence(const uint8_t *at, size_t size);

/// Appends the bytes escaped, without quotes. False, with `out` as before, when they are no UTF-8.
bool text_escape(struct out *out, struct kc_bytes bytes);

/// Appends the bytes escaped, without quotes, with U+FFFD for each byte that is no UTF-8.
void text_escape_lossy(struct out *out, struct kc_bytes bytes);
