// SPDX-License-Identifier: Apache-2.0
// Finds and remembers the coordinator of one group: one look-up shared by all who need it (pitfall
// 64). Engine thread.
#pragma once

#include "consumer/cluster/cluster.h"

/// The coordinator of a group. Fields may be read.
struct coordinator {
    struct cluster *cluster;
    const char *group_id;
    int32_t node_id; ///< NO_NODE: not known
    bool is_wanted;  ///< look it up when it is not known
    bool in_flight;
    int failures;
    int64_t retry_at_ms;
    enum status last_error; ///< of the last look-up
    int16_t kafka_error;
    uint32_t answer_count; ///< look-ups that ended, well or not
};

/// A coordinator that is not known. Cluster and text are borrowed for its life.
void coordinator_init(
    struct coordinator *coordinator, struct cluster *cluster, const char *group_id
);

/// Somebody needs it: looked up at the next step if it is not known.
void coordinator_want(struct coordinator *coordinator);

/// It is not `node_id` any more: a broker said so, or cannot be reached. Nothing happens when
/// another was found meanwhile.
void coordinator_lost(struct coordinator *coordinator, int32_t node_id);

/// True when it is not known, and a look-up that has ended since there were `answer_count` of them
/// said that this client may not use the group: waiting makes that no better.
bool coordinator_refuses(const struct coordinator *coordinator, uint32_t answer_count);

/// Sends the look-up if one is due.
void coordinator_step(struct coordinator *coordinator, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t coordinator_next_due_ms(const struct coordinator *coordinator);
