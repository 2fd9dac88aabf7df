// SPDX-License-Identifier: Apache-2.0
// What is behind the public types, for the files of this folder.
#pragma once

#include "consumer/consumer.h"
#include "consumer/engine/command.h"

struct event;
struct host;
struct lease;
struct loop;
struct queue;

/// Behind kc_runtime.
struct kc_runtime {
    struct loop *loop;
    struct kc_log log;
};

/// Behind kc_consumer.
struct kc_consumer {
    struct host *host;
    struct queue *queue;
    struct kc_listener listener;
};

/// Behind kc_poll.
struct kc_poll {
    struct kc_consumer *consumer;
    struct lease *lease;
    struct kc_poll_error error;
    char message[160];
    struct kc_partition *next_offsets; ///< made when asked for
};

/// A command whose completion is a public call's; `arena` of the command holds the call.
struct command *public_command(enum command_kind kind, struct kc_call call);

/// A public status; both lists have the same order.
enum kc_status public_status(enum status status);

/// Rows as public partitions, in `arena`.
const struct kc_partition *public_partitions(
    struct arena *arena, const struct row *rows, size_t count
);

/// What the engine calls for a consumer's listener; `arg` is the consumer.
bool public_on_event(void *arg, const struct event *event);

/// A completion of COMMAND_VISIT that describes the consumer.
void describe_done(struct command *command, const struct command_result *from);

/// The call behind a public command.
const struct kc_call *public_call(const struct command *command);
