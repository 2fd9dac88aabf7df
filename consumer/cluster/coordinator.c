// SPDX-License-Identifier: Apache-2.0
// FindCoordinator: by single key up to version 3, batched from version 4 on (KIP-699). The request
// carries both forms.
#include "consumer/cluster/coordinator.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"

#include <inttypes.h>

void coordinator_init(
    struct coordinator *coordinator, struct cluster *cluster, const char *group_id
) {
    must(group_id != NULL);
    *coordinator =
        (struct coordinator){ .cluster = cluster, .group_id = group_id, .node_id = NO_NODE };
}

void coordinator_want(struct coordinator *coordinator) {
    coordinator->is_wanted = true;
}

void coordinator_lost(struct coordinator *coordinator, int32_t node_id) {
    if (coordinator->node_id == node_id) coordinator->node_id = NO_NODE;
}

static void on_failed(
    struct coordinator *coordinator, enum status status, int16_t kafka_error, int64_t now_ms
) {
    const struct cluster_settings *settings = &coordinator->cluster->settings;
    must(status != STATUS_OK);
    coordinator->last_error = status;
    coordinator->kafka_error = kafka_error;
    coordinator->failures++;
    coordinator->retry_at_ms = now_ms + random_backoff_ms(
                                            settings->connection.random,
                                            settings->retry_backoff_ms,
                                            settings->retry_backoff_max_ms,
                                            coordinator->failures
                                        );
}

struct found {
    int16_t error_code;
    int32_t node_id;
    struct slice host;
    int32_t port;
};

static struct found read_answer(const struct find_coordinator_response *response, int16_t version) {
    enum { FIRST_BATCHED_VERSION = 4 };

    if (version < FIRST_BATCHED_VERSION) {
        return (struct found
        ){ response->error_code, response->node_id, response->host, response->port };
    }
    if (response->coordinators_count < 1)
        return (struct found){ .error_code = ERROR_COORDINATOR_NOT_AVAILABLE };
    const struct find_coordinator_response_coordinator *first = &response->coordinators[0];
    return (struct found){ first->error_code, first->node_id, first->host, first->port };
}

static void on_found(void *owner, const struct reply *reply) {
    struct coordinator *coordinator = owner;
    must(coordinator->in_flight);
    coordinator->in_flight = false;
    coordinator->answer_count++;
    if (reply->status) {
        on_failed(coordinator, STATUS_COORDINATOR_UNAVAILABLE, 0, reply->now_ms);
        return;
    }
    struct found found = read_answer(reply->message, reply->version);
    if (found.error_code) {
        enum status status = found.error_code == ERROR_GROUP_AUTHORIZATION_FAILED
                                 ? STATUS_GROUP_AUTHORIZATION_FAILED
                                 : STATUS_COORDINATOR_UNAVAILABLE;
        on_failed(coordinator, status, found.error_code, reply->now_ms);
        return;
    }
    cluster_note_broker(coordinator->cluster, found.node_id, found.host, found.port);
    bool usable = found.node_id >= 0 &&
                  cluster_connection(coordinator->cluster, found.node_id, PURPOSE_GROUP) != NULL;
    if (!usable) {
        // A node or an address that cannot be: asked again, but not at once.
        on_failed(coordinator, STATUS_COORDINATOR_UNAVAILABLE, 0, reply->now_ms);
        return;
    }
    coordinator->node_id = found.node_id;
    coordinator->failures = 0;
    coordinator->last_error = STATUS_OK;
    coordinator->kafka_error = 0;
    log_info(
        coordinator->cluster->settings.connection.log,
        "coordinator",
        "found",
        "group=%s node=%" PRId32,
        coordinator->group_id,
        found.node_id
    );
}

static void send_look_up(struct coordinator *coordinator, int32_t node_id, int64_t now_ms) {
    struct cluster *cluster = coordinator->cluster;
    struct request *request =
        request_new(api_find(API_FIND_COORDINATOR), now_ms + cluster->settings.request_timeout_ms);
    request->on_reply = on_found;
    request->owner = coordinator;
    struct find_coordinator_request *message = request->message;
    message->key = slice_from_string(coordinator->group_id);
    message->coordinator_keys = arena_array(&request->arena, 1, sizeof *message->coordinator_keys);
    message->coordinator_keys[0] = message->key;
    message->coordinator_keys_count = 1;
    coordinator->in_flight = true;
    cluster_send_take(cluster, node_id, PURPOSE_GENERAL, request);
}

bool coordinator_refuses(const struct coordinator *coordinator, uint32_t answer_count) {
    return coordinator->node_id == NO_NODE && coordinator->answer_count != answer_count &&
           coordinator->last_error == STATUS_GROUP_AUTHORIZATION_FAILED;
}

static bool needs_look_up(const struct coordinator *coordinator) {
    return coordinator->is_wanted && coordinator->node_id == NO_NODE && !coordinator->in_flight;
}

void coordinator_step(struct coordinator *coordinator, int64_t now_ms) {
    if (!needs_look_up(coordinator) || now_ms < coordinator->retry_at_ms) return;
    int32_t node_id = cluster_any_node(coordinator->cluster, now_ms);
    if (node_id != NO_NODE) {
        send_look_up(coordinator, node_id, now_ms);
    } else {
        coordinator->answer_count++;
        on_failed(coordinator, STATUS_BROKER_UNAVAILABLE, 0, now_ms);
    }
}

int64_t coordinator_next_due_ms(const struct coordinator *coordinator) {
    return needs_look_up(coordinator) ? coordinator->retry_at_ms : INT64_MAX;
}
