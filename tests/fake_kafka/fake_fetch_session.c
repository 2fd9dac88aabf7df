// SPDX-License-Identifier: Apache-2.0
// Session epochs as Kafka counts them: -1 ends a session, 0 begins one, the next ones follow by
// one.
#include "tests/fake_kafka/fake_fetch_session.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { FINAL_EPOCH = -1, INITIAL_EPOCH = 0 };

void fake_wanted_clear(struct fake_wanted_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].topic);
    free(list->items);
    *list = (struct fake_wanted_list){ 0 };
}

static void free_session(struct fake_broker *broker, struct fake_fetch_session *session) {
    DL_DELETE(broker->sessions, session);
    fake_wanted_clear(&session->wanted);
    free(session);
}

void fake_fetch_sessions_clear(struct fake_broker *broker) {
    while (broker->sessions)
        free_session(broker, broker->sessions);
}

struct fake_fetch_session *fake_fetch_session_find(struct fake_broker *broker, int32_t id) {
    struct fake_fetch_session *session;
    DL_FOREACH(broker->sessions, session) {
        if (session->id == id) return session;
    }
    return NULL;
}

static struct fake_wanted *find(
    struct fake_wanted_list *list, struct slice topic, struct uuid id, int32_t partition
) {
    for (size_t i = 0; i < list->count; i++) {
        struct fake_wanted *wanted = &list->items[i];
        bool same_topic = wanted->topic ? slice_equal_string(topic, wanted->topic)
                                        : uuid_equal(id, wanted->topic_id);
        if (same_topic && wanted->partition == partition) return wanted;
    }
    return NULL;
}

static struct fake_wanted *append(
    struct fake_wanted_list *list, const struct fetch_request_topic *topic, bool by_id
) {
    list->items = must_realloc(list->items, (list->count + 1) * sizeof *list->items);
    struct fake_wanted *wanted = &list->items[list->count++];
    *wanted = (struct fake_wanted){
        .topic = by_id ? NULL : slice_dup_string(topic->topic),
        .topic_id = topic->topic_id,
        .told_high_watermark = -1,
        .told_start_offset = -1,
    };
    return wanted;
}

void fake_wanted_add_all(
    struct fake_wanted_list *list, const struct fetch_request *request, int16_t version
) {
    bool by_id = version >= FAKE_FETCH_BY_ID;
    for (int32_t t = 0; t < request->topics_count; t++) {
        const struct fetch_request_topic *topic = &request->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct fetch_request_partition *asked = &topic->partitions[p];
            struct fake_wanted *wanted =
                find(list, topic->topic, topic->topic_id, asked->partition);
            if (!wanted) wanted = append(list, topic, by_id);
            wanted->partition = asked->partition;
            wanted->offset = asked->fetch_offset;
            wanted->current_leader_epoch = asked->current_leader_epoch;
            wanted->last_fetched_epoch = asked->last_fetched_epoch;
            wanted->max_bytes = asked->partition_max_bytes;
        }
    }
}

static void forget(struct fake_wanted_list *list, const struct fetch_request *request) {
    for (int32_t t = 0; t < request->forgotten_topics_data_count; t++) {
        const struct fetch_request_forgotten_topic *topic = &request->forgotten_topics_data[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            struct fake_wanted *wanted =
                find(list, topic->topic, topic->topic_id, topic->partitions[p]);
            if (!wanted) continue;
            size_t index = (size_t)(wanted - list->items);
            free(wanted->topic);
            list->count--;
            memmove(wanted, wanted + 1, (list->count - index) * sizeof *wanted);
        }
    }
}

void fake_wanted_move_to_end(struct fake_wanted_list *list, size_t index) {
    must(index < list->count);
    struct fake_wanted moved = list->items[index];
    memmove(&list->items[index], &list->items[index + 1], (list->count - index - 1) * sizeof moved);
    list->items[list->count - 1] = moved;
}

static void begin(
    struct fake_broker *broker,
    const struct fetch_request *request,
    int16_t version,
    struct fake_fetch_session **session
) {
    struct fake_fetch_session *begun = must_alloc(sizeof *begun);
    begun->id = broker->next_session_id++;
    begun->epoch = 1;
    begun->by_id = version >= FAKE_FETCH_BY_ID;
    DL_APPEND(broker->sessions, begun);
    fake_wanted_add_all(&begun->wanted, request, version);
    *session = begun;
}

int16_t fake_fetch_session_take(
    struct fake_cluster *cluster,
    struct fake_broker *broker,
    const struct fetch_request *request,
    int16_t version,
    struct fake_fetch_session **session
) {
    struct fake_fetch_session *known = fake_fetch_session_find(broker, request->session_id);
    *session = NULL;
    if (request->session_epoch == FINAL_EPOCH || request->session_epoch == INITIAL_EPOCH) {
        if (known) free_session(broker, known);
        bool begins = request->session_epoch == INITIAL_EPOCH && !cluster->has_no_fetch_sessions;
        if (begins) begin(broker, request, version, session);
        return ERROR_NONE;
    }
    if (!known) return ERROR_FETCH_SESSION_ID_NOT_FOUND;
    if (known->by_id != (version >= FAKE_FETCH_BY_ID)) return ERROR_FETCH_SESSION_TOPIC_ID_ERROR;
    if (known->epoch != request->session_epoch) return ERROR_INVALID_FETCH_SESSION_EPOCH;
    known->epoch = known->epoch == INT32_MAX ? 1 : known->epoch + 1;
    forget(&known->wanted, request);
    fake_wanted_add_all(&known->wanted, request, version);
    *session = known;
    return ERROR_NONE;
}
