// SPDX-License-Identifier: Apache-2.0
// Answers that go on for as long as there is something to say: the body comes from a feed, piece by
// piece, and the connection is suspended while the feed has nothing. A thread of its own watches
// the clients of all streams: one that is gone ends its stream at once, one that takes nothing for
// a keep-alive period is cut.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct journal;
struct metrics;
struct out;
struct request;

/// All streams of the process.
struct streams;

/// One answer that goes on.
struct stream;

/// What a feed says after it was asked.
enum stream_more {
    STREAM_GOES_ON, ///< stream_wake() is called when there is more
    STREAM_ENDS,    ///< that was the last piece
    STREAM_BREAKS,  ///< the connection is closed without a proper end
};

/// What a stream says, and to whom it tells its end. Both functions run on the HTTP thread, neither
/// with a lock of the streams held.
struct stream_feed {
    const char *media_type; ///< static, as `keepalive`
    const char *keepalive;  ///< said when a keep-alive period is over; NULL: nothing
    bool is_patient;        ///< a client that takes nothing for a while is not cut

    /// Appends the next piece, if there is one, to `out`. Called when everything before was given
    /// to the kernel: what is not asked for is not to be buffered.
    enum stream_more (*fill)(void *arg, struct out *out);

    /// The stream is over, whatever the reason. Called once; fill() is not called any more.
    void (*over)(void *arg);
    void *arg;
};

/// No streams yet; starts the watching thread. The metrics and the journal must outlive it. NULL
/// when threads or files run out.
struct streams *streams_new(
    struct metrics *metrics, const struct journal *journal, int64_t keepalive_ms
);

/// Stops the thread and frees it. All streams must be over. NULL is fine.
void streams_free(struct streams *streams);

/// Answers the request with a stream, whose feed is copied. Returns the stream, which is there
/// until `over` returns. NULL: the request was dropped, and neither function of the feed will be
/// called.
struct stream *stream_begin(
    struct streams *streams, struct request *request, const struct stream_feed *feed
);

/// There is more to say, or the end. Any thread, with locks of the feed held.
void stream_wake(struct stream *stream);

/// Breaks the stream off: its client is too slow. Any thread, with locks of the feed held.
void stream_cut(struct stream *stream);
