// SPDX-License-Identifier: Apache-2.0
// Plays the driver's part as consumer/driver/loop.c does: steps until nothing is due, then does
// what connections want.
#include "tests/unit/cluster/network.h"

#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/schema.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    struct network *network = arg;
    size_t used = strlen(network->lines);
    (void)level;
    (void)snprintf(
        network->lines + used, sizeof network->lines - used, "%s %s %s\n", noun, verb, details
    );
}

void network_init(struct network *network, uint64_t seed) {
    *network = (struct network){ .now_ms = 5000000, .most_version = INT16_MAX };
    random_init(&network->random, seed);
    network->log = (struct log){ .write = write_line, .arg = network, .level = LOG_INFO };
    login_init(
        &network->login, &(struct login_settings){ .backoff_ms = 1000, .backoff_max_ms = 60000 }
    );
    struct cluster_settings settings = {
        .connection = {
            .log = &network->log,
            .random = &network->random,
            .login = &network->login,
            .client_id = "network",
            .frame_max_bytes = 1 << 24,
            .setup_timeout_ms = 10000,
            .setup_timeout_max_ms = 30000,
            .reconnect_backoff_ms = 50,
            .reconnect_backoff_max_ms = 1000,
            .idle_max_ms = 540000,
        },
        .retry_backoff_ms = 100,
        .retry_backoff_max_ms = 1000,
        .request_timeout_ms = 30000,
        .metadata_max_age_ms = 300000,
    };
    cluster_init(&network->cluster, &settings);
}

struct host_entry *network_add_host(
    struct network *network, const char *name, int32_t port, bool bootstrap
) {
    EXPECT(network->host_count < NETWORK_HOSTS);
    struct host_entry *host = &network->hosts[network->host_count++];
    *host = (struct host_entry){ .name = name, .port = port };
    if (bootstrap) cluster_add_bootstrap(&network->cluster, name, port);
    return host;
}

static struct host_entry *find_host(struct network *network, const struct connection *connection) {
    for (size_t i = 0; i < network->host_count; i++) {
        struct host_entry *host = &network->hosts[i];
        if (host->port == connection->port && strcmp(host->name, connection->host) == 0)
            return host;
    }
    return NULL;
}

static struct link *find_free_link(struct network *network) {
    for (size_t i = 0; i < NETWORK_LINKS; i++) {
        if (!network->links[i].peer.connection) return &network->links[i];
    }
    ck_abort_msg("more links than any test should need");
    return NULL;
}

static void dial(struct network *network, struct connection *connection) {
    EXPECT(connection->transport == NULL);
    struct host_entry *host = find_host(network, connection);
    if (host) host->dial_count++;
    if (!host || host->state == HOST_REFUSES) {
        connection_on_closed(connection, "connection refused", network->now_ms);
        return;
    }
    struct link *link = find_free_link(network);
    peer_init(&link->peer, connection);
    link->host = host;
    link->is_connected = host->state == HOST_UP;
    if (link->is_connected) connection_on_dialed(connection, network->now_ms);
}

static void drop_requests(struct network *network, const struct link *link) {
    size_t kept = 0;
    for (size_t i = 0; i < network->asked_count; i++) {
        if (network->asked[i].link != link) network->asked[kept++] = network->asked[i];
    }
    network->asked_count = kept;
}

static void close_link(struct network *network, struct link *link, const char *why) {
    struct connection *connection = link->peer.connection;
    drop_requests(network, link);
    peer_dispose(&link->peer);
    connection_on_closed(connection, why, network->now_ms);
}

static void read_requests(struct network *network, struct link *link) {
    struct peer_request request;
    while (peer_read(&link->peer, &request)) {
        if (request.api->key == API_API_VERSIONS) {
            struct buf frame = { 0 };
            peer_encode_versions(&request, network->most_version, &frame);
            peer_write(&link->peer, frame.data, frame.size, network->now_ms);
            buf_dispose(&frame);
            continue;
        }
        EXPECT(network->asked_count < NETWORK_REQUESTS);
        network->asked[network->asked_count++] = (struct asked){ link, request };
    }
}

// Does what one connection wants; true when there was something.
static bool serve(struct network *network, struct connection *connection) {
    switch (connection_take_want(connection)) {
    case CONNECTION_WANTS_NOTHING: break;
    case CONNECTION_WANTS_DIAL: dial(network, connection); return true;
    case CONNECTION_WANTS_CLOSE:
        EXPECT(connection->transport != NULL);
        close_link(network, connection->transport, "closed as wished");
        return true;
    }
    struct link *link = connection->transport;
    if (!link || connection->output.size == 0) return false;
    read_requests(network, link);
    return true;
}

static bool serve_all(struct network *network) {
    bool served = false;
    struct broker *broker;
    struct broker *next;
    HASH_ITER(hh, network->cluster.brokers, broker, next) {
        for (int i = 0; i < PURPOSE_COUNT; i++)
            served |= serve(network, &broker->connections[i]);
    }
    return served;
}

int64_t network_due_ms(struct network *network) {
    int64_t due_ms = cluster_next_due_ms(&network->cluster, network->now_ms);
    int64_t other_ms = network->next_due_ms ? network->next_due_ms(network) : INT64_MAX;
    return other_ms < due_ms ? other_ms : due_ms;
}

void network_run(struct network *network) {
    enum { MOST_ROUNDS = 60 };

    int rounds = 0;
    do {
        if (rounds++ == MOST_ROUNDS) ck_abort_msg("due again and again without progress");
        // The engine steps the cluster before and after the parts that use it.
        cluster_step(&network->cluster, network->now_ms);
        if (network->step) network->step(network);
        cluster_step(&network->cluster, network->now_ms);
    } while (serve_all(network) || network_due_ms(network) <= network->now_ms);
}

void network_next(struct network *network, int64_t most_ms) {
    int64_t due_ms = network_due_ms(network);
    EXPECT(due_ms > network->now_ms);
    EXPECT(due_ms - network->now_ms <= most_ms);
    network->now_ms = due_ms;
    network_run(network);
}

void network_pass(struct network *network, int64_t time_ms) {
    int64_t until_ms = network->now_ms + time_ms;
    network_run(network);
    for (;;) {
        int64_t due_ms = network_due_ms(network);
        if (due_ms > until_ms) break;
        network->now_ms = due_ms;
        network_run(network);
    }
    network->now_ms = until_ms;
    network_run(network);
}

bool network_take(struct network *network, enum api_key key, struct asked *asked) {
    for (size_t i = 0; i < network->asked_count; i++) {
        if (network->asked[i].request.api->key != key) continue;
        *asked = network->asked[i];
        network->asked_count--;
        memmove(
            &network->asked[i],
            &network->asked[i + 1],
            (network->asked_count - i) * sizeof network->asked[0]
        );
        return true;
    }
    return false;
}

struct asked network_expect(struct network *network, enum api_key key) {
    struct asked asked;
    ck_assert_msg(
        network_take(network, key, &asked), "no %s was sent", api_find((int16_t)key)->name
    );
    return asked;
}

void network_answer(struct network *network, const struct asked *asked, const void *message) {
    if (asked->link->peer.connection)
        peer_answer(&asked->link->peer, &asked->request, message, network->now_ms);
    network_run(network);
}

void network_cut(struct network *network, struct host_entry *host) {
    for (size_t i = 0; i < NETWORK_LINKS; i++) {
        struct link *link = &network->links[i];
        if (link->peer.connection && link->host == host)
            close_link(network, link, "the broker closed the connection");
    }
    network_run(network);
}

int network_link_count(const struct network *network, const struct host_entry *host) {
    int count = 0;
    for (size_t i = 0; i < NETWORK_LINKS; i++)
        count += network->links[i].peer.connection && network->links[i].host == host;
    return count;
}

void network_dispose(struct network *network) {
    for (size_t i = 0; i < NETWORK_LINKS; i++) {
        if (network->links[i].peer.connection) close_link(network, &network->links[i], "the end");
    }
    cluster_dispose(&network->cluster, network->now_ms);
}

void network_tell(
    struct network *network,
    const struct asked *asked,
    struct host_entry *const brokers[],
    int32_t broker_count,
    const struct topic_to_tell *topics,
    int32_t topic_count
) {
    struct arena arena = { 0 };
    struct metadata_response response;
    schema_init(&metadata_response_schema, &response);
    response.cluster_id = SLICE_LITERAL("network");
    response.brokers = arena_array(&arena, (size_t)broker_count + 1, sizeof *response.brokers);
    for (int32_t i = 0; i < broker_count; i++) {
        if (!brokers[i]) continue;
        struct metadata_response_broker *broker = &response.brokers[response.brokers_count++];
        schema_init(&metadata_response_broker_schema, broker);
        broker->node_id = i;
        broker->host = slice_from_string(brokers[i]->name);
        broker->port = brokers[i]->port;
    }
    response.topics = arena_array(&arena, (size_t)topic_count + 1, sizeof *response.topics);
    response.topics_count = topic_count;
    for (int32_t t = 0; t < topic_count; t++) {
        struct metadata_response_topic *topic = &response.topics[t];
        schema_init(&metadata_response_topic_schema, topic);
        topic->name = slice_from_string(topics[t].name);
        topic->topic_id = topics[t].id;
        topic->error_code = topics[t].error_code;
        topic->partitions_count = topics[t].partition_count;
        topic->partitions =
            arena_array(&arena, (size_t)topics[t].partition_count + 1, sizeof *topic->partitions);
        for (int32_t p = 0; p < topics[t].partition_count; p++) {
            schema_init(&metadata_response_partition_schema, &topic->partitions[p]);
            topic->partitions[p].partition_index = p;
            topic->partitions[p].leader_id = topics[t].leaders[p];
            topic->partitions[p].leader_epoch = topics[t].leader_epoch;
        }
    }
    network_answer(network, asked, &response);
    arena_dispose(&arena);
}
