// SPDX-License-Identifier: Apache-2.0
// Reads and writes with the consumer's own tables, which tests of their own compare with Kafka's.
#include "tests/unit/net/peer.h"

#include "consumer/base/must.h"
#include "consumer/wire/field.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/schema.h"
#include "consumer/wire/writer.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

void peer_init(struct peer *peer, struct connection *connection) {
    must(connection->transport == NULL);
    *peer = (struct peer){ .connection = connection };
    connection->transport = peer;
}

void peer_dispose(struct peer *peer) {
    if (peer->connection) peer->connection->transport = NULL;
    buf_dispose(&peer->inbox);
    arena_dispose(&peer->arena);
    *peer = (struct peer){ 0 };
}

void peer_accept(struct peer *peer, int64_t now_ms) {
    EXPECT(connection_take_want(peer->connection) == CONNECTION_WANTS_DIAL);
    connection_on_dialed(peer->connection, now_ms);
    peer_pump(peer, now_ms);
}

// False when the connection has written nothing.
static bool collect(struct peer *peer) {
    struct buf output = { 0 };
    if (!connection_take_output(peer->connection, &output)) return false;
    if (peer->tls) {
        EXPECT(BIO_write(peer->tls->in, output.data, (int)output.size) == (int)output.size);
        tls_broker_step(peer->tls);
        buf_append(&peer->inbox, peer->tls->plain.data, peer->tls->plain.size);
        buf_clear(&peer->tls->plain);
    } else {
        buf_append(&peer->inbox, output.data, output.size);
    }
    buf_dispose(&output);
    return true;
}

static void deliver(struct peer *peer, const void *data, size_t size, int64_t now_ms) {
    const uint8_t *at = data;
    while (size > 0) {
        if (peer->connection->state == CONNECTION_CLOSING) return;
        uint8_t *space = NULL;
        size_t room = 0;
        connection_space(peer->connection, &space, &room);
        EXPECT(room > 0);
        size_t count = size < room ? size : room;
        if (peer->most_at_once > 0 && count > peer->most_at_once) count = peer->most_at_once;
        memcpy(space, at, count);
        connection_on_bytes(peer->connection, count, now_ms);
        at += count;
        size -= count;
    }
}

void peer_pump(struct peer *peer, int64_t now_ms) {
    bool has_moved = peer->tls != NULL;
    while (has_moved) {
        uint8_t bytes[4096];
        has_moved = collect(peer);
        int count = BIO_read(peer->tls->out, bytes, sizeof bytes);
        if (count <= 0) continue;
        deliver(peer, bytes, (size_t)count, now_ms);
        has_moved = true;
    }
}

bool peer_read(struct peer *peer, struct peer_request *request) {
    (void)collect(peer);
    if (peer->inbox.size == 0) return false;
    struct reader prefix = reader_over(buf_slice(&peer->inbox));
    int32_t size = reader_int32(&prefix);
    EXPECT(!prefix.bad && size > 0 && (size_t)size <= reader_left(&prefix));
    struct slice frame = arena_copy(&peer->arena, (struct slice){ prefix.at, (size_t)size });
    size_t taken = (size_t)size + 4;
    memmove(peer->inbox.data, peer->inbox.data + taken, peer->inbox.size - taken);
    peer->inbox.size -= taken;

    struct reader key = reader_over(frame);
    const struct api *api = api_find(reader_int16(&key));
    EXPECT(api != NULL);
    int16_t version = reader_int16(&key);
    struct reader reader = reader_over(frame);
    struct request_header header;
    enum status status = schema_decode(
        &request_header_schema,
        api_request_header_version(api, version),
        &reader,
        &peer->arena,
        &header
    );
    EXPECT(status == STATUS_OK);
    void *message = arena_alloc(&peer->arena, api->request->size);
    status = schema_decode(api->request, version, &reader, &peer->arena, message);
    EXPECT(status == STATUS_OK);
    EXPECT(reader_left(&reader) == 0);
    *request =
        (struct peer_request){ api, version, header.correlation_id, header.client_id, message };
    return true;
}

void peer_write(struct peer *peer, const void *data, size_t size, int64_t now_ms) {
    if (!peer->tls) {
        deliver(peer, data, size, now_ms);
        return;
    }
    tls_broker_write(peer->tls, data, size);
    peer_pump(peer, now_ms);
}

void peer_encode(const struct peer_request *request, const void *message, struct buf *out) {
    size_t start = out->size;
    struct response_header header = { .correlation_id = request->correlation_id };
    writer_int32(out, 0);
    enum status status = schema_encode(
        &response_header_schema,
        api_response_header_version(request->api, request->version),
        &header,
        out
    );
    EXPECT(status == STATUS_OK);
    status = schema_encode(request->api->response, request->version, message, out);
    EXPECT(status == STATUS_OK);
    writer_int32_at(out, start, (int32_t)(out->size - start - 4));
}

void peer_answer(
    struct peer *peer, const struct peer_request *request, const void *message, int64_t now_ms
) {
    struct buf frame = { 0 };
    peer_encode(request, message, &frame);
    peer_write(peer, frame.data, frame.size, now_ms);
    buf_dispose(&frame);
}

void peer_encode_versions(
    const struct peer_request *request, int16_t most_version, struct buf *out
) {
    enum { MOST_APIS = 32 };

    struct api_versions_response_api offered[MOST_APIS];
    struct api_versions_response response;
    schema_init(&api_versions_response_schema, &response);
    response.api_keys = offered;
    for (const struct api *api = api_next(NULL); api; api = api_next(api)) {
        struct api_versions_response_api *offer = &offered[response.api_keys_count++];
        schema_init(&api_versions_response_api_schema, offer);
        offer->api_key = (int16_t)api->key;
        offer->min_version = api->min_version;
        offer->max_version = api->max_version;
        if (offer->max_version > most_version) offer->max_version = most_version;
    }
    peer_encode(request, &response, out);
}

void peer_open(struct peer *peer, int16_t most_version, int64_t now_ms) {
    peer_accept(peer, now_ms);
    struct peer_request request;
    EXPECT(peer_read(peer, &request));
    EXPECT(request.api->key == API_API_VERSIONS);
    struct buf frame = { 0 };
    peer_encode_versions(&request, most_version, &frame);
    peer_write(peer, frame.data, frame.size, now_ms);
    buf_dispose(&frame);
    EXPECT(peer->connection->state == CONNECTION_READY);
}

void peer_close(struct peer *peer, const char *why, int64_t now_ms) {
    (void)connection_take_want(peer->connection);
    peer->connection->transport = NULL;
    buf_clear(&peer->inbox);
    connection_on_closed(peer->connection, why, now_ms);
}
