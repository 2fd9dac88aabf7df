// SPDX-License-Identifier: Apache-2.0
// Asks the cluster for its topics, for the application; the metadata cache is not involved. Engine
// thread.
#pragma once

#include <stdint.h>

struct command;
struct engine;

/// Starts a COMMAND_TOPICS: of the named topic, or of all. It is repeated at other brokers until
/// its deadline.
void topics_start_take(struct engine *engine, struct command *command);

/// Sends again what failed for now, ends what is late.
void topics_step(struct engine *engine);

/// The time of the next step that is needed without new input, as INT64_MAX: none.
int64_t topics_next_due_ms(const struct engine *engine);

/// Ends what waits with STATUS_CLOSED.
void topics_abandon(struct engine *engine);
