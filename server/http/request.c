// SPDX-License-Identifier: Apache-2.0
// A request is suspended before the command is given out, so that its end cannot come too early.
#include "server/http/request.h"

#include "server/base/must.h"
#include "server/bridge.h"
#include "server/consumers/registry.h"
#include "server/http/connection.h"
#include "server/http/cors.h"
#include "server/http/routes.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char json_type[] = "application/json";
static const char problem_type[] = "application/problem+json";
static const char retry_after_seconds[] = "1";

enum { PIECE_BYTES = 16 << 10 };

static int64_t now_us(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t request_age_us(const struct request *request) {
    return now_us() - request->begun_at_us;
}

int64_t request_waited_us(const struct request *request) {
    must(request->waited_since_us > 0);
    return now_us() - request->waited_since_us;
}

struct request *request_new(struct connection *connection, struct MHD_Connection *mhd) {
    must(connection != NULL);
    struct request *request = must_have(sizeof *request);
    request->service = connection->service;
    request->peer = &connection->peer;
    request->connection = connection;
    request->mhd = mhd;
    request->begun_at_us = now_us();
    return request;
}

void request_free(struct request *request) {
    must(request->poll == NULL && request->events_reader == NULL && request->stream == NULL);
    must(request->record_feed == NULL);
    bridge_end(request->call);
    registry_unref(request->consumer);
    registry_unref_all(request->all);
    metrics_add(request->service->metrics, METRIC_BODY_BYTES, -(int64_t)request->body.size);
    out_dispose(&request->body);
    pool_dispose(&request->pool);
    free(request);
}

void request_run(struct request *request, request_step *step) {
    must(request->stage == REQUEST_RECEIVING || request->stage == REQUEST_RUNNING);
    request->stage = REQUEST_RUNNING;
    step(request);
    must(request->stage != REQUEST_RUNNING && request->stage != REQUEST_RECEIVING);
}

static void resume(void *arg) {
    MHD_resume_connection(arg);
}

void request_wait(struct request *request, size_t parts, request_step *step) {
    must(request->stage == REQUEST_RUNNING && step != NULL);
    bridge_end(request->call);
    request->stage = REQUEST_WAITING;
    request->step = step;
    request->waited_since_us = now_us();
    MHD_suspend_connection(request->mhd);
    request->call = bridge_begin(request->service->bridge, parts, resume, request->mhd);
}

static void give_up(struct request *request) {
    if (request->abandon) request->abandon(request);
    request_refuse(request, PROBLEM_SHUTTING_DOWN, NULL);
}

void request_wake(struct request *request) {
    must(request->stage == REQUEST_WAITING);
    request->stage = REQUEST_RUNNING;
    request_run(request, bridge_is_complete(request->call) ? request->step : give_up);
}

struct kc_call request_part(struct request *request, size_t index) {
    must(request->stage == REQUEST_WAITING);
    return bridge_part(request->call, index, 0);
}

const struct kc_result *request_result(const struct request *request, size_t index) {
    must(request->call != NULL);
    return bridge_result(request->call, index);
}

static void count_answer(struct request *request, unsigned http_status) {
    enum metric metric = http_status < 400   ? METRIC_ANSWERS_GOOD
                         : http_status < 500 ? METRIC_ANSWERS_CLIENT_ERROR
                                             : METRIC_ANSWERS_SERVER_ERROR;
    metrics_add(request->service->metrics, metric, 1);
    metrics_count_request(request->service->metrics, route_index(request->route), http_status);
    request->answered_with = http_status;
}

static bool has_origins(const struct request *request) {
    return settings_text(request->service->settings, SETTING_HTTP_ALLOWED_ORIGINS)[0] != '\0';
}

/// Pages of other origins may know that there is an answer for them. That there may be shows in all
/// answers, or a cache would give one page the answer to another.
static void add_cors_headers(struct request *request, struct MHD_Response *response) {
    if (has_origins(request)) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ORIGIN);
    }
    if (request->origin) cors_add_origin(response, request->origin);
}

static bool is_large(const struct request *request, const struct out *body) {
    const struct settings *settings = request->service->settings;
    return (int64_t)body->size >= settings_number(settings, SETTING_HTTP_COMPRESSION_MIN_BYTES);
}

/// Compresses a body in its place if the client likes that and it makes it smaller, or if the
/// client takes no other. Returns what it is then.
static enum encoding compress(const struct request *request, struct out *body) {
    struct metrics *metrics = request->service->metrics;
    struct encoding_wish wish = request->encoding;
    struct out packed = { 0 };
    bool wanted = wish.best != ENCODING_IDENTITY && (is_large(request, body) || !wish.takes_plain);
    bool packs = wanted && encoding_apply(wish.best, body, &packed) &&
                 (packed.size < body->size || !wish.takes_plain);
    if (!packs) {
        out_dispose(&packed);
        return ENCODING_IDENTITY;
    }
    metrics_add(metrics, METRIC_ANSWERS_COMPRESSED, 1);
    if (packed.size < body->size) {
        metrics_add(metrics, METRIC_COMPRESSION_SAVED, (int64_t)(body->size - packed.size));
    }
    out_dispose(body);
    *body = packed;
    return wish.best;
}

/// The page needs nothing but itself: no script, style, image, form or frame.
static void add_page_headers(struct MHD_Response *response) {
    (void)MHD_add_response_header(
        response,
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
}

static void add_headers(
    struct request *request, struct MHD_Response *response, const char *media_type
) {
    if (media_type) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (media_type && strcmp(media_type, REQUEST_PAGE_TYPE) == 0) add_page_headers(response);
    add_cors_headers(request, response);
    if (request->answered_with == MHD_HTTP_SERVICE_UNAVAILABLE) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry_after_seconds);
    }
    if (request->answered_with == MHD_HTTP_UNAUTHORIZED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    }
    if (request->allow) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    }
    if (request->preference) {
        (void)MHD_add_response_header(response, "Preference-Applied", request->preference);
    }
    if (request->location) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, request->location);
    }
    bool last = request->is_last || request->connection->refused_for ||
                atomic_load(&request->service->is_draining);
    if (last) (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void queue(struct request *request, unsigned http_status, struct MHD_Response *response) {
    bool queued = MHD_queue_response(request->mhd, http_status, response) == MHD_YES;
    MHD_destroy_response(response);
    request->stage = queued ? REQUEST_ANSWERED : REQUEST_DROPPED;
}

void request_answer_take(
    struct request *request, unsigned http_status, const char *media_type, struct out *body
) {
    must(request->stage == REQUEST_RUNNING && body->size > 0);
    count_answer(request, http_status);
    bool varies = is_large(request, body);
    enum encoding encoding = compress(request, body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->size, body->data, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        out_dispose(body);
        request_drop(request);
        return;
    }
    *body = (struct out){ 0 };
    add_headers(request, response, media_type);
    if (encoding != ENCODING_IDENTITY) {
        const char *name = encoding_name(encoding);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, name);
    }
    if (varies) {
        (void
        )MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    }
    queue(request, http_status, response);
}

void request_answer_from(
    struct request *request, const char *media_type, MHD_ContentReaderCallback read, void *arg
) {
    must(request->stage == REQUEST_RUNNING && read != NULL);
    count_answer(request, MHD_HTTP_OK);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, read, arg, NULL);
    if (!response) {
        request_drop(request);
        return;
    }
    add_headers(request, response, media_type);
    queue(request, MHD_HTTP_OK, response);
}

void request_answer_empty(struct request *request, unsigned http_status) {
    must(request->stage == REQUEST_RUNNING);
    count_answer(request, http_status);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response) {
        request_drop(request);
        return;
    }
    add_headers(request, response, NULL);
    if (request->origin && request->allow) cors_add_preflight(response, request->allow);
    queue(request, http_status, response);
}

void request_answer_json_take(struct request *request, struct out *body) {
    request_answer_take(request, MHD_HTTP_OK, json_type, body);
}

void request_answer_problem(struct request *request, const struct problem *problem) {
    struct out body = { 0 };
    problem_write(&body, problem);
    request_answer_take(request, problem->http_status, problem_type, &body);
}

void request_refuse(struct request *request, enum problem_code code, const char *detail) {
    struct problem problem = problem_of(code, detail);
    request_answer_problem(request, &problem);
}

void request_complain(struct request *request, const struct complaint *complaint) {
    enum problem_code code = complaint->is_syntax    ? PROBLEM_INVALID_JSON
                             : complaint->is_unknown ? PROBLEM_UNKNOWN_PARAMETER
                                                     : PROBLEM_INVALID_ARGUMENT;
    request_refuse(request, code, complaint->text);
}

static const struct kc_partition *first_failed(const struct kc_result *result) {
    for (size_t i = 0; i < result->partition_count; i++) {
        if (result->partitions[i].status != KC_OK) return &result->partitions[i];
    }
    return NULL;
}

bool request_failed(struct request *request, const struct kc_result *result) {
    const struct kc_partition *failed = first_failed(result);
    if (result->status == KC_OK && !failed) return false;
    bool whole = result->status != KC_OK;
    struct problem problem = whole ? problem_of_status(result->status, result->kafka_error, NULL)
                                   : problem_of_status(failed->status, failed->kafka_error, NULL);
    if (whole && result->message[0]) problem.detail = result->message;
    problem.partitions = result->partitions;
    problem.partition_count = failed ? result->partition_count : 0;
    request_answer_problem(request, &problem);
    return true;
}

void request_drop(struct request *request) {
    must(request->stage == REQUEST_RUNNING);
    request->stage = REQUEST_DROPPED;
}

bool request_partitions(
    struct request *request, enum request_kind kind, struct partition_list *list
) {
    struct complaint complaint = { 0 };
    struct pool *pool = &request->pool;
    const char *said = params_about_partitions(&request->params);
    bool good;
    if (request->body.size == 0) {
        good = params_partitions(&request->params, kind, pool, list, &complaint);
    } else if (said) {
        good = complain(&complaint, "%s: said in the query beside a body", said);
    } else {
        struct kc_bytes body = { (const uint8_t *)request->body.data, request->body.size };
        good = request_read_partitions(body, kind, pool, list, &complaint);
    }
    if (!good) request_complain(request, &complaint);
    return good;
}
