// SPDX-License-Identifier: Apache-2.0
// What an operator should look at, although nothing has failed. Values without threads.
#pragma once

#include "server/base/out.h"

#include <stdbool.h>

struct consumer;
struct kc_description;

/// The warnings, in the order of their table.
enum warning {
    WARNING_CONSUMER_SHARED,
    WARNING_HEARTBEATS_MISSED,
    WARNING_PARTITION_ERRORS,
    WARNING_ALL_PAUSED,
    WARNING_COUNT,
};

/// Whether it is to be given for a consumer that is as `now` says.
bool warning_applies(
    enum warning warning, const struct consumer *consumer, const struct kc_description *now
);

/// Its code, stable and in upper snake case. Static.
const char *warning_code(enum warning warning);

/// Writes a key and the list of those that apply, each with code and detail.
void warnings_write(
    struct out *out,
    const char *key,
    const struct consumer *consumer,
    const struct kc_description *now
);
