// SPDX-License-Identifier: Apache-2.0
// The records of a consumer as a stream. It has the consumer's seat from its beginning to its end,
// and takes a record from the library's queue only when the client's socket has room. On the HTTP
// thread, but for what the delivery and the engine tell it.
#pragma once

#include "server/json/record.h"

#include <stdbool.h>
#include <stdint.h>

struct consumer;
struct metrics;
struct events_reader;
struct stream;
struct stream_feed;

/// Records on their way to one client.
struct record_feed;

/// How records are streamed.
struct record_feed_options {
    struct record_formats formats;
    bool is_events;    ///< server-sent events; else a line of JSON each
    bool acknowledges; ///< what was written counts as processed
    int64_t session;   ///< the number of the client's session; 0: none
};

/// A feed that does not have the seat yet. Consumer and metrics must outlive it.
struct record_feed *record_feed_new(
    struct consumer *consumer, struct metrics *metrics, const struct record_feed_options *options
);

/// The asker has got the seat (DELIVERY_YOURS): from here on it is the feed's. `reader` (NULL:
/// none) is told of rebalances, and is the feed's too.
void record_feed_begin(struct record_feed *feed, struct events_reader *reader);

/// Whether it is one of server-sent events.
bool record_feed_is_events(const struct record_feed *feed);

/// The feed as that of a stream, which closes it at its end.
struct stream_feed record_feed_of(struct record_feed *feed);

/// The feed's stream has begun.
void record_feed_on_stream(struct record_feed *feed, struct stream *stream);

/// The feed ends, whether it has begun or not: what it has open is put back, and the seat left. It
/// is freed as soon as the library waits no more for records.
void record_feed_close(struct record_feed *feed);
