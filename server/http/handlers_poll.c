// SPDX-License-Identifier: Apache-2.0
// One poll: its parameters are checked before anything is taken; then it gets the seat, commits if
// asked to, waits for records, writes them, and hands the answer over to the delivery, which finds
// out whether the client took it. Whatever fails in between puts the records back.
#include "server/base/must.h"
#include "server/bridge.h"
#include "server/consumers/consumer.h"
#include "server/consumers/spec.h"
#include "server/http/accept.h"
#include "server/http/admission.h"
#include "server/http/answers.h"
#include "server/http/delivery.h"
#include "server/http/events.h"
#include "server/http/formats.h"
#include "server/http/handlers.h"
#include "server/http/peer.h"
#include "server/http/poller.h"
#include "server/http/prefer.h"
#include "server/http/request.h"
#include "server/json/record.h"
#include "server/json/writer.h"
#include "server/metrics.h"
#include "server/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

static const char json_type[] = "application/json";
static const char lines_type[] = "application/x-ndjson";

enum { MOST_RECORDS = 1000000, FIRST_BODY_BYTES = 4096 };

/// What a poll is asked to do, and how far it is.
struct poll {
    int64_t deadline_ms; ///< on the monotonic clock
    int64_t timeout_ms;
    int64_t max_records;
    int64_t max_bytes;
    struct record_formats formats;
    bool commits; ///< what the poll before delivered
    bool takes;   ///< false: only looks
    bool shakes;  ///< hands with the group: its answer tells of a rebalance that waits for it
    bool is_seated;
    bool is_waiting;         ///< for records, as far as the delivery knows
    struct kc_poll *records; ///< NULL: not open
    int64_t acknowledges;    ///< the rebalance of which an earlier answer has told
    int64_t notice;          ///< the rebalance of which this answer tells; 0: none
};

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t time_left_ms(const struct poll *poll) {
    return poll->deadline_ms - now_ms();
}

/// Ends whatever of the poll has begun: the records go back, the seat is left. The library has
/// ended the wait before, even when libmicrohttpd finds the client gone and closes the connection
/// before the next step runs.
static void end_poll(struct request *request) {
    must(request->poll != NULL);
    struct poll *poll = request->poll;
    if (poll->is_waiting) {
        metrics_add(request->service->metrics, METRIC_POLLS_GAVE_WAY, 1);
        (void)delivery_wait_over(request->consumer->delivery);
    }
    if (poll->records) kc_poll_put_back(poll->records);
    poll->records = NULL;
    if (poll->is_seated) delivery_leave(request->consumer->delivery);
    bool is_expected_again = poll->shakes && !admission_is_over(request);
    if (is_expected_again) poller_on_answer(request->consumer->poller);
    free(poll);
    request->poll = NULL;
    request->abandon = NULL;
}

static void end_with_problem(
    struct request *request, enum kc_status status, int16_t kafka_error, const char *detail
) {
    struct problem problem = problem_of_status(status, kafka_error, detail);
    end_poll(request);
    request_answer_problem(request, &problem);
}

/// max.poll.records is the default of max_records.
static int64_t default_records(const struct kc_config *config) {
    const char *text = kc_config_get(config, "max.poll.records");
    int64_t records = text ? strtoll(text, NULL, 10) : 0;
    return records > 0 && records <= MOST_RECORDS ? records : MOST_RECORDS;
}

/// HEAD is safe: it looks, and changes nothing.
static bool look_only(const struct request *request, struct poll *poll, struct complaint *why) {
    if (!request->is_head) return true;
    if (poll->commits) return complain(why, "commit: HEAD changes nothing; GET and POST can");
    poll->takes = false;
    return true;
}

static bool read_params(
    const struct request *request, struct poll *poll, struct complaint *complaint
) {
    const struct settings *settings = request->service->settings;
    const struct params *params = &request->params;
    int64_t most_ms = settings_number(settings, SETTING_POLL_MAX_TIMEOUT_MS);
    int64_t most_bytes = settings_number(settings, SETTING_POLL_MAX_BYTES);
    int64_t *records = &poll->max_records;
    *poll = (struct poll){ .takes = true, .max_bytes = most_bytes };
    *records = default_records(request->consumer->spec->config);
    return params_integer(params, "timeout_ms", 0, most_ms, &poll->timeout_ms, complaint) &&
           params_integer(params, "max_records", 1, MOST_RECORDS, records, complaint) &&
           params_integer(params, "max_bytes", 1, most_bytes, &poll->max_bytes, complaint) &&
           params_boolean(params, "commit", &poll->commits, complaint) &&
           params_boolean(params, "update_offsets", &poll->takes, complaint) &&
           formats_read(params, &poll->formats, complaint) && look_only(request, poll, complaint);
}

/// How long a client prefers to wait.
struct preference {
    bool given;
    int64_t seconds;
};

static enum MHD_Result note_preference(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value
) {
    struct preference *wait = arg;
    must(kind == MHD_HEADER_KIND);
    if (value && strcasecmp(name, "Prefer") == 0 && !wait->given) {
        wait->given = prefer_wait(value, &wait->seconds);
    }
    return MHD_YES;
}

/// "Prefer: wait=5" says what timeout_ms=5000 says, where that is not given; more than can be had
/// becomes as much as can be had.
static void read_preference(struct request *request, struct poll *poll) {
    struct preference wait = { .given = false };
    if (params_find(&request->params, "timeout_ms")) return;
    (void)MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, note_preference, &wait);
    if (!wait.given) return;
    int64_t most_ms = settings_number(request->service->settings, SETTING_POLL_MAX_TIMEOUT_MS);
    poll->timeout_ms = wait.seconds * 1000 < most_ms ? wait.seconds * 1000 : most_ms;
    char applied[40];
    (void)snprintf(applied, sizeof applied, "wait=%lld", (long long)poll->timeout_ms / 1000);
    request->preference = pool_string(&request->pool, applied);
}

static void write_next_offsets(struct out *body, struct kc_poll *records) {
    size_t count = 0;
    const struct kc_partition *next = kc_poll_next_offsets(records, &count);
    answer_partitions(body, "next_offsets", next, count, ANSWER_OFFSET | ANSWER_LEADER_EPOCH);
}

static void write_one(
    struct poll *poll,
    struct record_writer *writer,
    const struct kc_record *record,
    struct out *body,
    bool first
) {
    if (!first && !poll->formats.lines) out_byte(body, ',');
    record_write(writer, body, record);
    if (poll->formats.lines) out_byte(body, '\n');
}

/// Writes what is at hand, up to the bounds; returns how many records. `status` gets what ended it.
/// A record that would lead above max_bytes waits for the next poll, unless it is the first: one
/// always comes.
static int64_t write_records(struct poll *poll, struct out *body, enum kc_status *status) {
    must(poll->records != NULL && poll->max_records > 0);
    struct record_writer writer;
    struct kc_record record;
    int64_t count = 0;
    record_writer_init(&writer, poll->formats);
    while (count < poll->max_records && (count == 0 || (int64_t)body->size < poll->max_bytes)) {
        *status = kc_poll_next(poll->records, &record);
        if (*status != KC_OK) break;
        size_t before = body->size;
        write_one(poll, &writer, &record, body, count == 0);
        if (count > 0 && (int64_t)body->size > poll->max_bytes) {
            body->size = before;
            kc_poll_unread(poll->records);
            break;
        }
        count++;
    }
    record_writer_dispose(&writer);
    return count;
}

/// The tail of lines has the member only when there is something to tell.
static void write_rebalance(struct request *request, struct out *body) {
    const struct poll *poll = request->poll;
    if (poll->notice > 0) {
        writer_key(body, "rebalance");
        events_write_held(request->consumer->events, body);
    } else if (!poll->formats.lines) {
        writer_member_null(body, "rebalance");
    }
}

static void finish_body(struct request *request, struct out *body) {
    struct poll *poll = request->poll;
    if (poll->formats.lines) {
        writer_begin_object(body);
    } else {
        out_byte(body, ']');
    }
    write_next_offsets(body, poll->records);
    write_rebalance(request, body);
    writer_end_object(body);
    if (poll->formats.lines) out_byte(body, '\n');
}

/// Sends the body; records that were taken out, and what it tells of a rebalance, are in doubt from
/// here on.
static void send_body(struct request *request, struct out *body, bool has_records) {
    struct poll *poll = request->poll;
    struct delivery *delivery = request->consumer->delivery;
    const char *type = poll->formats.lines ? lines_type : json_type;
    bool in_doubt = poll->takes && (has_records || poll->notice > 0);
    if (in_doubt) {
        // The error of a Unix socket whose client dies is shown once, to whoever reads first: that
        // must be the delivery, with an fd of its own.
        request->is_last = request->peer->is_unix;
        delivery_hand_over(delivery, poll->records, poll->notice);
        poll->records = NULL;
        poll->is_seated = false;
    }
    end_poll(request);
    request_answer_take(request, 200, type, body);
    bool lost = in_doubt && request->stage == REQUEST_DROPPED;
    if (lost) delivery_on_sent(delivery, request->peer, false);
}

static void end_with_poll_error(struct request *request) {
    const struct kc_poll_error *error = kc_poll_last_error(request->poll->records);
    must(error != NULL);
    struct problem problem = problem_of_status(error->status, error->kafka_error, error->message);
    struct kc_poll_error copy = *error;
    copy.topic = pool_string(&request->pool, error->topic);
    problem.detail = pool_string(&request->pool, error->message);
    problem.poll_error = &copy;
    end_poll(request);
    request_answer_problem(request, &problem);
}

/// Whether the poll's session has been fenced meanwhile: then nothing is taken any more.
static bool is_over(struct request *request) {
    if (!admission_is_over(request)) return false;
    end_poll(request);
    admission_refuse(request);
    return true;
}

static void wait_for_records(struct request *request);

static void observe(const struct request *request, int64_t records, int64_t bytes) {
    struct metrics *metrics = request->service->metrics;
    metrics_observe(metrics, HISTOGRAM_POLL_DURATION, request_age_us(request));
    metrics_observe(metrics, HISTOGRAM_POLL_RECORDS, records);
    metrics_observe(metrics, HISTOGRAM_POLL_BYTES, bytes);
}

/// The rebalance of which the poll's client is to be told at once; 0: none.
static int64_t find_notice(struct request *request) {
    return request->poll->shakes ? poller_notice(request->consumer->poller) : 0;
}

/// Answers with what is at hand now. With nothing, `may_wait` says whether to wait for more.
static void answer_poll(struct request *request, bool may_wait) {
    struct poll *poll = request->poll;
    struct out body = { 0 };
    poll->notice = find_notice(request);
    may_wait = may_wait && poll->notice == 0;
    enum kc_status status = KC_OK;
    (void)out_room(&body, FIRST_BODY_BYTES);
    if (!poll->formats.lines) OUT_LITERAL(&body, "{\"records\":[");
    int64_t count = write_records(poll, &body, &status);
    bool failed = count == 0 && status != KC_NO_RECORDS;
    if (failed || (count == 0 && may_wait)) {
        out_dispose(&body);
        if (failed) {
            end_with_poll_error(request);
        } else {
            wait_for_records(request);
        }
        return;
    }
    finish_body(request, &body);
    metrics_add(request->service->metrics, METRIC_POLL_RECORDS, count);
    metrics_add(request->service->metrics, METRIC_POLL_BYTES, (int64_t)body.size);
    observe(request, count, (int64_t)body.size);
    send_body(request, &body, count > 0);
}

static void on_woken(struct request *request) {
    struct poll *poll = request->poll;
    enum kc_status status = request_result(request, 0)->status;
    if (peer_is_gone(request->peer)) {
        end_poll(request);
        request_drop(request);
        return;
    }
    bool goes_on = delivery_wait_over(request->consumer->delivery);
    poll->is_waiting = false;
    if (is_over(request)) return;
    if (status == KC_CLOSED) {
        end_with_problem(request, status, 0, NULL);
    } else {
        must(poll->records != NULL);
        answer_poll(request, goes_on && status != KC_TIMED_OUT && time_left_ms(poll) > 0);
    }
}

static void wait_for_records(struct request *request) {
    must(request->poll->is_seated);
    struct poll *poll = request->poll;
    int64_t left_ms = time_left_ms(poll);
    request_wait(request, 1, on_woken);
    struct kc_call call = bridge_part(request->call, 0, (int32_t)(left_ms > 0 ? left_ms : 0));
    poll->is_waiting = true;
    delivery_wait(request->consumer->delivery, poll->records, call);
    // A rebalance that began before the poll was waiting has found nobody to wake.
    if (find_notice(request) > 0) delivery_interrupt(request->consumer->delivery);
}

static void look_for_records(struct request *request) {
    struct poll *poll = request->poll;
    bool may_wait = time_left_ms(poll) > 0;
    if (!may_wait || find_notice(request) > 0 || kc_poll_ready(poll->records)) {
        answer_poll(request, may_wait);
    } else {
        wait_for_records(request);
    }
}

static void on_acknowledged(struct request *request) {
    enum kc_status status = request_result(request, 0)->status;
    struct poll *poll = request->poll;
    events_on_acknowledged(request->consumer->events, poll->acknowledges, status);
    if (!is_over(request)) look_for_records(request);
}

/// Opening the poll has acknowledged the records of earlier ones; only then the rebalance may go
/// on, and commit them.
static void acknowledge_rebalance(struct request *request) {
    struct consumer *consumer = request->consumer;
    struct poll *poll = request->poll;
    poll->acknowledges = poll->shakes ? poller_owed(consumer->poller) : 0;
    bool is_held = poll->acknowledges > 0 &&
                   events_acknowledge(consumer->events, poll->acknowledges) == REBALANCE_HELD;
    if (!is_held) {
        look_for_records(request);
        return;
    }
    request_wait(request, 1, on_acknowledged);
    kc_acknowledge(consumer->kc, poll->acknowledges, request_part(request, 0));
}

static void open_poll(struct request *request) {
    struct poll *poll = request->poll;
    unsigned flags = poll->takes ? 0 : KC_POLL_PEEK;
    if (poll->shakes) poller_on_poll(request->consumer->poller);
    enum kc_status status = kc_poll_open(request->consumer->kc, flags, &poll->records);
    if (status != KC_OK) {
        poll->records = NULL;
        end_with_problem(request, status, 0, NULL);
        return;
    }
    acknowledge_rebalance(request);
}

static void on_committed(struct request *request) {
    const struct kc_result *result = request_result(request, 0);
    int64_t took_us = request_waited_us(request);
    metrics_observe(request->service->metrics, HISTOGRAM_COMMIT_DURATION, took_us);
    bool good = result->status == KC_OK;
    for (size_t i = 0; i < result->partition_count; i++)
        good = good && result->partitions[i].status == KC_OK;
    if (is_over(request)) return;
    if (good) {
        open_poll(request);
        return;
    }
    end_poll(request);
    (void)request_failed(request, result);
}

/// No polls any more: the process ends, or this consumer alone.
static void refuse_drained(struct request *request) {
    if (atomic_load(&request->service->is_draining)) {
        end_poll(request);
        request_refuse(request, PROBLEM_SHUTTING_DOWN, NULL);
    } else {
        end_with_problem(request, KC_CLOSED, 0, NULL);
    }
}

static void take_seat(struct request *request) {
    must(!request->poll->is_seated);
    if (is_over(request)) return;
    struct poll *poll = request->poll;
    struct delivery *delivery = request->consumer->delivery;
    bool has_session = request->session_number != 0;
    switch (delivery_ask(delivery, request->peer, has_session)) {
    case DELIVERY_YOURS:
        poll->is_seated = true;
        if (poll->commits) {
            request_wait(request, 1, on_committed);
            kc_commit(request->consumer->kc, NULL, 0, request_part(request, 0));
        } else {
            open_poll(request);
        }
        return;
    case DELIVERY_WAIT:
        request_wait(request, 1, take_seat);
        delivery_queue(delivery, request_part(request, 0));
        return;
    case DELIVERY_BUSY: end_with_problem(request, KC_POLL_IN_PROGRESS, 0, NULL); return;
    case DELIVERY_DRAINING: refuse_drained(request); return;
    }
}

void handle_poll(struct request *request) {
    struct complaint complaint = { 0 };
    struct poll wanted;
    if (!read_params(request, &wanted, &complaint)) {
        request_complain(request, &complaint);
        return;
    }
    const char *accept =
        MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (!accept_chooses(accept, json_type, lines_type, &wanted.formats.lines)) {
        request_refuse(
            request, PROBLEM_NOT_ACCEPTABLE, "application/json and application/x-ndjson are had"
        );
        return;
    }
    read_preference(request, &wanted);
    wanted.shakes = wanted.takes && request->session_number > 0;
    wanted.deadline_ms = now_ms() + wanted.timeout_ms;
    request->poll = must_have(sizeof *request->poll);
    *request->poll = wanted;
    request->abandon = end_poll;
    take_seat(request);
}
