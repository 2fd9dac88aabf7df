// SPDX-License-Identifier: Apache-2.0
// The stream of records: its parameters are checked, it gets the seat as a poll does, then the
// answer goes on from a feed.
#include "server/base/must.h"
#include "server/consumers/consumer.h"
#include "server/http/accept.h"
#include "server/http/admission.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/formats.h"
#include "server/http/handlers.h"
#include "server/http/record_feed.h"
#include "server/http/request.h"
#include "server/http/stream.h"

static const char lines_type[] = "application/x-ndjson";

/// The stream never begins. The seat, if the feed has it, is left.
static void close_feed(struct request *request) {
    must(request->record_feed != NULL);
    record_feed_close(request->record_feed);
    request->record_feed = NULL;
    request->abandon = NULL;
}

static void refuse(struct request *request, enum problem_code code, const char *detail) {
    close_feed(request);
    request_refuse(request, code, detail);
}

/// From here on the feed is the stream's.
static void begin_stream(struct request *request) {
    struct record_feed *feed = request->record_feed;
    const struct stream_feed as_stream = record_feed_of(feed);
    request->record_feed = NULL;
    request->abandon = NULL;
    struct stream *stream = stream_begin(request->service->streams, request, &as_stream);
    if (stream) {
        record_feed_on_stream(feed, stream);
    } else {
        record_feed_close(feed);
    }
}

/// The seat is the request's. A stream of events listens to rebalances; one of lines has no way to
/// tell of them.
static void begin(struct request *request, bool listens) {
    const struct events_place now = { .is_known = false };
    struct events_reader *reader = NULL;
    enum events_answer answer = EVENTS_FROM_SNAPSHOT;
    if (listens) answer = events_open(request->consumer->events, now, true, &reader);
    if (reader) events_set_session(reader, request->session_number);
    record_feed_begin(request->record_feed, reader);
    switch (answer) {
    case EVENTS_FROM_SNAPSHOT:
    case EVENTS_FROM_PLACE: begin_stream(request); return;
    case EVENTS_TOO_MANY:
        refuse(request, PROBLEM_TOO_MANY_STREAMS, "events.max.streams is reached");
        return;
    case EVENTS_ENDED: refuse(request, PROBLEM_SHUTTING_DOWN, NULL); return;
    }
}

static void take_seat(struct request *request) {
    struct delivery *delivery = request->consumer->delivery;
    if (admission_is_over(request)) {
        close_feed(request);
        admission_refuse(request);
        return;
    }
    switch (delivery_ask(delivery, request->peer, request->session_number != 0)) {
    case DELIVERY_YOURS: begin(request, record_feed_is_events(request->record_feed)); return;
    case DELIVERY_WAIT:
        request_wait(request, 1, take_seat);
        delivery_queue(delivery, request_part(request, 0));
        return;
    case DELIVERY_BUSY: {
        struct problem problem = problem_of_status(KC_POLL_IN_PROGRESS, 0, NULL);
        close_feed(request);
        request_answer_problem(request, &problem);
        return;
    }
    case DELIVERY_DRAINING: refuse(request, PROBLEM_SHUTTING_DOWN, NULL); return;
    }
}

static bool read_options(
    const struct request *request, struct record_feed_options *options, struct complaint *complaint
) {
    const struct params *params = &request->params;
    *options = (struct record_feed_options){ .session = request->session_number };
    return params_boolean(params, "auto_ack", &options->acknowledges, complaint) &&
           formats_read(params, &options->formats, complaint);
}

void handle_stream(struct request *request) {
    struct complaint complaint = { 0 };
    struct record_feed_options options;
    bool is_lines;
    if (!read_options(request, &options, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    const char *accept =
        MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (!accept_chooses(accept, EVENTS_MEDIA_TYPE, lines_type, &is_lines)) {
        request_refuse(
            request, PROBLEM_NOT_ACCEPTABLE, "text/event-stream and application/x-ndjson are had"
        );
        return;
    }
    options.is_events = !is_lines;
    request->record_feed = record_feed_new(request->consumer, request->service->metrics, &options);
    request->abandon = close_feed;
    take_seat(request);
}
