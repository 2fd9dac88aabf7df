// SPDX-License-Identifier: Apache-2.0
// A call of the public API on its way to the engine: made by the caller's thread, owned by the
// engine from the mailbox on, completed exactly once on the engine thread.
#pragma once

#include "consumer/base/arena.h"
#include "consumer/engine/row.h"

#include <stddef.h>

struct metadata_response;

struct engine;
struct command;

/// What a command asks for; the meanings are those of the public calls.
enum command_kind {
    COMMAND_SUBSCRIBE,
    COMMAND_SUBSCRIBE_PATTERN,
    COMMAND_UNSUBSCRIBE,
    COMMAND_ASSIGN,
    COMMAND_ACKNOWLEDGE,
    COMMAND_REBALANCE,
    COMMAND_COMMIT,
    COMMAND_COMMITTED,
    COMMAND_POSITION,
    COMMAND_SEEK,
    COMMAND_REWIND,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_OFFSETS,
    COMMAND_TOPICS,
    COMMAND_VISIT,     ///< completes at once: its completion may look at the engine
    COMMAND_WAIT,      ///< completes when the queue is ready
    COMMAND_INTERRUPT, ///< ends the COMMAND_WAIT
    COMMAND_CLOSE,
};

/// Where a seek goes and what an offset look-up asks for.
enum command_target {
    TARGET_OFFSET,
    TARGET_BEGINNING,
    TARGET_END,
    TARGET_COMMITTED,
    TARGET_TIMESTAMP
};

/// How a close says goodbye to the group.
enum command_farewell { FAREWELL_DEFAULT, FAREWELL_LEAVE, FAREWELL_REMAIN };

/// What a command came to; results of partitions stand in its rows.
struct command_result {
    enum status status;
    int16_t kafka_error;
    const char *message;                    ///< a sentence with particulars; NULL: the status's own
    const struct metadata_response *topics; ///< of COMMAND_TOPICS
    struct engine *engine;
};

/// A command with everything that belongs to it in one arena.
struct command {
    struct command *prev; ///< utlist, in the engine's lists
    struct command *next;
    enum command_kind kind;
    enum command_target target;
    struct arena arena;
    bool all;         ///< no partitions were named: all assigned
    struct row *rows; ///< in and out
    size_t row_count;
    const char **topics;
    size_t topic_count;
    const char *pattern;            ///< of SUBSCRIBE_PATTERN
    int64_t rebalance_id;           ///< of ACKNOWLEDGE
    const char *reason;             ///< of REBALANCE; NULL: none was given
    bool autocommit;                ///< of CLOSE
    enum command_farewell farewell; ///< of CLOSE
    int64_t timeout_ms;  ///< from the call on; 0 or less: the default, but for COMMAND_WAIT
    int64_t deadline_ms; ///< set by the engine
    void (*done
    )(struct command *command, const struct command_result *result); ///< called once, then freed
    void *arg;
    // of commands that are repeated
    struct engine *engine;
    bool in_flight;
    int failures;
    int64_t retry_at_ms;
};

/// A new command; the caller owns it until it gives it to an engine.
struct command *command_new(enum command_kind kind);

/// Room for `count` rows, cleared, with offsets, epochs and timestamps at -1.
void command_rows(struct command *command, size_t count);

/// Calls `done` and frees the command.
void command_finish(struct command *command, const struct command_result *result);

/// Calls `done` with a status alone and frees the command.
void command_finish_status(struct command *command, enum status status);

/// Frees a command that no engine got.
void command_free(struct command *command);
