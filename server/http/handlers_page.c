// SPDX-License-Identifier: Apache-2.0
// What is seen at "/": for a browser one page without anything from elsewhere, for programs the
// same as JSON. Both list the calls from their table.
#include "server/base/must.h"
#include "server/http/accept.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/http/routes.h"
#include "server/json/writer.h"

#include <string.h>

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>kafka-sidecar</title>\n"
    "</head>\n<body>\n<h1>kafka-sidecar " SIDECAR_VERSION "</h1>\n"
    "<p>A Kafka consumer for the application beside it. Programs get records here by HTTP and "
    "JSON:</p>\n"
    "<pre>curl 'localhost:8092/v1/poll?timeout_ms=5000'</pre>\n"
    "<p><a href=\"/v1/status\">What it is doing now</a> &middot; "
    "<a href=\"/openapi.json\">Every call with every field</a> (OpenAPI)</p>\n"
    "<h2>Calls</h2>\n<table>\n";

static const char page_tail[] = "</table>\n</body>\n</html>\n";

/// Paths are ours and need no escaping. Calls that only look are links.
static void write_row(struct out *body, const struct route *route) {
    bool is_link = strcmp(route->method, "GET") == 0 && !strchr(route->path, '{') &&
                   route->has_head && strcmp(route->path, "/v1/poll") != 0;
    out_format(body, "<tr><td>%s</td><td>", route->method);
    if (is_link) {
        out_format(body, "<a href=\"%s\"><code>%s</code></a>", route->path, route->path);
    } else {
        out_format(body, "<code>%s</code>", route->path);
    }
    OUT_LITERAL(body, "</td></tr>\n");
}

static void write_call(struct out *body, const struct route *route) {
    writer_begin_object(body);
    writer_member_string(body, "method", route->method);
    writer_member_string(body, "path", route->path);
    writer_end_object(body);
}

static void write_calls(
    struct out *body, void (*write)(struct out *body, const struct route *route)
) {
    size_t count;
    const struct route *routes = route_table(&count);
    must(routes != NULL);
    for (size_t i = 0; i < count; i++) {
        if (!routes[i].is_management) write(body, &routes[i]);
    }
}

static void answer_json(struct request *request) {
    struct out body = { 0 };
    writer_begin_object(&body);
    writer_member_string(&body, "name", "kafka-sidecar");
    writer_member_string(&body, "version", SIDECAR_VERSION);
    writer_key(&body, "calls");
    writer_begin_array(&body);
    write_calls(&body, write_call);
    writer_end_array(&body);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

void handle_page(struct request *request) {
    const char *accept =
        MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    int html = accept ? accept_weight(accept, "text/html") : 0;
    if (html <= 0 || html < accept_weight(accept, "application/json")) {
        answer_json(request);
        return;
    }
    struct out body = { 0 };
    out_append(&body, page_head, sizeof page_head - 1);
    write_calls(&body, write_row);
    out_append(&body, page_tail, sizeof page_tail - 1);
    request_answer_take(request, MHD_HTTP_OK, REQUEST_PAGE_TYPE, &body);
}
