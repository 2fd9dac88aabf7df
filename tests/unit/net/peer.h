// SPDX-License-Identifier: Apache-2.0
// The broker's end of one connection, in memory: takes requests off its output, gives answers as
// bytes in pieces of any size. Test thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/base/bytes.h"
#include "consumer/net/connection.h"
#include "consumer/wire/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_broker;

/// A request as the broker reads it. Borrowed from the peer until it is disposed of.
struct peer_request {
    const struct api *api;
    int16_t version;
    int32_t correlation_id;
    struct slice client_id;
    const void *message; ///< a struct of the API's request schema
};

/// One broker's end.
struct peer {
    struct connection *connection;
    struct buf inbox;       ///< written by the connection and not yet read
    struct arena arena;     ///< what was read
    size_t most_at_once;    ///< bytes of one read of the connection's; 0: as many as it takes
    struct tls_broker *tls; ///< its side of TLS; NULL: plain
};

/// A peer of a connection that it sets up as its transport; dispose of it by peer_dispose().
void peer_init(struct peer *peer, struct connection *connection);

/// Frees what is held and takes the transport off the connection.
void peer_dispose(struct peer *peer);

/// Takes the connection's wish to dial, which must be there, and tells that TCP is connected.
void peer_accept(struct peer *peer, int64_t now_ms);

/// peer_accept(), and an ApiVersions answer that offers all that the consumer speaks, of each API
/// up to `most_version`. Afterwards the connection is ready.
void peer_open(struct peer *peer, int16_t most_version, int64_t now_ms);

/// The next request; false when none was written. A malformed one ends the test.
bool peer_read(struct peer *peer, struct peer_request *request);

/// Moves the bytes of TLS both ways until nothing moves any more. Done by peer_accept(),
/// peer_read() and peer_write() too.
void peer_pump(struct peer *peer, int64_t now_ms);

/// Gives the connection bytes.
void peer_write(struct peer *peer, const void *data, size_t size, int64_t now_ms);

/// Appends the frame that answers a request: `message` is a struct of its response schema.
void peer_encode(const struct peer_request *request, const void *message, struct buf *out);

/// Answers a request.
void peer_answer(
    struct peer *peer, const struct peer_request *request, const void *message, int64_t now_ms
);

/// The socket closes: takes the wish to close, if there is one, and tells the connection.
void peer_close(struct peer *peer, const char *why, int64_t now_ms);

/// Appends the answer to an ApiVersions request that offers all that the consumer speaks, of each
/// API up to `most_version`.
void peer_encode_versions(
    const struct peer_request *request, int16_t most_version, struct buf *out
);
