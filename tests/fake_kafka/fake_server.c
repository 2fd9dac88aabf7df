// SPDX-License-Identifier: Apache-2.0
// Sockets in front of fake connections: after whatever happens the cluster is stepped, and what it
// has to send is sent.
#include "tests/fake_kafka/fake_server.h"

#include "consumer/base/clock.h"
#include "consumer/base/must.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>
#include <uv.h>

enum { BACKLOG = 64, SECOND_MS = 1000, READ_BYTES = 64 * 1024 };

// A client's socket and the connection behind it.
struct client {
    struct client *prev;
    struct client *next;
    struct fake_server *server;
    uv_tcp_t tcp;
    struct fake_connection *connection;
};

struct fake_server {
    struct fake_cluster *cluster;
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_timer_t step_timer;
    uv_timer_t second_timer;
    uv_signal_t signals[2];
    struct client *clients;
    void (*every_second)(struct fake_cluster *cluster);
    char input[READ_BYTES];
};

struct write {
    uv_write_t request;
    struct buf bytes;
};

static void on_client_closed(uv_handle_t *handle) {
    struct client *client = handle->data;
    DL_DELETE(client->server->clients, client);
    free(client);
}

static void close_client(struct client *client) {
    if (!client->connection) return;
    fake_connection_close(client->connection);
    client->connection = NULL;
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

static void on_written(uv_write_t *request, int error) {
    struct write *write = (struct write *)request;
    (void)error;
    buf_dispose(&write->bytes);
    free(write);
}

static void flush(struct client *client) {
    struct buf output = { 0 };
    if (fake_connection_take_output(client->connection, &output)) {
        struct write *write = must_alloc(sizeof *write);
        write->bytes = output;
        uv_buf_t all = uv_buf_init((char *)output.data, (unsigned)output.size);
        if (uv_write(&write->request, (uv_stream_t *)&client->tcp, &all, 1, on_written)) {
            on_written(&write->request, 0);
        }
    }
    if (fake_connection_is_closed(client->connection)) close_client(client);
}

static void on_step_timer(uv_timer_t *timer);

static void step(struct fake_server *server) {
    int64_t now_ms = clock_now_ms();
    fake_cluster_step(server->cluster, now_ms);
    struct client *client;
    DL_FOREACH(server->clients, client) {
        if (client->connection) flush(client);
    }
    int64_t due_ms = fake_cluster_next_due_ms(server->cluster);
    (void)uv_timer_stop(&server->step_timer);
    if (due_ms == INT64_MAX) return;
    uint64_t wait_ms = due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 1;
    uv_update_time(&server->loop);
    (void)uv_timer_start(&server->step_timer, on_step_timer, wait_ms, 0);
}

static void on_step_timer(uv_timer_t *timer) {
    step(timer->data);
}

static void on_space(uv_handle_t *handle, size_t suggested, uv_buf_t *space) {
    struct client *client = handle->data;
    (void)suggested;
    *space = uv_buf_init(client->server->input, sizeof client->server->input);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *space) {
    struct client *client = stream->data;
    if (!client->connection) return;
    if (count > 0) fake_connection_on_bytes(client->connection, space->base, (size_t)count);
    if (count < 0) close_client(client);
    step(client->server);
}

static void on_client(uv_stream_t *listener, int error) {
    struct fake_server *server = listener->data;
    if (error) return;
    struct client *client = must_alloc(sizeof *client);
    client->server = server;
    client->tcp.data = client;
    DL_APPEND(server->clients, client);
    int failed = uv_tcp_init(&server->loop, &client->tcp);
    must(failed == 0);
    client->connection = fake_connection_open(server->cluster, 1);
    failed = uv_accept(listener, (uv_stream_t *)&client->tcp);
    if (!failed) failed = uv_read_start((uv_stream_t *)&client->tcp, on_space, on_read);
    if (failed) close_client(client);
}

static void on_second(uv_timer_t *timer) {
    struct fake_server *server = timer->data;
    server->cluster->now_ms = clock_now_ms();
    if (server->every_second) server->every_second(server->cluster);
    step(server);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    uv_stop(handle->loop);
}

static void start_signals(struct fake_server *server) {
    static const int numbers[] = { SIGINT, SIGTERM };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int failed = uv_signal_init(&server->loop, &server->signals[i]);
        if (!failed) failed = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
        must(failed == 0);
    }
}

static int listen_on(struct fake_server *server, int32_t port) {
    struct sockaddr_in address;
    int failed = uv_ip4_addr("127.0.0.1", port, &address);
    if (!failed) failed = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    if (!failed) failed = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_client);
    return failed;
}

struct fake_server *fake_server_open(struct fake_cluster *cluster, int32_t port) {
    struct fake_server *server = must_alloc(sizeof *server);
    server->cluster = cluster;
    int failed = uv_loop_init(&server->loop);
    if (!failed) failed = uv_tcp_init(&server->loop, &server->listener);
    if (!failed) failed = uv_timer_init(&server->loop, &server->step_timer);
    if (!failed) failed = uv_timer_init(&server->loop, &server->second_timer);
    must(failed == 0);
    server->listener.data = server;
    server->step_timer.data = server;
    server->second_timer.data = server;
    start_signals(server);
    struct fake_broker *broker = fake_cluster_find_broker(cluster, 1);
    must(broker != NULL);
    (void)snprintf(broker->host, sizeof broker->host, "127.0.0.1");
    broker->port = port;
    cluster->now_ms = clock_now_ms();
    cluster->wall_offset_ms = clock_wall_ms() - cluster->now_ms;
    if (listen_on(server, port) == 0) return server;
    fake_server_close(server);
    return NULL;
}

void fake_server_run(
    struct fake_server *server, void (*every_second)(struct fake_cluster *cluster)
) {
    server->every_second = every_second;
    int failed = uv_timer_start(&server->second_timer, on_second, SECOND_MS, SECOND_MS);
    must(failed == 0);
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
}

void fake_server_close(struct fake_server *server) {
    struct client *client;
    DL_FOREACH(server->clients, client) {
        close_client(client);
    }
    uv_close((uv_handle_t *)&server->listener, NULL);
    uv_close((uv_handle_t *)&server->step_timer, NULL);
    uv_close((uv_handle_t *)&server->second_timer, NULL);
    for (size_t i = 0; i < sizeof server->signals / sizeof server->signals[0]; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    int failed = uv_loop_close(&server->loop);
    must(failed == 0);
    free(server);
}
