// SPDX-License-Identifier: Apache-2.0
// An error is told when it begins and not again before it has been over: for each thing that can
// fail there is a note of what was told of it last.
#include "consumer/engine/reporter.h"

#include "consumer/base/must.h"
#include "consumer/engine/commit.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/event.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/member.h"
#include "consumer/wire/kafka_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

// A coordinator is missed for a moment whenever its broker is; that is no news yet.
enum { TEXT_BYTES = 480, COORDINATOR_MISSED_FOR_MS = 3000 };

/// What was told of one thing that can fail.
struct told_error {
    enum status status; ///< OK: nothing, or it is over
    int16_t kafka_error;
};

struct reporter {
    struct listener listener;
    const char *state;
    struct told_error member;
    struct told_error commit;
    struct told_error cluster;
    int64_t reachable_at_ms;          ///< when a connection to a broker stood last; 0: never
    int64_t coordinator_missed_at_ms; ///< with brokers at hand; 0: it is not
    uint32_t metadata_answers;        ///< seen
};

struct reporter *reporter_new(const struct listener *listener) {
    struct reporter *reporter = must_alloc(sizeof *reporter);
    if (listener) reporter->listener = *listener;
    reporter->state = "unsubscribed";
    return reporter;
}

bool reporter_tell(const struct engine *engine, const struct event *event) {
    const struct listener *listener = &engine->reporter->listener;
    return listener->on_event && listener->on_event(listener->arg, event);
}

// ------------------------------------------------------------------------------------------------
// States

const char *reporter_state_name(const struct engine *engine) {
    if (engine->assigned_by_hand) return "assigned";
    if (!engine->member) return "unsubscribed";
    enum member_state state = member_describe(engine->member).state;
    bool apart = !subscription_exists(engine) && state == MEMBER_UNJOINED;
    return apart ? "unsubscribed" : member_state_name(state);
}

void reporter_on_state(struct engine *engine, const char *reason) {
    must(reason != NULL);
    const char *old_state = engine->reporter->state;
    const char *new_state = reporter_state_name(engine);
    if (new_state == old_state || strcmp(new_state, old_state) == 0) return;
    engine->reporter->state = new_state;
    struct event event = {
        .kind = EVENT_STATE_CHANGED,
        .old_state = old_state,
        .new_state = new_state,
        .reason = reason,
    };
    (void)reporter_tell(engine, &event);
}

// ------------------------------------------------------------------------------------------------
// Errors

// Notes an error, or that there is none (any more); true when it is to be told.
static bool note(struct told_error *told, enum status status, int16_t kafka_error) {
    bool is_new = status != told->status || kafka_error != told->kafka_error;
    *told = (struct told_error){ .status = status, .kafka_error = kafka_error };
    return is_new && status != STATUS_OK;
}

// Tells an error with the text "subject: sentence: BROKERS_NAME: particulars".
static void tell_error(
    const struct engine *engine, struct event event, const char *subject, const char *particulars
) {
    must(event.status != STATUS_OK);
    char text[TEXT_BYTES];
    const char *name = event.kafka_error ? kafka_error_name(event.kafka_error) : "";
    (void)snprintf(
        text,
        sizeof text,
        "%.260s: %s%s%s%s%.120s",
        subject,
        status_text(event.status),
        *name ? ": " : "",
        name,
        *particulars ? ": " : "",
        particulars
    );
    event.kind = EVENT_ERROR;
    event.text = text;
    (void)reporter_tell(engine, &event);
}

static bool is_missed_briefly(struct engine *engine, const struct member_error *error) {
    struct reporter *reporter = engine->reporter;
    bool is_missed = error->status == STATUS_COORDINATOR_UNAVAILABLE && error->kafka_error == 0;
    bool counts = is_missed && cluster_is_reachable(&engine->cluster);
    if (!counts) reporter->coordinator_missed_at_ms = 0;
    if (counts && reporter->coordinator_missed_at_ms == 0)
        reporter->coordinator_missed_at_ms = engine->now_ms;
    int64_t since_ms = reporter->coordinator_missed_at_ms;
    return is_missed && (since_ms == 0 || engine->now_ms < since_ms + COORDINATOR_MISSED_FOR_MS);
}

static void report_member(struct engine *engine) {
    struct member_error error = member_describe(engine->member).error;
    bool is_told = error.status == engine->reporter->member.status;
    if (!is_told && is_missed_briefly(engine, &error)) return;
    if (!note(&engine->reporter->member, error.status, error.kafka_error)) return;
    struct event event = {
        .status = error.status,
        .kafka_error = error.kafka_error,
        .fatal = error.fatal,
    };
    tell_error(engine, event, "group membership", "");
}

// A broker that was lost but can be dialed again is no news yet.
static void report_cluster(struct engine *engine) {
    struct told_error *told = &engine->reporter->cluster;
    bool is_over = cluster_is_reachable(&engine->cluster);
    if (is_over) engine->reporter->reachable_at_ms = engine->now_ms;
    bool is_cut_off = cluster_is_cut_off(&engine->cluster, engine->reporter->reachable_at_ms);
    if (!is_over && !is_cut_off) return;
    enum status status = is_over ? STATUS_OK : cluster_obstacle(&engine->cluster);
    if (!is_over && !status) return; // an attempt is under way
    if (!note(told, status, 0)) return;
    char trouble[TEXT_BYTES];
    cluster_trouble(&engine->cluster, trouble, sizeof trouble);
    struct event event = { .status = status };
    tell_error(engine, event, "cluster", trouble);
}

static void report_partition(struct engine *engine, struct position *position) {
    must(position->untold_error != STATUS_OK);
    struct row row = {
        .topic = position->topic,
        .partition = position->partition,
        .offset = position->offset,
        .leader_epoch = -1,
        .timestamp_ms = -1,
        .status = position->untold_error,
        .kafka_error = position->kafka_error,
    };
    struct event event = {
        .status = row.status,
        .kafka_error = row.kafka_error,
        .rows = &row,
        .row_count = 1,
    };
    char subject[LONGEST_TOPIC_NAME + 16];
    (void)snprintf(subject, sizeof subject, "%s-%" PRId32, row.topic, row.partition);
    position->untold_error = STATUS_OK;
    tell_error(engine, event, subject, "");
}

// A topic that does not exist may still be made, by a broker or, for a pattern, by whom it may
// concern.
static enum status refusal_of(const struct engine *engine, const struct topic_metadata *topic) {
    bool may_be_made = options_number(&engine->options, OPTION_ALLOW_AUTO_CREATE_TOPICS) != 0;
    bool may_be_missing = may_be_made || subscription_pattern(engine);
    bool is_missing = topic->error_code == ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    if (is_missing) return may_be_missing ? STATUS_OK : STATUS_NO_SUCH_TOPIC;
    int16_t kafka_error = 0;
    return metadata_refusal(topic, -1, 0, &kafka_error);
}

static bool has_positions(const struct engine *engine, const char *topic) {
    must(topic != NULL);
    const struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        if (strcmp(position->topic, topic) == 0) return true;
    }
    return false;
}

// Puts a topic's refusal before one poll, and again while it lasts, as often as metadata gets old:
// who polls now may not be who was told. Partitions that are assigned tell it themselves. A topic
// that does not exist is waited for.
static void tell_poll(
    struct engine *engine, struct topic_metadata *topic, enum status status, bool is_new
) {
    int64_t age_ms = options_number(&engine->options, OPTION_METADATA_MAX_AGE_MS);
    bool is_told = !is_new && engine->now_ms < topic->told_at_ms + age_ms;
    if (status && is_told) return;
    struct queue_error error = { .offset = -1 };
    bool is_for_polls = topic->error_code != ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    if (is_for_polls && !has_positions(engine, topic->name)) error.status = status;
    error.kafka_error = topic->error_code;
    topic->told_at_ms = engine->now_ms;
    queue_set_topic_error(engine->queue, topic->name, error);
    engine->is_dirty = true;
}

// A topic that is subscribed to and cannot be read has no partitions that could tell it.
static void report_topic(struct engine *engine, struct topic_metadata *topic) {
    int16_t code = topic->error_code;
    bool is_new = code != topic->told_error_code;
    topic->told_error_code = code;
    struct row row = {
        .topic = topic->name,
        .partition = -1,
        .offset = -1,
        .leader_epoch = -1,
        .timestamp_ms = -1,
        .status = refusal_of(engine, topic),
        .kafka_error = code,
    };
    struct event event = {
        .status = row.status,
        .kafka_error = code,
        .rows = &row,
        .row_count = 1,
    };
    if (is_new || code) tell_poll(engine, topic, row.status, is_new);
    if (is_new && row.status) tell_error(engine, event, topic->name, "");
}

static void report_topics(struct engine *engine) {
    struct reporter *reporter = engine->reporter;
    if (reporter->metadata_answers == engine->cluster.answer_count) return;
    reporter->metadata_answers = engine->cluster.answer_count;
    for (size_t i = 0; i < engine->subscription.count; i++) {
        struct topic_metadata *topic =
            metadata_find(&engine->cluster.metadata, engine->subscription.topics[i]);
        if (topic) report_topic(engine, topic);
    }
}

struct refused_topic reporter_refused_topic(const struct engine *engine) {
    const struct subscription *subscription = &engine->subscription;
    must(subscription->topics != NULL || subscription->count == 0);
    for (size_t i = 0; i < subscription->count; i++) {
        const struct topic_metadata *topic =
            metadata_find(&engine->cluster.metadata, subscription->topics[i]);
        enum status status =
            topic && topic->told_error_code ? refusal_of(engine, topic) : STATUS_OK;
        if (status) return (struct refused_topic){ topic->name, status, topic->told_error_code };
    }
    return (struct refused_topic){ 0 };
}

void reporter_on_automatic_commit(struct engine *engine, const struct commit *commit) {
    must(commit->is_automatic);
    struct row *failed = must_alloc((commit->row_count + 1) * sizeof *failed);
    size_t count = 0;
    for (size_t i = 0; i < commit->row_count; i++) {
        if (commit->rows[i].status) failed[count++] = commit->rows[i];
    }
    struct event event = { .rows = failed, .row_count = count };
    if (count > 0) event.status = failed[0].status;
    if (count > 0) event.kafka_error = failed[0].kafka_error;
    if (note(&engine->reporter->commit, event.status, event.kafka_error)) {
        tell_error(engine, event, "automatic commit", "");
    }
    free(failed);
}

void reporter_on_costly_pattern(const struct engine *engine) {
    must(subscription_exists(engine));
    struct event event = { .status = STATUS_INVALID_ARGUMENT };
    const char *why = "a topic's name takes too many steps to match, and counts as another";
    tell_error(engine, event, "subscription pattern", why);
}

void reporter_step(struct engine *engine) {
    if (engine->closing != CLOSING_NOT) return;
    if (engine->member) report_member(engine);
    report_cluster(engine);
    report_topics(engine);
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        if (position->untold_error) report_partition(engine, position);
    }
}
