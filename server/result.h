// SPDX-License-Identifier: Apache-2.0
// What a command came to, kept beyond its callback: made on the engine thread, read and freed on a
// thread of the server.
#pragma once

#include "consumer/consumer.h"
#include "server/base/pool.h"

/// A deep copy of a result. Zeroed: nothing yet.
struct result {
    struct kc_result value; ///< points into the pool
    struct pool pool;
};

/// Copies all that `from` points to.
void result_copy(struct result *result, const struct kc_result *from);

/// Frees the copy.
void result_dispose(struct result *result);
