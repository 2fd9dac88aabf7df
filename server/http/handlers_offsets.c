// SPDX-License-Identifier: Apache-2.0
// Calls about offsets: commit, committed, position, and those of any partition's log.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/json/writer.h"
#include "server/metrics.h"

static const struct kc_partition nothing[1];

/// What is given to the library: NULL for all assigned, else the list, which may be empty.
static const struct kc_partition *named(const struct partition_list *list) {
    must(list->partitions != NULL || list->count == 0);
    if (!list->given) return NULL;
    return list->count > 0 ? list->partitions : nothing;
}

static void answer_list(struct request *request, const char *key, unsigned members) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct out body = { 0 };
    writer_begin_object(&body);
    answer_partitions(&body, key, result->partitions, result->partition_count, members);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

/// An error of the group concerns the member as a whole: all that HTTP calls a conflict.
static const struct kc_partition *find_group_error(const struct kc_result *result) {
    for (size_t i = 0; i < result->partition_count; i++) {
        const struct kc_partition *one = &result->partitions[i];
        if (problem_http_status(one->status) == 409) return one;
    }
    return NULL;
}

static void write_results(struct out *body, const struct kc_result *result) {
    unsigned members = ANSWER_OFFSET | ANSWER_LEADER_EPOCH | ANSWER_ERROR;
    answer_partitions(body, "offsets", result->partitions, result->partition_count, members);
    writer_end_object(body);
}

static void answer_commit(struct request *request) {
    int64_t took_us = request_waited_us(request);
    metrics_observe(request->service->metrics, HISTOGRAM_COMMIT_DURATION, took_us);
    const struct kc_result *result = request_result(request, 0);
    const struct kc_partition *failed = find_group_error(result);
    struct out body = { 0 };
    if (result->status == KC_OK && !failed) {
        writer_begin_object(&body);
        write_results(&body, result);
        request_answer_json_take(request, &body);
        return;
    }
    struct problem problem = result->status != KC_OK
                                 ? problem_of_status(result->status, result->kafka_error, NULL)
                                 : problem_of_status(failed->status, failed->kafka_error, NULL);
    if (result->status != KC_OK && result->message[0]) problem.detail = result->message;
    problem_begin(&body, &problem);
    write_results(&body, result);
    request_answer_take(request, problem.http_status, "application/problem+json", &body);
}

void handle_commit(struct request *request) {
    struct partition_list list;
    if (!request_partitions(request, REQUEST_COMMIT, &list)) return;
    request_wait(request, 1, answer_commit);
    kc_commit(request->consumer->kc, named(&list), list.count, request_part(request, 0));
}

static void answer_committed(struct request *request) {
    answer_list(request, "offsets", ANSWER_OFFSET | ANSWER_LEADER_EPOCH | ANSWER_METADATA);
}

void handle_committed(struct request *request) {
    struct partition_list list;
    if (!request_partitions(request, REQUEST_NAMED, &list)) return;
    request_wait(request, 1, answer_committed);
    kc_committed(request->consumer->kc, named(&list), list.count, request_part(request, 0));
}

static void answer_position(struct request *request) {
    answer_list(request, "partitions", ANSWER_OFFSET);
}

void handle_position(struct request *request) {
    struct partition_list list;
    if (!request_partitions(request, REQUEST_NAMED, &list)) return;
    request_wait(request, 1, answer_position);
    kc_position(request->consumer->kc, named(&list), list.count, request_part(request, 0));
}

static void answer_offsets(struct request *request) {
    answer_list(request, "offsets", ANSWER_OFFSET | ANSWER_LEADER_EPOCH);
}

static void look_up(struct request *request, enum kc_target target) {
    must(target == KC_TO_BEGINNING || target == KC_TO_END);
    struct partition_list list;
    if (!request_partitions(request, REQUEST_NAMED, &list)) return;
    if (!list.given) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "tp is missing: which partitions?");
        return;
    }
    request_wait(request, 1, answer_offsets);
    struct kc_consumer *consumer = request->consumer->kc;
    kc_offsets(consumer, target, list.partitions, list.count, request_part(request, 0));
}

void handle_offsets_beginning(struct request *request) {
    look_up(request, KC_TO_BEGINNING);
}

void handle_offsets_end(struct request *request) {
    look_up(request, KC_TO_END);
}

static void answer_for_times(struct request *request) {
    answer_list(request, "offsets", ANSWER_OFFSET | ANSWER_TIMESTAMP | ANSWER_LEADER_EPOCH);
}

void handle_offsets_for_times(struct request *request) {
    struct partition_list list;
    if (request->body.size == 0 && request->params.count == 0) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "the body is missing: timestamps");
        return;
    }
    if (!request_partitions(request, REQUEST_TIMES, &list)) return;
    if (!list.given) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "timestamps is missing");
        return;
    }
    request_wait(request, 1, answer_for_times);
    struct kc_consumer *consumer = request->consumer->kc;
    kc_offsets(consumer, KC_TO_TIMESTAMP, named(&list), list.count, request_part(request, 0));
}
