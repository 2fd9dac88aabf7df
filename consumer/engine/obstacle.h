// SPDX-License-Identifier: Apache-2.0
// What stands in the way of all polls of a consumer, and only the application or an operator can
// mend: every poll that finds no records tells it until it is mended. Engine thread.
#pragma once

#include "consumer/fetch/queue.h"

struct engine;

/// What is in the way now; status OK: nothing.
struct queue_error obstacle_find(const struct engine *engine);

/// Looks whether there is an obstacle now, and tells the queue when that has changed.
void obstacle_step(struct engine *engine);
