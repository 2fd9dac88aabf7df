// SPDX-License-Identifier: Apache-2.0
// Requests into bytes and bytes into replies, for one connection: versions, headers, correlation,
// throttling. Engine thread.
#pragma once

#include "consumer/net/connection.h"

struct reply;

/// The version of ApiVersions that a first connection tries: the newest that brokers since
/// Kafka 2.4 know how to refuse.
enum { EXCHANGE_FIRST_API_VERSIONS = 4 };

/// What came of an answer.
enum exchange_result {
    EXCHANGE_ANSWERED,   ///< the request's owner has its reply
    EXCHANGE_NEGOTIATED, ///< the connection's own ApiVersions: versions are known now
    EXCHANGE_ASK_AGAIN,  ///< the same, but the broker wants an older version of it
    EXCHANGE_GOES_ON, ///< the connection's own SASL exchange: authentication_next() is to be sent
    EXCHANGE_AUTHENTICATED, ///< the same, and it is done
    EXCHANGE_REFUSED,       ///< the same: the broker refuses the credentials; `why` says more
    EXCHANGE_IMPOSSIBLE,    ///< the same: it cannot be done so; `why` says more
    EXCHANGE_UNREADABLE,    ///< it cannot be decoded; the owner was told STATUS_INVALID_FRAME
};

/// Replies with a failure and frees the request.
void exchange_fail(struct request *request, enum status status, int64_t now_ms);

/// Chooses the version, encodes and appends to the connection's output. False when the request was
/// answered at once with a failure (no common version, or a value that the version cannot carry).
bool exchange_send(struct connection *connection, struct request *request, int64_t now_ms);

/// The connection's own request for versions, of the version to try next.
struct request *exchange_api_versions(struct connection *connection);

/// True when the frame's correlation id is the request's.
bool exchange_matches(const struct request *request, const struct chunk *frame);

/// Does nothing: for requests of the connection's own, whose answers exchange_answer() looks at.
void exchange_ignore_reply(void *owner, const struct reply *reply);

/// Decodes an answer, gives the reply and frees the request. `why` gets a sentence when something
/// is wrong.
enum exchange_result exchange_answer(
    struct connection *connection,
    struct request *request,
    struct chunk *frame,
    int64_t now_ms,
    char why[CONNECTION_ERROR_BYTES]
);

/// The highest version of an API within min..max that both sides speak; -1: none.
int16_t exchange_version(
    const struct connection *connection, const struct api *api, int16_t min, int16_t max
);
