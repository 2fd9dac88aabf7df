// SPDX-License-Identifier: Apache-2.0
// One engine as its driver sees it, and the application behind it.
#include "consumer/base/must.h"
#include "consumer/fetch/lease.h"
#include "tests/unit/engine/world.h"

#include <check.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MOST_STEPS = 1000, WAIT_MS = 500, RETRY_MS = 50 };

// ------------------------------------------------------------------------------------------------
// Making

static void write_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    const struct world_consumer *consumer = arg;
    (void)level;
    (void)fprintf(
        stderr,
        "%8" PRId64 " #%d %s %s %s\n",
        consumer->world->now_ms,
        consumer->number,
        noun,
        verb,
        details
    );
}

static void set(struct options *options, const char *key, const char *value) {
    char error[OPTION_ERROR_BYTES] = "";
    ck_assert_msg(options_set(options, key, value, error) == STATUS_OK, "%s", error);
}

static void set_all(struct options *options, const char *texts) {
    char *copy = must_strdup(texts);
    char *rest = NULL;
    for (char *pair = strtok_r(copy, " ", &rest); pair; pair = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(pair, '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        set(options, pair, value);
    }
    free(copy);
}

static void wake(void *arg) {
    struct world_consumer *consumer = arg;
    consumer->is_woken = true;
}

struct world_consumer *world_add(struct world *world, const char *texts) {
    struct world_consumer *consumer = must_alloc(sizeof *consumer);
    consumer->world = world;
    consumer->number = ++world->consumer_count;
    consumer->max_records = 100;
    consumer->thinks_for_ms = 1;
    struct options options;
    options_init(&options);
    char servers[400] = "";
    for (size_t i = 0; i < world->cluster.broker_count; i++) {
        const struct fake_broker *broker = &world->cluster.brokers[i];
        size_t used = strlen(servers);
        const char *comma = i ? "," : "";
        (void)snprintf(
            servers + used, sizeof servers - used, "%s%s:%d", comma, broker->host, broker->port
        );
    }
    set(&options, "bootstrap.servers", servers);
    set_all(&options, texts);
    char error[OPTION_ERROR_BYTES] = "";
    ck_assert_msg(options_check(&options, error) == STATUS_OK, "%s", error);
    struct log log = { 0 };
    if (secure_getenv("WORLD_LOG")) {
        log = (struct log){ .write = write_line, .arg = consumer, .level = LOG_DEBUG };
    }
    struct listener listener = { .on_event = world_on_event, .arg = consumer };
    uint64_t seed = random_below(&world->random, UINT32_MAX);
    consumer->engine = engine_new(&options, &log, seed, wake, consumer, &listener);
    options_dispose(&options);
    DL_APPEND(world->consumers, consumer);
    return consumer;
}

struct world_consumer *world_add_polling(struct world *world, const char *texts) {
    struct world_consumer *consumer = world_add(world, texts);
    world_subscribe(consumer, "t");
    consumer->polls = true;
    return consumer;
}

struct world_consumer *world_add_prefetching(struct world *world, const char *texts) {
    struct world_consumer *consumer = world_add(world, texts);
    world_subscribe(consumer, "t");
    world_await_fetching(consumer, SECONDS(3));
    world_run(world, SECONDS(1));
    return consumer;
}

void world_kill(struct world_consumer *consumer) {
    world_links_cut(consumer->world, consumer);
    consumer->is_dead = true;
    consumer->polls = false;
    struct world_call *call;
    struct world_call *next;
    DL_FOREACH_SAFE(consumer->world->calls, call, next) {
        if (call->consumer == consumer && call->completions == 0) call->deadline_ms = INT64_MAX;
    }
}

// ------------------------------------------------------------------------------------------------
// Driving

void world_consumer_step(struct world_consumer *consumer) {
    int64_t now_ms = consumer->world->now_ms;
    int64_t due_ms = now_ms;
    int steps = 0;
    while (due_ms <= now_ms) {
        engine_step(consumer->engine, now_ms);
        world_links_serve(consumer->world, consumer);
        due_ms = engine_next_due_ms(consumer->engine, now_ms);
        if (++steps == MOST_STEPS) ck_abort_msg("the engine is never done at %" PRId64, now_ms);
    }
    consumer->is_woken = false;
    consumer->due_at_ms = due_ms;
}

// ------------------------------------------------------------------------------------------------
// The application

static void remember(
    struct world_consumer *consumer, const struct lease_entry *entry, const struct record *from
) {
    if (consumer->record_count == consumer->record_capacity) {
        size_t capacity = consumer->record_capacity ? 2 * consumer->record_capacity : 64;
        consumer->records = must_realloc(consumer->records, capacity * sizeof *consumer->records);
        consumer->record_capacity = capacity;
    }
    struct world_record *record = &consumer->records[consumer->record_count++];
    *record = (struct world_record){
        .partition = entry->partition->partition,
        .offset = from->offset,
    };
    (void)snprintf(record->topic, sizeof record->topic, "%s", entry->partition->topic);
    size_t size = from->value.size < WORLD_VALUE_BYTES ? from->value.size : WORLD_VALUE_BYTES - 1;
    if (size > 0) memcpy(record->value, from->value.data, size);
    struct world *world = consumer->world;
    if (world->on_record) world->on_record(world->arg, consumer, record);
}

static void note_error(
    struct world_consumer *consumer, enum status status, const struct lease *lease
) {
    consumer->last_error = status;
    consumer->last_kafka_error = lease->error.kafka_error;
    consumer->error_count++;
    const char *topic = lease->error_topic ? lease->error_topic : "";
    (void)snprintf(consumer->last_error_topic, sizeof consumer->last_error_topic, "%s", topic);
}

static size_t poll(struct world_consumer *consumer, int32_t max_records, bool accepts) {
    struct lease *lease = NULL;
    size_t count = 0;
    if (lease_open(engine_queue(consumer->engine), consumer->poll_flags, &lease)) return 0;
    const struct world *world = consumer->world;
    if (world->on_poll) world->on_poll(world->arg, consumer);
    while (count < (size_t)max_records) {
        struct record record;
        const struct lease_entry *entry = NULL;
        enum status status = lease_next(lease, &record, &entry);
        if (status && status != STATUS_NO_RECORDS) note_error(consumer, status, lease);
        if (status) break;
        count++;
        if (accepts) remember(consumer, entry, &record);
    }
    lease_close(lease, accepts);
    consumer->is_woken = true;
    return count;
}

size_t world_poll(struct world_consumer *consumer, int32_t max_records) {
    return poll(consumer, max_records, true);
}

size_t world_poll_put_back(struct world_consumer *consumer, int32_t max_records) {
    return poll(consumer, max_records, false);
}

static void on_waited(struct command *command, const struct command_result *result) {
    struct world_consumer *consumer = command->arg;
    consumer->is_waiting = false;
    int64_t pause_ms = consumer->thinks_for_ms;
    if (result->status == STATUS_CLOSED) consumer->polls = false;
    if (consumer->last_error && pause_ms < RETRY_MS) pause_ms = RETRY_MS;
    consumer->poll_at_ms = consumer->world->now_ms + pause_ms;
}

void world_consumer_app(struct world_consumer *consumer) {
    if (!consumer->polls || consumer->is_waiting || consumer->is_dead) return;
    if (consumer->world->now_ms < consumer->poll_at_ms) return;
    size_t count = world_poll(consumer, consumer->max_records);
    if (count > 0) consumer->last_error = STATUS_OK;
    struct command *command = command_new(COMMAND_WAIT);
    command->timeout_ms = WAIT_MS;
    command->done = on_waited;
    command->arg = consumer;
    consumer->is_waiting = true;
    consumer->is_woken = true;
    consumer->poll_at_ms = INT64_MAX;
    engine_on_command_take(consumer->engine, command, consumer->world->now_ms);
}

size_t world_count_of(const struct world_consumer *consumer, const char *topic, int32_t partition) {
    size_t count = 0;
    for (size_t i = 0; i < consumer->record_count; i++) {
        const struct world_record *record = &consumer->records[i];
        count += record->partition == partition && strcmp(record->topic, topic) == 0;
    }
    return count;
}

void world_check_sequence(
    const struct world_consumer *consumer, int32_t partition, int64_t from, int64_t to
) {
    int64_t next = from;
    for (size_t i = 0; i < consumer->record_count; i++) {
        const struct world_record *record = &consumer->records[i];
        if (record->partition != partition || strcmp(record->topic, "t") != 0) continue;
        ck_assert_int_eq(record->offset, next);
        char value[WORLD_VALUE_BYTES];
        (void)snprintf(value, sizeof value, "t-%" PRId32 "-%" PRId64, partition, next);
        ck_assert_str_eq(record->value, value);
        next++;
    }
    ck_assert_int_eq(next, to);
}

void world_expect_next(
    struct world_consumer *consumer, int32_t partition, int64_t from, int64_t to
) {
    consumer->record_count = 0;
    ck_assert_uint_eq(world_poll(consumer, (int32_t)(to - from)), (size_t)(to - from));
    world_check_sequence(consumer, partition, from, to);
}
