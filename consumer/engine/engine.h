// SPDX-License-Identifier: Apache-2.0
// One consumer's machine: takes bytes, commands and the time, and gives bytes, completions and the
// time at which it wants to be asked again. It calls no socket, no clock, no thread. Engine thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct connection;
struct listener;
struct log;
struct options;
struct security;
struct engine;
struct queue;

/// So much every consumer may prefetch, however many there are.
enum { ENGINE_LEAST_SHARE_BYTES = 65536 };

/// An engine with nothing to do yet; the caller frees it. `options` is copied and has passed
/// options_check(). `wake` is called by polling threads when the engine should be stepped.
/// `listener` (NULL: none; copied) is told events from inside the other calls.
struct engine *engine_new(
    const struct options *options,
    const struct log *log,
    uint64_t seed,
    void (*wake)(void *arg),
    void *arg,
    const struct listener *listener
);

/// Frees an engine whose close has completed, or that never was stepped. No lease may be open.
void engine_free(struct engine *engine);

/// The prefetched bytes of `engine_count` consumers together are to stay within fetch.buffer.bytes:
/// this one's part is an equal share, though never less than ENGINE_LEAST_SHARE_BYTES. Alone until
/// told otherwise.
void engine_set_share(struct engine *engine, size_t engine_count);

/// The queue, for the polling thread.
struct queue *engine_queue(struct engine *engine);

/// What connections are secured with from now on; those that stand stay as they are until they
/// authenticate again. Before the first, an engine whose security.protocol needs one dials nobody.
void engine_on_security_take(struct engine *engine, struct security *security);

/// Why no newer snapshot can be made, a sentence; "": it is over.
void engine_on_security_trouble(struct engine *engine, const char *why);

/// What the clock on the wall (ms since 1970) shows at `now_ms`: the dates in tokens and
/// signatures.
void engine_set_wall_clock(struct engine *engine, int64_t wall_ms, int64_t now_ms);

/// Takes a command, which is completed exactly once, maybe from inside.
void engine_on_command_take(struct engine *engine, struct command *command, int64_t now_ms);

/// Does everything that is due.
void engine_step(struct engine *engine, int64_t now_ms);

/// When to step next without new input: a time in the past: at once; INT64_MAX: not before some
/// input.
int64_t engine_next_due_ms(struct engine *engine, int64_t now_ms);

/// Walks the connections, to see what they want of the driver: the first for NULL, NULL after the
/// last. Connections come and go only inside engine calls.
struct connection *engine_next_connection(struct engine *engine, const struct connection *previous);

/// TCP is connected.
void engine_on_dialed(struct engine *engine, struct connection *connection, int64_t now_ms);

/// Bytes were received into connection_space().
void engine_on_bytes(
    struct engine *engine, struct connection *connection, size_t count, int64_t now_ms
);

/// The socket is closed; `why` is for people.
void engine_on_closed(
    struct engine *engine, struct connection *connection, const char *why, int64_t now_ms
);

/// True when a close has completed.
bool engine_is_closed(const struct engine *engine);
