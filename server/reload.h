// SPDX-License-Identifier: Apache-2.0
// What is read again while the process runs (at SIGHUP): tokens, certificates. Hooks are added at
// start and run by main's thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct journal;

enum { RELOAD_ERROR_BYTES = 512, RELOAD_MOST_HOOKS = 8 };

/// One thing that can be read again.
struct reload_hook {
    const char *noun; ///< of its log line. Static
    /// Reads it again. False with a sentence in `error` when that fails; whether the old one stays
    /// in use is the part's to decide.
    bool (*reload)(void *arg, char error[RELOAD_ERROR_BYTES]);
    void *arg;
};

/// All of them; zeroed: none.
struct reloads {
    struct reload_hook hooks[RELOAD_MOST_HOOKS];
    size_t count;
};

/// Adds one. What is needed for it must live as long as the process runs.
void reloads_add(struct reloads *reloads, struct reload_hook hook);

/// Runs all, with a log line for each. True when none failed.
bool reloads_run(const struct reloads *reloads, const struct journal *journal);
