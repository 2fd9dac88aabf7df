// SPDX-License-Identifier: Apache-2.0
// Between the library's engine thread and the threads that serve requests: a request waits for one
// or several commands, and is woken once when all are complete. Callbacks only copy the result and
// wake. Any thread.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stddef.h>

/// All calls in flight of a process.
struct bridge;

/// What one request waits for.
struct bridge_call;

/// A bridge without calls; the caller frees it.
struct bridge *bridge_new(void);

/// Frees a bridge. Every call must have ended, and no command may complete any more (the library's
/// runtime is gone). NULL is fine.
void bridge_free(struct bridge *bridge);

/// Begins to wait for `parts` commands. `wake` is called exactly once, from any thread and maybe
/// before this returns: when all are complete, or when the bridge is cancelled. It must not block
/// and not call the bridge. The caller ends the call.
struct bridge_call *bridge_begin(
    struct bridge *bridge, size_t parts, void (*wake)(void *arg), void *arg
);

/// What to give the command that is part `index`. Each part must be given to just one command.
struct kc_call bridge_part(struct bridge_call *call, size_t index, int32_t timeout_ms);

/// True when the call was woken because all parts are complete; false while it waits, and when it
/// was cancelled.
bool bridge_is_complete(struct bridge_call *call);

/// For how many commands the call waits.
size_t bridge_part_count(const struct bridge_call *call);

/// The result of a part of a complete call, borrowed until the call is ended.
const struct kc_result *bridge_result(struct bridge_call *call, size_t index);

/// The request waits no more: afterwards `wake` is not called. Commands that are still running
/// complete into nothing. NULL is fine.
void bridge_end(struct bridge_call *call);

/// Wakes all that wait, and from now on whoever begins, with nothing to show.
void bridge_cancel(struct bridge *bridge);
