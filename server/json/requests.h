// SPDX-License-Identifier: Apache-2.0
// Request bodies: JSON in, typed lists out. What is wrong is said with the field's path. One thread
// at a time.
#pragma once

#include "consumer/consumer.h"
#include "server/base/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMPLAINT_BYTES = 320 };

/// What is wrong with a request, for people.
struct complaint {
    bool is_syntax;             ///< the body is no JSON at all
    bool is_unknown;            ///< a name that this call does not know
    char text[COMPLAINT_BYTES]; ///< a sentence that names the field
};

/// Writes a complaint's sentence, cut to its bound; returns false, for callers to return.
__attribute__((format(printf, 2, 3))) bool complain(
    struct complaint *complaint, const char *format, ...
);

/// Where one partition is to go.
struct seek_target {
    enum kc_target kind;
    int64_t offset;       ///< of KC_TO_OFFSET
    int64_t timestamp_ms; ///< of KC_TO_TIMESTAMP
};

/// What a request says about partitions. Its memory is that of the pool it was read into.
struct partition_list {
    bool given; ///< the request names partitions (maybe none)
    struct kc_partition *partitions;
    struct seek_target *targets; ///< of seeks, one for each partition; else NULL
    size_t count;
    size_t capacity;
    bool has_common_target;           ///< of a seek: "to", for all assigned
    struct seek_target common_target; ///< what "to" says
};

/// Which call's body it is.
enum request_kind {
    REQUEST_COMMIT, ///< {"offsets":[{"topic","partition","offset","leader_epoch"?,"metadata"?}]}
    REQUEST_ASSIGN, ///< {"partitions":[{"topic","partition","offset"?}]}
    REQUEST_NAMED,  ///< {"partitions":[{"topic","partition"}]}
    REQUEST_SEEK,   ///< {"partitions":[{…,"offset":…}]} or {"to":…}
    REQUEST_TIMES,  ///< {"timestamps":[{"topic","partition","timestamp"}]}: a number or RFC 3339
};

/// The most that a request body may be nested.
enum { REQUEST_MOST_DEPTH = 16 };

/// Reads a body of partitions. False with a complaint.
bool request_read_partitions(
    struct kc_bytes body,
    enum request_kind kind,
    struct pool *pool,
    struct partition_list *list,
    struct complaint *complaint
);

/// A new partition at the end of a list, with nothing known but that; its target (if the list has
/// targets) is zero.
struct kc_partition *partition_list_add(
    struct partition_list *list, struct pool *pool, bool target
);

/// Reads the words for a place in a log ("beginning", "end", "committed"); false for another.
bool seek_target_find(const char *word, struct seek_target *target);
