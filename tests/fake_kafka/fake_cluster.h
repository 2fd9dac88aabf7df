// SPDX-License-Identifier: Apache-2.0
// A fake Kafka cluster in memory: brokers, topics, groups, and what tests do to them. It takes
// bytes and the time and gives bytes: no socket, no clock. One thread at a time.
//
// Connections are served as Kafka serves them: one request of a connection at a time, so a held
// fetch or join holds up what was sent after it.
#pragma once

#include "consumer/wire/uuid.h"
#include "tests/fake_kafka/fake_fault.h"
#include "tests/fake_kafka/fake_log.h"
#include "tests/fake_kafka/message_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_connection;
struct fake_fetch_session;
struct fake_group;

enum { FAKE_NO_BROKER = -1 };

/// Which versions of the APIs the brokers offer.
enum fake_profile { FAKE_KAFKA_4_4, FAKE_KAFKA_2_1 };

/// A broker. Coordinators' and partitions' state is the cluster's; connections and fetch sessions
/// are the broker's and end with it.
struct fake_broker {
    int32_t node_id;
    char host[64];
    int32_t port;
    bool is_up;
    bool is_frozen;                      ///< as by SIGSTOP: takes bytes, does nothing
    struct fake_connection *connections; ///< utlist
    struct fake_fetch_session *sessions; ///< utlist
    int32_t next_session_id;
};

/// A partition.
struct fake_partition {
    struct fake_log log; ///< knows the leader epoch
    int32_t leader;      ///< node id; FAKE_NO_BROKER: none
    int32_t nearest;     ///< a follower that clients with a rack are sent to; FAKE_NO_BROKER: none
};

/// A topic.
struct fake_topic {
    struct fake_topic *prev; ///< utlist
    struct fake_topic *next;
    char *name;
    struct uuid id; ///< zero: none
    bool is_internal;
    struct fake_partition *partitions;
    int32_t partition_count;
};

/// One request as it was served, for tests that look.
struct fake_seen {
    enum api_key api;
    int16_t version;
    int32_t broker;
    const void *connection; ///< which one, as an opaque name
    int64_t now_ms;
    const void *request; ///< a struct of the API's request schema; borrowed for the call
};

/// A cluster. Set-up fields may be changed at any time.
struct fake_cluster {
    // set-up
    enum fake_profile profile;
    const char *cluster_id;
    bool has_no_topic_ids;      ///< new topics get none (old inter-broker protocols)
    bool has_no_fetch_sessions; ///< answers fetches with session id 0
    bool creates_topics;        ///< at Metadata, when the client allows it
    int32_t initial_rebalance_delay_ms;
    size_t metadata_max_bytes;                                ///< of a commit
    int64_t wall_offset_ms;                                   ///< added to the time for timestamps
    void (*on_seen)(void *arg, const struct fake_seen *seen); ///< before a request is served
    void *on_seen_arg;

    // state
    struct fake_broker *brokers;
    size_t broker_count;
    struct fake_topic *topics;
    struct fake_group *groups; ///< utlist
    struct fake_faults faults;
    int32_t coordinator; ///< of all groups; FAKE_NO_BROKER: none at present
    int64_t now_ms;
    uint64_t next_id; ///< for ids of topics, members, producers
    bool is_serving;
};

/// A cluster of brokers 1 to `broker_count`, "broker-1":9092 and so on, all up; the first is the
/// coordinator.
void fake_cluster_init(struct fake_cluster *cluster, int32_t broker_count);

/// Closes everything and frees it. Connections must have been closed by fake_connection_close().
void fake_cluster_dispose(struct fake_cluster *cluster);

/// Serves what is due at this time.
void fake_cluster_step(struct fake_cluster *cluster, int64_t now_ms);

/// When to step next without new input; INT64_MAX: not before some input.
int64_t fake_cluster_next_due_ms(const struct fake_cluster *cluster);

/// A number that the cluster gives out once.
uint64_t fake_cluster_new_id(struct fake_cluster *cluster);

// Brokers ----------------------------------------------------------------------------------------

/// A broker by its node id; NULL: none.
struct fake_broker *fake_cluster_find_broker(struct fake_cluster *cluster, int32_t node_id);

/// The broker that listens at an address and is up; NULL: connection refused.
struct fake_broker *fake_cluster_find_address(
    struct fake_cluster *cluster, const char *host, int32_t port
);

/// Stops a broker: its connections close, its sessions are forgotten, the partitions that it leads
/// and the groups move to the next broker that is up, each partition with a new leader epoch.
void fake_broker_stop(struct fake_cluster *cluster, int32_t node_id);

/// Starts it again; it leads nothing at first.
void fake_broker_start(struct fake_cluster *cluster, int32_t node_id);

/// Any broker that is up, the lowest but `except`; FAKE_NO_BROKER: none.
int32_t fake_cluster_any_broker(const struct fake_cluster *cluster, int32_t except);

// Topics -----------------------------------------------------------------------------------------

/// Adds a topic whose partitions are led by the brokers in turn.
struct fake_topic *fake_topic_add(struct fake_cluster *cluster, const char *name, int32_t count);

/// Forgets a topic and its records.
void fake_topic_delete(struct fake_cluster *cluster, const char *name);

/// Adds partitions up to `count`.
void fake_topic_grow(struct fake_cluster *cluster, const char *name, int32_t count);

/// A topic by its name; NULL: none.
struct fake_topic *fake_topic_find(const struct fake_cluster *cluster, struct slice name);

/// A topic by its id; NULL: none.
struct fake_topic *fake_topic_find_id(const struct fake_cluster *cluster, struct uuid id);

/// A partition that is there.
struct fake_partition *fake_partition_get(
    const struct fake_cluster *cluster, const char *topic, int32_t partition
);

/// Gives a partition another leader, with the next leader epoch.
void fake_partition_move(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t node_id
);

/// Appends `count` records without key, each a batch of its own; record n's value is
/// "topic-partition-n".
void fake_partition_fill(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t count
);

/// The same in message format 0 or 1: single messages.
void fake_partition_fill_old(
    struct fake_cluster *cluster, const char *topic, int32_t partition, int32_t count, int8_t magic
);

/// The same as one wrapper; `wrapper` says its format, codec and time.
void fake_partition_wrap_old(
    struct fake_cluster *cluster,
    const char *topic,
    int32_t partition,
    int32_t count,
    const struct message_to_write *wrapper
);

// Connections ------------------------------------------------------------------------------------

/// A client has connected to a broker that is up. Closed by fake_connection_close().
struct fake_connection *fake_connection_open(struct fake_cluster *cluster, int32_t node_id);

/// The client's side is gone, or what was asked by fake_connection_is_closed() is done.
void fake_connection_close(struct fake_connection *connection);

/// Bytes of the client. They are served by the next step.
void fake_connection_on_bytes(struct fake_connection *connection, const void *data, size_t size);

/// Moves the bytes to send into `output`, which must be empty; false: none.
bool fake_connection_take_output(struct fake_connection *connection, struct buf *output);

/// True when the broker has hung up: after what is to send, the socket is to be closed.
bool fake_connection_is_closed(const struct fake_connection *connection);
