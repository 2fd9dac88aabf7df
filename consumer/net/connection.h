// SPDX-License-Identifier: Apache-2.0
// One connection to one broker: a machine from dialing to ready that takes bytes and the time, and
// gives bytes and wishes. It calls no socket and no clock. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/status.h"
#include "consumer/net/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct authentication;
struct channel;
struct log;
struct login;
struct random;
struct request;
struct security;

/// Where a connection stands. Each value names the states that may follow; CLOSED may follow any,
/// when the socket closes by itself.
enum connection_state {
    CONNECTION_CLOSED,         ///< no socket → DIALING
    CONNECTION_DIALING,        ///< name resolution and TCP connect → SECURING, CLOSING
    CONNECTION_SECURING,       ///< TLS handshake; left at once without TLS → NEGOTIATING, CLOSING
    CONNECTION_NEGOTIATING,    ///< ApiVersions asked → AUTHENTICATING, CLOSING
    CONNECTION_AUTHENTICATING, ///< SASL exchange; left at once without SASL → READY, CLOSING
    CONNECTION_READY,          ///< requests flow → REAUTHENTICATING, DRAINING, CLOSING
    CONNECTION_REAUTHENTICATING, ///< requests wait until those in flight are answered and the SASL
                                 ///< exchange is repeated (KIP-368) → READY, DRAINING, CLOSING
    CONNECTION_DRAINING,         ///< no new requests; closes after the last answer → CLOSING
    CONNECTION_CLOSING,          ///< the driver is closing the socket → CLOSED
};

/// What all connections of a consumer have in common. Read-only for connections, but for the random
/// numbers and the login, which they tell what came of it.
struct connection_settings {
    const struct log *log;
    struct random *random;
    struct login *login;
    const char *client_id;
    size_t frame_max_bytes;
    int64_t setup_timeout_ms;
    int64_t setup_timeout_max_ms;
    int64_t reconnect_backoff_ms;
    int64_t reconnect_backoff_max_ms;
    int64_t idle_max_ms;
};

/// A range of versions that a broker offers of one API; min > max: none.
struct version_range {
    int16_t min;
    int16_t max;
};

/// What a connection wants of the driver.
enum connection_want { CONNECTION_WANTS_NOTHING, CONNECTION_WANTS_DIAL, CONNECTION_WANTS_CLOSE };

enum { CONNECTION_APIS = 96, CONNECTION_HOST_BYTES = 256, CONNECTION_ERROR_BYTES = 400 };

/// One connection. Fields are the module's own, but for those under "read by others".
struct connection {
    // read by others
    const struct connection_settings *settings;
    char host[CONNECTION_HOST_BYTES];
    int32_t port;
    int32_t node_id; ///< -1: a bootstrap address
    const char *purpose;
    enum connection_state state;
    int32_t dial_count; ///< counts attempts, so that the driver can begin with another address of
                        ///< the name
    void *transport;    ///< the driver's
    enum status last_error;
    char last_error_text[CONNECTION_ERROR_BYTES]; ///< why the last attempt or connection ended

    // its own
    enum connection_want want;
    struct channel *channel;
    struct authentication *authentication;
    struct security *security; ///< held from the dial on: what this attempt is secured with
    int64_t security_version;  ///< of the login's snapshots, as of the last use
    bool has_answered;         ///< a request of others, since the dial
    struct frame_reader frames;
    struct buf output;
    struct request *waiting;   ///< not yet sent (utlist)
    struct request *in_flight; ///< sent, in order (utlist)
    struct version_range versions[CONNECTION_APIS];
    int16_t negotiated_version; ///< of ApiVersions, the one to try
    bool is_planned;            ///< the close under way is our own wish, no failure
    bool is_told;               ///< why it closes has been logged
    int32_t next_correlation_id;
    int failures;            ///< in a row, without an answer to a request of others between
    int64_t retry_at_ms;     ///< not to dial before
    int64_t setup_due_at_ms; ///< while setting up
    int64_t muted_until_ms;  ///< client-side throttling (KIP-219)
    int64_t last_used_at_ms;
    int64_t failed_at_ms; ///< when it closed last
};

/// Starts a closed connection to host:port. `purpose` is static text for the log.
void connection_init(
    struct connection *connection,
    const struct connection_settings *settings,
    const char *host,
    int32_t port,
    int32_t node_id
);

/// Ends everything: requests are answered with `status`. The socket must be closed or never opened.
void connection_dispose(struct connection *connection, enum status status, int64_t now_ms);

/// Queues a request; the connection dials if it must. The reply comes later, never from inside this
/// call. A closed connection that must wait before it dials answers STATUS_DISCONNECTED at its next
/// step.
void connection_send_take(struct connection *connection, struct request *request);

/// Does all that is due: dials, sends what waits, ends what is late.
void connection_step(struct connection *connection, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t connection_next_due_ms(const struct connection *connection);

/// Takes the wish to dial or to close; each is given once.
enum connection_want connection_take_want(struct connection *connection);

/// Moves the bytes to write into `output`, whose old memory must be empty; false when there are
/// none. The caller owns them.
bool connection_take_output(struct connection *connection, struct buf *output);

/// TCP is connected.
void connection_on_dialed(struct connection *connection, int64_t now_ms);

/// Where the next received bytes go. Borrowed until connection_on_bytes().
void connection_space(struct connection *connection, uint8_t **data, size_t *size);

/// `count` bytes were received into the space. Replies are given from inside this call.
void connection_on_bytes(struct connection *connection, size_t count, int64_t now_ms);

/// The socket is closed, by the peer, by an error or as wished: everything in flight and waiting is
/// answered with STATUS_DISCONNECTED, and the next attempt backs off. `why` is for people.
void connection_on_closed(struct connection *connection, const char *why, int64_t now_ms);

/// Asks to close because it is not needed any more: at once, or after the answers in flight
/// (`drain`).
void connection_close(struct connection *connection, bool drain, const char *why);

/// Takes another address for the next dial, and forgets the failures at the old one. Only while
/// closed.
void connection_readdress(struct connection *connection, const char *host, int32_t port);

/// Answers all requests that were not sent yet with STATUS_DISCONNECTED: for a broker that is not
/// to be dialed any more.
void connection_fail_waiting(struct connection *connection, int64_t now_ms);

/// When a closed connection may be dialed again; INT64_MAX: when there are credentials, or another
/// connection has tried those that were refused.
int64_t connection_retry_at_ms(const struct connection *connection);

/// True while the broker is connected and takes requests, be they sent at once or after a repeated
/// authentication.
bool connection_is_open(const struct connection *connection);

/// True when a request sent now would not fail for back-off.
bool connection_is_usable(const struct connection *connection, int64_t now_ms);

/// True while a request waits or is in flight.
bool connection_is_busy(const struct connection *connection);

/// The highest version of an API that both sides speak within min..max; -1: none. Only while open.
int16_t connection_version(
    const struct connection *connection, const struct api *api, int16_t min, int16_t max
);

/// The newest version of an API that the broker has ever offered, be it spoken by us or not; 0 or
/// less: none, or it has not been asked yet.
int16_t connection_newest_offered(const struct connection *connection, const struct api *api);

/// The state's name in lower case. Static.
const char *connection_state_name(enum connection_state state);
