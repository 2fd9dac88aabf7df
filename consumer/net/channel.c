// SPDX-License-Identifier: Apache-2.0
// A plain connection's bytes are received straight into the frame reader. Those of TLS are
// decrypted into it, without a buffer between.
#include "consumer/net/channel.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"
#include "consumer/security/tls.h"

enum channel_result channel_begin(
    struct channel *channel, struct tls_context *context, const char *host, int32_t port
) {
    must(channel->tls == NULL);
    if (!context) return CHANNEL_OPEN;
    channel->tls = tls_new(context, host, port);
    return tls_begin(channel->tls) == TLS_FAILED ? CHANNEL_FAILED : CHANNEL_WAITS;
}

void channel_dispose(struct channel *channel) {
    tls_free(channel->tls);
    channel->tls = NULL;
}

void channel_space(
    struct channel *channel, struct frame_reader *frames, uint8_t **data, size_t *size
) {
    if (channel->tls) {
        tls_space(channel->tls, data, size);
    } else {
        frame_reader_space(frames, data, size);
    }
    must(*size > 0);
}

static enum channel_result result_of(const struct channel *channel, bool was_open) {
    switch (tls_state(channel->tls)) {
    case TLS_HANDSHAKING: return CHANNEL_WAITS;
    case TLS_OPEN: return was_open ? CHANNEL_BYTES : CHANNEL_OPEN;
    case TLS_ENDED: return CHANNEL_ENDED;
    case TLS_FAILED: return CHANNEL_FAILED;
    }
    must(!"a state that is none");
    return CHANNEL_FAILED;
}

enum channel_result channel_on_bytes(
    struct channel *channel, struct frame_reader *frames, size_t count
) {
    if (!channel->tls) {
        frame_reader_on_bytes(frames, count);
        return CHANNEL_BYTES;
    }
    bool was_open = tls_state(channel->tls) == TLS_OPEN;
    (void)tls_on_bytes(channel->tls, count);
    return result_of(channel, was_open);
}

enum channel_result channel_read(struct channel *channel, struct frame_reader *frames) {
    if (!channel->tls) return CHANNEL_WAITS;
    uint8_t *data = NULL;
    size_t size = 0;
    frame_reader_space(frames, &data, &size);
    size_t count = tls_read(channel->tls, data, size);
    if (count > 0) {
        frame_reader_on_bytes(frames, count);
        return CHANNEL_BYTES;
    }
    enum channel_result result = result_of(channel, true);
    return result == CHANNEL_BYTES ? CHANNEL_WAITS : result;
}

bool channel_take_output(struct channel *channel, struct buf *plain, struct buf *output) {
    must(output->data == NULL);
    if (channel->tls) {
        if (plain->size > 0) {
            must(tls_state(channel->tls) != TLS_HANDSHAKING);
            tls_write(channel->tls, (struct slice){ plain->data, plain->size });
            secret_dispose(plain); // it may have a password
        }
        return tls_take_output(channel->tls, output);
    }
    if (plain->size == 0) return false;
    *output = *plain;
    *plain = (struct buf){ 0 };
    return true;
}

void channel_end(struct channel *channel) {
    if (channel->tls) tls_end(channel->tls);
}

enum channel_result channel_on_closed(struct channel *channel) {
    if (!channel->tls) return CHANNEL_ENDED;
    return tls_on_closed(channel->tls) == TLS_FAILED ? CHANNEL_FAILED : CHANNEL_ENDED;
}

const char *channel_why(const struct channel *channel) {
    return channel->tls ? tls_why(channel->tls) : "";
}

const struct tls_facts *channel_facts(const struct channel *channel) {
    return channel->tls ? tls_facts(channel->tls) : NULL;
}
