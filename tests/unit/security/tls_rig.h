// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot, and a broker's side of TLS over memory, for tests.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/tls.h"
#include "consumer/security/tls_context.h"

#include <openssl/ssl.h>

/// A certificate with its key.
struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

/// What a certificate is to say.
struct identity_options {
    const char *name;              ///< its common name
    const char *hosts;             ///< alternative names as OpenSSL spells them: "DNS:a,IP:1.2.3.4"
    const struct identity *issuer; ///< NULL: signed by itself
    bool is_ca;
    int from_days; ///< relative to today
    int to_days;   ///< 0: 30 days
    int rsa_bits;  ///< 0: an elliptic curve, which is quicker made
};

struct identity identity_make(const struct identity_options *options);
void identity_dispose(struct identity *identity);

/// PEM of certificates, one behind the other; NULL ends the list. Freed by the caller.
char *tls_rig_pem(X509 *first, ...) __attribute__((sentinel));

/// PKCS#8 of a key, encrypted with AES-256 if there is a password. Freed by the caller.
char *tls_rig_key_pem(EVP_PKEY *key, const char *password);

/// A source over a text.
struct tls_source tls_rig_source(const char *text, const char *property);

/// A broker's listener and one connection to it.
struct tls_broker {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;          ///< bytes to the broker
    BIO *out;         ///< bytes from it
    struct buf plain; ///< what it read
    size_t step;      ///< bytes delivered to the client at a time; 0: as many as it takes
};

/// A listener with a certificate, and others to send with it; it asks for client certificates of
/// `client_ca`, if given. Its first connection is begun.
void tls_broker_init(
    struct tls_broker *broker, const struct identity *identity, X509 *chain, X509 *client_ca
);
void tls_broker_dispose(struct tls_broker *broker);

/// Begins a new connection to the same listener.
void tls_broker_again(struct tls_broker *broker);

/// Moves bytes both ways until nothing moves any more. What the client can read is appended to
/// `plain`; NULL: dropped.
void tls_rig_pump(struct tls *tls, struct tls_broker *broker, struct buf *plain);

/// One turn of it: to the broker, and back. False when nothing moved.
bool tls_rig_turn(struct tls *tls, struct tls_broker *broker, struct buf *plain);

/// Appends what the broker says to what the client has sent.
void tls_rig_answer(struct tls *tls, struct tls_broker *broker, struct buf *flight);

/// Gives bytes to the client as they are.
void tls_rig_deliver(struct tls *tls, const void *bytes, size_t size);

/// The broker reads what has come to it.
void tls_broker_step(struct tls_broker *broker);

/// The broker writes.
void tls_broker_write(struct tls_broker *broker, const void *bytes, size_t size);

/// A usual world: a CA, a broker of "broker.test" and a client's certificate of it.
struct tls_world {
    struct identity ca;
    struct identity broker_identity;
    struct identity client_identity;
    char *ca_pem;
    char *client_pem;
    char *client_key_pem;
    struct tls_options options; ///< trusts the CA, verifies hosts; has no client certificate
    struct tls_broker broker;
};

void tls_world_init(struct tls_world *world, bool wants_client);
void tls_world_dispose(struct tls_world *world);

/// Gives the options the client's certificate and key.
void tls_world_identify(struct tls_world *world);

/// A context of the options, which must be good.
struct tls_context *tls_rig_context(const struct tls_options *options);

/// A connection to broker.test, pumped until nothing moves; the handshake may have failed.
struct tls *tls_world_connect(
    struct tls_world *world, struct tls_context *context, const char *host
);
