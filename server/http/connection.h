// SPDX-License-Identifier: Apache-2.0
// What is known of a client's connection, for all its requests. It belongs to the HTTP thread of
// its listener.
#pragma once

#include "server/http/patrol.h"
#include "server/http/peer.h"
#include "server/http/tls.h"

#include <stdbool.h>

struct request;
struct service;

/// A connection of a client.
struct connection {
    struct service *service;
    struct peer peer;
    bool is_management;      ///< it came to the management listener
    const char *refused_for; ///< the limit that it is beyond; NULL: none
    struct patrol *patrol;   ///< of its listener
    struct patrol_entry patrolled;
    struct tls_watch handshake;
    struct tls_identity *identity; ///< the certificate of its TLS session; NULL: it has none
    struct request *request;       ///< that is not over; NULL: none
    bool bad_escape; ///< of the request that is being received: its URL has %00 or the like
};
