// SPDX-License-Identifier: Apache-2.0
// TCP connections to brokers: name resolution, connecting to each address in turn, reading and
// writing. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/driver/host.h"

/// Begins to dial a connection; it reports to the engine.
void socket_open(struct host *host, struct connection *connection);

/// Writes bytes, which the socket owns from now on.
void socket_write_take(struct connection *connection, struct buf bytes);

/// Closes; the engine hears of it when it is done.
void socket_close(struct connection *connection);
