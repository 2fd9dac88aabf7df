// SPDX-License-Identifier: Apache-2.0
// Each command checks everything first and changes something only when all of it is right. Those
// that need an answer of the cluster become a commit, a look-up, or wait in a list until positions
// are known.
#include "consumer/engine/commands.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_pattern.h"
#include "consumer/engine/command.h"
#include "consumer/engine/commit.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/handover.h"
#include "consumer/engine/job.h"
#include "consumer/engine/membership.h"
#include "consumer/engine/reporter.h"
#include "consumer/engine/topics.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

// ------------------------------------------------------------------------------------------------
// Naming partitions

// Fills the rows of a command that named none: all assigned partitions.
static void name_all(struct engine *engine, struct command *command) {
    must(command->all && command->rows == NULL);
    command_rows(command, engine->positions.count);
    size_t i = 0;
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        struct row *row = &command->rows[i++];
        row->topic = arena_string(&command->arena, slice_from_string(position->topic));
        row->partition = position->partition;
    }
}

static struct position *find(struct engine *engine, const struct row *row) {
    return position_set_find(&engine->positions, row->topic, row->partition);
}

// True when every named partition is assigned; else the command is completed with what is not.
static bool check_assigned(struct engine *engine, struct command *command) {
    if (command->all) {
        name_all(engine, command);
        return true;
    }
    bool all = true;
    for (size_t i = 0; i < command->row_count; i++) {
        if (find(engine, &command->rows[i])) continue;
        command->rows[i].status = STATUS_NOT_ASSIGNED;
        all = false;
    }
    if (!all) command_finish_status(command, STATUS_NOT_ASSIGNED);
    return all;
}

// ------------------------------------------------------------------------------------------------
// Subscription and assignment

static bool are_plausible_topics(const struct command *command) {
    for (size_t i = 0; i < command->topic_count; i++) {
        if (!row_is_plausible(command->topics[i], 0)) return false;
    }
    return command->topic_count > 0;
}

static void subscribe(struct engine *engine, struct command *command) {
    enum status status = STATUS_OK;
    if (!engine->member) {
        status = STATUS_NO_GROUP;
    } else if (engine->assigned_by_hand) {
        status = STATUS_SUBSCRIPTION_CONFLICT;
    } else if (!are_plausible_topics(command)) {
        status = STATUS_INVALID_ARGUMENT;
    } else {
        subscription_set(engine, command->topics, command->topic_count);
        member_subscribe(engine->member, command->topics, command->topic_count, engine->now_ms);
    }
    command_finish_status(command, status);
}

static void subscribe_pattern(struct engine *engine, struct command *command) {
    struct command_result result = { .status = STATUS_OK };
    char error[TOPIC_PATTERN_ERROR_BYTES] = "";
    if (!engine->member) {
        result.status = STATUS_NO_GROUP;
    } else if (engine->assigned_by_hand) {
        result.status = STATUS_SUBSCRIPTION_CONFLICT;
    } else {
        struct topic_pattern *pattern = topic_pattern_new(command->pattern, error);
        if (pattern) {
            subscription_set_pattern_take(engine, pattern);
        } else {
            result.status = STATUS_INVALID_ARGUMENT;
            result.message = error;
        }
    }
    command_finish(command, &result);
}

static void auto_commit_removed(struct engine *engine) {
    bool wanted =
        engine_has_group(engine) && options_number(&engine->options, OPTION_ENABLE_AUTO_COMMIT);
    int64_t timeout_ms = options_number(&engine->options, OPTION_REQUEST_TIMEOUT_MS);
    if (wanted) commit_acknowledged(engine, engine->now_ms + timeout_ms);
}

void commands_clear_assignment(struct engine *engine) {
    position_set_clear(&engine->positions);
    engine->assigned_by_hand = false;
    subscription_forget_topics(engine);
}

static void unsubscribe(struct engine *engine, struct command *command) {
    subscription_set(engine, NULL, 0);
    if (engine->assigned_by_hand || !engine->member) {
        commands_clear_assignment(engine);
        command_finish_status(command, STATUS_OK);
        return;
    }
    member_subscribe(engine->member, NULL, 0, engine->now_ms);
    DL_APPEND(engine->leaving, command);
}

static void acknowledge(struct engine *engine, struct command *command) {
    bool was_held = handover_acknowledge(engine, command->rebalance_id);
    command_finish_status(command, was_held ? STATUS_OK : STATUS_NO_SUCH_REBALANCE);
}

static void rebalance(struct engine *engine, struct command *command) {
    struct command_result result = { .status = STATUS_OK };
    if (!engine->member) {
        result.status = STATUS_NO_GROUP;
    } else if (!subscription_exists(engine)) {
        result.status = STATUS_SUBSCRIPTION_CONFLICT;
        result.message = "only a subscribed consumer rebalances";
    } else {
        struct member_error error = member_describe(engine->member).error;
        if (error.fatal) result.status = error.status;
        if (error.fatal) result.kafka_error = error.kafka_error;
        const char *reason = command->reason ? command->reason : "the application asked for it";
        member_request_rejoin(engine->member, reason, engine->now_ms);
    }
    command_finish(command, &result);
}

static bool is_named(const struct command *command, const struct position *position) {
    for (size_t i = 0; i < command->row_count; i++) {
        const struct row *row = &command->rows[i];
        if (row->partition == position->partition && strcmp(row->topic, position->topic) == 0)
            return true;
    }
    return false;
}

static void remove_unnamed(struct engine *engine, const struct command *command) {
    struct position *position;
    struct position *next;
    DL_FOREACH_SAFE(engine->positions.first, position, next) {
        if (!is_named(command, position)) position_set_remove(&engine->positions, position);
    }
}

static void assign(struct engine *engine, struct command *command) {
    must(!command->all);
    // A member on its way out has yet to give up what it holds.
    bool is_member = engine->member && !member_has_left(engine->member);
    if (subscription_exists(engine) || is_member) {
        command_finish_status(command, STATUS_SUBSCRIPTION_CONFLICT);
        return;
    }
    auto_commit_removed(engine);
    remove_unnamed(engine, command);
    engine->assigned_by_hand = true;
    engine->auto_commit_at_ms =
        engine->now_ms + options_number(&engine->options, OPTION_AUTO_COMMIT_INTERVAL_MS);
    for (size_t i = 0; i < command->row_count; i++) {
        const struct row *row = &command->rows[i];
        struct position *position = find(engine, row);
        if (!position) position = membership_add_position(engine, row->topic, row->partition);
        if (row->offset >= 0) position_seek(position, row->offset, row->leader_epoch);
    }
    subscription_forget_topics(engine);
    command_finish_status(command, STATUS_OK);
}

// ------------------------------------------------------------------------------------------------
// Positions

// A position that is known, or will not be until somebody seeks.
static bool is_resolved(const struct position *position, struct row *row) {
    struct queue_view view = queue_view(position->queue);
    if (position->state == POSITION_FAILED) {
        row->status = position->last_error;
        row->kafka_error = position->kafka_error;
        return true;
    }
    row->offset = view.position;
    row->leader_epoch = view.position_epoch;
    return view.position >= 0;
}

static bool resolve(struct engine *engine, struct command *command) {
    must(command->kind == COMMAND_SEEK || command->kind == COMMAND_POSITION);
    bool all = true;
    for (size_t i = 0; i < command->row_count; i++) {
        struct row *row = &command->rows[i];
        const struct position *position = find(engine, row);
        if (row->is_done) continue;
        row->status = position ? STATUS_OK : STATUS_NOT_ASSIGNED;
        row->is_done = !position || is_resolved(position, row);
        all = all && row->is_done;
    }
    return all;
}

static void await_positions(struct engine *engine, struct command *command) {
    if (resolve(engine, command)) {
        command_finish_status(command, STATUS_OK);
    } else {
        DL_APPEND(engine->resolving, command);
    }
}

static void seek_one(
    const struct command *command, struct position *position, const struct row *row
) {
    switch (command->target) {
    case TARGET_OFFSET: position_seek(position, row->offset, row->leader_epoch); return;
    case TARGET_BEGINNING: position_seek_timestamp(position, POSITION_EARLIEST); return;
    case TARGET_END: position_seek_timestamp(position, POSITION_LATEST); return;
    case TARGET_COMMITTED: position_seek_committed(position); return;
    case TARGET_TIMESTAMP: position_seek_timestamp(position, row->timestamp_ms); return;
    }
    must(!"a target that is none");
}

static bool is_valid_target(const struct command *command, const struct row *row) {
    if (command->target == TARGET_OFFSET) return row->offset >= 0;
    return command->target != TARGET_TIMESTAMP || row->timestamp_ms >= 0;
}

static void seek(struct engine *engine, struct command *command) {
    if (!check_assigned(engine, command)) return;
    for (size_t i = 0; i < command->row_count; i++) {
        if (is_valid_target(command, &command->rows[i])) continue;
        command->rows[i].status = STATUS_INVALID_ARGUMENT;
        command_finish_status(command, STATUS_INVALID_ARGUMENT);
        return;
    }
    for (size_t i = 0; i < command->row_count; i++)
        seek_one(command, find(engine, &command->rows[i]), &command->rows[i]);
    engine->is_dirty = true;
    await_positions(engine, command);
}

// The positions are known at once, or have nothing to undo.
static void rewind_all(struct engine *engine, struct command *command) {
    if (queue_is_polled(engine->queue)) {
        command_finish_status(command, STATUS_POLL_IN_PROGRESS);
        return;
    }
    name_all(engine, command);
    bool acknowledges = options_number(&engine->options, OPTION_ENABLE_AUTO_COMMIT) != 0;
    for (size_t i = 0; i < command->row_count; i++) {
        struct position *each = find(engine, &command->rows[i]);
        struct queue_view view = queue_view(each->queue);
        (void)position_rewind(each, acknowledges ? view.acknowledged : -1, view.acknowledged_epoch);
        view = queue_view(each->queue);
        command->rows[i].offset = view.position;
        command->rows[i].leader_epoch = view.position_epoch;
    }
    command_finish_status(command, STATUS_OK);
}

static void position(struct engine *engine, struct command *command) {
    if (check_assigned(engine, command)) await_positions(engine, command);
}

// Answers with all that are paused then.
static void answer_paused(struct engine *engine, struct command *command) {
    command->rows = NULL;
    command_rows(command, engine->positions.count);
    size_t count = 0;
    struct position *each;
    DL_FOREACH(engine->positions.first, each) {
        if (!each->is_paused) continue;
        struct row *row = &command->rows[count++];
        row->topic = each->topic;
        row->partition = each->partition;
    }
    command->row_count = count;
    command_finish_status(command, STATUS_OK);
}

static void set_paused(struct engine *engine, struct command *command, bool paused) {
    must(command->kind == (paused ? COMMAND_PAUSE : COMMAND_RESUME));
    if (!check_assigned(engine, command)) return;
    for (size_t i = 0; i < command->row_count; i++) {
        struct position *each = find(engine, &command->rows[i]);
        position_set_paused(each, paused);
    }
    engine->is_dirty = true;
    answer_paused(engine, command);
}

// ------------------------------------------------------------------------------------------------
// Commits and look-ups

static void on_committed(
    struct engine *engine, struct commit *commit, const struct commit_outcome *outcome
) {
    struct command *command = commit->command;
    must(engine != NULL && commit->row_count == command->row_count);
    for (size_t i = 0; i < commit->row_count; i++) {
        command->rows[i].status = commit->rows[i].status;
        command->rows[i].kafka_error = commit->rows[i].kafka_error;
    }
    struct command_result result = { .status = outcome->status,
                                     .kafka_error = outcome->kafka_error };
    command_finish(command, &result);
}

// With no body: what was delivered. Partitions without a known position have nothing to commit.
static void name_delivered(struct engine *engine, struct command *command) {
    must(command->all && command->rows == NULL);
    command_rows(command, engine->positions.count);
    size_t count = 0;
    struct position *each;
    DL_FOREACH(engine->positions.first, each) {
        struct queue_view view = queue_view(each->queue);
        if (view.position < 0) continue;
        struct row *row = &command->rows[count++];
        row->topic = arena_string(&command->arena, slice_from_string(each->topic));
        row->partition = each->partition;
        row->offset = view.position;
        row->leader_epoch = view.position_epoch;
    }
    command->row_count = count;
}

static void commit(struct engine *engine, struct command *command) {
    if (!engine_has_group(engine)) {
        command_finish_status(command, STATUS_NO_GROUP);
        return;
    }
    if (command->all) name_delivered(engine, command);
    if (command->row_count == 0) {
        command_finish_status(command, STATUS_OK);
        return;
    }
    struct commit *commit = commit_new(command->row_count, command->deadline_ms);
    for (size_t i = 0; i < command->row_count; i++) {
        const struct row *from = &command->rows[i];
        struct row *row = &commit->rows[i];
        *row = *from;
        row->topic = arena_string(&commit->arena, slice_from_string(from->topic));
        row->metadata = arena_copy(&commit->arena, from->metadata);
        row->status = from->offset >= 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT;
        row->is_done = from->offset < 0;
    }
    commit->command = command;
    commit->on_done = on_committed;
    commit_start_take(engine, commit);
}

static void on_looked_up(struct engine *engine, struct job *job) {
    struct command *command = job->owner;
    must(engine != NULL && job->row_count == command->row_count);
    enum status status = STATUS_OK;
    size_t failed = 0;
    for (size_t i = 0; i < job->row_count; i++) {
        struct row *row = &command->rows[i];
        const struct row *found = &job->rows[i];
        row->offset = found->offset;
        row->leader_epoch = found->leader_epoch;
        row->timestamp_ms = found->timestamp_ms;
        row->metadata = arena_copy(&command->arena, found->metadata);
        row->status = found->status;
        row->kafka_error = found->kafka_error;
        if (!found->status) continue;
        failed++;
        status = found->status;
    }
    // A look-up of which nothing came fails as a whole; else partitions have their own errors.
    if (failed < job->row_count) status = STATUS_OK;
    command_finish_status(command, status);
}

static void look_up(struct engine *engine, struct command *command, enum job_kind kind) {
    struct job *job = job_new(kind, command->row_count, command->deadline_ms);
    for (size_t i = 0; i < command->row_count; i++) {
        job->rows[i].topic = arena_string(&job->arena, slice_from_string(command->rows[i].topic));
        job->rows[i].partition = command->rows[i].partition;
        job->rows[i].timestamp_ms = command->rows[i].timestamp_ms;
    }
    job->owner = command;
    job->on_done = on_looked_up;
    job_start_take(engine, job);
}

static void committed(struct engine *engine, struct command *command) {
    if (!engine_has_group(engine)) {
        command_finish_status(command, STATUS_NO_GROUP);
        return;
    }
    if (command->all) name_all(engine, command);
    if (command->row_count == 0) {
        command_finish_status(command, STATUS_OK);
    } else {
        look_up(engine, command, JOB_COMMITTED);
    }
}

static void offsets(struct engine *engine, struct command *command) {
    if (command->all) name_all(engine, command);
    for (size_t i = 0; i < command->row_count; i++) {
        struct row *row = &command->rows[i];
        if (command->target == TARGET_BEGINNING) row->timestamp_ms = POSITION_EARLIEST;
        if (command->target == TARGET_END) row->timestamp_ms = POSITION_LATEST;
    }
    bool answerable = command->target != TARGET_OFFSET && command->target != TARGET_COMMITTED;
    if (!answerable) {
        command_finish_status(command, STATUS_INVALID_ARGUMENT);
    } else if (command->row_count == 0) {
        command_finish_status(command, STATUS_OK);
    } else {
        look_up(engine, command, JOB_OFFSETS);
    }
}

// ------------------------------------------------------------------------------------------------
// Waiting and closing

static void wait(struct engine *engine, struct command *command) {
    must(engine->waiter == NULL);
    if (queue_is_ready(engine->queue)) {
        command_finish_status(command, STATUS_OK);
    } else if (command->timeout_ms <= 0) {
        command_finish_status(command, STATUS_TIMED_OUT);
    } else {
        engine->waiter = command;
        engine->is_dirty = true;
    }
}

static void finish_wait(struct engine *engine, enum status status) {
    struct command *waiter = engine->waiter;
    if (!waiter) return;
    engine->waiter = NULL;
    command_finish_status(waiter, status);
}

static void interrupt(struct engine *engine, struct command *command) {
    must(command->kind == COMMAND_INTERRUPT);
    finish_wait(engine, STATUS_INTERRUPTED);
    command_finish_status(command, STATUS_OK);
}

static void close_engine(struct engine *engine, struct command *command) {
    if (engine->closing == CLOSING_DONE) {
        command_finish_status(command, STATUS_OK);
        return;
    }
    if (engine->closing == CLOSING_NOT) {
        engine->closing = CLOSING_COMMITTING;
        engine->close_deadline_ms = command->deadline_ms;
        engine->close_autocommits = command->autocommit;
        queue_close(engine->queue);
        finish_wait(engine, STATUS_CLOSED);
        bool commits = command->autocommit && engine_has_group(engine) &&
                       options_number(&engine->options, OPTION_ENABLE_AUTO_COMMIT);
        if (commits) commit_acknowledged(engine, command->deadline_ms);
    } else if (command->deadline_ms < engine->close_deadline_ms) {
        engine->close_deadline_ms = command->deadline_ms;
    }
    handover_shorten(engine, engine->close_deadline_ms);
    engine->is_dirty = true;
    DL_APPEND(engine->closers, command);
}

// ------------------------------------------------------------------------------------------------

// Marks what cannot be a partition at all.
static bool are_plausible_rows(struct command *command) {
    bool all = true;
    for (size_t i = 0; i < command->row_count; i++) {
        struct row *row = &command->rows[i];
        if (row_is_plausible(row->topic, row->partition)) continue;
        row->status = STATUS_INVALID_ARGUMENT;
        all = false;
    }
    return all;
}

static void run(struct engine *engine, struct command *command) {
    switch (command->kind) {
    case COMMAND_SUBSCRIBE: subscribe(engine, command); return;
    case COMMAND_SUBSCRIBE_PATTERN: subscribe_pattern(engine, command); return;
    case COMMAND_UNSUBSCRIBE: unsubscribe(engine, command); return;
    case COMMAND_ASSIGN: assign(engine, command); return;
    case COMMAND_ACKNOWLEDGE: acknowledge(engine, command); return;
    case COMMAND_REBALANCE: rebalance(engine, command); return;
    case COMMAND_COMMIT: commit(engine, command); return;
    case COMMAND_COMMITTED: committed(engine, command); return;
    case COMMAND_POSITION: position(engine, command); return;
    case COMMAND_SEEK: seek(engine, command); return;
    case COMMAND_REWIND: rewind_all(engine, command); return;
    case COMMAND_PAUSE: set_paused(engine, command, true); return;
    case COMMAND_RESUME: set_paused(engine, command, false); return;
    case COMMAND_OFFSETS: offsets(engine, command); return;
    case COMMAND_TOPICS: topics_start_take(engine, command); return;
    case COMMAND_VISIT:
        command_finish(command, &(struct command_result){ .engine = engine });
        return;
    case COMMAND_WAIT: wait(engine, command); return;
    case COMMAND_INTERRUPT: interrupt(engine, command); return;
    case COMMAND_CLOSE: close_engine(engine, command); return;
    }
    must(!"a command of no kind");
}

// A close that holds its partitions for the application serves what that may want of them.
static bool is_served_while_closing(const struct engine *engine, enum command_kind kind) {
    bool of_a_handover =
        kind == COMMAND_ACKNOWLEDGE || kind == COMMAND_COMMIT || kind == COMMAND_COMMITTED;
    if (of_a_handover) return handover_holds_revocation(engine);
    return kind == COMMAND_VISIT || kind == COMMAND_CLOSE;
}

void commands_on_command_take(struct engine *engine, struct command *command) {
    must(command->done != NULL);
    int64_t timeout_ms = command->timeout_ms;
    if (timeout_ms <= 0)
        timeout_ms = options_number(&engine->options, OPTION_DEFAULT_API_TIMEOUT_MS);
    command->deadline_ms = engine->now_ms + timeout_ms;
    bool allowed = engine->closing == CLOSING_NOT || is_served_while_closing(engine, command->kind);
    engine->is_dirty = true;
    if (!allowed) {
        command_finish_status(command, STATUS_CLOSED);
    } else if (!are_plausible_rows(command)) {
        command_finish_status(command, STATUS_INVALID_ARGUMENT);
    } else {
        run(engine, command);
        reporter_on_state(engine, "the application asked for it");
    }
}

static void step_resolving(struct engine *engine) {
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(engine->resolving, command, next) {
        bool done = resolve(engine, command);
        if (!done && engine->now_ms < command->deadline_ms) continue;
        DL_DELETE(engine->resolving, command);
        for (size_t i = 0; i < command->row_count; i++) {
            if (!command->rows[i].is_done) command->rows[i].status = STATUS_TIMED_OUT;
        }
        command_finish_status(command, done ? STATUS_OK : STATUS_TIMED_OUT);
    }
}

static void step_leaving(struct engine *engine) {
    bool left = !engine->member || member_describe(engine->member).state == MEMBER_UNJOINED;
    bool joined_again = subscription_exists(engine);
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(engine->leaving, command, next) {
        bool late = engine->now_ms >= command->deadline_ms;
        if (!left && !joined_again && !late) continue;
        DL_DELETE(engine->leaving, command);
        command_finish_status(command, left || joined_again ? STATUS_OK : STATUS_TIMED_OUT);
    }
}

void commands_step(struct engine *engine, int64_t now_ms) {
    must(now_ms == engine->now_ms);
    step_resolving(engine);
    step_leaving(engine);
    if (!engine->waiter) return;
    if (queue_is_ready(engine->queue)) {
        finish_wait(engine, STATUS_OK);
    } else if (now_ms >= engine->waiter->deadline_ms) {
        finish_wait(engine, STATUS_TIMED_OUT);
    }
}

static int64_t earliest_deadline(const struct command *list, int64_t due_ms) {
    const struct command *command;
    DL_FOREACH(list, command) {
        if (command->deadline_ms < due_ms) due_ms = command->deadline_ms;
    }
    return due_ms;
}

int64_t commands_next_due_ms(const struct engine *engine) {
    int64_t due_ms = earliest_deadline(engine->resolving, INT64_MAX);
    due_ms = earliest_deadline(engine->leaving, due_ms);
    if (engine->waiter && engine->waiter->deadline_ms < due_ms)
        due_ms = engine->waiter->deadline_ms;
    return due_ms;
}

static void abandon(struct command **list) {
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(*list, command, next) {
        DL_DELETE(*list, command);
        command_finish_status(command, STATUS_CLOSED);
    }
}

void commands_abandon(struct engine *engine) {
    abandon(&engine->resolving);
    abandon(&engine->leaving);
    finish_wait(engine, STATUS_CLOSED);
}
