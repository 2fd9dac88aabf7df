// SPDX-License-Identifier: Apache-2.0
// Calls about the cluster, and the API's document.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/openapi.h"
#include "server/http/request.h"
#include "server/json/writer.h"

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

void handle_options(struct request *request) {
    must(request->allow != NULL);
    request_answer_empty(request, MHD_HTTP_NO_CONTENT);
}

void handle_topics(struct request *request) {
    request_wait(request, 1, request->argument ? show_topic : show_topics);
    kc_topics(request->consumer->kc, request->argument, request_part(request, 0));
}

void handle_openapi(struct request *request) {
    struct out body = { 0 };
    size_t size;
    const char *document = openapi_document(&size);
    out_append(&body, document, size);
    request_answer_json_take(request, &body);
}
