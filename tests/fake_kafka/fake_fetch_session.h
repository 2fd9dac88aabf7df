// SPDX-License-Identifier: Apache-2.0
// What a Fetch request does to its session. One thread at a time.
#pragma once

#include "consumer/wire/messages_fetch.h"
#include "tests/fake_kafka/fake_fetch.h"

/// First version that names topics by their ids.
enum { FAKE_FETCH_BY_ID = 13 };

/// Takes a request into its session, if it has or begins one: `session` NULL for a request that
/// stands alone. The error for the whole answer, or 0.
int16_t fake_fetch_session_take(
    struct fake_cluster *cluster,
    struct fake_broker *broker,
    const struct fetch_request *request,
    int16_t version,
    struct fake_fetch_session **session
);

/// The session of an id; NULL: it is gone.
struct fake_fetch_session *fake_fetch_session_find(struct fake_broker *broker, int32_t id);

/// Notes what is asked: new partitions at the end, changes of those that are there.
void fake_wanted_add_all(
    struct fake_wanted_list *list, const struct fetch_request *request, int16_t version
);

/// Moves a partition to the end of the list.
void fake_wanted_move_to_end(struct fake_wanted_list *list, size_t index);

/// Frees a list.
void fake_wanted_clear(struct fake_wanted_list *list);
