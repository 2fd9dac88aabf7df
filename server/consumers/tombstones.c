// SPDX-License-Identifier: Apache-2.0
// There are so few that they are moved up when one goes.
#include "server/consumers/tombstones.h"

#include "server/base/must.h"

#include <stdlib.h>
#include <string.h>

static size_t find(const struct tombstones *tombstones, const char *name) {
    must(tombstones->count <= MOST_TOMBSTONES);
    size_t i = 0;
    while (i < tombstones->count && strcmp(tombstones->items[i].name, name) != 0)
        i++;
    return i;
}

static void remove_at(struct tombstones *tombstones, size_t index) {
    must(index < tombstones->count);
    struct tombstone *at = &tombstones->items[index];
    free(at->name);
    free(at->group_id);
    tombstones->count--;
    memmove(at, at + 1, (tombstones->count - index) * sizeof *at);
}

void tombstones_add(struct tombstones *tombstones, const char *name, const char *group_id) {
    must(name != NULL && !tombstones_have(tombstones, name));
    if (tombstones->count == MOST_TOMBSTONES) remove_at(tombstones, 0);
    tombstones->items[tombstones->count++] =
        (struct tombstone){ must_copy(name), must_copy(group_id) };
}

bool tombstones_have(const struct tombstones *tombstones, const char *name) {
    return find(tombstones, name) < tombstones->count;
}

void tombstones_remove(struct tombstones *tombstones, const char *name) {
    size_t index = find(tombstones, name);
    if (index < tombstones->count) remove_at(tombstones, index);
}

void tombstones_dispose(struct tombstones *tombstones) {
    while (tombstones->count > 0)
        remove_at(tombstones, tombstones->count - 1);
}
