// SPDX-License-Identifier: Apache-2.0
// What a client offers: versions, cipher suites and curves, as Java's and OpenSSL's users spell
// them. Any thread.
#pragma once

#include <stdbool.h>

struct tls_context;
struct tls_options;

/// Sets all three on the context. False with a sentence in `error` (TLS_ERROR_BYTES) that begins
/// with the property. Suites that are all given by name are just those: without one of TLS 1.3 that
/// version is not offered, and the reverse. Where an expression of OpenSSL's is among them ("HIGH",
/// "@SECLEVEL=1") those of TLS 1.3 stay as they are unless one is named.
bool tls_offer_set(struct tls_context *context, const struct tls_options *options, char *error);
