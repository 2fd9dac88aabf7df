// SPDX-License-Identifier: Apache-2.0
// Who subscribed to what, in the order in which assignors go: sorted members, sorted topics, and
// for each topic its subscribers. Lives for one assignment, one thread.
#pragma once

#include "consumer/group/assignor.h"

/// One topic that has partitions and at least one subscriber.
struct roster_topic {
    const char *name;
    int32_t partition_count; ///< 1 or more
    const size_t *ranks;     ///< of its subscribers, ascending: indices into roster.members
    size_t rank_count;       ///< 1 or more
};

/// The tables. Names are borrowed from the input.
struct roster {
    const size_t *members; ///< by rank: index into the input's members
    size_t member_count;
    const struct roster_topic *topics; ///< sorted by name
    size_t topic_count;
    struct arena memory;
};

/// Builds the tables. Members are sorted as Apache Kafka does: static before dynamic ones, static
/// by group.instance.id, dynamic by member id.
void roster_init(struct roster *roster, const struct assignor_input *input);

/// Frees the tables.
void roster_dispose(struct roster *roster);
