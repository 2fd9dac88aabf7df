// SPDX-License-Identifier: Apache-2.0
// The clocks. Only the driver and programs ask them; the engine is told the time. Any thread.
#pragma once

#include <stdint.h>

/// Milliseconds since some moment in the past; never goes back, and counts on while the machine is
/// suspended, so that a group session that expired meanwhile is known to have expired (pitfall
/// 121).
int64_t clock_now_ms(void);

/// Milliseconds since 1970, by the wall clock: for timestamps that people or brokers read.
int64_t clock_wall_ms(void);
