// SPDX-License-Identifier: Apache-2.0
// What stands in the way of all polls of a consumer, and only the application or an operator can
// mend: every poll that finds no records tells it until it is mended. Engine thread.
#pragma once

struct engine;

/// Looks whether there is an obstacle now, and tells the queue when that has changed.
void obstacle_step(struct engine *engine);
