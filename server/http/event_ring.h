// SPDX-License-Identifier: Apache-2.0
// The last events of a consumer, bounded in number and in bytes: who was away can go on behind the
// last one that it saw. One thread at a time.
#pragma once

#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One event. Its id is one more than that of the event before.
struct ring_event {
    int64_t id;
    const char *name; ///< static
    char *data;       ///< one line of JSON
    size_t size;
};

/// The events that are kept. Init and dispose.
struct event_ring {
    struct ring_event *events;
    size_t capacity;
    size_t most_bytes; ///< of data; the newest event is kept in any case
    size_t oldest;     ///< its place among `events`
    size_t count;
    size_t bytes;
    int64_t next_id;
};

/// An empty ring, whose first event will have the id `first_id`.
void event_ring_init(struct event_ring *ring, size_t capacity, size_t most_bytes, int64_t first_id);

/// Frees the events.
void event_ring_dispose(struct event_ring *ring);

/// Appends an event, whose data is taken; the oldest ones make room. Returns its id.
int64_t event_ring_put_take(struct event_ring *ring, const char *name, struct out *data);

/// The event of that id, borrowed until the next is put; NULL: it is gone, or not there yet.
const struct ring_event *event_ring_find(const struct event_ring *ring, int64_t id);

/// The id of the oldest event that is kept, or of the next one when none is.
int64_t event_ring_oldest_id(const struct event_ring *ring);

/// True when everything behind the event `id` is there.
bool event_ring_goes_on_from(const struct event_ring *ring, int64_t id);
