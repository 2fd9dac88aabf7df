// SPDX-License-Identifier: Apache-2.0
// Calls about events: the stream of them, and the acknowledgement of a rebalance.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/accept.h"
#include "server/http/events.h"
#include "server/http/handlers.h"
#include "server/http/request.h"
#include "server/http/stream.h"
#include "server/json/writer.h"

/// What a reader asks for.
struct wish {
    struct events_place place;
    bool listens;
};

/// A client says by a header what it saw last, or, where it can't, by the query. What is no number
/// was not given by this server, and what it does not know is answered with a snapshot.
static bool read_wish(const struct request *request, struct wish *wish, struct complaint *why) {
    const char *seen = MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, "Last-Event-ID");
    const struct params *params = &request->params;
    int64_t *last_id = &wish->place.last_id;
    *wish = (struct wish){ 0 };
    if (!params_boolean(params, "listener", &wish->listens, why)) return false;
    if (!params_integer(params, "last_event_id", 0, INT64_MAX, last_id, why)) return false;
    wish->place.is_known = params_find(params, "last_event_id") != NULL;
    if (!seen) return true;
    wish->place.is_known = params_whole_number(seen, last_id);
    return true;
}

/// The reader's stream never begins.
static void close_reader(struct request *request) {
    must(request->events_reader != NULL);
    events_close(request->events_reader);
    request->events_reader = NULL;
    request->abandon = NULL;
}

static void begin_stream(struct request *request) {
    struct events_reader *reader = request->events_reader;
    const struct stream_feed feed = events_feed(reader);
    request->events_reader = NULL; // it is the stream's
    request->abandon = NULL;
    struct stream *stream = stream_begin(request->service->streams, request, &feed);
    if (stream) {
        events_on_stream(reader, stream);
    } else {
        events_close(reader);
    }
}

static void begin_with_snapshot(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    if (result->status != KC_OK) {
        close_reader(request);
        (void)request_failed(request, result);
        return;
    }
    must(result->description != NULL);
    events_greet(request->events_reader, result->description);
    begin_stream(request);
}

void handle_events(struct request *request) {
    struct complaint complaint = { 0 };
    struct wish wish;
    if (!read_wish(request, &wish, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    const char *accept =
        MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (!accept_allows(accept, EVENTS_MEDIA_TYPE)) {
        request_refuse(request, PROBLEM_NOT_ACCEPTABLE, EVENTS_MEDIA_TYPE " is had");
        return;
    }
    struct consumer *consumer = request->consumer;
    request->abandon = close_reader;
    switch (events_open(consumer->events, wish.place, wish.listens, &request->events_reader)) {
    case EVENTS_FROM_SNAPSHOT:
        events_set_session(request->events_reader, request->session_number);
        request_wait(request, 1, begin_with_snapshot);
        kc_describe(consumer->kc, request_part(request, 0));
        return;
    case EVENTS_FROM_PLACE:
        events_set_session(request->events_reader, request->session_number);
        begin_stream(request);
        return;
    case EVENTS_TOO_MANY:
        request->abandon = NULL;
        request_refuse(request, PROBLEM_TOO_MANY_STREAMS, "events.max.streams is reached");
        return;
    case EVENTS_ENDED:
        request->abandon = NULL;
        request_refuse(request, PROBLEM_SHUTTING_DOWN, NULL);
        return;
    }
}

static void answer_acknowledged(struct request *request, int64_t id) {
    struct out body = { 0 };
    writer_begin_object(&body);
    writer_member_integer(&body, "rebalance_id", id);
    writer_end_object(&body);
    request_answer_json_take(request, &body);
}

static void refuse_late(struct request *request) {
    request_refuse(request, PROBLEM_REBALANCE_OVER, "the group went on without an acknowledgement");
}

/// The path's number; 0: it is none that a rebalance has.
static int64_t rebalance_id(const struct request *request) {
    must(request->argument != NULL);
    int64_t id = 0;
    return params_whole_number(request->argument, &id) && id > 0 ? id : 0;
}

static void on_acknowledged(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    int64_t id = rebalance_id(request);
    events_on_acknowledged(request->consumer->events, id, result->status);
    if (result->status == KC_NO_SUCH_REBALANCE) {
        refuse_late(request);
    } else if (!request_failed(request, result)) {
        answer_acknowledged(request, id);
    }
}

void handle_acknowledge(struct request *request) {
    struct consumer *consumer = request->consumer;
    int64_t id = rebalance_id(request);
    switch (events_acknowledge(consumer->events, id)) {
    case REBALANCE_HELD:
        request_wait(request, 1, on_acknowledged);
        kc_acknowledge(consumer->kc, id, request_part(request, 0));
        return;
    case REBALANCE_ACKNOWLEDGED: answer_acknowledged(request, id); return;
    case REBALANCE_OVER: refuse_late(request); return;
    case REBALANCE_UNKNOWN:
        request_refuse(request, PROBLEM_NO_SUCH_REBALANCE, request->argument);
        return;
    }
}
