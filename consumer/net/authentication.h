// SPDX-License-Identifier: Apache-2.0
// The SASL exchange of one connection: SaslHandshake, then SaslAuthenticate until both sides are
// content (KIP-43, KIP-152), and again before the session's lifetime ends (KIP-368). Engine thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct request;
struct sasl;
struct sasl_authenticate_response;
struct sasl_handshake_response;

/// What an answer has come to.
enum authentication_result {
    AUTHENTICATION_GOES_ON,   ///< authentication_next_take() gives the next request
    AUTHENTICATION_DONE,      ///< the broker has accepted us, and we the broker
    AUTHENTICATION_REFUSED,   ///< the broker does not accept the credentials
    AUTHENTICATION_IMPOSSIBLE ///< the broker or what it says does not allow it
};

/// One connection's exchange, and what became of the last.
struct authentication {
    struct sasl *sasl;    ///< NULL: none is under way
    struct buf message;   ///< to be sent next
    bool has_message;     ///< it may be empty
    bool is_agreed;       ///< the mechanism is
    int64_t begun_at_ms;  ///< when the exchange under way began
    int64_t repeat_at_ms; ///< when it is to be repeated; INT64_MAX: never
};

/// Nothing has been done.
void authentication_init(struct authentication *authentication);

/// Drops what is under way and cleanses it. To be initialised again.
void authentication_dispose(struct authentication *authentication);

/// Begins an exchange with the newest credentials; returns its first request, which the caller
/// owns, or NULL when it can't begin: `why` (CONNECTION_ERROR_BYTES) gets a sentence.
struct request *authentication_begin(struct connection *connection, int64_t now_ms, char *why);

/// The next request of the exchange under way; the caller owns it.
struct request *authentication_next(struct connection *connection);

/// The broker's answer about the mechanism.
enum authentication_result authentication_on_handshake(
    struct connection *connection, const struct sasl_handshake_response *response, char *why
);

/// The broker's answer to a message of the exchange.
enum authentication_result authentication_on_message(
    struct connection *connection,
    const struct sasl_authenticate_response *response,
    int64_t now_ms,
    char *why
);
