// SPDX-License-Identifier: Apache-2.0
// The difference between what the broker knows and what is wanted. A session's partitions are keyed
// as they are named on the wire: by topic id and number, or by topic name and number.
#include "consumer/fetch/session.h"

#include "consumer/base/must.h"
#include "consumer/cluster/topic_groups.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/schema.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 4 + 32767, FINAL_EPOCH = -1 };

static void forget(struct fetch_session *session, struct session_partition *partition) {
    must(partition->key != NULL);
    HASH_DEL(session->partitions, partition);
    free(partition->topic);
    free(partition->key);
    free(partition);
}

void fetch_session_dispose(struct fetch_session *session) {
    struct session_partition *partition;
    struct session_partition *next;
    HASH_ITER(hh, session->partitions, partition, next) {
        forget(session, partition);
    }
}

void fetch_session_reset(struct fetch_session *session) {
    fetch_session_dispose(session);
    session->id = 0;
    session->epoch = 0;
}

static size_t make_key(
    const struct fetch_session *session,
    struct slice topic,
    struct uuid id,
    int32_t partition,
    uint8_t key[KEY_BYTES]
) {
    memcpy(key, &partition, sizeof partition);
    if (session->by_id) {
        memcpy(key + sizeof partition, id.bytes, sizeof id.bytes);
        return sizeof partition + sizeof id.bytes;
    }
    size_t size =
        topic.size < KEY_BYTES - sizeof partition ? topic.size : KEY_BYTES - sizeof partition;
    if (size > 0) memcpy(key + sizeof partition, topic.data, size);
    return sizeof partition + size;
}

static struct session_partition *find(
    const struct fetch_session *session, struct slice topic, struct uuid id, int32_t number
) {
    uint8_t key[KEY_BYTES];
    size_t size = make_key(session, topic, id, number, key);
    struct session_partition *partition = NULL;
    HASH_FIND(hh, session->partitions, key, size, partition);
    return partition;
}

const struct session_partition *fetch_session_find(
    const struct fetch_session *session, struct slice topic, struct uuid topic_id, int32_t partition
) {
    return find(session, topic, topic_id, partition);
}

static struct session_partition *add(
    struct fetch_session *session, const struct fetch_target *target
) {
    uint8_t key[KEY_BYTES];
    const struct position *position = target->position;
    struct session_partition *partition = must_alloc(sizeof *partition);
    struct slice topic = slice_from_string(position->topic);
    partition->key_size = make_key(session, topic, target->topic_id, position->partition, key);
    partition->key = must_alloc(partition->key_size);
    memcpy(partition->key, key, partition->key_size);
    partition->topic = must_strdup(position->topic);
    partition->topic_id = target->topic_id;
    partition->partition = position->partition;
    partition->fetch_offset = -1;
    HASH_ADD_KEYPTR(hh, session->partitions, partition->key, partition->key_size, partition);
    return partition;
}

// Notes what is wanted of a partition now; true when the broker must be told.
static bool note_target(struct fetch_session *session, const struct fetch_target *target) {
    const struct position *position = target->position;
    struct slice topic = slice_from_string(position->topic);
    struct session_partition *known = find(session, topic, target->topic_id, position->partition);
    bool is_new = !known;
    if (!known) known = add(session, target);
    bool changed = is_new || known->fetch_offset != position->offset ||
                   known->leader_epoch != target->leader_epoch ||
                   known->last_fetched_epoch != position->offset_epoch;
    known->fetch_offset = position->offset;
    known->leader_epoch = target->leader_epoch;
    known->last_fetched_epoch = position->offset_epoch;
    known->position_version = position->version;
    known->round = session->round;
    return changed;
}

static void fill_partition(
    struct fetch_request_partition *asked,
    const struct fetch_target *target,
    int32_t partition_max_bytes
) {
    must(target->position->offset >= 0);
    schema_init(&fetch_request_partition_schema, asked);
    asked->partition = target->position->partition;
    asked->current_leader_epoch = target->leader_epoch;
    asked->fetch_offset = target->position->offset;
    asked->last_fetched_epoch = target->position->offset_epoch;
    asked->partition_max_bytes = partition_max_bytes;
}

// `changed` are indexes of targets.
static void fill_topics(
    struct arena *arena,
    struct fetch_request *request,
    const struct fetch_plan *plan,
    const size_t *changed,
    size_t count
) {
    const char **names = arena_array(arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = plan->targets[changed[i]].position->topic;
    struct topic_groups groups = topic_groups_make(arena, names, count);
    struct fetch_request_partition *partitions = arena_array(arena, count + 1, sizeof *partitions);
    request->topics = arena_array(arena, groups.count + 1, sizeof *request->topics);
    request->topics_count = (int32_t)groups.count;
    for (size_t g = 0; g < groups.count; g++) {
        struct fetch_request_topic *topic = &request->topics[g];
        schema_init(&fetch_request_topic_schema, topic);
        topic->topic = arena_copy(arena, slice_from_string(groups.topics[g]));
        topic->topic_id = plan->targets[changed[groups.order[groups.starts[g]]]].topic_id;
        topic->partitions = &partitions[groups.starts[g]];
        topic->partitions_count = (int32_t)(groups.starts[g + 1] - groups.starts[g]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct fetch_target *target = &plan->targets[changed[groups.order[i]]];
        fill_partition(&partitions[i], target, plan->partition_max_bytes);
    }
}

// Names what is no longer wanted, by the id that it was added with (pitfall 49), and forgets it
// here too.
static void fill_forgotten(
    struct fetch_session *session, struct arena *arena, struct fetch_request *request
) {
    size_t most = HASH_COUNT(session->partitions);
    request->forgotten_topics_data =
        arena_array(arena, most + 1, sizeof *request->forgotten_topics_data);
    request->forgotten_topics_data_count = 0;
    struct session_partition *partition;
    struct session_partition *next;
    HASH_ITER(hh, session->partitions, partition, next) {
        if (partition->round == session->round) continue;
        struct fetch_request_forgotten_topic *topic =
            &request->forgotten_topics_data[request->forgotten_topics_data_count++];
        schema_init(&fetch_request_forgotten_topic_schema, topic);
        topic->topic = arena_copy(arena, slice_from_string(partition->topic));
        topic->topic_id = partition->topic_id;
        topic->partitions = arena_array(arena, 1, sizeof *topic->partitions);
        topic->partitions[0] = partition->partition;
        topic->partitions_count = 1;
        forget(session, partition);
    }
}

void fetch_session_build(
    struct fetch_session *session,
    struct arena *arena,
    struct fetch_request *request,
    const struct fetch_plan *plan
) {
    must(plan->count <= INT32_MAX);
    if (session->by_id != plan->by_id || session->epoch == 0) {
        int32_t old_id = session->id;
        fetch_session_reset(session);
        session->id = old_id;
    }
    session->by_id = plan->by_id;
    session->round++;
    size_t *changed = arena_array(arena, plan->count + 1, sizeof *changed);
    size_t changed_count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (note_target(session, &plan->targets[i])) changed[changed_count++] = i;
    }
    fill_topics(arena, request, plan, changed, changed_count);
    fill_forgotten(session, arena, request);
    request->session_id = session->id;
    request->session_epoch = session->epoch;
}

void fetch_session_build_final(struct fetch_session *session, struct fetch_request *request) {
    must(session->id != 0 && request->topics_count == 0);
    request->session_id = session->id;
    request->session_epoch = FINAL_EPOCH;
    fetch_session_reset(session);
}

void fetch_session_on_answer(struct fetch_session *session, int32_t session_id) {
    must(session->epoch >= 0);
    if (session_id == 0) {
        session->id = 0;
        session->epoch = 0;
        return;
    }
    session->id = session_id;
    session->epoch = session->epoch == INT32_MAX ? 1 : session->epoch + 1;
}
