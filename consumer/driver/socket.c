// SPDX-License-Identifier: Apache-2.0
// A socket lives from the dial to the close of one connection's attempt. Received bytes go straight
// to where the connection wants them; the socket has no buffer of its own.
#include "consumer/driver/socket.h"

#include "consumer/base/clock.h"
#include "consumer/base/must.h"
#include "consumer/net/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEPALIVE_SECONDS = 60 };

struct socket {
    struct host *host;
    struct connection *connection;
    uv_tcp_t tcp;
    bool is_tcp_open;
    uv_getaddrinfo_t resolve;
    bool is_resolving;
    struct addrinfo *addresses;
    const struct addrinfo *next_address;
    int addresses_left;
    uv_connect_t connect;
    bool is_closing;
    char why[160];
};

struct write {
    uv_write_t request;
    struct buf bytes;
};

static void try_next_address(struct socket *socket);

static void note(struct socket *socket, const char *what, int error) {
    if (socket->why[0] && socket->is_closing) return;
    (void)snprintf(socket->why, sizeof socket->why, "%s: %s", what, uv_strerror(error));
}

// The end of a socket: the engine hears of it, and the connection may be dialed again.
static void finish(struct socket *socket) {
    must(!socket->is_tcp_open && !socket->is_resolving);
    struct host *host = socket->host;
    struct connection *connection = socket->connection;
    char why[sizeof socket->why];
    memcpy(why, socket->why, sizeof why);
    if (socket->addresses) uv_freeaddrinfo(socket->addresses);
    free(socket);
    connection->transport = NULL;
    engine_on_closed(host->engine, connection, why, clock_now_ms());
    host_run(host);
}

static void on_closed(uv_handle_t *handle) {
    struct socket *socket = handle->data;
    socket->is_tcp_open = false;
    if (!socket->is_closing && socket->addresses_left > 0) {
        try_next_address(socket);
    } else {
        finish(socket);
    }
}

static void close_socket(struct socket *socket) {
    if (socket->is_closing) return;
    socket->is_closing = true;
    if (socket->is_resolving) {
        (void)uv_cancel((uv_req_t *)&socket->resolve);
    } else if (socket->is_tcp_open && !uv_is_closing((uv_handle_t *)&socket->tcp)) {
        uv_close((uv_handle_t *)&socket->tcp, on_closed);
    }
}

static void on_space(uv_handle_t *handle, size_t suggested, uv_buf_t *space) {
    (void)suggested;
    struct socket *socket = handle->data;
    uint8_t *data = NULL;
    size_t size = 0;
    connection_space(socket->connection, &data, &size);
    *space = uv_buf_init((char *)data, size > UINT32_MAX ? UINT32_MAX : (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *space) {
    (void)space;
    struct socket *socket = stream->data;
    if (count == 0 || socket->is_closing) return;
    if (count < 0) {
        if (count == UV_EOF) {
            (void)snprintf(socket->why, sizeof socket->why, "the broker closed the connection");
        } else {
            note(socket, "reading", (int)count);
        }
        close_socket(socket);
        return;
    }
    engine_on_bytes(socket->host->engine, socket->connection, (size_t)count, clock_now_ms());
    host_run(socket->host);
}

static void on_connected(uv_connect_t *request, int error) {
    struct socket *socket = request->data;
    if (socket->is_closing) return;
    if (error) {
        note(socket, "connecting", error);
        uv_close((uv_handle_t *)&socket->tcp, on_closed);
        return;
    }
    (void)uv_tcp_nodelay(&socket->tcp, 1);
    (void)uv_tcp_keepalive(&socket->tcp, 1, KEEPALIVE_SECONDS);
    int failed = uv_read_start((uv_stream_t *)&socket->tcp, on_space, on_read);
    must(failed == 0);
    must(socket->connection->transport == socket);
    engine_on_dialed(socket->host->engine, socket->connection, clock_now_ms());
    host_run(socket->host);
}

static void try_next_address(struct socket *socket) {
    must(!socket->is_tcp_open && socket->addresses_left > 0);
    const struct addrinfo *address = socket->next_address;
    socket->addresses_left--;
    socket->next_address = address->ai_next ? address->ai_next : socket->addresses;
    int error = uv_tcp_init(host_uv(socket->host), &socket->tcp);
    must(error == 0);
    socket->is_tcp_open = true;
    socket->tcp.data = socket;
    socket->connect.data = socket;
    error = uv_tcp_connect(&socket->connect, &socket->tcp, address->ai_addr, on_connected);
    if (error) {
        note(socket, "connecting", error);
        uv_close((uv_handle_t *)&socket->tcp, on_closed);
    }
}

// Each attempt begins with another address, so that one that never answers does not block the
// others for ever.
static void choose_first_address(struct socket *socket) {
    int count = 0;
    for (const struct addrinfo *address = socket->addresses; address; address = address->ai_next)
        count++;
    socket->addresses_left = count;
    socket->next_address = socket->addresses;
    for (int skip = socket->connection->dial_count % count; skip > 0; skip--)
        socket->next_address = socket->next_address->ai_next;
    socket->connection->dial_count++;
}

static void on_resolved(uv_getaddrinfo_t *request, int error, struct addrinfo *addresses) {
    struct socket *socket = request->data;
    socket->is_resolving = false;
    socket->addresses = addresses;
    if (socket->is_closing) {
        finish(socket);
    } else if (error || !addresses) {
        note(socket, "resolving the name", error ? error : UV_EAI_NONAME);
        finish(socket);
    } else {
        choose_first_address(socket);
        try_next_address(socket);
    }
}

void socket_open(struct host *host, struct connection *connection) {
    must(connection->transport == NULL);
    struct socket *socket = must_alloc(sizeof *socket);
    socket->host = host;
    socket->connection = connection;
    connection->transport = socket;
    char port[16];
    (void)snprintf(port, sizeof port, "%d", (int)connection->port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    socket->resolve.data = socket;
    socket->is_resolving = true;
    int error = uv_getaddrinfo(
        host_uv(host), &socket->resolve, on_resolved, connection->host, port, &hints
    );
    must(error == 0);
}

static void on_written(uv_write_t *request, int error) {
    struct write *write = (struct write *)request;
    (void)error;
    buf_dispose(&write->bytes);
    free(write);
}

void socket_write_take(struct connection *connection, struct buf bytes) {
    struct socket *socket = connection->transport;
    if (!socket || socket->is_closing || !socket->is_tcp_open) {
        buf_dispose(&bytes);
        return;
    }
    uv_stream_t *stream = (uv_stream_t *)&socket->tcp;
    uv_buf_t all = uv_buf_init((char *)bytes.data, (unsigned)bytes.size);
    int written = uv_try_write(stream, &all, 1);
    if (written < 0 && written != UV_EAGAIN) {
        note(socket, "writing", written);
        buf_dispose(&bytes);
        close_socket(socket);
        return;
    }
    size_t done = written > 0 ? (size_t)written : 0;
    if (done == bytes.size) {
        buf_dispose(&bytes);
        return;
    }
    struct write *write = must_alloc(sizeof *write);
    write->bytes = bytes;
    uv_buf_t rest = uv_buf_init((char *)bytes.data + done, (unsigned)(bytes.size - done));
    int error = uv_write(&write->request, stream, &rest, 1, on_written);
    must(error == 0);
}

void socket_close(struct connection *connection) {
    struct socket *socket = connection->transport;
    must(socket != NULL);
    close_socket(socket);
}
