// SPDX-License-Identifier: Apache-2.0
// How many files and sockets the process may have open. Main thread, at start.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { DESCRIPTORS_ERROR_BYTES = 160 };

/// Raises the limit so that so many can be open, if it is lower. False with a sentence in `error`
/// when that is not allowed.
bool descriptors_allow(int64_t wanted, char error[DESCRIPTORS_ERROR_BYTES]);
