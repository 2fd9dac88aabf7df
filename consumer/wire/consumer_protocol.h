// SPDX-License-Identifier: Apache-2.0
// What consumers of a classic group tell each other inside JoinGroup and SyncGroup. Plain data, any
// thread.
#pragma once

#include "consumer/wire/schema.h"

/// Partitions of one topic, in subscriptions (v1-3) and assignments.
struct consumer_protocol_topic_partitions {
    struct slice topic;
    int32_t *partitions;
    int32_t partitions_count;
};

/// v0-3: what a member tells the group leader.
struct consumer_protocol_subscription {
    struct slice *topics;
    int32_t topics_count;
    struct slice user_data;
    struct consumer_protocol_topic_partitions *owned_partitions;
    int32_t owned_partitions_count;
    int32_t generation_id;
    struct slice rack_id;
};

/// The table of struct consumer_protocol_topic_partitions.
extern const struct schema consumer_protocol_topic_partitions_schema;
/// The table of struct consumer_protocol_subscription.
extern const struct schema consumer_protocol_subscription_schema;

/// v0-3: what the group leader gives a member.
struct consumer_protocol_assignment {
    struct consumer_protocol_topic_partitions *assigned_partitions;
    int32_t assigned_partitions_count;
    struct slice user_data;
};

/// The table of struct consumer_protocol_assignment.
extern const struct schema consumer_protocol_assignment_schema;

/// Reads a subscription behind its int16 version. A version newer than v3 is read as v3, and bytes
/// may follow: newer members are understood (as Apache Kafka does). STATUS_INVALID_FRAME for a
/// negative version, null or bytes that are no subscription; STATUS_TOO_LARGE as schema_decode().
enum status consumer_protocol_decode_subscription(
    struct slice bytes, struct arena *arena, struct consumer_protocol_subscription *subscription
);

/// Appends a version and a subscription of that version (0 to 3). Errors as schema_encode().
enum status consumer_protocol_encode_subscription(
    int16_t version, const struct consumer_protocol_subscription *subscription, struct buf *out
);

/// Reads an assignment behind its int16 version, with the same rules; null and empty bytes are an
/// assignment of nothing (a member may get none).
enum status consumer_protocol_decode_assignment(
    struct slice bytes, struct arena *arena, struct consumer_protocol_assignment *assignment
);

/// Appends a version and an assignment of that version (0 to 3). Errors as schema_encode().
enum status consumer_protocol_encode_assignment(
    int16_t version, const struct consumer_protocol_assignment *assignment, struct buf *out
);
