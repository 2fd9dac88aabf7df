// SPDX-License-Identifier: Apache-2.0
// One mutex guards all streams. It is taken after those of the feeds and before libmicrohttpd's
// own, and never held while a feed is asked. libmicrohttpd asks for the next piece when it has
// given the one before to the kernel; a stream that it does not ask is one whose client does not
// read.
#include "server/http/stream.h"

#include "server/base/must.h"
#include "server/http/peer.h"
#include "server/http/request.h"
#include "server/journal.h"
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

enum { MOST_WATCHED_AT_ONCE = 16 };

/// Where a stream is.
enum stream_state {
    STREAM_RUNNING, ///< libmicrohttpd asks for the next piece, or will → IDLE, BROKEN, OVER
    STREAM_IDLE,    ///< suspended: there is nothing to say → RUNNING, BROKEN, OVER
    STREAM_BROKEN,  ///< to be closed without a proper end → OVER
    STREAM_OVER,
};

static const unsigned may_follow[] = {
    [STREAM_RUNNING] = 1u << STREAM_IDLE | 1u << STREAM_BROKEN | 1u << STREAM_OVER,
    [STREAM_IDLE] = 1u << STREAM_RUNNING | 1u << STREAM_BROKEN | 1u << STREAM_OVER,
    [STREAM_BROKEN] = 1u << STREAM_OVER,
    [STREAM_OVER] = 0,
};

struct stream {
    struct streams *streams;
    struct stream *prev; ///< utlist
    struct stream *next;
    struct stream_feed feed;
    struct MHD_Connection *mhd;
    const struct peer *peer;
    enum stream_state state;
    bool has_news; ///< woken since the feed was asked
    bool keepalive_is_due;
    struct out piece;    ///< of the HTTP thread alone, as the two below
    size_t given;        ///< of the piece
    bool is_last;        ///< the feed has said so
    int64_t given_bytes; ///< of all pieces
    int64_t look_at_ms;  ///< when its client is looked at next
    int64_t taken_bytes; ///< at the last look
    bool was_behind;     ///< at the last look something was left unread
};

struct streams {
    pthread_mutex_t mutex;
    pthread_t watcher;
    struct stream *list;
    int64_t keepalive_ms;
    int epoll_fd;
    int wake_fd; ///< an eventfd: the list has changed, or it is time to stop
    bool stopping;
    struct peer_lookup lookup; ///< of the watcher
    struct metrics *metrics;
    const struct journal *journal;
};

static void lock(struct streams *streams) {
    must(pthread_mutex_lock(&streams->mutex) == 0);
}

static void unlock(struct streams *streams) {
    must(pthread_mutex_unlock(&streams->mutex) == 0);
}

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// The one writer of a state; suspends and resumes. Suspending is for the HTTP thread, which asks.
static void enter(struct stream *stream, enum stream_state state) {
    must(may_follow[stream->state] & 1u << state);
    bool was_idle = stream->state == STREAM_IDLE;
    stream->state = state;
    if (state == STREAM_IDLE) MHD_suspend_connection(stream->mhd);
    if (was_idle && state != STREAM_OVER) MHD_resume_connection(stream->mhd);
}

// The watcher

/// Ends a stream whose client does not take it, or is there no more.
static void break_off(struct stream *stream, const char *why) {
    struct streams *streams = stream->streams;
    if (stream->state == STREAM_BROKEN || stream->state == STREAM_OVER) return;
    (void)epoll_ctl(streams->epoll_fd, EPOLL_CTL_DEL, stream->peer->fd, NULL);
    // libmicrohttpd may be waiting for room in the socket: then it sees the end by that.
    peer_cut(stream->peer);
    enter(stream, STREAM_BROKEN);
    journal_line(streams->journal, KC_LOG_INFO, "stream", "broken off", "why=%s", why);
}

static void cut(struct stream *stream) {
    if (stream->state == STREAM_BROKEN || stream->state == STREAM_OVER) return;
    metrics_add(stream->streams->metrics, METRIC_STREAMS_CUT, 1);
    break_off(stream, "the client is too slow");
}

/// True when the client has taken nothing since the last look, though there was something.
static bool is_slow(struct stream *stream) {
    struct peer_reading now =
        peer_reading(stream->peer, &stream->streams->lookup, stream->given_bytes);
    bool is_behind = !now.has_all || stream->state == STREAM_RUNNING;
    bool slow = is_behind && stream->was_behind && now.taken_bytes <= stream->taken_bytes;
    stream->was_behind = is_behind;
    stream->taken_bytes = now.taken_bytes;
    return slow;
}

static void look_at(struct stream *stream, int64_t now) {
    stream->look_at_ms = now + stream->streams->keepalive_ms;
    if (stream->state != STREAM_RUNNING && stream->state != STREAM_IDLE) return;
    if (!stream->feed.is_patient && is_slow(stream)) {
        cut(stream);
    } else if (stream->state == STREAM_IDLE && stream->feed.keepalive) {
        stream->keepalive_is_due = true;
        enter(stream, STREAM_RUNNING);
    }
}

/// Looks at the streams whose time has come; returns how long to wait for the next, -1: there is
/// none.
static int64_t look_at_all(struct streams *streams) {
    struct stream *stream;
    int64_t now = now_ms();
    int64_t wait_ms = -1;
    DL_FOREACH(streams->list, stream) {
        if (stream->look_at_ms <= now) look_at(stream, now);
        int64_t left_ms = stream->look_at_ms - now;
        must(left_ms > 0);
        if (wait_ms < 0 || left_ms < wait_ms) wait_ms = left_ms;
    }
    return wait_ms;
}

/// The stream may be over since it was heard of.
static void on_gone(struct streams *streams, const void *heard_of) {
    struct stream *stream;
    DL_FOREACH(streams->list, stream) {
        if (stream == heard_of && peer_is_gone(stream->peer))
            break_off(stream, "the client is gone");
    }
}

static void *watch(void *arg) {
    struct streams *streams = arg;
    struct epoll_event heard[MOST_WATCHED_AT_ONCE];
    lock(streams);
    while (!streams->stopping) {
        int64_t wait_ms = look_at_all(streams);
        unlock(streams);
        int count = epoll_wait(streams->epoll_fd, heard, MOST_WATCHED_AT_ONCE, (int)wait_ms);
        lock(streams);
        for (int i = 0; i < count; i++) {
            uint64_t times;
            if (heard[i].data.ptr) {
                on_gone(streams, heard[i].data.ptr);
            } else {
                must(read(streams->wake_fd, &times, sizeof times) == sizeof times);
            }
        }
    }
    unlock(streams);
    return NULL;
}

static void wake_watcher(struct streams *streams) {
    const uint64_t once = 1;
    must(write(streams->wake_fd, &once, sizeof once) == sizeof once);
}

static bool start_watcher(struct streams *streams) {
    struct epoll_event awake = { .events = EPOLLIN };
    streams->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    streams->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return streams->epoll_fd >= 0 && streams->wake_fd >= 0 &&
           epoll_ctl(streams->epoll_fd, EPOLL_CTL_ADD, streams->wake_fd, &awake) == 0 &&
           pthread_create(&streams->watcher, NULL, watch, streams) == 0;
}

static void free_parts(struct streams *streams) {
    must(!streams->list);
    if (streams->epoll_fd >= 0) (void)close(streams->epoll_fd);
    if (streams->wake_fd >= 0) (void)close(streams->wake_fd);
    peer_lookup_dispose(&streams->lookup);
    must(pthread_mutex_destroy(&streams->mutex) == 0);
    free(streams);
}

struct streams *streams_new(
    struct metrics *metrics, const struct journal *journal, int64_t keepalive_ms
) {
    must(keepalive_ms > 0);
    struct streams *streams = must_have(sizeof *streams);
    must(pthread_mutex_init(&streams->mutex, NULL) == 0);
    peer_lookup_init(&streams->lookup);
    streams->metrics = metrics;
    streams->journal = journal;
    streams->keepalive_ms = keepalive_ms;
    if (start_watcher(streams)) return streams;
    free_parts(streams);
    return NULL;
}

void streams_free(struct streams *streams) {
    if (!streams) return;
    lock(streams);
    streams->stopping = true;
    wake_watcher(streams);
    unlock(streams);
    must(pthread_join(streams->watcher, NULL) == 0);
    free_parts(streams);
}

// The HTTP thread

/// Asks the feed, without the lock.
static void ask_feed(struct stream *stream, bool keepalive) {
    must(stream->given == stream->piece.size);
    stream->given = stream->piece.size = 0;
    switch (stream->feed.fill(stream->feed.arg, &stream->piece)) {
    case STREAM_GOES_ON: break;
    case STREAM_ENDS: stream->is_last = true; break;
    case STREAM_BREAKS: stream_cut(stream); return;
    }
    if (keepalive && stream->piece.size == 0) out_string(&stream->piece, stream->feed.keepalive);
}

static ssize_t give(struct stream *stream, char *to, size_t room) {
    size_t left = stream->piece.size - stream->given;
    size_t size = left < room ? left : room;
    must(size > 0);
    memcpy(to, stream->piece.data + stream->given, size);
    stream->given += size;
    lock(stream->streams);
    stream->given_bytes += (int64_t)size;
    unlock(stream->streams);
    return (ssize_t)size;
}

/// The socket is cut. libmicrohttpd closes a connection at once when it can't write, but one whose
/// content ends with an error only after the connection's time-out.
static ssize_t give_nobody(char *to, size_t room) {
    must(room > 0);
    *to = '\n';
    return 1;
}

/// What is to be done before the feed is asked.
enum turn { TURN_ASK, TURN_BROKEN, TURN_SUSPENDED };

/// Nothing is there to be given: ask (again), or suspend until there is something.
static enum turn take_turn(struct stream *stream, bool was_asked, bool *keepalive) {
    enum turn turn = TURN_ASK;
    lock(stream->streams);
    *keepalive = stream->keepalive_is_due;
    if (stream->state == STREAM_BROKEN) {
        turn = TURN_BROKEN;
    } else if (was_asked && !stream->has_news && !*keepalive) {
        enter(stream, STREAM_IDLE);
        turn = TURN_SUSPENDED;
    }
    stream->has_news = stream->keepalive_is_due = false;
    unlock(stream->streams);
    return turn;
}

/// The callback of libmicrohttpd for the next piece.
static ssize_t on_room(void *arg, uint64_t position, char *to, size_t room) {
    struct stream *stream = arg;
    (void)position;
    bool keepalive;
    for (bool was_asked = false;; was_asked = true) {
        if (stream->given < stream->piece.size) return give(stream, to, room);
        if (stream->is_last) return MHD_CONTENT_READER_END_OF_STREAM;
        switch (take_turn(stream, was_asked, &keepalive)) {
        case TURN_ASK: ask_feed(stream, keepalive); break;
        case TURN_BROKEN: return give_nobody(to, room);
        case TURN_SUSPENDED: return 0;
        }
    }
}

/// The request is over, for whatever reason; its fd is still open.
static void end(struct request *request) {
    struct stream *stream = request->stream;
    struct streams *streams = stream->streams;
    lock(streams);
    bool is_watched = stream->state != STREAM_BROKEN;
    if (is_watched) (void)epoll_ctl(streams->epoll_fd, EPOLL_CTL_DEL, stream->peer->fd, NULL);
    DL_DELETE(streams->list, stream);
    enter(stream, STREAM_OVER);
    unlock(streams);
    stream->feed.over(stream->feed.arg);
    out_dispose(&stream->piece);
    free(stream);
    request->stream = NULL;
    request->abandon = NULL;
}

static struct stream *new_stream(
    struct streams *streams, struct request *request, const struct stream_feed *feed
) {
    struct stream *stream = must_have(sizeof *stream);
    stream->streams = streams;
    stream->feed = *feed;
    stream->mhd = request->mhd;
    stream->peer = request->peer;
    stream->look_at_ms = now_ms() + streams->keepalive_ms;
    return stream;
}

struct stream *stream_begin(
    struct streams *streams, struct request *request, const struct stream_feed *feed
) {
    must(request->stream == NULL && feed->fill && feed->over);
    struct stream *stream = new_stream(streams, request, feed);
    request->is_last = true;
    request_answer_from(request, feed->media_type, on_room, stream);
    if (request->stage == REQUEST_DROPPED) {
        free(stream);
        return NULL;
    }
    request->stream = stream;
    request->abandon = end;
    struct epoll_event gone = { .events = EPOLLRDHUP, .data.ptr = stream };
    lock(streams);
    DL_APPEND(streams->list, stream);
    (void)epoll_ctl(streams->epoll_fd, EPOLL_CTL_ADD, stream->peer->fd, &gone);
    wake_watcher(streams);
    unlock(streams);
    return stream;
}

// Any thread

void stream_wake(struct stream *stream) {
    lock(stream->streams);
    stream->has_news = true;
    if (stream->state == STREAM_IDLE) enter(stream, STREAM_RUNNING);
    unlock(stream->streams);
}

void stream_cut(struct stream *stream) {
    lock(stream->streams);
    cut(stream);
    unlock(stream->streams);
}
