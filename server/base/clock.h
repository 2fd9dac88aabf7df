// SPDX-License-Identifier: Apache-2.0
// The monotonic clock, for everything but times that people read. Any thread.
#pragma once

#include <stdint.h>

/// Milliseconds since some moment before the process began.
int64_t clock_ms(void);
