// SPDX-License-Identifier: Apache-2.0
// Shows which value each setting has and where it comes from. Values without threads.
#pragma once

#include "server/base/out.h"

#include <stdbool.h>

struct settings;

/// Prints all settings, as a table for people or as JSON; secrets are masked. `wrong` says why they
/// are not good as a whole; NULL: they are.
void config_report_print(
    struct out *out, const struct settings *settings, const char *wrong, bool json
);
