// SPDX-License-Identifier: Apache-2.0
// The origin is named back, never "*": a page that is not listed gets nothing.
#include "server/http/cors.h"

#include "server/base/must.h"

#include <microhttpd.h>

static const char request_headers[] = "Authorization, Accept, Content-Type, Consumer-Session, "
                                      "Last-Event-ID, Prefer";
static const char answer_headers[] = "Allow, Location, Preference-Applied, Retry-After";
static const char preflight_seconds[] = "600";

void cors_add_origin(struct MHD_Response *response, const char *origin) {
    must(origin != NULL);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    (void)MHD_add_response_header(
        response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, answer_headers
    );
}

void cors_add_preflight(struct MHD_Response *response, const char *methods) {
    must(methods != NULL);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, methods);
    (void)MHD_add_response_header(
        response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, request_headers
    );
    (void
    )MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, preflight_seconds);
}
