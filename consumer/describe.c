// SPDX-License-Identifier: Apache-2.0
// Describes a consumer to the application, on the engine thread, from what the engine's parts know.
#include "consumer/base/must.h"
#include "consumer/cluster/release.h"
#include "consumer/consumer_state.h"
#include "consumer/engine/command.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/handover.h"
#include "consumer/engine/obstacle.h"
#include "consumer/engine/reporter.h"
#include "consumer/engine/row.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/net/login.h"
#include "consumer/wire/api.h"

#include <stdio.h>
#include <utlist.h>

enum { TROUBLE_BYTES = CONNECTION_HOST_BYTES + CONNECTION_ERROR_BYTES + 16 };

static int64_t end_offset(const struct engine *engine, const struct position *position) {
    bool committed_only = options_number(&engine->options, OPTION_ISOLATION_LEVEL) != 0;
    return committed_only ? position->last_stable_offset : position->high_watermark;
}

static void fill_partition(
    struct engine *engine, const struct position *position, struct kc_partition_state *state
) {
    struct queue_view view = queue_view(position->queue);
    const struct partition_metadata *known =
        metadata_partition(&engine->cluster.metadata, position->topic, position->partition);
    int64_t end = end_offset(engine, position);
    *state = (struct kc_partition_state){
        .topic = position->topic,
        .partition = position->partition,
        .paused = position->is_paused,
        .position = view.position,
        .committed = position->committed,
        .high_watermark = position->high_watermark,
        .last_stable_offset = position->last_stable_offset,
        .lag = -1,
        .acknowledged = view.acknowledged,
        .buffered_bytes = (int64_t)view.bytes,
        .buffered_records = view.buffered_until > view.position && view.position >= 0
                                ? view.buffered_until - view.position
                                : 0,
        .leader = known ? known->leader : -1,
        .leader_epoch = known ? known->leader_epoch : -1,
        .preferred_replica =
            engine->now_ms < position->preferred_until_ms ? position->preferred_replica : -1,
        .state = position_state_name(position->state),
        .last_error = public_status(position->last_error),
        .kafka_error = position->kafka_error,
    };
    if (end >= 0 && view.position >= 0) state->lag = end > view.position ? end - view.position : 0;
}

static void fill_assignment(
    struct engine *engine, struct arena *arena, struct kc_description *description
) {
    struct kc_partition_state *states =
        arena_array(arena, engine->positions.count + 1, sizeof *states);
    size_t count = 0;
    const struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        fill_partition(engine, position, &states[count++]);
    }
    must(count == engine->positions.count);
    description->assignment = states;
    description->assignment_count = count;
}

static void fill_member(struct engine *engine, struct kc_description *description) {
    must(engine->member != NULL);
    struct member_description member = member_describe(engine->member);
    description->member_id = member.member_id;
    description->group_instance_id = member.group_instance_id;
    description->generation = member.generation;
    description->protocol = member.protocol;
    description->assignor = member.assignor;
    description->rebalance_count = member.rebalance_count;
    description->failed_rebalance_count = member.failed_rebalance_count;
    description->rebalance_reason = member.rebalance_reason;
    if (member.rebalanced_at_ms >= 0)
        description->rebalance_age_ms = engine->now_ms - member.rebalanced_at_ms;
    int64_t until_ms = handover_next_due_ms(engine);
    if (until_ms != INT64_MAX) {
        description->held_rebalance_id = engine->handover->rebalance_id;
        description->held_for_ms = until_ms - engine->now_ms;
    }
    if (member.heartbeat_answered_at_ms >= 0) {
        description->heartbeat_age_ms = engine->now_ms - member.heartbeat_answered_at_ms;
    }
    description->last_error = public_status(member.error.status);
    description->last_kafka_error = member.error.kafka_error;
    description->last_error_text = member.error.status ? status_text(member.error.status) : "";
}

static void fill_brokers(
    const struct engine *engine, struct arena *arena, struct kc_description *description
) {
    size_t count = HASH_COUNT(engine->cluster.brokers);
    struct kc_broker_state *states = arena_array(arena, count + 1, sizeof *states);
    const struct api *fetch = api_find(API_FETCH);
    for (const struct broker *broker = engine->cluster.brokers; broker; broker = broker->hh.next) {
        const struct connection *general = &broker->connections[PURPOSE_GENERAL];
        const struct connection *trouble = broker_trouble(broker);
        states[description->broker_count++] = (struct kc_broker_state){
            .node_id = broker->node_id < 0 ? -1 : broker->node_id,
            .host = broker->host,
            .port = broker->port,
            .state = connection_state_name(general->state),
            .release = release_of_fetch(connection_newest_offered(general, fetch)),
            .last_error = trouble ? trouble->last_error_text : "",
        };
    }
    must(description->broker_count == count);
    description->brokers = states;
}

static void fill_coordinator(struct engine *engine, struct kc_description *description) {
    description->coordinator = engine->coordinator.node_id;
    const char *host = NULL;
    int32_t port = 0;
    if (!cluster_address(&engine->cluster, engine->coordinator.node_id, &host, &port)) return;
    description->coordinator_host = host;
    description->coordinator_port = port;
}

static bool is_known(const struct engine *engine) {
    return engine->cluster.refreshed_at_ms >= 0;
}

static bool is_reachable(const struct engine *engine) {
    return cluster_is_reachable(&engine->cluster) && is_known(engine);
}

static void explain(
    const struct engine *engine, const struct kc_description *description, char *reason, size_t size
) {
    char trouble[TROUBLE_BYTES];
    cluster_trouble(&engine->cluster, trouble, sizeof trouble);
    enum status obstacle = cluster_obstacle(&engine->cluster);
    const char *what = status_text(obstacle ? obstacle : STATUS_BROKER_UNAVAILABLE);
    if (!login_is_ready(&engine->login)) what = "there are no credentials yet"; // none were shown
    if (engine->closing != CLOSING_NOT) {
        (void)snprintf(reason, size, "the consumer is closing");
    } else if (!engine->assigned_by_hand && !subscription_exists(engine) && is_known(engine)) {
        // Brokers have nothing to do then, and close their connections.
        (void)snprintf(reason, size, "nothing is subscribed to, and nothing is assigned");
    } else if (!is_reachable(engine)) {
        (void)snprintf(reason, size, "%s: %s", what, *trouble ? trouble : "connecting");
    } else if (subscription_pattern(engine) && engine->subscription.count == 0) {
        (void)snprintf(reason, size, "no topic matches the pattern of the subscription");
    } else {
        const char *error = description->last_error_text;
        (void)snprintf(
            reason,
            size,
            "not in the group: the member is %s%s%s",
            description->state,
            *error ? ": " : "",
            error
        );
    }
}

/// What polls tell comes before what comes of it, as that the coordinator cannot be found.
static void fill_obstacle(const struct engine *engine, struct kc_description *description) {
    struct queue_error obstacle = obstacle_find(engine);
    if (!obstacle.status) return;
    description->last_error = public_status(obstacle.status);
    description->last_kafka_error = obstacle.kafka_error;
    description->last_error_text = status_text(obstacle.status);
}

static void fill_readiness(
    struct engine *engine, struct arena *arena, struct kc_description *description
) {
    bool in_group = engine->subscription.count > 0 && member_is_stable(engine->member);
    bool has_work = engine->assigned_by_hand || in_group;
    description->ready = engine->closing == CLOSING_NOT && is_reachable(engine) && has_work;
    if (description->ready) return;
    char reason[TROUBLE_BYTES + 180];
    explain(engine, description, reason, sizeof reason);
    description->reason = arena_string(arena, slice_from_string(reason));
}

/// A subscribed topic that is refused is told where nothing worse is. It keeps nobody from being
/// ready: the others go on.
static void fill_refusal(
    const struct engine *engine, struct arena *arena, struct kc_description *description
) {
    if (description->last_error != KC_OK) return;
    struct refused_topic refused = reporter_refused_topic(engine);
    if (!refused.topic) return;
    char text[LONGEST_TOPIC_NAME + 100];
    (void)snprintf(text, sizeof text, "%.249s: %s", refused.topic, status_text(refused.status));
    description->last_error = public_status(refused.status);
    description->last_kafka_error = refused.kafka_error;
    description->last_error_text = arena_string(arena, slice_from_string(text));
}

static struct kc_description describe(struct engine *engine, struct arena *arena) {
    struct kc_description description = {
        .state = reporter_state_name(engine),
        .reason = "",
        .group_id = options_text(&engine->options, OPTION_GROUP_ID),
        .member_id = "",
        .client_id = options_text(&engine->options, OPTION_CLIENT_ID),
        .generation = -1,
        .protocol = "classic",
        .coordinator = -1,
        .cluster_id = engine->cluster.metadata.cluster_id,
        .heartbeat_age_ms = -1,
        .heartbeat_interval_ms = options_number(&engine->options, OPTION_HEARTBEAT_INTERVAL_MS),
        .session_timeout_ms = options_number(&engine->options, OPTION_SESSION_TIMEOUT_MS),
        .rebalance_reason = "",
        .rebalance_age_ms = -1,
        .buffered_bytes = (int64_t)queue_bytes(engine->queue),
        .connection_count = cluster_connection_count(&engine->cluster),
        .subscription = (const char *const *)engine->subscription.topics,
        .subscription_count = engine->subscription.count,
        .subscription_pattern = subscription_pattern(engine),
        .assigned_by_hand = engine->assigned_by_hand,
        .last_error_text = "",
    };
    if (engine->member) fill_member(engine, &description);
    if (engine->member) fill_coordinator(engine, &description);
    fill_obstacle(engine, &description);
    fill_brokers(engine, arena, &description);
    fill_assignment(engine, arena, &description);
    fill_readiness(engine, arena, &description);
    fill_refusal(engine, arena, &description);
    return description;
}

void describe_done(struct command *command, const struct command_result *from) {
    const struct kc_call *call = public_call(command);
    struct kc_result result = {
        .status = public_status(from->status),
        .message = status_text(from->status),
    };
    if (from->status) {
        call->done(call->arg, &result);
        return;
    }
    struct kc_description description = describe(from->engine, &command->arena);
    result.description = &description;
    call->done(call->arg, &result);
}
