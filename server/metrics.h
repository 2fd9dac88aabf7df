// SPDX-License-Identifier: Apache-2.0
// The server's own numbers. Any thread.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The numbers, in the order of their table.
enum metric {
    METRIC_CONNECTIONS,
    METRIC_CONNECTIONS_LIMIT,
    METRIC_CONNECTIONS_REFUSED,
    METRIC_CONNECTIONS_PER_CLIENT_LIMIT,
    METRIC_CONNECTIONS_REFUSED_TO_CLIENT,
    METRIC_REQUESTS_TOO_SLOW,
    METRIC_ANSWERS_CUT,
    METRIC_HEADER_BYTES_LIMIT,
    METRIC_HEADERS_REFUSED,
    METRIC_BODIES_REFUSED,
    METRIC_MANAGEMENT_CONNECTIONS,
    METRIC_MANAGEMENT_CONNECTIONS_LIMIT,
    METRIC_ANSWERS_GOOD,
    METRIC_ANSWERS_CLIENT_ERROR,
    METRIC_ANSWERS_SERVER_ERROR,
    METRIC_BODY_BYTES,
    METRIC_ANSWERS_COMPRESSED,
    METRIC_COMPRESSION_SAVED,
    METRIC_BODY_BYTES_LIMIT,
    METRIC_POLLS,
    METRIC_POLL_RECORDS,
    METRIC_POLL_BYTES,
    METRIC_POLL_BYTES_LIMIT,
    METRIC_POLLS_TAKEN,
    METRIC_POLLS_PUT_BACK,
    METRIC_POLLS_GAVE_WAY,
    METRIC_POLL_CONNECTION_CHANGES,
    METRIC_RECORD_STREAMS,
    METRIC_RECORD_STREAMS_OPEN,
    METRIC_STREAM_RECORDS,
    METRIC_STREAM_BYTES,
    METRIC_SESSIONS,
    METRIC_SESSIONS_FENCED,
    METRIC_SESSIONS_FENCED_LIMIT,
    METRIC_SESSIONS_LATE_CALLS,
    METRIC_EVENTS,
    METRIC_EVENT_STREAMS,
    METRIC_EVENT_STREAMS_LIMIT,
    METRIC_EVENT_STREAMS_REFUSED,
    METRIC_EVENTS_RING_LIMIT,
    METRIC_EVENTS_RING_BYTES_LIMIT,
    METRIC_STREAMS_CUT,
    METRIC_REBALANCES_HELD,
    METRIC_REBALANCES_ACKNOWLEDGED,
    METRIC_REBALANCES_ACKNOWLEDGED_LATE,
    METRIC_REBALANCES_RELEASED,
    METRIC_ASYNC_COMMITS,
    METRIC_ASYNC_COMMITS_UNDER_WAY,
    METRIC_ASYNC_COMMITS_REFUSED,
    METRIC_COMMIT_OUTCOMES_LIMIT,
    METRIC_COMMIT_OUTCOMES_BYTES_LIMIT,
    METRIC_CONSUMERS,
    METRIC_CONSUMERS_LIMIT,
    METRIC_CONSUMERS_REFUSED,
    METRIC_CONSUMERS_EXPIRED,
    METRIC_COUNT,
};

/// The histograms, in the order of their table.
enum metric_histogram {
    HISTOGRAM_POLL_DURATION,
    HISTOGRAM_POLL_RECORDS,
    HISTOGRAM_POLL_BYTES,
    HISTOGRAM_COMMIT_DURATION,
    HISTOGRAM_COUNT,
};

enum { METRICS_MOST_BOUNDS = 16, METRICS_MOST_ROUTES = 64, METRICS_CLASSES = 5 };

/// Counts of one histogram: of values up to each bound and above the one before, and above all.
struct metric_buckets {
    atomic_int_fast64_t counts[METRICS_MOST_BOUNDS + 1];
    atomic_int_fast64_t sum;
};

/// All numbers; zeroed: nothing happened yet.
struct metrics {
    atomic_int_fast64_t values[METRIC_COUNT];
    struct metric_buckets histograms[HISTOGRAM_COUNT];
    atomic_int_fast64_t requests[METRICS_MOST_ROUTES][METRICS_CLASSES];
};

/// What a number is.
struct metric_description {
    const char *name; ///< lower case with dashes
    const char *text; ///< one sentence
    bool counter;     ///< only grows
};

/// What a histogram is.
struct metric_histogram_description {
    const char *name; ///< as Prometheus has it, without our prefix
    const char *text;
    double per_unit; ///< how many of the values' unit make the unit of the name
    int64_t bounds[METRICS_MOST_BOUNDS];
    size_t bound_count;
};

/// A histogram's counts at one time.
struct metric_snapshot {
    int64_t counts[METRICS_MOST_BOUNDS + 1];
    int64_t sum;
};

/// Counts a value, in microseconds, records or bytes.
void metrics_observe(struct metrics *metrics, enum metric_histogram histogram, int64_t value);

/// A histogram's counts now.
struct metric_snapshot metrics_snapshot(struct metrics *metrics, enum metric_histogram histogram);

/// Its row in the table. Static.
const struct metric_histogram_description *metrics_describe_histogram(
    enum metric_histogram histogram
);

/// Counts a request by its route's place in the table of routes and by its HTTP status.
void metrics_count_request(struct metrics *metrics, size_t route, unsigned http_status);

/// How many requests of a route had a status of a class: 2 for 200 to 299.
int64_t metrics_requests(struct metrics *metrics, size_t route, unsigned status_class);

/// Adds to a number.
void metrics_add(struct metrics *metrics, enum metric metric, int64_t amount);

/// The number now.
int64_t metrics_get(struct metrics *metrics, enum metric metric);

/// Its row in the table. Static.
const struct metric_description *metrics_describe(enum metric metric);
