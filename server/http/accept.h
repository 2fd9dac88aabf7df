// SPDX-License-Identifier: Apache-2.0
// Which media types a client wants. Values without threads.
#pragma once

#include <stdbool.h>

/// Reads an Accept header (NULL: none). `lines` says whether NDJSON is wanted; JSON wins a tie.
/// False when neither is accepted.
bool accept_chooses(const char *accept, bool *lines);

/// True when an Accept header (NULL: none) covers a media type.
bool accept_allows(const char *accept, const char *type);
