// SPDX-License-Identifier: Apache-2.0
// One incremental fetch session with one broker (KIP-227): what the broker remembers of our
// partitions, so that a request names only what changed. Engine thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/fetch/position.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct fetch_request;

/// What is to be fetched of one partition.
struct fetch_target {
    struct position *position;
    struct uuid topic_id; ///< zero: none
    int32_t leader_epoch; ///< current; -1: not known
};

/// What one request is to fetch.
struct fetch_plan {
    const struct fetch_target *targets;
    size_t count;
    bool by_id; ///< name topics by id: all targets have one, and the request's version is 13 or
                ///< later
    int32_t partition_max_bytes;
};

/// A partition as the broker was last told of it.
struct session_partition {
    char *topic;
    struct uuid topic_id;
    int32_t partition;
    int64_t fetch_offset;
    int32_t leader_epoch;
    int32_t last_fetched_epoch;
    uint32_t position_version; ///< of the position when it was asked
    uint32_t round;            ///< of the last request that wanted it
    char *key;                 ///< topic and partition, for the hash
    size_t key_size;
    UT_hash_handle hh;
};

/// A session. A zeroed one is none yet: its first request asks for everything and for a session.
struct fetch_session {
    int32_t id;    ///< 0: none
    int32_t epoch; ///< of the next request; 0: a full one
    bool by_id;    ///< partitions are named by topic id (Fetch v13 and later)
    uint32_t round;
    struct session_partition *partitions; ///< uthash
};

/// Fills a request's session fields, topics and forgotten topics. When the way of naming topics
/// changes (`plan->by_id`), a new session is begun. All memory of the request is the arena's.
void fetch_session_build(
    struct fetch_session *session,
    struct arena *arena,
    struct fetch_request *request,
    const struct fetch_plan *plan
);

/// Fills a request that ends the session at the broker (final epoch, no partitions), and forgets it
/// here. Only for a session that has an id.
void fetch_session_build_final(struct fetch_session *session, struct fetch_request *request);

/// The answer was good: takes its session id; 0 means that the broker has no room for sessions, and
/// every request will be a full one (pitfall 47).
void fetch_session_on_answer(struct fetch_session *session, int32_t session_id);

/// The session is lost: the next request begins a new one.
void fetch_session_reset(struct fetch_session *session);

/// The partition of an answer as it was asked; NULL when it was not (pitfall 37). By id when the
/// session is by id.
const struct session_partition *fetch_session_find(
    const struct fetch_session *session, struct slice topic, struct uuid topic_id, int32_t partition
);

/// Frees all.
void fetch_session_dispose(struct fetch_session *session);
