// SPDX-License-Identifier: Apache-2.0
// What the leader of a classic generation keeps: the members, the topics of them all, the partition
// counts that it computed from, and who gets what. Does no I/O; engine thread.
#pragma once

#include "consumer/group/assignor.h"
#include "consumer/group/topic_list.h"

/// The leader's papers. Zeroed: it does not lead.
struct leader {
    bool leads;
    struct topic_list watched;       ///< all members' topics (pitfall 78)
    struct assignor_member *members; ///< copies
    size_t member_count;
    struct topic_count *counts; ///< of `watched`, in its order; NULL before leader_take_counts()
    struct assignment *results; ///< of `members`, in their order; empty before leader_assign()
    struct arena memory;
};

/// Begins to lead a generation with these members, which are copied; what was there is forgotten.
void leader_begin(struct leader *leader, const struct assignor_member *members, size_t count);

/// Notes the partition counts of the watched topics; those not given count as -1. Others are left
/// out.
void leader_take_counts(struct leader *leader, const struct topic_count *counts, size_t count);

/// True when a watched topic has another count now than leader_take_counts() noted; false before
/// that.
bool leader_sees_change(
    const struct leader *leader, const struct topic_count *counts, size_t count
);

/// Fills `results` from the noted counts.
void leader_assign(struct leader *leader, const struct assignor *assignor);

/// Stops leading and frees everything.
void leader_end(struct leader *leader);
