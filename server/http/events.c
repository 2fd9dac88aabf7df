// SPDX-License-Identifier: Apache-2.0
// One mutex guards the ring, the handshake and the list of readers, so that whoever is waited for
// has the event in its stream. It is taken before those of the streams, and not held while the
// engine is told something.
#include "server/http/events.h"

#include "server/base/must.h"
#include "server/http/event_ring.h"
#include "server/http/event_text.h"
#include "server/http/sse.h"
#include "server/http/stream.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

enum { RETRY_MS = 1000, PIECE_BYTES = 16 << 10 };

struct events_reader {
    struct events *events;
    struct events_reader *prev; ///< utlist
    struct events_reader *next;
    struct stream *stream; ///< NULL: it has not begun
    int64_t next_id;       ///< of the next event that it is to be told
    int64_t session;       ///< number of the session that reads; 0: none
    bool is_fenced;        ///< a newer session has begun
    bool listens;
    struct waiter waiter; ///< while it listens
    struct out greeting;  ///< what comes before its first event
};

struct events {
    pthread_mutex_t mutex;
    struct event_ring ring;
    struct handshake handshake;
    struct kc_consumer *consumer; ///< NULL until events_attach()
    struct events_reader *readers;
    int64_t reader_count;
    int64_t most_readers;
    bool ended;
    int64_t held_event_id; ///< of the last rebalance that was held
    int64_t held_until_ms; ///< when the engine goes on by itself
    struct metrics *metrics;
};

static void lock(struct events *events) {
    must(pthread_mutex_lock(&events->mutex) == 0);
}

static void unlock(struct events *events) {
    must(pthread_mutex_unlock(&events->mutex) == 0);
}

static int64_t now_us(clockid_t clock) {
    struct timespec now;
    must(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct events *events_new(const struct settings *settings, struct metrics *metrics) {
    struct events *events = must_have(sizeof *events);
    must(pthread_mutex_init(&events->mutex, NULL) == 0);
    // Ids of an earlier life of this consumer are not to be taken for those of this one.
    event_ring_init(
        &events->ring,
        (size_t)settings_number(settings, SETTING_EVENTS_RING_SIZE),
        (size_t)settings_number(settings, SETTING_EVENTS_RING_BYTES),
        now_us(CLOCK_REALTIME)
    );
    events->most_readers = settings_number(settings, SETTING_EVENTS_MAX_STREAMS);
    events->metrics = metrics;
    return events;
}

void events_free(struct events *events) {
    if (!events) return;
    must(!events->readers && !events->handshake.waiters);
    event_ring_dispose(&events->ring);
    must(pthread_mutex_destroy(&events->mutex) == 0);
    free(events);
}

void events_attach(struct events *events, struct kc_consumer *consumer) {
    must(consumer != NULL);
    lock(events);
    events->consumer = consumer;
    unlock(events);
}

/// Tells the readers that there is more, or the end. One whose next event has left the ring while
/// it does not read is cut.
static void wake_readers(struct events *events) {
    struct events_reader *reader;
    int64_t oldest_id = event_ring_oldest_id(&events->ring);
    DL_FOREACH(events->readers, reader) {
        if (!reader->stream) continue;
        if (reader->next_id < oldest_id) {
            stream_cut(reader->stream);
        } else {
            stream_wake(reader->stream);
        }
    }
}

static void put_take(struct events *events, const char *name, struct out *data) {
    (void)event_ring_put_take(&events->ring, name, data);
    metrics_add(events->metrics, METRIC_EVENTS, 1);
    wake_readers(events);
}

void events_put_take(struct events *events, const char *name, struct out *data) {
    lock(events);
    put_take(events, name, data);
    unlock(events);
}

// On the engine's thread

static bool begin_rebalance(struct events *events, const struct kc_event *event) {
    must(event->rebalance_id > 0);
    bool may_hold = event->ack_within_ms > 0 && events->consumer && !events->ended;
    int64_t now_ms = now_us(CLOCK_MONOTONIC) / 1000;
    bool holds = handshake_begin(&events->handshake, event->rebalance_id, may_hold, now_ms);
    if (!holds) return false;
    metrics_add(events->metrics, METRIC_REBALANCES_HELD, 1);
    events->held_event_id = events->ring.next_id;
    events->held_until_ms = now_ms + event->ack_within_ms;
    return true;
}

static bool on_event(void *arg, const struct kc_event *event) {
    struct events *events = arg;
    struct out data = { 0 };
    bool holds = false;
    lock(events);
    switch (event->kind) {
    case KC_PARTITIONS_REVOKED:
    case KC_PARTITIONS_ASSIGNED: holds = begin_rebalance(events, event); break;
    case KC_PARTITIONS_LOST: handshake_on_over(&events->handshake); break;
    case KC_STATE_CHANGED:
    case KC_ERROR: break;
    }
    event_write(&data, event, holds, now_us(CLOCK_REALTIME) / 1000);
    put_take(events, event_name(event->kind), &data);
    unlock(events);
    return holds;
}

struct kc_listener events_listener(struct events *events) {
    must(events != NULL);
    return (struct kc_listener){ on_event, events };
}

void events_end(struct events *events) {
    lock(events);
    events->ended = true;
    wake_readers(events);
    unlock(events);
}

// Who is waited for

static void on_released(void *arg, const struct kc_result *result) {
    (void)arg, (void)result;
}

/// Tells the engine that nobody is left to be waited for.
static void release(struct events *events, int64_t rebalance_id) {
    if (rebalance_id == 0) return;
    metrics_add(events->metrics, METRIC_REBALANCES_RELEASED, 1);
    kc_acknowledge(events->consumer, rebalance_id, (struct kc_call){ .done = on_released });
}

bool events_join(struct events *events, struct waiter *waiter) {
    lock(events);
    bool joins = !events->ended;
    if (joins) handshake_join(&events->handshake, waiter);
    unlock(events);
    return joins;
}

void events_leave(struct events *events, struct waiter *waiter) {
    lock(events);
    int64_t left = handshake_leave(&events->handshake, waiter);
    unlock(events);
    release(events, left);
}

void events_await(struct events *events, struct waiter *waiter, int64_t until_ms) {
    lock(events);
    waiter->until_ms = until_ms;
    unlock(events);
}

void events_excuse(struct events *events, struct waiter *waiter) {
    lock(events);
    int64_t left = handshake_leave(&events->handshake, waiter);
    handshake_join(&events->handshake, waiter);
    waiter->until_ms = 0;
    unlock(events);
    release(events, left);
}

/// The rebalance that is held, as far as the clock tells; 0: none.
static int64_t held_id(const struct events *events) {
    bool is_late = now_us(CLOCK_MONOTONIC) / 1000 >= events->held_until_ms;
    return is_late ? 0 : handshake_held(&events->handshake);
}

int64_t events_held(struct events *events) {
    lock(events);
    int64_t id = held_id(events);
    unlock(events);
    return id;
}

/// The rebalance that is held now, borrowed from the ring.
static struct held_rebalance find_held(const struct events *events) {
    const struct ring_event *event = event_ring_find(&events->ring, events->held_event_id);
    if (held_id(events) == 0 || !event) return (struct held_rebalance){ 0 };
    return (struct held_rebalance){ event->name, event->data, event->size };
}

void events_write_held(struct events *events, struct out *out) {
    lock(events);
    const struct held_rebalance held = find_held(events);
    event_write_held(out, &held);
    unlock(events);
}

enum rebalance_fate events_acknowledge(struct events *events, int64_t id) {
    lock(events);
    enum rebalance_fate fate = handshake_acknowledge(&events->handshake, id);
    unlock(events);
    return fate;
}

void events_on_acknowledged(struct events *events, int64_t id, enum kc_status status) {
    lock(events);
    if (status != KC_OK) handshake_on_late(&events->handshake, id);
    unlock(events);
    enum metric metric =
        status == KC_OK ? METRIC_REBALANCES_ACKNOWLEDGED : METRIC_REBALANCES_ACKNOWLEDGED_LATE;
    metrics_add(events->metrics, metric, 1);
}

// Readers

static bool has_room(struct events *events) {
    if (events->reader_count < events->most_readers) return true;
    metrics_add(events->metrics, METRIC_EVENT_STREAMS_REFUSED, 1);
    return false;
}

static struct events_reader *new_reader(struct events *events, int64_t next_id, bool listens) {
    struct events_reader *reader = must_have(sizeof *reader);
    reader->events = events;
    reader->next_id = next_id;
    reader->listens = listens;
    sse_write_retry(&reader->greeting, RETRY_MS);
    DL_APPEND(events->readers, reader);
    if (listens) handshake_join(&events->handshake, &reader->waiter);
    events->reader_count++;
    metrics_add(events->metrics, METRIC_EVENT_STREAMS, 1);
    return reader;
}

enum events_answer events_open(
    struct events *events, struct events_place place, bool listens, struct events_reader **reader
) {
    enum events_answer answer = EVENTS_TOO_MANY;
    lock(events);
    must(events->consumer != NULL);
    if (events->ended) {
        answer = EVENTS_ENDED;
    } else if (has_room(events)) {
        bool goes_on = place.is_known && event_ring_goes_on_from(&events->ring, place.last_id);
        int64_t next_id = goes_on ? place.last_id + 1 : events->ring.next_id;
        *reader = new_reader(events, next_id, listens);
        answer = goes_on ? EVENTS_FROM_PLACE : EVENTS_FROM_SNAPSHOT;
    }
    unlock(events);
    return answer;
}

void events_greet(struct events_reader *reader, const struct kc_description *description) {
    struct events *events = reader->events;
    struct out data = { 0 };
    lock(events);
    const struct held_rebalance held = find_held(events);
    event_write_assignment(&data, description, &held);
    unlock(events);
    struct kc_bytes bytes = { (const uint8_t *)data.data, data.size };
    // Who comes back with this id has seen all up to the event before its first one.
    sse_write_event(&reader->greeting, reader->next_id - 1, "assignment", bytes);
    out_dispose(&data);
}

/// Writes the next event, if there is one.
static bool write_next(struct events_reader *reader, struct out *out) {
    const struct ring_event *event = event_ring_find(&reader->events->ring, reader->next_id);
    if (!event) return false;
    struct kc_bytes data = { (const uint8_t *)event->data, event->size };
    sse_write_event(out, event->id, event->name, data);
    reader->next_id++;
    return true;
}

/// Writes the next event, if there is one: only one about partitions, and without its id, which is
/// no place in the stream that it is written into.
static bool write_next_rebalance(struct events_reader *reader, struct out *out) {
    static const char wanted[] = "partitions_";
    const struct ring_event *event = event_ring_find(&reader->events->ring, reader->next_id);
    if (!event) return false;
    reader->next_id++;
    if (strncmp(event->name, wanted, sizeof wanted - 1) != 0) return true;
    sse_begin_event(out, event->name);
    out_append(out, event->data, event->size);
    sse_end_event(out);
    return true;
}

bool events_write_rebalances(struct events_reader *reader, struct out *out) {
    struct events *events = reader->events;
    lock(events);
    while (out->size < PIECE_BYTES && write_next_rebalance(reader, out)) {}
    bool good = reader->next_id >= event_ring_oldest_id(&events->ring);
    unlock(events);
    return good;
}

static enum stream_more fill(void *arg, struct out *out) {
    struct events_reader *reader = arg;
    struct events *events = reader->events;
    enum stream_more more = STREAM_GOES_ON;
    out_append(out, reader->greeting.data, reader->greeting.size);
    out_dispose(&reader->greeting);
    lock(events);
    while (out->size < PIECE_BYTES && write_next(reader, out)) {}
    if (reader->next_id < event_ring_oldest_id(&events->ring)) {
        more = STREAM_BREAKS;
    } else if (reader->is_fenced) {
        sse_write_comment(out, "a newer session has begun");
        more = STREAM_ENDS;
    } else if (events->ended && reader->next_id == events->ring.next_id) {
        sse_write_comment(out, "the consumer closes");
        more = STREAM_ENDS;
    }
    unlock(events);
    return more;
}

static void over(void *arg) {
    events_close(arg);
}

struct stream_feed events_feed(struct events_reader *reader) {
    must(reader->stream == NULL);
    return (struct stream_feed){ EVENTS_MEDIA_TYPE, SSE_KEEPALIVE, false, fill, over, reader };
}

void events_set_session(struct events_reader *reader, int64_t session) {
    must(reader->stream == NULL);
    lock(reader->events);
    reader->session = session;
    unlock(reader->events);
}

/// Returns the rebalance that goes on because the reader is not waited for any more; 0: none.
static int64_t fence(struct events_reader *reader) {
    struct handshake *handshake = &reader->events->handshake;
    int64_t left = reader->listens ? handshake_leave(handshake, &reader->waiter) : 0;
    reader->listens = false;
    reader->is_fenced = true;
    if (reader->stream) stream_wake(reader->stream);
    return left;
}

void events_fence(struct events *events, int64_t session) {
    struct events_reader *reader;
    int64_t left = 0;
    must(session > 0);
    lock(events);
    DL_FOREACH(events->readers, reader) {
        bool is_older = reader->session > 0 && reader->session < session && !reader->is_fenced;
        int64_t released = is_older ? fence(reader) : 0;
        if (released > 0) left = released;
    }
    unlock(events);
    release(events, left);
}

void events_on_stream(struct events_reader *reader, struct stream *stream) {
    must(stream != NULL);
    lock(reader->events);
    reader->stream = stream;
    unlock(reader->events);
    stream_wake(stream); // for what came in between
}

void events_close(struct events_reader *reader) {
    struct events *events = reader->events;
    int64_t left = 0;
    lock(events);
    DL_DELETE(events->readers, reader);
    if (reader->listens) left = handshake_leave(&events->handshake, &reader->waiter);
    must(events->reader_count > 0);
    events->reader_count--;
    metrics_add(events->metrics, METRIC_EVENT_STREAMS, -1);
    unlock(events);
    release(events, left);
    out_dispose(&reader->greeting);
    free(reader);
}
