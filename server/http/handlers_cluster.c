// SPDX-License-Identifier: Apache-2.0
// Calls about the cluster and about the process itself: topics, metrics, the API's document.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/openapi.h"
#include "server/json/number.h"
#include "server/json/writer.h"
#include "server/metrics.h"

#include <stdlib.h>

enum { MOST_METRICS = 512 };

static void show_topic(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    const struct kc_topic *topic = result->topic_count > 0 ? result->topics : NULL;
    if (!topic || topic->status != KC_OK) {
        struct problem problem = topic ? problem_of_status(topic->status, topic->kafka_error, NULL)
                                       : problem_of_status(KC_NO_SUCH_TOPIC, 0, NULL);
        request_answer_problem(request, &problem);
        return;
    }
    struct out body = { 0 };
    answer_topic(&body, topic);
    request_answer_json_take(request, &body);
}

static void show_topics(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct out body = { 0 };
    writer_begin_object(&body);
    writer_key(&body, "topics");
    writer_begin_array(&body);
    for (size_t i = 0; i < result->topic_count; i++)
        answer_topic(&body, &result->topics[i]);
    writer_end_array(&body);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

void handle_topics(struct request *request) {
    request_wait(request, 1, request->argument ? show_topic : show_topics);
    kc_topics(request->consumer->kc, request->argument, request_part(request, 0));
}

/// The consumer's metrics; freed by the caller. There may be more than are taken.
static struct kc_metric *take_metrics(struct request *request, size_t *count) {
    struct kc_metric *all = must_have(MOST_METRICS * sizeof *all);
    *count = kc_metrics(request->consumer->kc, all, MOST_METRICS);
    if (*count > MOST_METRICS) *count = MOST_METRICS;
    return all;
}

void handle_metrics(struct request *request) {
    size_t count;
    struct kc_metric *all = take_metrics(request, &count);
    struct out body = { 0 };
    writer_begin_object(&body);
    writer_key(&body, "consumer");
    writer_begin_object(&body);
    for (size_t i = 0; i < count; i++) {
        writer_key(&body, all[i].name);
        number_append_double(&body, all[i].value);
    }
    writer_end_object(&body);
    writer_key(&body, "server");
    writer_begin_object(&body);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        int64_t value = metrics_get(request->service->metrics, metric);
        writer_member_integer(&body, metrics_describe(metric)->name, value);
    }
    writer_end_object(&body);
    writer_end_object(&body);
    free(all);
    request_answer_json_take(request, &body);
}

static void append_prometheus_name(struct out *out, const char *prefix, const char *name) {
    out_string(out, prefix);
    for (; *name; name++)
        out_byte(out, (char)(*name == '-' || *name == '.' ? '_' : *name));
}

/// One number with its two lines of explanation. A double that is no number is written as
/// Prometheus spells it.
static void append_prometheus(
    struct out *out, const char *prefix, const struct metric_description *about, double value
) {
    must(about->name != NULL && about->text != NULL);
    OUT_LITERAL(out, "# HELP ");
    append_prometheus_name(out, prefix, about->name);
    out_format(out, " %s\n# TYPE ", about->text);
    append_prometheus_name(out, prefix, about->name);
    out_string(out, about->counter ? " counter\n" : " gauge\n");
    append_prometheus_name(out, prefix, about->name);
    out_byte(out, ' ');
    size_t before = out->size;
    number_append_double(out, value);
    if (out->data[before] == 'n') {
        out->size = before;
        OUT_LITERAL(out, "NaN");
    }
    out_byte(out, '\n');
}

void handle_prometheus(struct request *request) {
    size_t count;
    struct kc_metric *all = take_metrics(request, &count);
    struct out body = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct metric_description about = { all[i].name, all[i].text, all[i].counter };
        append_prometheus(&body, "kafka_sidecar_consumer_", &about, all[i].value);
    }
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        double value = (double)metrics_get(request->service->metrics, metric);
        append_prometheus(&body, "kafka_sidecar_", metrics_describe(metric), value);
    }
    free(all);
    request_answer_take(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

void handle_openapi(struct request *request) {
    struct out body = { 0 };
    size_t size;
    const char *document = openapi_document(&size);
    out_append(&body, document, size);
    request_answer_json_take(request, &body);
}
