// SPDX-License-Identifier: Apache-2.0
// The bytes of one connection between its socket and its frames: as they are, or through TLS.
// Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/net/frame.h"

#include <stdbool.h>

struct tls;
struct tls_context;
struct tls_facts;

/// What a step of the channel came to.
enum channel_result {
    CHANNEL_WAITS,  ///< for more bytes
    CHANNEL_OPEN,   ///< the handshake is done
    CHANNEL_BYTES,  ///< frames may be there
    CHANNEL_ENDED,  ///< the peer has ended it in good order
    CHANNEL_FAILED, ///< channel_why() says why
};

/// What carries the bytes of one connection's attempt.
struct channel {
    struct tls *tls; ///< NULL: plain
};

/// Begins. CHANNEL_OPEN: frames can be sent at once, as `context` is NULL: plain. Else a handshake
/// comes first with `host`, whose name the broker's certificate must have.
enum channel_result channel_begin(
    struct channel *channel, struct tls_context *context, const char *host, int32_t port
);

/// Forgets everything. The channel can begin again.
void channel_dispose(struct channel *channel);

/// Where the next received bytes go: borrowed until channel_on_bytes(). Never empty.
void channel_space(
    struct channel *channel, struct frame_reader *frames, uint8_t **data, size_t *size
);

/// `count` bytes were received into the space. CHANNEL_OPEN or CHANNEL_BYTES: go on with
/// channel_read() until it waits, taking frames between.
enum channel_result channel_on_bytes(
    struct channel *channel, struct frame_reader *frames, size_t count
);

/// Moves decrypted bytes on into the frame reader; CHANNEL_BYTES: there may be more. Plain
/// channels wait always.
enum channel_result channel_read(struct channel *channel, struct frame_reader *frames);

/// Moves what is to be sent into `output`, whose old memory must be empty, `plain` included, which
/// is empty afterwards; false when there is nothing. The caller owns it.
bool channel_take_output(struct channel *channel, struct buf *plain, struct buf *output);

/// The connection is to be closed by us: says so to the peer, where the channel has a way to.
void channel_end(struct channel *channel);

/// The socket is closed by the peer, or broken. CHANNEL_FAILED when that tells of a trouble with
/// the channel.
enum channel_result channel_on_closed(struct channel *channel);

/// One sentence on a failure. Borrowed until the channel is disposed of.
const char *channel_why(const struct channel *channel);

/// What is known of an open TLS connection; NULL: plain. Borrowed as channel_why().
const struct tls_facts *channel_facts(const struct channel *channel);
