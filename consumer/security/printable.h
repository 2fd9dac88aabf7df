// SPDX-License-Identifier: Apache-2.0
// Texts of a peer for people: what they say may get into logs and answers. Any thread.
#pragma once

#include <stddef.h>

/// Copies a NUL-terminated text with '?' for each byte that is not printable ASCII, cut to what
/// fits. NULL becomes "". Both may be the same text.
void printable_copy(const char *from, char *text, size_t size);
