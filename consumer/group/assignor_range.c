// SPDX-License-Identifier: Apache-2.0
// Each topic by itself: partition runs in the order of its members' ranks.
#include "consumer/group/assignor_range.h"

#include "consumer/base/must.h"
#include "consumer/group/roster.h"

static void assign(const struct assignor_input *input, struct assignment *assignments) {
    must(assignments || input->member_count == 0);
    struct roster roster;
    roster_init(&roster, input);
    for (size_t i = 0; i < roster.topic_count; i++) {
        const struct roster_topic *topic = &roster.topics[i];
        size_t share = (size_t)topic->partition_count / topic->rank_count;
        size_t extra = (size_t)topic->partition_count % topic->rank_count;
        int32_t next = 0;
        for (size_t j = 0; j < topic->rank_count; j++) {
            struct assignment *gets = &assignments[roster.members[topic->ranks[j]]];
            for (size_t n = share + (j < extra ? 1 : 0); n > 0; n--)
                assignment_add(gets, topic->name, next++);
        }
        must(next == topic->partition_count);
    }
    roster_dispose(&roster);
}

const struct assignor assignor_range = { "range", assign };
