// SPDX-License-Identifier: Apache-2.0
// Metadata and FindCoordinator: where things are. Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// One topic of MetadataRequest.
struct metadata_request_topic {
    struct uuid topic_id;
    struct slice name;
};

/// Metadata (3), v1-13: brokers, topics, leaders. Null topics asks for all, an empty array for
/// none.
struct metadata_request {
    struct metadata_request_topic *topics;
    int32_t topics_count;
    bool allow_auto_topic_creation;
    bool include_cluster_authorized_operations;
    bool include_topic_authorized_operations;
};

/// The table of struct metadata_request_topic.
extern const struct schema metadata_request_topic_schema;
/// The table of struct metadata_request.
extern const struct schema metadata_request_schema;

/// One broker of MetadataResponse.
struct metadata_response_broker {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack;
};

/// One partition of MetadataResponse.
struct metadata_response_partition {
    int16_t error_code;
    int32_t partition_index;
    int32_t leader_id;
    int32_t leader_epoch;
    int32_t *replica_nodes;
    int32_t replica_nodes_count;
    int32_t *isr_nodes;
    int32_t isr_nodes_count;
    int32_t *offline_replicas;
    int32_t offline_replicas_count;
};

/// One topic of MetadataResponse.
struct metadata_response_topic {
    int16_t error_code;
    struct slice name;
    struct uuid topic_id;
    bool is_internal;
    struct metadata_response_partition *partitions;
    int32_t partitions_count;
    int32_t topic_authorized_operations;
};

/// The answer to Metadata.
struct metadata_response {
    int32_t throttle_time_ms;
    struct metadata_response_broker *brokers;
    int32_t brokers_count;
    struct slice cluster_id;
    int32_t controller_id;
    struct metadata_response_topic *topics;
    int32_t topics_count;
    int32_t cluster_authorized_operations;
    int16_t error_code;
};

/// The table of struct metadata_response_broker.
extern const struct schema metadata_response_broker_schema;
/// The table of struct metadata_response_partition.
extern const struct schema metadata_response_partition_schema;
/// The table of struct metadata_response_topic.
extern const struct schema metadata_response_topic_schema;
/// The table of struct metadata_response.
extern const struct schema metadata_response_schema;

/// FindCoordinator (10), v1-6: one key before v4, many from then on. Key type 0 is a group.
struct find_coordinator_request {
    struct slice key;
    int8_t key_type;
    struct slice *coordinator_keys;
    int32_t coordinator_keys_count;
};

/// The table of struct find_coordinator_request.
extern const struct schema find_coordinator_request_schema;

/// One coordinator of FindCoordinatorResponse.
struct find_coordinator_response_coordinator {
    struct slice key;
    int32_t node_id;
    struct slice host;
    int32_t port;
    int16_t error_code;
    struct slice error_message;
};

/// The answer to FindCoordinator: by top-level fields before v4, by `coordinators` from then on.
struct find_coordinator_response {
    int32_t throttle_time_ms;
    int16_t error_code;
    struct slice error_message;
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct find_coordinator_response_coordinator *coordinators;
    int32_t coordinators_count;
};

/// The table of struct find_coordinator_response_coordinator.
extern const struct schema find_coordinator_response_coordinator_schema;
/// The table of struct find_coordinator_response.
extern const struct schema find_coordinator_response_schema;
