// SPDX-License-Identifier: Apache-2.0
// Which batches of a read_committed fetch belong to aborted transactions (KIP-98). Decided on
// headers, before anything is decompressed. Engine thread.
#pragma once

#include "consumer/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fetch_response_aborted_transaction;
struct record_batch;

/// The aborted transactions of one partition's answer, and which of them the walk is inside of.
struct aborted_filter {
    struct fetch_response_aborted_transaction *pending; ///< sorted by first offset
    size_t pending_count;
    size_t next;
    int64_t *active; ///< producer ids
    size_t active_count;
};

/// A filter over the list of an answer, which may be unsorted. Memory is the arena's, which must
/// have no limit.
void aborted_filter_init(
    struct aborted_filter *filter,
    struct arena *arena,
    const struct fetch_response_aborted_transaction *aborted,
    int32_t count
);

/// True when the batch's records are not to be delivered: control batches, and data of aborted
/// transactions. Batches must be asked in their order.
bool aborted_filter_drops(struct aborted_filter *filter, const struct record_batch *batch);
