// SPDX-License-Identifier: Apache-2.0
// From a received request to its handler: what every call has in common. On the HTTP thread.
#pragma once

#include "server/http/request.h"

#include <stdbool.h>
#include <stddef.h>

/// Looks at the head: who asks, which call, which parameters. What is wrong is answered behind the
/// body; when the client waits to be told before it sends one, at once.
void dispatch_begin(
    struct request *request, const char *method, const char *path, const char *version
);

/// Takes a piece of the body. False when the client sends so much that the connection must be cut.
bool dispatch_body(struct request *request, const char *bytes, size_t size);

/// The request is whole: answers it or lets its first step run.
void dispatch_run(struct request *request);
