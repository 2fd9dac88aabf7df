// SPDX-License-Identifier: Apache-2.0
// One round over all members that goes on from topic to topic. Within a topic only its subscribers
// are looked at, so that subscriptions that differ cost nothing and cannot loop (pitfall 77).
#include "consumer/group/assignor_round_robin.h"

#include "consumer/base/must.h"
#include "consumer/group/roster.h"

/// The place in the topic's subscribers of the first whose rank is at least `rank`; after the last
/// comes the first.
static size_t seat_of(const struct roster_topic *topic, size_t rank) {
    for (size_t seat = 0; seat < topic->rank_count; seat++) {
        if (topic->ranks[seat] >= rank) return seat;
    }
    return 0;
}

static void assign(const struct assignor_input *input, struct assignment *assignments) {
    must(assignments || input->member_count == 0);
    struct roster roster;
    roster_init(&roster, input);
    size_t turn = 0; // the rank whose turn it is
    for (size_t i = 0; i < roster.topic_count; i++) {
        const struct roster_topic *topic = &roster.topics[i];
        size_t seat = seat_of(topic, turn);
        for (int32_t partition = 0; partition < topic->partition_count; partition++) {
            size_t rank = topic->ranks[seat];
            assignment_add(&assignments[roster.members[rank]], topic->name, partition);
            seat = seat + 1 < topic->rank_count ? seat + 1 : 0;
            turn = rank + 1;
        }
    }
    roster_dispose(&roster);
}

const struct assignor assignor_round_robin = { "roundrobin", assign };
