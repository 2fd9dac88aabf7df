// SPDX-License-Identifier: Apache-2.0
// Errors as clients see them: problem details (RFC 9457) with a stable code. Values without
// threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>

/// The codes that the server itself gives; those of the library have their own table.
enum problem_code {
    PROBLEM_INVALID_JSON,
    PROBLEM_INVALID_ARGUMENT,
    PROBLEM_UNKNOWN_PARAMETER,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_FORBIDDEN_HOST,
    PROBLEM_NOT_FOUND,
    PROBLEM_NO_SUCH_CONSUMER,
    PROBLEM_CONSUMER_EXISTS,
    PROBLEM_CONSUMER_CLOSING,
    PROBLEM_CONSUMER_EXPIRED,
    PROBLEM_TOO_MANY_CONSUMERS,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_NOT_ACCEPTABLE,
    PROBLEM_BODY_TOO_LARGE,
    PROBLEM_HEADER_TOO_LARGE,
    PROBLEM_TOO_MANY_CONNECTIONS,
    PROBLEM_SHUTTING_DOWN,
    PROBLEM_NOT_READY,
    PROBLEM_SESSION_FENCED,
    PROBLEM_OFFSETS_REQUIRED,
    PROBLEM_TOO_MANY_STREAMS,
    PROBLEM_TOO_MANY_COMMITS,
    PROBLEM_NO_SUCH_REBALANCE,
    PROBLEM_REBALANCE_OVER,
    PROBLEM_NO_SUCH_COMMIT,
};

/// One problem document to be. All pointers are borrowed.
struct problem {
    unsigned http_status;
    const char *code;
    const char *title;
    const char *detail;
    int16_t kafka_error; ///< 0: the broker said none
    bool retriable;
    const struct kc_partition *partitions; ///< those with an error are listed
    size_t partition_count;
    const struct kc_poll_error *poll_error; ///< NULL: it is not about a poll
};

/// A problem of the server's own.
struct problem problem_of(enum problem_code code, const char *detail);

/// A problem of the library's, or the broker's behind it.
struct problem problem_of_status(enum kc_status status, int16_t kafka_error, const char *detail);

/// What a commit failed of, as a whole or by an error of the group in one of its partitions. False:
/// nothing of the kind. The detail is borrowed from the result.
bool problem_of_commit(const struct kc_result *result, struct problem *problem);

/// The HTTP status of a status of the library.
unsigned problem_http_status(enum kc_status status);

/// Writes the document without its closing brace, so that members can be added.
void problem_begin(struct out *out, const struct problem *problem);

/// Writes the whole document.
void problem_write(struct out *out, const struct problem *problem);

/// Writes "error": null, or the code of a partition's error with what the broker said.
void problem_write_error(struct out *out, enum kc_status status, int16_t kafka_error);

/// Writes "kafka_error": null, or the broker's code and its name.
void problem_write_kafka_error(struct out *out, int16_t kafka_error);
