// SPDX-License-Identifier: Apache-2.0
// One change of connection is a client that connects anew; only coming back is taking turns.
#include "server/http/sharing.h"

#include "server/base/must.h"

#include <stddef.h>

void sharing_on_poll(struct sharing *sharing, const void *connection, int64_t now_ms) {
    must(connection != NULL);
    if (connection == sharing->last) return;
    bool returned = connection == sharing->before;
    bool lately = now_ms - sharing->returned_at_ms < SHARING_SHOWN_MS;
    if (!returned) {
        sharing->returns = 0;
    } else {
        sharing->returns = sharing->returns > 0 && lately ? sharing->returns + 1 : 1;
        sharing->returned_at_ms = now_ms;
    }
    sharing->before = sharing->last;
    sharing->last = connection;
}

void sharing_on_close(struct sharing *sharing, const void *connection) {
    must(connection != NULL);
    if (connection != sharing->last && connection != sharing->before) return;
    if (connection == sharing->last) sharing->last = NULL;
    if (connection == sharing->before) sharing->before = NULL;
    sharing->returns = 0;
}

bool sharing_is_seen(const struct sharing *sharing, int64_t now_ms) {
    return sharing->returns >= SHARING_RETURNS &&
           now_ms - sharing->returned_at_ms < SHARING_SHOWN_MS;
}
