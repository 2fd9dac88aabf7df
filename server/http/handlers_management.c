// SPDX-License-Identifier: Apache-2.0
// Calls of the management listener about the process itself: does it live, is it ready, what does
// it log.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/journal.h"
#include "server/json/body.h"
#include "server/json/writer.h"

/// The process alone: brokers that are away are no reason to restart it.
void handle_healthz(struct request *request) {
    struct out body = { 0 };
    OUT_LITERAL(&body, "{\"status\":\"ok\",\"version\":\"" SIDECAR_VERSION "\"}");
    request_answer_json_take(request, &body);
}

/// What is missing first, on the way from the start to being ready.
static const char *waiting_for(const struct kc_description *now) {
    must(!now->ready);
    if (!now->cluster_id || now->assigned_by_hand) return "brokers";
    // Without a subscription connections are closed meanwhile.
    if (now->subscription_count == 0 && !now->subscription_pattern) return "subscription";
    if (now->connection_count == 0) return "brokers";
    return now->coordinator < 0 ? "coordinator" : "group";
}

static void refuse_as_not_ready(struct request *request, const struct kc_description *now) {
    struct problem problem = problem_of(PROBLEM_NOT_READY, now->reason);
    struct out body = { 0 };
    problem_begin(&body, &problem);
    writer_member_string(&body, "waiting_for", waiting_for(now));
    writer_member_string(&body, "state", now->state);
    writer_end_object(&body);
    request_answer_take(request, problem.http_status, "application/problem+json", &body);
}

static void show_readiness(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (request_failed(request, result)) return;
    const struct kc_description *now = result->description;
    must(now != NULL);
    if (atomic_load(&request->service->is_draining)) {
        request_refuse(request, PROBLEM_SHUTTING_DOWN, NULL);
    } else if (!now->ready) {
        refuse_as_not_ready(request, now);
    } else {
        struct out body = { 0 };
        writer_begin_object(&body);
        writer_member_boolean(&body, "ready", true);
        writer_member_string(&body, "state", now->state);
        writer_end_object(&body);
        request_answer_json_take(request, &body);
    }
}

void handle_readyz(struct request *request) {
    request_wait(request, 1, show_readiness);
    kc_describe(request->consumer->kc, request_part(request, 0));
}

void handle_get_loglevel(struct request *request) {
    struct out body = { 0 };
    enum kc_log_level level = journal_level_now(request->service->journal);
    writer_begin_object(&body);
    writer_member_string(&body, "level", journal_level_name(level));
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

/// Reads {"level":"…"}. False with a complaint.
static bool read_level(struct request *request, const char **level, struct complaint *complaint) {
    struct kc_bytes text = { (const uint8_t *)request->body.data, request->body.size };
    struct body body;
    struct kc_bytes key;
    *level = NULL;
    if (!body_begin(&body, text, &request->pool, complaint)) return false;
    while (cursor_next_key(&body.cursor, &request->pool, &key)) {
        bool known = body_key_is(key, "level");
        if (!known || *level) return body_complain_of_key(&body, key, known);
        if (!body_read_name(&body, "level", level)) return false;
    }
    return *level || complain(complaint, "level is missing");
}

/// The level that the query or the body names; NULL after an answer.
static const char *wanted_level(struct request *request) {
    struct complaint complaint = { 0 };
    const char *level = params_find(&request->params, "level");
    if (request->body.size > 0) {
        if (level) {
            (void)complain(&complaint, "level: said in the query beside a body");
        } else if (read_level(request, &level, &complaint)) {
            return level;
        }
    } else if (!level) {
        (void)complain(&complaint, "level: missing, in the query or in {\"level\":…}");
    }
    if (!complaint.text[0]) return level;
    request_complain(request, &complaint);
    return NULL;
}

void handle_put_loglevel(struct request *request) {
    const char *name = wanted_level(request);
    enum kc_log_level level;
    if (!name) return;
    if (!journal_level_find(name, &level)) {
        struct complaint complaint = { 0 };
        (void)complain(&complaint, "level: '%.40s' is none of error, warn, info, debug", name);
        request_complain(request, &complaint);
        return;
    }
    journal_set_level(request->service->journal, level, "call");
    handle_get_loglevel(request);
}
