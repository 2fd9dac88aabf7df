// SPDX-License-Identifier: Apache-2.0
// The header Prefer (RFC 7240), of which only "wait" means something here. Values without threads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Finds "wait=SECONDS" in one Prefer header. False when it has none, or one that is no number:
/// preferences that are not understood are passed over.
bool prefer_wait(const char *prefer, int64_t *seconds);
