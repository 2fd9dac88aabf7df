// SPDX-License-Identifier: Apache-2.0
// Everything of one generation lies in one arena and goes at once.
#include "consumer/group/leader.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

static const char *dup(struct arena *memory, const char *text) {
    return arena_string(memory, slice_from_string(text));
}

static void copy_member(struct leader *leader, size_t at, const struct assignor_member *original) {
    struct assignor_member *copy = &leader->members[at];
    must(original->member_id && (original->topics || original->topic_count == 0));
    copy->member_id = dup(&leader->memory, original->member_id);
    copy->group_instance_id = dup(&leader->memory, original->group_instance_id);
    const char **topics = arena_array(&leader->memory, original->topic_count, sizeof *topics);
    must(topics);
    for (size_t i = 0; i < original->topic_count; i++)
        topics[i] = dup(&leader->memory, original->topics[i]);
    copy->topics = topics;
    copy->topic_count = original->topic_count;
}

/// Makes `watched` the topics of all members together.
static void watch_all_topics(struct leader *leader) {
    size_t total = 0;
    for (size_t i = 0; i < leader->member_count; i++)
        total += leader->members[i].topic_count;
    const char **all = arena_array(&leader->memory, total, sizeof *all);
    must(all);
    size_t next = 0;
    for (size_t i = 0; i < leader->member_count; i++) {
        const struct assignor_member *member = &leader->members[i];
        for (size_t j = 0; j < member->topic_count; j++)
            all[next++] = member->topics[j];
    }
    topic_list_set(&leader->watched, all, total);
}

void leader_begin(struct leader *leader, const struct assignor_member *members, size_t count) {
    must(members || count == 0);
    leader_end(leader);
    leader->leads = true;
    leader->members = arena_array(&leader->memory, count, sizeof *leader->members);
    leader->results = arena_array(&leader->memory, count, sizeof *leader->results);
    must(leader->members && leader->results);
    leader->member_count = count;
    for (size_t i = 0; i < count; i++)
        copy_member(leader, i, &members[i]);
    watch_all_topics(leader);
}

/// Writes the counts of the watched topics, in their order.
static void pick_counts(
    const struct topic_list *watched,
    struct topic_count *to,
    const struct topic_count *counts,
    size_t count
) {
    for (size_t i = 0; i < watched->count; i++)
        to[i] = (struct topic_count){ watched->names[i], -1 };
    for (size_t i = 0; i < count; i++) {
        size_t at = topic_list_find(watched, counts[i].topic);
        if (at < watched->count) to[at].partition_count = counts[i].partition_count;
    }
}

void leader_take_counts(struct leader *leader, const struct topic_count *counts, size_t count) {
    must(leader->leads && (counts || count == 0));
    leader->counts = arena_array(&leader->memory, leader->watched.count, sizeof *leader->counts);
    must(leader->counts);
    pick_counts(&leader->watched, leader->counts, counts, count);
}

bool leader_sees_change(
    const struct leader *leader, const struct topic_count *counts, size_t count
) {
    if (!leader->leads || !leader->counts) return false;
    struct arena scratch = { 0 };
    struct topic_count *now = arena_array(&scratch, leader->watched.count, sizeof *now);
    must(now);
    pick_counts(&leader->watched, now, counts, count);
    bool changed = false;
    for (size_t i = 0; i < leader->watched.count; i++)
        changed |= now[i].partition_count != leader->counts[i].partition_count;
    arena_dispose(&scratch);
    return changed;
}

void leader_assign(struct leader *leader, const struct assignor *assignor) {
    must(leader->leads && leader->counts);
    struct assignor_input input = {
        .members = leader->members,
        .member_count = leader->member_count,
        .topics = leader->counts,
        .topic_count = leader->watched.count,
    };
    assignor->assign(&input, leader->results);
}

void leader_end(struct leader *leader) {
    for (size_t i = 0; i < leader->member_count; i++)
        assignment_dispose(&leader->results[i]);
    topic_list_dispose(&leader->watched);
    arena_dispose(&leader->memory);
    *leader = (struct leader){ 0 };
}
