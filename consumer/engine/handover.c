// SPDX-License-Identifier: Apache-2.0
// The hand-over machine. A rebalance is held here and nowhere else: the member only learns, late,
// that its partitions are given up, and goes on with heartbeats and commits meanwhile. A hold
// always ends: by the acknowledgement, by its time, or because the partitions are lost.
#include "consumer/engine/handover.h"

#include "consumer/base/must.h"
#include "consumer/engine/commit.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/event.h"
#include "consumer/engine/membership.h"
#include "consumer/engine/reporter.h"
#include "consumer/fetch/queue.h"
#include "consumer/group/assignment.h"
#include "consumer/group/member.h"

#include <inttypes.h>
#include <utlist.h>

#define MAY(state) (1u << HANDOVER_##state)

static const struct {
    const char *name;
    unsigned may_follow;
} states[] = {
    [HANDOVER_NONE] = { "none", MAY(REVOKED) | MAY(COMMITTING) | MAY(ASSIGNED) },
    [HANDOVER_REVOKED] = { "revoked", MAY(COMMITTING) | MAY(NONE) },
    [HANDOVER_COMMITTING] = { "committing", MAY(NONE) },
    [HANDOVER_ASSIGNED] = { "assigned", MAY(NONE) | MAY(REVOKED) | MAY(COMMITTING) },
};

struct handover *handover_new(void) {
    return must_alloc(sizeof(struct handover));
}

static void enter(struct engine *engine, enum handover_state state, const char *why) {
    struct handover *handover = engine->handover;
    must(states[handover->state].may_follow >> state & 1u);
    log_info(
        &engine->log,
        "handover",
        "entered",
        "from=%s to=%s why=\"%s\" rebalance_id=%" PRId64 " after_ms=%" PRId64,
        states[handover->state].name,
        states[state].name,
        why,
        handover->rebalance_id,
        engine->now_ms - handover->since_ms
    );
    handover->state = state;
    handover->since_ms = engine->now_ms;
    engine->is_dirty = true;
}

static bool is_held(const struct handover *handover) {
    return handover->state == HANDOVER_REVOKED || handover->state == HANDOVER_ASSIGNED;
}

bool handover_holds_revocation(const struct engine *engine) {
    return engine->handover->state == HANDOVER_REVOKED;
}

// ------------------------------------------------------------------------------------------------
// Telling

// The assigned partitions with their positions; those that a rebalance has just brought have none.
static struct row *rows_of(const struct engine *engine, struct arena *arena) {
    struct row *rows = arena_array(arena, engine->positions.count + 1, sizeof *rows);
    size_t count = 0;
    const struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        struct queue_view view = queue_view(position->queue);
        rows[count++] = (struct row){
            .topic = position->topic,
            .partition = position->partition,
            .offset = view.position,
            .leader_epoch = view.position_epoch,
            .timestamp_ms = -1,
        };
    }
    must(count == engine->positions.count);
    return rows;
}

static void tell_lost(const struct engine *engine) {
    if (engine->positions.count == 0) return;
    struct arena arena = { 0 };
    struct event event = {
        .kind = EVENT_PARTITIONS_LOST,
        .rows = rows_of(engine, &arena),
        .row_count = engine->positions.count,
    };
    (void)reporter_tell(engine, &event);
    arena_dispose(&arena);
}

// How long may be waited where `left_ms` are left of all. A quarter stays for the commits that
// follow, and since the brokers' clock began to run when another member's request came, not when
// this one heard of it (pitfalls 12, 83).
static int32_t patience_ms(const struct engine *engine, int64_t left_ms) {
    int64_t wanted_ms = options_number(&engine->options, OPTION_REBALANCE_ACK_TIMEOUT_MS);
    int64_t most_ms = left_ms > 0 ? left_ms - left_ms / 4 : 0;
    return (int32_t)(wanted_ms < most_ms ? wanted_ms : most_ms);
}

// Tells of partitions that come or go; true when the listener wants it held, and it is.
static bool tell_and_hold(
    struct engine *engine, struct event *event, enum handover_state held, int64_t left_ms
) {
    struct handover *handover = engine->handover;
    event->rebalance_id = ++handover->rebalance_id;
    event->ack_within_ms = event->row_count > 0 ? patience_ms(engine, left_ms) : 0;
    if (!reporter_tell(engine, event) || event->ack_within_ms == 0) return false;
    handover->until_ms = engine->now_ms + event->ack_within_ms;
    enter(engine, held, "the application is waited for");
    return true;
}

// ------------------------------------------------------------------------------------------------
// Partitions that go

static void drop_positions(struct engine *engine, const char *why) {
    position_set_clear(&engine->positions);
    if (engine->handover->state != HANDOVER_NONE) enter(engine, HANDOVER_NONE, why);
}

static void lose(struct engine *engine) {
    tell_lost(engine);
    commits_abandon(engine, STATUS_ILLEGAL_GENERATION);
    drop_positions(engine, "the partitions are lost");
}

static void commit_what_goes(struct engine *engine, const char *why) {
    bool closing_without_commit = engine->closing != CLOSING_NOT && !engine->close_autocommits;
    if (options_number(&engine->options, OPTION_ENABLE_AUTO_COMMIT) && !closing_without_commit) {
        commit_acknowledged(engine, engine->handover->deadline_ms);
    }
    enter(engine, HANDOVER_COMMITTING, why);
}

void handover_revoke(struct engine *engine, const struct member_revoke *want) {
    must(!engine->assigned_by_hand);
    if (want->lost) {
        lose(engine);
        member_on_revoked(engine->member, engine->now_ms);
        return;
    }
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        position_set_hold(position, POSITION_REVOKING);
    }
    engine->handover->deadline_ms = want->deadline_ms;
    struct arena arena = { 0 };
    struct event event = {
        .kind = EVENT_PARTITIONS_REVOKED,
        .rows = rows_of(engine, &arena),
        .row_count = engine->positions.count,
    };
    int64_t left_ms = want->deadline_ms - engine->now_ms;
    bool held = event.row_count > 0 && tell_and_hold(engine, &event, HANDOVER_REVOKED, left_ms);
    arena_dispose(&arena);
    if (!held) commit_what_goes(engine, "nobody is waited for");
}

void handover_abandon(struct engine *engine) {
    must(engine->closing == CLOSING_CONNECTIONS);
    if (!engine->assigned_by_hand) tell_lost(engine);
    drop_positions(engine, "the close is late");
}

// ------------------------------------------------------------------------------------------------
// Partitions that come

static void free_held(struct engine *engine, const char *why) {
    must(engine->handover->state == HANDOVER_ASSIGNED);
    struct position *position;
    DL_FOREACH(engine->positions.first, position) {
        if (position->hold == POSITION_ASSIGNING) position_set_hold(position, POSITION_FREE);
    }
    enter(engine, HANDOVER_NONE, why);
}

// Takes over what is new; the rows are what the listener is told.
static void add_positions(struct engine *engine, const struct assignment *added, struct row *rows) {
    for (size_t i = 0; i < added->count; i++) {
        const struct topic_partition *each = &added->items[i];
        if (!position_set_find(&engine->positions, each->topic, each->partition)) {
            membership_add_position(engine, each->topic, each->partition);
        }
        rows[i] = (struct row){
            .topic = each->topic,
            .partition = each->partition,
            .offset = -1,
            .leader_epoch = -1,
            .timestamp_ms = -1,
        };
    }
}

static void hold_back(struct engine *engine, const struct assignment *added) {
    for (size_t i = 0; i < added->count; i++) {
        const struct topic_partition *each = &added->items[i];
        struct position *position =
            position_set_find(&engine->positions, each->topic, each->partition);
        must(position != NULL);
        position_set_hold(position, POSITION_ASSIGNING);
    }
}

void handover_assign(struct engine *engine, const struct member_assign *want) {
    must(engine->handover->state == HANDOVER_NONE && !engine->assigned_by_hand);
    struct arena arena = { 0 };
    struct row *rows = arena_array(&arena, want->added->count + 1, sizeof *rows);
    add_positions(engine, want->added, rows);
    log_info(
        &engine->log,
        "assignment",
        "taken",
        "group=%s partitions=%zu added=%zu",
        engine->coordinator.group_id,
        want->partitions->count,
        want->added->count
    );
    struct event event = {
        .kind = EVENT_PARTITIONS_ASSIGNED,
        .rows = rows,
        .row_count = want->added->count,
    };
    int64_t left_ms = options_number(&engine->options, OPTION_MAX_POLL_INTERVAL_MS);
    if (tell_and_hold(engine, &event, HANDOVER_ASSIGNED, left_ms)) hold_back(engine, want->added);
    arena_dispose(&arena);
    engine->auto_commit_at_ms =
        engine->now_ms + options_number(&engine->options, OPTION_AUTO_COMMIT_INTERVAL_MS);
}

// ------------------------------------------------------------------------------------------------
// Going on

static void release(struct engine *engine, const char *why) {
    must(is_held(engine->handover));
    if (engine->handover->state == HANDOVER_REVOKED) {
        commit_what_goes(engine, why);
    } else {
        free_held(engine, why);
    }
}

bool handover_acknowledge(struct engine *engine, int64_t rebalance_id) {
    const struct handover *handover = engine->handover;
    if (!is_held(handover) || handover->rebalance_id != rebalance_id) return false;
    release(engine, "acknowledged");
    return true;
}

void handover_shorten(struct engine *engine, int64_t deadline_ms) {
    struct handover *handover = engine->handover;
    int64_t until_ms = engine->now_ms + patience_ms(engine, deadline_ms - engine->now_ms);
    if (until_ms < handover->until_ms) handover->until_ms = until_ms;
    if (deadline_ms < handover->deadline_ms) handover->deadline_ms = deadline_ms;
}

void handover_step(struct engine *engine) {
    struct handover *handover = engine->handover;
    if (is_held(handover) && engine->now_ms >= handover->until_ms) {
        handover->expired_count++;
        release(engine, "not acknowledged within rebalance.ack.timeout.ms");
    }
    if (handover->state != HANDOVER_COMMITTING || !commits_are_done(engine)) return;
    drop_positions(engine, "given up");
    member_on_revoked(engine->member, engine->now_ms);
}

int64_t handover_next_due_ms(const struct engine *engine) {
    return is_held(engine->handover) ? engine->handover->until_ms : INT64_MAX;
}
