// SPDX-License-Identifier: Apache-2.0
// A refused request's body is read and thrown away, within a bound: an answer before its end would
// be lost with the connection, which the kernel resets when something unread is left.
#include "server/http/dispatch.h"

#include "server/base/must.h"
#include "server/consumers/registry.h"
#include "server/http/addressee.h"
#include "server/http/admission.h"
#include "server/http/connection.h"
#include "server/http/delivery.h"
#include "server/http/guard.h"
#include "server/http/routes.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_DISCARDED_BYTES = 64 << 20 };

static void refuse(struct request *request, struct problem problem) {
    if (request->has_refusal) return;
    problem.detail = pool_string(&request->pool, problem.detail);
    request->refusal = problem;
    request->has_refusal = true;
}

static enum MHD_Result note_header(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    struct guard_headers *headers = arg;
    must(kind == MHD_HEADER_KIND);
    if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        headers->host = value;
        headers->host_count++;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_ORIGIN) == 0) {
        headers->origin = value;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0) {
        headers->authorization = value;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_ACCESS_CONTROL_REQUEST_METHOD) == 0) {
        headers->is_preflight = true;
    }
    return MHD_YES;
}

static bool check_guard(struct request *request, const char *method, const char *version) {
    struct guard_headers headers = {
        .needs_host = strcmp(version, MHD_HTTP_VERSION_1_1) == 0,
        .is_unix = request->peer->is_unix,
    };
    struct problem problem;
    (void)MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, note_header, &headers);
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) != 0 || !headers.origin) {
        headers.is_preflight = false;
    }
    if (headers.origin && guard_lists(request->service->settings, headers.origin)) {
        request->origin = headers.origin;
    }
    struct service *service = request->service;
    if (guard_allows(service->settings, service->token, &headers, &problem)) return true;
    refuse(request, problem);
    return false;
}

/// From here on the request uses its consumer.
static bool find_consumer(struct request *request, const char *name) {
    must(request->consumer == NULL);
    struct problem problem;
    if (addressee_find(request, name, &problem)) return true;
    refuse(request, problem);
    return false;
}

static bool check_route(struct request *request, const char *method, const char *path) {
    struct route_match match = route_find(method, path, request->connection->is_management);
    request->route = match.route;
    request->argument = pool_copy(&request->pool, match.argument, match.argument_length);
    bool is_options = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
    if (is_options || !match.route) request->allow = pool_string(&request->pool, match.allow);
    if (match.route && is_options) return true;
    if (match.route) {
        const char *name = pool_copy(&request->pool, match.consumer, match.consumer_length);
        return find_consumer(request, name ? name : REGISTRY_DEFAULT);
    }
    if (match.allow[0] == '\0') {
        request->allow = NULL;
        refuse(request, problem_of(PROBLEM_NOT_FOUND, path));
    } else {
        refuse(request, problem_of(PROBLEM_METHOD_NOT_ALLOWED, method));
    }
    return false;
}

static enum MHD_Result note_encoding(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    struct out *list = arg;
    must(kind == MHD_HEADER_KIND);
    if (strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_ENCODING) == 0) {
        out_byte(list, ',');
        out_string(list, value);
    }
    return MHD_YES;
}

static enum MHD_Result note_param(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    struct request *request = arg;
    must(kind == MHD_GET_ARGUMENT_KIND);
    params_add(&request->params, &request->pool, name, value ? value : "");
    return MHD_YES;
}

static void check_params(struct request *request) {
    struct complaint complaint = { 0 };
    (void)MHD_get_connection_values(request->mhd, MHD_GET_ARGUMENT_KIND, note_param, request);
    if (!request->route->params) return;
    if (params_check(&request->params, request->route->params, &complaint)) return;
    enum problem_code code =
        complaint.is_unknown ? PROBLEM_UNKNOWN_PARAMETER : PROBLEM_INVALID_ARGUMENT;
    refuse(request, problem_of(code, complaint.text));
}

static void check_session(struct request *request) {
    struct complaint complaint = { 0 };
    if (admission_read(request, &complaint)) return;
    refuse(request, problem_of(PROBLEM_INVALID_ARGUMENT, complaint.text));
}

static int64_t most_body_bytes(const struct request *request) {
    return settings_number(request->service->settings, SETTING_HTTP_MAX_BODY_BYTES);
}

static const char *header(const struct request *request, const char *name) {
    return MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name);
}

/// The library has checked that the length is a number.
static void check_length(struct request *request) {
    const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length && strtoull(length, NULL, 10) > (unsigned long long)most_body_bytes(request)) {
        request->body_is_too_large = true;
    }
}

/// A header that comes in parts is one list. False when nothing is taken that can be had.
static bool check_encoding(struct request *request) {
    struct out list = { 0 };
    (void)MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, note_encoding, &list);
    bool good = encoding_choose(list.size > 0 ? out_text(&list) : NULL, &request->encoding);
    out_dispose(&list);
    if (good) return true;
    request->encoding = (struct encoding_wish){ ENCODING_IDENTITY, true };
    refuse(request, problem_of(PROBLEM_NOT_ACCEPTABLE, "identity, gzip and zstd are had"));
    return false;
}

static bool head_is_too_large(const struct request *request) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const struct settings *settings = request->service->settings;
    int64_t most_bytes = settings_number(settings, SETTING_HTTP_MAX_HEADER_BYTES);
    return info && (int64_t)info->header_size > most_bytes;
}

static enum MHD_Result count_framing(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    unsigned *count = arg;
    must(kind == MHD_HEADER_KIND);
    (void)value;
    bool frames = strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
                  strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    *count += frames;
    return MHD_YES;
}

/// Where a body ends is to be said once, or a proxy before us may see another end than we do (RFC
/// 9112, 6.3). Nothing more is read from such a connection.
static bool is_framed_once(struct request *request) {
    unsigned count = 0;
    (void)MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, count_framing, &count);
    if (count > 1) request->is_last = true;
    return count <= 1;
}

/// A target in absolute form, as sent to proxies, means its path (RFC 9112, 3.2.2).
static const char *path_of(const char *target) {
    const char *authority = strstr(target, "://");
    if (target[0] == '/' || !authority) return target;
    const char *path = strchr(authority + 3, '/');
    return path ? path : "/";
}

static void check_head(
    struct request *request, const char *method, const char *path, const char *version
) {
    bool guarded = !request->connection->is_management;
    if (request->connection->refused_for) {
        refuse(request, problem_of(PROBLEM_TOO_MANY_CONNECTIONS, request->connection->refused_for));
    } else if (head_is_too_large(request)) {
        metrics_add(request->service->metrics, METRIC_HEADERS_REFUSED, 1);
        refuse(request, problem_of(PROBLEM_HEADER_TOO_LARGE, "http.max.header.bytes is the bound"));
    } else if (request->connection->bad_escape) {
        refuse(request, problem_of(PROBLEM_INVALID_ARGUMENT, "the URL has an escape that is none"));
    } else if (!is_framed_once(request)) {
        static const char wanted[] = "Content-Length: wanted once, and not with Transfer-Encoding";
        refuse(request, problem_of(PROBLEM_INVALID_ARGUMENT, wanted));
    } else if ((guarded && !check_guard(request, method, version)) || !check_encoding(request)) {
        return;
    } else if (check_route(request, method, path_of(path))) {
        check_params(request);
        check_session(request);
    }
}

void dispatch_begin(
    struct request *request, const char *method, const char *path, const char *version
) {
    must(!request->has_begun);
    request->has_begun = true;
    request->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    request->encoding.takes_plain = true;
    if (!request->connection->is_management) {
        registry_on_request(request->service->consumers, request->peer);
    }
    check_head(request, method, path, version);
    check_length(request);
    const char *expects = header(request, MHD_HTTP_HEADER_EXPECT);
    bool refused = request->has_refusal || request->body_is_too_large;
    if (refused && expects && strcasecmp(expects, "100-continue") == 0) dispatch_run(request);
}

bool dispatch_body(struct request *request, const char *bytes, size_t size) {
    must(request->has_begun && size > 0);
    size_t room = (size_t)most_body_bytes(request) - request->body.size;
    if (size > room) request->body_is_too_large = true;
    if (!request->body_is_too_large && !request->has_refusal) {
        out_append(&request->body, bytes, size);
        metrics_add(request->service->metrics, METRIC_BODY_BYTES, (int64_t)size);
        return true;
    }
    request->discarded_bytes += size;
    return request->discarded_bytes <= MOST_DISCARDED_BYTES;
}

static void answer_refusal(struct request *request) {
    request_answer_problem(request, &request->refusal);
}

/// What the call does with the last answer.
static void settle(struct request *request) {
    must(request->route != NULL && request->consumer != NULL);
    struct delivery *delivery = request->consumer->delivery;
    switch (request->route->settling) {
    case ROUTE_SETTLES_NOTHING: return;
    case ROUTE_SETTLES_KNOWN: delivery_settle(delivery, DELIVERY_WHAT_IS_KNOWN); return;
    case ROUTE_SETTLES_ALL: delivery_settle(delivery, DELIVERY_ALL); return;
    }
}

static void serve(struct request *request) {
    if (!admission_passes(request, serve)) return;
    if (request->consumer) settle(request);
    request->route->handler(request);
}

void dispatch_run(struct request *request) {
    must(request->has_begun);
    if (request->body_is_too_large) {
        metrics_add(request->service->metrics, METRIC_BODIES_REFUSED, 1);
        refuse(request, problem_of(PROBLEM_BODY_TOO_LARGE, "http.max.body.bytes is the bound"));
    } else if (request->body.size > 0 && !request->has_refusal && !request->route->takes_body) {
        refuse(request, problem_of(PROBLEM_INVALID_ARGUMENT, "this call takes no body"));
    }
    if (request->has_refusal) {
        request_run(request, answer_refusal);
        return;
    }
    request_run(request, serve);
}
