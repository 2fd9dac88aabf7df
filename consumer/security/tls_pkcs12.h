// SPDX-License-Identifier: Apache-2.0
// Reads PKCS#12 stores (RFC 7292), as openssl and Java's keytool write them. Any thread.
#pragma once

#include <stdbool.h>

struct tls_password;
struct tls_source;
struct tls_store;

/// Adds the certificates of a store, and its first private key if it has one. False with a sentence
/// in `error` (TLS_ERROR_BYTES).
bool tls_pkcs12_read(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
);
