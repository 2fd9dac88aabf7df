// SPDX-License-Identifier: Apache-2.0
// Calls that move positions or stop and start delivery: seek, pause, resume, paused.
#include "server/base/must.h"
#include "server/bridge.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/json/writer.h"

/// The kinds of place that a seek may go to: one command each.
enum { KINDS = KC_TO_TIMESTAMP + 1 };

/// Partitions of a seek, sorted by where they go.
struct seek_plan {
    struct kc_partition *partitions[KINDS];
    size_t counts[KINDS];
    size_t commands;
};

static void make_plan(
    struct seek_plan *plan, const struct partition_list *list, struct pool *pool
) {
    *plan = (struct seek_plan){ 0 };
    for (size_t i = 0; i < list->count; i++) {
        enum kc_target kind = list->targets[i].kind;
        must((size_t)kind < KINDS);
        if (!plan->partitions[kind]) {
            plan->partitions[kind] = pool_array(pool, list->count, sizeof(struct kc_partition));
            plan->commands++;
        }
        struct kc_partition *one = &plan->partitions[kind][plan->counts[kind]++];
        *one = list->partitions[i];
        one->offset = list->targets[i].offset;
        one->timestamp_ms = list->targets[i].timestamp_ms;
    }
}

static size_t command_count(const struct request *request) {
    size_t count = bridge_part_count(request->call);
    must(count > 0);
    return count;
}

/// The resulting positions of all commands in one list.
static void answer_seek(struct request *request) {
    size_t commands = command_count(request);
    for (size_t i = 0; i < commands; i++) {
        if (request_failed(request, request_result(request, i))) return;
    }
    size_t count = 0;
    for (size_t i = 0; i < commands; i++)
        count += request_result(request, i)->partition_count;
    struct kc_partition *all = pool_array(&request->pool, count, sizeof *all);
    count = 0;
    for (size_t i = 0; i < commands; i++) {
        const struct kc_result *result = request_result(request, i);
        for (size_t k = 0; k < result->partition_count; k++)
            all[count++] = result->partitions[k];
    }
    struct out body = { 0 };
    writer_begin_object(&body);
    answer_partitions(&body, "partitions", all, count, ANSWER_OFFSET);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

static void answer_nothing_sought(struct request *request) {
    struct out body = { 0 };
    OUT_LITERAL(&body, "{\"partitions\":[]}");
    request_answer_json_take(request, &body);
}

static void seek_named(struct request *request, const struct partition_list *list) {
    must(list->given);
    struct seek_plan plan;
    size_t part = 0;
    make_plan(&plan, list, &request->pool);
    if (plan.commands == 0) {
        answer_nothing_sought(request);
        return;
    }
    request_wait(request, plan.commands, answer_seek);
    for (size_t kind = 0; kind < KINDS; kind++) {
        if (plan.counts[kind] == 0) continue;
        kc_seek(
            request->consumer->kc,
            (enum kc_target)kind,
            plan.partitions[kind],
            plan.counts[kind],
            request_part(request, part++)
        );
    }
}

void handle_seek(struct request *request) {
    struct partition_list list;
    if (!request_partitions(request, REQUEST_SEEK, &list)) return;
    if (list.given) {
        seek_named(request, &list);
    } else if (list.has_common_target) {
        request_wait(request, 1, answer_seek);
        struct kc_consumer *consumer = request->consumer->kc;
        kc_seek(consumer, list.common_target.kind, NULL, 0, request_part(request, 0));
    } else {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "partitions or to is missing");
    }
}

static void answer_flow(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct out body = { 0 };
    writer_begin_object(&body);
    answer_partitions(&body, "partitions", result->partitions, result->partition_count, 0);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

/// kc_pause() or kc_resume().
typedef void flow_command(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

static void change_flow(struct request *request, flow_command *command) {
    must(command != NULL);
    static const struct kc_partition nothing[1];
    struct partition_list list;
    if (!request_partitions(request, REQUEST_NAMED, &list)) return;
    const struct kc_partition *partitions = list.count > 0 ? list.partitions : nothing;
    request_wait(request, 1, answer_flow);
    command(
        request->consumer->kc, list.given ? partitions : NULL, list.count, request_part(request, 0)
    );
}

void handle_pause(struct request *request) {
    change_flow(request, kc_pause);
}

void handle_resume(struct request *request) {
    change_flow(request, kc_resume);
}

static void answer_get_paused(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct out body = { 0 };
    answer_paused(&body, result->description);
    request_answer_json_take(request, &body);
}

void handle_get_paused(struct request *request) {
    request_wait(request, 1, answer_get_paused);
    kc_describe(request->consumer->kc, request_part(request, 0));
}
