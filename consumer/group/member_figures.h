// SPDX-License-Identifier: Apache-2.0
// What a member counts and measures for metrics. Counters only grow; times are in ms. Engine
// thread.
#pragma once

#include "consumer/base/sampler.h"

/// A member's figures.
struct member_figures {
    uint64_t heartbeats; ///< answered, as the two below
    uint64_t joins;
    uint64_t syncs;
    struct sampler heartbeat_ms;
    struct sampler join_ms;
    struct sampler sync_ms;
    struct sampler rebalance_ms;   ///< from giving up, or the first try to join, to the assignment
    int64_t rebalance_began_at_ms; ///< -1: none is under way
    int64_t rebalanced_at_ms;      ///< when the last was completed; -1: none yet
};
