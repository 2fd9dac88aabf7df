// SPDX-License-Identifier: Apache-2.0
// Who may talk to the API: the request's Host and Origin, and its token. Any thread.
#pragma once

#include "server/http/problem.h"
#include "server/settings.h"

#include <stdbool.h>

struct token;

/// The headers that are looked at; NULL where there is none.
struct guard_headers {
    const char *host;
    unsigned host_count; ///< how many Host headers there are
    const char *origin;
    const char *authorization;
    bool is_preflight; ///< OPTIONS with Access-Control-Request-Method: a page asks what it may send
    bool needs_host;   ///< HTTP/1.1
    bool is_unix;      ///< came over a Unix socket, where no web page gets
};

/// True when a page of that origin is one of http.allowed.origins.
bool guard_lists(const struct settings *settings, const char *origin);

/// True when the request may be answered; else `problem` says why not. Its detail is static. Of a
/// token that is NULL nothing is asked.
bool guard_allows(
    const struct settings *settings,
    struct token *token,
    const struct guard_headers *headers,
    struct problem *problem
);
