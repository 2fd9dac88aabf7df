// SPDX-License-Identifier: Apache-2.0
// An array used round and round.
#include "server/http/event_ring.h"

#include "server/base/must.h"

#include <stdlib.h>

void event_ring_init(
    struct event_ring *ring, size_t capacity, size_t most_bytes, int64_t first_id
) {
    must(capacity > 0 && first_id > 0);
    *ring = (struct event_ring){
        .events = must_have(capacity * sizeof *ring->events),
        .capacity = capacity,
        .most_bytes = most_bytes,
        .next_id = first_id,
    };
}

static void forget_oldest(struct event_ring *ring) {
    must(ring->count > 0);
    struct ring_event *event = &ring->events[ring->oldest];
    ring->bytes -= event->size;
    free(event->data);
    *event = (struct ring_event){ 0 };
    ring->oldest = (ring->oldest + 1) % ring->capacity;
    ring->count--;
}

void event_ring_dispose(struct event_ring *ring) {
    while (ring->count > 0)
        forget_oldest(ring);
    free(ring->events);
    *ring = (struct event_ring){ 0 };
}

int64_t event_ring_put_take(struct event_ring *ring, const char *name, struct out *data) {
    must(name != NULL && data->size > 0);
    size_t most = ring->most_bytes > data->size ? ring->most_bytes - data->size : 0;
    while (ring->count == ring->capacity || (ring->count > 0 && ring->bytes > most))
        forget_oldest(ring);
    struct ring_event *event = &ring->events[(ring->oldest + ring->count) % ring->capacity];
    *event = (struct ring_event){ ring->next_id++, name, data->data, data->size };
    ring->count++;
    ring->bytes += event->size;
    *data = (struct out){ 0 };
    return event->id;
}

int64_t event_ring_oldest_id(const struct event_ring *ring) {
    return ring->next_id - (int64_t)ring->count;
}

const struct ring_event *event_ring_find(const struct event_ring *ring, int64_t id) {
    int64_t oldest_id = event_ring_oldest_id(ring);
    if (id < oldest_id || id >= ring->next_id) return NULL;
    size_t place = (ring->oldest + (size_t)(id - oldest_id)) % ring->capacity;
    must(ring->events[place].id == id);
    return &ring->events[place];
}

bool event_ring_goes_on_from(const struct event_ring *ring, int64_t id) {
    return id < ring->next_id && id >= event_ring_oldest_id(ring) - 1;
}
