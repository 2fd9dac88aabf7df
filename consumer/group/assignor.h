// SPDX-License-Identifier: Apache-2.0
// How the leader of a classic group shares partitions among its members: the interface of
// assignors, and the list of those there are. Pure functions, any thread.
#pragma once

#include "consumer/group/assignment.h"

/// One member of the group as the leader knows it.
struct assignor_member {
    const char *member_id;
    const char *group_instance_id; ///< NULL: a dynamic member
    const char *const *topics;     ///< subscribed; any order, may be repeated
    size_t topic_count;
};

/// How many partitions a topic has.
struct topic_count {
    const char *topic;
    int32_t partition_count; ///< -1: not known, or there is no such topic
};

/// What an assignor shares out: borrowed for the call.
struct assignor_input {
    const struct assignor_member *members;
    size_t member_count;
    const struct topic_count *topics; ///< sorted by topic, without duplicates
    size_t topic_count;
};

/// A way of sharing partitions out.
struct assignor {
    const char *name; ///< as it goes over the wire
    /// Adds to `assignments[i]` (one for each member, empty at first) what `members[i]` gets. The
    /// result depends on the members, not on their order. Topics without a known count, and counts
    /// of topics that nobody subscribed to, are skipped.
    void (*assign)(const struct assignor_input *input, struct assignment *assignments);
};

/// The assignor of a name, or NULL when there is none (yet).
const struct assignor *assignor_find(const char *name);
