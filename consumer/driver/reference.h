// SPDX-License-Identifier: Apache-2.0
// References in values, as Kafka's config providers have them (KIP-297, KIP-421): ${file:/path},
// ${file:/path:key}, ${dir:/path:key}, ${env:NAME}. Blocks; any thread but the engine's.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>

enum { REFERENCE_WHY_BYTES = 256 };

/// True when a value has references in it.
bool reference_is_in(const char *value);

/// Appends a value with its references replaced; what they lead to is not looked into again. The
/// caller gives `to` to secret_dispose(). False with `why`, which may have the reference in
/// it, but nothing of what it leads to.
bool reference_resolve(const char *value, struct buf *to, char why[REFERENCE_WHY_BYTES]);
