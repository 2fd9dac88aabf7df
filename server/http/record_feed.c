// SPDX-License-Identifier: Apache-2.0
// A poll is open only while records are being taken or waited for: a client that does not read
// holds up nobody who wants the seat. The mutex is taken after that of the delivery, and before
// those of the streams and of the library.
//
//   new → resting → (reading → (waiting →)? resting)* → leaving → over
//
// Until it is over the delivery may call it, hence whoever finds it leaving does not free it.
#include "server/http/record_feed.h"

#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/problem.h"
#include "server/http/sessions.h"
#include "server/http/sse.h"
#include "server/http/stream.h"
#include "server/json/writer.h"
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>

enum { PIECE_BYTES = 16 << 10 };

/// Where a feed is. Each state lists the next ones in `may_follow`.
enum state {
    STATE_NEW,     ///< it has no seat
    STATE_RESTING, ///< nobody uses its poll, if one is open
    STATE_READING, ///< the HTTP thread takes records
    STATE_WAITING, ///< the library tells when there are some
    STATE_LEAVING, ///< it is about to leave the seat, when whoever uses its poll is done
    STATE_OVER,    ///< the seat is left
};

static const unsigned may_follow[] = {
    [STATE_NEW] = 1u << STATE_RESTING | 1u << STATE_OVER,
    [STATE_RESTING] = 1u << STATE_READING | 1u << STATE_LEAVING | 1u << STATE_OVER,
    [STATE_READING] = 1u << STATE_RESTING | 1u << STATE_WAITING | 1u << STATE_LEAVING,
    [STATE_WAITING] = 1u << STATE_RESTING | 1u << STATE_LEAVING,
    [STATE_LEAVING] = 1u << STATE_OVER,
    [STATE_OVER] = 0,
};

struct record_feed {
    pthread_mutex_t mutex;
    struct consumer *consumer;
    struct metrics *metrics;
    struct record_feed_options options;
    enum state state;
    struct kc_poll *records;      ///< NULL: none is open
    struct stream *stream;        ///< NULL: it has not begun, or is over
    struct events_reader *reader; ///< NULL: it is told of no rebalance
    enum kc_status waited;        ///< what the last wait came to
    bool is_closed;               ///< by record_feed_close()
};

static void lock(struct record_feed *feed) {
    must(pthread_mutex_lock(&feed->mutex) == 0);
}

static void unlock(struct record_feed *feed) {
    must(pthread_mutex_unlock(&feed->mutex) == 0);
}

/// The one writer of the state.
static void enter(struct record_feed *feed, enum state state) {
    must(may_follow[feed->state] & 1u << state);
    feed->state = state;
}

struct record_feed *record_feed_new(
    struct consumer *consumer, struct metrics *metrics, const struct record_feed_options *options
) {
    must(consumer != NULL);
    struct record_feed *feed = must_have(sizeof *feed);
    must(pthread_mutex_init(&feed->mutex, NULL) == 0);
    feed->consumer = consumer;
    feed->metrics = metrics;
    feed->options = *options;
    feed->options.formats.lines = true;
    return feed;
}

static void free_feed(struct record_feed *feed) {
    must(feed->state == STATE_OVER && !feed->records && !feed->reader);
    must(pthread_mutex_destroy(&feed->mutex) == 0);
    free(feed);
}

bool record_feed_is_events(const struct record_feed *feed) {
    return feed->options.is_events;
}

static unsigned poll_flags(const struct record_feed *feed) {
    return feed->options.acknowledges ? 0 : KC_POLL_KEEP;
}

/// Puts back what is open. What was written before counts as processed from now on, where it is to:
/// opening a poll is what says so.
static void put_back(struct record_feed *feed) {
    if (!feed->records && feed->options.acknowledges) {
        if (kc_poll_open(feed->consumer->kc, 0, &feed->records) != KC_OK) feed->records = NULL;
    }
    if (feed->records) kc_poll_put_back(feed->records);
    feed->records = NULL;
}

/// The feed is leaving, and nobody uses its poll any more: leaves the seat. Frees the feed if it is
/// closed.
static void leave_seat(struct record_feed *feed) {
    must(feed->state == STATE_LEAVING && !feed->records);
    delivery_end_stream(feed->consumer->delivery);
    lock(feed);
    enter(feed, STATE_OVER);
    if (feed->stream) stream_wake(feed->stream);
    bool is_last = feed->is_closed;
    unlock(feed);
    if (is_last) free_feed(feed);
}

/// The delivery wants the seat. Called with its mutex held, on any thread. True when it is left
/// already.
static bool on_wanted(void *arg) {
    struct record_feed *feed = arg;
    bool left = false;
    lock(feed);
    switch (feed->state) {
    case STATE_RESTING:
        put_back(feed);
        enter(feed, STATE_OVER);
        left = true;
        break;
    case STATE_WAITING:
        enter(feed, STATE_LEAVING);
        kc_poll_interrupt(feed->records);
        break;
    case STATE_READING: enter(feed, STATE_LEAVING); break;
    case STATE_NEW:
    case STATE_LEAVING:
    case STATE_OVER: break;
    }
    if (feed->stream) stream_wake(feed->stream);
    unlock(feed);
    return left;
}

void record_feed_begin(struct record_feed *feed, struct events_reader *reader) {
    lock(feed);
    enter(feed, STATE_RESTING);
    feed->reader = reader;
    unlock(feed);
    metrics_add(feed->metrics, METRIC_RECORD_STREAMS, 1);
    metrics_add(feed->metrics, METRIC_RECORD_STREAMS_OPEN, 1);
    const struct delivery_stream seat = { on_wanted, feed, !feed->options.acknowledges };
    delivery_begin_stream(feed->consumer->delivery, &seat);
}

// Waiting for records

/// On the engine's thread.
static void on_waited(void *arg, const struct kc_result *result) {
    struct record_feed *feed = arg;
    lock(feed);
    bool leaves = feed->state == STATE_LEAVING;
    if (leaves) {
        put_back(feed);
    } else {
        enter(feed, STATE_RESTING);
        feed->waited = result->status;
        if (feed->stream) stream_wake(feed->stream);
    }
    unlock(feed);
    if (leaves) leave_seat(feed);
}

/// Nothing is at hand.
static void wait_for_records(struct record_feed *feed) {
    must(feed->records != NULL);
    lock(feed);
    bool leaves = feed->state == STATE_LEAVING;
    if (leaves) {
        put_back(feed);
    } else {
        enter(feed, STATE_WAITING);
        // Within the lock, so that an interruption cannot come before the wait.
        kc_poll_wait(feed->records, (struct kc_call){ on_waited, feed, INT32_MAX });
    }
    unlock(feed);
    if (leaves) leave_seat(feed);
}

// Writing

static void write_record(
    struct record_feed *feed,
    struct record_writer *writer,
    const struct kc_record *record,
    struct out *out
) {
    if (!feed->options.is_events) {
        record_write(writer, out, record);
        out_byte(out, '\n');
        return;
    }
    long long offset = record->offset;
    out_format(out, "id: %s:%d:%lld\n", record->topic, (int)record->partition, offset);
    sse_begin_event(out, "record");
    record_write(writer, out, record);
    sse_end_event(out);
}

/// Takes what is at hand, up to a piece; returns how many records. `status` gets what ended it.
static int64_t write_records(struct record_feed *feed, struct out *out, enum kc_status *status) {
    struct record_writer writer;
    struct kc_record record;
    int64_t count = 0;
    *status = KC_OK;
    record_writer_init(&writer, feed->options.formats);
    while (out->size < PIECE_BYTES) {
        *status = kc_poll_next(feed->records, &record);
        if (*status != KC_OK) break;
        write_record(feed, &writer, &record, out);
        count++;
    }
    record_writer_dispose(&writer);
    return count;
}

/// The last thing that the client is told.
static void write_problem(
    const struct record_feed *feed, const struct problem *problem, struct out *out
) {
    must(problem->http_status >= 400);
    if (feed->options.is_events) {
        struct out data = { 0 };
        problem_write(&data, problem);
        sse_begin_event(out, "error");
        out_append(out, data.data, data.size);
        sse_end_event(out);
        out_dispose(&data);
    } else {
        writer_begin_object(out);
        writer_key(out, "error");
        problem_write(out, problem);
        writer_end_object(out);
        out_byte(out, '\n');
    }
}

static void write_poll_error(struct record_feed *feed, struct out *out) {
    const struct kc_poll_error *error = kc_poll_last_error(feed->records);
    struct problem problem = problem_of_status(error->status, error->kafka_error, error->message);
    problem.poll_error = error;
    write_problem(feed, &problem, out);
}

/// The seat was wanted: says why, where it is known.
static void write_farewell(struct record_feed *feed, struct out *out) {
    if (sessions_is_over(feed->consumer->sessions, feed->options.session)) {
        struct problem problem = problem_of(PROBLEM_SESSION_FENCED, "a newer session has begun");
        write_problem(feed, &problem, out);
    } else if (feed->options.is_events) {
        sse_write_comment(out, "the stream ends");
    }
}

// Reading, on the HTTP thread

/// What is to be done when the client has room.
enum turn {
    TURN_READ,
    TURN_WAIT, ///< for the library, or the stream's next turn
    TURN_END,
};

static enum turn take_turn(struct record_feed *feed) {
    enum turn turn = TURN_WAIT;
    lock(feed);
    if (feed->state == STATE_RESTING) {
        enter(feed, STATE_READING);
        turn = TURN_READ;
    } else if (feed->state == STATE_OVER) {
        turn = TURN_END;
    }
    unlock(feed);
    return turn;
}

/// The HTTP thread is done with the poll: it is accepted, or put back. The feed goes on, unless it
/// `ends` or has been told to leave.
static void end_reading(struct record_feed *feed, bool accept, bool ends) {
    if (accept) {
        kc_poll_accept(feed->records);
        feed->records = NULL;
    }
    lock(feed);
    bool leaves = ends || feed->state == STATE_LEAVING;
    if (leaves) put_back(feed);
    if (feed->state == STATE_READING) enter(feed, leaves ? STATE_LEAVING : STATE_RESTING);
    unlock(feed);
    if (leaves) leave_seat(feed);
}

static bool open_poll(struct record_feed *feed, struct out *out) {
    enum kc_status status = feed->waited == KC_CLOSED ? KC_CLOSED : KC_OK;
    if (status == KC_OK && !feed->records) {
        status = kc_poll_open(feed->consumer->kc, poll_flags(feed), &feed->records);
        if (status != KC_OK) feed->records = NULL;
    }
    if (status == KC_OK) return true;
    struct problem problem = problem_of_status(status, 0, NULL);
    write_problem(feed, &problem, out);
    end_reading(feed, false, true);
    return false;
}

/// Takes the next piece. Returns false when the feed has come to its end.
static bool read_records(struct record_feed *feed, struct out *out) {
    size_t before = out->size;
    enum kc_status status;
    if (!open_poll(feed, out)) return false;
    int64_t count = write_records(feed, out, &status);
    if (count > 0) {
        metrics_add(feed->metrics, METRIC_STREAM_RECORDS, count);
        metrics_add(feed->metrics, METRIC_STREAM_BYTES, (int64_t)(out->size - before));
        end_reading(feed, true, false);
        return true;
    }
    if (status == KC_NO_RECORDS) {
        wait_for_records(feed);
        return true;
    }
    if (status == KC_OK) { // rebalances alone have filled the piece
        end_reading(feed, false, false);
        return true;
    }
    write_poll_error(feed, out);
    end_reading(feed, false, true);
    return false;
}

static enum stream_more fill(void *arg, struct out *out) {
    struct record_feed *feed = arg;
    if (feed->reader && !events_write_rebalances(feed->reader, out)) return STREAM_BREAKS;
    switch (take_turn(feed)) {
    case TURN_READ: return read_records(feed, out) ? STREAM_GOES_ON : STREAM_ENDS;
    case TURN_WAIT: return STREAM_GOES_ON;
    case TURN_END: break;
    }
    write_farewell(feed, out);
    return STREAM_ENDS;
}

static void over(void *arg) {
    record_feed_close(arg);
}

struct stream_feed record_feed_of(struct record_feed *feed) {
    bool is_events = feed->options.is_events;
    return (struct stream_feed){ is_events ? EVENTS_MEDIA_TYPE : "application/x-ndjson",
                                 is_events ? SSE_KEEPALIVE : "\n",
                                 true,
                                 fill,
                                 over,
                                 feed };
}

void record_feed_on_stream(struct record_feed *feed, struct stream *stream) {
    must(stream != NULL);
    lock(feed);
    feed->stream = stream;
    unlock(feed);
    if (feed->reader) events_on_stream(feed->reader, stream);
    stream_wake(stream); // for what came in between
}

void record_feed_close(struct record_feed *feed) {
    if (feed->reader) events_close(feed->reader);
    feed->reader = NULL;
    lock(feed);
    enum state state = feed->state;
    if (state != STATE_NEW) metrics_add(feed->metrics, METRIC_RECORD_STREAMS_OPEN, -1);
    feed->stream = NULL;
    feed->is_closed = true;
    if (state == STATE_NEW) enter(feed, STATE_OVER);
    if (state == STATE_RESTING) put_back(feed);
    if (state == STATE_RESTING || state == STATE_WAITING) enter(feed, STATE_LEAVING);
    if (state == STATE_WAITING) kc_poll_interrupt(feed->records);
    unlock(feed);
    // Else whoever is waiting for records, or leaving, frees it, maybe already.
    if (state == STATE_RESTING) leave_seat(feed);
    if (state == STATE_NEW || state == STATE_OVER) free_feed(feed);
}
