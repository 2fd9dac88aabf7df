// SPDX-License-Identifier: Apache-2.0
// Fetching from one broker: for the fetcher and for those who read its answers. Engine thread.
#pragma once

#include "consumer/fetch/fetcher.h"
#include "consumer/fetch/session.h"

/// Fetching from one broker.
struct fetch_node {
    int32_t node_id;
    struct fetcher *fetcher;
    struct fetch_session session;
    bool is_wanted; ///< has something to be fetched
    bool in_flight;
    int64_t sent_at_ms;
    int64_t in_flight_bytes; ///< room that its answer may take
    int64_t retry_at_ms;
    int failures;
    UT_hash_handle hh;
};
