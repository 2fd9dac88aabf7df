// SPDX-License-Identifier: Apache-2.0
// Assertions that stay on in release builds, and memory that is never refused. Any thread. The
// server sees nothing of the consumer library but its public header, hence its own.
#pragma once

#include <stddef.h>

/// Aborts the process with the text of a condition that only a programmer can break.
/// Never used on what a client, a configuration or the library sent.
#define must(condition) ((condition) ? (void)0 : must_stop(#condition, __FILE__, __LINE__))

/// Prints where and what to standard error and aborts.
_Noreturn void must_stop(const char *condition, const char *file, int line);

/// `size` zeroed bytes for something of bounded size; aborts when there is no memory. The caller
/// owns the result and gives it to free().
void *must_have(size_t size);

/// Like realloc(); aborts when there is no memory.
void *must_grow(void *old, size_t size);

/// A copy of a NUL-terminated string that the caller frees; NULL stays NULL.
char *must_copy(const char *text);
