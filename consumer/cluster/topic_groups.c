// SPDX-License-Identifier: Apache-2.0
// A counting sort with the topics found in a small list, latest first: neighbours mostly share
// their topic.
#include "consumer/cluster/topic_groups.h"

#include "consumer/base/must.h"

#include <string.h>

static size_t find_or_add(struct topic_groups *groups, const char *topic) {
    must(topic != NULL);
    for (size_t g = groups->count; g > 0; g--) {
        const char *known = groups->topics[g - 1];
        if (known == topic || strcmp(known, topic) == 0) return g - 1;
    }
    groups->topics[groups->count] = topic;
    return groups->count++;
}

struct topic_groups topic_groups_make(
    struct arena *arena, const char *const *topics, size_t item_count
) {
    must(arena->limit == 0);
    struct topic_groups groups = {
        .topics = arena_array(arena, item_count + 1, sizeof *groups.topics),
        .starts = arena_array(arena, item_count + 2, sizeof *groups.starts),
        .order = arena_array(arena, item_count + 1, sizeof *groups.order),
    };
    size_t *group_of = arena_array(arena, item_count + 1, sizeof *group_of);
    size_t *filled = arena_array(arena, item_count + 1, sizeof *filled);
    for (size_t i = 0; i < item_count; i++) {
        group_of[i] = find_or_add(&groups, topics[i]);
        groups.starts[group_of[i] + 1]++;
    }
    for (size_t g = 0; g < groups.count; g++)
        groups.starts[g + 1] += groups.starts[g];
    for (size_t i = 0; i < item_count; i++) {
        size_t g = group_of[i];
        groups.order[groups.starts[g] + filled[g]++] = i;
    }
    return groups;
}
