// SPDX-License-Identifier: Apache-2.0
// What all requests share. Made before the listeners and freed after them; its parts look after
// their own threads.
#pragma once

#include <stdatomic.h>

struct bridge;
struct delivery;
struct journal;
struct kc_consumer;
struct metrics;
struct settings;

/// Borrowed parts, but for the flag.
struct service {
    const struct settings *settings;
    const struct journal *journal;
    struct kc_consumer *consumer;
    struct bridge *bridge;
    struct delivery *delivery;
    struct metrics *metrics;
    atomic_bool is_draining; ///< no new polls; connections are closed after their next answer
};
