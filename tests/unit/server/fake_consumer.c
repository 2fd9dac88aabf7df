// SPDX-License-Identifier: Apache-2.0
// The double's engine thread and its commands.
#include "tests/unit/server/fake_consumer.h"

#include "server/base/must.h"
#include "server/base/out.h"
#include "tests/unit/server/fake_state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct kc_runtime {
    int nothing;
};

struct fake fake = { .mutex = PTHREAD_MUTEX_INITIALIZER, .ready = true, .reason = "" };

__attribute__((constructor)) static void fake_start(void) {
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes) == 0);
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&fake.changed, &attributes) == 0);
}

void fake_lock(void) {
    must(pthread_mutex_lock(&fake.mutex) == 0);
}

void fake_unlock(void) {
    must(pthread_mutex_unlock(&fake.mutex) == 0);
}

void fake_changed(void) {
    fake.changes++;
    must(pthread_cond_broadcast(&fake.changed) == 0);
}

int64_t fake_now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct fake_partition *fake_find(const char *topic, int32_t partition) {
    for (size_t i = 0; i < fake.partition_count; i++) {
        struct fake_partition *found = &fake.partitions[i];
        if (found->partition == partition && strcmp(found->topic, topic) == 0) return found;
    }
    return NULL;
}

struct fake_place *fake_place(struct fake_consumer *consumer, const struct fake_partition *in) {
    return &consumer->places[in - fake.partitions];
}

int64_t fake_end(const struct fake_partition *partition) {
    return partition->first_offset + (int64_t)partition->count;
}

// Scripting

struct fake_consumer *fake_chosen(void) {
    return &fake.consumers[fake.chosen];
}

void fake_choose(size_t index) {
    fake_lock();
    must(index < FAKE_MOST_CONSUMERS);
    fake.chosen = index;
    fake_unlock();
}

size_t fake_consumer_count(void) {
    fake_lock();
    size_t count = fake.consumer_count;
    fake_unlock();
    return count;
}

void fake_wait_for_freed(void) {
    fake_lock();
    while (!fake_chosen()->freed)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

const char *fake_option(const char *key) {
    fake_lock();
    const char *value = kc_config_get(fake_chosen()->config, key);
    fake_unlock();
    return value;
}

void fake_add_partition(const char *topic, int32_t partition, int64_t first_offset) {
    fake_lock();
    must(fake.partition_count < FAKE_MOST_PARTITIONS);
    for (size_t i = 0; i < FAKE_MOST_CONSUMERS; i++) {
        fake.consumers[i].places[fake.partition_count] =
            (struct fake_place){ .assigned = true, .position = first_offset, .committed = -1 };
    }
    fake.partitions[fake.partition_count++] = (struct fake_partition){
        .topic = must_copy(topic),
        .partition = partition,
        .first_offset = first_offset,
    };
    fake_changed();
    fake_unlock();
}

struct kc_bytes fake_copy_bytes(struct kc_bytes bytes) {
    if (!bytes.data) return bytes;
    uint8_t *copy = must_have(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    return (struct kc_bytes){ copy, bytes.size };
}

static void put_part(struct out *out, struct kc_bytes bytes) {
    int64_t size = bytes.data ? (int64_t)bytes.size : -1;
    out_append(out, &size, sizeof size);
    out_append(out, bytes.data, bytes.size);
}

static bool take_part(struct kc_bytes *from, struct kc_bytes *part) {
    int64_t size;
    if (from->size < sizeof size) return false;
    memcpy(&size, from->data, sizeof size);
    from->data += sizeof size;
    from->size -= sizeof size;
    part->data = size < 0 ? NULL : from->data;
    part->size = size < 0 ? 0 : (size_t)size;
    from->data += part->size;
    from->size -= part->size;
    return true;
}

bool kc_header_next(struct kc_bytes *headers, struct kc_header *header) {
    return take_part(headers, &header->key) && take_part(headers, &header->value);
}

struct out fake_headers(const struct kc_header *headers, uint32_t count) {
    struct out encoded = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        put_part(&encoded, headers[i].key);
        put_part(&encoded, headers[i].value);
    }
    return encoded;
}

void fake_add_record(const char *topic, int32_t partition, const struct fake_record *record) {
    struct out headers = fake_headers(record->headers, record->header_count);
    fake_lock();
    struct fake_partition *found = fake_find(topic, partition);
    must(found != NULL);
    found->entries = must_grow(found->entries, (found->count + 1) * sizeof *found->entries);
    found->entries[found->count++] = (struct fake_entry){
        .key = fake_copy_bytes(record->key),
        .value = fake_copy_bytes(record->value),
        .headers = { (const uint8_t *)headers.data, headers.size },
        .header_count = record->header_count,
        .timestamp_ms = record->timestamp_ms,
        .has_checksum = record->has_checksum,
        .checksum = record->checksum,
    };
    fake_changed();
    fake_unlock();
}

void fake_add_text(const char *topic, int32_t partition, const char *value) {
    struct fake_record record = { .timestamp_ms = 1000 };
    record.value = (struct kc_bytes){ (const uint8_t *)value, strlen(value) };
    fake_add_record(topic, partition, &record);
}

void fake_fail_next(enum fake_command command, enum kc_status status, int16_t kafka_error) {
    fake_lock();
    fake.failing[command].status = status;
    fake.failing[command].kafka_error = kafka_error;
    fake_unlock();
}

void fake_fail_partition(
    const char *topic, int32_t partition, enum kc_status status, int16_t kafka_error
) {
    fake_lock();
    struct fake_partition *found = fake_find(topic, partition);
    must(found != NULL);
    found->status = status;
    found->kafka_error = kafka_error;
    fake_unlock();
}

int fake_called(enum fake_command command) {
    fake_lock();
    int count = fake.called[command];
    fake_unlock();
    return count;
}

void fake_hold(enum fake_command command) {
    fake_lock();
    fake.held[command] = true;
    fake_unlock();
}

void fake_release(enum fake_command command) {
    fake_lock();
    fake.held[command] = false;
    fake_changed();
    fake_unlock();
}

void fake_wait_for(enum fake_command command, int count) {
    fake_lock();
    while (fake.called[command] < count)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

void fake_wait_for_waiting(bool waiting) {
    fake_lock();
    while ((fake_chosen()->poll && fake_chosen()->poll->waiting) != waiting)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

void fake_wait_for_opened(int count) {
    fake_lock();
    while (fake_chosen()->counts.opened < count)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

void fake_wait_for_no_poll(void) {
    fake_lock();
    while (fake_chosen()->poll)
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
    fake_unlock();
}

void fake_fail_poll(const struct kc_poll_error *error) {
    fake_lock();
    fake_chosen()->poll_error = *error;
    fake_changed();
    fake_unlock();
}

int64_t fake_committed(const char *topic, int32_t partition) {
    fake_lock();
    int64_t committed = fake_place(fake_chosen(), fake_find(topic, partition))->committed;
    fake_unlock();
    return committed;
}

int64_t fake_position(const char *topic, int32_t partition) {
    fake_lock();
    int64_t position = fake_place(fake_chosen(), fake_find(topic, partition))->position;
    fake_unlock();
    return position;
}

bool fake_paused(const char *topic, int32_t partition) {
    fake_lock();
    bool paused = fake_place(fake_chosen(), fake_find(topic, partition))->paused;
    fake_unlock();
    return paused;
}

struct fake_counts fake_counts(void) {
    fake_lock();
    struct fake_counts counts = fake_chosen()->counts;
    fake_unlock();
    return counts;
}

void fake_set_ready(bool ready, const char *reason) {
    fake_lock();
    fake.ready = ready;
    fake.reason = reason;
    fake_unlock();
}

// The engine thread

static int64_t sought_offset(
    const struct fake_partition *found, const struct fake_call *call, size_t i
) {
    int64_t committed = fake_place(call->consumer, found)->committed;
    switch (call->target) {
    case KC_TO_OFFSET: return call->partitions[i].offset;
    case KC_TO_BEGINNING: return found->first_offset;
    case KC_TO_END: return fake_end(found);
    case KC_TO_COMMITTED: return committed < 0 ? found->first_offset : committed;
    case KC_TO_TIMESTAMP:
        for (size_t k = 0; k < found->count; k++) {
            if (found->entries[k].timestamp_ms >= call->partitions[i].timestamp_ms)
                return found->first_offset + (int64_t)k;
        }
        return call->command == FAKE_OFFSETS ? -1 : fake_end(found);
    }
    return -1;
}

static void commit_one(
    struct fake_place *place, const struct fake_call *call, struct kc_partition *result
) {
    int64_t offset = call->named ? result->offset : place->position;
    place->committed = offset;
    place->is_kept = false;
    place->committed_metadata =
        (struct kc_bytes){ (const uint8_t *)result->metadata, result->metadata_size };
    result->offset = offset;
}

static void run_one(
    const struct fake_partition *found,
    const struct fake_call *call,
    size_t i,
    struct kc_partition *result
) {
    struct fake_place *place = fake_place(call->consumer, found);
    bool needs_assignment = call->command != FAKE_OFFSETS && call->command != FAKE_COMMITTED;
    result->status = found->status;
    result->kafka_error = found->kafka_error;
    if (needs_assignment && !place->assigned) result->status = KC_NOT_ASSIGNED;
    if (result->status != KC_OK) return;
    switch (call->command) {
    case FAKE_COMMIT: commit_one(place, call, result); break;
    case FAKE_COMMITTED:
        result->offset = place->committed;
        result->leader_epoch = place->committed < 0 ? -1 : 4;
        result->metadata = (const char *)place->committed_metadata.data;
        result->metadata_size = place->committed_metadata.size;
        break;
    case FAKE_POSITION: result->offset = place->position; break;
    case FAKE_SEEK:
        place->moves++;
        place->position = result->offset = sought_offset(found, call, i);
        break;
    case FAKE_REWIND: fake_rewind(found, place, result); break;
    case FAKE_OFFSETS:
        result->offset = sought_offset(found, call, i);
        result->timestamp_ms = result->offset < 0 ? -1 : call->partitions[i].timestamp_ms;
        result->leader_epoch = result->offset < 0 ? -1 : 4;
        break;
    case FAKE_PAUSE: place->paused = true; break;
    case FAKE_RESUME: place->paused = false; break;
    case FAKE_SUBSCRIBE:
    case FAKE_SUBSCRIBE_PATTERN:
    case FAKE_UNSUBSCRIBE:
    case FAKE_ASSIGN:
    case FAKE_ACKNOWLEDGE:
    case FAKE_REBALANCE:
    case FAKE_TOPICS:
    case FAKE_DESCRIBE:
    case FAKE_WAIT:
    case FAKE_CLOSE:
    case FAKE_COMMAND_COUNT: must(!"a command about partitions");
    }
}

static void assign_by_hand(const struct fake_call *call) {
    for (size_t i = 0; i < fake.partition_count; i++)
        call->consumer->places[i].assigned = false;
    for (size_t i = 0; i < call->count; i++) {
        struct fake_partition *found =
            fake_find(call->partitions[i].topic, call->partitions[i].partition);
        if (!found) continue;
        struct fake_place *place = fake_place(call->consumer, found);
        place->assigned = true;
        if (call->partitions[i].offset >= 0) place->position = call->partitions[i].offset;
    }
    call->consumer->by_hand = true;
}

static void unsubscribe(struct fake_consumer *consumer) {
    for (size_t i = 0; i < consumer->subscription_count; i++)
        free(consumer->subscription[i]);
    consumer->subscription_count = 0;
    free(consumer->pattern);
    consumer->pattern = NULL;
}

static void subscribe_to(const struct fake_call *call) {
    unsubscribe(call->consumer);
    call->consumer->subscription_count = call->topic_count;
    for (size_t i = 0; i < call->topic_count; i++)
        call->consumer->subscription[i] = must_copy(call->topics[i]);
}

/// The double's patterns match nothing; one with an open parenthesis is wrong.
static void subscribe_to_pattern(const struct fake_call *call, struct kc_result *result) {
    if (strchr(call->pattern, '(') && !strchr(call->pattern, ')')) {
        result->status = KC_INVALID_ARGUMENT;
        result->message = "the pattern is wrong at byte 1: missing closing parenthesis";
        return;
    }
    unsubscribe(call->consumer);
    call->consumer->pattern = must_copy(call->pattern);
}

/// Fills in the partitions that the command is about, or all assigned.
static size_t choose(struct fake_call *call, struct kc_partition *results) {
    if (call->named) {
        memcpy(results, call->partitions, call->count * sizeof *results);
        return call->count;
    }
    size_t count = 0;
    for (size_t i = 0; i < fake.partition_count; i++) {
        if (!call->consumer->places[i].assigned) continue;
        results[count] = (struct kc_partition){ .topic = fake.partitions[i].topic,
                                                .partition = fake.partitions[i].partition,
                                                .leader_epoch = -1,
                                                .offset = -1,
                                                .timestamp_ms = -1 };
        call->partitions[count] = results[count];
        count++;
    }
    return count;
}

static size_t run_partitions(struct fake_call *call, struct kc_partition *results) {
    size_t count = choose(call, results);
    for (size_t i = 0; i < count; i++) {
        struct fake_partition *found = fake_find(results[i].topic, results[i].partition);
        if (found) {
            run_one(found, call, i, &results[i]);
        } else {
            results[i].status = KC_NO_SUCH_PARTITION;
            results[i].kafka_error = 3;
        }
    }
    if (call->command != FAKE_PAUSE && call->command != FAKE_RESUME) return count;
    count = 0;
    for (size_t i = 0; i < fake.partition_count; i++) {
        if (!call->consumer->places[i].paused) continue;
        results[count++] = (struct kc_partition){ .topic = fake.partitions[i].topic,
                                                  .partition = fake.partitions[i].partition };
    }
    return count;
}

static void describe(
    const struct fake_consumer *consumer,
    struct kc_description *description,
    struct kc_partition_state *states
) {
    static const struct kc_broker_state broker = { 1, "broker-1", 9092, "ready", "3.9 or 4.0", "" };
    *description = (struct kc_description){
        .state = consumer->by_hand              ? "assigned"
                 : consumer->subscription_count ? "stable"
                                                : "unsubscribed",
        .ready = fake.ready,
        .reason = fake.reason,
        .group_id = kc_config_get(consumer->config, "group.id"),
        .member_id = "member-1",
        .client_id = "client-1",
        .generation = 7,
        .protocol = "classic",
        .assignor = "range",
        .coordinator = 2,
        .coordinator_host = "broker-2",
        .coordinator_port = 9092,
        .cluster_id = "cluster-1",
        .brokers = &broker,
        .broker_count = 1,
        .heartbeat_age_ms = 12,
        .heartbeat_interval_ms = 3000,
        .session_timeout_ms = 45000,
        .rebalance_age_ms = 5000,
        .rebalance_count = 1,
        .rebalance_reason = "joined",
        .subscription = (const char *const *)consumer->subscription,
        .subscription_count = consumer->subscription_count,
        .subscription_pattern = consumer->pattern,
        .assigned_by_hand = consumer->by_hand,
        .assignment = states,
        .last_error_text = "",
        .connection_count = 3,
    };
    for (size_t i = 0; i < fake.partition_count; i++) {
        const struct fake_partition *from = &fake.partitions[i];
        const struct fake_place *place = &consumer->places[i];
        if (!place->assigned) continue;
        states[description->assignment_count++] = (struct kc_partition_state){
            .topic = from->topic,
            .partition = from->partition,
            .paused = place->paused,
            .position = place->position,
            .committed = place->committed,
            .high_watermark = fake_end(from),
            .last_stable_offset = fake_end(from),
            .lag = fake_end(from) - place->position,
            .preferred_replica = -1,
            .leader = 1,
            .leader_epoch = 4,
            .acknowledged = -1,
            .state = "fetching",
        };
    }
}

static void list_topics(
    struct kc_result *result,
    const char *wanted,
    struct kc_topic *topics,
    struct kc_topic_partition *parts
) {
    static const int32_t replicas[] = { 1, 2 };
    size_t part = 0;
    for (size_t i = 0; i < fake.partition_count; i++) {
        const struct fake_partition *from = &fake.partitions[i];
        if (wanted && strcmp(from->topic, wanted) != 0) continue;
        size_t k = 0;
        while (k < result->topic_count && strcmp(topics[k].topic, from->topic) != 0)
            k++;
        if (k == result->topic_count) {
            topics[k] = (struct kc_topic
            ){ .topic = from->topic, .partitions = &parts[part], .topic_id = { 1, 0xab } };
            result->topic_count++;
        }
        topics[k].partition_count++;
        parts[part++] =
            (struct kc_topic_partition){ from->partition, 1, 4, 0, replicas, 2, replicas, 1 };
    }
    if (wanted && result->topic_count == 0) {
        result->status = KC_NO_SUCH_TOPIC;
        result->kafka_error = 3;
    }
}

/// Runs one command with the mutex, and completes it without.
static void run(struct fake_call *call) {
    struct kc_partition results[FAKE_MOST_PARTITIONS];
    struct kc_partition_state states[FAKE_MOST_PARTITIONS];
    struct kc_topic topics[FAKE_MOST_PARTITIONS];
    struct kc_topic_partition parts[FAKE_MOST_PARTITIONS];
    struct kc_description description;
    struct kc_result result = { .message = "as told" };
    result.status = fake.failing[call->command].status;
    result.kafka_error = fake.failing[call->command].kafka_error;
    fake.failing[call->command].status = KC_OK;
    if (call->consumer->closed && call->command != FAKE_CLOSE) result.status = KC_CLOSED;
    if (call->command == FAKE_REWIND && call->consumer->poll) result.status = KC_POLL_IN_PROGRESS;
    if (result.status == KC_OK) {
        if (call->command == FAKE_DESCRIBE) {
            describe(call->consumer, &description, states);
            result.description = &description;
        } else if (call->command == FAKE_TOPICS) {
            result.topics = topics;
            list_topics(&result, call->topic_count ? call->topics[0] : NULL, topics, parts);
        } else if (call->command == FAKE_SUBSCRIBE) {
            subscribe_to(call);
        } else if (call->command == FAKE_SUBSCRIBE_PATTERN) {
            subscribe_to_pattern(call, &result);
        } else if (call->command == FAKE_UNSUBSCRIBE) {
            call->consumer->by_hand = false;
            unsubscribe(call->consumer);
        } else if (call->command == FAKE_ASSIGN) {
            assign_by_hand(call);
        } else if (call->command == FAKE_ACKNOWLEDGE) {
            fake_acknowledge(call, &result);
        } else if (call->command == FAKE_REBALANCE) {
            fake_rebalance(call);
        } else if (call->command == FAKE_CLOSE) {
            call->consumer->counts.closed += !call->consumer->closed;
            call->consumer->closed = true;
        } else {
            result.partition_count = run_partitions(call, results);
            result.partitions = results;
        }
    }
    fake_unlock();
    call->call.done(call->call.arg, &result);
    fake_lock();
}

static struct fake_call *take_call(void) {
    for (struct fake_call **at = &fake.queue; *at; at = &(*at)->next) {
        if (fake.held[(*at)->command] && !(*at)->consumer->closed) continue;
        struct fake_call *call = *at;
        *at = call->next;
        return call;
    }
    return NULL;
}

static void wait_for_change(void) {
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < fake.consumer_count; i++) {
        const struct kc_poll *poll = fake.consumers[i].poll;
        if (poll && poll->waiting && poll->deadline_ms < until) until = poll->deadline_ms;
    }
    if (until == INT64_MAX) {
        must(pthread_cond_wait(&fake.changed, &fake.mutex) == 0);
        return;
    }
    struct timespec then = { until / 1000, until % 1000 * 1000000 };
    (void)pthread_cond_timedwait(&fake.changed, &fake.mutex, &then);
}

static void *engine(void *arg) {
    fake_lock();
    while (!fake.stopping || fake.queue) {
        unsigned seen = fake.changes; // the mutex is given while somebody is told something
        for (size_t i = 0; i < fake.consumer_count; i++) {
            fake_complete_wait(&fake.consumers[i]);
            if (fake.consumers[i].event) fake_tell_event(&fake.consumers[i]);
        }
        struct fake_call *call = take_call();
        if (call) {
            run(call);
            for (size_t i = 0; i < call->topic_count; i++)
                free(call->topics[i]);
            out_dispose(&call->names);
            free(call->reason);
            free(call->pattern);
            free(call);
            fake_changed();
        } else if (!fake.stopping && fake.changes == seen) {
            wait_for_change();
        }
    }
    fake_unlock();
    return arg;
}

// The public functions

struct kc_runtime *kc_runtime_new(const struct kc_log *log) {
    fake.log = *log;
    must(pthread_create(&fake.engine, NULL, engine, NULL) == 0);
    return must_have(sizeof(struct kc_runtime));
}

void kc_runtime_free(struct kc_runtime *runtime) {
    fake_lock();
    fake.stopping = true;
    fake_changed();
    fake_unlock();
    must(pthread_join(fake.engine, NULL) == 0);
    free(runtime);
}

struct kc_consumer *kc_consumer_new(
    struct kc_runtime *runtime,
    const struct kc_config *config,
    const struct kc_listener *listener,
    char error[KC_ERROR_BYTES]
) {
    (void)runtime;
    error[0] = '\0';
    struct kc_consumer *consumer = must_have(sizeof *consumer);
    fake_lock();
    must(fake.consumer_count < FAKE_MOST_CONSUMERS);
    consumer->state = &fake.consumers[fake.consumer_count++];
    if (listener) consumer->state->listener = *listener;
    consumer->state->config = kc_config_dup(config);
    fake_changed();
    fake_unlock();
    return consumer;
}

void kc_refresh_credentials(struct kc_consumer *consumer) {
    struct fake_consumer *state = consumer->state;
    must(!state->freed);
}

void kc_consumer_free(struct kc_consumer *consumer) {
    struct fake_consumer *state = consumer->state;
    fake_lock();
    must(state->closed && !state->poll && !state->freed);
    kc_config_free(state->config);
    state->config = NULL;
    unsubscribe(state);
    state->freed = true;
    fake_changed();
    fake_unlock();
    free(consumer);
}

struct fake_call *fake_new_call(
    struct kc_consumer *consumer, enum fake_command command, struct kc_call call
) {
    struct fake_call *made = must_have(sizeof *made);
    made->consumer = consumer->state;
    made->command = command;
    made->call = call;
    return made;
}

void fake_enqueue(struct fake_call *call) {
    fake_lock();
    struct fake_call **at = &fake.queue;
    while (*at)
        at = &(*at)->next;
    *at = call;
    fake.called[call->command]++;
    fake_changed();
    fake_unlock();
}

void kc_close(
    struct kc_consumer *consumer, const struct kc_close_options *options, struct kc_call call
) {
    fake_lock();
    struct fake_counts *counts = &consumer->state->counts;
    counts->closed_with_autocommit = !options || options->autocommit;
    counts->closed_with_farewell = options ? options->farewell : KC_FAREWELL_DEFAULT;
    fake_unlock();
    fake_enqueue(fake_new_call(consumer, FAKE_CLOSE, call));
}

void kc_subscribe(
    struct kc_consumer *consumer, const char *const *topics, size_t count, struct kc_call call
) {
    struct fake_call *made = fake_new_call(consumer, FAKE_SUBSCRIBE, call);
    made->topic_count = count;
    for (size_t i = 0; i < count; i++)
        made->topics[i] = must_copy(topics[i]);
    fake_enqueue(made);
}

void kc_subscribe_pattern(struct kc_consumer *consumer, const char *pattern, struct kc_call call) {
    struct fake_call *made = fake_new_call(consumer, FAKE_SUBSCRIBE_PATTERN, call);
    made->pattern = must_copy(pattern);
    fake_enqueue(made);
}

void kc_unsubscribe(struct kc_consumer *consumer, struct kc_call call) {
    fake_enqueue(fake_new_call(consumer, FAKE_UNSUBSCRIBE, call));
}

void kc_topics(struct kc_consumer *consumer, const char *topic, struct kc_call call) {
    struct fake_call *made = fake_new_call(consumer, FAKE_TOPICS, call);
    made->topic_count = topic ? 1 : 0;
    made->topics[0] = must_copy(topic);
    fake_enqueue(made);
}

void kc_describe(struct kc_consumer *consumer, struct kc_call call) {
    fake_enqueue(fake_new_call(consumer, FAKE_DESCRIBE, call));
}

size_t kc_metrics(struct kc_consumer *consumer, struct kc_metric *metrics, size_t capacity) {
    must(consumer->state != NULL);
    static const struct kc_metric all[] = {
        { "records-consumed-total", "Records delivered.", 9007199254740991.0, true },
        { "fetch-latency-avg", "Mean time of a fetch in milliseconds.", 1.5, false },
    };
    for (size_t i = 0; i < 2 && i < capacity; i++)
        metrics[i] = all[i];
    return 2;
}
