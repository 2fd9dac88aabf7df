// SPDX-License-Identifier: Apache-2.0
// Copies of passwords, keys and tokens that leave nothing behind in memory. Any thread.
#pragma once

#include "consumer/base/bytes.h"

/// Copies a NUL-terminated string; the caller gives it to secret_free(). NULL stays NULL.
char *secret_dup(const char *text);

/// Overwrites a NUL-terminated string and frees it. NULL is fine.
void secret_free(char *text);

/// Makes room for `extra` more bytes like buf_reserve(), but the memory that is given up for it is
/// overwritten first.
void secret_reserve(struct buf *buf, size_t extra);

/// Appends bytes like buf_append(), and leaves no copy where the buf was before it grew.
void secret_append(struct buf *buf, const void *data, size_t size);

/// Appends a string without its NUL like secret_append(); NULL appends nothing.
void secret_append_string(struct buf *buf, const char *text);

/// Overwrites what a buf has held and frees it; the buf is empty and can be used again.
void secret_dispose(struct buf *buf);
