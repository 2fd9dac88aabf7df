// SPDX-License-Identifier: Apache-2.0
// The consumers of the process by name: the configured one, and those that clients have made. A
// request that uses one counts for it, so that closing it meanwhile is safe. Any thread, but where
// it says otherwise.
#pragma once

#include "server/consumers/consumer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct peer;
struct pool;
struct tombstone;

/// The name of the configured consumer.
#define REGISTRY_DEFAULT "default"

/// Which names there may be, in words.
#define REGISTRY_NAMES                                                                        \
    "a consumer's name has 1 to 64 letters, digits, dots, dashes or underscores, and begins " \
    "with a letter or digit"

/// Whether a consumer may be called so.
bool registry_is_name(const char *name);

/// All consumers.
struct registry;

/// Without any consumer; starts the thread that closes the idle ones and frees the closed ones. The
/// parts and the journal must outlive it.
struct registry *registry_new(const struct consumer_parts *parts, const struct journal *journal);

/// Frees it with its consumers, all of which are closed and in no use any more. NULL is fine.
void registry_free(struct registry *registry);

/// What came of the wish for a consumer.
enum registry_wish {
    REGISTRY_MADE,
    REGISTRY_SAME,    ///< there is one that was made of the same
    REGISTRY_OTHER,   ///< there is one that was made of something else
    REGISTRY_CLOSING, ///< there is one that is being closed
    REGISTRY_FULL,    ///< there are consumers.max
    REGISTRY_WRONG,   ///< its configuration as a whole makes no sense
};

/// Makes a consumer of a name, unless there is one. When it is there, made or the same, `consumer`
/// gets it, with the caller counted as one who calls it. `error` gets a sentence when the spec is
/// wrong.
enum registry_wish registry_make(
    struct registry *registry,
    const char *name,
    const struct consumer_spec *spec,
    struct consumer **consumer,
    char error[KC_ERROR_BYTES]
);

/// What there is of a name.
enum registry_find {
    REGISTRY_FOUND,
    REGISTRY_NONE,
    REGISTRY_EXPIRED, ///< it was closed since nobody called it
};

/// Looks for a consumer. `consumer` gets it, with the caller counted as one who calls it, or NULL.
/// One that is being closed is found as well: the library says which calls it takes.
enum registry_find registry_ref(
    struct registry *registry, const char *name, struct consumer **consumer
);

/// The caller's call is over. NULL is fine.
void registry_unref(struct consumer *consumer);

/// All consumers, each with its caller counted as one who looks at it (which lets it be idle): an
/// array with a NULL at its end, for registry_unref_all().
struct consumer **registry_ref_all(struct registry *registry);

/// Frees the array, whose consumers the caller uses no more. NULL is fine.
void registry_unref_all(struct consumer **consumers);

/// Whether a consumer that the caller uses is being closed, or is closed.
bool registry_is_closing(const struct consumer *consumer);

/// Those that expired and are remembered, copied into the pool.
const struct tombstone *registry_expired(
    struct registry *registry, struct pool *pool, size_t *count
);

/// Closes a consumer that the caller uses: its last answer is settled, it leaves its group, its
/// calls end with KC_CLOSED. `call` completes when its name is free again, also when somebody else
/// has begun to close it.
void registry_close(
    struct consumer *consumer, const struct kc_close_options *options, struct kc_call call
);

/// The next request came over `peer`; see delivery_on_request().
void registry_on_request(struct registry *registry, const struct peer *peer);

/// An answer over `peer` was given to the kernel; see delivery_on_sent().
void registry_on_sent(struct registry *registry, const struct peer *peer, bool whole);

/// The connection of `peer` is about to be closed; see delivery_on_close().
void registry_on_close(struct registry *registry, const struct peer *peer);

/// No more polls of any consumer; those that wait are made to answer now. Returns when they have.
/// Main thread.
void registry_drain(struct registry *registry);

/// No more events of any consumer: their streams end, once the asynchronous commits that are under
/// way have been told, at the latest after `timeout_ms`. Main thread.
void registry_end_events(struct registry *registry, int64_t timeout_ms);

/// Closes all consumers side by side, each within its time. Returns when all are closed. No request
/// may use one any more. Main thread.
void registry_close_all(struct registry *registry, int32_t timeout_ms);
