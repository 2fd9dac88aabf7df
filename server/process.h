// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of this process. Any thread.
#pragma once

#include <stdint.h>

/// Numbers that could not be read are -1.
struct process_numbers {
    int64_t resident_bytes;
    int64_t virtual_bytes;
    int64_t open_fds;
    int64_t most_fds; ///< the limit of open_fds
    double cpu_seconds;
};

/// Reads them now.
struct process_numbers process_read(void);

/// The wall clock in milliseconds since 1970, for people alone.
int64_t process_wall_clock_ms(void);

enum { PROCESS_TIME_BYTES = 40 };

/// A time of the wall clock as RFC 3339 spells it, in UTC with milliseconds.
void process_format_time(int64_t wall_clock_ms, char text[PROCESS_TIME_BYTES]);
