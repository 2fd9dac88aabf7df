// SPDX-License-Identifier: Apache-2.0
// Decides whom to ask for what. Backpressure: all fetches in flight together never ask for more
// than the queue has room for, so that prefetched bytes stay below their bound whatever the brokers
// send (but for one batch each, KIP-74).
#include "consumer/fetch/fetcher.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/base/sampler.h"
#include "consumer/cluster/cluster.h"
#include "consumer/fetch/fetch_answer.h"
#include "consumer/fetch/fetch_node.h"
#include "consumer/fetch/position_set.h"
#include "consumer/fetch/queue.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_fetch.h"

#include <stdlib.h>
#include <utlist.h>

enum { LAST_VERSION_BY_NAME = 12 };

void fetcher_init(
    struct fetcher *fetcher,
    const struct fetcher_settings *settings,
    struct cluster *cluster,
    struct queue *queue,
    struct position_set *positions
) {
    *fetcher = (struct fetcher){
        .settings = *settings,
        .cluster = cluster,
        .queue = queue,
        .positions = positions,
    };
}

static void forget_node(struct fetcher *fetcher, struct fetch_node *node) {
    must(!node->in_flight);
    fetch_session_dispose(&node->session);
    HASH_DEL(fetcher->nodes, node);
    free(node);
}

void fetcher_dispose(struct fetcher *fetcher) {
    struct fetch_node *node;
    struct fetch_node *next;
    HASH_ITER(hh, fetcher->nodes, node, next) {
        forget_node(fetcher, node);
    }
}

static struct fetch_node *find_or_add(struct fetcher *fetcher, int32_t node_id) {
    struct fetch_node *node = NULL;
    HASH_FIND(hh, fetcher->nodes, &node_id, sizeof node_id, node);
    if (node) return node;
    must(node_id >= 0);
    node = must_alloc(sizeof *node);
    node->node_id = node_id;
    node->fetcher = fetcher;
    HASH_ADD(hh, fetcher->nodes, node_id, sizeof node_id, node);
    return node;
}

int32_t fetcher_node(
    const struct fetcher *fetcher, const struct position *position, int64_t now_ms
) {
    const struct partition_metadata *known =
        metadata_partition(&fetcher->cluster->metadata, position->topic, position->partition);
    if (!known) return NO_NODE;
    bool preferred = position->preferred_replica >= 0 && now_ms < position->preferred_until_ms;
    if (preferred) {
        struct connection *connection =
            cluster_connection(fetcher->cluster, position->preferred_replica, PURPOSE_FETCH);
        if (connection && connection_is_usable(connection, now_ms))
            return position->preferred_replica;
    }
    return known->leader >= 0 ? known->leader : NO_NODE;
}

static bool is_wanted(const struct position *position, int64_t now_ms) {
    return position->state == POSITION_FETCHING && position_may_flow(position) &&
           now_ms >= position->retry_at_ms;
}

// Gathers what is to be fetched from one broker, in the order of the engine's list.
static size_t gather(
    const struct fetcher *fetcher,
    int32_t node_id,
    struct fetch_target *targets,
    bool *by_id,
    int64_t now_ms
) {
    size_t count = 0;
    *by_id = true;
    struct position *position;
    DL_FOREACH(fetcher->positions->first, position) {
        if (!is_wanted(position, now_ms) || fetcher_node(fetcher, position, now_ms) != node_id)
            continue;
        const struct topic_metadata *topic =
            metadata_find(&fetcher->cluster->metadata, position->topic);
        must(topic != NULL && position->partition < topic->partition_count);
        targets[count++] = (struct fetch_target){
            .position = position,
            .topic_id = topic->id,
            .leader_epoch = topic->partitions[position->partition].leader_epoch,
        };
        if (uuid_is_zero(topic->id)) *by_id = false;
    }
    return count;
}

static void on_failed(struct fetch_node *node, enum status status, int64_t now_ms) {
    must(status != STATUS_OK);
    struct fetcher *fetcher = node->fetcher;
    fetch_session_reset(&node->session);
    node->failures++;
    node->retry_at_ms = now_ms + random_backoff_ms(
                                     fetcher->cluster->settings.connection.random,
                                     fetcher->settings.retry_backoff_ms,
                                     fetcher->settings.retry_backoff_max_ms,
                                     node->failures
                                 );
    struct position *position;
    DL_FOREACH(fetcher->positions->first, position) {
        if (position->preferred_replica == node->node_id) position->preferred_replica = -1;
    }
    if (status != STATUS_CLOSED) cluster_refresh(fetcher->cluster);
}

static bool is_session_error(int16_t code) {
    return code == ERROR_FETCH_SESSION_ID_NOT_FOUND || code == ERROR_INVALID_FETCH_SESSION_EPOCH ||
           code == ERROR_FETCH_SESSION_TOPIC_ID_ERROR;
}

static void on_fetched(void *owner, const struct reply *reply) {
    struct fetch_node *node = owner;
    struct fetcher *fetcher = node->fetcher;
    const struct fetch_response *response = reply->message;
    must(node->in_flight);
    node->in_flight = false;
    node->in_flight_bytes = 0;
    if (reply->status) {
        on_failed(node, reply->status, reply->now_ms);
        return;
    }
    if (is_session_error(response->error_code)) {
        log_info(
            fetcher->settings.log,
            "fetch",
            "restarted",
            "node=%d error=%s",
            (int)node->node_id,
            kafka_error_name(response->error_code)
        );
        fetch_session_reset(&node->session);
        return;
    }
    if (response->error_code) {
        on_failed(node, STATUS_KAFKA_ERROR, reply->now_ms);
        return;
    }
    node->failures = 0;
    fetch_session_on_answer(&node->session, response->session_id);
    fetcher->fetch_count++;
    sampler_add(fetcher->settings.times_ms, reply->now_ms - node->sent_at_ms, reply->now_ms);
    fetcher->fetched_bytes += reply->chunk->size;
    fetch_answer_take(node, reply, response);
}

// Bytes that one more fetch may bring; 0: none may be sent. Each broker that has something to be
// fetched gets a share: a broker whose fetch is held for want of records would else keep the room
// from the others for ever.
static int64_t room_left(const struct fetcher *fetcher) {
    int64_t room = (int64_t)queue_room(fetcher->queue);
    int64_t brokers = 0;
    for (const struct fetch_node *node = fetcher->nodes; node; node = node->hh.next)
        brokers += node->is_wanted;
    int64_t most = brokers > 1 ? room / brokers : room;
    if (most > fetcher->settings.max_bytes) most = fetcher->settings.max_bytes;
    for (const struct fetch_node *node = fetcher->nodes; node; node = node->hh.next)
        room -= node->in_flight_bytes;
    if (room > most) room = most;
    return room > 0 ? room : 0;
}

// A session names topics by ids or by names throughout, so the version is settled before a request
// is built. What a connection that is not ready yet will speak is not known: by name every broker
// understands.
static bool may_name_by_id(const struct fetch_node *node, const struct request *request) {
    const struct connection *connection =
        cluster_connection(node->fetcher->cluster, node->node_id, PURPOSE_FETCH);
    must(connection != NULL);
    if (!connection_is_open(connection)) return false;
    return connection_version(
               connection, request->api, request->min_version, request->max_version
           ) > LAST_VERSION_BY_NAME;
}

static void bound_version(struct request *request, bool by_id) {
    must(request->max_version > LAST_VERSION_BY_NAME);
    if (by_id) {
        request->min_version = (int16_t)(LAST_VERSION_BY_NAME + 1);
    } else {
        request->max_version = LAST_VERSION_BY_NAME;
    }
}

static void fill_request(
    const struct fetcher_settings *settings, struct fetch_request *message, int64_t room
) {
    message->replica_id = -1;
    message->max_wait_ms = settings->max_wait_ms;
    message->min_bytes = settings->min_bytes;
    message->max_bytes = (int32_t)room;
    message->isolation_level = settings->read_committed ? 1 : 0;
    message->rack_id = slice_from_string(settings->rack);
}

static void send_fetch(struct fetch_node *node, struct fetch_plan *plan, int64_t now_ms) {
    struct fetcher *fetcher = node->fetcher;
    const struct fetcher_settings *settings = &fetcher->settings;
    must(plan->count > 0 && !node->in_flight);
    int64_t room = room_left(fetcher);
    if (room == 0) return;
    int64_t deadline_ms = now_ms + settings->max_wait_ms + settings->request_timeout_ms;
    struct request *request = request_new(api_find(API_FETCH), deadline_ms);
    request->on_reply = on_fetched;
    request->owner = node;
    plan->by_id = plan->by_id && may_name_by_id(node, request);
    plan->partition_max_bytes = settings->partition_max_bytes;
    bound_version(request, plan->by_id);
    fill_request(settings, request->message, room);
    fetch_session_build(&node->session, &request->arena, request->message, plan);
    node->sent_at_ms = now_ms;
    node->in_flight = true;
    node->in_flight_bytes = room;
    cluster_send_take(fetcher->cluster, node->node_id, PURPOSE_FETCH, request);
}

// Marks, in the order of the list, each broker that has something to be fetched.
static void note_nodes(struct fetcher *fetcher, int64_t now_ms) {
    for (struct fetch_node *node = fetcher->nodes; node; node = node->hh.next)
        node->is_wanted = false;
    struct position *position;
    DL_FOREACH(fetcher->positions->first, position) {
        if (!is_wanted(position, now_ms)) continue;
        int32_t node_id = fetcher_node(fetcher, position, now_ms);
        if (node_id == NO_NODE) {
            cluster_refresh(fetcher->cluster);
        } else {
            find_or_add(fetcher, node_id)->is_wanted = true;
        }
    }
}

static bool may_send(
    const struct fetch_node *node, const struct connection *connection, int64_t now_ms
) {
    return !node->in_flight && now_ms >= node->retry_at_ms &&
           connection_is_usable(connection, now_ms);
}

void fetcher_step(struct fetcher *fetcher, int64_t now_ms) {
    if (fetcher->positions->count == 0) return;
    note_nodes(fetcher, now_ms);
    struct fetch_target *targets = NULL;
    struct fetch_node *node;
    struct fetch_node *next;
    HASH_ITER(hh, fetcher->nodes, node, next) {
        const struct connection *connection =
            cluster_connection(fetcher->cluster, node->node_id, PURPOSE_FETCH);
        if (!connection) {
            if (!node->in_flight) forget_node(fetcher, node);
            continue;
        }
        if (!may_send(node, connection, now_ms) || room_left(fetcher) == 0) continue;
        if (!targets) targets = must_alloc(fetcher->positions->count * sizeof *targets);
        struct fetch_plan plan = { .targets = targets };
        plan.count = gather(fetcher, node->node_id, targets, &plan.by_id, now_ms);
        if (plan.count > 0) send_fetch(node, &plan, now_ms);
    }
    free(targets);
}

// Whatever the answer is: the broker has seen the request.
static void on_ended(void *owner, const struct reply *reply) {
    struct fetch_node *node = owner;
    (void)reply;
    must(node->in_flight);
    node->in_flight = false;
}

static void end_session(struct fetch_node *node, int64_t deadline_ms) {
    struct cluster *cluster = node->fetcher->cluster;
    const struct connection *connection = cluster_connection(cluster, node->node_id, PURPOSE_FETCH);
    if (!connection || !connection_is_open(connection)) {
        fetch_session_reset(&node->session);
        return;
    }
    struct request *request = request_new(api_find(API_FETCH), deadline_ms);
    request->on_reply = on_ended;
    request->owner = node;
    bound_version(request, node->session.by_id);
    fetch_session_build_final(&node->session, request->message);
    node->in_flight = true;
    cluster_send_take(cluster, node->node_id, PURPOSE_FETCH, request);
}

void fetcher_end_sessions(struct fetcher *fetcher, int64_t deadline_ms) {
    must(deadline_ms > 0);
    for (struct fetch_node *node = fetcher->nodes; node; node = node->hh.next) {
        if (!node->in_flight && node->session.id != 0) end_session(node, deadline_ms);
    }
}

bool fetcher_is_idle(const struct fetcher *fetcher) {
    for (const struct fetch_node *node = fetcher->nodes; node; node = node->hh.next) {
        if (node->in_flight) return false;
    }
    return true;
}

int64_t fetcher_next_due_ms(const struct fetcher *fetcher, int64_t now_ms) {
    int64_t due_ms = INT64_MAX;
    const struct position *position;
    DL_FOREACH(fetcher->positions->first, position) {
        bool waits = position->state == POSITION_FETCHING && position_may_flow(position);
        if (waits && position->retry_at_ms > now_ms && position->retry_at_ms < due_ms)
            due_ms = position->retry_at_ms;
    }
    for (const struct fetch_node *node = fetcher->nodes; node; node = node->hh.next) {
        if (node->in_flight) continue;
        int64_t retry_ms = node->retry_at_ms;
        const struct connection *connection =
            cluster_connection(fetcher->cluster, node->node_id, PURPOSE_FETCH);
        if (connection && connection->state == CONNECTION_CLOSED &&
            connection_retry_at_ms(connection) > retry_ms) {
            retry_ms = connection_retry_at_ms(connection);
        }
        if (retry_ms > now_ms && retry_ms < due_ms) due_ms = retry_ms;
    }
    return due_ms;
}
