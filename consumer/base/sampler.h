// SPDX-License-Identifier: Apache-2.0
// Mean and maximum of a quantity over the last minute or so, as Kafka's own client keeps them: two
// windows of half a minute, the running one and the one before. One thread at a time.
#pragma once

#include <stdint.h>

/// Half a minute of samples.
struct sampler_window {
    uint64_t count;
    int64_t sum;
    int64_t most;
};

/// The samples. A zeroed one has none.
struct sampler {
    int64_t began_at_ms; ///< of the running window
    struct sampler_window running;
    struct sampler_window before;
};

/// Mean and maximum; both 0 without samples.
struct sampler_view {
    double mean;
    double most;
};

/// Adds a sample, which is not negative.
void sampler_add(struct sampler *sampler, int64_t value, int64_t now_ms);

/// What the samples of the last minute come to.
struct sampler_view sampler_view(const struct sampler *sampler, int64_t now_ms);
