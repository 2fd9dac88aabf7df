// SPDX-License-Identifier: Apache-2.0
// Who may poll a consumer or stream its records, and whether the last poll's answer was taken by
// its client: only then do its records count as delivered. One for each consumer; any thread.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics;
struct peer;

/// The seat for one poll at a time, and the last answer.
struct delivery;

/// What delivery_ask() says.
enum delivery_turn {
    DELIVERY_YOURS,    ///< the seat is taken for the asker, who must leave it or hand over
    DELIVERY_WAIT,     ///< it will soon be free: delivery_queue(), then ask again
    DELIVERY_BUSY,     ///< another client's poll or stream is running
    DELIVERY_DRAINING, ///< no polls any more
};

/// How hard delivery_settle() is to try.
enum delivery_force {
    DELIVERY_WHAT_IS_KNOWN, ///< an answer whose fate can't be told yet stays open
    DELIVERY_ALL,           ///< it counts as not taken
};

/// A free seat of a consumer, which must outlive its use, as `metrics` must; the caller frees it.
struct delivery *delivery_new(struct kc_consumer *consumer, struct metrics *metrics);

/// Frees it. Nothing may be in doubt any more (delivery_settle()), nobody seated, and no rewind
/// under way: the consumer is freed. NULL is fine.
void delivery_free(struct delivery *delivery);

/// Asks for the seat for a poll that came over `peer`. The last answer is settled before.
/// With a session it is known whose poll it is, and turns are no matter.
enum delivery_turn delivery_ask(
    struct delivery *delivery, const struct peer *peer, bool has_session
);

/// After DELIVERY_WAIT: `call` completes (KC_OK) when the seat is free, maybe at once. Whoever asks
/// first then gets it.
void delivery_queue(struct delivery *delivery, struct kc_call call);

/// The seated poll begins to wait (kc_poll_wait()), so that it can be made to give way.
void delivery_wait(struct delivery *delivery, struct kc_poll *poll, struct kc_call call);

/// The wait is over; the poll is its caller's alone again. False: it must end with what it has,
/// since positions are to go back or there are no polls any more.
bool delivery_wait_over(struct delivery *delivery);

/// Undoes what was delivered and neither committed nor acknowledged (kc_rewind()): the seated poll
/// is made to end, an answer that is not known to be taken is put back, then positions go back.
/// Polls that ask meanwhile are told to wait. Completes with the rewind's result, on the engine's
/// thread.
void delivery_rewind(struct delivery *delivery, struct kc_call call);

/// The seated poll ends without records; its kc_poll must have ended before.
void delivery_leave(struct delivery *delivery);

/// Makes a waiting poll look at what there is now, and wait again if that is nothing.
void delivery_interrupt(struct delivery *delivery);

/// The seated poll's answer is about to be sent: from here on `poll` is the delivery's to accept or
/// put back. `notice` is the rebalance of which the answer tells; 0: none.
void delivery_hand_over(struct delivery *delivery, struct kc_poll *poll, int64_t notice);

/// The last rebalance of which a poll's answer told, and was taken; 0: none since positions went
/// back.
int64_t delivery_told_notice(struct delivery *delivery);

/// A stream in the seat.
struct delivery_stream {
    /// It is to leave the seat, without waiting for its client. Called with the delivery's mutex
    /// held. True: it has done so, and calls delivery_end_stream() no more; else it will.
    bool (*wanted)(void *arg);
    void *arg;
    bool
        rewinds; ///< when it ends, positions go back; only commits that say their offsets move them
};

/// The seated request becomes a stream, which keeps the seat.
void delivery_begin_stream(struct delivery *delivery, const struct delivery_stream *stream);

/// The stream has left the seat; no poll of it is open.
void delivery_end_stream(struct delivery *delivery);

/// True while a stream is open whose client has to say which offsets it commits.
bool delivery_commits_by_offsets(struct delivery *delivery);

/// An answer over `peer` was given to the kernel, as a whole or not.
void delivery_on_sent(struct delivery *delivery, const struct peer *peer, bool whole);

/// The next request came over `peer`: the answer before was taken, unless the request had been sent
/// ahead of it.
void delivery_on_request(struct delivery *delivery, const struct peer *peer);

/// A commit of all that was delivered came over `peer`: who sends one means the answer before it,
/// even when the commit was sent ahead of that answer.
void delivery_on_commit(struct delivery *delivery, const struct peer *peer);

/// The connection of `peer` is about to be closed; its fd is still open.
void delivery_on_close(struct delivery *delivery, const struct peer *peer);

/// No more polls, since the consumer is about to be closed: the last answer is settled, and so is
/// at once whatever is still handed over.
void delivery_shut(struct delivery *delivery);

/// True when polls have lately come by turns over two connections that are open: maybe two
/// applications poll this consumer.
bool delivery_is_shared(struct delivery *delivery);

/// Settles the last answer if its fate is known, or is to be.
void delivery_settle(struct delivery *delivery, enum delivery_force force);

/// No more polls; one that waits is made to answer now.
void delivery_drain(struct delivery *delivery);

/// Returns when no poll waits any more, which needs the engine's and the HTTP thread. Not to be
/// called from either.
void delivery_wait_drained(struct delivery *delivery);
