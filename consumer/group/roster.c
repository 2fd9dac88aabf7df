// SPDX-License-Identifier: Apache-2.0
// Members are ranked by one sort. A second sort, of (topic, rank) pairs of all subscriptions,
// brings each topic's subscribers together in order of rank.
#include "consumer/group/roster.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

/// A member on its way to a rank.
struct candidate {
    const struct assignor_member *member;
    size_t index;
};

/// One subscription of one member.
struct interest {
    const char *topic;
    size_t rank;
};

static int compare_candidates(const void *a, const void *b) {
    const struct assignor_member *left = ((const struct candidate *)a)->member;
    const struct assignor_member *right = ((const struct candidate *)b)->member;
    if (!left->group_instance_id != !right->group_instance_id)
        return left->group_instance_id ? -1 : 1;
    int order = 0;
    if (left->group_instance_id) order = strcmp(left->group_instance_id, right->group_instance_id);
    return order != 0 ? order : strcmp(left->member_id, right->member_id);
}

static int compare_interests(const void *a, const void *b) {
    const struct interest *left = a;
    const struct interest *right = b;
    int order = strcmp(left->topic, right->topic);
    if (order != 0) return order;
    return (left->rank > right->rank) - (left->rank < right->rank);
}

static void rank_members(struct roster *roster, const struct assignor_input *input) {
    size_t count = input->member_count;
    struct candidate *candidates = arena_array(&roster->memory, count, sizeof *candidates);
    size_t *ranked = arena_array(&roster->memory, count, sizeof *ranked);
    must(candidates && ranked);
    for (size_t i = 0; i < count; i++)
        candidates[i] = (struct candidate){ &input->members[i], i };
    qsort(candidates, count, sizeof *candidates, compare_candidates);
    for (size_t rank = 0; rank < count; rank++)
        ranked[rank] = candidates[rank].index;
    roster->members = ranked;
    roster->member_count = count;
}

/// All subscriptions of all members, sorted; `count` gets their number.
static struct interest *sort_interests(
    struct roster *roster, const struct assignor_input *input, size_t *count
) {
    *count = 0;
    for (size_t i = 0; i < input->member_count; i++)
        *count += input->members[i].topic_count;
    struct interest *interests = arena_array(&roster->memory, *count, sizeof *interests);
    must(interests);
    size_t next = 0;
    for (size_t rank = 0; rank < roster->member_count; rank++) {
        const struct assignor_member *member = &input->members[roster->members[rank]];
        for (size_t i = 0; i < member->topic_count; i++)
            interests[next++] = (struct interest){ member->topics[i], rank };
    }
    qsort(interests, *count, sizeof *interests, compare_interests);
    return interests;
}

/// The partition count of a topic; -1 when it is not known.
static int32_t count_of(const struct assignor_input *input, const char *topic) {
    size_t low = 0;
    size_t high = input->topic_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(input->topics[middle].topic, topic);
        if (order == 0) return input->topics[middle].partition_count;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

/// Turns the run of interests in one topic, [from, to), into an entry of the roster.
static void add_topic(
    struct roster_topic *topic,
    size_t *ranks,
    const struct interest *from,
    const struct interest *to
) {
    topic->name = from->topic;
    topic->ranks = ranks;
    for (; from < to; from++) {
        if (topic->rank_count > 0 && ranks[topic->rank_count - 1] == from->rank) continue;
        ranks[topic->rank_count++] = from->rank;
    }
}

void roster_init(struct roster *roster, const struct assignor_input *input) {
    must(input->members || input->member_count == 0);
    must(input->topics || input->topic_count == 0);
    *roster = (struct roster){ 0 };
    rank_members(roster, input);
    size_t count;
    const struct interest *interests = sort_interests(roster, input, &count);
    struct roster_topic *topics = arena_array(&roster->memory, count, sizeof *topics);
    size_t *ranks = arena_array(&roster->memory, count, sizeof *ranks);
    must(topics && ranks);
    for (size_t from = 0, to = 0; from < count; from = to) {
        while (to < count && strcmp(interests[to].topic, interests[from].topic) == 0)
            to++;
        int32_t partition_count = count_of(input, interests[from].topic);
        if (partition_count <= 0) continue;
        struct roster_topic *topic = &topics[roster->topic_count++];
        topic->partition_count = partition_count;
        add_topic(topic, ranks + from, interests + from, interests + to);
    }
    roster->topics = topics;
}

void roster_dispose(struct roster *roster) {
    arena_dispose(&roster->memory);
    *roster = (struct roster){ 0 };
}
