// SPDX-License-Identifier: Apache-2.0
// The command check: tries step by step what the consumer will need, without joining its group and
// without moving anything. One thread, beside the library's.
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct settings;

/// Tries and tells, on `to`, each step within a bound of time. True when all went well.
bool check_run(const struct settings *settings, FILE *to, bool json);
