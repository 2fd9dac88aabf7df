// SPDX-License-Identifier: Apache-2.0
// What an engine measures for metrics, and how it gets to those who ask. Engine thread.
#pragma once

#include <stdint.h>

struct engine;
struct sampler;

/// The engine's own times; the member has its own.
struct figures;

/// No times yet; the caller frees it by free().
struct figures *figures_new(void);

/// Where the fetcher puts how long each fetch took.
struct sampler *figures_fetch_times(struct figures *figures);

/// A commit was answered after so long.
void figures_on_commit(struct figures *figures, int64_t took_ms, int64_t now_ms);

/// Publishes all counts and times to the queue, where any thread may read them.
void figures_publish(struct engine *engine);
