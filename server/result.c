// SPDX-License-Identifier: Apache-2.0
// Arrays are copied as they are; then every pointer in them is replaced by that of a copy.
#include "server/result.h"

#include "server/base/must.h"

#include <string.h>

static void *copy_array(struct pool *pool, const void *from, size_t count, size_t size) {
    must(from != NULL || count == 0);
    void *copy = pool_array(pool, count, size);
    if (count > 0) memcpy(copy, from, count * size);
    return copy;
}

static void copy_partitions(struct result *result) {
    struct kc_result *value = &result->value;
    struct kc_partition *partitions =
        copy_array(&result->pool, value->partitions, value->partition_count, sizeof *partitions);
    for (size_t i = 0; i < value->partition_count; i++) {
        struct kc_partition *one = &partitions[i];
        one->topic = pool_string(&result->pool, one->topic);
        one->metadata = pool_copy(&result->pool, one->metadata, one->metadata_size);
    }
    value->partitions = partitions;
}

static void copy_topic(struct pool *pool, struct kc_topic *topic) {
    topic->topic = pool_string(pool, topic->topic);
    struct kc_topic_partition *partitions =
        copy_array(pool, topic->partitions, topic->partition_count, sizeof *partitions);
    for (size_t i = 0; i < topic->partition_count; i++) {
        struct kc_topic_partition *one = &partitions[i];
        one->replicas = copy_array(pool, one->replicas, one->replica_count, sizeof(int32_t));
        one->in_sync_replicas =
            copy_array(pool, one->in_sync_replicas, one->in_sync_replica_count, sizeof(int32_t));
    }
    topic->partitions = partitions;
}

static void copy_topics(struct result *result) {
    struct kc_result *value = &result->value;
    struct kc_topic *topics =
        copy_array(&result->pool, value->topics, value->topic_count, sizeof *topics);
    for (size_t i = 0; i < value->topic_count; i++)
        copy_topic(&result->pool, &topics[i]);
    value->topics = topics;
}

static void copy_texts(struct pool *pool, struct kc_description *description) {
    const char **const texts[] = {
        &description->state,
        &description->reason,
        &description->group_id,
        &description->member_id,
        &description->group_instance_id,
        &description->client_id,
        &description->protocol,
        &description->assignor,
        &description->coordinator_host,
        &description->cluster_id,
        &description->rebalance_reason,
        &description->last_error_text,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = pool_string(pool, *texts[i]);
}

static void copy_brokers(struct pool *pool, struct kc_description *copy) {
    struct kc_broker_state *brokers =
        copy_array(pool, copy->brokers, copy->broker_count, sizeof *brokers);
    for (size_t i = 0; i < copy->broker_count; i++) {
        struct kc_broker_state *one = &brokers[i];
        one->host = pool_string(pool, one->host);
        one->state = pool_string(pool, one->state);
        one->release = pool_string(pool, one->release);
        one->last_error = pool_string(pool, one->last_error);
    }
    copy->brokers = brokers;
}

static void copy_description(struct result *result) {
    struct pool *pool = &result->pool;
    struct kc_description *copy = copy_array(pool, result->value.description, 1, sizeof *copy);
    copy_texts(pool, copy);
    const char **subscription = pool_array(pool, copy->subscription_count, sizeof(const char *));
    for (size_t i = 0; i < copy->subscription_count; i++)
        subscription[i] = pool_string(pool, copy->subscription[i]);
    copy->subscription = subscription;
    struct kc_partition_state *states =
        copy_array(pool, copy->assignment, copy->assignment_count, sizeof *states);
    for (size_t i = 0; i < copy->assignment_count; i++) {
        states[i].topic = pool_string(pool, states[i].topic);
        states[i].state = pool_string(pool, states[i].state);
    }
    copy->assignment = states;
    copy_brokers(pool, copy);
    result->value.description = copy;
}

void result_copy(struct result *result, const struct kc_result *from) {
    must(from != NULL && result->pool.newest == NULL);
    result->value = *from;
    result->value.message = pool_string(&result->pool, from->message ? from->message : "");
    copy_partitions(result);
    copy_topics(result);
    if (from->description) copy_description(result);
}

void result_dispose(struct result *result) {
    pool_dispose(&result->pool);
    *result = (struct result){ 0 };
}
