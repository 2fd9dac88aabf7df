// SPDX-License-Identifier: Apache-2.0
// The parts of an engine, for the files of this folder and for those who describe it. Engine
// thread.
#pragma once

#include "consumer/base/log.h"
#include "consumer/base/random.h"
#include "consumer/cluster/cluster.h"
#include "consumer/cluster/coordinator.h"
#include "consumer/engine/options.h"
#include "consumer/engine/subscription.h"
#include "consumer/fetch/fetcher.h"
#include "consumer/fetch/position_set.h"
#include "consumer/net/login.h"

struct command;
struct commit;
struct figures;
struct handover;
struct job;
struct member;
struct queue;
struct reporter;

/// The line of commits. A zeroed one is empty. Counters only grow.
struct commits {
    struct commit *first; ///< utlist; the one under way
    uint64_t committed_count;
    uint64_t failed_count;
};

/// Partition counts that the member waits for.
struct counts_wanted {
    bool is_active;
    uint32_t after_answer; ///< metadata answers until then are too old
};

/// How far a close has come.
enum closing {
    CLOSING_NOT,
    CLOSING_COMMITTING,
    CLOSING_LEAVING,
    CLOSING_CONNECTIONS,
    CLOSING_DONE
};

/// One consumer's machine.
struct engine {
    struct options options;
    struct log log;
    struct random random;
    struct login login;
    struct cluster cluster;
    struct queue *queue;
    struct position_set positions;
    struct fetcher fetcher;
    struct coordinator coordinator; ///< only with a group
    struct member *member;          ///< NULL: no group
    struct commits commits;
    struct job *jobs;              ///< utlist
    struct command *resolving;     ///< SEEK and POSITION that wait for positions (utlist)
    struct command *leaving;       ///< UNSUBSCRIBE that wait for the member (utlist)
    struct command *closers;       ///< CLOSE (utlist)
    struct command *topic_queries; ///< TOPICS under way (utlist)
    struct command *waiter;        ///< the poll's WAIT; NULL: none
    struct subscription subscription;
    bool assigned_by_hand;
    bool has_obstacle;            ///< the queue tells polls of it
    bool coordinator_awaited;     ///< by the member
    uint32_t coordinator_answers; ///< seen
    struct handover *handover;
    struct reporter *reporter;
    struct figures *figures;
    struct counts_wanted counts;
    uint32_t metadata_answers; ///< seen
    int64_t metadata_version;  ///< seen
    int64_t auto_commit_at_ms;
    int64_t poll_due_at_ms; ///< max.poll.interval.ms
    enum closing closing;
    int64_t close_deadline_ms;
    bool close_autocommits;
    bool is_dirty;  ///< something happened that the next step must look at
    int64_t now_ms; ///< of the step or input under way
};

/// True when the consumer has a group.
bool engine_has_group(const struct engine *engine);

/// A back-off for the nth failure in a row, from retry.backoff.ms.
int64_t engine_backoff_ms(struct engine *engine, int failures);
