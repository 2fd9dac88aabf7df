// SPDX-License-Identifier: Apache-2.0
// Messages made up from their tables, and their comparison. Test thread.
#pragma once

#include "consumer/base/random.h"
#include "consumer/wire/schema.h"

/// Fills a message with random values (extremes, nulls, empty and short arrays among them) in the
/// fields of a version, and defaults in all others. Strings and arrays live in the arena.
void sample_fill(
    const struct schema *schema,
    int16_t version,
    struct random *random,
    struct arena *arena,
    void *message
);

/// True when all members of two messages, down to the last element, are equal.
bool sample_equal(const struct schema *schema, const void *a, const void *b);
