// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648), strict: what is decoded has one spelling. Any thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>

/// The two alphabets.
enum base64_kind {
    BASE64_STANDARD, ///< '+' and '/', padded with '='
    BASE64_URL,      ///< '-' and '_', without padding, as in tokens (RFC 7515)
};

/// Appends the text of bytes. The memory that `text` gives up by growing is overwritten.
void base64_encode(enum base64_kind kind, struct slice bytes, struct buf *text);

/// Appends the bytes of a text, overwriting like base64_encode(). False for a text that no encoder
/// makes: another character, wrong padding, bits left over that are not 0; `bytes` is then as it
/// was.
bool base64_decode(enum base64_kind kind, struct slice text, struct buf *bytes);
