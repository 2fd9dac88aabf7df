// SPDX-License-Identifier: Apache-2.0
// The numbers of one consumer and of the server as JSON, under Kafka's names and in Kafka's groups.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/json/number.h"
#include "server/json/writer.h"
#include "server/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_METRICS = 512 };

/// Kafka's groups of metrics, the last of which has what belongs to no other.
static const char *const groups[] = {
    "consumer-coordinator-metrics",
    "consumer-metrics",
    "consumer-fetch-manager-metrics",
};

enum { GROUP_COUNT = sizeof groups / sizeof groups[0], LAST_GROUP = GROUP_COUNT - 1 };

/// How the names of a group begin.
static const struct {
    const char *prefix;
    size_t group;
} prefixes[] = {
    { "assigned-", 0 }, { "commit-", 0 },    { "heartbeat-", 0 }, { "join-", 0 },
    { "last-", 0 },     { "rebalance-", 0 }, { "sync-", 0 },      { "connection-", 1 },
    { "incoming-", 1 }, { "network-", 1 },   { "outgoing-", 1 },  { "request-", 1 },
    { "response-", 1 },
};

static size_t group_of(const char *name) {
    must(name != NULL);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
            return prefixes[i].group;
        }
    }
    return LAST_GROUP;
}

static int64_t most_lag(const struct kc_description *now) {
    int64_t most = -1;
    for (size_t i = 0; i < now->assignment_count; i++) {
        if (now->assignment[i].lag > most) most = now->assignment[i].lag;
    }
    return most;
}

/// What the description knows under a name of Kafka's.
static void write_described(struct out *body, size_t group, const struct kc_description *now) {
    must(group < GROUP_COUNT);
    if (group == 0) {
        writer_key(body, "last-heartbeat-seconds-ago");
        bool known = now->heartbeat_age_ms >= 0;
        number_append_double(body, known ? (double)now->heartbeat_age_ms / 1000 : -1);
    }
    if (group == LAST_GROUP) writer_member_known(body, "records-lag-max", most_lag(now));
}

static void write_consumer(
    struct out *body, struct kc_consumer *consumer, const struct kc_description *now
) {
    struct kc_metric *all = must_have(MOST_METRICS * sizeof *all);
    size_t count = kc_metrics(consumer, all, MOST_METRICS);
    must(count <= MOST_METRICS);
    writer_key(body, "consumer");
    writer_begin_object(body);
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        writer_key(body, groups[group]);
        writer_begin_object(body);
        for (size_t i = 0; i < count; i++) {
            if (group_of(all[i].name) != group) continue;
            writer_key(body, all[i].name);
            number_append_double(body, all[i].value);
        }
        write_described(body, group, now);
        writer_end_object(body);
    }
    writer_end_object(body);
    free(all);
}

static void write_server(struct out *body, struct metrics *metrics) {
    writer_key(body, "server");
    writer_begin_object(body);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        writer_member_integer(body, metrics_describe(metric)->name, metrics_get(metrics, metric));
    }
    writer_end_object(body);
}

static void show_metrics(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct out body = { 0 };
    must(result->description != NULL);
    writer_begin_object(&body);
    write_consumer(&body, request->consumer->kc, result->description);
    write_server(&body, request->service->metrics);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

void handle_metrics(struct request *request) {
    request_wait(request, 1, show_metrics);
    kc_describe(request->consumer->kc, request_part(request, 0));
}
