// SPDX-License-Identifier: Apache-2.0
// One consumer of the process, under its name: the library's consumer and what the server keeps
// beside it. Its parts look after their own threads.
#pragma once

#include "consumer/consumer.h"

#include <stdint.h>

struct commits;
struct consumer_spec;
struct delivery;
struct events;
struct metrics;
struct poller;
struct registry;
struct sessions;
struct settings;

/// Where a consumer is.
enum consumer_state {
    CONSUMER_OPEN,     ///< → CLOSING, EXPIRING
    CONSUMER_CLOSING,  ///< it takes no calls any more, and leaves its group → CLOSED
    CONSUMER_EXPIRING, ///< the same, since nobody has called it for long → CLOSED
    CONSUMER_CLOSED,   ///< freed as soon as nobody uses it
};

/// A consumer. Whatever a feature keeps for each consumer is a pointer here, made by consumer_new()
/// and freed by consumer_free().
struct consumer {
    char *name;
    struct consumer_spec *spec; ///< what it was made of; not changed afterwards
    struct kc_consumer *kc;
    struct delivery *delivery;
    struct sessions *sessions;
    struct events *events;
    struct poller *poller;
    struct commits *commits;

    // The registry's own, guarded by its mutex.
    struct registry *registry;
    struct consumer *prev; ///< utlist
    struct consumer *next;
    enum consumer_state state;
    unsigned refs;        ///< who uses it
    unsigned calls;       ///< those of them that call it: while there are some it is not idle
    int64_t last_call_ms; ///< when the last one ended, on the monotonic clock
};

/// What consumers are made of and share. Borrowed parts.
struct consumer_parts {
    struct kc_runtime *runtime;
    struct metrics *metrics;
    const struct settings *settings;
};

/// An open consumer without a subscription; name and spec are copied. NULL with a sentence in
/// `error` when the configuration as a whole makes no sense.
struct consumer *consumer_new(
    const struct consumer_parts *parts,
    const char *name,
    const struct consumer_spec *spec,
    char error[KC_ERROR_BYTES]
);

/// Frees a closed consumer. Not to be called on the engine's thread.
void consumer_free(struct consumer *consumer);
