// SPDX-License-Identifier: Apache-2.0
// Time moves only when a test says so.
#include "tests/unit/net/bench.h"

#include "consumer/net/request.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/schema.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    struct bench *bench = arg;
    size_t used = strlen(bench->lines);
    (void)level;
    (void
    )snprintf(bench->lines + used, sizeof bench->lines - used, "%s %s %s\n", noun, verb, details);
}

void bench_init(struct bench *bench, uint64_t seed) {
    *bench = (struct bench){ .now_ms = 1000000 };
    random_init(&bench->random, seed);
    bench->log = (struct log){ .write = write_line, .arg = bench, .level = LOG_INFO };
    login_init(
        &bench->login, &(struct login_settings){ .backoff_ms = 1000, .backoff_max_ms = 60000 }
    );
    bench->settings = (struct connection_settings){
        .log = &bench->log,
        .random = &bench->random,
        .login = &bench->login,
        .client_id = "bench",
        .frame_max_bytes = 1 << 20,
        .setup_timeout_ms = 10000,
        .setup_timeout_max_ms = 30000,
        .reconnect_backoff_ms = 50,
        .reconnect_backoff_max_ms = 1000,
        .idle_max_ms = 540000,
    };
    connection_init(&bench->connection, &bench->settings, "broker.example", 9092, 7);
    peer_init(&bench->peer, &bench->connection);
    bench->connection.transport = NULL;
}

void bench_dispose(struct bench *bench) {
    peer_dispose(&bench->peer);
    connection_dispose(&bench->connection, STATUS_CLOSED, bench->now_ms);
}

struct outcome *bench_outcomes(struct bench *bench, size_t count) {
    EXPECT(bench->outcome_count + count <= BENCH_OUTCOMES);
    struct outcome *first = &bench->outcomes[bench->outcome_count];
    bench->outcome_count += count;
    return first;
}

static void send_heartbeat(
    struct connection *connection, struct outcome *outcome, int64_t deadline_ms
);

static void on_reply(void *owner, const struct reply *reply) {
    struct outcome *outcome = owner;
    outcome->count++;
    outcome->status = reply->status;
    outcome->version = reply->version;
    outcome->tag = reply->owner_tag;
    outcome->now_ms = reply->now_ms;
    const struct heartbeat_request *request = reply->request;
    EXPECT(request->generation_id == 5);
    EXPECT((reply->status == STATUS_OK) == (reply->message != NULL));
    if (reply->message) {
        const struct heartbeat_response *response = reply->message;
        outcome->throttle_time_ms = response->throttle_time_ms;
        EXPECT(reply->chunk != NULL);
    }
    if (outcome->again) send_heartbeat(outcome->again, outcome->next, INT64_MAX);
}

static void send_heartbeat(
    struct connection *connection, struct outcome *outcome, int64_t deadline_ms
) {
    struct request *request = request_new(api_find(API_HEARTBEAT), deadline_ms);
    struct heartbeat_request *message = request->message;
    message->group_id = SLICE_LITERAL("g");
    message->generation_id = 5;
    request->on_reply = on_reply;
    request->owner = outcome;
    request->owner_tag = (int64_t)(uintptr_t)outcome;
    connection_send_take(connection, request);
    EXPECT(outcome->count == 0);
}

void bench_send(struct bench *bench, struct outcome *outcome, int64_t deadline_ms) {
    send_heartbeat(&bench->connection, outcome, deadline_ms);
}

void bench_settle(struct bench *bench) {
    enum { MOST_STEPS = 8 };

    int steps = 0;
    do {
        if (steps++ == MOST_STEPS) ck_abort_msg("due again and again without progress");
        connection_step(&bench->connection, bench->now_ms);
    } while (connection_next_due_ms(&bench->connection) <= bench->now_ms);
}

void bench_next(struct bench *bench) {
    int64_t due_ms = connection_next_due_ms(&bench->connection);
    EXPECT(due_ms > bench->now_ms && due_ms < INT64_MAX);
    bench->now_ms = due_ms;
    bench_settle(bench);
}

void bench_open(struct bench *bench) {
    bench_settle(bench);
    bench->connection.transport = &bench->peer;
    peer_open(&bench->peer, INT16_MAX, bench->now_ms);
    bench_settle(bench);
}

struct peer_request bench_read(struct bench *bench) {
    struct peer_request request;
    EXPECT(peer_read(&bench->peer, &request));
    EXPECT(request.api->key == API_HEARTBEAT);
    EXPECT(slice_equal_string(request.client_id, "bench"));
    return request;
}

void bench_answer(
    struct bench *bench, const struct peer_request *request, int32_t throttle_time_ms
) {
    struct heartbeat_response response;
    schema_init(&heartbeat_response_schema, &response);
    response.throttle_time_ms = throttle_time_ms;
    peer_answer(&bench->peer, request, &response, bench->now_ms);
}

void bench_hang_up(struct bench *bench) {
    peer_close(&bench->peer, "the peer hung up", bench->now_ms);
}
