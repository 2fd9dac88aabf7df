// SPDX-License-Identifier: Apache-2.0
// The public calls as commands for the engine. Everything that a caller passes is copied into the
// command's arena on the caller's thread; the engine thread turns the outcome back into public
// types.
#include "consumer/consumer.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/consumer_state.h"
#include "consumer/driver/credentials.h"
#include "consumer/driver/loop.h"
#include "consumer/driver/reference.h"
#include "consumer/engine/command.h"
#include "consumer/engine/event.h"
#include "consumer/engine/options.h"
#include "consumer/security/secret.h"
#include "consumer/security/security.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"

#include <stdio.h>
#include <stdlib.h>

/// Behind kc_config.
struct kc_config {
    struct options options;
};

// The public list of statuses is the library's own.
#define CHECK(name, sentence) \
    _Static_assert((int)KC_##name == (int)STATUS_##name, "KC_" #name " is out of order");
STATUS_LIST(CHECK)
#undef CHECK

enum kc_status public_status(enum status status) {
    return (enum kc_status)status;
}

const char *kc_status_name(enum kc_status status) {
    return status_name((enum status)status);
}

const char *kc_status_text(enum kc_status status) {
    return status_text((enum status)status);
}

const char *kc_kafka_error_name(int16_t code) {
    return kafka_error_name(code);
}

bool kc_retriable(enum kc_status status, int16_t kafka_error) {
    static const enum kc_status retriable[] = {
        KC_POLL_IN_PROGRESS,   KC_REBALANCE_IN_PROGRESS,
        KC_BROKER_UNAVAILABLE, KC_COORDINATOR_UNAVAILABLE,
        KC_TIMED_OUT,          KC_DISCONNECTED,
        KC_INTERRUPTED,
    };

    for (size_t i = 0; i < sizeof retriable / sizeof retriable[0]; i++) {
        if (retriable[i] == status) return true;
    }
    return status == KC_KAFKA_ERROR && kafka_error_find(kafka_error)->retriable;
}

// ------------------------------------------------------------------------------------------------
// Configuration

/// Public types by the names of the library's own.
enum public_type {
    PUBLIC_BOOLEAN = KC_BOOLEAN,
    PUBLIC_INTEGER = KC_INTEGER,
    PUBLIC_STRING = KC_STRING,
    PUBLIC_SECRET = KC_STRING,
    PUBLIC_LIST = KC_LIST,
    PUBLIC_CHOICE = KC_CHOICE,
};

static const struct kc_option public_options[] = {
#define OPTION_PUBLIC(name, key, type, min, max, choices, default_value, text)    \
    { key,  (enum kc_option_type)PUBLIC_##type, min, max, choices, default_value, \
      text, OPTION_##type == OPTION_SECRET },
    OPTION_LIST_OF_ALL(OPTION_PUBLIC)
#undef OPTION_PUBLIC
};

const struct kc_option *kc_options(size_t *count) {
    *count = sizeof public_options / sizeof public_options[0];
    return public_options;
}

struct kc_config *kc_config_new(void) {
    struct kc_config *config = must_alloc(sizeof *config);
    options_init(&config->options);
    return config;
}

struct kc_config *kc_config_dup(const struct kc_config *config) {
    struct kc_config *copy = must_alloc(sizeof *copy);
    options_copy(&copy->options, &config->options);
    return copy;
}

void kc_config_free(struct kc_config *config) {
    if (!config) return;
    options_dispose(&config->options);
    free(config);
}

enum kc_status kc_config_set(
    struct kc_config *config, const char *key, const char *value, char error[KC_ERROR_BYTES]
) {
    _Static_assert((int)KC_ERROR_BYTES == (int)OPTION_ERROR_BYTES, "error texts have one size");
    return public_status(options_set(&config->options, key, value, error));
}

const char *kc_config_get(const struct kc_config *config, const char *key) {
    enum option_name name;
    return options_find(key, &name) ? options_text(&config->options, name) : NULL;
}

bool kc_resolves(const char *key) {
    enum option_name name;
    return options_find(key, &name) && options_is_late(name);
}

char *kc_resolve(const char *value, char error[KC_ERROR_BYTES]) {
    _Static_assert((int)REFERENCE_WHY_BYTES <= (int)KC_ERROR_BYTES, "the reason fits");
    struct buf text = { 0 };
    char *resolved = NULL;
    if (reference_resolve(value, &text, error)) {
        secret_append(&text, "", 1);
        resolved = must_strdup((const char *)text.data);
    }
    secret_dispose(&text);
    return resolved;
}

// Checks the options, and reads what those of security lead to, if there is a use for it.
static bool read_credentials(
    const struct options *options, struct credentials **credentials, char error[KC_ERROR_BYTES]
) {
    if (options_check(options, error)) return false;
    *credentials = NULL;
    if (options_number(options, OPTION_SECURITY_PROTOCOL) == SECURITY_PLAINTEXT) return true;
    char why[SECRETS_ERROR_BYTES] = "";
    *credentials = credentials_new(options, why);
    if (!*credentials) (void)snprintf(error, KC_ERROR_BYTES, "%.*s", KC_ERROR_BYTES - 1, why);
    return *credentials != NULL;
}

enum kc_status kc_config_check(const struct kc_config *config, char error[KC_ERROR_BYTES]) {
    struct credentials *credentials = NULL;
    bool is_good = read_credentials(&config->options, &credentials, error);
    credentials_free(credentials);
    return is_good ? KC_OK : KC_INVALID_CONFIG;
}

// ------------------------------------------------------------------------------------------------
// Runtime and consumers

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    const struct kc_runtime *runtime = arg;
    runtime->log.write(runtime->log.arg, (enum kc_log_level)level, noun, verb, details);
}

struct kc_runtime *kc_runtime_new(const struct kc_log *log) {
    _Static_assert((int)KC_LOG_DEBUG == (int)LOG_DEBUG, "levels have one order");
    struct kc_runtime *runtime = must_alloc(sizeof *runtime);
    struct log inner = { 0 };
    if (log && log->write) {
        runtime->log = *log;
        inner = (struct log
        ){ .write = write_line, .arg = runtime, .level = (enum log_level)log->level };
    }
    runtime->loop = loop_new(&inner);
    if (runtime->loop) return runtime;
    free(runtime);
    return NULL;
}

void kc_runtime_free(struct kc_runtime *runtime) {
    if (!runtime) return;
    loop_free(runtime->loop);
    free(runtime);
}

struct kc_consumer *kc_consumer_new(
    struct kc_runtime *runtime,
    const struct kc_config *config,
    const struct kc_listener *listener,
    char error[KC_ERROR_BYTES]
) {
    struct credentials *credentials = NULL;
    if (!read_credentials(&config->options, &credentials, error)) return NULL;
    struct kc_consumer *consumer = must_alloc(sizeof *consumer);
    if (listener) consumer->listener = *listener;
    struct listener inner = { .on_event = public_on_event, .arg = consumer };
    consumer->host =
        loop_add_take(runtime->loop, &config->options, listener ? &inner : NULL, credentials);
    consumer->queue = loop_queue(consumer->host);
    return consumer;
}

void kc_refresh_credentials(struct kc_consumer *consumer) {
    loop_refresh_credentials(consumer->host);
}

void kc_consumer_free(struct kc_consumer *consumer) {
    if (!consumer) return;
    loop_remove(consumer->host);
    free(consumer);
}

// ------------------------------------------------------------------------------------------------
// Completions

const struct kc_call *public_call(const struct command *command) {
    return command->arg;
}

const struct kc_partition *public_partitions(
    struct arena *arena, const struct row *rows, size_t count
) {
    must(rows != NULL || count == 0);
    struct kc_partition *partitions = arena_array(arena, count + 1, sizeof *partitions);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        partitions[i] = (struct kc_partition){
            .topic = row->topic,
            .partition = row->partition,
            .leader_epoch = row->leader_epoch,
            .offset = row->offset,
            .timestamp_ms = row->timestamp_ms,
            .metadata = (const char *)row->metadata.data,
            .metadata_size = row->metadata.size,
            .status = public_status(row->status),
            .kafka_error = row->kafka_error,
        };
    }
    return partitions;
}

static void fill_topic(
    struct arena *arena, const struct metadata_response_topic *from, struct kc_topic *topic
) {
    size_t count = from->partitions_count > 0 ? (size_t)from->partitions_count : 0;
    struct kc_topic_partition *partitions = arena_array(arena, count + 1, sizeof *partitions);
    for (size_t i = 0; i < count; i++) {
        const struct metadata_response_partition *partition = &from->partitions[i];
        partitions[i] = (struct kc_topic_partition){
            .partition = partition->partition_index,
            .leader = partition->leader_id,
            .leader_epoch = partition->leader_epoch,
            .kafka_error = partition->error_code,
            .replicas = partition->replica_nodes,
            .replica_count =
                partition->replica_nodes_count > 0 ? (size_t)partition->replica_nodes_count : 0,
            .in_sync_replicas = partition->isr_nodes,
            .in_sync_replica_count =
                partition->isr_nodes_count > 0 ? (size_t)partition->isr_nodes_count : 0,
        };
    }
    *topic = (struct kc_topic){
        .topic = from->name.data ? arena_string(arena, from->name) : "",
        .internal = from->is_internal,
        .status = from->error_code ? KC_KAFKA_ERROR : KC_OK,
        .kafka_error = from->error_code,
        .partitions = partitions,
        .partition_count = count,
    };
    _Static_assert(sizeof topic->topic_id == sizeof from->topic_id, "an id has 16 bytes");
    for (size_t i = 0; i < sizeof topic->topic_id; i++)
        topic->topic_id[i] = from->topic_id.bytes[i];
}

static void fill_topics(
    struct command *command, const struct metadata_response *response, struct kc_result *result
) {
    size_t count = response->topics_count > 0 ? (size_t)response->topics_count : 0;
    struct kc_topic *topics = arena_array(&command->arena, count + 1, sizeof *topics);
    for (size_t i = 0; i < count; i++)
        fill_topic(&command->arena, &response->topics[i], &topics[i]);
    result->topics = topics;
    result->topic_count = count;
}

static void finish(struct command *command, const struct command_result *from) {
    const struct kc_call *call = public_call(command);
    must(call->done != NULL);
    struct kc_result result = {
        .status = public_status(from->status),
        .kafka_error = from->kafka_error,
        .message = from->message ? from->message : status_text(from->status),
    };
    result.partitions = public_partitions(&command->arena, command->rows, command->row_count);
    result.partition_count = command->row_count;
    if (from->topics) fill_topics(command, from->topics, &result);
    call->done(call->arg, &result);
}

struct command *public_command(enum command_kind kind, struct kc_call call) {
    must(call.done != NULL);
    struct command *command = command_new(kind);
    struct kc_call *kept = arena_alloc(&command->arena, sizeof *kept);
    *kept = call;
    command->arg = kept;
    command->done = finish;
    command->timeout_ms = call.timeout_ms;
    return command;
}

// ------------------------------------------------------------------------------------------------
// Commands

static void copy_partitions(
    struct command *command, const struct kc_partition *partitions, size_t count
) {
    command->all = partitions == NULL;
    if (command->all) return;
    command_rows(command, count);
    for (size_t i = 0; i < count; i++) {
        const struct kc_partition *from = &partitions[i];
        struct row *row = &command->rows[i];
        must(from->topic != NULL);
        row->topic = arena_string(&command->arena, slice_from_string(from->topic));
        row->partition = from->partition;
        row->offset = from->offset;
        row->leader_epoch = from->leader_epoch;
        row->timestamp_ms = from->timestamp_ms;
        struct slice metadata = { (const uint8_t *)from->metadata, from->metadata_size };
        row->metadata = arena_copy(&command->arena, metadata);
    }
}

static void run_on_partitions(
    struct kc_consumer *consumer,
    enum command_kind kind,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    struct command *command = public_command(kind, call);
    copy_partitions(command, partitions, count);
    loop_post_take(consumer->host, command);
}

void kc_close(
    struct kc_consumer *consumer, const struct kc_close_options *options, struct kc_call call
) {
    _Static_assert((int)KC_FAREWELL_REMAIN == (int)FAREWELL_REMAIN, "farewells have one order");
    struct command *command = public_command(COMMAND_CLOSE, call);
    command->autocommit = !options || options->autocommit;
    if (options) command->farewell = (enum command_farewell)options->farewell;
    loop_post_take(consumer->host, command);
}

void kc_subscribe(
    struct kc_consumer *consumer, const char *const *topics, size_t count, struct kc_call call
) {
    struct command *command = public_command(COMMAND_SUBSCRIBE, call);
    command->topics = arena_array(&command->arena, count + 1, sizeof *command->topics);
    command->topic_count = count;
    for (size_t i = 0; i < count; i++)
        command->topics[i] = arena_string(&command->arena, slice_from_string(topics[i]));
    loop_post_take(consumer->host, command);
}

void kc_subscribe_pattern(struct kc_consumer *consumer, const char *pattern, struct kc_call call) {
    must(pattern != NULL);
    struct command *command = public_command(COMMAND_SUBSCRIBE_PATTERN, call);
    command->pattern = arena_string(&command->arena, slice_from_string(pattern));
    loop_post_take(consumer->host, command);
}

void kc_unsubscribe(struct kc_consumer *consumer, struct kc_call call) {
    loop_post_take(consumer->host, public_command(COMMAND_UNSUBSCRIBE, call));
}

void kc_assign(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    must(partitions != NULL || count == 0);
    static const struct kc_partition none[1];
    run_on_partitions(consumer, COMMAND_ASSIGN, partitions ? partitions : none, count, call);
}

void kc_acknowledge(struct kc_consumer *consumer, int64_t rebalance_id, struct kc_call call) {
    struct command *command = public_command(COMMAND_ACKNOWLEDGE, call);
    command->rebalance_id = rebalance_id;
    loop_post_take(consumer->host, command);
}

void kc_rebalance(struct kc_consumer *consumer, const char *reason, struct kc_call call) {
    struct command *command = public_command(COMMAND_REBALANCE, call);
    if (reason) command->reason = arena_string(&command->arena, slice_from_string(reason));
    loop_post_take(consumer->host, command);
}

void kc_commit(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_partitions(consumer, COMMAND_COMMIT, partitions, count, call);
}

void kc_committed(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_partitions(consumer, COMMAND_COMMITTED, partitions, count, call);
}

void kc_position(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_partitions(consumer, COMMAND_POSITION, partitions, count, call);
}

void kc_rewind(struct kc_consumer *consumer, struct kc_call call) {
    run_on_partitions(consumer, COMMAND_REWIND, NULL, 0, call);
}

void kc_pause(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_partitions(consumer, COMMAND_PAUSE, partitions, count, call);
}

void kc_resume(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_partitions(consumer, COMMAND_RESUME, partitions, count, call);
}

static void run_on_targets(
    struct kc_consumer *consumer,
    struct command *command,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count
) {
    _Static_assert((int)KC_TO_TIMESTAMP == (int)TARGET_TIMESTAMP, "targets have one order");
    command->target = (enum command_target)target;
    copy_partitions(command, partitions, count);
    loop_post_take(consumer->host, command);
}

void kc_seek(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_targets(consumer, public_command(COMMAND_SEEK, call), target, partitions, count);
}

void kc_offsets(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
) {
    run_on_targets(consumer, public_command(COMMAND_OFFSETS, call), target, partitions, count);
}

void kc_topics(struct kc_consumer *consumer, const char *topic, struct kc_call call) {
    struct command *command = public_command(COMMAND_TOPICS, call);
    if (topic) {
        command->topics = arena_array(&command->arena, 1, sizeof *command->topics);
        command->topics[0] = arena_string(&command->arena, slice_from_string(topic));
        command->topic_count = 1;
    }
    loop_post_take(consumer->host, command);
}

void kc_describe(struct kc_consumer *consumer, struct kc_call call) {
    struct command *command = public_command(COMMAND_VISIT, call);
    command->done = describe_done;
    loop_post_take(consumer->host, command);
}
