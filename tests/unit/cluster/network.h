// SPDX-License-Identifier: Apache-2.0
// A cluster under test with a network of broker ends around it, in virtual time: sockets open at
// once or fail at once, ApiVersions are answered by themselves, all other requests wait for the
// test to answer them. Test thread.
#pragma once

#include "consumer/base/log.h"
#include "consumer/base/random.h"
#include "consumer/cluster/cluster.h"
#include "consumer/net/login.h"
#include "tests/unit/net/peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETWORK_HOSTS = 12, NETWORK_LINKS = 32, NETWORK_REQUESTS = 64, NETWORK_LOG_BYTES = 16384 };

/// What is behind an address.
enum host_state {
    HOST_UP,
    HOST_REFUSES, ///< dialing fails at once
    HOST_SILENT,  ///< dialing never ends
};

/// One address.
struct host_entry {
    const char *name;
    int32_t port;
    enum host_state state;
    int dial_count;
};

/// One open socket.
struct link {
    struct peer peer; ///< connection NULL: free
    struct host_entry *host;
    bool is_connected;
};

/// A request that a broker has read and not answered.
struct asked {
    struct link *link;
    struct peer_request request;
};

/// The network.
struct network {
    struct random random;
    struct log log;
    char lines[NETWORK_LOG_BYTES];
    struct login login;
    struct cluster cluster;
    int64_t now_ms;
    int16_t most_version; ///< that brokers offer of any API
    struct host_entry hosts[NETWORK_HOSTS];
    size_t host_count;
    struct link links[NETWORK_LINKS];
    struct asked asked[NETWORK_REQUESTS];
    size_t asked_count;
    void (*step)(struct network *network);           ///< further machines; NULL: none
    int64_t (*next_due_ms)(struct network *network); ///< of these; NULL: none
};

/// A cluster with Kafka's default times and the given seed; no address exists yet.
void network_init(struct network *network, uint64_t seed);

/// Closes everything and frees it.
void network_dispose(struct network *network);

/// Adds an address that is up; as a bootstrap address of the cluster too, if wanted.
struct host_entry *network_add_host(
    struct network *network, const char *name, int32_t port, bool bootstrap
);

/// Steps everything at the present time until nothing is due; ends the test when that never ends.
void network_run(struct network *network);

/// Moves the clock to when something is due, at most by `most_ms`, and runs.
void network_next(struct network *network, int64_t most_ms);

/// Lets this much time pass, with everything that is due on the way.
void network_pass(struct network *network, int64_t time_ms);

/// When something is due next.
int64_t network_due_ms(struct network *network);

/// Takes the oldest unanswered request of an API; false when there is none.
bool network_take(struct network *network, enum api_key key, struct asked *asked);

/// The same, but there must be one.
struct asked network_expect(struct network *network, enum api_key key);

/// Answers a request and runs. Nothing happens when its link is gone.
void network_answer(struct network *network, const struct asked *asked, const void *message);

/// Cuts all links to an address and runs.
void network_cut(struct network *network, struct host_entry *host);

/// How many sockets are open to an address.
int network_link_count(const struct network *network, const struct host_entry *host);

/// One line of an answer to Metadata: partition p of a topic is led by `leaders[p]`.
struct topic_to_tell {
    const char *name;
    struct uuid id;
    int16_t error_code;
    const int32_t *leaders;
    int32_t partition_count;
    int32_t leader_epoch;
};

/// Answers a Metadata request: node `i` of `brokers` (NULL: not there) is at that address. Runs.
void network_tell(
    struct network *network,
    const struct asked *asked,
    struct host_entry *const brokers[],
    int32_t broker_count,
    const struct topic_to_tell *topics,
    int32_t topic_count
);
