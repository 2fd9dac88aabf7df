// SPDX-License-Identifier: Apache-2.0
// The query of a request: read, checked against what the route knows, and turned into numbers and
// partitions. One thread at a time.
#pragma once

#include "server/base/pool.h"
#include "server/json/requests.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One name and its value, decoded.
struct param {
    const char *name;
    const char *value;
};

/// All of a request, in their order. The memory is a pool's.
struct params {
    struct param *items;
    size_t count;
    size_t capacity;
};

/// Adds one; both texts are borrowed as long as the params are used.
void params_add(struct params *params, struct pool *pool, const char *name, const char *value);

/// Checks that each is among `known` (names separated by blanks; a star behind one that may be
/// repeated), and given once. False with a complaint.
bool params_check(const struct params *params, const char *known, struct complaint *complaint);

/// The value of a name; NULL when it is not given.
const char *params_find(const struct params *params, const char *name);

/// Reads a text that is a whole number of at most 64 bits; false when it is none.
bool params_whole_number(const char *text, int64_t *number);

/// A number between the bounds; `*number` stays when it is not given. False with a complaint.
bool params_integer(
    const struct params *params,
    const char *name,
    int64_t least,
    int64_t most,
    int64_t *number,
    struct complaint *complaint
);

/// true or false; `*value` stays when it is not given. False with a complaint.
bool params_boolean(
    const struct params *params, const char *name, bool *value, struct complaint *complaint
);

/// The name of the first one that says something of partitions; NULL: none does.
const char *params_about_partitions(const struct params *params);

/// Reads what the query says of partitions: tp=t:0 (repeatable), or topic= and partition=, with
/// offset=, to= or timestamp= for all of them where `kind` has such. False with a complaint.
bool params_partitions(
    const struct params *params,
    enum request_kind kind,
    struct pool *pool,
    struct partition_list *list,
    struct complaint *complaint
);
