// SPDX-License-Identifier: Apache-2.0
// The cluster's state and what moves in it when brokers come and go.
#include "tests/fake_kafka/fake_cluster.h"

#include "consumer/base/must.h"
#include "tests/fake_kafka/fake_call.h"
#include "tests/fake_kafka/fake_fetch.h"
#include "tests/fake_kafka/fake_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { FIRST_PORT = 9092, METADATA_MAX_BYTES = 4096, FIRST_SESSION_ID = 100, VALUE_BYTES = 300 };

void fake_cluster_init(struct fake_cluster *cluster, int32_t broker_count) {
    must(broker_count > 0);
    *cluster = (struct fake_cluster){
        .cluster_id = "fake-cluster",
        .metadata_max_bytes = METADATA_MAX_BYTES,
        .coordinator = 1,
        .broker_count = (size_t)broker_count,
    };
    cluster->brokers = must_alloc(cluster->broker_count * sizeof *cluster->brokers);
    for (int32_t i = 0; i < broker_count; i++) {
        struct fake_broker *broker = &cluster->brokers[i];
        broker->node_id = i + 1;
        (void)snprintf(broker->host, sizeof broker->host, "broker-%d", (int)broker->node_id);
        broker->port = FIRST_PORT;
        broker->is_up = true;
        broker->next_session_id = FIRST_SESSION_ID;
    }
}

static void dispose_partitions(struct fake_topic *topic) {
    for (int32_t i = 0; i < topic->partition_count; i++)
        fake_log_dispose(&topic->partitions[i].log);
    free(topic->partitions);
}

static void free_topic(struct fake_cluster *cluster, struct fake_topic *topic) {
    DL_DELETE(cluster->topics, topic);
    dispose_partitions(topic);
    free(topic->name);
    free(topic);
}

void fake_cluster_dispose(struct fake_cluster *cluster) {
    for (size_t i = 0; i < cluster->broker_count; i++) {
        must(cluster->brokers[i].connections == NULL);
        fake_fetch_sessions_clear(&cluster->brokers[i]);
    }
    while (cluster->topics)
        free_topic(cluster, cluster->topics);
    fake_groups_clear(cluster);
    fake_faults_clear(&cluster->faults);
    free(cluster->brokers);
}

uint64_t fake_cluster_new_id(struct fake_cluster *cluster) {
    return ++cluster->next_id;
}

static void step_broker(struct fake_broker *broker) {
    struct fake_connection *connection;
    struct fake_connection *next;
    DL_FOREACH_SAFE(broker->connections, connection, next) {
        fake_connection_step(connection);
    }
}

void fake_cluster_step(struct fake_cluster *cluster, int64_t now_ms) {
    must(now_ms >= cluster->now_ms);
    cluster->now_ms = now_ms;
    // What one connection does may be what another waits for: a produce ends held fetches.
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < cluster->broker_count; i++)
            step_broker(&cluster->brokers[i]);
        fake_groups_step(cluster);
    }
}

int64_t fake_cluster_next_due_ms(const struct fake_cluster *cluster) {
    int64_t due_ms = fake_groups_next_due_ms(cluster);
    for (size_t i = 0; i < cluster->broker_count; i++) {
        const struct fake_connection *connection;
        DL_FOREACH(cluster->brokers[i].connections, connection) {
            int64_t connection_ms = fake_connection_next_due_ms(connection);
            if (connection_ms < due_ms) due_ms = connection_ms;
        }
    }
    return due_ms;
}

// ------------------------------------------------------------------------------------------------
// Brokers

struct fake_broker *fake_cluster_find_broker(struct fake_cluster *cluster, int32_t node_id) {
    for (size_t i = 0; i < cluster->broker_count; i++) {
        if (cluster->brokers[i].node_id == node_id) return &cluster->brokers[i];
    }
    return NULL;
}

struct fake_broker *fake_cluster_find_address(
    struct fake_cluster *cluster, const char *host, int32_t port
) {
    for (size_t i = 0; i < cluster->broker_count; i++) {
        struct fake_broker *broker = &cluster->brokers[i];
        if (broker->is_up && broker->port == port && strcmp(broker->host, host) == 0) return broker;
    }
    return NULL;
}

int32_t fake_cluster_any_broker(const struct fake_cluster *cluster, int32_t except) {
    for (size_t i = 0; i < cluster->broker_count; i++) {
        const struct fake_broker *broker = &cluster->brokers[i];
        if (broker->is_up && broker->node_id != except) return broker->node_id;
    }
    return FAKE_NO_BROKER;
}

static void move(struct fake_partition *partition, int32_t node_id) {
    partition->leader = node_id;
    partition->log.leader_epoch++;
}

void fake_broker_stop(struct fake_cluster *cluster, int32_t node_id) {
    struct fake_broker *broker = fake_cluster_find_broker(cluster, node_id);
    must(broker != NULL && broker->is_up);
    broker->is_up = false;
    struct fake_connection *connection;
    DL_FOREACH(broker->connections, connection) {
        connection->is_closing = true;
    }
    fake_fetch_sessions_clear(broker);
    int32_t heir = fake_cluster_any_broker(cluster, node_id);
    if (cluster->coordinator == node_id) cluster->coordinator = heir;
    struct fake_topic *topic;
    DL_FOREACH(cluster->topics, topic) {
        for (int32_t i = 0; i < topic->partition_count; i++) {
            if (topic->partitions[i].leader == node_id) move(&topic->partitions[i], heir);
        }
    }
}

void fake_broker_start(struct fake_cluster *cluster, int32_t node_id) {
    struct fake_broker *broker = fake_cluster_find_broker(cluster, node_id);
    must(broker != NULL && !broker->is_up);
    broker->is_up = true;
    broker->is_frozen = false;
    if (cluster->coordinator == FAKE_NO_BROKER) cluster->coordinator = node_id;
    struct fake_topic *topic;
    DL_FOREACH(cluster->topics, topic) {
        for (int32_t i = 0; i < topic->partition_count; i++) {
            if (topic->partitions[i].leader == FAKE_NO_BROKER) move(&topic->partitions[i], node_id);
        }
    }
}

// ------------------------------------------------------------------------------------------------
// Topics

static struct uuid new_topic_id(struct fake_cluster *cluster) {
    struct uuid id = { { 0xfa, 0xce } };
    uint64_t number = fake_cluster_new_id(cluster);
    memcpy(id.bytes + sizeof id.bytes - sizeof number, &number, sizeof number);
    return id;
}

static void grow(struct fake_cluster *cluster, struct fake_topic *topic, int32_t count) {
    must(count >= topic->partition_count);
    topic->partitions = must_realloc(topic->partitions, (size_t)count * sizeof *topic->partitions);
    for (int32_t i = topic->partition_count; i < count; i++) {
        size_t turn = (size_t)i % cluster->broker_count;
        int32_t leader = cluster->brokers[turn].node_id;
        if (!cluster->brokers[turn].is_up) leader = fake_cluster_any_broker(cluster, leader);
        topic->partitions[i] = (struct fake_partition){ .leader = leader, .nearest = -1 };
    }
    topic->partition_count = count;
}

struct fake_topic *fake_topic_add(struct fake_cluster *cluster, const char *name, int32_t count) {
    must(count > 0 && !fake_topic_find(cluster, slice_from_string(name)));
    struct fake_topic *topic = must_alloc(sizeof *topic);
    topic->name = must_strdup(name);
    if (!cluster->has_no_topic_ids) topic->id = new_topic_id(cluster);
    grow(cluster, topic, count);
    DL_APPEND(cluster->topics, topic);
    return topic;
}

void fake_topic_delete(struct fake_cluster *cluster, const char *name) {
    struct fake_topic *topic = fake_topic_find(cluster, slice_from_string(name));
    must(topic != NULL);
    free_topic(cluster, topic);
}

void fake_topic_grow(struct fake_cluster *cluster, const char *name, int32_t count) {
    struct fake_topic *topic = fake_topic_find(cluster, slice_from_string(name));
    must(topic != NULL);
    grow(cluster, topic, count);
}

struct fake_topic *fake_topic_find(const struct fake_cluster *cluster, struct slice name) {
    struct fake_topic *topic;
    DL_FOREACH(cluster->topics, topic) {
        if (slice_equal_string(name, topic->name)) return topic;
    }
    return NULL;
}

struct fake_topic *fake_topic_find_id(const struct fake_cluster *cluster, struct uuid id) {
    struct fake_topic *topic;
    DL_FOREACH(cluster->topics, topic) {
        if (!uuid_is_zero(id) && uuid_equal(topic->id, id)) return topic;
    }
    return NULL;
}

struct fake_partition *fake_partition_get(
    const struct fake_cluster *cluster, const char *topic, int32_t partition
) {
    struct fake_topic *found = fake_topic_find(cluster, slice_from_string(topic));
    must(found != NULL && partition >= 0 && partition < found->partition_count);
    return &found->partitions[partition];
}

void fake_partition_move(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t node_id
) {
    move(fake_partition_get(cluster, topic, partition), node_id);
}

// The value of a record that is about to be appended.
static struct slice next_value(
    const struct fake_log *log, int32_t number, const char *topic, int32_t partition, char *text
) {
    int size = snprintf(
        text, VALUE_BYTES, "%s-%d-%lld", topic, (int)partition, (long long)log->end_offset + number
    );
    must(size > 0 && size < VALUE_BYTES);
    return (struct slice){ (const uint8_t *)text, (size_t)size };
}

void fake_partition_fill_old(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t count, int8_t magic
) {
    struct fake_log *log = &fake_partition_get(cluster, topic, partition)->log;
    for (int32_t i = 0; i < count; i++) {
        char text[VALUE_BYTES];
        struct buf bytes = { 0 };
        struct message_to_write message = {
            .magic = magic,
            .offset = log->end_offset,
            .timestamp = cluster->now_ms + cluster->wall_offset_ms,
            .value = next_value(log, 0, topic, partition, text),
        };
        message_write(&message, &bytes);
        fake_log_append_messages(log, buf_slice(&bytes), log->end_offset + 1);
        buf_dispose(&bytes);
    }
}

void fake_partition_wrap_old(
    struct fake_cluster *cluster,
    const char *topic,
    int32_t partition,
    int32_t count,
    const struct message_to_write *wrapper
) {
    struct fake_log *log = &fake_partition_get(cluster, topic, partition)->log;
    struct message_to_write message = *wrapper;
    message.codec = COMPRESSION_NONE;
    struct buf set = { 0 };
    for (int32_t i = 0; i < count; i++) {
        char text[VALUE_BYTES];
        // In format 1 offsets count from the first message.
        message.offset = wrapper->magic == 1 ? i : log->end_offset + i;
        message.value = next_value(log, i, topic, partition, text);
        message_write(&message, &set);
    }
    message = *wrapper;
    message.offset = log->end_offset + count - 1;
    struct buf bytes = { 0 };
    message_write_wrapper(&message, buf_slice(&set), &bytes);
    fake_log_append_messages(log, buf_slice(&bytes), log->end_offset + count);
    buf_dispose(&set);
    buf_dispose(&bytes);
}

void fake_partition_fill(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t count
) {
    struct fake_log *log = &fake_partition_get(cluster, topic, partition)->log;
    for (int32_t i = 0; i < count; i++) {
        char text[VALUE_BYTES];
        fake_log_append_record(
            log,
            &(struct record_to_write){
                .timestamp = cluster->now_ms + cluster->wall_offset_ms,
                .value = next_value(log, 0, topic, partition, text),
            }
        );
    }
}
