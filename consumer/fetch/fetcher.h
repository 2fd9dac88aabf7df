// SPDX-License-Identifier: Apache-2.0
// Keeps one fetch in flight to each broker that leads wanted partitions, and turns answers into
// queued batches. Engine thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cluster;
struct fetch_node;
struct log;
struct position;
struct position_set;
struct queue;
struct sampler;

/// What a fetcher is set up with.
struct fetcher_settings {
    const struct log *log;
    struct sampler *times_ms; ///< gets how long each fetch took
    const char *rack;
    int32_t min_bytes;
    int32_t max_bytes;
    int32_t max_wait_ms;
    int32_t partition_max_bytes;
    bool read_committed;
    int64_t request_timeout_ms;
    int64_t retry_backoff_ms;
    int64_t retry_backoff_max_ms;
    int64_t preferred_replica_max_age_ms;
};

/// The fetching side of one consumer. Counters only grow.
struct fetcher {
    struct fetcher_settings settings;
    struct cluster *cluster;
    struct queue *queue;
    struct position_set *positions; ///< the engine's
    struct fetch_node *nodes;       ///< uthash
    uint64_t fetch_count;
    uint64_t fetched_bytes;
    uint64_t stale_count; ///< answers of partitions that had been set anew meanwhile
};

/// A fetcher over the engine's positions. All pointers are borrowed for its life.
void fetcher_init(
    struct fetcher *fetcher,
    const struct fetcher_settings *settings,
    struct cluster *cluster,
    struct queue *queue,
    struct position_set *positions
);

/// Frees what is held; no fetch may be in flight.
void fetcher_dispose(struct fetcher *fetcher);

/// Sends every fetch that is due.
void fetcher_step(struct fetcher *fetcher, int64_t now_ms);

/// In place of fetcher_step() while the consumer closes: sends no more than the final fetch of each
/// session, once the broker has answered the fetch before (KIP-227). A session whose connection is
/// gone is left to the broker.
void fetcher_end_sessions(struct fetcher *fetcher, int64_t deadline_ms);

/// True when no answer is awaited.
bool fetcher_is_idle(const struct fetcher *fetcher);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t fetcher_next_due_ms(const struct fetcher *fetcher, int64_t now_ms);

/// The broker to fetch a partition from now: its leader or preferred replica; NO_NODE when not
/// known.
int32_t fetcher_node(
    const struct fetcher *fetcher, const struct position *position, int64_t now_ms
);
