// SPDX-License-Identifier: Apache-2.0
// Calls about offsets: committed, position, and those of any partition's log.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/json/writer.h"

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
