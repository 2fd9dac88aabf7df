// SPDX-License-Identifier: Apache-2.0
// All numbers in the text format of Prometheus: of the process, of the server, of each consumer.
// Labels have bounded sets of values: routes by their pattern, consumers by their name, and, when
// metrics.partition.labels asks for it, a bounded number of partitions.
#include "server/base/must.h"
#include "server/consumers/registry.h"
#include "server/consumers/spec.h"
#include "server/http/handlers.h"
#include "server/http/prometheus.h"
#include "server/http/request.h"
#include "server/http/routes.h"
#include "server/http/warnings.h"
#include "server/metrics.h"
#include "server/process.h"
#include "server/settings.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_METRICS = 512, NAME_BYTES = 128, MOST_PARTITIONS = 1000 };

#define PREFIX          "kafka_sidecar_"
#define CONSUMER_PREFIX "kafka_sidecar_consumer_"

/// What Prometheus calls a number of ours or of the library's whose name would not do: it wants
/// units last and counters in the plural.
static const struct {
    const char *name;
    const char *prometheus; ///< NULL: another family says it
} renamed[] = {
    { "http-answers-2xx-total", NULL },
    { "http-answers-4xx-total", NULL },
    { "http-answers-5xx-total", NULL },
    { "http-body-bytes-limit", "http_body_limit_bytes" },
    { "poll-records-total", NULL },
    { "poll-answer-bytes-total", NULL },
    { "poll-answer-bytes-limit", "poll_answer_limit_bytes" },
    { "records-consumed-total", "consumed_records_total" },
    { "bytes-consumed-total", "consumed_bytes_total" },
    { "fetch-total", "fetches_total" },
    { "fetch-bytes-total", "fetched_bytes_total" },
    { "fetch-stale-total", "stale_fetches_total" },
    { "commit-total", "committed_offsets_total" },
    { "commit-failed-total", "failed_commits_total" },
    { "rebalance-total", "rebalances_total" },
    { "failed-rebalance-total", "failed_rebalances_total" },
    { "rebalance-ack-timeout-total", "rebalance_ack_timeouts_total" },
    { "last-rebalance-seconds-ago", "last_rebalance_age_seconds" },
    { "heartbeat-total", "heartbeats_total" },
    { "join-total", "joins_total" },
    { "sync-total", "syncs_total" },
    { "connection-count", "connections" },
    { "tls-handshake-total", "tls_handshakes_total" },
    { "tls-handshake-resumed-total", "resumed_tls_handshakes_total" },
    { "tls-failed-total", "tls_failures_total" },
    { "successful-authentication-total", "authentications_total" },
    { "successful-reauthentication-total", "reauthentications_total" },
    { "failed-authentication-total", "failed_authentications_total" },
};

/// The name with its prefix; false when it is left out.
static bool prometheus_name(const char *prefix, const char *name, char whole[NAME_BYTES]) {
    const char *used = name;
    must(prefix != NULL && name != NULL);
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
        if (strcmp(renamed[i].name, name) == 0) used = renamed[i].prometheus;
    }
    if (!used) return false;
    (void)snprintf(whole, NAME_BYTES, "%s%s", prefix, used);
    for (char *at = whole; *at; at++)
        if (*at == '-' || *at == '.') *at = '_';
    return true;
}

static void write_process(struct out *out, const struct service *service) {
    const struct prometheus_label version = { "version", SIDECAR_VERSION };
    struct process_numbers numbers = process_read();

    const struct {
        const char *name;
        const char *help;
        enum prometheus_type type;
        double value;
    } rows[] = {
        { "process_start_time_seconds",
          "When the process started, in seconds since 1970.",
          PROMETHEUS_GAUGE,
          (double)service->started_at_ms / 1000 },
        { "process_cpu_seconds_total",
          "Time on processors.",
          PROMETHEUS_COUNTER,
          numbers.cpu_seconds },
        { "process_resident_memory_bytes",
          "Memory that is resident.",
          PROMETHEUS_GAUGE,
          (double)numbers.resident_bytes },
        { "process_virtual_memory_bytes",
          "Memory that is mapped.",
          PROMETHEUS_GAUGE,
          (double)numbers.virtual_bytes },
        { "process_open_fds",
          "Open file descriptors.",
          PROMETHEUS_GAUGE,
          (double)numbers.open_fds },
        { "process_max_fds",
          "Most open file descriptors.",
          PROMETHEUS_GAUGE,
          (double)numbers.most_fds },
    };

    prometheus_family(out, PREFIX "build_info", "The version that runs.", PROMETHEUS_GAUGE);
    prometheus_sample(out, PREFIX "build_info", (struct prometheus_labels){ &version, 1 }, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].value < 0) continue;
        prometheus_single(out, rows[i].name, rows[i].help, rows[i].type, rows[i].value);
    }
}

static void write_server(struct out *out, struct metrics *metrics) {
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        const struct metric_description *row = metrics_describe(metric);
        char name[NAME_BYTES];
        if (!prometheus_name(PREFIX, row->name, name)) continue;
        enum prometheus_type type = row->counter ? PROMETHEUS_COUNTER : PROMETHEUS_GAUGE;
        prometheus_single(out, name, row->text, type, (double)metrics_get(metrics, metric));
    }
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++) {
        enum metric_histogram which = (enum metric_histogram)i;
        const struct metric_histogram_description *row = metrics_describe_histogram(which);
        struct metric_snapshot now = metrics_snapshot(metrics, which);
        const struct prometheus_histogram histogram = {
            row->bounds, now.counts, row->bound_count, now.sum, row->per_unit
        };
        char name[NAME_BYTES];
        must(prometheus_name(PREFIX, row->name, name));
        prometheus_histogram(out, name, row->text, &histogram);
    }
}

/// A sample for each class of status that there was, and for good ones always.
static void write_route(
    struct out *out,
    const char *name,
    struct metrics *metrics,
    size_t index,
    const struct route *route
) {
    must(index < METRICS_MOST_ROUTES);
    for (unsigned status_class = 1; status_class <= METRICS_CLASSES; status_class++) {
        int64_t count = metrics_requests(metrics, index, status_class);
        char code[] = "0xx";
        code[0] = (char)('0' + status_class);
        if (count == 0 && (status_class != 2 || !route)) continue;
        const struct prometheus_label labels[] = {
            { "method", route ? route->method : "other" },
            { "route", route ? route->path : "other" },
            { "code", code },
        };
        prometheus_sample(out, name, (struct prometheus_labels){ labels, 3 }, (double)count);
    }
}

static void write_requests(struct out *out, struct metrics *metrics) {
    static const char name[] = PREFIX "http_requests_total";
    size_t count;
    const struct route *routes = route_table(&count);
    must(count < METRICS_MOST_ROUTES);
    prometheus_family(
        out, name, "Requests answered, by route and class of status.", PROMETHEUS_COUNTER
    );
    for (size_t i = 0; i < count; i++)
        write_route(out, name, metrics, i, &routes[i]);
    write_route(out, name, metrics, count, NULL);
}

/// The library's numbers: a family for each, with a sample for each consumer.
static void write_library(struct out *out, struct consumer *const *consumers) {
    struct kc_metric *metrics = must_have(MOST_METRICS * sizeof *metrics);
    size_t count = consumers[0] ? kc_metrics(consumers[0]->kc, metrics, MOST_METRICS) : 0;
    must(count <= MOST_METRICS);
    for (size_t i = 0; i < count; i++) {
        char name[NAME_BYTES];
        if (!prometheus_name(CONSUMER_PREFIX, metrics[i].name, name)) continue;
        enum prometheus_type type = metrics[i].counter ? PROMETHEUS_COUNTER : PROMETHEUS_GAUGE;
        prometheus_family(out, name, metrics[i].text, type);
        for (size_t k = 0; consumers[k]; k++) {
            const struct prometheus_label label = { "consumer", consumers[k]->name };
            (void)kc_metrics(consumers[k]->kc, metrics, MOST_METRICS);
            prometheus_sample(out, name, (struct prometheus_labels){ &label, 1 }, metrics[i].value);
        }
    }
    free(metrics);
}

/// A consumer as it is now, and its name.
struct described {
    const struct consumer *consumer;
    const struct kc_description *now;
};

/// All of one answer.
struct described_list {
    struct described *items;
    size_t count;
};

static double total_lag(const struct described *one) {
    int64_t lag = -1;
    for (size_t i = 0; i < one->now->assignment_count; i++) {
        int64_t of_one = one->now->assignment[i].lag;
        if (of_one >= 0) lag = (lag < 0 ? 0 : lag) + of_one;
    }
    return (double)lag;
}

static double most_lag(const struct described *one) {
    int64_t lag = -1;
    for (size_t i = 0; i < one->now->assignment_count; i++) {
        if (one->now->assignment[i].lag > lag) lag = one->now->assignment[i].lag;
    }
    return (double)lag;
}

static double is_ready(const struct described *one) {
    return one->now->ready;
}

static double heartbeat_age(const struct described *one) {
    return one->now->heartbeat_age_ms < 0 ? -1 : (double)one->now->heartbeat_age_ms / 1000;
}

static double paused_partitions(const struct described *one) {
    size_t count = 0;
    for (size_t i = 0; i < one->now->assignment_count; i++)
        count += one->now->assignment[i].paused;
    return (double)count;
}

static double unlabelled_partitions(const struct described *one) {
    size_t count = one->now->assignment_count;
    return count > MOST_PARTITIONS ? (double)(count - MOST_PARTITIONS) : 0;
}

static double setting_of(const struct described *one, const char *key) {
    const char *text = kc_config_get(one->consumer->spec->config, key);
    return text ? strtod(text, NULL) : -1;
}

static double response_limit(const struct described *one) {
    return setting_of(one, "receive.message.max.bytes");
}

static double batch_limit(const struct described *one) {
    return setting_of(one, "batch.max.bytes");
}

/// Numbers of a consumer's description and settings. What is negative is not known, and left out.
static const struct {
    const char *name;
    const char *help;
    double (*value)(const struct described *one);
} gauges[] = {
    { CONSUMER_PREFIX "ready", "Whether it is in its group, or assigned by hand.", is_ready },
    { CONSUMER_PREFIX "records_lag", "Records behind the end, of all partitions.", total_lag },
    { CONSUMER_PREFIX "records_lag_max",
      "Records behind the end, of the worst partition.",
      most_lag },
    { CONSUMER_PREFIX "heartbeat_age_seconds",
      "Since the last good answer to a heartbeat.",
      heartbeat_age },
    { CONSUMER_PREFIX "paused_partitions", "Partitions that are paused.", paused_partitions },
    { CONSUMER_PREFIX "response_limit_bytes",
      "Largest answer of a broker (receive.message.max.bytes).",
      response_limit },
    { CONSUMER_PREFIX "batch_limit_bytes", "Largest record batch (batch.max.bytes).", batch_limit },
    { CONSUMER_PREFIX "unlabelled_partitions",
      "Partitions beyond the bound of those with samples of their own.",
      unlabelled_partitions },
};

static void write_gauges(struct out *out, struct described_list list) {
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        prometheus_family(out, gauges[i].name, gauges[i].help, PROMETHEUS_GAUGE);
        for (size_t k = 0; k < list.count; k++) {
            const struct prometheus_label label = { "consumer", list.items[k].consumer->name };
            double value = gauges[i].value(&list.items[k]);
            if (value < 0) continue;
            prometheus_sample(out, gauges[i].name, (struct prometheus_labels){ &label, 1 }, value);
        }
    }
}

static void write_states(struct out *out, struct described_list list) {
    static const char name[] = CONSUMER_PREFIX "state";
    prometheus_family(out, name, "1 for the state that it is in.", PROMETHEUS_GAUGE);
    for (size_t i = 0; i < list.count; i++) {
        const struct prometheus_label labels[] = {
            { "consumer", list.items[i].consumer->name },
            { "state", list.items[i].now->state },
        };
        prometheus_sample(out, name, (struct prometheus_labels){ labels, 2 }, 1);
    }
}

static void write_warnings(struct out *out, struct described_list list) {
    static const char name[] = CONSUMER_PREFIX "warning";
    prometheus_family(out, name, "1 for a warning that /v1/status shows.", PROMETHEUS_GAUGE);
    for (size_t i = 0; i < list.count; i++) {
        for (unsigned k = 0; k < WARNING_COUNT; k++) {
            const struct described *one = &list.items[i];
            const struct prometheus_label labels[] = {
                { "consumer", one->consumer->name },
                { "code", warning_code((enum warning)k) },
            };
            bool applies = warning_applies((enum warning)k, one->consumer, one->now);
            prometheus_sample(out, name, (struct prometheus_labels){ labels, 2 }, applies);
        }
    }
}

static int64_t lag_of(const struct kc_partition_state *state) {
    return state->lag;
}

static int64_t position_of(const struct kc_partition_state *state) {
    return state->position;
}

static void write_partitions(
    struct out *out,
    struct described_list list,
    const char *name,
    const char *help,
    int64_t (*value)(const struct kc_partition_state *state)
) {
    prometheus_family(out, name, help, PROMETHEUS_GAUGE);
    for (size_t i = 0; i < list.count; i++) {
        const struct kc_description *now = list.items[i].now;
        for (size_t k = 0; k < now->assignment_count && k < MOST_PARTITIONS; k++) {
            const struct kc_partition_state *state = &now->assignment[k];
            char partition[16];
            (void)snprintf(partition, sizeof partition, "%d", (int)state->partition);
            const struct prometheus_label labels[] = {
                { "consumer", list.items[i].consumer->name },
                { "topic", state->topic },
                { "partition", partition },
            };
            if (value(state) < 0) continue;
            prometheus_sample(
                out, name, (struct prometheus_labels){ labels, 3 }, (double)value(state)
            );
        }
    }
}

/// Those consumers that could be described.
static struct described_list described(struct request *request) {
    struct described_list list = { NULL, 0 };
    size_t count = 0;
    while (request->all[count])
        count++;
    list.items = pool_array(&request->pool, count + 1, sizeof *list.items);
    for (size_t i = 0; i < count; i++) {
        const struct kc_result *result = request_result(request, i);
        if (result->status != KC_OK || !result->description) continue;
        list.items[list.count++] = (struct described){ request->all[i], result->description };
    }
    return list;
}

static void show_prometheus(struct request *request) {
    const struct service *service = request->service;
    struct described_list list = described(request);
    struct out body = { 0 };
    write_process(&body, service);
    write_server(&body, service->metrics);
    write_requests(&body, service->metrics);
    write_library(&body, request->all);
    write_gauges(&body, list);
    write_states(&body, list);
    write_warnings(&body, list);
    if (settings_flag(service->settings, SETTING_METRICS_PARTITION_LABELS)) {
        write_partitions(
            &body,
            list,
            CONSUMER_PREFIX "partition_records_lag",
            "Records behind the end of the partition.",
            lag_of
        );
        write_partitions(
            &body,
            list,
            CONSUMER_PREFIX "partition_position",
            "Offset of the next record to deliver.",
            position_of
        );
    }
    request_answer_take(request, 200, PROMETHEUS_MEDIA_TYPE, &body);
}

void handle_prometheus(struct request *request) {
    must(request->all == NULL);
    request->all = registry_ref_all(request->service->consumers);
    size_t count = 0;
    while (request->all[count])
        count++;
    if (count == 0) { // they are being closed
        show_prometheus(request);
        return;
    }
    request_wait(request, count, show_prometheus);
    for (size_t i = 0; i < count; i++)
        kc_describe(request->all[i]->kc, request_part(request, i));
}
