// SPDX-License-Identifier: Apache-2.0
// Bytes as base64 with padding (RFC 4648, section 4). Values without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

/// Appends the base64 text of the bytes, without quotes.
void base64_append(struct out *out, struct kc_bytes bytes);

/// The same without registers; the twin that tests compare with.
void base64_append_by_pairs(struct out *out, struct kc_bytes bytes);
