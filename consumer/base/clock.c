// SPDX-License-Identifier: Apache-2.0
// CLOCK_BOOTTIME for durations, CLOCK_REALTIME for dates.
#include "consumer/base/clock.h"

#include "consumer/base/must.h"

#include <time.h>

static int64_t read_ms(clockid_t clock) {
    struct timespec now;
    int failed = clock_gettime(clock, &now);
    must(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void) {
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void) {
    return read_ms(CLOCK_REALTIME);
}
