// SPDX-License-Identifier: Apache-2.0
// Whoever is told that a rebalance waits is told until when; else both times are null.
#include "server/http/event_text.h"

#include "server/base/must.h"
#include "server/http/answers.h"
#include "server/http/problem.h"
#include "server/json/writer.h"

#include <time.h>

static const char *const names[] = {
    [KC_PARTITIONS_REVOKED] = "partitions_revoked",
    [KC_PARTITIONS_ASSIGNED] = "partitions_assigned",
    [KC_PARTITIONS_LOST] = "partitions_lost",
    [KC_STATE_CHANGED] = "state",
    [KC_ERROR] = "error",
};

const char *event_name(enum kc_event_kind kind) {
    must((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

void event_write_time(struct out *out, int64_t wall_ms) {
    must(wall_ms >= 0);
    struct tm parts;
    char text[sizeof "2026-11-27T09:20:58"];
    const time_t seconds = (time_t)(wall_ms / 1000);
    must(gmtime_r(&seconds, &parts) != NULL);
    must(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) > 0);
    out_format(out, "\"%s.%03dZ\"", text, (int)(wall_ms % 1000));
}

static void write_partitions(struct out *out, const struct kc_event *event, unsigned members) {
    answer_partitions(out, "partitions", event->partitions, event->partition_count, members);
}

static void write_rebalance(
    struct out *out, const struct kc_event *event, bool is_held, int64_t now_ms
) {
    must(event->rebalance_id > 0 && event->ack_within_ms >= 0);
    writer_member_integer(out, "rebalance_id", event->rebalance_id);
    write_partitions(out, event, ANSWER_OFFSET);
    if (!is_held) {
        writer_member_null(out, "ack_by");
        writer_member_null(out, "ack_within_ms");
        return;
    }
    writer_key(out, "ack_by");
    event_write_time(out, now_ms + event->ack_within_ms);
    writer_member_integer(out, "ack_within_ms", event->ack_within_ms);
}

static void write_state(struct out *out, const struct kc_event *event) {
    must(event->old_state != NULL && event->new_state != NULL);
    writer_member_string(out, "old", event->old_state);
    writer_member_string(out, "new", event->new_state);
    writer_member_string(out, "why", event->reason);
}

static void write_error(struct out *out, const struct kc_event *event) {
    must(event->status != KC_OK);
    writer_member_string(out, "code", kc_status_name(event->status));
    problem_write_kafka_error(out, event->kafka_error);
    writer_member_string(out, "text", event->text);
    writer_member_boolean(out, "fatal", event->fatal);
    write_partitions(out, event, 0);
}

void event_write(struct out *out, const struct kc_event *event, bool is_held, int64_t now_ms) {
    writer_begin_object(out);
    switch (event->kind) {
    case KC_PARTITIONS_REVOKED:
    case KC_PARTITIONS_ASSIGNED: write_rebalance(out, event, is_held, now_ms); break;
    case KC_PARTITIONS_LOST: write_partitions(out, event, ANSWER_OFFSET); break;
    case KC_STATE_CHANGED: write_state(out, event); break;
    case KC_ERROR: write_error(out, event); break;
    }
    writer_end_object(out);
}

void event_write_held(struct out *out, const struct held_rebalance *held) {
    if (!held->event) {
        OUT_LITERAL(out, "null");
        return;
    }
    must(held->size > 2 && held->data[0] == '{');
    writer_begin_object(out);
    writer_member_string(out, "event", held->event);
    out_byte(out, ',');
    out_append(out, held->data + 1, held->size - 1); // up to and with the closing brace
}

void event_write_assignment(
    struct out *out, const struct kc_description *description, const struct held_rebalance *held
) {
    must(description != NULL);
    writer_begin_object(out);
    writer_key(out, "partitions");
    writer_begin_array(out);
    for (size_t i = 0; i < description->assignment_count; i++) {
        const struct kc_partition_state *state = &description->assignment[i];
        writer_begin_object(out);
        writer_member_string(out, "topic", state->topic);
        writer_member_integer(out, "partition", state->partition);
        writer_member_known(out, "offset", state->position);
        writer_end_object(out);
    }
    writer_end_array(out);
    writer_member_boolean(out, "assigned_by_hand", description->assigned_by_hand);
    writer_member_string(out, "state", description->state);
    writer_key(out, "rebalance");
    event_write_held(out, held);
    writer_end_object(out);
}

void event_write_pending(struct out *out, const char *commit_id) {
    must(commit_id != NULL);
    writer_begin_object(out);
    writer_member_string(out, "commit_id", commit_id);
    writer_member_string(out, "state", "pending");
    writer_end_object(out);
}

void event_write_commit(struct out *out, const char *commit_id, const struct kc_result *result) {
    unsigned members = ANSWER_OFFSET | ANSWER_LEADER_EPOCH | ANSWER_ERROR;
    struct problem problem;
    must(commit_id != NULL);
    writer_begin_object(out);
    writer_member_string(out, "commit_id", commit_id);
    writer_member_string(out, "state", "done");
    if (problem_of_commit(result, &problem)) {
        writer_member_string(out, "error", problem.code);
        problem_write_kafka_error(out, problem.kafka_error);
        writer_member_string(out, "detail", problem.detail ? problem.detail : problem.title);
        writer_member_boolean(out, "retriable", problem.retriable);
    } else {
        writer_member_null(out, "error");
    }
    answer_partitions(out, "offsets", result->partitions, result->partition_count, members);
    writer_end_object(out);
}
