// SPDX-License-Identifier: Apache-2.0
// Points in time as text (RFC 3339, which is ISO 8601 without its rarer forms) to milliseconds
// since 1970. Values without threads.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stdint.h>

/// An example for messages about texts that are none.
#define TIMESTAMP_EXAMPLE "2026-11-27T09:00:00Z"

/// Reads the whole text: date, "T", time, maybe a fraction, and "Z" or an offset such as +01:00.
/// Parts of a millisecond are dropped. False when it is none, or before 1970.
bool timestamp_parse(struct kc_bytes text, int64_t *ms);
