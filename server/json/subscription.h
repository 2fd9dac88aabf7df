// SPDX-License-Identifier: Apache-2.0
// Request bodies that say what a consumer is and what it is to read. One thread at a time.
#pragma once

#include "server/json/requests.h"

#include <stdbool.h>
#include <stddef.h>

/// Topics by name, or those that a pattern matches.
struct subscription_request {
    const char **topics; ///< NULL: none are given
    size_t count;
    const char *pattern; ///< NULL: none is given
};

/// One property of a consumer, as text.
struct config_entry {
    const char *key;
    const char *value; ///< NULL: the default, whatever the process's settings say
};

/// What PUT of a consumer says.
struct consumer_request {
    struct config_entry *entries;
    size_t entry_count;
    struct subscription_request subscription;
};

/// Reads {"topics":[…]} or {"pattern":…}: one of them. False with a complaint.
bool request_read_subscription(
    struct kc_bytes body,
    struct pool *pool,
    struct subscription_request *request,
    struct complaint *complaint
);

/// Reads {"config":{…},"topics":[…]} with all members optional, or "pattern" instead of "topics".
/// Values of properties are texts, numbers, true and false, or null. False with a complaint.
bool request_read_consumer(
    struct kc_bytes body,
    struct pool *pool,
    struct consumer_request *request,
    struct complaint *complaint
);

/// Reads {"reason":…}, which may be missing: `reason` keeps its value then. False with a complaint.
bool request_read_reason(
    struct kc_bytes body, struct pool *pool, const char **reason, struct complaint *complaint
);
