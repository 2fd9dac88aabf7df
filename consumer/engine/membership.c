// SPDX-License-Identifier: Apache-2.0
// Between the member, who decides, and the rest of the engine, which holds partitions, commits and
// metadata.
#include "consumer/engine/membership.h"

#include "consumer/base/must.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/handover.h"
#include "consumer/engine/membership_wire.h"
#include "consumer/engine/reporter.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/assignor.h"
#include "consumer/group/member.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MOST_ASSIGNORS = 8 };

static size_t find_assignors(
    const struct engine *engine, const struct assignor *assignors[MOST_ASSIGNORS]
) {
    char *names = must_strdup(options_text(&engine->options, OPTION_PARTITION_ASSIGNMENT_STRATEGY));
    size_t count = 0;
    char *rest = NULL;
    for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        const struct assignor *assignor = assignor_find(name);
        must(assignor != NULL);
        if (count < MOST_ASSIGNORS) assignors[count++] = assignor;
    }
    free(names);
    return count;
}

static int32_t number(const struct engine *engine, enum option_name name) {
    return (int32_t)options_number(&engine->options, name);
}

static void on_entered(void *arg, const char *why) {
    reporter_on_state(arg, why);
}

void membership_init(struct engine *engine, uint64_t seed) {
    const struct assignor *assignors[MOST_ASSIGNORS];
    struct member_config config = {
        .group_instance_id = options_text(&engine->options, OPTION_GROUP_INSTANCE_ID),
        .assignors = assignors,
        .assignor_count = find_assignors(engine, assignors),
        .session_timeout_ms = number(engine, OPTION_SESSION_TIMEOUT_MS),
        .heartbeat_interval_ms = number(engine, OPTION_HEARTBEAT_INTERVAL_MS),
        .rebalance_timeout_ms = number(engine, OPTION_MAX_POLL_INTERVAL_MS),
        .request_timeout_ms = number(engine, OPTION_REQUEST_TIMEOUT_MS),
        .retry_backoff_ms = number(engine, OPTION_RETRY_BACKOFF_MS),
        .retry_backoff_max_ms = number(engine, OPTION_RETRY_BACKOFF_MAX_MS),
        .seed = seed,
        .log = engine->log,
        .on_entered = on_entered,
        .arg = engine,
    };
    engine->member = member_new(&config);
}

// ------------------------------------------------------------------------------------------------
// Partitions

static enum position_policy policy_of(const struct engine *engine) {
    switch ((enum offset_reset)options_number(&engine->options, OPTION_AUTO_OFFSET_RESET)) {
    case RESET_EARLIEST: return POSITION_POLICY_EARLIEST;
    case RESET_LATEST: return POSITION_POLICY_LATEST;
    case RESET_NONE: return POSITION_POLICY_NONE;
    }
    must(!"a reset policy that is none");
    return POSITION_POLICY_NONE;
}

struct position *membership_add_position(
    struct engine *engine, const char *topic, int32_t partition
) {
    struct position *position =
        position_new(engine->queue, &engine->log, topic, partition, policy_of(engine));
    const struct topic_metadata *known = metadata_find(&engine->cluster.metadata, topic);
    if (known) position->incarnation = known->incarnation;
    position_set_add(&engine->positions, position);
    cluster_want_topic(&engine->cluster, topic);
    return position;
}

// ------------------------------------------------------------------------------------------------
// Metadata for the leader

static void want_counts(struct engine *engine, const struct member_metadata *want) {
    for (size_t i = 0; i < want->topic_count; i++)
        cluster_want_topic(&engine->cluster, want->topics[i]);
    // An answer to a request that is under way may have been asked before the topics were wanted.
    engine->counts = (struct counts_wanted){
        .is_active = true,
        .after_answer = engine->cluster.answer_count + (engine->cluster.refresh_in_flight ? 1 : 0),
    };
    cluster_refresh_now(&engine->cluster);
}

static void tell_counts(struct engine *engine) {
    size_t count = 0;
    const char *const *topics = member_watched_topics(engine->member, &count);
    if (count == 0) return;
    struct topic_count *counts = must_alloc(count * sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        const struct topic_metadata *known = metadata_find(&engine->cluster.metadata, topics[i]);
        counts[i].topic = known ? known->name : topics[i];
        counts[i].partition_count =
            known && known->partition_count > 0 ? known->partition_count : -1;
    }
    member_on_partition_counts(engine->member, counts, count, engine->now_ms);
    free(counts);
}

static void on_metadata(struct engine *engine) {
    if (engine->metadata_answers == engine->cluster.answer_count) return;
    engine->metadata_answers = engine->cluster.answer_count;
    if (engine->counts.is_active) {
        if ((int32_t)(engine->cluster.answer_count - engine->counts.after_answer) <= 0) {
            cluster_refresh(&engine->cluster);
            return;
        }
        engine->counts.is_active = false;
    }
    tell_counts(engine);
}

// ------------------------------------------------------------------------------------------------
// The coordinator

static void want_coordinator(struct engine *engine) {
    coordinator_lost(&engine->coordinator, engine->coordinator.node_id);
    coordinator_want(&engine->coordinator);
    engine->coordinator_awaited = true;
    engine->coordinator_answers = engine->coordinator.answer_count;
}

static void on_coordinator(struct engine *engine) {
    struct coordinator *coordinator = &engine->coordinator;
    if (!engine->coordinator_awaited) return;
    if (coordinator->node_id != NO_NODE) {
        engine->coordinator_awaited = false;
        member_on_coordinator_found(engine->member, engine->now_ms);
    } else if (coordinator->answer_count != engine->coordinator_answers) {
        engine->coordinator_awaited = false;
        coordinator->is_wanted = false;
        // The member's contract knows failures with a broker's error, and those without.
        enum status status =
            coordinator->kafka_error ? STATUS_KAFKA_ERROR : STATUS_COORDINATOR_UNAVAILABLE;
        member_on_coordinator_failed(
            engine->member, status, coordinator->kafka_error, engine->now_ms
        );
    }
}

// ------------------------------------------------------------------------------------------------
// Polls

static void watch_polls(struct engine *engine) {
    bool active = queue_take_activity(engine->queue) || engine->waiter;
    if (active || engine->positions.count == 0) {
        engine->poll_due_at_ms =
            engine->now_ms + options_number(&engine->options, OPTION_MAX_POLL_INTERVAL_MS);
    }
    if (active) member_on_poll(engine->member, engine->now_ms);
    if (engine->now_ms >= engine->poll_due_at_ms && !engine->assigned_by_hand) {
        member_on_poll_interval_exceeded(engine->member, engine->now_ms);
        engine->poll_due_at_ms = INT64_MAX;
    }
}

// ------------------------------------------------------------------------------------------------

// Does one want; false when there was none. The wake time is in the want then.
static bool do_want(struct engine *engine, struct member_want *want) {
    *want = member_next_want(engine->member, engine->now_ms);
    switch (want->kind) {
    case MEMBER_WANTS_NOTHING: return false;
    case MEMBER_WANTS_COORDINATOR: want_coordinator(engine); return true;
    case MEMBER_WANTS_REVOKE: handover_revoke(engine, &want->revoke); return true;
    case MEMBER_WANTS_ASSIGN: handover_assign(engine, &want->assign); return true;
    case MEMBER_WANTS_METADATA: want_counts(engine, &want->metadata); return true;
    case MEMBER_WANTS_JOIN:
    case MEMBER_WANTS_SYNC:
    case MEMBER_WANTS_HEARTBEAT:
    case MEMBER_WANTS_LEAVE: membership_wire_send(engine, want); return true;
    }
    must(!"a want of no kind");
    return false;
}

void membership_step(struct engine *engine, int64_t now_ms) {
    must(now_ms == engine->now_ms);
    if (!engine->member) return;
    on_metadata(engine);
    on_coordinator(engine);
    watch_polls(engine);
    handover_step(engine);
    struct member_want want;
    while (do_want(engine, &want))
        engine->is_dirty = true;
}

int64_t membership_next_due_ms(struct engine *engine, int64_t now_ms) {
    if (!engine->member) return INT64_MAX;
    struct member_want want;
    int64_t due_ms = INT64_MAX;
    if (do_want(engine, &want)) {
        due_ms = now_ms;
    } else {
        due_ms = want.wake_at_ms;
    }
    bool watches_polls = engine->positions.count > 0 && !engine->assigned_by_hand;
    if (watches_polls && engine->poll_due_at_ms < due_ms) due_ms = engine->poll_due_at_ms;
    int64_t handover_due_ms = handover_next_due_ms(engine);
    return handover_due_ms < due_ms ? handover_due_ms : due_ms;
}
