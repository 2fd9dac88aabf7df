// SPDX-License-Identifier: Apache-2.0
// Looks a key up in a text of the form that java.util.Properties reads. Values without threads.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>

/// What a search came to.
enum property_found { PROPERTY_FOUND, PROPERTY_MISSING, PROPERTY_MALFORMED };

/// Appends the value of a key, of the last line that has it; the caller gives `value` to
/// secret_dispose(). Malformed is an escape that is none.
enum property_found property_find(struct slice text, const char *key, struct buf *value);
