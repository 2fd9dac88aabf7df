// SPDX-License-Identifier: Apache-2.0
// Reads small files that may hold secrets. Blocks; any thread but the engine's.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>

enum { FILE_MOST_BYTES = 1 << 20, FILE_WHY_BYTES = 200 };

/// Appends the content of a regular file of at most FILE_MOST_BYTES; the caller gives `content` to
/// secret_dispose(). False with `why`, which names neither the path nor anything in it.
bool file_read(const char *path, struct buf *content, char why[FILE_WHY_BYTES]);
