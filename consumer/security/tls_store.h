// SPDX-License-Identifier: Apache-2.0
// Reads certificates and a private key out of what users hand over: PEM or PKCS#12. Any thread.
#pragma once

#include <stdbool.h>

struct evp_pkey_st;
struct stack_st_X509;
struct tls_source;

/// What was read. Zeroed: nothing.
struct tls_store {
    struct stack_st_X509 *certificates; ///< in the order of the source, or NULL
    struct evp_pkey_st *key;            ///< or NULL
};

/// A password and the property that it comes by, for errors.
struct tls_password {
    const char *text; ///< NULL: none
    const char *property;
};

/// Frees what was read.
void tls_store_dispose(struct tls_store *store);

/// Reads the certificates, and a PKCS#12's key, into `store`, whose old ones stay in front. False
/// with a sentence in `error` (TLS_ERROR_BYTES) when there are none, or the source is damaged.
bool tls_store_read_certificates(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
);

/// Reads the first private key of a PEM text. False with a sentence in `error` when there is none,
/// or when the password is missing or wrong.
bool tls_store_read_key(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
);

/// True when the source is a PKCS#12, which has key and certificates in one, as far as its first
/// bytes tell.
bool tls_store_is_pkcs12(const struct tls_source *source);
