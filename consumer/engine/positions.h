// SPDX-License-Identifier: Apache-2.0
// Gives positions what they wait for: leaders from metadata, committed offsets, resets, validation.
// Engine thread.
#pragma once

#include <stdint.h>

struct engine;

/// Starts the look-ups that are due and tells positions of new leaders.
void positions_step(struct engine *engine, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t positions_next_due_ms(const struct engine *engine, int64_t now_ms);
