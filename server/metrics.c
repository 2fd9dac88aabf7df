// SPDX-License-Identifier: Apache-2.0
// The tables of the server's numbers. All have a fixed count: a request is counted by its route,
// never by its path.
#include "server/metrics.h"

#include "server/base/must.h"

static const struct metric_description descriptions[] = {
    [METRIC_CONNECTIONS] = { "http-connections", "Open connections of API clients.", false },
    [METRIC_CONNECTIONS_LIMIT] = { "http-connections-limit",
                                   "Most connections at a time (http.max.connections).",
                                   false },
    [METRIC_CONNECTIONS_REFUSED] = { "http-connections-refused-total",
                                     "Connections beyond the limit, answered with 503.",
                                     true },
    [METRIC_CONNECTIONS_PER_CLIENT_LIMIT] = { "http-connections-per-client-limit",
                                              "Most connections of one client at a time "
                                              "(http.max.connections.per.client).",
                                              false },
    [METRIC_CONNECTIONS_REFUSED_TO_CLIENT] = { "http-connections-refused-per-client-total",
                                               "Connections beyond the limit of their client, "
                                               "answered with 503.",
                                               true },
    [METRIC_REQUESTS_TOO_SLOW] = { "http-requests-too-slow-total",
                                   "Connections cut since their request took longer to arrive than "
                                   "http.read.timeout.ms.",
                                   true },
    [METRIC_ANSWERS_CUT] = { "http-answers-timed-out-total",
                             "Answers cut since their client did not read for "
                             "http.idle.timeout.ms.",
                             true },
    [METRIC_HEADER_BYTES_LIMIT] = { "http-header-bytes-limit",
                                    "Largest head of a request (http.max.header.bytes).",
                                    false },
    [METRIC_HEADERS_REFUSED] = { "http-headers-refused-total",
                                 "Requests whose head was too large.",
                                 true },
    [METRIC_BODIES_REFUSED] = { "http-bodies-refused-total",
                                "Requests whose body was too large.",
                                true },
    [METRIC_ANSWERS_GOOD] = { "http-answers-2xx-total", "Requests answered well.", true },
    [METRIC_ANSWERS_CLIENT_ERROR] = { "http-answers-4xx-total",
                                      "Requests refused for the client's sake.",
                                      true },
    [METRIC_ANSWERS_SERVER_ERROR] = { "http-answers-5xx-total",
                                      "Requests that failed for the cluster's or our sake.",
                                      true },
    [METRIC_MANAGEMENT_CONNECTIONS] = { "management-connections",
                                        "Open connections to the management listener.",
                                        false },
    [METRIC_MANAGEMENT_CONNECTIONS_LIMIT] = { "management-connections-limit",
                                              "Most of them at a time.",
                                              false },
    [METRIC_BODY_BYTES] = { "http-body-bytes", "Bytes of request bodies that are held.", false },
    [METRIC_ANSWERS_COMPRESSED] = { "http-answers-compressed-total",
                                    "Answers whose body was compressed.",
                                    true },
    [METRIC_COMPRESSION_SAVED] = { "http-compression-saved-bytes-total",
                                   "Bytes that compressed answers were shorter by.",
                                   true },
    [METRIC_BODY_BYTES_LIMIT] = { "http-body-bytes-limit",
                                  "Largest request body (http.max.body.bytes).",
                                  false },
    [METRIC_POLLS] = { "polls-total", "Polls begun.", true },
    [METRIC_POLL_RECORDS] = { "poll-records-total",
                              "Records written into answers, again each time.",
                              true },
    [METRIC_POLL_BYTES] = { "poll-answer-bytes-total", "Bytes of the bodies of polls.", true },
    [METRIC_POLL_BYTES_LIMIT] = { "poll-answer-bytes-limit",
                                  "Largest body of a poll with more than one record "
                                  "(poll.max.bytes).",
                                  false },
    [METRIC_POLLS_TAKEN] = { "poll-answers-taken-total",
                             "Answers with records that their client has taken.",
                             true },
    [METRIC_POLLS_PUT_BACK] = { "poll-answers-put-back-total",
                                "Answers with records that their client has not taken, so that the "
                                "records come again.",
                                true },
    [METRIC_POLLS_GAVE_WAY] = { "polls-gave-way-total",
                                "Waiting polls given up since their client was gone.",
                                true },
    [METRIC_POLL_CONNECTION_CHANGES] = { "poll-connection-changes-total",
                                         "Polls that came over another connection while that of "
                                         "the poll before was open: maybe two applications share "
                                         "this consumer.",
                                         true },
    [METRIC_RECORD_STREAMS] = { "record-streams-opened-total", "Streams of records begun.", true },
    [METRIC_RECORD_STREAMS_OPEN] = { "record-streams",
                                     "Streams of records that are open; one of a consumer at most.",
                                     false },
    [METRIC_STREAM_RECORDS] = { "stream-records-total",
                                "Records written into streams, again each time.",
                                true },
    [METRIC_STREAM_BYTES] = { "stream-bytes-total", "Bytes of records in streams.", true },
    [METRIC_SESSIONS] = { "sessions-total", "Sessions that applications have begun.", true },
    [METRIC_SESSIONS_FENCED] = { "sessions-fenced-total",
                                 "Sessions that were fenced by a newer one.",
                                 true },
    [METRIC_SESSIONS_FENCED_LIMIT] = { "sessions-fenced-limit",
                                       "Most fenced sessions that are remembered of a consumer "
                                       "(sessions.fenced.size).",
                                       false },
    [METRIC_SESSIONS_LATE_CALLS] = { "sessions-late-calls-total",
                                     "Calls of fenced sessions, answered with SESSION_FENCED.",
                                     true },
    [METRIC_EVENTS] = { "events-total", "Events of consumers, streamed or not.", true },
    [METRIC_EVENT_STREAMS] = { "event-streams", "Open streams of events.", false },
    [METRIC_EVENT_STREAMS_LIMIT] = { "event-streams-limit",
                                     "Most streams of events of one consumer "
                                     "(events.max.streams).",
                                     false },
    [METRIC_EVENT_STREAMS_REFUSED] = { "event-streams-refused-total",
                                       "Streams of events beyond the limit, answered with 503.",
                                       true },
    [METRIC_EVENTS_RING_LIMIT] = { "events-ring-limit",
                                   "Most events that are kept of one consumer "
                                   "(events.ring.size).",
                                   false },
    [METRIC_EVENTS_RING_BYTES_LIMIT] = { "events-ring-bytes-limit",
                                         "Most bytes of events that are kept of one consumer "
                                         "(events.ring.bytes).",
                                         false },
    [METRIC_STREAMS_CUT] = { "streams-cut-total",
                             "Streams cut off since their client did not read.",
                             true },
    [METRIC_REBALANCES_HELD] = { "rebalances-held-total",
                                 "Rebalances that waited for the application.",
                                 true },
    [METRIC_REBALANCES_ACKNOWLEDGED] = { "rebalances-acknowledged-total",
                                         "Held rebalances that the application acknowledged.",
                                         true },
    [METRIC_REBALANCES_ACKNOWLEDGED_LATE] = { "rebalances-acknowledged-late-total",
                                              "Acknowledgements of rebalances that had gone on "
                                              "already.",
                                              true },
    [METRIC_REBALANCES_RELEASED] = { "rebalances-released-total",
                                     "Held rebalances that went on since everybody who was "
                                     "waited for had gone.",
                                     true },
    [METRIC_ASYNC_COMMITS] = { "async-commits-total", "Asynchronous commits begun.", true },
    [METRIC_ASYNC_COMMITS_UNDER_WAY] = { "async-commits-under-way",
                                         "Asynchronous commits whose outcome is not known yet.",
                                         false },
    [METRIC_ASYNC_COMMITS_REFUSED] = { "async-commits-refused-total",
                                       "Asynchronous commits beyond commit.outcomes.size, "
                                       "answered with 503.",
                                       true },
    [METRIC_COMMIT_OUTCOMES_LIMIT] = { "commit-outcomes-limit",
                                       "Most asynchronous commits of one consumer that are under "
                                       "way or remembered (commit.outcomes.size).",
                                       false },
    [METRIC_COMMIT_OUTCOMES_BYTES_LIMIT] = { "commit-outcomes-bytes-limit",
                                             "Most bytes of outcomes that are remembered of one "
                                             "consumer (commit.outcomes.bytes).",
                                             false },
    [METRIC_CONSUMERS] = { "consumers", "Consumers, those that are being closed included.", false },
    [METRIC_CONSUMERS_LIMIT] = { "consumers-limit",
                                 "Most consumers at a time (consumers.max).",
                                 false },
    [METRIC_CONSUMERS_REFUSED] = { "consumers-refused-total",
                                   "Consumers beyond the limit, answered with 429.",
                                   true },
    [METRIC_CONSUMERS_EXPIRED] = { "consumers-expired-total",
                                   "Consumers closed since nobody called them "
                                   "(consumer.idle.timeout.ms).",
                                   true },
};

_Static_assert(sizeof descriptions / sizeof descriptions[0] == METRIC_COUNT, "a row for each");

void metrics_add(struct metrics *metrics, enum metric metric, int64_t amount) {
    must(metric < METRIC_COUNT);
    atomic_fetch_add_explicit(&metrics->values[metric], amount, memory_order_relaxed);
}

int64_t metrics_get(struct metrics *metrics, enum metric metric) {
    must(metric < METRIC_COUNT);
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

const struct metric_description *metrics_describe(enum metric metric) {
    must(metric < METRIC_COUNT);
    return &descriptions[metric];
}

static const struct metric_histogram_description histograms[] = {
    [HISTOGRAM_POLL_DURATION] = { "poll_duration_seconds",
                                  "Time from a poll's request to its answer.",
                                  1e6,
                                  { 1000,
                                    5000,
                                    10000,
                                    50000,
                                    100000,
                                    250000,
                                    500000,
                                    1000000,
                                    2500000,
                                    5000000,
                                    10000000,
                                    30000000,
                                    60000000,
                                    300000000 },
                                  14 },
    [HISTOGRAM_POLL_RECORDS] = { "poll_records",
                                 "Records in the answer of a poll.",
                                 1,
                                 { 0, 1, 5, 10, 50, 100, 500, 1000, 5000, 10000, 100000 },
                                 11 },
    [HISTOGRAM_POLL_BYTES] = { "poll_answer_bytes",
                               "Bytes of the answer of a poll.",
                               1,
                               { 256,
                                 1024,
                                 4096,
                                 16384,
                                 65536,
                                 262144,
                                 1048576,
                                 4194304,
                                 16777216,
                                 67108864 },
                               10 },
    [HISTOGRAM_COMMIT_DURATION] = { "commit_duration_seconds",
                                    "Time that a commit asked for by a client took.",
                                    1e6,
                                    { 1000,
                                      2500,
                                      5000,
                                      10000,
                                      25000,
                                      50000,
                                      100000,
                                      250000,
                                      500000,
                                      1000000,
                                      2500000,
                                      5000000,
                                      10000000,
                                      60000000 },
                                    14 },
};

_Static_assert(sizeof histograms / sizeof histograms[0] == HISTOGRAM_COUNT, "a row for each");

const struct metric_histogram_description *metrics_describe_histogram(
    enum metric_histogram histogram
) {
    must(histogram < HISTOGRAM_COUNT);
    return &histograms[histogram];
}

void metrics_observe(struct metrics *metrics, enum metric_histogram histogram, int64_t value) {
    const struct metric_histogram_description *row = metrics_describe_histogram(histogram);
    must(row->bound_count <= METRICS_MOST_BOUNDS);
    size_t bucket = 0;
    while (bucket < row->bound_count && value > row->bounds[bucket])
        bucket++;
    struct metric_buckets *buckets = &metrics->histograms[histogram];
    atomic_fetch_add_explicit(&buckets->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&buckets->sum, value, memory_order_relaxed);
}

struct metric_snapshot metrics_snapshot(struct metrics *metrics, enum metric_histogram histogram) {
    must(histogram < HISTOGRAM_COUNT);
    struct metric_buckets *buckets = &metrics->histograms[histogram];
    struct metric_snapshot snapshot = { .sum = atomic_load(&buckets->sum) };
    for (size_t i = 0; i <= METRICS_MOST_BOUNDS; i++)
        snapshot.counts[i] = atomic_load(&buckets->counts[i]);
    return snapshot;
}

void metrics_count_request(struct metrics *metrics, size_t route, unsigned http_status) {
    unsigned status_class = http_status / 100;
    must(route < METRICS_MOST_ROUTES && status_class >= 1 && status_class <= METRICS_CLASSES);
    atomic_int_fast64_t *count = &metrics->requests[route][status_class - 1];
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

int64_t metrics_requests(struct metrics *metrics, size_t route, unsigned status_class) {
    must(route < METRICS_MOST_ROUTES && status_class >= 1 && status_class <= METRICS_CLASSES);
    return atomic_load(&metrics->requests[route][status_class - 1]);
}
