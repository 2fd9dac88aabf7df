// SPDX-License-Identifier: Apache-2.0
// Log lines on standard error, of the library and of the server: level, noun, past verb, key=value.
// Any thread; a line is one write.
#pragma once

#include "consumer/consumer.h"

#include <stdatomic.h>
#include <stdbool.h>

/// Where lines go and which.
struct journal {
    int fd;
    atomic_int level;              ///< enum kc_log_level: the least important that is written
    enum kc_log_level quiet_level; ///< what journal_toggle_debug() goes back to
    bool json;                     ///< a line is a JSON object
};

/// The level of a name ("error", "warn", "info", "debug"); false for another name.
bool journal_level_find(const char *name, enum kc_log_level *level);

/// The name of a level. Static.
const char *journal_level_name(enum kc_log_level level);

/// A journal that begins with this level. Debug lines can be switched off again: info is what
/// they go back to when `level` is debug.
struct journal journal_begin(int fd, enum kc_log_level level, bool json);

/// The least important level that is written now.
enum kc_log_level journal_level_now(const struct journal *journal);

/// Changes it, with a line that says so; `by` says who does.
void journal_set_level(struct journal *journal, enum kc_log_level level, const char *by);

/// Switches debug lines on, or off again.
void journal_toggle_debug(struct journal *journal, const char *by);

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

/// The sink that the library gets; `journal` must outlive it. It takes lines of all levels, since
/// which are written can change.
struct kc_log journal_sink(struct journal *journal);
