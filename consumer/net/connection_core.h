// SPDX-License-Identifier: Apache-2.0
// What the files of one connection share: for connection.c and connection_setup.c. Engine thread.
#pragma once

#include "consumer/net/connection.h"
#include "consumer/net/exchange.h"

// connection.c

/// The one writer of the state.
void connection_enter(struct connection *connection, enum connection_state state);

/// Closes because of trouble: the next attempt backs off.
void connection_give_up(struct connection *connection, enum status status, const char *why);

/// The same, with a line in the log: it is no mere loss of a connection.
void connection_refuse(struct connection *connection, enum status status, const char *why);

/// From now on there is so much time to set up, or to authenticate again.
void connection_plan_setup(struct connection *connection, int64_t now_ms);

/// Holds the login's newest snapshot in place of the one before.
void connection_take_security(struct connection *connection);

// connection_setup.c

/// The channel is open: frames flow.
void connection_on_secured(struct connection *connection, int64_t now_ms);

/// An answer to a request of the connection's own has come to `result`; `why` says more where it is
/// bad.
void connection_on_own_answer(
    struct connection *connection, enum exchange_result result, const char *why, int64_t now_ms
);

/// A request of others has its answer: the failures of before are over.
void connection_on_served(struct connection *connection);

/// Begins to authenticate again. Nothing is in flight.
void connection_reauthenticate(struct connection *connection, int64_t now_ms);

/// What a loss of the connection in its present state may mean: " (…)", or "". Static.
const char *connection_hint(const struct connection *connection);
