// SPDX-License-Identifier: Apache-2.0
// One consumer of the process, under its name: the library's consumer and what the server keeps
// beside it. Its parts look after their own threads.
#pragma once

#include "consumer/consumer.h"

#include <stdint.h>

struct commits;
struct delivery;
struct events;
struct metrics;
struct registry;
struct sessions;
struct settings;

/// Where a consumer is.
enum consumer_state {
    CONSUMER_OPEN,    ///< → CLOSING
    CONSUMER_CLOSING, ///< it takes no calls any more, and leaves its group → CLOSED
    CONSUMER_CLOSED,  ///< freed as soon as no request uses it
};

/// A consumer. Whatever a feature keeps for each consumer is a pointer here, made by consumer_new()
/// and freed by consumer_free().
struct consumer {
    char *name;
    struct kc_config *config; ///< what it was made with; not changed afterwards
    struct kc_consumer *kc;
    struct delivery *delivery;
    struct sessions *sessions;
    struct events *events;
    struct commits *commits;

    // The registry's own, guarded by its mutex.
    struct registry *registry;
    struct consumer *prev; ///< utlist
    struct consumer *next;
    enum consumer_state state;
    unsigned refs; ///< requests that use it
};

/// What consumers are made of and share. Borrowed parts.
struct consumer_parts {
    struct kc_runtime *runtime;
    struct metrics *metrics;
    const struct settings *settings;
};

/// An open consumer without a subscription; name and configuration are copied. NULL with a sentence
/// in `error` when the configuration as a whole makes no sense.
struct consumer *consumer_new(
    const struct consumer_parts *parts,
    const char *name,
    const struct kc_config *config,
    char error[KC_ERROR_BYTES]
);

/// Frees a closed consumer. Not to be called on the engine's thread.
void consumer_free(struct consumer *consumer);
