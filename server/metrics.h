// SPDX-License-Identifier: Apache-2.0
// The server's own numbers. Any thread.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// The numbers, in the order of their table.
enum metric {
    METRIC_CONNECTIONS,
    METRIC_CONNECTIONS_LIMIT,
    METRIC_CONNECTIONS_REFUSED,
    METRIC_ANSWERS_GOOD,
    METRIC_ANSWERS_CLIENT_ERROR,
    METRIC_ANSWERS_SERVER_ERROR,
    METRIC_BODY_BYTES_LIMIT,
    METRIC_POLLS,
    METRIC_POLL_RECORDS,
    METRIC_POLL_BYTES,
    METRIC_POLL_BYTES_LIMIT,
    METRIC_POLLS_TAKEN,
    METRIC_POLLS_PUT_BACK,
    METRIC_POLLS_GAVE_WAY,
    METRIC_POLL_CONNECTION_CHANGES,
    METRIC_COUNT,
};

/// All numbers; zeroed: nothing happened yet.
struct metrics {
    atomic_int_fast64_t values[METRIC_COUNT];
};

/// What a number is.
struct metric_description {
    const char *name; ///< lower case with dashes
    const char *text; ///< one sentence
    bool counter;     ///< only grows
};

/// Adds to a number.
void metrics_add(struct metrics *metrics, enum metric metric, int64_t amount);

/// The number now.
int64_t metrics_get(struct metrics *metrics, enum metric metric);

/// Its row in the table. Static.
const struct metric_description *metrics_describe(enum metric metric);
