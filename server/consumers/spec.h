// SPDX-License-Identifier: Apache-2.0
// What a consumer is made of: its configuration and what it reads at first. Two that have the same
// effect are equal, however they were written. Values without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/pool.h"

#include <stdbool.h>
#include <stddef.h>

struct consumer_request;
struct settings;

enum { SPEC_ERROR_BYTES = 512 };

/// Init by one of the functions below, and dispose.
struct consumer_spec {
    struct kc_config *config;
    const char **topics; ///< in order, each once
    size_t topic_count;
    const char *pattern; ///< NULL: none
    struct pool pool;    ///< of the texts
};

/// What is wrong with a spec.
enum spec_fault {
    SPEC_GOOD,
    SPEC_UNKNOWN_KEY,
    SPEC_BAD_VALUE, ///< or a key that a client may not set
};

/// What the process's settings say of the configured consumer.
void spec_init_of_settings(struct consumer_spec *spec, const struct settings *settings);

/// What a client asks for, above what the process's settings say. When something is wrong, `error`
/// says in a sentence what, and the spec is to be disposed of as well.
enum spec_fault spec_init(
    struct consumer_spec *spec,
    const struct settings *settings,
    const struct consumer_request *request,
    char error[SPEC_ERROR_BYTES]
);

/// A copy with memory of its own.
void spec_init_copy(struct consumer_spec *spec, const struct consumer_spec *from);

/// Frees the values.
void spec_dispose(struct consumer_spec *spec);

/// Whether both make the same consumer.
bool spec_equals(const struct consumer_spec *a, const struct consumer_spec *b);
