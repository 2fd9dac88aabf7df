// SPDX-License-Identifier: Apache-2.0
// The consumers of the process by name: the configured one, and those that clients have made. A
// request that uses one counts for it, so that closing it meanwhile is safe. Any thread, but where
// it says otherwise.
#pragma once

#include "server/consumers/consumer.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;
struct peer;

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

/// Without any consumer. The parts and the journal must outlive it.
struct registry *registry_new(const struct consumer_parts *parts, const struct journal *journal);

/// Frees it with its consumers, all of which are closed and in no use any more. NULL is fine.
void registry_free(struct registry *registry);

/// Adds a consumer that nobody knows yet and counts its caller as a user. The name must not be
/// taken. NULL with a sentence in `error` when the configuration makes no sense.
struct consumer *registry_add(
    struct registry *registry,
    const char *name,
    const struct kc_config *config,
    char error[KC_ERROR_BYTES]
);

/// The consumer of that name, with its caller counted as a user; NULL when there is none.
struct consumer *registry_ref(struct registry *registry, const char *name);

/// The caller uses the consumer no more. NULL is fine.
void registry_unref(struct consumer *consumer);

/// All consumers that take calls, each with its caller counted as a user: an array with a NULL at
/// its end, for registry_unref_all().
struct consumer **registry_ref_all(struct registry *registry);

/// Frees the array, whose consumers the caller uses no more.
void registry_unref_all(struct consumer **consumers);

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

/// Settles all answers, then closes all consumers side by side, each within its time. Returns when
/// all are closed. No request may use one any more. Main thread.
void registry_close(struct registry *registry, int32_t timeout_ms);
