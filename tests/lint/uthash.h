// SPDX-License-Identifier: Apache-2.0
// What the linter sees in place of uthash: the same contracts without the macros' bodies, whose
// branches and freed memory it would count against our functions.
#pragma once

#include <stddef.h>

/// As uthash has it, as far as our code touches it.
typedef struct UT_hash_handle { // NOLINT(readability-identifier-naming)
    void *prev;
    void *next;
} UT_hash_handle;

/// The item of a key, or NULL.
void *lint_find(const void *head, const void *key, size_t size);
/// The new head.
void *lint_add(void *head, const void *key, size_t size, void *item);
/// The new head.
void *lint_remove(void *head, void *item);
/// How many items there are.
unsigned lint_count(const void *head);

#define HASH_FIND(hh, head, key, size, out) ((out) = lint_find((head), (key), (size)))
#define HASH_ADD_KEYPTR(hh, head, key, size, item) \
    ((head) = lint_add((head), (key), (size), (item)))
#define HASH_ADD(hh, head, field, size, item) \
    ((head) = lint_add((head), &(item)->field, (size), (item)))
#define HASH_DEL(head, item) ((head) = lint_remove((head), (item)))
#define HASH_COUNT(head)     lint_count(head)
#define HASH_ITER(hh, head, item, following)                                     \
    for ((item) = (head), (following) = (item) ? (item)->hh.next : NULL; (item); \
         (item) = (following), (following) = (following) ? (following)->hh.next : NULL)
