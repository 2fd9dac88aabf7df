// SPDX-License-Identifier: Apache-2.0
// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixes a number.
#include "consumer/base/random.h"

#include "consumer/base/must.h"

void random_init(struct random *random, uint64_t seed) {
    random->state = seed;
}

uint64_t random_below(struct random *random, uint64_t bound) {
    if (bound == 0) return 0;
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % bound;
}

int64_t random_backoff_ms(struct random *random, int64_t base_ms, int64_t max_ms, int failures) {
    must(base_ms >= 0 && max_ms >= 0 && failures >= 0);
    if (failures == 0) return 0;
    int64_t wait_ms = base_ms;
    for (int i = 1; i < failures && wait_ms < max_ms; i++)
        wait_ms *= 2;
    if (wait_ms > max_ms) wait_ms = max_ms;
    int64_t spread_ms = wait_ms / 5;
    return wait_ms - spread_ms + (int64_t)random_below(random, (uint64_t)spread_ms * 2 + 1);
}
