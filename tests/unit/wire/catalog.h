// SPDX-License-Identifier: Apache-2.0
// Every message that has a table, with the versions it is spoken in: for what is to hold for all of
// them. Constant data, any thread.
#pragma once

#include "consumer/wire/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The memory of any message; the largest struct fits.
union catalog_message {
    max_align_t alignment;
    uint8_t bytes[512];
};

/// One message.
struct catalog_entry {
    const struct schema *schema;
    int16_t api_key; ///< -1 when it belongs to no API
    int16_t min_version;
    int16_t max_version;
};

/// How many messages there are.
size_t catalog_size(void);

/// The message at an index below catalog_size().
struct catalog_entry catalog_at(size_t index);

/// True when the version is spoken (ApiVersions has a hole).
bool catalog_has(struct catalog_entry entry, int16_t version);
