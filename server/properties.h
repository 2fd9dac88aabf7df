// SPDX-License-Identifier: Apache-2.0
// Java's .properties syntax: comments, continued lines, escapes. Values without threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Takes one entry; both texts are borrowed for the call. False stops the reading.
typedef bool properties_entry(void *arg, unsigned line, const char *key, const char *value);

/// Reads a text, which is taken as UTF-8, entry by entry. Returns 0 at the end; else the number of
/// the line at which `entry` said false or the text is wrong (a \u without four digits, a NUL).
unsigned properties_read(const char *text, size_t size, properties_entry *entry, void *arg);
