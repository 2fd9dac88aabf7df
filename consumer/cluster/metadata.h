// SPDX-License-Identifier: Apache-2.0
// What is known of topics: ids, partitions, leaders and their epochs. A cache that Metadata answers
// and leader hints change; it asks for nothing itself. Engine thread.
#pragma once

#include "consumer/base/status.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct metadata_response;

/// One partition of a known topic.
struct partition_metadata {
    int32_t leader;       ///< node id; -1: none at present
    int32_t leader_epoch; ///< -1: the broker does not tell
};

/// One topic that was asked for. What was known stays while an answer has an error for it.
struct topic_metadata {
    char *name;
    struct uuid id;          ///< zero: none
    int16_t error_code;      ///< of the last answer; 0: good
    int16_t told_error_code; ///< the last that the application was told: a note of the engine's
    int64_t told_at_ms;      ///< when a poll was last given it to tell: likewise
    int32_t misses;          ///< answers in a row that know no such topic
    bool is_used;            ///< a mark of the owner, who forgets what it does not use
    uint32_t answer;         ///< the last that named it, as metadata counts them
    bool is_internal;
    int32_t incarnation; ///< grows when the topic was deleted and made again under its name
    struct partition_metadata *partitions;
    int32_t partition_count; ///< 0: nothing known yet
    UT_hash_handle hh;       ///< by name
};

/// All that is cached. A zeroed one is empty.
struct metadata {
    struct topic_metadata *topics; ///< uthash by name
    char *cluster_id;              ///< NULL: not known
    uint32_t answers;              ///< taken in so far
    int64_t version;               ///< grows with every change that an assignment may depend on
};

/// What an answer leaves to be done.
struct metadata_outcome {
    bool is_incomplete; ///< a topic or leader is missing in a way that may pass: ask again soon
    bool has_changed;   ///< partitions were added, a topic came or went
};

/// Frees all.
void metadata_dispose(struct metadata *metadata);

/// A topic by its name; NULL when it was never asked for.
struct topic_metadata *metadata_find(const struct metadata *metadata, const char *topic);

/// A topic by its id; NULL when none has it.
struct topic_metadata *metadata_find_id(const struct metadata *metadata, struct uuid id);

/// So many answers in a row must lack a topic before it counts as deleted: one broker may be behind
/// the others.
enum { METADATA_MISSES_UNTIL_GONE = 5 };

/// True when a topic was never asked for, or counts as deleted.
bool metadata_is_gone(const struct metadata *metadata, const char *topic);

/// A partition; NULL when the topic or the partition is not known.
struct partition_metadata *metadata_partition(
    const struct metadata *metadata, const char *topic, int32_t partition
);

/// Why a partition of a topic (-1: the topic as a whole) cannot be reached after `failures`
/// attempts in a row, with the broker's error. STATUS_OK: it can, or what is in the way may pass;
/// else STATUS_TOPIC_AUTHORIZATION_FAILED, STATUS_NO_SUCH_TOPIC, STATUS_NO_SUCH_PARTITION,
/// STATUS_KAFKA_ERROR.
enum status metadata_refusal(
    const struct topic_metadata *topic, int32_t partition, int failures, int16_t *kafka_error
);

/// Takes an answer of a version in. An older leader epoch than the known one is ignored (KIP-320),
/// an equal or unknown one is not; below version 9 all count as unknown, since brokers of that age
/// tell stale ones during a reassignment. A topic with an error keeps what was known of it.
struct metadata_outcome metadata_update(
    struct metadata *metadata, const struct metadata_response *response, int16_t version
);

/// Takes it that the last answer was about all topics: those that it did not name are missing. True
/// when there is one.
bool metadata_note_missing(struct metadata *metadata);

/// Takes a hint about a leader (KIP-951); false when it is not newer than what is known.
bool metadata_hint_leader(
    struct metadata *metadata,
    const char *topic,
    int32_t partition,
    int32_t leader,
    int32_t leader_epoch
);

/// Makes sure that a topic has an entry, so that answers about it are kept. True when it is new.
bool metadata_want(struct metadata *metadata, const char *topic);

/// Forgets a topic.
void metadata_forget(struct metadata *metadata, struct topic_metadata *topic);
