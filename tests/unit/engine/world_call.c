// SPDX-License-Identifier: Apache-2.0
// Commands for engines, and what became of them.
#include "consumer/base/must.h"
#include "consumer/wire/messages_cluster.h"
#include "tests/unit/engine/world.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MOST_ROWS = 64, DEFAULT_TIMEOUT_MS = 60000 };

struct command *world_command(enum command_kind kind, int64_t timeout_ms) {
    struct command *command = command_new(kind);
    command->timeout_ms = timeout_ms;
    return command;
}

void world_command_row(
    struct command *command, const char *topic, int32_t partition, int64_t offset
) {
    if (!command->rows) {
        command_rows(command, MOST_ROWS);
        command->row_count = 0;
    }
    must(command->row_count < MOST_ROWS);
    struct row *row = &command->rows[command->row_count++];
    row->topic = arena_string(&command->arena, slice_from_string(topic));
    row->partition = partition;
    row->offset = offset;
}

static void copy_rows(struct world_call *call, const struct command *command) {
    call->row_count = command->row_count;
    call->rows = must_alloc((command->row_count + 1) * sizeof *call->rows);
    for (size_t i = 0; i < command->row_count; i++) {
        const struct row *from = &command->rows[i];
        struct world_row *row = &call->rows[i];
        *row = (struct world_row){
            .partition = from->partition,
            .offset = from->offset,
            .timestamp_ms = from->timestamp_ms,
            .leader_epoch = from->leader_epoch,
            .status = from->status,
            .kafka_error = from->kafka_error,
        };
        (void)snprintf(row->topic, sizeof row->topic, "%s", from->topic);
        size_t size = from->metadata.size;
        if (size >= sizeof row->metadata) size = sizeof row->metadata - 1;
        if (size > 0) memcpy(row->metadata, from->metadata.data, size);
    }
}

static void on_done(struct command *command, const struct command_result *result) {
    struct world_call *call = command->arg;
    call->completions++;
    ck_assert_msg(call->completions == 1, "a command completed twice");
    call->status = result->status;
    call->kafka_error = result->kafka_error;
    call->topic_count = result->topics ? result->topics->topics_count : -1;
    call->finished_at_ms = call->consumer->world->now_ms;
    copy_rows(call, command);
}

struct world_call *world_give(struct world_consumer *consumer, struct command *command) {
    struct world *world = consumer->world;
    struct world_call *call = must_alloc(sizeof *call);
    call->consumer = consumer;
    call->kind = command->kind;
    int64_t timeout_ms = command->timeout_ms > 0 ? command->timeout_ms : DEFAULT_TIMEOUT_MS;
    call->deadline_ms = world->now_ms + timeout_ms;
    command->done = on_done;
    command->arg = call;
    DL_APPEND(world->calls, call);
    consumer->is_woken = true;
    engine_on_command_take(consumer->engine, command, world->now_ms);
    return call;
}

struct world_call *world_subscribe(struct world_consumer *consumer, const char *topic) {
    struct command *command = world_command(topic ? COMMAND_SUBSCRIBE : COMMAND_UNSUBSCRIBE, 0);
    if (topic) {
        command->topics = arena_array(&command->arena, 1, sizeof *command->topics);
        command->topics[0] = arena_string(&command->arena, slice_from_string(topic));
        command->topic_count = 1;
    }
    return world_give(consumer, command);
}

struct world_call *world_assign(
    struct world_consumer *consumer, int32_t partition, int64_t offset
) {
    struct command *command = world_command(COMMAND_ASSIGN, 0);
    world_command_row(command, "t", partition, offset);
    return world_give(consumer, command);
}

struct world_call *world_commit_all(struct world_consumer *consumer) {
    struct command *command = world_command(COMMAND_COMMIT, 0);
    command->all = true;
    return world_give(consumer, command);
}

struct world_call *world_commit(
    struct world_consumer *consumer, int32_t partition, int64_t offset
) {
    struct command *command = world_command(COMMAND_COMMIT, 0);
    world_command_row(command, "t", partition, offset);
    return world_give(consumer, command);
}

struct world_call *world_seek(
    struct world_consumer *consumer, int32_t partition, enum command_target target, int64_t offset
) {
    struct command *command = world_command(COMMAND_SEEK, 0);
    command->target = target;
    world_command_row(command, "t", partition, target == TARGET_OFFSET ? offset : -1);
    if (target == TARGET_TIMESTAMP) command->rows[0].timestamp_ms = offset;
    return world_give(consumer, command);
}

struct world_call *world_ask(
    struct world_consumer *consumer, enum command_kind kind, int32_t partition
) {
    struct command *command = world_command(kind, 0);
    command->all = partition < 0;
    if (partition >= 0) world_command_row(command, "t", partition, -1);
    return world_give(consumer, command);
}

struct world_call *world_acknowledge(struct world_consumer *consumer, int64_t rebalance_id) {
    struct command *command = world_command(COMMAND_ACKNOWLEDGE, 0);
    command->rebalance_id = rebalance_id;
    return world_give(consumer, command);
}

struct world_call *world_close(
    struct world_consumer *consumer, bool autocommit, int64_t timeout_ms
) {
    struct command *command = world_command(COMMAND_CLOSE, timeout_ms);
    command->autocommit = autocommit;
    consumer->polls = false;
    return world_give(consumer, command);
}
