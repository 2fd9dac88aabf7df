// SPDX-License-Identifier: Apache-2.0
// A client is known while it has a connection, so that there are never more entries than those.
#include "server/http/clients.h"

#include "server/base/must.h"
#include "server/http/peer.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/// Who it is: an address without its port. Bytes between the members are zero.
struct client_key {
    struct in6_addr ip;
    sa_family_t family;
};

struct client {
    struct client_key key;
    int64_t connection_count;
    UT_hash_handle hh;
};

struct clients {
    struct client *by_key;
};

struct clients *clients_new(void) {
    return must_have(sizeof(struct clients));
}

void clients_free(struct clients *clients) {
    if (!clients) return;
    must(clients->by_key == NULL);
    free(clients);
}

static struct client *find(struct clients *clients, const struct peer *peer) {
    struct client_key key;
    struct client *found = NULL;
    memset(&key, 0, sizeof key);
    key.ip = peer->theirs.ip;
    key.family = peer->theirs.family;
    HASH_FIND(hh, clients->by_key, &key, sizeof key, found);
    if (found) return found;
    found = must_have(sizeof *found);
    memcpy(&found->key, &key, sizeof key);
    HASH_ADD(hh, clients->by_key, key, sizeof key, found);
    return found;
}

int64_t clients_add(struct clients *clients, const struct peer *peer) {
    must(clients != NULL);
    return ++find(clients, peer)->connection_count;
}

void clients_remove(struct clients *clients, const struct peer *peer) {
    struct client *client = find(clients, peer);
    must(client->connection_count > 0);
    if (--client->connection_count > 0) return;
    HASH_DEL(clients->by_key, client);
    free(client);
}
