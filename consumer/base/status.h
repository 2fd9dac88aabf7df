// SPDX-License-Identifier: Apache-2.0
// What the library itself reports of a call: one list for the enum, the names and the sentences. A
// broker's own error code is another thing: wire/kafka_error.h.
#pragma once

#include <stdbool.h>

/// X(NAME, sentence). consumer/consumer.h repeats the list as KC_ names, in the same order (checked
/// at compile time).
#define STATUS_LIST(X)                                                                    \
    X(OK, "done")                                                                         \
    X(INVALID_ARGUMENT, "an argument is not valid")                                       \
    X(INVALID_CONFIG, "a configuration value is not valid")                               \
    X(NO_RECORDS, "no record is at hand")                                                 \
    X(POLL_IN_PROGRESS, "another poll of this consumer is running")                       \
    X(NOT_ASSIGNED, "the partition is not assigned to this consumer")                     \
    X(SUBSCRIPTION_CONFLICT, "subscription and manual assignment exclude each other")     \
    X(NO_GROUP, "the consumer has no group.id")                                           \
    X(ILLEGAL_GENERATION, "the member's generation is no longer the group's")             \
    X(UNKNOWN_MEMBER, "the group does not know this member any more")                     \
    X(REBALANCE_IN_PROGRESS, "the group is rebalancing")                                  \
    X(NO_SUCH_REBALANCE, "no rebalance of this id is held")                               \
    X(FENCED, "another member with the same group.instance.id took this one's place")     \
    X(NO_OFFSET, "the partition has no committed offset and auto.offset.reset is none")   \
    X(OFFSET_OUT_OF_RANGE, "the offset is outside the log and auto.offset.reset is none") \
    X(LOG_TRUNCATED, "the log was truncated below the position")                          \
    X(CORRUPT_RECORDS, "a record batch cannot be read")                                   \
    X(NO_SUCH_TOPIC, "the topic does not exist")                                          \
    X(NO_SUCH_PARTITION, "the partition does not exist")                                  \
    X(TOPIC_AUTHORIZATION_FAILED, "not authorized to read the topic")                     \
    X(GROUP_AUTHORIZATION_FAILED, "not authorized to use the group")                      \
    X(OFFSET_METADATA_TOO_LARGE, "the commit's metadata is larger than the broker takes") \
    X(UNSUPPORTED_VERSION,                                                                \
      "the broker does not offer a version of the API that this consumer speaks")         \
    X(BROKER_UNAVAILABLE, "no broker can be reached")                                     \
    X(TLS_FAILED, "no secure connection to a broker can be made")                         \
    X(AUTHENTICATION_FAILED, "the brokers do not accept this consumer's credentials")     \
    X(COORDINATOR_UNAVAILABLE, "the group's coordinator cannot be reached")               \
    X(TIMED_OUT, "no answer within the time allowed")                                     \
    X(DISCONNECTED, "the connection was lost before the answer")                          \
    X(INVALID_FRAME, "the peer sent bytes that are no Kafka answer")                      \
    X(TOO_LARGE, "a size from outside exceeds its bound")                                 \
    X(OUT_OF_MEMORY, "no memory for a size that came from outside")                       \
    X(KAFKA_ERROR, "the broker answered with an error")                                   \
    X(INTERRUPTED, "the wait was ended by another call")                                  \
    X(CLOSED, "the consumer is closed")

/// The result of a call that can fail.
enum status {

#define STATUS_ENUM(name, sentence) STATUS_##name,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

/// The name in upper snake case, as APIs show it ("NOT_ASSIGNED"). Static.
const char *status_name(enum status status);

/// True for trouble that other credentials, or another trust, may end.
bool status_is_of_security(enum status status);

/// One sentence for people. Static.
const char *status_text(enum status status);
