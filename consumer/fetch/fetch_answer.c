// SPDX-License-Identifier: Apache-2.0
// Answers are taken partition by partition. What was asked for an older position is dropped
// (pitfall 20); what an error means stands in one table.
#include "consumer/fetch/fetch_answer.h"

#include "consumer/base/log.h"
#include "consumer/base/must.h"
#include "consumer/base/random.h"
#include "consumer/cluster/cluster.h"
#include "consumer/fetch/aborted.h"
#include "consumer/fetch/fetch_node.h"
#include "consumer/fetch/position_set.h"
#include "consumer/fetch/queue.h"
#include "consumer/net/request.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/message_set.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/record_batch.h"

#include <inttypes.h>
#include <stdlib.h>

// What an error of a partition is answered with.
enum action {
    REFRESH,      // metadata is old: ask, and fetch again after a back-off
    RETRY,        // passes by itself
    OUT_OF_RANGE, // the log does not have the offset
    RESTART,      // the session names topics that the broker does not know by this id
    UNAUTHORIZED,
    REPORT, // the application must know
};

static const struct {
    int16_t code;
    enum action action;
} actions[] = {
    { ERROR_OFFSET_OUT_OF_RANGE, OUT_OF_RANGE }, { ERROR_NOT_LEADER_OR_FOLLOWER, REFRESH },
    { ERROR_REPLICA_NOT_AVAILABLE, REFRESH },    { ERROR_KAFKA_STORAGE_ERROR, REFRESH },
    { ERROR_FENCED_LEADER_EPOCH, REFRESH },      { ERROR_UNKNOWN_LEADER_EPOCH, RETRY },
    { ERROR_OFFSET_NOT_AVAILABLE, RETRY },       { ERROR_UNKNOWN_TOPIC_OR_PARTITION, REFRESH },
    { ERROR_UNKNOWN_TOPIC_ID, RESTART },         { ERROR_INCONSISTENT_TOPIC_ID, RESTART },
    { ERROR_LEADER_NOT_AVAILABLE, REFRESH },     { ERROR_TOPIC_AUTHORIZATION_FAILED, UNAUTHORIZED },
    { ERROR_UNKNOWN_SERVER_ERROR, RETRY },       { ERROR_CORRUPT_MESSAGE, REPORT },
};

static enum action action_for(int16_t code) {
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (actions[i].code == code) return actions[i].action;
    }
    return kafka_error_find(code)->retriable ? REFRESH : REPORT;
}

static void back_off(
    struct fetch_node *node,
    struct position *position,
    enum status status,
    int16_t code,
    int64_t now_ms
) {
    const struct fetcher_settings *settings = &node->fetcher->settings;
    int64_t wait_ms = random_backoff_ms(
        node->fetcher->cluster->settings.connection.random,
        settings->retry_backoff_ms,
        settings->retry_backoff_max_ms,
        position->failures + 1
    );
    position_on_failure(position, status, code, now_ms + wait_ms);
}

// Only the leader decides that an offset is outside the log, and only when all that was fetched
// before it is delivered (pitfalls 21, 22).
static void on_out_of_range(struct fetch_node *node, struct position *position, int64_t now_ms) {
    bool from_follower = position->preferred_replica == node->node_id;
    bool undelivered = queue_view(position->queue).position != position->offset;
    if (from_follower) {
        position->preferred_replica = -1;
    } else if (undelivered) {
        back_off(node, position, STATUS_OK, ERROR_OFFSET_OUT_OF_RANGE, now_ms);
    } else {
        position_on_out_of_range(position);
    }
}

static void report(
    struct fetch_node *node,
    struct position *position,
    enum status status,
    int16_t code,
    int64_t now_ms
) {
    bool is_new = position->kafka_error != code || position->last_error != status;
    back_off(node, position, status, code, now_ms);
    bool once = status == STATUS_TOPIC_AUTHORIZATION_FAILED;
    if (is_new) position_report(position, status, code, position->offset, once);
}

static void on_error(
    struct fetch_node *node, struct position *position, int16_t code, int64_t now_ms
) {
    must(code != ERROR_NONE);
    struct cluster *cluster = node->fetcher->cluster;
    switch (action_for(code)) {
    case REFRESH:
        cluster_refresh(cluster);
        back_off(node, position, STATUS_KAFKA_ERROR, code, now_ms);
        break;
    case RETRY: back_off(node, position, STATUS_KAFKA_ERROR, code, now_ms); break;
    case RESTART:
        cluster_refresh(cluster);
        fetch_session_reset(&node->session);
        back_off(node, position, STATUS_KAFKA_ERROR, code, now_ms);
        break;
    case OUT_OF_RANGE: on_out_of_range(node, position, now_ms); break;
    case UNAUTHORIZED:
        report(node, position, STATUS_TOPIC_AUTHORIZATION_FAILED, code, now_ms);
        break;
    case REPORT: report(node, position, STATUS_KAFKA_ERROR, code, now_ms); break;
    }
}

// A stretch of a partition's answer that is delivered, or skipped, as one.
struct piece {
    struct slice bytes;
    int64_t next_offset;
    int32_t leader_epoch;
    bool is_dropped; // nothing of it is to be delivered
};

static void push(struct position *position, struct chunk *chunk, const struct piece *piece) {
    must(
        piece->bytes.data >= chunk->data &&
        piece->bytes.data + piece->bytes.size <= chunk->data + chunk->size
    );
    struct queued_batch *queued = must_alloc(sizeof *queued);
    queued->chunk = chunk_ref(chunk);
    queued->bytes = piece->bytes;
    queued->next_offset = piece->next_offset;
    queued->leader_epoch = piece->leader_epoch;
    queue_push_take(position->queue, queued);
}

static bool take_piece(struct position *position, struct chunk *chunk, const struct piece *piece) {
    if (piece->next_offset <= position->offset) return false;
    position->offset = piece->next_offset;
    position->offset_epoch = piece->leader_epoch;
    if (piece->is_dropped) {
        queue_skip(position->queue, piece->next_offset, piece->leader_epoch);
    } else {
        push(position, chunk, piece);
    }
    return true;
}

static void on_bad_batch(
    struct fetch_node *node,
    struct position *position,
    const struct record_batch *batch,
    int64_t now_ms
) {
    log_warn(
        node->fetcher->settings.log,
        "batch",
        "refused",
        "topic=%s partition=%" PRId32 " offset=%" PRId64 " base_offset=%" PRId64 " magic=%d",
        position->topic,
        position->partition,
        position->offset,
        batch->base_offset,
        batch->magic
    );
    report(node, position, STATUS_CORRUPT_RECORDS, ERROR_NONE, now_ms);
}

// Looks at the batch at the front of the bytes, or the messages from before there were batches; a
// whole one fills the piece.
static enum batch_parse next_piece(
    struct slice left,
    struct aborted_filter *filter,
    struct record_batch *batch,
    struct piece *piece
) {
    enum batch_parse parsed = record_batch_parse(left, batch);
    if (parsed == BATCH_WHOLE) {
        *piece = (struct piece){
            .bytes = batch->bytes,
            .next_offset = record_batch_next_offset(batch),
            .leader_epoch = batch->partition_leader_epoch,
            .is_dropped = aborted_filter_drops(filter, batch) || batch->record_count == 0,
        };
    } else if (parsed == BATCH_OLD_FORMAT) {
        struct message_set set;
        message_set_take(left, &set);
        *piece = (struct piece){
            .bytes = set.bytes,
            .next_offset = set.next_offset,
            .leader_epoch = -1,
        };
    }
    return parsed;
}

// Queues the batches of one partition's answer; true when the position moved.
static bool take_records(
    struct fetch_node *node,
    struct position *position,
    struct chunk *chunk,
    const struct fetch_response_partition *answer,
    int64_t now_ms
) {
    struct arena arena = { 0 };
    struct aborted_filter filter;
    bool read_committed = node->fetcher->settings.read_committed;
    int32_t aborted_count = read_committed ? answer->aborted_transactions_count : 0;
    aborted_filter_init(&filter, &arena, answer->aborted_transactions, aborted_count);
    struct slice left = answer->records;
    bool moved = false;
    while (left.size > 0) {
        struct record_batch batch;
        struct piece piece = { 0 };
        enum batch_parse parsed = next_piece(left, &filter, &batch, &piece);
        if (parsed == BATCH_CORRUPT) on_bad_batch(node, position, &batch, now_ms);
        if (parsed == BATCH_CORRUPT || parsed == BATCH_PARTIAL) break;
        left.data += piece.bytes.size;
        left.size -= piece.bytes.size;
        moved = take_piece(position, chunk, &piece) || moved;
    }
    arena_dispose(&arena);
    return moved;
}

static void take_hints(
    struct fetch_node *node,
    struct position *position,
    const struct fetch_response_partition *answer,
    int64_t now_ms
) {
    struct fetcher *fetcher = node->fetcher;
    if (answer->current_leader.leader_epoch >= 0) {
        bool newer = metadata_hint_leader(
            &fetcher->cluster->metadata,
            position->topic,
            position->partition,
            answer->current_leader.leader_id,
            answer->current_leader.leader_epoch
        );
        if (newer) position->retry_at_ms = 0;
    }
    if (answer->preferred_read_replica >= 0 && answer->preferred_read_replica != node->node_id) {
        position->preferred_replica = answer->preferred_read_replica;
        position->preferred_until_ms = now_ms + fetcher->settings.preferred_replica_max_age_ms;
    }
}

static void take_partition(
    struct fetch_node *node,
    struct position *position,
    const struct reply *reply,
    const struct fetch_response_partition *answer
) {
    if (answer->error_code) {
        on_error(node, position, answer->error_code, reply->now_ms);
        take_hints(node, position, answer, reply->now_ms);
        return;
    }
    position->high_watermark = answer->high_watermark;
    position->last_stable_offset = answer->last_stable_offset;
    take_hints(node, position, answer, reply->now_ms);
    if (answer->diverging_epoch.end_offset >= 0) {
        uint32_t version = position->version;
        position_on_epoch_end(
            position, answer->diverging_epoch.end_offset, answer->diverging_epoch.epoch
        );
        // A divergence ahead of the position is none: as an answer that brings nothing.
        if (position->version == version)
            back_off(node, position, STATUS_OK, ERROR_NONE, reply->now_ms);
        return;
    }
    bool moved = take_records(node, position, reply->chunk, answer, reply->now_ms);
    if (moved) {
        // What returned data goes to the end of the line (pitfall 45).
        position_set_move_to_end(node->fetcher->positions, position);
    }
    if (moved || answer->records.size == 0) {
        position_on_success(position);
    } else if (position->retry_at_ms <= reply->now_ms) {
        // A part of a batch, or what was read before: brokers do not wait with such an answer.
        back_off(node, position, STATUS_OK, ERROR_NONE, reply->now_ms);
    }
}

static void take_topic(
    struct fetch_node *node, const struct reply *reply, const struct fetch_response_topic *topic
) {
    for (int32_t i = 0; i < topic->partitions_count; i++) {
        const struct fetch_response_partition *answer = &topic->partitions[i];
        const struct session_partition *asked = fetch_session_find(
            &node->session, topic->topic, topic->topic_id, answer->partition_index
        );
        struct position *position =
            asked ? position_set_find(node->fetcher->positions, asked->topic, asked->partition)
                  : NULL;
        bool current = position && position->state == POSITION_FETCHING &&
                       position->version == asked->position_version &&
                       position->offset == asked->fetch_offset;
        if (current) {
            take_partition(node, position, reply, answer);
        } else {
            node->fetcher->stale_count++;
        }
    }
}

void fetch_answer_take(
    struct fetch_node *node, const struct reply *reply, const struct fetch_response *response
) {
    for (int32_t i = 0; i < response->node_endpoints_count; i++) {
        const struct fetch_response_node_endpoint *endpoint = &response->node_endpoints[i];
        cluster_note_broker(
            node->fetcher->cluster, endpoint->node_id, endpoint->host, endpoint->port
        );
    }
    for (int32_t i = 0; i < response->responses_count; i++)
        take_topic(node, reply, &response->responses[i]);
}
