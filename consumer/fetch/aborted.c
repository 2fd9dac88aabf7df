// SPDX-License-Identifier: Apache-2.0
// A transaction of a producer becomes active at its first offset and ends at the producer's next
// abort marker; only then may data of the same producer be delivered again.
#include "consumer/fetch/aborted.h"

#include "consumer/base/must.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/record_batch.h"

#include <stdlib.h>
#include <string.h>

static int by_first_offset(const void *a, const void *b) {
    const struct fetch_response_aborted_transaction *left = a;
    const struct fetch_response_aborted_transaction *right = b;
    return (left->first_offset > right->first_offset) - (left->first_offset < right->first_offset);
}

void aborted_filter_init(
    struct aborted_filter *filter,
    struct arena *arena,
    const struct fetch_response_aborted_transaction *aborted,
    int32_t count
) {
    must(arena->limit == 0);
    *filter = (struct aborted_filter){ 0 };
    if (count <= 0) return;
    filter->pending_count = (size_t)count;
    filter->pending = arena_array(arena, filter->pending_count, sizeof *aborted);
    filter->active = arena_array(arena, filter->pending_count, sizeof *filter->active);
    memcpy(filter->pending, aborted, filter->pending_count * sizeof *aborted);
    qsort(filter->pending, filter->pending_count, sizeof *aborted, by_first_offset);
}

static size_t find_active(const struct aborted_filter *filter, int64_t producer_id) {
    size_t i = 0;
    while (i < filter->active_count && filter->active[i] != producer_id)
        i++;
    return i;
}

static void activate_until(struct aborted_filter *filter, int64_t last_offset) {
    must(filter->active_count <= filter->pending_count);
    while (filter->next < filter->pending_count &&
           filter->pending[filter->next].first_offset <= last_offset) {
        int64_t producer_id = filter->pending[filter->next++].producer_id;
        if (find_active(filter, producer_id) == filter->active_count) {
            filter->active[filter->active_count++] = producer_id;
        }
    }
}

bool aborted_filter_drops(struct aborted_filter *filter, const struct record_batch *batch) {
    activate_until(filter, record_batch_next_offset(batch) - 1);
    size_t i = find_active(filter, batch->producer_id);
    bool active = i < filter->active_count;
    if (record_batch_is_control(batch)) {
        if (active && record_batch_control_type(batch) == CONTROL_ABORT) {
            filter->active[i] = filter->active[--filter->active_count];
        }
        return true;
    }
    return active && record_batch_is_transactional(batch);
}
