// SPDX-License-Identifier: Apache-2.0
// The brokers of one cluster, the connections to them and the metadata cache: finds a broker to
// ask, keeps metadata fresh. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/cluster/metadata.h"
#include "consumer/net/connection.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

/// What a connection is for. Each broker has up to one of each, so that no kind waits behind
/// another (pitfall 88).
enum purpose {
    PURPOSE_GENERAL, ///< metadata, offsets, look-ups: short requests
    PURPOSE_FETCH,   ///< fetches, which brokers hold
    PURPOSE_GROUP,   ///< joins, heartbeats and commits, to the coordinator
    PURPOSE_COUNT
};

/// A broker, or a bootstrap address until metadata says which broker it is.
struct broker {
    int32_t node_id; ///< FIRST_BOOTSTRAP_NODE and below: a bootstrap address
    char host[CONNECTION_HOST_BYTES];
    int32_t port;
    bool is_gone; ///< no longer in the metadata; freed when its connections are closed
    struct connection connections[PURPOSE_COUNT];
    UT_hash_handle hh;
};

enum { NO_NODE = -1, FIRST_BOOTSTRAP_NODE = -2 };

/// What a cluster is set up with. Texts and the log are borrowed for its life.
struct cluster_settings {
    struct connection_settings connection;
    int64_t retry_backoff_ms;
    int64_t retry_backoff_max_ms;
    int64_t request_timeout_ms;
    int64_t metadata_max_age_ms;
    bool allow_auto_create_topics;
};

/// Brokers, connections, metadata.
struct cluster {
    struct cluster_settings settings;
    struct broker *brokers; ///< uthash by node id
    struct request *stray; ///< sent to a broker that is not there; failed at the next step (utlist)
    struct metadata metadata;
    int32_t bootstrap_count;
    void (*on_topics)(void *arg, const struct metadata_response *response); ///< NULL: nobody lists
    void *listing_arg;
    bool listing_in_flight; ///< the request that is under way asks for all topics
    bool refresh_wanted;
    bool refresh_in_flight;
    bool topic_wanted; ///< since the last request was made
    int refresh_failures;
    int64_t refresh_at_ms;   ///< not before; by age when nothing is wanted
    int64_t refreshed_at_ms; ///< the last good answer; -1: none
    uint32_t answer_count;   ///< good answers so far
    enum status last_error;  ///< of the last refresh
};

/// An empty cluster. `settings` is copied; its connection.random and log stay the caller's.
void cluster_init(struct cluster *cluster, const struct cluster_settings *settings);

/// Adds a bootstrap address.
void cluster_add_bootstrap(struct cluster *cluster, const char *host, int32_t port);

/// Answers every request with STATUS_CLOSED and frees all. All sockets must be closed.
void cluster_dispose(struct cluster *cluster, int64_t now_ms);

/// Does what is due: metadata, connections, brokers that are gone.
void cluster_step(struct cluster *cluster, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t cluster_next_due_ms(const struct cluster *cluster, int64_t now_ms);

/// Sends a request to a broker; a node that is not known answers STATUS_DISCONNECTED at the next
/// step. Never replies from inside.
void cluster_send_take(
    struct cluster *cluster, int32_t node_id, enum purpose purpose, struct request *request
);

/// A broker that any request may go to: one that is connected, else one that may be dialed, chosen
/// by chance; NO_NODE when all must wait.
int32_t cluster_any_node(struct cluster *cluster, int64_t now_ms);

/// A known broker's connection; NULL when the node is not known.
struct connection *cluster_connection(
    struct cluster *cluster, int32_t node_id, enum purpose purpose
);

/// Tells of a broker that an answer other than Metadata named (coordinator, leader hint).
void cluster_note_broker(struct cluster *cluster, int32_t node_id, struct slice host, int32_t port);

/// Wants metadata of a topic from now on; asks at once when it is not cached.
void cluster_want_topic(struct cluster *cluster, const char *topic);

/// From now on asks for all topics, and gives each such answer to `on_topics`; NULL: asks for those
/// that are wanted by name, again.
void cluster_list_topics(
    struct cluster *cluster,
    void (*on_topics)(void *arg, const struct metadata_response *response),
    void *arg
);

/// Asks for metadata as soon as the back-off allows.
void cluster_refresh(struct cluster *cluster);

/// Asks for metadata at once, unless the last attempt failed: for what happens once a rebalance.
void cluster_refresh_now(struct cluster *cluster);

/// True when the last metadata answer was good and a connection stands.
bool cluster_is_reachable(const struct cluster *cluster);

/// True when no connection stands, and dialing a broker has failed since `since_ms`, when the last
/// did.
bool cluster_is_cut_off(const struct cluster *cluster, int64_t since_ms);

/// What keeps the consumer from its brokers: STATUS_TLS_FAILED or STATUS_AUTHENTICATION_FAILED when
/// that is why the last attempt failed and none is under way, or there are no credentials;
/// STATUS_BROKER_UNAVAILABLE; STATUS_OK when cluster_is_reachable(), or an attempt may still
/// succeed.
enum status cluster_obstacle(const struct cluster *cluster);

/// Of a broker's connections, the one that failed last of those that do not stand; NULL: none has.
const struct connection *broker_trouble(const struct broker *broker);

/// How many connections are open or being set up.
int32_t cluster_connection_count(const struct cluster *cluster);

/// Writes address and reason of the connection that failed last; "" when none has failed.
void cluster_trouble(const struct cluster *cluster, char *text, size_t size);

/// Asks every connection to close.
void cluster_close(struct cluster *cluster);

/// True when every connection is closed.
bool cluster_is_closed(const struct cluster *cluster);

/// The host and port of a node; false when it is not known.
bool cluster_address(
    const struct cluster *cluster, int32_t node_id, const char **host, int32_t *port
);
