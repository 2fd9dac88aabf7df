// SPDX-License-Identifier: Apache-2.0
// The error codes that brokers answer with, as Apache Kafka 4.4.0 knows them. Constant data, any
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// What a client does not know any more after an error.
enum kafka_error_refresh {
    REFRESH_NOTHING,
    REFRESH_METADATA,    ///< leaders, topics, ids: ask for Metadata
    REFRESH_COORDINATOR, ///< ask for FindCoordinator
};

/// X(NAME, code, retriable, what to refresh): names as Kafka spells them, in the order of the
/// codes.
#define KAFKA_ERROR_LIST(X)                                                    \
    X(UNKNOWN_SERVER_ERROR, -1, false, REFRESH_NOTHING)                        \
    X(NONE, 0, false, REFRESH_NOTHING)                                         \
    X(OFFSET_OUT_OF_RANGE, 1, false, REFRESH_NOTHING)                          \
    X(CORRUPT_MESSAGE, 2, true, REFRESH_NOTHING)                               \
    X(UNKNOWN_TOPIC_OR_PARTITION, 3, true, REFRESH_METADATA)                   \
    X(INVALID_FETCH_SIZE, 4, false, REFRESH_NOTHING)                           \
    X(LEADER_NOT_AVAILABLE, 5, true, REFRESH_METADATA)                         \
    X(NOT_LEADER_OR_FOLLOWER, 6, true, REFRESH_METADATA)                       \
    X(REQUEST_TIMED_OUT, 7, true, REFRESH_NOTHING)                             \
    X(BROKER_NOT_AVAILABLE, 8, false, REFRESH_NOTHING)                         \
    X(REPLICA_NOT_AVAILABLE, 9, true, REFRESH_METADATA)                        \
    X(MESSAGE_TOO_LARGE, 10, false, REFRESH_NOTHING)                           \
    X(STALE_CONTROLLER_EPOCH, 11, false, REFRESH_NOTHING)                      \
    X(OFFSET_METADATA_TOO_LARGE, 12, false, REFRESH_NOTHING)                   \
    X(NETWORK_EXCEPTION, 13, true, REFRESH_METADATA)                           \
    X(COORDINATOR_LOAD_IN_PROGRESS, 14, true, REFRESH_NOTHING)                 \
    X(COORDINATOR_NOT_AVAILABLE, 15, true, REFRESH_COORDINATOR)                \
    X(NOT_COORDINATOR, 16, true, REFRESH_COORDINATOR)                          \
    X(INVALID_TOPIC_EXCEPTION, 17, false, REFRESH_NOTHING)                     \
    X(RECORD_LIST_TOO_LARGE, 18, false, REFRESH_NOTHING)                       \
    X(NOT_ENOUGH_REPLICAS, 19, true, REFRESH_NOTHING)                          \
    X(NOT_ENOUGH_REPLICAS_AFTER_APPEND, 20, true, REFRESH_NOTHING)             \
    X(INVALID_REQUIRED_ACKS, 21, false, REFRESH_NOTHING)                       \
    X(ILLEGAL_GENERATION, 22, false, REFRESH_NOTHING)                          \
    X(INCONSISTENT_GROUP_PROTOCOL, 23, false, REFRESH_NOTHING)                 \
    X(INVALID_GROUP_ID, 24, false, REFRESH_NOTHING)                            \
    X(UNKNOWN_MEMBER_ID, 25, false, REFRESH_NOTHING)                           \
    X(INVALID_SESSION_TIMEOUT, 26, false, REFRESH_NOTHING)                     \
    X(REBALANCE_IN_PROGRESS, 27, false, REFRESH_NOTHING)                       \
    X(INVALID_COMMIT_OFFSET_SIZE, 28, false, REFRESH_NOTHING)                  \
    X(TOPIC_AUTHORIZATION_FAILED, 29, false, REFRESH_NOTHING)                  \
    X(GROUP_AUTHORIZATION_FAILED, 30, false, REFRESH_NOTHING)                  \
    X(CLUSTER_AUTHORIZATION_FAILED, 31, false, REFRESH_NOTHING)                \
    X(INVALID_TIMESTAMP, 32, false, REFRESH_NOTHING)                           \
    X(UNSUPPORTED_SASL_MECHANISM, 33, false, REFRESH_NOTHING)                  \
    X(ILLEGAL_SASL_STATE, 34, false, REFRESH_NOTHING)                          \
    X(UNSUPPORTED_VERSION, 35, false, REFRESH_NOTHING)                         \
    X(TOPIC_ALREADY_EXISTS, 36, false, REFRESH_NOTHING)                        \
    X(INVALID_PARTITIONS, 37, false, REFRESH_NOTHING)                          \
    X(INVALID_REPLICATION_FACTOR, 38, false, REFRESH_NOTHING)                  \
    X(INVALID_REPLICA_ASSIGNMENT, 39, false, REFRESH_NOTHING)                  \
    X(INVALID_CONFIG, 40, false, REFRESH_NOTHING)                              \
    X(NOT_CONTROLLER, 41, true, REFRESH_NOTHING)                               \
    X(INVALID_REQUEST, 42, false, REFRESH_NOTHING)                             \
    X(UNSUPPORTED_FOR_MESSAGE_FORMAT, 43, false, REFRESH_NOTHING)              \
    X(POLICY_VIOLATION, 44, false, REFRESH_NOTHING)                            \
    X(OUT_OF_ORDER_SEQUENCE_NUMBER, 45, false, REFRESH_NOTHING)                \
    X(DUPLICATE_SEQUENCE_NUMBER, 46, false, REFRESH_NOTHING)                   \
    X(INVALID_PRODUCER_EPOCH, 47, false, REFRESH_NOTHING)                      \
    X(INVALID_TXN_STATE, 48, false, REFRESH_NOTHING)                           \
    X(INVALID_PRODUCER_ID_MAPPING, 49, false, REFRESH_NOTHING)                 \
    X(INVALID_TRANSACTION_TIMEOUT, 50, false, REFRESH_NOTHING)                 \
    X(CONCURRENT_TRANSACTIONS, 51, true, REFRESH_NOTHING)                      \
    X(TRANSACTION_COORDINATOR_FENCED, 52, false, REFRESH_NOTHING)              \
    X(TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 53, false, REFRESH_NOTHING)       \
    X(SECURITY_DISABLED, 54, false, REFRESH_NOTHING)                           \
    X(OPERATION_NOT_ATTEMPTED, 55, false, REFRESH_NOTHING)                     \
    X(KAFKA_STORAGE_ERROR, 56, true, REFRESH_METADATA)                         \
    X(LOG_DIR_NOT_FOUND, 57, false, REFRESH_NOTHING)                           \
    X(SASL_AUTHENTICATION_FAILED, 58, false, REFRESH_NOTHING)                  \
    X(UNKNOWN_PRODUCER_ID, 59, false, REFRESH_NOTHING)                         \
    X(REASSIGNMENT_IN_PROGRESS, 60, false, REFRESH_NOTHING)                    \
    X(DELEGATION_TOKEN_AUTH_DISABLED, 61, false, REFRESH_NOTHING)              \
    X(DELEGATION_TOKEN_NOT_FOUND, 62, false, REFRESH_NOTHING)                  \
    X(DELEGATION_TOKEN_OWNER_MISMATCH, 63, false, REFRESH_NOTHING)             \
    X(DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, 64, false, REFRESH_NOTHING)        \
    X(DELEGATION_TOKEN_AUTHORIZATION_FAILED, 65, false, REFRESH_NOTHING)       \
    X(DELEGATION_TOKEN_EXPIRED, 66, false, REFRESH_NOTHING)                    \
    X(INVALID_PRINCIPAL_TYPE, 67, false, REFRESH_NOTHING)                      \
    X(NON_EMPTY_GROUP, 68, false, REFRESH_NOTHING)                             \
    X(GROUP_ID_NOT_FOUND, 69, false, REFRESH_NOTHING)                          \
    X(FETCH_SESSION_ID_NOT_FOUND, 70, true, REFRESH_NOTHING)                   \
    X(INVALID_FETCH_SESSION_EPOCH, 71, true, REFRESH_NOTHING)                  \
    X(LISTENER_NOT_FOUND, 72, true, REFRESH_METADATA)                          \
    X(TOPIC_DELETION_DISABLED, 73, false, REFRESH_NOTHING)                     \
    X(FENCED_LEADER_EPOCH, 74, true, REFRESH_METADATA)                         \
    X(UNKNOWN_LEADER_EPOCH, 75, true, REFRESH_NOTHING)                         \
    X(UNSUPPORTED_COMPRESSION_TYPE, 76, false, REFRESH_NOTHING)                \
    X(STALE_BROKER_EPOCH, 77, false, REFRESH_NOTHING)                          \
    X(OFFSET_NOT_AVAILABLE, 78, true, REFRESH_NOTHING)                         \
    X(MEMBER_ID_REQUIRED, 79, false, REFRESH_NOTHING)                          \
    X(PREFERRED_LEADER_NOT_AVAILABLE, 80, true, REFRESH_METADATA)              \
    X(GROUP_MAX_SIZE_REACHED, 81, false, REFRESH_NOTHING)                      \
    X(FENCED_INSTANCE_ID, 82, false, REFRESH_NOTHING)                          \
    X(ELIGIBLE_LEADERS_NOT_AVAILABLE, 83, true, REFRESH_METADATA)              \
    X(ELECTION_NOT_NEEDED, 84, true, REFRESH_METADATA)                         \
    X(NO_REASSIGNMENT_IN_PROGRESS, 85, false, REFRESH_NOTHING)                 \
    X(GROUP_SUBSCRIBED_TO_TOPIC, 86, false, REFRESH_NOTHING)                   \
    X(INVALID_RECORD, 87, false, REFRESH_NOTHING)                              \
    X(UNSTABLE_OFFSET_COMMIT, 88, true, REFRESH_NOTHING)                       \
    X(THROTTLING_QUOTA_EXCEEDED, 89, true, REFRESH_NOTHING)                    \
    X(PRODUCER_FENCED, 90, false, REFRESH_NOTHING)                             \
    X(RESOURCE_NOT_FOUND, 91, false, REFRESH_NOTHING)                          \
    X(DUPLICATE_RESOURCE, 92, false, REFRESH_NOTHING)                          \
    X(UNACCEPTABLE_CREDENTIAL, 93, false, REFRESH_NOTHING)                     \
    X(INCONSISTENT_VOTER_SET, 94, false, REFRESH_NOTHING)                      \
    X(INVALID_UPDATE_VERSION, 95, false, REFRESH_NOTHING)                      \
    X(FEATURE_UPDATE_FAILED, 96, false, REFRESH_NOTHING)                       \
    X(PRINCIPAL_DESERIALIZATION_FAILURE, 97, false, REFRESH_NOTHING)           \
    X(SNAPSHOT_NOT_FOUND, 98, false, REFRESH_NOTHING)                          \
    X(POSITION_OUT_OF_RANGE, 99, false, REFRESH_NOTHING)                       \
    X(UNKNOWN_TOPIC_ID, 100, true, REFRESH_METADATA)                           \
    X(DUPLICATE_BROKER_REGISTRATION, 101, false, REFRESH_NOTHING)              \
    X(BROKER_ID_NOT_REGISTERED, 102, false, REFRESH_NOTHING)                   \
    X(INCONSISTENT_TOPIC_ID, 103, true, REFRESH_METADATA)                      \
    X(INCONSISTENT_CLUSTER_ID, 104, false, REFRESH_NOTHING)                    \
    X(TRANSACTIONAL_ID_NOT_FOUND, 105, false, REFRESH_NOTHING)                 \
    X(FETCH_SESSION_TOPIC_ID_ERROR, 106, true, REFRESH_NOTHING)                \
    X(INELIGIBLE_REPLICA, 107, false, REFRESH_NOTHING)                         \
    X(NEW_LEADER_ELECTED, 108, false, REFRESH_NOTHING)                         \
    X(OFFSET_MOVED_TO_TIERED_STORAGE, 109, false, REFRESH_NOTHING)             \
    X(FENCED_MEMBER_EPOCH, 110, false, REFRESH_NOTHING)                        \
    X(UNRELEASED_INSTANCE_ID, 111, false, REFRESH_NOTHING)                     \
    X(UNSUPPORTED_ASSIGNOR, 112, false, REFRESH_NOTHING)                       \
    X(STALE_MEMBER_EPOCH, 113, false, REFRESH_NOTHING)                         \
    X(MISMATCHED_ENDPOINT_TYPE, 114, false, REFRESH_NOTHING)                   \
    X(UNSUPPORTED_ENDPOINT_TYPE, 115, false, REFRESH_NOTHING)                  \
    X(UNKNOWN_CONTROLLER_ID, 116, false, REFRESH_NOTHING)                      \
    X(UNKNOWN_SUBSCRIPTION_ID, 117, false, REFRESH_NOTHING)                    \
    X(TELEMETRY_TOO_LARGE, 118, false, REFRESH_NOTHING)                        \
    X(INVALID_REGISTRATION, 119, false, REFRESH_NOTHING)                       \
    X(TRANSACTION_ABORTABLE, 120, false, REFRESH_NOTHING)                      \
    X(INVALID_RECORD_STATE, 121, false, REFRESH_NOTHING)                       \
    X(SHARE_SESSION_NOT_FOUND, 122, true, REFRESH_NOTHING)                     \
    X(INVALID_SHARE_SESSION_EPOCH, 123, true, REFRESH_NOTHING)                 \
    X(FENCED_STATE_EPOCH, 124, false, REFRESH_NOTHING)                         \
    X(INVALID_VOTER_KEY, 125, false, REFRESH_NOTHING)                          \
    X(DUPLICATE_VOTER, 126, false, REFRESH_NOTHING)                            \
    X(VOTER_NOT_FOUND, 127, false, REFRESH_NOTHING)                            \
    X(INVALID_REGULAR_EXPRESSION, 128, false, REFRESH_NOTHING)                 \
    X(REBOOTSTRAP_REQUIRED, 129, false, REFRESH_NOTHING)                       \
    X(STREAMS_INVALID_TOPOLOGY, 130, false, REFRESH_NOTHING)                   \
    X(STREAMS_INVALID_TOPOLOGY_EPOCH, 131, false, REFRESH_NOTHING)             \
    X(STREAMS_TOPOLOGY_FENCED, 132, false, REFRESH_NOTHING)                    \
    X(SHARE_SESSION_LIMIT_REACHED, 133, true, REFRESH_NOTHING)                 \
    X(GROUP_DELETION_FAILED, 134, false, REFRESH_NOTHING)                      \
    X(STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED, 135, false, REFRESH_NOTHING) \
    X(CONTROLLER_ID_NOT_REGISTERED, 136, false, REFRESH_NOTHING)

/// The codes as constants: ERROR_NONE, ERROR_OFFSET_OUT_OF_RANGE, ...
enum {

#define KAFKA_ERROR_ENUM(name, code, retriable, refresh) ERROR_##name = (code),
    KAFKA_ERROR_LIST(KAFKA_ERROR_ENUM)
#undef KAFKA_ERROR_ENUM
};

/// What is known of one code.
struct kafka_error {
    const char *name; ///< as Kafka spells it: "NOT_LEADER_OR_FOLLOWER"
    enum kafka_error_refresh refresh;
    int16_t code;
    bool retriable; ///< the same request may succeed later
};

/// The entry of a code, never NULL: for a code from the future it is that of UNKNOWN_SERVER_ERROR,
/// so keep the number where it is to be shown.
const struct kafka_error *kafka_error_find(int16_t code);

/// The name of a code; "UNKNOWN_SERVER_ERROR" for one from the future. Static.
const char *kafka_error_name(int16_t code);
