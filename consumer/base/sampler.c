// SPDX-License-Identifier: Apache-2.0
// Windows change when a sample comes; a view leaves out what is too old by then.
#include "consumer/base/sampler.h"

#include "consumer/base/must.h"

#include <stdbool.h>

// A window, and how long its samples count at most.
static const int64_t window_ms = 30000;
static const int64_t two_windows_ms = 60000;

void sampler_add(struct sampler *sampler, int64_t value, int64_t now_ms) {
    must(value >= 0);
    int64_t age_ms = now_ms - sampler->began_at_ms;
    if (age_ms >= window_ms) {
        bool follows = age_ms < two_windows_ms;
        sampler->before = follows ? sampler->running : (struct sampler_window){ 0 };
        sampler->running = (struct sampler_window){ 0 };
        sampler->began_at_ms = now_ms;
    }
    sampler->running.count++;
    sampler->running.sum += value;
    if (value > sampler->running.most) sampler->running.most = value;
}

struct sampler_view sampler_view(const struct sampler *sampler, int64_t now_ms) {
    int64_t age_ms = now_ms - sampler->began_at_ms;
    struct sampler_window none = { 0 };
    struct sampler_window running = age_ms < two_windows_ms ? sampler->running : none;
    struct sampler_window before = age_ms < window_ms ? sampler->before : none;
    uint64_t count = running.count + before.count;
    if (count == 0) return (struct sampler_view){ 0 };
    int64_t most = running.most > before.most ? running.most : before.most;
    return (struct sampler_view){
        .mean = (double)(running.sum + before.sum) / (double)count,
        .most = (double)most,
    };
}
