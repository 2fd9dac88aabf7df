// SPDX-License-Identifier: Apache-2.0
// A fake cluster of one broker behind a TCP listener on 127.0.0.1. One thread: the caller's.
#pragma once

#include "tests/fake_kafka/fake_cluster.h"

struct fake_server;

/// Listens on a port for broker 1 of the cluster, which is told its address. NULL: the port cannot
/// be had. The cluster is borrowed for the server's life.
struct fake_server *fake_server_open(struct fake_cluster *cluster, int32_t port);

/// Serves until SIGINT or SIGTERM. `every_second` is called once a second.
void fake_server_run(
    struct fake_server *server, void (*every_second)(struct fake_cluster *cluster)
);

/// Closes all connections and frees the server.
void fake_server_close(struct fake_server *server);
