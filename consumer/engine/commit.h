// SPDX-License-Identifier: Apache-2.0
// Commits of one consumer: a line in which only the first is under way, so that a partition's
// commits keep their order whatever the answers do (pitfall 8). Engine thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/engine/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct engine;
struct commit;

/// What a commit came to.
struct commit_outcome {
    enum status
        status; ///< of the group, when the commit failed as a whole; partitions have their own
    int16_t kafka_error;
};

/// A commit that waits or is under way.
struct commit {
    struct commit *prev;
    struct commit *next;
    struct arena arena; ///< holds the rows
    struct row *rows;   ///< offset, leader_epoch, metadata in; status and kafka_error out
    size_t row_count;
    int64_t deadline_ms;
    uint32_t coordinator_answers; ///< look-ups of the coordinator that had ended when it began
    int64_t retry_at_ms;
    int failures;
    bool is_automatic;
    bool in_flight;
    bool is_abandoned; ///< finished, kept for an answer that is still to come
    int32_t sent_generation;
    char *sent_member_id;
    int32_t sent_to; ///< node
    int64_t sent_at_ms;
    void (*on_done
    )(struct engine *engine, struct commit *commit, const struct commit_outcome *outcome);
    struct engine *engine;   ///< while in flight
    struct command *command; ///< for the maker; NULL: none
};

/// A commit of `count` rows, cleared, with offsets and epochs at -1.
struct commit *commit_new(size_t count, int64_t deadline_ms);

/// Puts a commit at the end of the line.
void commit_start_take(struct engine *engine, struct commit *commit);

/// Commits, for every assigned partition, what a later poll has acknowledged and is not committed
/// yet. `deadline_ms` bounds it. Nothing to commit: nothing happens.
void commit_acknowledged(struct engine *engine, int64_t deadline_ms);

/// True when no commit waits or is under way.
bool commits_are_done(const struct engine *engine);

/// Ends all commits that wait or are under way, with a status: the partitions are lost.
void commits_abandon(struct engine *engine, enum status status);

/// Sends and ends what is due.
void commits_step(struct engine *engine, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t commits_next_due_ms(const struct engine *engine, int64_t now_ms);
