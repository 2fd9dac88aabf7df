// SPDX-License-Identifier: Apache-2.0
// Formats a log line on the stack and hands it to the sink.
#include "consumer/base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { LINE_BYTES = 1024 };

bool log_wants(const struct log *log, enum log_level level) {
    return log && log->write && level <= log->level;
}

// Texts of peers are in the details: none of them may begin a line of its own or speak to a
// terminal.
static void mask_controls(char *text) {
    for (char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == '\x7f') *at = '?';
    }
}

void log_line(
    const struct log *log,
    enum log_level level,
    const char *noun,
    const char *verb,
    const char *format,
    ...
) {
    if (!log_wants(log, level)) return;
    char details[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(details, sizeof details, format, arguments);
    va_end(arguments);
    mask_controls(details);
    log->write(log->arg, level, noun, verb, details);
}
