// SPDX-License-Identifier: Apache-2.0
// A small seeded generator for jitter and choices, so that a run with the same seed repeats. Not
// for secrets.
#pragma once

#include <stdint.h>

/// The generator's state; any seed is fine.
struct random {
    uint64_t state;
};

/// Starts a generator from a seed.
void random_init(struct random *random, uint64_t seed);

/// The next number below `bound` (0 when the bound is 0).
uint64_t random_below(struct random *random, uint64_t bound);

/// An exponential back-off with ±20 % jitter (KIP-580): `base_ms` doubled for each failure after
/// the first, at most `max_ms` before jitter. `failures` counts from 1; 0 gives 0.
int64_t random_backoff_ms(struct random *random, int64_t base_ms, int64_t max_ms, int failures);
