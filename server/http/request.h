// SPDX-License-Identifier: Apache-2.0
// One request from its first line to its answer. It belongs to the HTTP thread of its listener;
// what it waits for goes on elsewhere.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"
#include "server/base/pool.h"
#include "server/http/encoding.h"
#include "server/http/params.h"
#include "server/http/problem.h"
#include "server/http/service.h"
#include "server/json/requests.h"

#include <microhttpd.h>

#include <stdbool.h>

struct connection;
struct consumer;
struct request;
struct route;
struct poll;
struct events_reader;
struct peer;
struct record_feed;
struct stream;

/// One step of answering: it answers, or begins to wait for what the next step needs.
typedef void request_step(struct request *request);

/// Where a request is.
enum request_stage {
    REQUEST_RECEIVING, ///< → RUNNING
    REQUEST_RUNNING,   ///< its steps run → WAITING, ANSWERED, DROPPED
    REQUEST_WAITING,   ///< suspended → RUNNING
    REQUEST_ANSWERED,  ///< a response is queued
    REQUEST_DROPPED,   ///< its client is gone: the connection is to be closed
};

/// A request. Fields are read by handlers, written by this file and the dispatcher.
struct request {
    struct service *service;
    struct connection *connection;
    const struct peer *peer; ///< of the connection
    struct MHD_Connection *mhd;
    enum request_stage stage;
    bool has_begun; ///< its head was looked at
    bool is_head;   ///< its answer's body is not sent
    const struct route *route;
    struct consumer *consumer; ///< whom the call is about; NULL before it is routed
    const char *argument;      ///< what stands where the route's path has braces; NULL: it has none
    const char *session;       ///< the application's session as its head names it; NULL: none
    int64_t session_number;    ///< that of the session when the call was admitted; 0: none
    struct params params;
    struct out body;
    bool body_is_too_large;
    size_t discarded_bytes;
    bool has_refusal; ///< what its head is refused for is known, and answered behind the body
    struct problem refusal;
    const char *allow;             ///< value of the header Allow of a 405 and of OPTIONS
    const char *origin;            ///< of a page that is listed in http.allowed.origins; NULL: none
    struct encoding_wish encoding; ///< of the answer's body
    const char *preference;        ///< value of the header Preference-Applied; NULL: none
    const char *location;          ///< value of the header Location; NULL: none
    struct pool pool;              ///< texts and lists that live as long as the request
    struct bridge_call *call;      ///< what it waits for, or has waited for before this step
    request_step *step;            ///< what comes then
    struct poll *poll;             ///< of a poll; see poll.c
    struct events_reader *events_reader;      ///< of a stream of events that has not begun
    struct record_feed *record_feed;          ///< of a stream of records that has not begun
    struct stream *stream;                    ///< its answer, if that goes on
    void (*abandon)(struct request *request); ///< undoes what is half done; NULL: nothing to undo
    unsigned answered_with;                   ///< HTTP status
    int64_t begun_at_us;                      ///< on the monotonic clock
    int64_t waited_since_us;                  ///< when its last wait began
    struct consumer **all; ///< of a call about all consumers: it uses them; NULL: none
    bool is_last;          ///< the connection is to be closed behind the answer
};

/// A new request on a connection; freed by request_free().
struct request *request_new(struct connection *connection, struct MHD_Connection *mhd);

/// Frees a request that was answered or given up.
void request_free(struct request *request);

/// Runs a step now.
void request_run(struct request *request, request_step *step);

/// Goes on after a suspension. When the wait was cancelled, gives up and says that the server shuts
/// down.
void request_wake(struct request *request);

/// Suspends the request until `parts` commands are complete, and `step` after that. The caller
/// gives each command its request_part().
void request_wait(struct request *request, size_t parts, request_step *step);

/// How command `index` of the wait completes; with the default timeout.
struct kc_call request_part(struct request *request, size_t index);

/// Microseconds since the request's first line came.
int64_t request_age_us(const struct request *request);

/// Microseconds since its last wait began.
int64_t request_waited_us(const struct request *request);

/// The result of a command of the wait before this step.
const struct kc_result *request_result(const struct request *request, size_t index);

/// The media type of a page for people, whose browser may then load nothing else for it.
#define REQUEST_PAGE_TYPE "text/html; charset=utf-8"

/// Answers with a body, whose bytes are taken.
void request_answer_take(
    struct request *request, unsigned http_status, const char *media_type, struct out *body
);

/// Answers without a body.
void request_answer_empty(struct request *request, unsigned http_status);

/// Answers 200 with a body that `read` gives piece by piece, until it says that it has ended.
void request_answer_from(
    struct request *request, const char *media_type, MHD_ContentReaderCallback read, void *arg
);

/// Answers 200 with JSON, whose bytes are taken.
void request_answer_json_take(struct request *request, struct out *body);

/// Answers with a problem document.
void request_answer_problem(struct request *request, const struct problem *problem);

/// Answers with a problem of the server's own; `detail` NULL: none.
void request_refuse(struct request *request, enum problem_code code, const char *detail);

/// Answers with what is wrong with the request.
void request_complain(struct request *request, const struct complaint *complaint);

/// Answers with a problem if the command failed as a whole or for any partition; then true.
bool request_failed(struct request *request, const struct kc_result *result);

/// The client is gone: closes the connection without an answer.
void request_drop(struct request *request);

/// Reads the partitions that the request names, in its body or its query. When something is wrong,
/// answers with a problem; then false.
bool request_partitions(
    struct request *request, enum request_kind kind, struct partition_list *list
);
