// SPDX-License-Identifier: Apache-2.0
// Makes what connections are secured with from options and what they lead to. Pure functions; any
// thread.
#pragma once

#include "consumer/driver/secrets.h"

#include <stdbool.h>

struct sasl_options;
struct security;

/// A new snapshot with one reference, the caller's; `sasl` is NULL when the protocol is without
/// SASL. NULL with a sentence that begins with the property's name and has no secret in it.
struct security *snapshot_new(
    const struct options *options,
    const struct secrets *secrets,
    const struct sasl_options *sasl,
    char error[SECRETS_ERROR_BYTES]
);

/// True when what TLS needs is good; for when there is no token yet, and so no snapshot.
bool snapshot_check_tls(
    const struct options *options, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
);

/// Whether brokers' host names are checked, by ssl.endpoint.identification.algorithm; NULL: it is
/// empty.
bool snapshot_verifies_host(const char *algorithm);
