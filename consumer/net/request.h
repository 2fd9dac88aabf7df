// SPDX-License-Identifier: Apache-2.0
// One Kafka request with its message, from its making to its one reply. Engine thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/base/status.h"

#include <stdint.h>

struct api;
struct chunk;

/// What became of a request. Everything is borrowed for the call of `on_reply`; who keeps bytes
/// refs the chunk.
struct reply {
    enum status status;  ///< STATUS_OK: `message` is the decoded response
    const void *message; ///< a struct of the API's response schema, or NULL
    struct chunk *chunk; ///< the received frame that slices in the message point into, or NULL
    const void *request; ///< the request's own message
    int16_t version;     ///< spoken version; -1 when it was never sent
    int64_t owner_tag;   ///< copied from the request
    int64_t now_ms;
};

/// A request that waits, is in flight, or is being answered. Made by request_new(), given to a
/// connection by connection_send_take(), freed by the connection after its reply.
struct request {
    struct request *prev; ///< utlist, in the connection's lists
    struct request *next;
    const struct api *api;
    int16_t min_version; ///< bounds on the version, inside those that we speak
    int16_t max_version;
    struct arena arena; ///< holds the message; callers allocate its parts here
    void *message;      ///< a struct of the API's request schema, at its defaults
    int64_t deadline_ms;
    void (*on_reply)(void *owner, const struct reply *reply); ///< called exactly once
    void *owner;
    int64_t owner_tag; ///< for the owner: a generation, a version of an assignment…
    int16_t version;   ///< chosen when sent
    int32_t correlation_id;
    int64_t sent_at_ms;
};

/// A request with its message at the schema's defaults; the caller owns it until it sends it.
struct request *request_new(const struct api *api, int64_t deadline_ms);

/// Calls `on_reply` and frees the request.
void request_finish(struct request *request, const struct reply *reply);

/// Frees a request that was never sent, without a reply. NULL is fine.
void request_free(struct request *request);
