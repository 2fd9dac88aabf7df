// SPDX-License-Identifier: Apache-2.0
// Commits: those that are waited for, and those whose outcome is asked for later.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/commits.h"
#include "server/http/delivery.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/json/writer.h"
#include "server/metrics.h"

static void write_results(struct out *body, const struct kc_result *result) {
    unsigned members = ANSWER_OFFSET | ANSWER_LEADER_EPOCH | ANSWER_ERROR;
    answer_partitions(body, "offsets", result->partitions, result->partition_count, members);
    writer_end_object(body);
}

static void answer_commit(struct request *request) {
    int64_t took_us = request_waited_us(request);
    metrics_observe(request->service->metrics, HISTOGRAM_COMMIT_DURATION, took_us);
    const struct kc_result *result = request_result(request, 0);
    struct problem problem;
    struct out body = { 0 };
    if (problem_of_commit(result, &problem)) {
        problem_begin(&body, &problem);
        write_results(&body, result);
        request_answer_take(request, problem.http_status, "application/problem+json", &body);
    } else {
        writer_begin_object(&body);
        write_results(&body, result);
        request_answer_json_take(request, &body);
    }
}

/// Gives the commit out: of all that is delivered, or of just what is listed, which may be nothing.
static void give_out(
    struct request *request, const struct partition_list *list, struct kc_call call
) {
    static const struct kc_partition nothing[1];
    must(list->partitions != NULL || list->count == 0);
    const struct kc_partition *partitions = list->count > 0 ? list->partitions : nothing;
    kc_commit(request->consumer->kc, list->given ? partitions : NULL, list->count, call);
}

/// Answers before the outcome is known.
static void commit_behind(struct request *request, const struct partition_list *list) {
    char id[COMMITS_ID_BYTES];
    struct kc_call call;
    struct out body = { 0 };
    if (!commits_begin(request->consumer->commits, id, &call)) {
        request_refuse(request, PROBLEM_TOO_MANY_COMMITS, "commit.outcomes.size is the bound");
        return;
    }
    give_out(request, list, call);
    out_format(&body, "/v1/consumers/%s/commits/%s", request->consumer->name, id);
    request->location = pool_string(&request->pool, out_text(&body));
    body.size = 0;
    writer_begin_object(&body);
    writer_member_string(&body, "commit_id", id);
    writer_end_object(&body);
    request_answer_take(request, MHD_HTTP_ACCEPTED, "application/json", &body);
}

void handle_commit(struct request *request) {
    struct complaint complaint = { 0 };
    struct partition_list list;
    bool is_async = false;
    if (!params_boolean(&request->params, "async", &is_async, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    if (!request_partitions(request, REQUEST_COMMIT, &list)) return;
    if (!list.given && delivery_commits_by_offsets(request->consumer->delivery)) {
        request_refuse(
            request, PROBLEM_OFFSETS_REQUIRED, "offsets: what is streamed may be unread"
        );
        return;
    }
    if (!list.given) delivery_on_commit(request->consumer->delivery, request->peer);
    if (is_async) {
        commit_behind(request, &list);
    } else {
        request_wait(request, 1, answer_commit);
        give_out(request, &list, request_part(request, 0));
    }
}

void handle_get_commit(struct request *request) {
    must(request->argument != NULL);
    struct out body = { 0 };
    if (commits_write(request->consumer->commits, request->argument, &body)) {
        request_answer_json_take(request, &body);
    } else {
        request_refuse(request, PROBLEM_NO_SUCH_COMMIT, request->argument);
    }
}
