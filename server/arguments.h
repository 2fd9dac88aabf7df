// SPDX-License-Identifier: Apache-2.0
// Where settings come from: command line, environment, file. Used by main() alone, before any
// thread.
#pragma once

#include "server/base/out.h"
#include "server/settings.h"

/// What the command line asks for.
enum arguments_action {
    ARGUMENTS_RUN,
    ARGUMENTS_CHECK,       ///< try what the consumer will need, and tell people
    ARGUMENTS_CHECK_JSON,  ///< the same for programs
    ARGUMENTS_PRINT,       ///< the text is in `text`: print it and exit 0
    ARGUMENTS_PRINT_WRONG, ///< the text says what is wrong with the settings: print it and exit 2
    ARGUMENTS_WRONG,       ///< the reason is in `text`: print it to standard error and exit 2
};

/// Reads the command line, the environment and the file that the command line names into
/// `settings`, the strongest last, and checks the whole.
enum arguments_action arguments_read(
    const char *const *argv,
    const char *const *environment,
    struct settings *settings,
    struct out *text
);
