// SPDX-License-Identifier: Apache-2.0
// One request that a fake broker serves, from its frame to its answer. One thread at a time.
#pragma once

#include "consumer/base/arena.h"
#include "tests/fake_kafka/fake_cluster.h"

/// A request being served. Whoever holds it must answer it.
struct fake_call {
    struct fake_cluster *cluster;
    struct fake_connection *connection; ///< NULL: the client has gone meanwhile
    int32_t broker;
    const struct api *api;
    int16_t version;
    int32_t correlation_id;
    struct slice client_id;
    struct arena arena; ///< holds request, response and their parts
    void *request;      ///< a struct of the API's request schema
    void *response;     ///< a struct of its response schema, at its defaults
    struct fake_fault fault;
    bool has_fault;
    void (*on_gone)(struct fake_call *call); ///< the client of a held call is gone; NULL: the call
                                             ///< goes on, and its answer to nowhere
    void (*on_step)(struct fake_call *call); ///< of a held call; NULL: none
    int64_t due_at_ms;                       ///< of on_step, without other input
    void *context;                           ///< of who holds it; in the arena
};

/// What a handler did.
enum fake_served {
    FAKE_ANSWERED, ///< the response is filled
    FAKE_HELD,     ///< kept, to be answered later
    FAKE_SILENT,   ///< there is no answer to this request
};

/// Serves one API.
typedef enum fake_served fake_handler(struct fake_call *call);

/// Takes the next whole frame that a connection received. False: it cannot be read, or is of no
/// version that is offered; the connection is to be closed.
bool fake_call_start(struct fake_connection *connection, struct slice frame);

/// Answers a held call with its response as it stands, and frees it.
void fake_call_answer(struct fake_call *call);

/// Frees a call without an answer.
void fake_call_free(struct fake_call *call);

/// The error that the whole answer is to have by fault; 0: none.
int16_t fake_call_error(const struct fake_call *call);

/// The error that a partition is to have by fault; 0: none.
int16_t fake_call_partition_error(
    const struct fake_call *call, struct slice topic, int32_t partition
);

/// Room for an array of the answer, of `count` structs at their schema's defaults.
void *fake_call_array(struct fake_call *call, const struct schema *schema, int32_t count);

// The connection's side:

/// One connection of a client to a broker.
struct fake_connection {
    struct fake_connection *prev; ///< utlist, the broker's
    struct fake_connection *next;
    struct fake_cluster *cluster;
    struct fake_broker *broker;
    struct buf input;
    struct buf output;
    struct buf late;        ///< an answer that waits for busy_until_ms
    int64_t busy_until_ms;  ///< no request is looked at before
    struct fake_call *call; ///< being served; NULL: none
    bool is_closing;        ///< hung up
    bool is_stuck;          ///< nothing is served any more
};

/// Serves what the connection has received, as far as it goes now.
void fake_connection_step(struct fake_connection *connection);

/// When the connection wants to be stepped without input; INT64_MAX: not before some.
int64_t fake_connection_next_due_ms(const struct fake_connection *connection);
