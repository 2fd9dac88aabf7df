// SPDX-License-Identifier: Apache-2.0
// Offsets committed, offsets by time, and where leader epochs end. Plain data, any thread.
#pragma once

#include "consumer/wire/schema.h"

/// One topic of OffsetFetchRequest.
struct offset_fetch_request_topic {
    struct slice name;
    struct uuid topic_id;
    int32_t *partition_indexes;
    int32_t partition_indexes_count;
};

/// One group of OffsetFetchRequest.
struct offset_fetch_request_group {
    struct slice group_id;
    struct slice member_id;
    int32_t member_epoch;
    struct offset_fetch_request_topic *topics;
    int32_t topics_count;
};

/// OffsetFetch (9), v1-10: committed offsets of one group before v8, of many from then on. Null
/// topics asks for all.
struct offset_fetch_request {
    struct slice group_id;
    struct offset_fetch_request_topic *topics;
    int32_t topics_count;
    struct offset_fetch_request_group *groups;
    int32_t groups_count;
    bool require_stable;
};

/// The table of struct offset_fetch_request_topic.
extern const struct schema offset_fetch_request_topic_schema;
/// The table of struct offset_fetch_request_group.
extern const struct schema offset_fetch_request_group_schema;
/// The table of struct offset_fetch_request.
extern const struct schema offset_fetch_request_schema;

/// One partition of OffsetFetchResponse.
struct offset_fetch_response_partition {
    int32_t partition_index;
    int64_t committed_offset;
    int32_t committed_leader_epoch;
    struct slice metadata;
    int16_t error_code;
};

/// One topic of OffsetFetchResponse.
struct offset_fetch_response_topic {
    struct slice name;
    struct uuid topic_id;
    struct offset_fetch_response_partition *partitions;
    int32_t partitions_count;
};

/// One group of OffsetFetchResponse.
struct offset_fetch_response_group {
    struct slice group_id;
    struct offset_fetch_response_topic *topics;
    int32_t topics_count;
    int16_t error_code;
};

/// The answer to OffsetFetch: by `topics` and `error_code` before v8, by `groups` from then on.
struct offset_fetch_response {
    int32_t throttle_time_ms;
    struct offset_fetch_response_topic *topics;
    int32_t topics_count;
    int16_t error_code;
    struct offset_fetch_response_group *groups;
    int32_t groups_count;
};

/// The table of struct offset_fetch_response_partition.
extern const struct schema offset_fetch_response_partition_schema;
/// The table of struct offset_fetch_response_topic.
extern const struct schema offset_fetch_response_topic_schema;
/// The table of struct offset_fetch_response_group.
extern const struct schema offset_fetch_response_group_schema;
/// The table of struct offset_fetch_response.
extern const struct schema offset_fetch_response_schema;

/// One partition of OffsetCommitRequest.
struct offset_commit_request_partition {
    int32_t partition_index;
    int64_t committed_offset;
    int32_t committed_leader_epoch;
    struct slice committed_metadata;
};

/// One topic of OffsetCommitRequest.
struct offset_commit_request_topic {
    struct slice name;
    struct uuid topic_id;
    struct offset_commit_request_partition *partitions;
    int32_t partitions_count;
};

/// OffsetCommit (8), v2-10: topics by name before v10, by id from then on.
struct offset_commit_request {
    struct slice group_id;
    int32_t generation_id_or_member_epoch;
    struct slice member_id;
    struct slice group_instance_id;
    int64_t retention_time_ms;
    struct offset_commit_request_topic *topics;
    int32_t topics_count;
};

/// The table of struct offset_commit_request_partition.
extern const struct schema offset_commit_request_partition_schema;
/// The table of struct offset_commit_request_topic.
extern const struct schema offset_commit_request_topic_schema;
/// The table of struct offset_commit_request.
extern const struct schema offset_commit_request_schema;

/// One partition of OffsetCommitResponse.
struct offset_commit_response_partition {
    int32_t partition_index;
    int16_t error_code;
};

/// One topic of OffsetCommitResponse.
struct offset_commit_response_topic {
    struct slice name;
    struct uuid topic_id;
    struct offset_commit_response_partition *partitions;
    int32_t partitions_count;
};

/// The answer to OffsetCommit.
struct offset_commit_response {
    int32_t throttle_time_ms;
    struct offset_commit_response_topic *topics;
    int32_t topics_count;
};

/// The table of struct offset_commit_response_partition.
extern const struct schema offset_commit_response_partition_schema;
/// The table of struct offset_commit_response_topic.
extern const struct schema offset_commit_response_topic_schema;
/// The table of struct offset_commit_response.
extern const struct schema offset_commit_response_schema;

/// One partition of ListOffsetsRequest.
struct list_offsets_request_partition {
    int32_t partition_index;
    int32_t current_leader_epoch;
    int64_t timestamp;
};

/// One topic of ListOffsetsRequest.
struct list_offsets_request_topic {
    struct slice name;
    struct list_offsets_request_partition *partitions;
    int32_t partitions_count;
};

/// ListOffsets (2), v1-11: offsets by timestamp; -1 latest, -2 earliest, -3 max timestamp.
struct list_offsets_request {
    int32_t replica_id;
    int8_t isolation_level;
    struct list_offsets_request_topic *topics;
    int32_t topics_count;
    int32_t timeout_ms;
};

/// The table of struct list_offsets_request_partition.
extern const struct schema list_offsets_request_partition_schema;
/// The table of struct list_offsets_request_topic.
extern const struct schema list_offsets_request_topic_schema;
/// The table of struct list_offsets_request.
extern const struct schema list_offsets_request_schema;

/// One partition of ListOffsetsResponse.
struct list_offsets_response_partition {
    int32_t partition_index;
    int16_t error_code;
    int64_t timestamp;
    int64_t offset;
    int32_t leader_epoch;
};

/// One topic of ListOffsetsResponse.
struct list_offsets_response_topic {
    struct slice name;
    struct list_offsets_response_partition *partitions;
    int32_t partitions_count;
};

/// The answer to ListOffsets.
struct list_offsets_response {
    int32_t throttle_time_ms;
    struct list_offsets_response_topic *topics;
    int32_t topics_count;
};

/// The table of struct list_offsets_response_partition.
extern const struct schema list_offsets_response_partition_schema;
/// The table of struct list_offsets_response_topic.
extern const struct schema list_offsets_response_topic_schema;
/// The table of struct list_offsets_response.
extern const struct schema list_offsets_response_schema;

/// One partition of OffsetForLeaderEpochRequest.
struct offset_for_leader_epoch_request_partition {
    int32_t partition;
    int32_t current_leader_epoch;
    int32_t leader_epoch;
};

/// One topic of OffsetForLeaderEpochRequest.
struct offset_for_leader_epoch_request_topic {
    struct slice topic;
    struct offset_for_leader_epoch_request_partition *partitions;
    int32_t partitions_count;
};

/// OffsetForLeaderEpoch (23), v2-4: where a leader epoch ends (KIP-320). A consumer sends
/// replica_id -1.
struct offset_for_leader_epoch_request {
    int32_t replica_id;
    struct offset_for_leader_epoch_request_topic *topics;
    int32_t topics_count;
};

/// The table of struct offset_for_leader_epoch_request_partition.
extern const struct schema offset_for_leader_epoch_request_partition_schema;
/// The table of struct offset_for_leader_epoch_request_topic.
extern const struct schema offset_for_leader_epoch_request_topic_schema;
/// The table of struct offset_for_leader_epoch_request.
extern const struct schema offset_for_leader_epoch_request_schema;

/// One partition of OffsetForLeaderEpochResponse.
struct offset_for_leader_epoch_response_partition {
    int16_t error_code;
    int32_t partition;
    int32_t leader_epoch;
    int64_t end_offset;
};

/// One topic of OffsetForLeaderEpochResponse.
struct offset_for_leader_epoch_response_topic {
    struct slice topic;
    struct offset_for_leader_epoch_response_partition *partitions;
    int32_t partitions_count;
};

/// The answer to OffsetForLeaderEpoch.
struct offset_for_leader_epoch_response {
    int32_t throttle_time_ms;
    struct offset_for_leader_epoch_response_topic *topics;
    int32_t topics_count;
};

/// The table of struct offset_for_leader_epoch_response_partition.
extern const struct schema offset_for_leader_epoch_response_partition_schema;
/// The table of struct offset_for_leader_epoch_response_topic.
extern const struct schema offset_for_leader_epoch_response_topic_schema;
/// The table of struct offset_for_leader_epoch_response.
extern const struct schema offset_for_leader_epoch_response_schema;
