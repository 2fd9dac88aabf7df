// SPDX-License-Identifier: Apache-2.0
// Commits of one consumer that nobody waits for: those under way, and what the last ones came to.
// Begun by HTTP threads, completed by the engine's; any thread, but where it says otherwise.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stdint.h>

struct events;
struct metrics;
struct out;
struct settings;

/// Commits without a request.
struct commits;

enum { COMMITS_ID_BYTES = 48 };

/// No commits yet. Outcomes are told as events, too. The metrics and the events must outlive it;
/// the settings say how many outcomes are kept.
struct commits *commits_new(
    const struct settings *settings, struct metrics *metrics, struct events *events
);

/// Frees it. None may be under way any more: the consumer is closed. NULL is fine.
void commits_free(struct commits *commits);

/// Makes room for a commit: the caller gives `*call` to kc_commit() at once. `id` gets its name,
/// which no other commit of this process has. False: as many are under way as may be kept.
bool commits_begin(struct commits *commits, char id[COMMITS_ID_BYTES], struct kc_call *call);

/// Writes how far a commit is as an object. False: there is none of that name, or not any more.
bool commits_write(struct commits *commits, const char *id, struct out *out);

/// Waits until none is under way, at most so long; then true. Not on the engine's thread.
bool commits_wait_for_none(struct commits *commits, int64_t timeout_ms);
