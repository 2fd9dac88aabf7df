// SPDX-License-Identifier: Apache-2.0
// Log lines on standard error, of the library and of the server: level, noun, past verb, key=value.
// Any thread; a line is one write.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>

/// Where lines go and which.
struct journal {
    int fd;
    enum kc_log_level level;
    bool json; ///< a line is a JSON object
};

/// The level of that name in the settings ("error", "warn", "info", "debug").
enum kc_log_level journal_level(const char *name);

/// Writes one line if its level is wanted.
void journal_write(
    const struct journal *journal,
    enum kc_log_level level,
    const char *noun,
    const char *verb,
    const char *details
);

/// Formats and writes one line; longer details are cut at 1,024 bytes.
__attribute__((format(printf, 5, 6))) void journal_line(
    const struct journal *journal,
    enum kc_log_level level,
    const char *noun,
    const char *verb,
    const char *format,
    ...
);

/// The sink that the library gets; `journal` must outlive it.
struct kc_log journal_sink(struct journal *journal);
