// SPDX-License-Identifier: Apache-2.0
// The table of the server's numbers. There are no labels, so that their count is fixed.
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
    [METRIC_ANSWERS_GOOD] = { "http-answers-2xx-total", "Requests answered well.", true },
    [METRIC_ANSWERS_CLIENT_ERROR] = { "http-answers-4xx-total",
                                      "Requests refused for the client's sake.",
                                      true },
    [METRIC_ANSWERS_SERVER_ERROR] = { "http-answers-5xx-total",
                                      "Requests that failed for the cluster's or our sake.",
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
