// SPDX-License-Identifier: Apache-2.0
// Two tables: the server's own codes, and what a status of the library is in HTTP.
#include "server/http/problem.h"

#include "server/base/must.h"
#include "server/json/writer.h"

static const struct {
    const char *code;
    const char *title;
    unsigned http_status;
    bool retriable;
} own[] = {
    [PROBLEM_INVALID_JSON] = { "INVALID_JSON", "the body is no JSON", 400, false },
    [PROBLEM_INVALID_ARGUMENT] = { "INVALID_ARGUMENT", "an argument is not valid", 400, false },
    [PROBLEM_UNKNOWN_PARAMETER] = { "UNKNOWN_PARAMETER",
                                    "a parameter or field that this call does not have",
                                    400,
                                    false },
    [PROBLEM_UNAUTHORIZED] = { "UNAUTHORIZED", "a valid token is required", 401, false },
    [PROBLEM_FORBIDDEN_HOST] = { "FORBIDDEN_HOST",
                                 "the request's Host or Origin is not one of this server",
                                 403,
                                 false },
    [PROBLEM_NOT_FOUND] = { "NOT_FOUND", "there is no such path", 404, false },
    [PROBLEM_NO_SUCH_CONSUMER] = { "NO_SUCH_CONSUMER",
                                   "there is no consumer of that name",
                                   404,
                                   false },
    [PROBLEM_CONSUMER_EXISTS] = { "CONSUMER_EXISTS",
                                  "there is another consumer of that name",
                                  409,
                                  false },
    [PROBLEM_CONSUMER_CLOSING] = { "CONSUMER_CLOSING", "the consumer is being closed", 409, true },
    [PROBLEM_CONSUMER_EXPIRED] = { "CONSUMER_EXPIRED",
                                   "the consumer was closed since nobody called it",
                                   410,
                                   false },
    [PROBLEM_TOO_MANY_CONSUMERS] = { "TOO_MANY_CONSUMERS",
                                     "there are too many consumers",
                                     429,
                                     true },
    [PROBLEM_METHOD_NOT_ALLOWED] = { "METHOD_NOT_ALLOWED",
                                     "the path has no such method",
                                     405,
                                     false },
    [PROBLEM_NOT_ACCEPTABLE] = { "NOT_ACCEPTABLE",
                                 "none of the accepted media types or encodings can be had",
                                 406,
                                 false },
    [PROBLEM_BODY_TOO_LARGE] = { "BODY_TOO_LARGE", "the body is too large", 413, false },
    [PROBLEM_HEADER_TOO_LARGE] = { "HEADER_TOO_LARGE",
                                   "the request's head is too large",
                                   431,
                                   false },
    [PROBLEM_TOO_MANY_CONNECTIONS] = { "TOO_MANY_CONNECTIONS",
                                       "too many connections are open",
                                       503,
                                       true },
    [PROBLEM_SHUTTING_DOWN] = { "SHUTTING_DOWN", "the server is shutting down", 503, true },
    [PROBLEM_NOT_READY] = { "NOT_READY", "the consumer is not ready", 503, true },
    [PROBLEM_OFFSETS_REQUIRED] = { "OFFSETS_REQUIRED",
                                   "while records are streamed, a commit must say its offsets",
                                   409,
                                   false },
    [PROBLEM_SESSION_FENCED] = { "SESSION_FENCED",
                                 "another instance of the application has taken over",
                                 409,
                                 false },
    [PROBLEM_TOO_MANY_STREAMS] = { "TOO_MANY_STREAMS",
                                   "too many streams of events are open",
                                   503,
                                   true },
    [PROBLEM_TOO_MANY_COMMITS] = { "TOO_MANY_COMMITS",
                                   "too many asynchronous commits are under way",
                                   503,
                                   true },
    [PROBLEM_NO_SUCH_REBALANCE] = { "NO_SUCH_REBALANCE",
                                    "there was no such rebalance, or it is long over",
                                    404,
                                    false },
    [PROBLEM_REBALANCE_OVER] = { "REBALANCE_OVER",
                                 "the rebalance is not waiting any more",
                                 409,
                                 false },
    [PROBLEM_NO_SUCH_COMMIT] = { "NO_SUCH_COMMIT",
                                 "there was no such commit, or its outcome is forgotten",
                                 404,
                                 false },
};

static const unsigned http_statuses[] = {
    [KC_OK] = 200,
    [KC_INVALID_ARGUMENT] = 400,
    [KC_INVALID_CONFIG] = 400,
    [KC_NO_RECORDS] = 500, // never leaves a poll
    [KC_POLL_IN_PROGRESS] = 409,
    [KC_NOT_ASSIGNED] = 409,
    [KC_SUBSCRIPTION_CONFLICT] = 409,
    [KC_NO_GROUP] = 409,
    [KC_ILLEGAL_GENERATION] = 409,
    [KC_UNKNOWN_MEMBER] = 409,
    [KC_REBALANCE_IN_PROGRESS] = 409,
    [KC_NO_SUCH_REBALANCE] = 404,
    [KC_FENCED] = 409,
    [KC_NO_OFFSET] = 409,
    [KC_OFFSET_OUT_OF_RANGE] = 409,
    [KC_LOG_TRUNCATED] = 409,
    [KC_CORRUPT_RECORDS] = 502,
    [KC_NO_SUCH_TOPIC] = 404,
    [KC_NO_SUCH_PARTITION] = 404,
    [KC_TOPIC_AUTHORIZATION_FAILED] = 403,
    [KC_GROUP_AUTHORIZATION_FAILED] = 403,
    [KC_OFFSET_METADATA_TOO_LARGE] = 400,
    [KC_UNSUPPORTED_VERSION] = 502,
    [KC_BROKER_UNAVAILABLE] = 503,
    [KC_TLS_FAILED] = 503,
    [KC_AUTHENTICATION_FAILED] = 503,
    [KC_COORDINATOR_UNAVAILABLE] = 503,
    [KC_TIMED_OUT] = 504,
    [KC_DISCONNECTED] = 503,
    [KC_INVALID_FRAME] = 502,
    [KC_TOO_LARGE] = 502,
    [KC_OUT_OF_MEMORY] = 503,
    [KC_KAFKA_ERROR] = 502,
    [KC_INTERRUPTED] = 503,
    [KC_CLOSED] = 409, // by DELETE of the consumer
};

_Static_assert(sizeof http_statuses / sizeof http_statuses[0] == KC_CLOSED + 1, "one for each");

unsigned problem_http_status(enum kc_status status) {
    must((size_t)status <= KC_CLOSED);
    return http_statuses[status];
}

struct problem problem_of(enum problem_code code, const char *detail) {
    must((size_t)code < sizeof own / sizeof own[0]);
    return (struct problem){
        .http_status = own[code].http_status,
        .code = own[code].code,
        .title = own[code].title,
        .detail = detail,
        .retriable = own[code].retriable,
    };
}

struct problem problem_of_status(enum kc_status status, int16_t kafka_error, const char *detail) {
    must(status != KC_OK);
    return (struct problem){
        .http_status = problem_http_status(status),
        .code = kc_status_name(status),
        .title = kc_status_text(status),
        .detail = detail,
        .kafka_error = kafka_error,
        .retriable = kc_retriable(status, kafka_error),
    };
}

/// An error of the group concerns the member as a whole: all that HTTP calls a conflict.
static const struct kc_partition *find_group_error(const struct kc_result *result) {
    for (size_t i = 0; i < result->partition_count; i++) {
        const struct kc_partition *one = &result->partitions[i];
        if (problem_http_status(one->status) == 409) return one;
    }
    return NULL;
}

bool problem_of_commit(const struct kc_result *result, struct problem *problem) {
    must(result->message != NULL);
    const struct kc_partition *failed = find_group_error(result);
    if (result->status != KC_OK) {
        const char *detail = result->message[0] ? result->message : NULL;
        *problem = problem_of_status(result->status, result->kafka_error, detail);
    } else if (failed) {
        *problem = problem_of_status(failed->status, failed->kafka_error, NULL);
    }
    return result->status != KC_OK || failed;
}

void problem_write_kafka_error(struct out *out, int16_t kafka_error) {
    if (kafka_error == 0) {
        writer_member_null(out, "kafka_error");
        return;
    }
    writer_key(out, "kafka_error");
    writer_begin_object(out);
    writer_member_integer(out, "code", kafka_error);
    writer_member_string(out, "name", kc_kafka_error_name(kafka_error));
    writer_end_object(out);
}

void problem_write_error(struct out *out, enum kc_status status, int16_t kafka_error) {
    if (status == KC_OK) {
        writer_member_null(out, "error");
        return;
    }
    writer_member_string(out, "error", kc_status_name(status));
    problem_write_kafka_error(out, kafka_error);
}

static void write_partitions(struct out *out, const struct problem *problem) {
    must(problem->partitions != NULL);
    writer_key(out, "partitions");
    writer_begin_array(out);
    for (size_t i = 0; i < problem->partition_count; i++) {
        const struct kc_partition *one = &problem->partitions[i];
        if (one->status == KC_OK) continue;
        writer_begin_object(out);
        writer_member_string(out, "topic", one->topic);
        writer_member_integer(out, "partition", one->partition);
        problem_write_error(out, one->status, one->kafka_error);
        writer_end_object(out);
    }
    writer_end_array(out);
}

static void write_place(struct out *out, const struct kc_poll_error *error) {
    writer_member_string(out, "topic", error->topic);
    writer_member_integer(out, "partition", error->partition);
    writer_member_known(out, "offset", error->offset);
    writer_member_known(out, "skip_to", error->skip_offset);
}

/// Where the trouble of a poll is: as members, and as the one partition that is concerned.
static void write_poll_error(struct out *out, const struct kc_poll_error *error) {
    if (error->partition < 0) { // the topic as a whole
        writer_member_string(out, "topic", error->topic);
        writer_member_null(out, "partition");
        return;
    }
    write_place(out, error);
    writer_key(out, "partitions");
    writer_begin_array(out);
    writer_begin_object(out);
    write_place(out, error);
    writer_end_object(out);
    writer_end_array(out);
}

void problem_begin(struct out *out, const struct problem *problem) {
    must(problem->code != NULL && problem->http_status >= 400);
    writer_begin_object(out);
    writer_key(out, "type");
    out_format(out, "\"urn:kafka-sidecar:problem:%s\"", problem->code);
    writer_member_string(out, "title", problem->title);
    writer_member_integer(out, "status", problem->http_status);
    writer_member_string(out, "detail", problem->detail ? problem->detail : problem->title);
    writer_member_string(out, "code", problem->code);
    problem_write_kafka_error(out, problem->kafka_error);
    writer_member_boolean(out, "retriable", problem->retriable);
    if (problem->poll_error && problem->poll_error->topic) {
        write_poll_error(out, problem->poll_error);
    }
    if (problem->partition_count > 0) write_partitions(out, problem);
}

void problem_write(struct out *out, const struct problem *problem) {
    problem_begin(out, problem);
    writer_end_object(out);
}
