// SPDX-License-Identifier: Apache-2.0
// Which of a poll's two media types a client wants. Values without threads.
#pragma once

#include <stdbool.h>

/// Reads an Accept header (NULL: none). `lines` says whether NDJSON is wanted; JSON wins a tie.
/// False when neither is accepted.
bool accept_chooses(const char *accept, bool *lines);
