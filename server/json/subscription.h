// SPDX-License-Identifier: Apache-2.0
// Request bodies that say what a consumer is to read. One thread at a time.
#pragma once

#include "server/json/requests.h"

#include <stdbool.h>
#include <stddef.h>

/// What PUT subscription says.
struct subscription_request {
    const char **topics;
    size_t count;
};

/// Reads {"topics":[…]}. False with a complaint.
bool request_read_subscription(
    struct kc_bytes body,
    struct pool *pool,
    struct subscription_request *request,
    struct complaint *complaint
);
