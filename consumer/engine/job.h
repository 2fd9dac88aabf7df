// SPDX-License-Identifier: Apache-2.0
// A look-up of offsets for some partitions, possibly at several brokers, repeated until each
// partition has its answer or time is up. Engine thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/engine/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct job;

/// What is looked up.
enum job_kind {
    JOB_COMMITTED, ///< OffsetFetch, at the coordinator: offset, epoch and metadata of each row; -1:
                   ///< none
    JOB_OFFSETS,   ///< ListOffsets, at the leaders: offset, timestamp and epoch for the row's
                   ///< timestamp
    JOB_EPOCH_END, ///< OffsetForLeaderEpoch, at the leaders: end offset and epoch for the row's
                   ///< epoch
};

/// A look-up under way.
struct job {
    struct job *prev; ///< utlist, in the engine's list
    struct job *next;
    enum job_kind kind;
    struct arena arena; ///< holds the rows
    struct row *rows;
    size_t row_count;
    int64_t deadline_ms;          ///< INT64_MAX: only ended by answers
    uint32_t coordinator_answers; ///< look-ups of the coordinator that had ended when it began
    int64_t retry_at_ms;
    int failures;
    size_t in_flight; ///< requests
    bool is_finished; ///< on_done was called; kept for answers that are still to come
    void (*on_done
    )(struct engine *engine, struct job *job); ///< called once; the job is freed afterwards
    void *owner;
};

/// A job of `count` rows, cleared, with offsets, epochs and timestamps at -1.
struct job *job_new(enum job_kind kind, size_t count, int64_t deadline_ms);

/// Gives the job to the engine.
void job_start_take(struct engine *engine, struct job *job);

/// Sends, ends and frees what is due, for all jobs.
void jobs_step(struct engine *engine, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none.
int64_t jobs_next_due_ms(const struct engine *engine, int64_t now_ms);

/// Ends all jobs with a status; only when no request is in flight any more.
void jobs_dispose(struct engine *engine);
