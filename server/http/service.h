// SPDX-License-Identifier: Apache-2.0
// What all requests share. Made before the listeners and freed after them; its parts look after
// their own threads.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct bridge;
struct journal;
struct metrics;
struct registry;
struct settings;
struct streams;
struct tls;
struct token;

/// Borrowed parts, but for the flag.
struct service {
    const struct settings *settings;
    struct journal *journal;
    struct registry *consumers;
    struct bridge *bridge;
    struct metrics *metrics;
    struct streams *streams;
    struct tls *tls;         ///< of the API's listener; NULL: it is plain
    struct token *token;     ///< that every request must carry; NULL: none is asked for
    int64_t started_at_ms;   ///< on the wall clock
    atomic_bool is_draining; ///< no new polls; connections are closed after their next answer
};
