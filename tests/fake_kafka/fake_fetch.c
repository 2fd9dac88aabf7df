// SPDX-License-Identifier: Apache-2.0
// Fetch: finds out of each wanted partition how it stands, waits until that is worth an answer, and
// answers what a client must be told.
#include "tests/fake_kafka/fake_fetch.h"

#include "consumer/base/must.h"
#include "consumer/wire/kafka_error.h"
#include "tests/fake_kafka/fake_fetch_session.h"
#include "tests/fake_kafka/fake_handlers.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_VERSION_WITH_HINTS = 16, FIRST_VERSION_WITH_RACK = 11 };

// How a wanted partition stands now.
struct standing {
    const struct fake_topic *topic;
    const struct fake_partition *partition;
    int16_t error;
    bool is_diverging;
    bool goes_elsewhere; // to the follower in the client's rack
    struct fetch_response_diverging_epoch diverging;
    int64_t limit_offset; // readable below
};

// A fetch while it is held.
struct held {
    int32_t session_id;            // 0: none
    struct fake_wanted_list alone; // of a fetch without a session
    int64_t deadline_ms;
};

static const struct fake_topic *find_topic(
    const struct fake_call *call, const struct fake_wanted *wanted
) {
    if (wanted->topic) return fake_topic_find(call->cluster, slice_from_string(wanted->topic));
    return fake_topic_find_id(call->cluster, wanted->topic_id);
}

static bool may_read_here(const struct fake_call *call, const struct standing *standing) {
    const struct fake_partition *partition = standing->partition;
    return partition->leader == call->broker || partition->nearest == call->broker;
}

static void check_divergence(const struct fake_wanted *wanted, struct standing *standing) {
    if (wanted->last_fetched_epoch < 0) return;
    struct fetch_response_diverging_epoch *end = &standing->diverging;
    bool known = fake_log_epoch_end(
        &standing->partition->log, wanted->last_fetched_epoch, &end->epoch, &end->end_offset
    );
    if (!known) {
        standing->error = ERROR_OFFSET_OUT_OF_RANGE;
    } else {
        standing->is_diverging =
            end->epoch < wanted->last_fetched_epoch || end->end_offset < wanted->offset;
    }
}

static void check_log(
    const struct fake_call *call, const struct fake_wanted *wanted, struct standing *standing
) {
    const struct fetch_request *request = call->request;
    const struct fake_log *log = &standing->partition->log;
    int32_t epoch = wanted->current_leader_epoch;
    if (!may_read_here(call, standing)) {
        standing->error = ERROR_NOT_LEADER_OR_FOLLOWER;
    } else if (epoch >= 0 && epoch != log->leader_epoch) {
        standing->error =
            epoch < log->leader_epoch ? ERROR_FENCED_LEADER_EPOCH : ERROR_UNKNOWN_LEADER_EPOCH;
    } else {
        check_divergence(wanted, standing);
        bool outside = wanted->offset < log->start_offset || wanted->offset > log->end_offset;
        if (!standing->error && !standing->is_diverging && outside)
            standing->error = ERROR_OFFSET_OUT_OF_RANGE;
    }
    standing->limit_offset =
        request->isolation_level ? fake_log_last_stable_offset(log) : fake_log_high_watermark(log);
    bool has_rack = call->version >= FIRST_VERSION_WITH_RACK && request->rack_id.size > 0;
    standing->goes_elsewhere = !standing->error && has_rack && standing->partition->nearest >= 0 &&
                               standing->partition->nearest != call->broker;
}

static struct standing stand(const struct fake_call *call, const struct fake_wanted *wanted) {
    struct standing standing = { .topic = find_topic(call, wanted) };
    struct slice name =
        standing.topic ? slice_from_string(standing.topic->name) : SLICE_LITERAL("");
    standing.error = fake_call_partition_error(call, name, wanted->partition);
    if (!standing.topic) {
        standing.error = wanted->topic ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_UNKNOWN_TOPIC_ID;
        return standing;
    }
    if (wanted->partition < 0 || wanted->partition >= standing.topic->partition_count) {
        standing.error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        return standing;
    }
    standing.partition = &standing.topic->partitions[wanted->partition];
    if (!standing.error) check_log(call, wanted, &standing);
    return standing;
}

// Readable bytes from the wanted offset on; only whether they reach `enough` matters.
static size_t readable_bytes(
    const struct standing *standing, const struct fake_wanted *wanted, size_t enough
) {
    if (standing->error || standing->is_diverging || standing->goes_elsewhere) return 0;
    const struct fake_log *log = &standing->partition->log;
    size_t bytes = 0;
    for (size_t i = log->batch_count; i-- > 0 && bytes < enough;) {
        if (log->batches[i].next_offset <= wanted->offset) break;
        if (log->batches[i].base_offset < standing->limit_offset) bytes += log->batches[i].size;
    }
    return bytes;
}

static struct fake_wanted_list *wanted_of(struct fake_call *call, struct held *held) {
    if (held->session_id == 0) return &held->alone;
    struct fake_broker *broker = fake_cluster_find_broker(call->cluster, call->broker);
    struct fake_fetch_session *session = fake_fetch_session_find(broker, held->session_id);
    return session ? &session->wanted : NULL;
}

// True when there is something that the client should not wait for any longer.
static bool is_ready(struct fake_call *call, const struct fake_wanted_list *list) {
    const struct fetch_request *request = call->request;
    size_t enough = request->min_bytes > 0 ? (size_t)request->min_bytes : 0;
    size_t bytes = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct standing standing = stand(call, &list->items[i]);
        if (standing.error || standing.is_diverging || standing.goes_elsewhere) return true;
        bytes += readable_bytes(&standing, &list->items[i], enough);
    }
    return list->count == 0 || bytes >= enough;
}

// ------------------------------------------------------------------------------------------------
// Answers

// Aborted transactions that reach into what is given.
static void list_aborted(
    struct fake_call *call,
    const struct fake_log *log,
    int64_t from_offset,
    int64_t to_offset,
    struct fetch_response_partition *answer
) {
    answer->aborted_transactions = fake_call_array(
        call, &fetch_response_aborted_transaction_schema, (int32_t)log->aborted_count
    );
    answer->aborted_transactions_count = 0;
    for (size_t i = 0; i < log->aborted_count; i++) {
        const struct fake_transaction *aborted = &log->aborted[i];
        if (aborted->last_offset < from_offset || aborted->first_offset >= to_offset) continue;
        struct fetch_response_aborted_transaction *row =
            &answer->aborted_transactions[answer->aborted_transactions_count++];
        row->producer_id = aborted->producer_id;
        row->first_offset = aborted->first_offset;
    }
}

static void read_log(
    struct fake_call *call,
    const struct fake_wanted *wanted,
    const struct standing *standing,
    size_t room,
    struct fetch_response_partition *answer
) {
    const struct fetch_request *request = call->request;
    const struct fake_log *log = &standing->partition->log;
    bool is_first = room == (size_t)request->max_bytes;
    size_t most = wanted->max_bytes > 0 ? (size_t)wanted->max_bytes : 0;
    struct buf bytes = { 0 };
    int64_t next_offset = wanted->offset;
    if (room > 0) {
        next_offset = fake_log_read(
            log, wanted->offset, standing->limit_offset, room < most ? room : most, is_first, &bytes
        );
    }
    answer->records = arena_copy(&call->arena, buf_slice(&bytes));
    if (!answer->records.data) answer->records = SLICE_LITERAL("");
    buf_dispose(&bytes);
    if (request->isolation_level) list_aborted(call, log, wanted->offset, next_offset, answer);
}

static void answer_error(
    struct fake_call *call, const struct standing *standing, struct fetch_response_partition *answer
) {
    answer->error_code = standing->error;
    answer->high_watermark = -1;
    answer->aborted_transactions_count = -1;
    bool hints = call->version >= FIRST_VERSION_WITH_HINTS && standing->partition &&
                 (standing->error == ERROR_NOT_LEADER_OR_FOLLOWER ||
                  standing->error == ERROR_FENCED_LEADER_EPOCH);
    if (!hints) return;
    answer->current_leader.leader_id = standing->partition->leader;
    answer->current_leader.leader_epoch = standing->partition->log.leader_epoch;
}

static void answer_partition(
    struct fake_call *call,
    const struct fake_wanted *wanted,
    const struct standing *standing,
    size_t room,
    struct fetch_response_partition *answer
) {
    answer->partition_index = wanted->partition;
    answer->aborted_transactions_count = -1;
    answer->records = SLICE_LITERAL("");
    if (standing->error) {
        answer_error(call, standing, answer);
        return;
    }
    const struct fake_log *log = &standing->partition->log;
    answer->high_watermark = fake_log_high_watermark(log);
    answer->last_stable_offset = fake_log_last_stable_offset(log);
    answer->log_start_offset = log->start_offset;
    if (standing->is_diverging) {
        answer->diverging_epoch = standing->diverging;
    } else if (standing->goes_elsewhere) {
        answer->preferred_read_replica = standing->partition->nearest;
    } else {
        read_log(call, wanted, standing, room, answer);
    }
}

// In a session a partition is left out while there is nothing new of it.
static bool must_tell(
    const struct fake_wanted *wanted, const struct fetch_response_partition *answer
) {
    return answer->records.size > 0 || answer->error_code ||
           answer->diverging_epoch.end_offset >= 0 || answer->preferred_read_replica >= 0 ||
           answer->high_watermark != wanted->told_high_watermark ||
           answer->log_start_offset != wanted->told_start_offset;
}

static struct fetch_response_topic *add_topic(
    struct fetch_response *response, const struct fake_wanted *wanted, struct slice name
) {
    struct fetch_response_topic *topic = &response->responses[response->responses_count++];
    topic->topic = name;
    topic->topic_id = wanted->topic_id;
    return topic;
}

static void add_endpoint(struct fake_call *call, int32_t node_id) {
    struct fetch_response *response = call->response;
    const struct fake_broker *broker = fake_cluster_find_broker(call->cluster, node_id);
    if (!broker || response->node_endpoints_count > 0) return;
    response->node_endpoints = fake_call_array(call, &fetch_response_node_endpoint_schema, 1);
    response->node_endpoints_count = 1;
    response->node_endpoints->node_id = node_id;
    response->node_endpoints->host = slice_from_string(broker->host);
    response->node_endpoints->port = broker->port;
}

// Fills the answer, one topic entry a partition, and returns how many of them had records.
static void fill(struct fake_call *call, struct fake_wanted_list *list, bool in_session) {
    const struct fetch_request *request = call->request;
    struct fetch_response *response = call->response;
    int32_t count = (int32_t)list->count;
    response->responses = fake_call_array(call, &fetch_response_topic_schema, count);
    size_t room = (size_t)request->max_bytes;
    size_t left = list->count;
    for (size_t i = 0; left > 0; left--) {
        struct fake_wanted *wanted = &list->items[i];
        struct standing standing = stand(call, wanted);
        struct fetch_response_partition *answer =
            fake_call_array(call, &fetch_response_partition_schema, 1);
        answer_partition(call, wanted, &standing, room, answer);
        room -= answer->records.size < room ? answer->records.size : room;
        bool told = !in_session || must_tell(wanted, answer);
        wanted->told_high_watermark = answer->high_watermark;
        wanted->told_start_offset = answer->log_start_offset;
        if (told) {
            struct slice name =
                arena_copy(&call->arena, slice_from_string(wanted->topic ? wanted->topic : ""));
            struct fetch_response_topic *topic = add_topic(response, wanted, name);
            topic->partitions = answer;
            topic->partitions_count = 1;
            if (answer->current_leader.leader_id >= 0)
                add_endpoint(call, answer->current_leader.leader_id);
        }
        if (in_session && answer->records.size > 0) {
            fake_wanted_move_to_end(list, i);
        } else {
            i++;
        }
    }
}

static void release(struct held *held) {
    fake_wanted_clear(&held->alone);
}

static void finish(struct fake_call *call) {
    struct held *held = call->context;
    struct fetch_response *response = call->response;
    struct fake_wanted_list *list = wanted_of(call, held);
    if (list) {
        fill(call, list, held->session_id != 0);
        response->session_id = held->session_id;
    } else {
        response->error_code = ERROR_FETCH_SESSION_ID_NOT_FOUND;
    }
    release(held);
}

static void on_step(struct fake_call *call) {
    struct held *held = call->context;
    const struct fake_wanted_list *list = wanted_of(call, held);
    bool ready = !list || call->cluster->now_ms >= held->deadline_ms || is_ready(call, list);
    if (!ready) return;
    finish(call);
    fake_call_answer(call);
}

static void on_gone(struct fake_call *call) {
    release(call->context);
    fake_call_free(call);
}

enum fake_served fake_fetch_serve(struct fake_call *call) {
    const struct fetch_request *request = call->request;
    struct fetch_response *response = call->response;
    struct fake_broker *broker = fake_cluster_find_broker(call->cluster, call->broker);
    must(broker != NULL);
    response->error_code = fake_call_error(call);
    if (response->error_code) return FAKE_ANSWERED;
    struct fake_fetch_session *session = NULL;
    response->error_code =
        fake_fetch_session_take(call->cluster, broker, request, call->version, &session);
    if (response->error_code) return FAKE_ANSWERED;
    struct held *held = arena_alloc(&call->arena, sizeof *held);
    call->context = held;
    held->deadline_ms =
        call->cluster->now_ms + (request->max_wait_ms > 0 ? request->max_wait_ms : 0);
    if (session) {
        held->session_id = session->id;
    } else {
        fake_wanted_add_all(&held->alone, request, call->version);
    }
    if (request->max_wait_ms <= 0 || is_ready(call, wanted_of(call, held))) {
        finish(call);
        return FAKE_ANSWERED;
    }
    call->on_step = on_step;
    call->on_gone = on_gone;
    call->due_at_ms = held->deadline_ms;
    return FAKE_HELD;
}
