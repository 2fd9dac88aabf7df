// SPDX-License-Identifier: Apache-2.0
// Orders a list of partitions by topic, as Kafka's requests want them: topics in order of first
// appearance, partitions of a topic in the order given. Engine thread.
#pragma once

#include "consumer/base/arena.h"

#include <stddef.h>

/// Items of group g are order[starts[g]] … order[starts[g + 1] - 1].
struct topic_groups {
    const char **topics; ///< of each group; borrowed from the input
    size_t *starts;      ///< count + 1 of them
    size_t *order;       ///< indexes of items
    size_t count;
};

/// Groups `item_count` items by their topics. All memory is the arena's, which must have no limit.
struct topic_groups topic_groups_make(
    struct arena *arena, const char *const *topics, size_t item_count
);
