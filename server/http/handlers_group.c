// SPDX-License-Identifier: Apache-2.0
// Calls about what the consumer reads and how it stands: assignment, subscription, status. What
// changes one of them answers how it is afterwards.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/answers.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/http/sessions.h"
#include "server/http/warnings.h"
#include "server/json/subscription.h"
#include "server/json/writer.h"
#include "server/metrics.h"
#include "server/process.h"

/// Writes an answer from a description.
typedef void description_writer(struct out *out, const struct kc_description *description);

static void answer_described(struct request *request, description_writer *write) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    must(result->description != NULL);
    struct out body = { 0 };
    write(&body, result->description);
    request_answer_json_take(request, &body);
}

static void describe(struct request *request, request_step *step) {
    must(step != NULL);
    request_wait(request, 1, step);
    kc_describe(request->consumer->kc, request_part(request, 0));
}

/// The step behind a command that changes something: on success, goes on to describe.
static void describe_after(struct request *request, request_step *step) {
    if (!request_failed(request, request_result(request, 0))) describe(request, step);
}

static void show_assignment(struct request *request) {
    answer_described(request, answer_assignment);
}

void handle_get_assignment(struct request *request) {
    describe(request, show_assignment);
}

static void assignment_changed(struct request *request) {
    describe_after(request, show_assignment);
}

void handle_put_assignment(struct request *request) {
    struct partition_list list;
    if (!request_partitions(request, REQUEST_ASSIGN, &list)) return;
    if (!list.given) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "partitions is missing");
        return;
    }
    if (list.count == 0) {
        request_refuse(
            request, PROBLEM_INVALID_ARGUMENT, "partitions: empty; DELETE ends an assignment"
        );
        return;
    }
    request_wait(request, 1, assignment_changed);
    kc_assign(request->consumer->kc, list.partitions, list.count, request_part(request, 0));
}

/// Ends a manual assignment or a subscription, if it is the one that the call names: DELETE of the
/// other one is a conflict.
static void unsubscribe_if(struct request *request, bool by_hand, request_step *step) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    const struct kc_description *now = result->description;
    bool subscribed = now->subscription_count > 0 || now->subscription_pattern;
    bool conflict = by_hand ? subscribed : now->assigned_by_hand;
    if (conflict) {
        struct problem problem = problem_of_status(KC_SUBSCRIPTION_CONFLICT, 0, NULL);
        request_answer_problem(request, &problem);
        return;
    }
    request_wait(request, 1, step);
    kc_unsubscribe(request->consumer->kc, request_part(request, 0));
}

static void delete_assignment(struct request *request) {
    unsubscribe_if(request, true, assignment_changed);
}

void handle_delete_assignment(struct request *request) {
    describe(request, delete_assignment);
}

static void show_subscription(struct request *request) {
    answer_described(request, answer_subscription);
}

void handle_get_subscription(struct request *request) {
    describe(request, show_subscription);
}

static void subscription_changed(struct request *request) {
    describe_after(request, show_subscription);
}

void handle_put_subscription(struct request *request) {
    struct complaint complaint = { 0 };
    struct subscription_request wanted;
    struct kc_bytes body = { (const uint8_t *)request->body.data, request->body.size };
    if (body.size == 0) {
        request_refuse(request, PROBLEM_INVALID_ARGUMENT, "the body is missing: topics or pattern");
        return;
    }
    if (!request_read_subscription(body, &request->pool, &wanted, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    struct kc_consumer *kc = request->consumer->kc;
    request_wait(request, 1, subscription_changed);
    if (wanted.pattern) {
        kc_subscribe_pattern(kc, wanted.pattern, request_part(request, 0));
    } else {
        kc_subscribe(kc, wanted.topics, wanted.count, request_part(request, 0));
    }
}

static void delete_subscription(struct request *request) {
    unsubscribe_if(request, false, subscription_changed);
}

void handle_delete_subscription(struct request *request) {
    describe(request, delete_subscription);
}

/// What does not belong to the consumer.
static void write_process(struct out *body, const struct service *service) {
    char started[PROCESS_TIME_BYTES];
    process_format_time(service->started_at_ms, started);
    writer_member_string(body, "version", SIDECAR_VERSION);
    writer_member_string(body, "started_at", started);
}

static void show_status(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    struct metrics *metrics = request->service->metrics;
    struct out body = { 0 };
    answer_begin_status(&body, result->description);
    writer_member_integer(
        &body, "poll_connection_changes", metrics_get(metrics, METRIC_POLL_CONNECTION_CHANGES)
    );
    writer_key(&body, "session");
    sessions_write(request->consumer->sessions, &body);
    warnings_write(&body, "warnings", request->consumer, result->description);
    write_process(&body, request->service);
    writer_member_boolean(&body, "shutting_down", atomic_load(&request->service->is_draining));
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

void handle_status(struct request *request) {
    describe(request, show_status);
}

static void show_rebalance(struct request *request) {
    if (request_failed(request, request_result(request, 0))) return;
    struct out body = { 0 };
    OUT_LITERAL(&body, "{\"requested\":true}");
    request_answer_take(request, 202, "application/json", &body);
}

void handle_rebalance(struct request *request) {
    struct complaint complaint = { 0 };
    struct kc_bytes body = { (const uint8_t *)request->body.data, request->body.size };
    const char *reason = params_find(&request->params, "reason");
    bool good = true;
    if (body.size > 0 && reason) {
        good = complain(&complaint, "reason: said in the query beside a body");
    } else if (body.size > 0) {
        good = request_read_reason(body, &request->pool, &reason, &complaint);
    }
    if (!good) {
        request_complain(request, &complaint);
        return;
    }
    request_wait(request, 1, show_rebalance);
    kc_rebalance(request->consumer->kc, reason, request_part(request, 0));
}
