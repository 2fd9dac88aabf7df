// SPDX-License-Identifier: Apache-2.0
// One connection on the bench: its settings, its peer, a clock, and requests whose replies are
// counted. Test thread.
#pragma once

#include "consumer/base/log.h"
#include "consumer/base/random.h"
#include "consumer/net/connection.h"
#include "consumer/net/login.h"
#include "tests/unit/net/peer.h"

enum { BENCH_LOG_BYTES = 8192, BENCH_OUTCOMES = 512 };

/// What became of one request.
struct outcome {
    int count; ///< replies so far; must end at 1
    enum status status;
    int16_t version;
    int64_t tag;
    int64_t now_ms;
    int32_t throttle_time_ms; ///< of a decoded Heartbeat answer
    struct connection *again; ///< send another request from inside the reply, with `next`
    struct outcome *next;
};

/// The bench.
struct bench {
    struct random random;
    struct log log;
    char lines[BENCH_LOG_BYTES]; ///< what was logged, a line each
    struct login login;
    struct connection_settings settings;
    struct connection connection;
    struct peer peer;
    int64_t now_ms;
    struct outcome outcomes[BENCH_OUTCOMES];
    size_t outcome_count;
};

/// A closed connection with Kafka's default times and jitter from `seed`.
void bench_init(struct bench *bench, uint64_t seed);

/// Answers what is left with STATUS_CLOSED and frees all.
void bench_dispose(struct bench *bench);

/// Outcomes of so many requests to come, side by side, valid as long as the bench.
struct outcome *bench_outcomes(struct bench *bench, size_t count);

/// Sends a Heartbeat, a request of few fields, with a deadline.
void bench_send(struct bench *bench, struct outcome *outcome, int64_t deadline_ms);

/// Steps at the bench's time until nothing is due; ends the test when that does not end.
void bench_settle(struct bench *bench);

/// Moves the clock to the connection's next due time, which must come, and settles.
void bench_next(struct bench *bench);

/// Settles, takes the dial and connects, up to ready.
void bench_open(struct bench *bench);

/// Answers a Heartbeat.
void bench_answer(
    struct bench *bench, const struct peer_request *request, int32_t throttle_time_ms
);

/// The next request on the wire, which must be a Heartbeat.
struct peer_request bench_read(struct bench *bench);

/// Ends the socket as the peer would.
void bench_hang_up(struct bench *bench);
