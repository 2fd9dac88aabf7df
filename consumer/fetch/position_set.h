// SPDX-License-Identifier: Apache-2.0
// All assigned partitions of a consumer: a list whose order is the order of asking, and a hash to
// find one. Engine thread.
#pragma once

#include "consumer/fetch/position.h"

/// A set of positions, which it owns. A zeroed one is empty.
struct position_set {
    struct position *first;  ///< utlist
    struct position *by_key; ///< uthash by topic and partition
    size_t count;
    uint32_t next_version; ///< above those of all positions that were removed
};

/// Adds a position; there must be none for the partition yet. What was asked for an earlier one of
/// the partition is of an older version.
void position_set_add(struct position_set *set, struct position *position);

/// Removes and frees a position.
void position_set_remove(struct position_set *set, struct position *position);

/// The position of a partition; NULL when it is not assigned.
struct position *position_set_find(
    const struct position_set *set, const char *topic, int32_t partition
);

/// Puts a position at the end of the order.
void position_set_move_to_end(struct position_set *set, struct position *position);

/// Frees all positions.
void position_set_clear(struct position_set *set);
