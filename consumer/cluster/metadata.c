// SPDX-License-Identifier: Apache-2.0
// Merges Metadata answers into what is known. Answers of different brokers may be of different
// ages: leader epochs say which is newer.
#include "consumer/cluster/metadata.h"

#include "consumer/base/bytes.h"
#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_cluster.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_VERSION_OF_TRUE_EPOCHS = 9 };

// How often an answer that a topic does not exist is doubted: it may just have been created.
enum { DOUBTS_ABOUT_MISSING_TOPICS = 3 };

static void free_topic(struct topic_metadata *topic) {
    must(topic != NULL);
    free(topic->name);
    free(topic->partitions);
    free(topic);
}

void metadata_forget(struct metadata *metadata, struct topic_metadata *topic) {
    must(topic->name != NULL);
    HASH_DEL(metadata->topics, topic);
    free_topic(topic);
}

void metadata_dispose(struct metadata *metadata) {
    struct topic_metadata *topic;
    struct topic_metadata *next;
    HASH_ITER(hh, metadata->topics, topic, next) {
        metadata_forget(metadata, topic);
    }
    free(metadata->cluster_id);
    *metadata = (struct metadata){ 0 };
}

static struct topic_metadata *find_slice(const struct metadata *metadata, struct slice name) {
    struct topic_metadata *topic = NULL;
    HASH_FIND(hh, metadata->topics, name.data, name.size, topic);
    return topic;
}

struct topic_metadata *metadata_find(const struct metadata *metadata, const char *topic) {
    return find_slice(metadata, slice_from_string(topic));
}

struct topic_metadata *metadata_find_id(const struct metadata *metadata, struct uuid id) {
    if (uuid_is_zero(id)) return NULL;
    for (struct topic_metadata *topic = metadata->topics; topic; topic = topic->hh.next) {
        if (uuid_equal(topic->id, id)) return topic;
    }
    return NULL;
}

bool metadata_is_gone(const struct metadata *metadata, const char *topic) {
    const struct topic_metadata *known = metadata_find(metadata, topic);
    return !known || known->misses >= METADATA_MISSES_UNTIL_GONE;
}

struct partition_metadata *metadata_partition(
    const struct metadata *metadata, const char *topic, int32_t partition
) {
    struct topic_metadata *known = metadata_find(metadata, topic);
    if (!known || partition < 0 || partition >= known->partition_count) return NULL;
    return &known->partitions[partition];
}

static enum status meaning_of(int16_t code) {
    switch (code) {
    case ERROR_TOPIC_AUTHORIZATION_FAILED: return STATUS_TOPIC_AUTHORIZATION_FAILED;
    case ERROR_UNKNOWN_TOPIC_OR_PARTITION:
    case ERROR_INVALID_TOPIC_EXCEPTION: return STATUS_NO_SUCH_TOPIC;
    default: return kafka_error_find(code)->retriable ? STATUS_OK : STATUS_KAFKA_ERROR;
    }
}

enum status metadata_refusal(
    const struct topic_metadata *topic, int32_t partition, int failures, int16_t *kafka_error
) {
    must(partition >= -1 && failures >= 0);
    *kafka_error = topic->error_code;
    int32_t count = topic->partition_count;
    bool is_sure = failures >= DOUBTS_ABOUT_MISSING_TOPICS;
    bool is_missing = topic->error_code == ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    if (topic->error_code && !is_missing && meaning_of(topic->error_code))
        return meaning_of(topic->error_code);
    if (is_missing && count == 0) return is_sure ? STATUS_NO_SUCH_TOPIC : STATUS_OK;
    bool is_beyond = count > 0 && partition >= count;
    if (!is_beyond || !is_sure) return STATUS_OK;
    *kafka_error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    return STATUS_NO_SUCH_PARTITION;
}

bool metadata_want(struct metadata *metadata, const char *name) {
    if (metadata_find(metadata, name)) return false;
    struct topic_metadata *topic = must_alloc(sizeof *topic);
    topic->name = must_strdup(name);
    HASH_ADD_KEYPTR(hh, metadata->topics, topic->name, strlen(topic->name), topic);
    return true;
}

// Partitions may come in any order, and a hostile answer may name huge or repeated ones: only a
// dense 0..n-1 counts.
static int32_t dense_count(const struct metadata_response_topic *answer) {
    int32_t count = answer->partitions_count > 0 ? answer->partitions_count : 0;
    bool *seen = must_alloc((size_t)count + 1);
    bool is_dense = true;
    for (int32_t i = 0; i < count && is_dense; i++) {
        int32_t index = answer->partitions[i].partition_index;
        is_dense = index >= 0 && index < count && !seen[index];
        if (is_dense) seen[index] = true;
    }
    free(seen);
    return is_dense ? count : -1;
}

static void resize(struct topic_metadata *topic, int32_t count) {
    must(count >= 0);
    topic->partitions = must_realloc(topic->partitions, (size_t)count * sizeof *topic->partitions);
    for (int32_t i = topic->partition_count; i < count; i++)
        topic->partitions[i] = (struct partition_metadata){ .leader = -1, .leader_epoch = -1 };
    topic->partition_count = count;
}

static bool update_partition(
    struct partition_metadata *known,
    const struct metadata_response_partition *answer,
    int16_t version
) {
    int32_t leader_epoch = version >= FIRST_VERSION_OF_TRUE_EPOCHS ? answer->leader_epoch : -1;
    bool older = leader_epoch >= 0 && leader_epoch < known->leader_epoch;
    if (older) return true;
    bool has_leader = answer->leader_id >= 0 && answer->error_code != ERROR_LEADER_NOT_AVAILABLE;
    known->leader = has_leader ? answer->leader_id : -1;
    known->leader_epoch = leader_epoch;
    return has_leader;
}

static void note_identity(struct topic_metadata *topic, struct uuid id) {
    bool replaced = !uuid_is_zero(topic->id) && !uuid_is_zero(id) && !uuid_equal(topic->id, id);
    if (replaced) {
        topic->incarnation++;
        topic->partition_count = 0;
    }
    if (!uuid_is_zero(id)) topic->id = id;
}

static void update_topic(
    struct metadata *metadata,
    const struct metadata_response_topic *answer,
    int16_t version,
    struct metadata_outcome *outcome
) {
    struct topic_metadata *topic = answer->name.data ? find_slice(metadata, answer->name)
                                                     : metadata_find_id(metadata, answer->topic_id);
    if (!topic) return;
    if (topic->error_code != answer->error_code) outcome->has_changed = true;
    topic->error_code = answer->error_code;
    topic->answer = metadata->answers;
    topic->misses = answer->error_code == ERROR_UNKNOWN_TOPIC_OR_PARTITION ? topic->misses + 1 : 0;
    if (answer->error_code) {
        outcome->is_incomplete = true;
        return;
    }
    int32_t count = dense_count(answer);
    if (count < 0) {
        outcome->is_incomplete = true;
        return;
    }
    int32_t before = topic->partition_count;
    int32_t incarnation = topic->incarnation;
    note_identity(topic, answer->topic_id);
    topic->is_internal = answer->is_internal;
    if (count > topic->partition_count) resize(topic, count);
    if (topic->partition_count != before || topic->incarnation != incarnation)
        outcome->has_changed = true;
    for (int32_t i = 0; i < count; i++) {
        const struct metadata_response_partition *partition = &answer->partitions[i];
        struct partition_metadata *known = &topic->partitions[partition->partition_index];
        if (!update_partition(known, partition, version)) outcome->is_incomplete = true;
    }
}

struct metadata_outcome metadata_update(
    struct metadata *metadata, const struct metadata_response *response, int16_t version
) {
    struct metadata_outcome outcome = { 0 };
    metadata->answers++;
    if (response->cluster_id.data) {
        free(metadata->cluster_id);
        metadata->cluster_id = slice_dup_string(response->cluster_id);
    }
    for (int32_t i = 0; i < response->topics_count; i++)
        update_topic(metadata, &response->topics[i], version, &outcome);
    if (outcome.has_changed) metadata->version++;
    return outcome;
}

bool metadata_note_missing(struct metadata *metadata) {
    bool any = false;
    for (struct topic_metadata *topic = metadata->topics; topic; topic = topic->hh.next) {
        if (topic->answer == metadata->answers) continue;
        if (topic->error_code != ERROR_UNKNOWN_TOPIC_OR_PARTITION) metadata->version++;
        topic->error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        topic->misses++;
        any = true;
    }
    return any;
}

bool metadata_hint_leader(
    struct metadata *metadata,
    const char *topic,
    int32_t partition,
    int32_t leader,
    int32_t leader_epoch
) {
    struct partition_metadata *known = metadata_partition(metadata, topic, partition);
    if (!known || leader < 0 || leader_epoch <= known->leader_epoch) return false;
    known->leader = leader;
    known->leader_epoch = leader_epoch;
    return true;
}
