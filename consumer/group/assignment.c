// SPDX-License-Identifier: Apache-2.0
// A flat sorted array: looking up is a binary search, comparing and subtracting are one walk along
// both. Names are interned without a map: equal topics are neighbours.
#include "consumer/group/assignment.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

static int compare(const struct topic_partition *a, const struct topic_partition *b) {
    int order = a->topic == b->topic ? 0 : strcmp(a->topic, b->topic);
    if (order != 0) return order;
    return (a->partition > b->partition) - (a->partition < b->partition);
}

static int compare_any(const void *a, const void *b) {
    return compare((const struct topic_partition *)a, (const struct topic_partition *)b);
}

/// The index of the first item that is not below `key`.
static size_t lower_bound(const struct assignment *set, const struct topic_partition *key) {
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&set->items[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void reserve(struct assignment *set, size_t count) {
    if (count <= set->capacity) return;
    size_t capacity = set->capacity + set->capacity / 2;
    if (capacity < count) capacity = count;
    if (capacity < 8) capacity = 8;
    must(capacity <= SIZE_MAX / sizeof set->items[0]);
    set->items = must_realloc(set->items, capacity * sizeof set->items[0]);
    set->capacity = capacity;
}

/// The set's own copy of a topic's name for an item that stands or will stand at `at`: that of a
/// neighbour, or a new one.
static const char *intern(struct assignment *set, size_t at, const char *topic) {
    if (at > 0 && strcmp(set->items[at - 1].topic, topic) == 0) return set->items[at - 1].topic;
    if (at < set->count && strcmp(set->items[at].topic, topic) == 0) return set->items[at].topic;
    return arena_string(&set->names, slice_from_string(topic));
}

bool assignment_add(struct assignment *set, const char *topic, int32_t partition) {
    must(topic && partition >= 0);
    struct topic_partition item = { topic, partition };
    size_t at = set->count;
    if (at > 0 && compare(&set->items[at - 1], &item) >= 0) at = lower_bound(set, &item);
    if (at < set->count && compare(&set->items[at], &item) == 0) return false;
    item.topic = intern(set, at, topic);
    reserve(set, set->count + 1);
    struct topic_partition *place = set->items + at;
    memmove(place + 1, place, (set->count - at) * sizeof *place);
    *place = item;
    set->count++;
    return true;
}

void assignment_set(struct assignment *set, const struct topic_partition *items, size_t count) {
    must(items || count == 0);
    assignment_dispose(set);
    if (count == 0) return;
    reserve(set, count);
    memcpy(set->items, items, count * sizeof items[0]);
    qsort(set->items, count, sizeof items[0], compare_any);
    // set->count follows the items whose names are the set's own; those behind are borrowed still.
    for (size_t i = 0; i < count; i++) {
        struct topic_partition item = set->items[i];
        if (item.partition < 0) continue;
        if (set->count > 0 && compare(&set->items[set->count - 1], &item) == 0) continue;
        item.topic = intern(set, set->count, item.topic);
        set->items[set->count++] = item;
    }
}

bool assignment_contains(const struct assignment *set, const char *topic, int32_t partition) {
    must(topic);
    struct topic_partition key = { topic, partition };
    size_t at = lower_bound(set, &key);
    return at < set->count && compare(&set->items[at], &key) == 0;
}

bool assignment_equal(const struct assignment *a, const struct assignment *b) {
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (compare(&a->items[i], &b->items[i]) != 0) return false;
    }
    return true;
}

void assignment_difference(
    struct assignment *difference, const struct assignment *from, const struct assignment *without
) {
    must(difference != from && difference != without);
    assignment_dispose(difference);
    size_t other = 0;
    for (size_t i = 0; i < from->count; i++) {
        const struct topic_partition *item = &from->items[i];
        while (other < without->count && compare(&without->items[other], item) < 0)
            other++;
        if (other < without->count && compare(&without->items[other], item) == 0) continue;
        assignment_add(difference, item->topic, item->partition);
    }
}

void assignment_copy(struct assignment *copy, const struct assignment *original) {
    must(copy != original);
    assignment_set(copy, original->items, original->count);
}

void assignment_dispose(struct assignment *set) {
    free(set->items);
    arena_dispose(&set->names);
    *set = (struct assignment){ 0 };
}
