// SPDX-License-Identifier: Apache-2.0
// One request over HTTP or HTTPS to who issues credentials, by libcurl. Blocks; any thread but the
// engine's.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTPS_WHY_BYTES = 256, HTTPS_MOST_BYTES = 1 << 20 };

/// Asked about once a second whether to give up. Zeroed: never.
struct https_stop {
    bool (*is_wanted)(const void *arg);
    const void *arg;
};

/// A request. All of it is borrowed.
struct https_request {
    const char *url;
    const char *const *headers; ///< "Name: value"
    size_t header_count;
    const char *form; ///< body of a POST, URL-encoded; NULL: GET
    struct slice ca;  ///< PEM of the CAs that are trusted; null: the system's
    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    struct https_stop stop;
    bool is_direct; ///< no proxy, whatever the environment says
};

/// Sends a request and appends the answer's body, at most HTTPS_MOST_BYTES; the caller gives `body`
/// to secret_dispose(). Redirects are not followed. Returns the status, or 0 with `why` when there
/// is no answer; `why` has nothing of headers and bodies.
long https_send(const struct https_request *request, struct buf *body, char why[HTTPS_WHY_BYTES]);

/// Appends a text URL-encoded.
void https_encode(struct buf *to, const char *text);
