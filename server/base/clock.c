// SPDX-License-Identifier: Apache-2.0
#include "server/base/clock.h"

#include "server/base/must.h"

#include <time.h>

int64_t clock_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
