// SPDX-License-Identifier: Apache-2.0
// What the TLS connections of one security snapshot have in common: trust, the client's
// certificate, what is offered, and the sessions that can be resumed. Built on any thread, then
// used by the engine thread alone.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { TLS_ERROR_BYTES = 512 };

/// Bytes that a user gave, with the name of the property that they came by, for errors.
struct tls_source {
    struct slice bytes;   ///< data NULL: not given
    const char *property; ///< e.g. "ssl.ca.location"; may be NULL when not given
};

/// What a context is built from. All of it is borrowed for the call; a zeroed struct trusts nobody.
/// What a store or a file holds (PEM, PKCS#12, Java's JKS, which is refused) is told by its bytes.
struct tls_options {
    struct tls_source trust;    ///< CA certificates, all of a bundle: PEM or PKCS#12
    const char *trust_password; ///< of a PKCS#12; NULL: none
    bool is_system_trusted;     ///< trust the CAs that OpenSSL finds on this system, too

    struct tls_source certificate; ///< the client's, with its chain: PEM
    struct tls_source key;         ///< its private key: PEM (PKCS#8, PKCS#1, SEC 1; or encrypted)
    const char *key_password;      ///< NULL: none
    struct tls_source keystore;    ///< or all three in one: PKCS#12 or PEM
    const char *keystore_password; ///< of a PKCS#12; NULL: none

    bool is_host_verified;         ///< ssl.endpoint.identification.algorithm=https
    const char *cipher_suites;     ///< ssl.cipher.suites: names of IANA or OpenSSL; NULL: OpenSSL's
    const char *enabled_protocols; ///< ssl.enabled.protocols; NULL: TLSv1.2,TLSv1.3
    const char *curves;            ///< ssl.curves.list; NULL: OpenSSL's
};

/// An OpenSSL context and a cache of sessions.
struct tls_context;

/// Builds a context without resumable sessions; the caller frees it. NULL when something given is
/// not good: `error` is a sentence that begins with the property's name and has no secret in it.
/// Does no I/O, but for what OpenSSL reads by itself: its configuration, and the system's CAs.
struct tls_context *tls_context_new(const struct tls_options *options, char error[TLS_ERROR_BYTES]);

/// Gives the context up. It goes when the last machine made with it is freed. NULL is fine.
void tls_context_free(struct tls_context *context);

/// When the client's certificate expires, in ms since 1970; 0: there is none.
int64_t tls_context_expires_at_ms(const struct tls_context *context);
