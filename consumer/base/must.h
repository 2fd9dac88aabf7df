// SPDX-License-Identifier: Apache-2.0
// Assertions that stay on in release builds, and allocation that cannot fail. Any thread.
#pragma once

#include <stddef.h>

/// Aborts the process with the text of a condition that only a programmer can break.
/// Never used on what a peer, a configuration or a user sent.
#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))

/// Prints where and what to standard error and aborts.
_Noreturn void must_failed(const char *condition, const char *file, int line);

/// Allocates `size` zeroed bytes for internal things of bounded size; aborts when there is no
/// memory. The caller owns the result and gives it to free().
void *must_alloc(size_t size);

/// Like realloc(), for internal things of bounded size; aborts when there is no memory.
void *must_realloc(void *old, size_t size);

/// Copies a NUL-terminated string; the caller owns the copy and gives it to free(). NULL stays
/// NULL.
char *must_strdup(const char *text);
