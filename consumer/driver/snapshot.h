// SPDX-License-Identifier: Apache-2.0
// Makes what connections are secured with from options and what they lead to. Pure functions; any
// thread.
#pragma once

#include "consumer/driver/secrets.h"

struct security;

/// A new snapshot with one reference, the caller's. NULL with a sentence that begins with the
/// property's name and has no secret in it.
struct security *snapshot_new(
    const struct options *options, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
);
