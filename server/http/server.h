// SPDX-License-Identifier: Apache-2.0
// A listener with its HTTP thread: connections and requests as libmicrohttpd tells of them.
#pragma once

#include "server/http/service.h"

#include <stdbool.h>
#include <stdint.h>

struct listener;
struct settings;

/// One listener.
struct http_server;

/// Listens and starts the thread. `service` must outlive it. NULL with errno set when that fails.
struct http_server *http_server_new(
    struct service *service, const struct listener *listener, bool is_management
);

/// How many file descriptors all listeners' connections can take.
int64_t http_server_descriptors(const struct settings *settings);

/// The port that it listens on; 0 for a Unix socket.
unsigned http_server_port(const struct http_server *server);

/// Waits until no client is connected, at most so long. True when none is.
bool http_server_wait_idle(struct http_server *server, int64_t timeout_ms);

/// Waits until every request that has begun is answered, at most so long. True when all are.
bool http_server_wait_answered(struct http_server *server, int64_t timeout_ms);

/// Stops the thread, closing all connections. No request may be suspended any more
/// (bridge_cancel()). NULL is fine.
void http_server_free(struct http_server *server);
