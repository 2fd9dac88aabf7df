// SPDX-License-Identifier: Apache-2.0
// The insides of a context and of a machine, for the files that share them. Nobody else includes
// this. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/tls.h"
#include "consumer/security/tls_context.h"
#include "consumer/security/tls_sessions.h"

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

enum {
    TLS_HOST_BYTES = 256,
    TLS_KEY_BYTES = TLS_HOST_BYTES + 16,
    TLS_FIRST_BYTES = 8,
    TLS_MOST_ZEROS = 64 * 1024
};

struct tls_context {
    unsigned references; ///< the owner's, and one a machine
    struct ssl_ctx_st *ssl;
    struct bio_method_st *transport; ///< moves bytes between OpenSSL and a machine's buffers
    struct tls_sessions sessions;
    bool is_host_verified;
    bool has_certificate;
    int64_t expires_at_ms; ///< of the client's certificate
    char trusted[128];     ///< what is trusted, for sentences: "ssl.ca.location"
    char protocols[24];    ///< what is offered, for sentences: "TLSv1.2, TLSv1.3"
};

struct tls {
    struct tls_context *context;
    struct ssl_st *ssl;
    char host[TLS_HOST_BYTES]; ///< without a trailing dot
    char key[TLS_KEY_BYTES];   ///< host:port, under which sessions are kept
    enum tls_state state;
    enum tls_failure failure;
    char why[TLS_WHY_BYTES];
    struct tls_facts facts;
    bool has_facts;

    uint8_t *staging; ///< TLS_STAGING_BYTES, or NULL while nothing is received
    size_t staged_from;
    size_t staged_to;
    struct buf output;
    size_t zero_count;              ///< zeros received before anything else
    uint8_t first[TLS_FIRST_BYTES]; ///< of what was received behind them
    size_t first_count;
    bool is_certificate_asked;
    bool has_read_plain;
    enum tls_failure verdict; ///< on the broker's certificate; its sentence is `why`
};

/// Fails the machine, once: the first reason stays. What was received and not yet read is dropped.
__attribute__((format(printf, 3, 4))) void tls_fail(
    struct tls *tls, enum tls_failure failure, const char *format, ...
);
