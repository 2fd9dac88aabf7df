// SPDX-License-Identifier: Apache-2.0
// The way of one poll after another through the seat. What the client's kernel has is not what the
// client has: an answer stays in doubt until its client shows that it has read it, or died.
//
//   free → seated → (waiting → seated)* → free | sending
//   sending → in doubt → free, or watched (when we close first) → free
//   free → rewinding → free
//   seated → streaming → free
//
// Who wants positions to go back gets the seat before all who want to poll.
#include "server/http/delivery.h"

#include "server/base/must.h"
#include "server/http/peer.h"
#include "server/http/sharing.h"
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

/// Each state lists the next ones in `may_follow`.
enum state {
    STATE_FREE,      ///< nobody polls, nothing is in doubt
    STATE_SEATED,    ///< a request has the seat
    STATE_WAITING,   ///< it waits for records, and can be interrupted
    STATE_SENDING,   ///< its answer is being given to the kernel
    STATE_IN_DOUBT,  ///< the kernel has all of the answer
    STATE_WATCHED,   ///< the same, and our side of the connection is closed
    STATE_STREAMING, ///< a stream has the seat, and is told when it is to leave it
    STATE_REWINDING, ///< positions go back, nobody polls
};

static const unsigned may_follow[] = {
    [STATE_FREE] = 1u << STATE_SEATED | 1u << STATE_REWINDING,
    [STATE_SEATED] =
        1u << STATE_WAITING | 1u << STATE_SENDING | 1u << STATE_STREAMING | 1u << STATE_FREE,
    [STATE_WAITING] = 1u << STATE_SEATED,
    [STATE_SENDING] = 1u << STATE_IN_DOUBT | 1u << STATE_FREE,
    [STATE_IN_DOUBT] = 1u << STATE_WATCHED | 1u << STATE_FREE,
    [STATE_WATCHED] = 1u << STATE_FREE,
    [STATE_STREAMING] = 1u << STATE_FREE,
    [STATE_REWINDING] = 1u << STATE_FREE,
};

/// One who waits for the seat.
struct waiting {
    struct waiting *prev; ///< utlist
    struct waiting *next;
    struct kc_call call;
};

struct delivery {
    struct kc_consumer *consumer;
    pthread_mutex_t mutex; ///< taken before that of the bridge and those of the library
    pthread_cond_t waited; ///< signalled when a wait is over
    enum state state;
    /// Of who is seated, or of its answer. NULL when free or watched, and once a stream that is yet
    /// to leave has lost its connection.
    const struct peer *peer;
    struct kc_poll *poll;          ///< while waiting, and from sending on
    struct delivery_stream stream; ///< while streaming
    uint64_t received_bytes;       ///< while in doubt: what the client had sent before
    int64_t sent_notice; ///< from sending on: the rebalance of which the answer tells; 0: none
    int64_t told_notice; ///< the last rebalance of which a poll's client was told; 0: none
    struct peer watched;
    struct waiting *queue;   ///< polls that ask again when the seat is free
    struct waiting *rewinds; ///< who wants positions to go back
    bool draining;
    bool shut;
    struct sharing sharing; ///< of the connections of seated polls
    struct peer_lookup lookup;
    struct metrics *metrics;
};

static void lock(struct delivery *delivery) {
    must(pthread_mutex_lock(&delivery->mutex) == 0);
}

static void unlock(struct delivery *delivery) {
    must(pthread_mutex_unlock(&delivery->mutex) == 0);
}

/// The one writer of the state.
static void enter(struct delivery *delivery, enum state state) {
    must(may_follow[delivery->state] & 1u << state);
    delivery->state = state;
    if (state == STATE_FREE || state == STATE_WATCHED) delivery->peer = NULL;
    if (state == STATE_FREE) delivery->poll = NULL;
}

static void append(struct waiting **list, struct kc_call call) {
    struct waiting *waiting = must_have(sizeof *waiting);
    waiting->call = call;
    DL_APPEND(*list, waiting);
}

static void complete_all(struct waiting **list, const struct kc_result *result) {
    struct waiting *waiting;
    struct waiting *next;
    DL_FOREACH_SAFE(*list, waiting, next) {
        DL_DELETE(*list, waiting);
        waiting->call.done(waiting->call.arg, result);
        free(waiting);
    }
}

static const struct kc_result good = { .status = KC_OK, .message = "" };

/// The rewind is over, on the engine's thread. Those who wanted it have locks of their own, which
/// come before ours.
static void on_rewound(void *arg, const struct kc_result *result) {
    struct delivery *delivery = arg;
    lock(delivery);
    struct waiting *rewinds = delivery->rewinds;
    delivery->rewinds = NULL;
    enter(delivery, STATE_FREE);
    complete_all(&delivery->queue, &good);
    unlock(delivery);
    complete_all(&rewinds, result);
}

/// The seat is free: whoever waits for it gets it.
static void on_free(struct delivery *delivery) {
    must(delivery->state == STATE_FREE);
    if (delivery->rewinds) {
        enter(delivery, STATE_REWINDING);
        delivery->told_notice = 0; // whoever was told may be gone
        kc_rewind(delivery->consumer, (struct kc_call){ on_rewound, delivery, 0 });
    } else {
        complete_all(&delivery->queue, &good);
    }
}

struct delivery *delivery_new(struct kc_consumer *consumer, struct metrics *metrics) {
    must(consumer != NULL);
    struct delivery *delivery = must_have(sizeof *delivery);
    delivery->consumer = consumer;
    must(pthread_mutex_init(&delivery->mutex, NULL) == 0);
    must(pthread_cond_init(&delivery->waited, NULL) == 0);
    delivery->watched.fd = -1;
    delivery->metrics = metrics;
    peer_lookup_init(&delivery->lookup);
    return delivery;
}

void delivery_free(struct delivery *delivery) {
    if (!delivery) return;
    must(delivery->state == STATE_FREE && !delivery->queue && !delivery->rewinds);
    must(pthread_cond_destroy(&delivery->waited) == 0);
    must(pthread_mutex_destroy(&delivery->mutex) == 0);
    peer_lookup_dispose(&delivery->lookup);
    free(delivery);
}

/// Ends an answer's doubt.
static void decide(struct delivery *delivery, bool taken) {
    must(delivery->poll != NULL);
    if (delivery->state == STATE_WATCHED) peer_unwatch(&delivery->watched);
    if (taken) {
        kc_poll_accept(delivery->poll);
    } else {
        kc_poll_put_back(delivery->poll);
    }
    metrics_add(delivery->metrics, taken ? METRIC_POLLS_TAKEN : METRIC_POLLS_PUT_BACK, 1);
    if (taken && delivery->sent_notice > 0) delivery->told_notice = delivery->sent_notice;
    delivery->sent_notice = 0;
    enter(delivery, STATE_FREE);
    on_free(delivery);
}

static void settle_by_fate(
    struct delivery *delivery, const struct peer *peer, enum delivery_force force
) {
    switch (peer_fate(peer, &delivery->lookup)) {
    case PEER_TAKEN: decide(delivery, true); return;
    case PEER_LOST: decide(delivery, false); return;
    case PEER_UNKNOWN:
        if (force == DELIVERY_ALL) decide(delivery, false);
        return;
    }
}

static void settle(struct delivery *delivery, enum delivery_force force) {
    switch (delivery->state) {
    case STATE_FREE:
    case STATE_SEATED:
    case STATE_WAITING:
    case STATE_STREAMING:
    case STATE_REWINDING: return;
    case STATE_SENDING:
        if (peer_is_gone(delivery->peer)) decide(delivery, false);
        return;
    case STATE_IN_DOUBT: settle_by_fate(delivery, delivery->peer, force); return;
    case STATE_WATCHED: settle_by_fate(delivery, &delivery->watched, force); return;
    }
}

void delivery_settle(struct delivery *delivery, enum delivery_force force) {
    lock(delivery);
    settle(delivery, force);
    unlock(delivery);
}

static void ignore(void *arg, const struct kc_result *result) {
    (void)arg, (void)result;
}

/// The stream has left the seat.
static void leave_stream(struct delivery *delivery) {
    enter(delivery, STATE_FREE);
    // A consumer that closes takes no commands for long, and has no use for its positions.
    bool goes_back = delivery->stream.rewinds && !delivery->shut;
    if (goes_back) append(&delivery->rewinds, (struct kc_call){ .done = ignore });
    must(pthread_cond_broadcast(&delivery->waited) == 0);
    on_free(delivery);
}

/// The stream is to leave the seat, and may do so at once.
static void end_stream(struct delivery *delivery) {
    must(delivery->state == STATE_STREAMING);
    const struct delivery_stream *stream = &delivery->stream;
    if (stream->wanted(stream->arg)) leave_stream(delivery);
}

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool delivery_is_shared(struct delivery *delivery) {
    lock(delivery);
    bool shared = sharing_is_seen(&delivery->sharing, now_ms());
    unlock(delivery);
    return shared;
}

static void note_connection(struct delivery *delivery, const struct peer *peer) {
    const void *last = delivery->sharing.last;
    if (last && last != peer) {
        metrics_add(delivery->metrics, METRIC_POLL_CONNECTION_CHANGES, 1);
    }
    sharing_on_poll(&delivery->sharing, peer, now_ms());
}

static void take_seat(struct delivery *delivery, const struct peer *peer, bool has_session) {
    enter(delivery, STATE_SEATED);
    delivery->peer = peer;
    if (!has_session) note_connection(delivery, peer);
    metrics_add(delivery->metrics, METRIC_POLLS, 1);
}

/// Who polls again over the connection, or commits what was delivered, says so itself, even when it
/// has sent that ahead.
static void take_word(struct delivery *delivery, const struct peer *peer) {
    if (delivery->state == STATE_IN_DOUBT && delivery->peer == peer) decide(delivery, true);
}

static bool stream_is_gone(const struct delivery *delivery) {
    return !delivery->peer || peer_is_gone(delivery->peer);
}

enum delivery_turn delivery_ask(
    struct delivery *delivery, const struct peer *peer, bool has_session
) {
    enum delivery_turn turn = DELIVERY_BUSY;
    lock(delivery);
    take_word(delivery, peer);
    settle(delivery, DELIVERY_ALL);
    if (delivery->draining) {
        turn = DELIVERY_DRAINING;
    } else if (delivery->state == STATE_FREE) {
        take_seat(delivery, peer, has_session);
        turn = DELIVERY_YOURS;
    } else if (delivery->rewinds) {
        turn = DELIVERY_WAIT;
    } else if (delivery->state == STATE_STREAMING && stream_is_gone(delivery)) {
        end_stream(delivery);
        turn = DELIVERY_WAIT;
    } else if (delivery->state == STATE_WAITING && !delivery->queue && peer_is_gone(delivery->peer)) {
        kc_poll_interrupt(delivery->poll);
        turn = DELIVERY_WAIT;
    }
    unlock(delivery);
    return turn;
}

void delivery_queue(struct delivery *delivery, struct kc_call call) {
    lock(delivery);
    bool is_free = delivery->state == STATE_FREE;
    if (!is_free) append(&delivery->queue, call);
    unlock(delivery);
    if (is_free) call.done(call.arg, &good);
}

/// Whoever has the seat is to leave it; what is not known to be taken goes back.
static void make_way(struct delivery *delivery) {
    must(delivery->rewinds != NULL);
    switch (delivery->state) {
    case STATE_FREE: on_free(delivery); return;
    case STATE_SEATED:
    case STATE_REWINDING: return;
    case STATE_WAITING: kc_poll_interrupt(delivery->poll); return;
    case STATE_STREAMING: end_stream(delivery); return;
    case STATE_SENDING: decide(delivery, false); return;
    case STATE_IN_DOUBT:
    case STATE_WATCHED: settle(delivery, DELIVERY_ALL); return;
    }
}

void delivery_rewind(struct delivery *delivery, struct kc_call call) {
    must(call.done != NULL);
    lock(delivery);
    append(&delivery->rewinds, call);
    make_way(delivery);
    unlock(delivery);
}

void delivery_wait(struct delivery *delivery, struct kc_poll *poll, struct kc_call call) {
    lock(delivery);
    enter(delivery, STATE_WAITING);
    delivery->poll = poll;
    // Within the lock, so that an interruption cannot come before the wait.
    kc_poll_wait(poll, call);
    if (delivery->draining || delivery->rewinds) kc_poll_interrupt(poll);
    unlock(delivery);
}

bool delivery_wait_over(struct delivery *delivery) {
    lock(delivery);
    enter(delivery, STATE_SEATED);
    delivery->poll = NULL;
    must(pthread_cond_broadcast(&delivery->waited) == 0);
    bool goes_on = !delivery->draining && !delivery->rewinds;
    unlock(delivery);
    return goes_on;
}

void delivery_interrupt(struct delivery *delivery) {
    lock(delivery);
    if (delivery->state == STATE_WAITING) kc_poll_interrupt(delivery->poll);
    unlock(delivery);
}

void delivery_begin_stream(struct delivery *delivery, const struct delivery_stream *stream) {
    must(stream->wanted != NULL);
    lock(delivery);
    enter(delivery, STATE_STREAMING);
    delivery->stream = *stream;
    if (delivery->draining || delivery->rewinds) end_stream(delivery);
    unlock(delivery);
}

void delivery_end_stream(struct delivery *delivery) {
    lock(delivery);
    must(delivery->state == STATE_STREAMING);
    leave_stream(delivery);
    unlock(delivery);
}

bool delivery_commits_by_offsets(struct delivery *delivery) {
    lock(delivery);
    bool by_offsets = delivery->state == STATE_STREAMING && delivery->stream.rewinds;
    unlock(delivery);
    return by_offsets;
}

int64_t delivery_told_notice(struct delivery *delivery) {
    lock(delivery);
    int64_t told = delivery->told_notice;
    unlock(delivery);
    return told;
}

void delivery_leave(struct delivery *delivery) {
    lock(delivery);
    must(delivery->state == STATE_SEATED);
    enter(delivery, STATE_FREE);
    on_free(delivery);
    unlock(delivery);
}

void delivery_hand_over(struct delivery *delivery, struct kc_poll *poll, int64_t notice) {
    must(poll != NULL && notice >= 0);
    lock(delivery);
    enter(delivery, STATE_SENDING);
    delivery->poll = poll;
    delivery->sent_notice = notice;
    if (delivery->rewinds || delivery->shut) decide(delivery, false);
    unlock(delivery);
}

void delivery_on_sent(struct delivery *delivery, const struct peer *peer, bool whole) {
    lock(delivery);
    if (delivery->state == STATE_SENDING && delivery->peer == peer) {
        if (whole) {
            enter(delivery, STATE_IN_DOUBT);
            delivery->received_bytes = peer_received_bytes(peer);
        } else {
            decide(delivery, false);
        }
    }
    unlock(delivery);
}

void delivery_on_request(struct delivery *delivery, const struct peer *peer) {
    lock(delivery);
    if (delivery->state == STATE_IN_DOUBT && delivery->peer == peer) {
        if (peer_received_bytes(peer) > delivery->received_bytes) {
            decide(delivery, true);
        } else {
            settle(delivery, DELIVERY_WHAT_IS_KNOWN);
        }
    }
    unlock(delivery);
}

void delivery_on_commit(struct delivery *delivery, const struct peer *peer) {
    lock(delivery);
    take_word(delivery, peer);
    unlock(delivery);
}

/// We close first: the fate is looked at later, through an fd of our own.
static void watch(struct delivery *delivery) {
    const struct peer *peer = delivery->peer;
    if (peer_watch(peer, &delivery->watched)) {
        enter(delivery, STATE_WATCHED);
    } else {
        decide(delivery, false);
    }
}

void delivery_on_close(struct delivery *delivery, const struct peer *peer) {
    lock(delivery);
    sharing_on_close(&delivery->sharing, peer);
    if (delivery->peer == peer) {
        if (delivery->state == STATE_SENDING) decide(delivery, false);
        if (delivery->state == STATE_IN_DOUBT) settle(delivery, DELIVERY_WHAT_IS_KNOWN);
        if (delivery->state == STATE_IN_DOUBT) watch(delivery);
        if (delivery->state == STATE_STREAMING) delivery->peer = NULL;
    }
    unlock(delivery);
}

void delivery_shut(struct delivery *delivery) {
    lock(delivery);
    delivery->draining = delivery->shut = true;
    settle(delivery, DELIVERY_ALL);
    if (delivery->state == STATE_SENDING) decide(delivery, false);
    if (delivery->state == STATE_STREAMING) end_stream(delivery);
    unlock(delivery);
}

void delivery_drain(struct delivery *delivery) {
    lock(delivery);
    delivery->draining = true;
    if (delivery->state == STATE_WAITING) kc_poll_interrupt(delivery->poll);
    if (delivery->state == STATE_STREAMING) end_stream(delivery);
    unlock(delivery);
}

void delivery_wait_drained(struct delivery *delivery) {
    lock(delivery);
    must(delivery->draining);
    while (delivery->state == STATE_WAITING || delivery->state == STATE_STREAMING)
        must(pthread_cond_wait(&delivery->waited, &delivery->mutex) == 0);
    unlock(delivery);
}
