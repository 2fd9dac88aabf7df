// SPDX-License-Identifier: Apache-2.0
// What the command check has found so far: a line for each step as soon as it is known, or one JSON
// document at the end. One thread.
#pragma once

#include "server/base/out.h"

#include <stdbool.h>
#include <stdio.h>

/// How a step went.
enum check_outcome { CHECK_OK, CHECK_FAILED, CHECK_SKIPPED };

/// The steps so far.
struct check_report {
    FILE *to;
    bool json;
    bool failed;      ///< a step has failed
    struct out steps; ///< JSON
};

/// Nothing yet. `to` stays the caller's.
void check_report_begin(struct check_report *report, FILE *to, bool json);

/// Adds a step: its kind ("bootstrap", "topic"), what it is about, and a sentence.
__attribute__((format(printf, 5, 6))) void check_report_add(
    struct check_report *report,
    enum check_outcome outcome,
    const char *step,
    const char *subject,
    const char *format,
    ...
);

/// Ends the report. True when no step has failed.
bool check_report_end(struct check_report *report);
