// SPDX-License-Identifier: Apache-2.0
// A small HTTP client over blocking sockets that can be as rude as tests need, and a sidecar to
// talk to. Used by the test's thread.
#pragma once

#include "server/base/out.h"
#include "server/sidecar.h"

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stddef.h>

/// A connection. Answers that were read stay valid until the next one is read.
struct client {
    int fd;
    struct out received; ///< bytes that were read and not yet used
    struct out body;     ///< of the last answer
    char head[4096];     ///< of the last answer
    int status;
    const char *session; ///< sent with every request; NULL: none
    char method[16];     ///< of the last request
    char target[256];
    cJSON *json; ///< the last answer's body; NULL when it is no JSON
};

/// Starts the one sidecar of a test on free ports; `pairs` are more settings, ended by NULL.
void sidecar_up(const char *const *pairs);

/// Stops it, if it still runs.
void sidecar_down(void);

/// The running sidecar.
struct sidecar *the_sidecar(void);

/// The path of its Unix socket when it was started with "http.listener" "unix".
const char *unix_path(void);

/// Connects to the API, or to the management listener.
struct client client_connect(void);

/// Connects to a port of loopback.
struct client client_connect_port(unsigned port);

/// Connects to the API from another address of this machine, such as "127.0.0.2".
struct client client_connect_from(const char *from);

/// Connects to the management listener.
struct client client_connect_management(void);

/// Sends bytes as they are.
void client_send(struct client *client, const char *text);

/// Sends a request with keep-alive; `body` NULL: none.
void client_ask(struct client *client, const char *method, const char *target, const char *body);

/// Reads one answer whole; returns its status. Checks it against the OpenAPI document.
int client_read(struct client *client);

/// Reads the head of an answer whose body goes on; returns its status.
int client_read_head(struct client *client);

/// What came of a body that goes on.
enum client_piece {
    CLIENT_PIECE, ///< some more
    CLIENT_END,   ///< its proper end
    CLIENT_CUT,   ///< the connection is gone
};

/// Reads the next piece of a chunked body, behind what `text` has.
enum client_piece client_read_piece(struct client *client, struct out *text);

/// Asks and reads; returns the status.
int client_call(struct client *client, const char *method, const char *target, const char *body);

/// Reads so many bytes of what comes and forgets them.
void client_read_some(struct client *client, size_t size);

/// Waits until something can be read, without reading it.
void client_wait_readable(struct client *client);

/// True when the server has closed the connection and nothing is left to read.
bool client_is_ended(struct client *client);

/// The value of a header of the last answer, borrowed until the next; NULL: none.
const char *client_header(struct client *client, const char *name);

/// How many records the last answer has.
int client_records(const struct client *client);

/// The value of a record of the last answer.
const char *client_value(const struct client *client, int index);

/// The "code" of the last answer's problem; "" when it is none.
const char *client_code(const struct client *client);

/// The last answer's body.
const char *client_body(struct client *client);

/// Closes the connection; with bytes unread the server sees a reset.
void client_close(struct client *client);
