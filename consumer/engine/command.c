// SPDX-License-Identifier: Apache-2.0
// The life of a command.
#include "consumer/engine/command.h"

#include "consumer/base/must.h"

#include <stdlib.h>
#include <string.h>

struct command *command_new(enum command_kind kind) {
    struct command *command = must_alloc(sizeof *command);
    command->kind = kind;
    return command;
}

void command_rows(struct command *command, size_t count) {
    must(command->rows == NULL);
    command->rows = arena_array(&command->arena, count + 1, sizeof *command->rows);
    command->row_count = count;
    for (size_t i = 0; i < count; i++)
        command->rows[i] = (struct row){ .offset = -1, .leader_epoch = -1, .timestamp_ms = -1 };
}

void command_finish(struct command *command, const struct command_result *result) {
    must(!command->in_flight);
    must(command->done != NULL);
    command->done(command, result);
    command_free(command);
}

void command_finish_status(struct command *command, enum status status) {
    command_finish(command, &(struct command_result){ .status = status });
}

void command_free(struct command *command) {
    if (!command) return;
    arena_dispose(&command->arena);
    free(command);
}

bool row_is_plausible(const char *topic, int32_t partition) {
    size_t size = strlen(topic);
    return size > 0 && size <= LONGEST_TOPIC_NAME && partition >= 0;
}
