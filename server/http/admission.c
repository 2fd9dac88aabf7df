// SPDX-License-Identifier: Apache-2.0
// A call without a session is never refused, but it too waits while the session changes.
#include "server/http/admission.h"

#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/routes.h"
#include "server/http/sessions.h"

#include <string.h>
#include <strings.h>

static const char header_name[] = "Consumer-Session";

/// What the head says.
struct named {
    const char *id;
    unsigned count;
};

static enum MHD_Result note_header(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    struct named *named = arg;
    must(kind == MHD_HEADER_KIND);
    if (strcasecmp(name, header_name) != 0) return MHD_YES;
    named->id = value ? value : "";
    named->count++;
    return MHD_YES;
}

/// Calls about all consumers, or about none, have nothing to do with sessions.
static bool has_sessions(const struct route *route) {
    static const char api[] = "/v1/";
    static const char all[] = "/v1/consumers";
    return strncmp(route->path, api, sizeof api - 1) == 0 &&
           strncmp(route->path, all, sizeof all - 1) != 0;
}

bool admission_read(struct request *request, struct complaint *complaint) {
    must(request->route != NULL && request->session == NULL);
    struct named named = { .count = 0 };
    if (!has_sessions(request->route)) return true;
    (void)MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, note_header, &named);
    if (named.count == 0) return true;
    if (named.count > 1) return complain(complaint, "%s: given more than once", header_name);
    if (!session_is_id(named.id)) {
        return complain(
            complaint,
            "%s: a session has 1 to %d visible ASCII characters",
            header_name,
            (int)SESSION_MOST_BYTES
        );
    }
    request->session = named.id;
    return true;
}

void admission_refuse(struct request *request) {
    must(request->session != NULL);
    request_refuse(request, PROBLEM_SESSION_FENCED, "a newer session has begun");
}

bool admission_passes(struct request *request, request_step *again) {
    must(again != NULL);
    if (!has_sessions(request->route)) return true;
    bool has_waited = request->call != NULL;
    if (has_waited && request_failed(request, request_result(request, 0))) return false;
    struct sessions *sessions = request->consumer->sessions;
    switch (sessions_ask(sessions, request->session, &request->session_number)) {
    case SESSION_ADMITTED: return true;
    case SESSION_IS_OVER: admission_refuse(request); return false;
    case SESSION_WAIT: break;
    }
    request_wait(request, 1, again);
    sessions_wait(sessions, request->session, request_part(request, 0));
    return false;
}

bool admission_is_over(const struct request *request) {
    return sessions_is_over(request->consumer->sessions, request->session_number);
}
