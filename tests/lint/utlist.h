// SPDX-License-Identifier: Apache-2.0
// What the linter sees in place of utlist: the same contracts without the macros' bodies.
#pragma once

#include <stddef.h>

/// The new head.
void *lint_list_add(void *head, void *item);
/// The new head.
void *lint_list_remove(void *head, void *item);

#define DL_APPEND(head, item)                 ((head) = lint_list_add((head), (item)))
#define DL_PREPEND(head, item)                ((head) = lint_list_add((head), (item)))
#define DL_APPEND2(head, item, before, after) ((head) = lint_list_add((head), (item)))
#define DL_DELETE(head, item)                 ((head) = lint_list_remove((head), (item)))
#define DL_DELETE2(head, item, before, after) ((head) = lint_list_remove((head), (item)))
#define DL_COUNT(head, item, count)              ((item) = (head), (count) = (item) ? 1 : 0)
#define DL_FOREACH(head, item)                for ((item) = (head); (item); (item) = (item)->next)
#define DL_FOREACH2(head, item, after)        for ((item) = (head); (item); (item) = (item)->after)
#define DL_FOREACH_SAFE(head, item, following) \
    for ((item) = (head); (item) && ((following) = (item)->next, 1); (item) = (following))
#define LL_FOREACH(head, item)                for ((item) = (head); (item); (item) = (item)->next)
