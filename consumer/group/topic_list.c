// SPDX-License-Identifier: Apache-2.0
// A sorted array of names in an arena.
#include "consumer/group/topic_list.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void topic_list_set(struct topic_list *list, const char *const *names, size_t count) {
    must(names || count == 0);
    topic_list_dispose(list);
    if (count == 0) return;
    list->names = arena_array(&list->memory, count, sizeof *list->names);
    must(list->names);
    memcpy(list->names, names, count * sizeof *names);
    qsort(list->names, count, sizeof *list->names, compare);
    for (size_t i = 0; i < count; i++) {
        const char *name = list->names[i];
        if (list->count > 0 && strcmp(list->names[list->count - 1], name) == 0) continue;
        list->names[list->count++] = arena_string(&list->memory, slice_from_string(name));
    }
}

bool topic_list_equal(const struct topic_list *a, const struct topic_list *b) {
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->names[i], b->names[i]) != 0) return false;
    }
    return true;
}

size_t topic_list_find(const struct topic_list *list, const char *name) {
    must(name);
    if (list->count == 0) return 0;
    const char **found = bsearch(&name, list->names, list->count, sizeof *list->names, compare);
    return found ? (size_t)(found - list->names) : list->count;
}

void topic_list_dispose(struct topic_list *list) {
    arena_dispose(&list->memory);
    *list = (struct topic_list){ 0 };
}
