// SPDX-License-Identifier: Apache-2.0
// Making and finishing requests. The message lives in the request's own arena, so that one release
// frees all.
#include "consumer/net/request.h"

#include "consumer/base/chunk.h"
#include "consumer/base/must.h"
#include "consumer/wire/api.h"
#include "consumer/wire/field.h"
#include "consumer/wire/schema.h"

#include <stdlib.h>

struct request *request_new(const struct api *api, int64_t deadline_ms) {
    must(api != NULL);
    struct request *request = must_alloc(sizeof *request);
    request->api = api;
    request->min_version = api->min_version;
    request->max_version = api->max_version;
    request->deadline_ms = deadline_ms;
    request->version = -1;
    request->message = arena_alloc(&request->arena, api->request->size);
    schema_init(api->request, request->message);
    return request;
}

void request_finish(struct request *request, const struct reply *reply) {
    must(request->on_reply != NULL);
    request->on_reply(request->owner, reply);
    request_free(request);
}

void request_free(struct request *request) {
    if (!request) return;
    arena_dispose(&request->arena);
    free(request);
}
