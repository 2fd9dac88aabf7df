// SPDX-License-Identifier: Apache-2.0
// A set of partitions, sorted by topic and then by number. A value without a thread of its own.
#pragma once

#include "consumer/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One partition of one topic.
struct topic_partition {
    const char *topic;
    int32_t partition;
};

/// An owned set of partitions. A zeroed assignment is empty and needs no init. `items` is sorted
/// (topic by bytes, then partition), without duplicates, and may be read directly; neighbours of
/// the same topic share the pointer of its name.
struct assignment {
    struct topic_partition *items;
    size_t count;
    size_t capacity;
    struct arena names; ///< of the topics in `items`
};

/// Puts one partition into the set, with a copy of the topic's name. False when it was there
/// already. Cheap when partitions come in ascending order; for many in any order use
/// assignment_set().
bool assignment_add(struct assignment *set, const char *topic, int32_t partition);

/// Makes the set consist of just these partitions, which may be in any order and repeated (a
/// peer's answer); negative numbers are left out. `items` must not point into the set itself.
void assignment_set(struct assignment *set, const struct topic_partition *items, size_t count);

/// True when the partition is in the set.
bool assignment_contains(const struct assignment *set, const char *topic, int32_t partition);

/// True when both have the same partitions.
bool assignment_equal(const struct assignment *a, const struct assignment *b);

/// Makes `difference` the set of those partitions of `from` that are not in `without`. It must be
/// none of the two.
void assignment_difference(
    struct assignment *difference, const struct assignment *from, const struct assignment *without
);

/// Makes `copy` an independent set with the same partitions.
void assignment_copy(struct assignment *copy, const struct assignment *original);

/// Frees the memory; the set is empty and can be used again.
void assignment_dispose(struct assignment *set);
