// SPDX-License-Identifier: Apache-2.0
// None and not known are null everywhere, never -1.
#include "server/http/answers.h"

#include "server/base/must.h"
#include "server/http/problem.h"
#include "server/json/writer.h"

static void write_partition(struct out *out, const struct kc_partition *one, unsigned members) {
    writer_begin_object(out);
    writer_member_string(out, "topic", one->topic);
    writer_member_known(out, "partition", one->partition);
    if (members & ANSWER_OFFSET) writer_member_known(out, "offset", one->offset);
    if (members & ANSWER_TIMESTAMP) writer_member_known(out, "timestamp", one->timestamp_ms);
    if (members & ANSWER_LEADER_EPOCH) {
        writer_member_known(out, "leader_epoch", one->leader_epoch);
    }
    if (members & ANSWER_METADATA) {
        struct kc_bytes metadata = { (const uint8_t *)one->metadata, one->metadata_size };
        writer_member_bytes(out, "metadata", metadata);
    }
    if (members & ANSWER_ERROR) problem_write_error(out, one->status, one->kafka_error);
    writer_end_object(out);
}

void answer_partitions(
    struct out *out,
    const char *key,
    const struct kc_partition *partitions,
    size_t count,
    unsigned members
) {
    must(partitions != NULL || count == 0);
    writer_key(out, key);
    writer_begin_array(out);
    for (size_t i = 0; i < count; i++)
        write_partition(out, &partitions[i], members);
    writer_end_array(out);
}

static void write_names(struct out *out, const char *key, const char *const *names, size_t count) {
    must(names != NULL || count == 0);
    writer_key(out, key);
    writer_begin_array(out);
    for (size_t i = 0; i < count; i++)
        writer_string(out, names[i]);
    writer_end_array(out);
}

static void write_state(struct out *out, const struct kc_partition_state *state) {
    writer_begin_object(out);
    writer_member_string(out, "topic", state->topic);
    writer_member_integer(out, "partition", state->partition);
    writer_member_string(out, "state", state->state);
    writer_member_known(out, "position", state->position);
    writer_member_known(out, "committed", state->committed);
    writer_member_known(out, "high_watermark", state->high_watermark);
    writer_member_known(out, "last_stable_offset", state->last_stable_offset);
    writer_member_known(out, "lag", state->lag);
    writer_member_boolean(out, "paused", state->paused);
    writer_member_known(out, "acknowledged", state->acknowledged);
    writer_member_integer(out, "buffered_bytes", state->buffered_bytes);
    writer_member_integer(out, "buffered_records", state->buffered_records);
    writer_member_known(out, "leader", state->leader);
    writer_member_known(out, "leader_epoch", state->leader_epoch);
    writer_member_known(out, "preferred_replica", state->preferred_replica);
    problem_write_error(out, state->last_error, state->kafka_error);
    writer_end_object(out);
}

static void write_coordinator(struct out *out, const struct kc_description *description) {
    if (description->coordinator < 0) {
        writer_member_null(out, "coordinator");
        return;
    }
    writer_key(out, "coordinator");
    writer_begin_object(out);
    writer_member_integer(out, "node", description->coordinator);
    writer_member_string(out, "host", description->coordinator_host);
    writer_member_integer(out, "port", description->coordinator_port);
    writer_end_object(out);
}

static void write_brokers(struct out *out, const struct kc_description *description) {
    must(description->brokers != NULL || description->broker_count == 0);
    writer_key(out, "brokers");
    writer_begin_array(out);
    for (size_t i = 0; i < description->broker_count; i++) {
        const struct kc_broker_state *one = &description->brokers[i];
        writer_begin_object(out);
        writer_member_known(out, "node", one->node_id);
        writer_member_string(out, "host", one->host);
        writer_member_integer(out, "port", one->port);
        writer_member_string(out, "state", one->state);
        writer_member_string(out, "release", one->release);
        writer_member_string(out, "last_error", one->last_error[0] ? one->last_error : NULL);
        writer_end_object(out);
    }
    writer_end_array(out);
}

static void write_last_error(struct out *out, const struct kc_description *description) {
    if (description->last_error == KC_OK) {
        writer_member_null(out, "last_error");
        return;
    }
    writer_key(out, "last_error");
    writer_begin_object(out);
    problem_write_error(out, description->last_error, description->last_kafka_error);
    writer_member_string(out, "detail", description->last_error_text);
    writer_end_object(out);
}

static void write_member(struct out *out, const struct kc_description *description) {
    writer_member_string(out, "group_id", description->group_id);
    writer_member_string(out, "member_id", description->member_id);
    writer_member_string(out, "group_instance_id", description->group_instance_id);
    writer_member_string(out, "client_id", description->client_id);
    writer_member_known(out, "generation", description->generation);
    writer_member_string(out, "protocol", description->protocol);
    writer_member_string(out, "assignor", description->assignor);
    write_coordinator(out, description);
    writer_member_string(out, "cluster_id", description->cluster_id);
    writer_member_known(out, "heartbeat_age_ms", description->heartbeat_age_ms);
    writer_member_integer(out, "heartbeat_interval_ms", description->heartbeat_interval_ms);
    writer_member_integer(out, "session_timeout_ms", description->session_timeout_ms);
    writer_member_integer(out, "rebalance_count", description->rebalance_count);
    writer_member_integer(out, "failed_rebalance_count", description->failed_rebalance_count);
    writer_member_string(out, "rebalance_reason", description->rebalance_reason);
    writer_member_known(out, "rebalance_age_ms", description->rebalance_age_ms);
}

void answer_begin_status(struct out *out, const struct kc_description *description) {
    must(description != NULL);
    writer_begin_object(out);
    writer_member_string(out, "state", description->state);
    writer_member_boolean(out, "ready", description->ready);
    writer_member_string(out, "reason", description->ready ? NULL : description->reason);
    write_member(out, description);
    write_names(out, "subscription", description->subscription, description->subscription_count);
    writer_member_boolean(out, "assigned_by_hand", description->assigned_by_hand);
    writer_key(out, "assignment");
    writer_begin_array(out);
    for (size_t i = 0; i < description->assignment_count; i++)
        write_state(out, &description->assignment[i]);
    writer_end_array(out);
    writer_member_integer(out, "buffered_bytes", description->buffered_bytes);
    writer_member_integer(out, "connection_count", description->connection_count);
    write_brokers(out, description);
    write_last_error(out, description);
}

static void write_assigned(
    struct out *out, const struct kc_description *description, bool paused_alone
) {
    writer_key(out, "partitions");
    writer_begin_array(out);
    for (size_t i = 0; i < description->assignment_count; i++) {
        const struct kc_partition_state *state = &description->assignment[i];
        if (paused_alone && !state->paused) continue;
        writer_begin_object(out);
        writer_member_string(out, "topic", state->topic);
        writer_member_integer(out, "partition", state->partition);
        writer_end_object(out);
    }
    writer_end_array(out);
}

void answer_assignment(struct out *out, const struct kc_description *description) {
    must(description != NULL);
    writer_begin_object(out);
    write_assigned(out, description, false);
    writer_member_boolean(out, "assigned_by_hand", description->assigned_by_hand);
    writer_end_object(out);
}

void answer_paused(struct out *out, const struct kc_description *description) {
    must(description != NULL);
    writer_begin_object(out);
    write_assigned(out, description, true);
    writer_end_object(out);
}

void answer_subscription(struct out *out, const struct kc_description *description) {
    must(description != NULL);
    writer_begin_object(out);
    write_names(out, "topics", description->subscription, description->subscription_count);
    writer_member_string(out, "pattern", description->subscription_pattern);
    writer_end_object(out);
}

static void write_nodes(struct out *out, const char *key, const int32_t *nodes, size_t count) {
    must(nodes != NULL || count == 0);
    writer_key(out, key);
    writer_begin_array(out);
    for (size_t i = 0; i < count; i++)
        writer_integer(out, nodes[i]);
    writer_end_array(out);
}

static void write_topic_partition(struct out *out, const struct kc_topic_partition *one) {
    writer_begin_object(out);
    writer_member_integer(out, "partition", one->partition);
    writer_member_known(out, "leader", one->leader);
    writer_member_known(out, "leader_epoch", one->leader_epoch);
    write_nodes(out, "replicas", one->replicas, one->replica_count);
    write_nodes(out, "in_sync_replicas", one->in_sync_replicas, one->in_sync_replica_count);
    problem_write_error(out, one->kafka_error ? KC_KAFKA_ERROR : KC_OK, one->kafka_error);
    writer_end_object(out);
}

/// A topic id in the shape of other UUIDs; null for none.
static void write_topic_id(struct out *out, const uint8_t id[16]) {
    bool none = true;
    for (size_t i = 0; i < 16; i++)
        none = none && id[i] == 0;
    if (none) {
        writer_member_null(out, "topic_id");
        return;
    }
    writer_key(out, "topic_id");
    out_byte(out, '"');
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out_byte(out, '-');
        out_format(out, "%02x", id[i]);
    }
    out_byte(out, '"');
}

void answer_topic(struct out *out, const struct kc_topic *topic) {
    writer_begin_object(out);
    writer_member_string(out, "topic", topic->topic);
    write_topic_id(out, topic->topic_id);
    writer_member_boolean(out, "internal", topic->internal);
    writer_key(out, "partitions");
    writer_begin_array(out);
    for (size_t i = 0; i < topic->partition_count; i++)
        write_topic_partition(out, &topic->partitions[i]);
    writer_end_array(out);
    problem_write_error(out, topic->status, topic->kafka_error);
    writer_end_object(out);
}
