// SPDX-License-Identifier: Apache-2.0
// Fetch: records, sessions (KIP-227), leader hints (KIP-951). Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// One replica state of FetchRequest.
struct fetch_request_replica_state {
    int32_t replica_id;
    int64_t replica_epoch;
};

/// One partition of FetchRequest.
struct fetch_request_partition {
    int32_t partition;
    int32_t current_leader_epoch;
    int64_t fetch_offset;
    int32_t last_fetched_epoch;
    int64_t log_start_offset;
    int32_t partition_max_bytes;
    struct uuid replica_directory_id;
};

/// One topic of FetchRequest.
struct fetch_request_topic {
    struct slice topic;
    struct uuid topic_id;
    struct fetch_request_partition *partitions;
    int32_t partitions_count;
};

/// One forgotten topic of FetchRequest.
struct fetch_request_forgotten_topic {
    struct slice topic;
    struct uuid topic_id;
    int32_t *partitions;
    int32_t partitions_count;
};

/// Fetch (1), v4-17: topics by name before v13, by id from then on.
struct fetch_request {
    struct slice cluster_id;
    int32_t replica_id;
    struct fetch_request_replica_state replica_state;
    int32_t max_wait_ms;
    int32_t min_bytes;
    int32_t max_bytes;
    int8_t isolation_level;
    int32_t session_id;
    int32_t session_epoch;
    struct fetch_request_topic *topics;
    int32_t topics_count;
    struct fetch_request_forgotten_topic *forgotten_topics_data;
    int32_t forgotten_topics_data_count;
    struct slice rack_id;
};

/// The table of struct fetch_request_replica_state.
extern const struct schema fetch_request_replica_state_schema;
/// The table of struct fetch_request_partition.
extern const struct schema fetch_request_partition_schema;
/// The table of struct fetch_request_topic.
extern const struct schema fetch_request_topic_schema;
/// The table of struct fetch_request_forgotten_topic.
extern const struct schema fetch_request_forgotten_topic_schema;
/// The table of struct fetch_request.
extern const struct schema fetch_request_schema;

/// One diverging epoch of FetchResponse.
struct fetch_response_diverging_epoch {
    int32_t epoch;
    int64_t end_offset;
};

/// One leader of FetchResponse.
struct fetch_response_leader {
    int32_t leader_id;
    int32_t leader_epoch;
};

/// One snapshot id of FetchResponse.
struct fetch_response_snapshot_id {
    int64_t end_offset;
    int32_t epoch;
};

/// One aborted transaction of FetchResponse.
struct fetch_response_aborted_transaction {
    int64_t producer_id;
    int64_t first_offset;
};

/// One partition of FetchResponse.
struct fetch_response_partition {
    int32_t partition_index;
    int16_t error_code;
    int64_t high_watermark;
    int64_t last_stable_offset;
    int64_t log_start_offset;
    struct fetch_response_diverging_epoch diverging_epoch;
    struct fetch_response_leader current_leader;
    struct fetch_response_snapshot_id snapshot_id;
    struct fetch_response_aborted_transaction *aborted_transactions;
    int32_t aborted_transactions_count;
    int32_t preferred_read_replica;
    struct slice records;
};

/// One topic of FetchResponse.
struct fetch_response_topic {
    struct slice topic;
    struct uuid topic_id;
    struct fetch_response_partition *partitions;
    int32_t partitions_count;
};

/// One node endpoint of FetchResponse.
struct fetch_response_node_endpoint {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack;
};

/// The answer to Fetch.
struct fetch_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    int32_t session_id;
    struct fetch_response_topic *responses;
    int32_t responses_count;
    struct fetch_response_node_endpoint *node_endpoints;
    int32_t node_endpoints_count;
};

/// The table of struct fetch_response_diverging_epoch.
extern const struct schema fetch_response_diverging_epoch_schema;
/// The table of struct fetch_response_leader.
extern const struct schema fetch_response_leader_schema;
/// The table of struct fetch_response_snapshot_id.
extern const struct schema fetch_response_snapshot_id_schema;
/// The table of struct fetch_response_aborted_transaction.
extern const struct schema fetch_response_aborted_transaction_schema;
/// The table of struct fetch_response_partition.
extern const struct schema fetch_response_partition_schema;
/// The table of struct fetch_response_topic.
extern const struct schema fetch_response_topic_schema;
/// The table of struct fetch_response_node_endpoint.
extern const struct schema fetch_response_node_endpoint_schema;
/// The table of struct fetch_response.
extern const struct schema fetch_response_schema;
