// SPDX-License-Identifier: Apache-2.0
// What the application is told of one consumer, and whom a rebalance waits for: the events of the
// last while in a ring, those who read them as streams, and the handshake. Events are put in by the
// engine's thread and read by HTTP threads; any thread, but where it says otherwise.
#pragma once

#include "consumer/consumer.h"
#include "server/http/handshake.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics;
struct out;
struct settings;
struct stream;
struct stream_feed;

/// What a stream of events is.
#define EVENTS_MEDIA_TYPE "text/event-stream"

/// The events of one consumer.
struct events;

/// One who reads them, from its request on.
struct events_reader;

/// No events yet. The metrics must outlive it; the settings say how much is kept.
struct events *events_new(const struct settings *settings, struct metrics *metrics);

/// Frees it. Nobody may read any more, and the consumer must be freed or closed. NULL is fine.
void events_free(struct events *events);

/// What the library's consumer is to be made with.
struct kc_listener events_listener(struct events *events);

/// The consumer has been made: from here on rebalances may be held. Before anybody reads.
void events_attach(struct events *events, struct kc_consumer *consumer);

/// Puts in an event of the server's own; `name` is static, `data` one line of JSON, which is taken.
void events_put_take(struct events *events, const char *name, struct out *data);

/// There will be no more events: the streams end behind the last one, and nobody can begin to read.
void events_end(struct events *events);

/// From where a reader wants to go on.
struct events_place {
    bool is_known; ///< it has said what it saw last
    int64_t last_id;
};

/// What events_open() came to.
enum events_answer {
    EVENTS_FROM_SNAPSHOT, ///< the reader needs a snapshot before its first event
    EVENTS_FROM_PLACE,    ///< it goes on where it was
    EVENTS_TOO_MANY,      ///< events.max.streams are open
    EVENTS_ENDED,
};

/// Begins to read. From here on the reader misses no event, and is waited for if it `listens`.
/// `*reader` gets it, for events_close() or events_feed().
enum events_answer events_open(
    struct events *events, struct events_place place, bool listens, struct events_reader **reader
);

/// What the reader is told before its first event: the assignment now. HTTP thread.
void events_greet(struct events_reader *reader, const struct kc_description *description);

/// The reader as the feed of a stream, which closes it at its end.
struct stream_feed events_feed(struct events_reader *reader);

/// The reader's stream has begun.
void events_on_stream(struct events_reader *reader, struct stream *stream);

/// Writes what the reader is to be told next of partitions, up to a piece, for a stream that has
/// other things to tell, too. False when events were lost: the reader was too slow.
bool events_write_rebalances(struct events_reader *reader, struct out *out);

/// The reader belongs to the session of that number: it ends when a newer one begins. Before its
/// stream begins.
void events_set_session(struct events_reader *reader, int64_t session);

/// The session of that number has begun: streams of older ones end, and are not waited for.
void events_fence(struct events *events, int64_t session);

/// The reader reads no more.
void events_close(struct events_reader *reader);

/// From now on `waiter` is waited for in rebalances: whoever can acknowledge without being a
/// reader. False: there will be no more events.
bool events_join(struct events *events, struct waiter *waiter);

/// The waiter is not waited for any more; if it was the last, a held rebalance goes on.
void events_leave(struct events *events, struct waiter *waiter);

/// Changes until when rebalances that begin ask the waiter (monotonic clock; INT64_MAX: all do).
void events_await(struct events *events, struct waiter *waiter, int64_t until_ms);

/// The waiter does not answer any more, and is not asked until events_await(). If it was the last
/// who was asked, a held rebalance goes on.
void events_excuse(struct events *events, struct waiter *waiter);

/// The rebalance that is held; 0: none.
int64_t events_held(struct events *events);

/// Writes the held rebalance as an object with its event's name, or null, as the value of a key.
void events_write_held(struct events *events, struct out *out);

/// Acknowledges a rebalance. Returns what it was: when it was held, the caller gives
/// kc_acknowledge() out, and tells what it came to.
enum rebalance_fate events_acknowledge(struct events *events, int64_t id);

/// What the engine has said to the acknowledgement.
void events_on_acknowledged(struct events *events, int64_t id, enum kc_status status);
