// SPDX-License-Identifier: Apache-2.0
// Runs the commands of the public API. Engine thread.
#pragma once

#include <stdint.h>

struct command;
struct engine;

/// Takes a command; it completes from inside or later.
void commands_on_command_take(struct engine *engine, struct command *command);

/// Completes what has become true or late.
void commands_step(struct engine *engine, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t commands_next_due_ms(const struct engine *engine);

/// Ends the waiting commands with STATUS_CLOSED.
void commands_abandon(struct engine *engine);

/// Gives up a manual assignment or forgets the positions at close.
void commands_clear_assignment(struct engine *engine);
