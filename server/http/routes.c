// SPDX-License-Identifier: Apache-2.0
// The table is short and searched from its beginning.
#include "server/http/routes.h"

#include "consumer/consumer.h"
#include "server/base/must.h"
#include "server/http/handlers.h"
#include "server/metrics.h"

#include <stdio.h>
#include <string.h>

#define NAMED "tp* topic partition"
#define POLL_PARAMS                                                                         \
    "timeout_ms max_records max_bytes format key_format value_format header_format commit " \
    "update_offsets"

#define STREAM_PARAMS "format key_format value_format header_format auto_ack"

#define API(method, path, handler, params, settling) \
    { method, path, handler, params, false, false, true, settling }
#define POSTED(method, path, handler, params, settling) \
    { method, path, handler, params, true, false, false, settling }
#define ONLY(method, path, handler, params, settling) \
    { method, path, handler, params, false, false, false, settling }
#define MANAGEMENT(path, handler) \
    { "GET", path, handler, "", false, true, true, ROUTE_SETTLES_NOTHING }

static const struct route routes[] = {
    API("GET", "/v1/poll", handle_poll, POLL_PARAMS, ROUTE_SETTLES_NOTHING),
    { "POST", "/v1/poll", handle_poll, POLL_PARAMS, false, false, false, ROUTE_SETTLES_NOTHING },
    // HEAD would begin a stream that shows nothing.
    ONLY("GET", "/v1/stream", handle_stream, STREAM_PARAMS, ROUTE_SETTLES_NOTHING),
    POSTED("POST", "/v1/commit", handle_commit, NAMED " offset async", ROUTE_SETTLES_KNOWN),
    API("GET", "/v1/commits/{id}", handle_get_commit, "", ROUTE_SETTLES_NOTHING),
    // HEAD would begin a stream that shows nothing.
    ONLY("GET", "/v1/events", handle_events, "listener last_event_id", ROUTE_SETTLES_NOTHING),
    ONLY("POST", "/v1/rebalances/{id}/ack", handle_acknowledge, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/committed", handle_committed, NAMED, ROUTE_SETTLES_KNOWN),
    API("GET", "/v1/position", handle_position, NAMED, ROUTE_SETTLES_KNOWN),
    POSTED("POST", "/v1/seek", handle_seek, NAMED " offset to timestamp", ROUTE_SETTLES_ALL),
    POSTED("POST", "/v1/pause", handle_pause, NAMED, ROUTE_SETTLES_KNOWN),
    POSTED("POST", "/v1/resume", handle_resume, NAMED, ROUTE_SETTLES_KNOWN),
    API("GET", "/v1/paused", handle_get_paused, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/assignment", handle_get_assignment, "", ROUTE_SETTLES_KNOWN),
    POSTED("PUT", "/v1/assignment", handle_put_assignment, NAMED " offset", ROUTE_SETTLES_ALL),
    { "DELETE",
      "/v1/assignment",
      handle_delete_assignment,
      "",
      false,
      false,
      false,
      ROUTE_SETTLES_ALL },
    API("GET", "/v1/subscription", handle_get_subscription, "", ROUTE_SETTLES_NOTHING),
    POSTED("PUT", "/v1/subscription", handle_put_subscription, "", ROUTE_SETTLES_ALL),
    { "DELETE",
      "/v1/subscription",
      handle_delete_subscription,
      "",
      false,
      false,
      false,
      ROUTE_SETTLES_ALL },
    POSTED("POST", "/v1/rebalance", handle_rebalance, "reason", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/status", handle_status, "", ROUTE_SETTLES_KNOWN),
    API("GET", "/v1/topics", handle_topics, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/topics/{topic}", handle_topics, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/offsets/beginning", handle_offsets_beginning, NAMED, ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/offsets/end", handle_offsets_end, NAMED, ROUTE_SETTLES_NOTHING),
    POSTED(
        "POST",
        "/v1/offsets/for-times",
        handle_offsets_for_times,
        NAMED " timestamp",
        ROUTE_SETTLES_NOTHING
    ),
    API("GET", "/v1/metrics", handle_metrics, "", ROUTE_SETTLES_KNOWN),
    API("GET", "/v1/consumers", handle_get_consumers, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/v1/consumers/{name}", handle_get_consumer, "", ROUTE_SETTLES_NOTHING),
    POSTED("PUT", "/v1/consumers/{name}", handle_put_consumer, "", ROUTE_SETTLES_NOTHING),
    { "DELETE",
      "/v1/consumers/{name}",
      handle_delete_consumer,
      "autocommit timeout_ms leave",
      false,
      false,
      false,
      ROUTE_SETTLES_NOTHING },
    API("GET", "/", handle_page, "", ROUTE_SETTLES_NOTHING),
    API("GET", "/openapi.json", handle_openapi, "", ROUTE_SETTLES_NOTHING),
    MANAGEMENT("/healthz", handle_healthz),
    MANAGEMENT("/readyz", handle_readyz),
    MANAGEMENT("/metrics", handle_prometheus),
    MANAGEMENT("/loglevel", handle_get_loglevel),
    { "PUT", "/loglevel", handle_put_loglevel, "level", true, true, false, ROUTE_SETTLES_NOTHING },
};

/// OPTIONS of every path, whatever its query.
static const struct route options_route = { .method = "OPTIONS",
                                            .path = "*",
                                            .handler = handle_options };

_Static_assert(sizeof routes / sizeof routes[0] < METRICS_MOST_ROUTES, "each is counted");

size_t route_index(const struct route *route) {
    if (route == &options_route) route = NULL;
    must(!route || (route >= routes && route < routes + sizeof routes / sizeof routes[0]));
    return route ? (size_t)(route - routes) : sizeof routes / sizeof routes[0];
}

const struct route *route_table(size_t *count) {
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

/// A path taken apart.
struct target {
    const char *path;     ///< without what names a consumer
    const char *consumer; ///< NULL: none is named
    size_t consumer_length;
};

static const char consumers[] = "/v1/consumers/";

static struct target take_apart(const char *path) {
    struct target target = { .path = path };
    if (strncmp(path, consumers, sizeof consumers - 1) != 0) return target;
    const char *name = path + sizeof consumers - 1;
    size_t length = strcspn(name, "/");
    if (length == 0 || name[length] == '\0') return target;
    return (struct target){ name + length, name, length };
}

/// Whether the path is as the pattern says. When it has braces, `argument` gets what stands there.
static bool text_matches(const char *pattern, const char *path, struct kc_bytes *argument) {
    const char *open = strchr(pattern, '{');
    *argument = (struct kc_bytes){ NULL, 0 };
    if (!open) return strcmp(pattern, path) == 0;
    const char *close = strchr(open, '}');
    must(close != NULL);
    size_t before = (size_t)(open - pattern);
    if (strncmp(pattern, path, before) != 0) return false;
    argument->data = (const uint8_t *)path + before;
    argument->size = strcspn(path + before, "/");
    return argument->size > 0 && strcmp(close + 1, path + before + argument->size) == 0;
}

/// A call of a consumer that is named needs a path below /v1 that is not about all consumers.
static bool path_matches(
    const struct route *route, const struct target *target, struct kc_bytes *argument
) {
    static const char api[] = "/v1/";
    static const char all[] = "/v1/consumers";
    const char *pattern = route->path;
    if (target->consumer) {
        bool allowed = strncmp(pattern, api, sizeof api - 1) == 0 &&
                       strncmp(pattern, all, sizeof all - 1) != 0;
        if (!allowed) return false;
        pattern += sizeof api - 2;
    }
    return text_matches(pattern, target->path, argument);
}

static bool method_matches(const struct route *route, const char *method) {
    return strcmp(route->method, method) == 0 || (route->has_head && strcmp(method, "HEAD") == 0);
}

static void allow(struct route_match *match, const char *method) {
    size_t used = strlen(match->allow);
    size_t room = sizeof match->allow - used;
    const char *comma = used > 0 ? ", " : "";
    must(strlen(comma) + strlen(method) < room);
    (void)snprintf(match->allow + used, room, "%s%s", comma, method);
}

struct route_match route_find(const char *method, const char *path, bool is_management) {
    must(method != NULL && path != NULL);
    struct target target = take_apart(path);
    struct route_match match = { .consumer = target.consumer,
                                 .consumer_length = target.consumer_length };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];
        struct kc_bytes argument;
        if (route->is_management != is_management || !path_matches(route, &target, &argument))
            continue;
        allow(&match, route->method);
        if (route->has_head) allow(&match, "HEAD");
        if (match.route || !method_matches(route, method)) continue;
        match.route = route;
        match.argument = (const char *)argument.data;
        match.argument_length = argument.size;
    }
    if (strcmp(path, options_route.path) == 0) allow(&match, "GET, HEAD, POST, PUT, DELETE");
    if (match.allow[0] != '\0') allow(&match, options_route.method);
    bool is_options = match.allow[0] != '\0' && strcmp(method, options_route.method) == 0;
    if (is_options) match.route = &options_route;
    return match;
}
