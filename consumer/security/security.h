// SPDX-License-Identifier: Apache-2.0
// What connections to brokers are secured with, as a snapshot that never changes: when a secret or
// a certificate does, another takes its place. Built on any thread, handed over once, then counted
// on the engine thread alone.
#pragma once

#include <stdbool.h>

struct sasl_credentials;
struct tls_context;

/// Kafka's security.protocol, in the order of the option's choices.
enum security_protocol {
    SECURITY_PLAINTEXT,
    SECURITY_SSL,
    SECURITY_SASL_PLAINTEXT,
    SECURITY_SASL_SSL,
};

/// A snapshot.
struct security {
    unsigned references;
    enum security_protocol protocol;
    struct tls_context *tls;       ///< NULL: without TLS
    struct sasl_credentials *sasl; ///< NULL: without SASL
};

/// A snapshot with one reference, the caller's. It owns what it is given: a context just when the
/// protocol is with TLS, credentials just when it is with SASL.
struct security *security_new_take(
    enum security_protocol protocol, struct tls_context *tls, struct sasl_credentials *sasl
);

/// True for the protocols with TLS.
bool security_has_tls(enum security_protocol protocol);

/// True for the protocols with SASL.
bool security_has_sasl(enum security_protocol protocol);

/// One more reference; returns the snapshot.
struct security *security_ref(struct security *security);

/// One reference less; the last frees it. NULL is fine.
void security_unref(struct security *security);
