// SPDX-License-Identifier: Apache-2.0
// The fetch sessions of the fake brokers (KIP-227). One thread at a time.
#pragma once

#include "consumer/wire/uuid.h"
#include "tests/fake_kafka/fake_cluster.h"

/// One partition as a client asks for it, in a session or in one request alone.
struct fake_wanted {
    char *topic; ///< owned; NULL: named by id
    struct uuid topic_id;
    int32_t partition;
    int64_t offset;
    int32_t current_leader_epoch;
    int32_t last_fetched_epoch;
    int32_t max_bytes;
    int64_t told_high_watermark; ///< what the client has been told last; -1: nothing
    int64_t told_start_offset;
};

/// A list of them, in the order of answering.
struct fake_wanted_list {
    struct fake_wanted *items;
    size_t count;
};

/// A session of one client with one broker.
struct fake_fetch_session {
    struct fake_fetch_session *prev; ///< utlist, the broker's
    struct fake_fetch_session *next;
    int32_t id;
    int32_t epoch; ///< of the next request
    bool by_id;
    struct fake_wanted_list wanted;
};

/// Forgets all sessions of a broker.
void fake_fetch_sessions_clear(struct fake_broker *broker);
