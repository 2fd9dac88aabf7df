// SPDX-License-Identifier: Apache-2.0
// Brokers come from bootstrap addresses first, then from metadata; when no known broker can be
// reached, the bootstrap addresses serve again (KIP-899), so that a cluster that moved as a whole
// is found.
#include "consumer/cluster/cluster.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/net/login.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const char *const purpose_names[PURPOSE_COUNT] = { "general", "fetch", "group" };

void cluster_init(struct cluster *cluster, const struct cluster_settings *settings) {
    *cluster =
        (struct cluster){ .settings = *settings, .refresh_wanted = true, .refreshed_at_ms = -1 };
}

static struct broker *find(const struct cluster *cluster, int32_t node_id) {
    struct broker *broker = NULL;
    HASH_FIND(hh, cluster->brokers, &node_id, sizeof node_id, broker);
    return broker;
}

static bool is_bootstrap(const struct broker *broker) {
    return broker->node_id <= FIRST_BOOTSTRAP_NODE;
}

static struct broker *add_broker(
    struct cluster *cluster, int32_t node_id, const char *host, int32_t port
) {
    must(!find(cluster, node_id) && port >= 1 && port <= 65535);
    struct broker *broker = must_alloc(sizeof *broker);
    broker->node_id = node_id;
    broker->port = port;
    (void)snprintf(broker->host, sizeof broker->host, "%s", host);
    for (int i = 0; i < PURPOSE_COUNT; i++) {
        int32_t shown = is_bootstrap(broker) ? -1 : node_id;
        connection_init(&broker->connections[i], &cluster->settings.connection, host, port, shown);
        broker->connections[i].purpose = purpose_names[i];
    }
    HASH_ADD(hh, cluster->brokers, node_id, sizeof node_id, broker);
    return broker;
}

void cluster_add_bootstrap(struct cluster *cluster, const char *host, int32_t port) {
    add_broker(cluster, FIRST_BOOTSTRAP_NODE - cluster->bootstrap_count, host, port);
    cluster->bootstrap_count++;
}

// Taken out of the hash first, so that what its replies send to the same node is a stray.
static void dispose_broker(
    struct cluster *cluster, struct broker *broker, enum status status, int64_t now_ms
) {
    HASH_DEL(cluster->brokers, broker);
    for (int i = 0; i < PURPOSE_COUNT; i++)
        connection_dispose(&broker->connections[i], status, now_ms);
    free(broker);
}

static void fail_strays(struct cluster *cluster, enum status status, int64_t now_ms) {
    struct request *strays = cluster->stray;
    cluster->stray = NULL;
    while (strays) {
        struct request *request = strays;
        DL_DELETE(strays, request);
        struct reply reply = {
            .status = status,
            .request = request->message,
            .version = -1,
            .owner_tag = request->owner_tag,
            .now_ms = now_ms,
        };
        request_finish(request, &reply);
    }
}

void cluster_dispose(struct cluster *cluster, int64_t now_ms) {
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, cluster->brokers, broker, next) {
        dispose_broker(cluster, broker, STATUS_CLOSED, now_ms);
    }
    fail_strays(cluster, STATUS_CLOSED, now_ms);
    metadata_dispose(&cluster->metadata);
}

void cluster_note_broker(
    struct cluster *cluster, int32_t node_id, struct slice host, int32_t port
) {
    char text[CONNECTION_HOST_BYTES];
    if (node_id < 0 || !host.data || host.size == 0 || host.size >= sizeof text) return;
    if (port < 1 || port > 65535) return;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    struct broker *broker = find(cluster, node_id);
    if (!broker) {
        add_broker(cluster, node_id, text, port);
        return;
    }
    broker->is_gone = false;
    memcpy(broker->host, text, sizeof text);
    broker->port = port;
}

struct connection *cluster_connection(
    struct cluster *cluster, int32_t node_id, enum purpose purpose
) {
    must((size_t)purpose < PURPOSE_COUNT);
    struct broker *broker = find(cluster, node_id);
    return broker ? &broker->connections[purpose] : NULL;
}

void cluster_send_take(
    struct cluster *cluster, int32_t node_id, enum purpose purpose, struct request *request
) {
    must(request->on_reply != NULL);
    struct connection *connection = cluster_connection(cluster, node_id, purpose);
    if (connection) {
        connection_send_take(connection, request);
    } else {
        DL_APPEND(cluster->stray, request);
    }
}

// How good a broker is to ask: 0 not at all, a connected one best. Of the others those that failed
// least, so that each comes to its turn and, when the known ones have failed, the bootstrap
// addresses too (pitfall 60).
static int fitness(const struct broker *broker, int64_t now_ms) {
    enum { MOST_FAILURES = 1000, CONNECTED = 4 * MOST_FAILURES };

    const struct connection *connection = &broker->connections[PURPOSE_GENERAL];
    if (broker->is_gone || !connection_is_usable(connection, now_ms)) return 0;
    if (connection_is_open(connection)) return CONNECTED;
    int failures = connection->failures < MOST_FAILURES ? connection->failures : MOST_FAILURES;
    return 1 + 2 * (MOST_FAILURES - failures) + !is_bootstrap(broker);
}

int32_t cluster_any_node(struct cluster *cluster, int64_t now_ms) {
    int best = 0;
    uint64_t seen = 0;
    int32_t chosen = NO_NODE;
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, cluster->brokers, broker, next) {
        int fit = fitness(broker, now_ms);
        if (fit == 0 || fit < best) continue;
        if (fit > best) seen = 0;
        best = fit;
        seen++;
        if (random_below(cluster->settings.connection.random, seen) == 0) chosen = broker->node_id;
    }
    return chosen;
}

// ------------------------------------------------------------------------------------------------
// Metadata

void cluster_want_topic(struct cluster *cluster, const char *topic) {
    if (metadata_want(&cluster->metadata, topic)) {
        cluster->refresh_wanted = true;
        cluster->topic_wanted = true;
        cluster->refresh_at_ms = 0;
        cluster->refresh_failures = 0;
    }
}

void cluster_list_topics(
    struct cluster *cluster,
    void (*on_topics)(void *arg, const struct metadata_response *response),
    void *arg
) {
    cluster->on_topics = on_topics;
    cluster->listing_arg = arg;
    // What is under way was asked for somebody else.
    cluster->listing_in_flight = false;
    if (!on_topics) return;
    cluster->refresh_wanted = true;
    cluster->topic_wanted = true;
    cluster->refresh_at_ms = 0;
}

void cluster_refresh(struct cluster *cluster) {
    cluster->refresh_wanted = true;
}

void cluster_refresh_now(struct cluster *cluster) {
    cluster->refresh_wanted = true;
    if (cluster->refresh_failures == 0) cluster->refresh_at_ms = 0;
}

static void note_brokers(struct cluster *cluster, const struct metadata_response *response) {
    if (response->brokers_count <= 0) return;
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, cluster->brokers, broker, next) {
        broker->is_gone = !is_bootstrap(broker);
    }
    for (int32_t i = 0; i < response->brokers_count; i++) {
        const struct metadata_response_broker *known = &response->brokers[i];
        cluster_note_broker(cluster, known->node_id, known->host, known->port);
    }
}

// Bootstrap connections have served once a known broker can be asked instead.
static void retire_bootstrap(struct cluster *cluster) {
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, cluster->brokers, broker, next) {
        if (!is_bootstrap(broker)) continue;
        struct connection *connection = &broker->connections[PURPOSE_GENERAL];
        if (!connection_is_busy(connection)) connection_close(connection, true, "idle");
    }
}

static void schedule_refresh(struct cluster *cluster, bool soon, int64_t now_ms) {
    const struct cluster_settings *settings = &cluster->settings;
    cluster->refresh_wanted |= soon;
    cluster->refresh_failures = soon ? cluster->refresh_failures + 1 : 0;
    int failures = cluster->refresh_failures > 0 ? cluster->refresh_failures : 1;
    cluster->refresh_at_ms = now_ms + random_backoff_ms(
                                          settings->connection.random,
                                          settings->retry_backoff_ms,
                                          settings->retry_backoff_max_ms,
                                          failures
                                      );
}

static void on_metadata(void *owner, const struct reply *reply) {
    struct cluster *cluster = owner;
    must(cluster->refresh_in_flight);
    cluster->refresh_in_flight = false;
    cluster->last_error = reply->status;
    const struct metadata_response *response = reply->message;
    if (reply->status || response->error_code != ERROR_NONE) {
        if (!reply->status) cluster->last_error = STATUS_KAFKA_ERROR;
        schedule_refresh(cluster, true, reply->now_ms);
        return;
    }
    note_brokers(cluster, response);
    struct metadata_outcome outcome = metadata_update(&cluster->metadata, response, reply->version);
    if (cluster->listing_in_flight) {
        outcome.is_incomplete |= metadata_note_missing(&cluster->metadata);
        cluster->on_topics(cluster->listing_arg, response);
    }
    bool first = cluster->refreshed_at_ms < 0;
    cluster->refreshed_at_ms = reply->now_ms;
    cluster->answer_count++;
    schedule_refresh(cluster, outcome.is_incomplete, reply->now_ms);
    // A topic that was wanted while this answer was under way is not in it.
    if (cluster->topic_wanted) cluster->refresh_at_ms = 0;
    if (first) {
        log_info(
            cluster->settings.connection.log,
            "cluster",
            "found",
            "cluster_id=%s brokers=%" PRId32,
            cluster->metadata.cluster_id ? cluster->metadata.cluster_id : "",
            response->brokers_count
        );
    }
}

static void name_wanted(const struct cluster *cluster, struct request *request) {
    struct metadata_request *message = request->message;
    size_t count = HASH_COUNT(cluster->metadata.topics);
    message->topics = arena_array(&request->arena, count + 1, sizeof *message->topics);
    for (struct topic_metadata *topic = cluster->metadata.topics; topic; topic = topic->hh.next) {
        struct metadata_request_topic *asked = &message->topics[message->topics_count++];
        schema_init(&metadata_request_topic_schema, asked);
        asked->name = arena_copy(&request->arena, slice_from_string(topic->name));
    }
    message->allow_auto_topic_creation = cluster->settings.allow_auto_create_topics;
}

// Names no topic, which asks for all; nothing is created by that (pitfall 100).
static void name_none(struct request *request) {
    struct metadata_request *message = request->message;
    message->topics = NULL;
    message->topics_count = -1;
    message->allow_auto_topic_creation = false;
}

static void send_metadata_request(struct cluster *cluster, int32_t node_id, int64_t now_ms) {
    must(!cluster->refresh_in_flight);
    struct request *request =
        request_new(api_find(API_METADATA), now_ms + cluster->settings.request_timeout_ms);
    request->on_reply = on_metadata;
    request->owner = cluster;
    cluster->listing_in_flight = cluster->on_topics != NULL;
    if (cluster->listing_in_flight) {
        name_none(request);
    } else {
        name_wanted(cluster, request);
    }
    cluster->refresh_in_flight = true;
    cluster->refresh_wanted = false;
    cluster->topic_wanted = false;
    cluster_send_take(cluster, node_id, PURPOSE_GENERAL, request);
}

static bool is_refresh_due(const struct cluster *cluster, int64_t now_ms) {
    if (cluster->refresh_in_flight || now_ms < cluster->refresh_at_ms) return false;
    return cluster->refresh_wanted ||
           now_ms - cluster->refreshed_at_ms >= cluster->settings.metadata_max_age_ms;
}

// ------------------------------------------------------------------------------------------------
// Steps

static void step_connection(
    const struct broker *broker, struct connection *connection, int64_t now_ms
) {
    bool moved = connection->port != broker->port || strcmp(connection->host, broker->host) != 0;
    if (moved && connection->state == CONNECTION_CLOSED) {
        connection_readdress(connection, broker->host, broker->port);
    } else if (moved || broker->is_gone) {
        connection_close(connection, false, "the broker is no longer at this address");
    }
    // A broker that is gone is not dialed again (pitfall 59).
    if (broker->is_gone && connection->state == CONNECTION_CLOSED) {
        connection_fail_waiting(connection, now_ms);
    } else {
        connection_step(connection, now_ms);
    }
}

static void step_broker(struct cluster *cluster, struct broker *broker, int64_t now_ms) {
    bool closed = true;
    for (int i = 0; i < PURPOSE_COUNT; i++) {
        step_connection(broker, &broker->connections[i], now_ms);
        closed = closed && broker->connections[i].state == CONNECTION_CLOSED;
    }
    if (broker->is_gone && closed) dispose_broker(cluster, broker, STATUS_DISCONNECTED, now_ms);
}

void cluster_step(struct cluster *cluster, int64_t now_ms) {
    fail_strays(cluster, STATUS_DISCONNECTED, now_ms);
    if (is_refresh_due(cluster, now_ms)) {
        int32_t node_id = cluster_any_node(cluster, now_ms);
        if (node_id != NO_NODE) send_metadata_request(cluster, node_id, now_ms);
    }
    if (cluster->refreshed_at_ms >= 0) retire_bootstrap(cluster);
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, cluster->brokers, broker, next) {
        step_broker(cluster, broker, now_ms);
    }
}

// When the first broker may be asked: now, or when its back-off ends.
static int64_t earliest_usable_ms(const struct cluster *cluster, int64_t now_ms) {
    int64_t due_ms = INT64_MAX;
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        const struct connection *connection = &broker->connections[PURPOSE_GENERAL];
        if (broker->is_gone) continue;
        if (connection_is_usable(connection, now_ms)) return now_ms;
        if (connection->state != CONNECTION_CLOSED) continue;
        int64_t retry_at_ms = connection_retry_at_ms(connection);
        if (retry_at_ms < due_ms) due_ms = retry_at_ms;
    }
    return due_ms;
}

static int64_t refresh_due_ms(const struct cluster *cluster, int64_t now_ms) {
    if (cluster->refresh_in_flight) return INT64_MAX;
    int64_t due_ms = cluster->refresh_at_ms;
    int64_t by_age_ms = cluster->refreshed_at_ms + cluster->settings.metadata_max_age_ms;
    if (!cluster->refresh_wanted && by_age_ms > due_ms) due_ms = by_age_ms;
    if (due_ms > now_ms) return due_ms;
    return earliest_usable_ms(cluster, now_ms);
}

int64_t cluster_next_due_ms(const struct cluster *cluster, int64_t now_ms) {
    if (cluster->stray) return now_ms;
    int64_t due_ms = refresh_due_ms(cluster, now_ms);
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++) {
            int64_t connection_ms = connection_next_due_ms(&broker->connections[i]);
            if (connection_ms < due_ms) due_ms = connection_ms;
        }
    }
    return due_ms;
}

// ------------------------------------------------------------------------------------------------
// Views

bool cluster_is_reachable(const struct cluster *cluster) {
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++) {
            if (connection_is_open(&broker->connections[i])) return true;
        }
    }
    return false;
}

// The first failure of a connection that stood is its own end; the second is of a dial.
bool cluster_is_cut_off(const struct cluster *cluster, int64_t since_ms) {
    bool has_failed = false;
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++) {
            const struct connection *connection = &broker->connections[i];
            if (connection_is_open(connection)) return false;
            bool was_dialed = connection->failures > 1 && connection->failed_at_ms > since_ms;
            has_failed = has_failed || was_dialed;
        }
    }
    return has_failed;
}

static const struct connection *later_trouble(
    const struct connection *a, const struct connection *b
) {
    if (!a || !b) return a ? a : b;
    return b->failed_at_ms > a->failed_at_ms ? b : a;
}

const struct connection *broker_trouble(const struct broker *broker) {
    const struct connection *last = NULL;
    for (int i = 0; i < PURPOSE_COUNT; i++) {
        const struct connection *connection = &broker->connections[i];
        bool has_failed = connection->last_error_text[0] && !connection->is_planned;
        if (has_failed && !connection_is_open(connection)) last = later_trouble(last, connection);
    }
    return last;
}

static const struct connection *find_trouble(const struct cluster *cluster) {
    const struct connection *last = NULL;
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next)
        last = later_trouble(last, broker_trouble(broker));
    return last;
}

enum status cluster_obstacle(const struct cluster *cluster) {
    const struct login *login = cluster->settings.connection.login;
    if (cluster_is_reachable(cluster)) return STATUS_OK;
    if (!login_is_ready(login)) return login->trouble[0] ? STATUS_AUTHENTICATION_FAILED : STATUS_OK;
    if (cluster_connection_count(cluster) > 0) return STATUS_OK;
    const struct connection *trouble = find_trouble(cluster);
    bool is_barred = trouble && status_is_of_security(trouble->last_error);
    return is_barred ? trouble->last_error : STATUS_BROKER_UNAVAILABLE;
}

int32_t cluster_connection_count(const struct cluster *cluster) {
    int32_t count = 0;
    for (const struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++)
            count += broker->connections[i].state != CONNECTION_CLOSED;
    }
    return count;
}

void cluster_trouble(const struct cluster *cluster, char *text, size_t size) {
    must(size > 0);
    const struct login *login = cluster->settings.connection.login;
    const struct connection *worst = find_trouble(cluster);
    text[0] = '\0';
    if (!login_is_ready(login)) {
        (void)snprintf(text, size, "%s", login->trouble);
    } else if (worst) {
        const char *why = worst->last_error_text;
        (void)snprintf(text, size, "%s:%" PRId32 ": %s", worst->host, worst->port, why);
    }
}

void cluster_close(struct cluster *cluster) {
    for (struct broker *broker = cluster->brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++)
            connection_close(&broker->connections[i], false, "closing");
    }
}

bool cluster_is_closed(const struct cluster *cluster) {
    return cluster_connection_count(cluster) == 0;
}

bool cluster_address(
    const struct cluster *cluster, int32_t node_id, const char **host, int32_t *port
) {
    const struct broker *broker = find(cluster, node_id);
    if (!broker) return false;
    *host = broker->host;
    *port = broker->port;
    return true;
}
