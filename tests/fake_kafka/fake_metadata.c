// SPDX-License-Identifier: Apache-2.0
// Where things are: Metadata, FindCoordinator, CreateTopics.
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"
#include "tests/fake_kafka/fake_handlers.h"
#include "tests/fake_kafka/messages_produce.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { FIRST_VERSION_WITH_ERROR = 13, FIRST_BATCHED_VERSION = 4, NEW_TOPIC_PARTITIONS = 1 };

static void list_brokers(struct fake_call *call, struct metadata_response *response) {
    const struct fake_cluster *cluster = call->cluster;
    response->brokers =
        fake_call_array(call, &metadata_response_broker_schema, (int32_t)cluster->broker_count);
    for (size_t i = 0; i < cluster->broker_count; i++) {
        const struct fake_broker *broker = &cluster->brokers[i];
        if (!broker->is_up) continue;
        struct metadata_response_broker *shown = &response->brokers[response->brokers_count++];
        shown->node_id = broker->node_id;
        shown->host = slice_from_string(broker->host);
        shown->port = broker->port;
    }
}

static int32_t *one_node(struct fake_call *call, int32_t node_id) {
    int32_t *nodes = arena_array(&call->arena, 1, sizeof *nodes);
    nodes[0] = node_id;
    return nodes;
}

static void show_topic(
    struct fake_call *call, const struct fake_topic *topic, struct metadata_response_topic *shown
) {
    shown->name = slice_from_string(topic->name);
    shown->topic_id = topic->id;
    shown->is_internal = topic->is_internal;
    shown->partitions =
        fake_call_array(call, &metadata_response_partition_schema, topic->partition_count);
    shown->partitions_count = topic->partition_count;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        const struct fake_partition *partition = &topic->partitions[i];
        struct metadata_response_partition *row = &shown->partitions[i];
        row->partition_index = i;
        row->leader_id = partition->leader;
        row->leader_epoch = partition->log.leader_epoch;
        row->error_code = partition->leader < 0 ? ERROR_LEADER_NOT_AVAILABLE : ERROR_NONE;
        if (partition->leader < 0) continue;
        row->replica_nodes = one_node(call, partition->leader);
        row->replica_nodes_count = 1;
        row->isr_nodes = row->replica_nodes;
        row->isr_nodes_count = 1;
    }
}

static struct fake_topic *find_or_create(
    struct fake_call *call, const struct metadata_request_topic *asked
) {
    const struct metadata_request *request = call->request;
    struct fake_cluster *cluster = call->cluster;
    if (!asked->name.data) return fake_topic_find_id(cluster, asked->topic_id);
    struct fake_topic *topic = fake_topic_find(cluster, asked->name);
    bool creates = cluster->creates_topics && request->allow_auto_topic_creation;
    if (topic || !creates) return topic;
    char *name = slice_dup_string(asked->name);
    topic = fake_topic_add(cluster, name, NEW_TOPIC_PARTITIONS);
    free(name);
    return topic;
}

static void list_asked(struct fake_call *call, struct metadata_response *response) {
    const struct metadata_request *request = call->request;
    response->topics =
        fake_call_array(call, &metadata_response_topic_schema, request->topics_count);
    response->topics_count = request->topics_count;
    for (int32_t i = 0; i < request->topics_count; i++) {
        const struct metadata_request_topic *asked = &request->topics[i];
        struct metadata_response_topic *shown = &response->topics[i];
        struct fake_topic *topic = find_or_create(call, asked);
        shown->name = asked->name;
        shown->topic_id = asked->topic_id;
        shown->error_code = fake_call_error(call);
        if (shown->error_code) continue;
        if (topic) {
            show_topic(call, topic, shown);
        } else {
            shown->error_code =
                asked->name.data ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_UNKNOWN_TOPIC_ID;
        }
    }
}

static void list_all(struct fake_call *call, struct metadata_response *response) {
    int32_t count = 0;
    struct fake_topic *topic;
    DL_COUNT(call->cluster->topics, topic, count);
    response->topics = fake_call_array(call, &metadata_response_topic_schema, count);
    DL_FOREACH(call->cluster->topics, topic) {
        show_topic(call, topic, &response->topics[response->topics_count++]);
    }
}

enum fake_served fake_metadata_serve(struct fake_call *call) {
    const struct metadata_request *request = call->request;
    struct metadata_response *response = call->response;
    response->cluster_id = slice_from_string(call->cluster->cluster_id);
    response->controller_id = fake_cluster_any_broker(call->cluster, FAKE_NO_BROKER);
    list_brokers(call, response);
    if (request->topics_count >= 0) {
        list_asked(call, response);
    } else {
        list_all(call, response);
    }
    if (call->version >= FIRST_VERSION_WITH_ERROR) response->error_code = fake_call_error(call);
    return FAKE_ANSWERED;
}

// ------------------------------------------------------------------------------------------------

static void show_coordinator(
    struct fake_call *call, struct find_coordinator_response_coordinator *shown
) {
    struct fake_cluster *cluster = call->cluster;
    const struct fake_broker *broker = fake_cluster_find_broker(cluster, cluster->coordinator);
    shown->node_id = -1;
    shown->port = -1;
    shown->host = SLICE_LITERAL("");
    shown->error_code = fake_call_error(call);
    if (!broker && !shown->error_code) shown->error_code = ERROR_COORDINATOR_NOT_AVAILABLE;
    if (shown->error_code) return;
    shown->node_id = broker->node_id;
    shown->host = slice_from_string(broker->host);
    shown->port = broker->port;
}

enum fake_served fake_find_coordinator_serve(struct fake_call *call) {
    const struct find_coordinator_request *request = call->request;
    struct find_coordinator_response *response = call->response;
    if (call->version >= FIRST_BATCHED_VERSION) {
        int32_t count = request->coordinator_keys_count > 0 ? request->coordinator_keys_count : 0;
        response->coordinators =
            fake_call_array(call, &find_coordinator_response_coordinator_schema, count);
        response->coordinators_count = count;
        for (int32_t i = 0; i < count; i++) {
            response->coordinators[i].key = request->coordinator_keys[i];
            show_coordinator(call, &response->coordinators[i]);
        }
        return FAKE_ANSWERED;
    }
    struct find_coordinator_response_coordinator found;
    schema_init(&find_coordinator_response_coordinator_schema, &found);
    show_coordinator(call, &found);
    response->error_code = found.error_code;
    response->node_id = found.node_id;
    response->host = found.host;
    response->port = found.port;
    return FAKE_ANSWERED;
}

// ------------------------------------------------------------------------------------------------

static int16_t create(struct fake_call *call, const struct create_topics_request_topic *asked) {
    struct fake_cluster *cluster = call->cluster;
    int16_t error = fake_call_error(call);
    if (error) return error;
    if (fake_topic_find(cluster, asked->name)) return ERROR_TOPIC_ALREADY_EXISTS;
    int32_t count = asked->assignments_count > 0 ? asked->assignments_count : asked->num_partitions;
    if (count < 0) count = NEW_TOPIC_PARTITIONS;
    if (count == 0 || asked->name.size == 0) return ERROR_INVALID_PARTITIONS;
    const struct create_topics_request *request = call->request;
    if (request->validate_only) return ERROR_NONE;
    char *name = slice_dup_string(asked->name);
    (void)fake_topic_add(cluster, name, count);
    free(name);
    return ERROR_NONE;
}

enum fake_served fake_create_topics_serve(struct fake_call *call) {
    const struct create_topics_request *request = call->request;
    struct create_topics_response *response = call->response;
    int32_t count = request->topics_count > 0 ? request->topics_count : 0;
    response->topics = fake_call_array(call, &create_topics_response_topic_schema, count);
    response->topics_count = count;
    for (int32_t i = 0; i < count; i++) {
        struct create_topics_response_topic *made = &response->topics[i];
        made->name = request->topics[i].name;
        made->error_code = create(call, &request->topics[i]);
        const struct fake_topic *topic = fake_topic_find(call->cluster, made->name);
        if (made->error_code || !topic) continue;
        made->topic_id = topic->id;
        made->num_partitions = topic->partition_count;
        made->replication_factor = 1;
    }
    return FAKE_ANSWERED;
}
