// SPDX-License-Identifier: Apache-2.0
// One line for each thing that happened: level, noun, past verb, key=value. Where lines go is the
// owner's affair.
#pragma once

#include <stdbool.h>

/// How much a line matters; a log writes its level and all above it.
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/// A sink for lines. A zeroed log writes nothing.
struct log {
    /// Takes one line; `details` is the key=value text, without a newline. May be called by any
    /// thread that has the log. All texts are borrowed for the call.
    void (*write
    )(void *arg, enum log_level level, const char *noun, const char *verb, const char *details);
    void *arg;
    enum log_level level;
};

/// True when a line of this level would be written.
bool log_wants(const struct log *log, enum log_level level);

/// Formats and writes one line; longer ones are cut at 1,024 bytes. Control characters become '?'.
__attribute__((format(printf, 5, 6))) void log_line(
    const struct log *log,
    enum log_level level,
    const char *noun,
    const char *verb,
    const char *format,
    ...
);

#define log_error(log, noun, verb, ...) log_line(log, LOG_ERROR, noun, verb, __VA_ARGS__)
#define log_warn(log, noun, verb, ...)  log_line(log, LOG_WARN, noun, verb, __VA_ARGS__)
#define log_info(log, noun, verb, ...)  log_line(log, LOG_INFO, noun, verb, __VA_ARGS__)
#define log_debug(log, noun, verb, ...) log_line(log, LOG_DEBUG, noun, verb, __VA_ARGS__)
