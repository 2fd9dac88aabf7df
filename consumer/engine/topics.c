// SPDX-License-Identifier: Apache-2.0
// A Metadata request for the application's eyes. Never creates a topic (pitfall 100).
#include "consumer/engine/topics.h"

#include "consumer/base/must.h"
#include "consumer/engine/command.h"
#include "consumer/engine/engine_state.h"
#include "consumer/net/request.h"
#include "consumer/wire/api.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"

#include <stdio.h>
#include <utlist.h>

static void finish(
    struct engine *engine, struct command *command, const struct command_result *result
) {
    DL_DELETE(engine->topic_queries, command);
    command_finish(command, result);
}

static enum status meaning_of(int16_t code) {
    switch (code) {
    case ERROR_UNKNOWN_TOPIC_OR_PARTITION:
    case ERROR_INVALID_TOPIC_EXCEPTION: return STATUS_NO_SUCH_TOPIC;
    case ERROR_TOPIC_AUTHORIZATION_FAILED: return STATUS_TOPIC_AUTHORIZATION_FAILED;
    default: return code ? STATUS_KAFKA_ERROR : STATUS_OK;
    }
}

static const char *describe(struct command *command, enum status status) {
    if (!status || command->topic_count == 0) return NULL;
    char text[LONGEST_TOPIC_NAME + 100];
    (void)snprintf(text, sizeof text, "%.249s: %s", command->topics[0], status_text(status));
    return arena_string(&command->arena, slice_from_string(text));
}

// Whether another attempt may bring what this one did not.
static bool may_pass(const struct reply *reply) {
    const struct metadata_response *response = reply->message;
    must(reply->status != STATUS_OK || response != NULL);
    bool is_final = reply->status == STATUS_CLOSED || reply->status == STATUS_UNSUPPORTED_VERSION;
    if (reply->status) return !is_final;
    return response->error_code && kafka_error_find(response->error_code)->retriable;
}

static void on_answer(void *owner, const struct reply *reply) {
    struct command *command = owner;
    struct engine *engine = command->engine;
    const struct metadata_response *response = reply->message;
    must(command->in_flight);
    command->in_flight = false;
    engine->is_dirty = true;
    // When time is over the next step says so: a cut connection is not what the caller asked about.
    if (may_pass(reply)) {
        command->retry_at_ms = reply->now_ms + engine_backoff_ms(engine, ++command->failures);
        return;
    }
    struct command_result result = { .status = reply->status };
    if (!reply->status) {
        int16_t code = response->error_code;
        if (!code && command->topic_count > 0 && response->topics_count > 0)
            code = response->topics[0].error_code;
        result.status = meaning_of(code);
        result.message = describe(command, result.status);
        result.kafka_error = code;
        result.topics = response;
    }
    finish(engine, command, &result);
}

static void send(struct engine *engine, struct command *command) {
    must(!command->in_flight);
    int32_t node_id = cluster_any_node(&engine->cluster, engine->now_ms);
    if (node_id == NO_NODE) {
        command->retry_at_ms = engine->now_ms + engine_backoff_ms(engine, 1);
        return;
    }
    int64_t deadline_ms =
        engine->now_ms + options_number(&engine->options, OPTION_REQUEST_TIMEOUT_MS);
    if (deadline_ms > command->deadline_ms) deadline_ms = command->deadline_ms;
    struct request *request = request_new(api_find(API_METADATA), deadline_ms);
    request->on_reply = on_answer;
    request->owner = command;
    struct metadata_request *message = request->message;
    message->allow_auto_topic_creation = false;
    message->topics_count = command->topic_count > 0 ? 1 : -1;
    if (command->topic_count > 0) {
        message->topics = arena_array(&request->arena, 1, sizeof *message->topics);
        schema_init(&metadata_request_topic_schema, message->topics);
        message->topics->name = arena_copy(&request->arena, slice_from_string(command->topics[0]));
    }
    command->in_flight = true;
    cluster_send_take(&engine->cluster, node_id, PURPOSE_GENERAL, request);
}

void topics_start_take(struct engine *engine, struct command *command) {
    must(command->topic_count <= 1);
    command->engine = engine;
    DL_APPEND(engine->topic_queries, command);
}

void topics_step(struct engine *engine) {
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(engine->topic_queries, command, next) {
        if (command->in_flight) continue;
        enum status obstacle = cluster_obstacle(&engine->cluster);
        if (status_is_of_security(obstacle) || engine->now_ms >= command->deadline_ms) {
            enum status status = obstacle ? obstacle : STATUS_TIMED_OUT;
            finish(engine, command, &(struct command_result){ .status = status });
        } else if (engine->now_ms >= command->retry_at_ms) {
            send(engine, command);
        }
    }
}

int64_t topics_next_due_ms(const struct engine *engine) {
    int64_t due_ms = INT64_MAX;
    const struct command *command;
    DL_FOREACH(engine->topic_queries, command) {
        if (command->in_flight) continue;
        int64_t at_ms = command->retry_at_ms < command->deadline_ms ? command->retry_at_ms
                                                                    : command->deadline_ms;
        if (at_ms < due_ms) due_ms = at_ms;
    }
    return due_ms;
}

void topics_abandon(struct engine *engine) {
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(engine->topic_queries, command, next) {
        if (!command->in_flight)
            finish(engine, command, &(struct command_result){ .status = STATUS_CLOSED });
    }
}
