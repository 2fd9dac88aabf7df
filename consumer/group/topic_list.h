// SPDX-License-Identifier: Apache-2.0
// An owned list of topic names, sorted, each once. A value without a thread of its own.
#pragma once

#include "consumer/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/// The list. A zeroed one is empty and needs no init; `names` may be read directly.
struct topic_list {
    const char **names;
    size_t count;
    struct arena memory; ///< of everything
};

/// Makes the list consist of copies of these names, which may be in any order and repeated, and
/// must not be the list's own.
void topic_list_set(struct topic_list *list, const char *const *names, size_t count);

/// True when both have the same names.
bool topic_list_equal(const struct topic_list *a, const struct topic_list *b);

/// Where a name stands in the list; `count` when it is not there.
size_t topic_list_find(const struct topic_list *list, const char *name);

/// Frees the memory; the list is empty and can be used again.
void topic_list_dispose(struct topic_list *list);
