// SPDX-License-Identifier: Apache-2.0
// The engine thread: a libuv loop that hosts engines and feeds them from the real world. The
// functions here may be called from any other thread.
#pragma once

#include <stdbool.h>

struct command;
struct credentials;
struct listener;
struct log;
struct options;
struct queue;

/// The engine thread.
struct loop;

/// One engine on a loop.
struct host;

/// Starts the thread. NULL when threads or files run out. `log` is copied.
struct loop *loop_new(const struct log *log);

/// Stops the thread and frees the loop. It must host no engine any more.
void loop_free(struct loop *loop);

/// Makes an engine and hosts it. `listener` (NULL: none; copied) is told events on the engine
/// thread, maybe before this returns. The host owns the credentials, which are NULL just when
/// security.protocol is PLAINTEXT. The caller removes it by loop_remove().
struct host *loop_add_take(
    struct loop *loop,
    const struct options *options,
    const struct listener *listener,
    struct credentials *credentials
);

/// Gives a command to an engine; it completes on the engine thread.
void loop_post_take(struct host *host, struct command *command);

/// Lets a host's credentials be looked at now.
void loop_refresh_credentials(struct host *host);

/// The queue of a hosted engine, for the polling thread.
struct queue *loop_queue(struct host *host);

/// Takes an engine whose close has completed off the loop and frees it; waits until that is done.
/// Not from the engine thread.
void loop_remove(struct host *host);
