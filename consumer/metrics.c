// SPDX-License-Identifier: Apache-2.0
// The numbers of a consumer under Kafka's names, from what its queue counts and its engine
// publishes. Any thread.
#include "consumer/base/clock.h"
#include "consumer/base/must.h"
#include "consumer/consumer_state.h"
#include "consumer/fetch/queue.h"

#include <stddef.h>

/// What a row's field holds.
enum kind {
    COUNTER, ///< uint64_t that only grows
    COUNT,   ///< uint64_t
    SIZE,    ///< size_t
    TIME,    ///< double, ms
    MOMENT,  ///< int64_t on the engine's clock, told as seconds ago; -1: never
};

static const struct {
    const char *name;
    const char *text;
    enum kind kind;
    size_t offset;
} rows[] = {

// clang-format off
#define AT(field) offsetof(struct queue_totals, field)
    { "records-consumed-total", "Records delivered.", COUNTER, AT(delivered_records) },
    { "bytes-consumed-total", "Bytes of keys and values delivered.", COUNTER, AT(delivered_bytes) },
    { "fetch-total", "Fetches answered.", COUNTER, AT(engine.fetches) },
    { "fetch-latency-avg", "Mean time of a fetch in the last minute, in ms.", TIME, AT(engine.fetch_time.mean_ms) },
    { "fetch-latency-max", "Longest time of a fetch in the last minute, in ms.", TIME, AT(engine.fetch_time.most_ms) },
    { "fetch-bytes-total", "Bytes of answers to fetches.", COUNTER, AT(engine.fetched_bytes) },
    { "fetch-stale-total", "Partitions of answers that came after a seek or rebalance.", COUNTER, AT(engine.stale_answers) },
    { "buffered-bytes", "Bytes prefetched and not delivered.", SIZE, AT(buffered_bytes) },
    { "buffered-limit-bytes", "Bound of buffered-bytes: this consumer's share of fetch.buffer.bytes.", SIZE, AT(limit_bytes) },
    { "parked-bytes", "Bytes prefetched of paused partitions.", SIZE, AT(parked_bytes) },
    { "assigned-partitions", "Partitions assigned.", SIZE, AT(partitions) },
    { "commit-total", "Offsets committed.", COUNTER, AT(engine.committed_offsets) },
    { "commit-failed-total", "Offsets whose commit failed.", COUNTER, AT(engine.failed_commits) },
    { "commit-latency-avg", "Mean time of a commit in the last minute, in ms.", TIME, AT(engine.commit_time.mean_ms) },
    { "commit-latency-max", "Longest time of a commit in the last minute, in ms.", TIME, AT(engine.commit_time.most_ms) },
    { "heartbeat-total", "Heartbeats answered well.", COUNTER, AT(engine.heartbeats) },
    { "heartbeat-response-time-max", "Longest time of a heartbeat in the last minute, in ms.", TIME, AT(engine.heartbeat_time.most_ms) },
    { "join-total", "JoinGroup requests answered well.", COUNTER, AT(engine.joins) },
    { "join-time-avg", "Mean time of a JoinGroup in the last minute, in ms.", TIME, AT(engine.join_time.mean_ms) },
    { "join-time-max", "Longest time of a JoinGroup in the last minute, in ms.", TIME, AT(engine.join_time.most_ms) },
    { "sync-total", "SyncGroup requests answered well.", COUNTER, AT(engine.syncs) },
    { "sync-time-avg", "Mean time of a SyncGroup in the last minute, in ms.", TIME, AT(engine.sync_time.mean_ms) },
    { "sync-time-max", "Longest time of a SyncGroup in the last minute, in ms.", TIME, AT(engine.sync_time.most_ms) },
    { "rebalance-total", "Rebalances completed.", COUNTER, AT(engine.rebalances) },
    { "rebalance-latency-avg", "Mean time of a rebalance in the last minute, in ms.", TIME, AT(engine.rebalance_time.mean_ms) },
    { "rebalance-latency-max", "Longest time of a rebalance in the last minute, in ms.", TIME, AT(engine.rebalance_time.most_ms) },
    { "failed-rebalance-total", "Attempts to join that failed.", COUNTER, AT(engine.failed_rebalances) },
    { "last-rebalance-seconds-ago", "Seconds since the last rebalance was completed; -1: none yet.", MOMENT, AT(engine.rebalanced_at_ms) },
    { "rebalance-ack-timeout-total", "Rebalances held that nobody acknowledged within rebalance.ack.timeout.ms.", COUNTER, AT(engine.expired_holds) },
    { "connection-count", "Connections to brokers.", COUNT, AT(engine.connections) },
    { "tls-handshake-total", "TLS handshakes with brokers completed.", COUNTER, AT(engine.tls_handshakes) },
    { "tls-handshake-resumed-total", "TLS handshakes that resumed a session of before.", COUNTER, AT(engine.resumed_tls_handshakes) },
    { "tls-failed-total", "Connections that failed for TLS: its handshake, a certificate.", COUNTER, AT(engine.tls_failures) },
    { "successful-authentication-total", "SASL exchanges completed, the repeated ones included.", COUNTER, AT(engine.authentications) },
    { "successful-reauthentication-total", "SASL exchanges repeated on a connection before its session ended.", COUNTER, AT(engine.reauthentications) },
    { "failed-authentication-total", "Credentials refused by a broker.", COUNTER, AT(engine.authentication_failures) },
#undef AT
    // clang-format on
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static double value_of(const struct queue_totals *totals, size_t row) {
    must(row < ROW_COUNT);
    const void *field = (const char *)totals + rows[row].offset;
    switch (rows[row].kind) {
    case COUNTER:
    case COUNT: return (double)*(const uint64_t *)field;
    case SIZE: return (double)*(const size_t *)field;
    case TIME: return *(const double *)field;
    case MOMENT: {
        int64_t at_ms = *(const int64_t *)field;
        return at_ms < 0 ? -1 : (double)(clock_now_ms() - at_ms) / 1000;
    }
    }
    must(!"a metric of no kind");
    return 0;
}

size_t kc_metrics(struct kc_consumer *consumer, struct kc_metric *metrics, size_t capacity) {
    must(metrics != NULL || capacity == 0);
    struct queue_totals totals = queue_totals(consumer->queue);
    for (size_t i = 0; i < ROW_COUNT && i < capacity; i++) {
        metrics[i] = (struct kc_metric){
            .name = rows[i].name,
            .text = rows[i].text,
            .value = value_of(&totals, i),
            .counter = rows[i].kind == COUNTER,
        };
    }
    return ROW_COUNT;
}
