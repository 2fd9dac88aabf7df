// SPDX-License-Identifier: Apache-2.0
// The loop: what arrives now is delivered, brokers serve, engines step, applications poll; then the
// clock jumps to the next thing that will happen.
#include "tests/unit/engine/world.h"

#include "consumer/base/must.h"

#include <check.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    START_MS = 100000,
    WALL_MS = 1700000000,
    MOST_ROUNDS = 5000,
    LATE_MS = 200, // a call may complete so much after its deadline: messages travel
    CLOSE_MS = 2000,
};

static void count_seen(void *arg, const struct fake_seen *seen) {
    struct world *world = arg;
    world->seen[seen->api]++;
    world->version[seen->api] = seen->version;
    if (world->on_seen) world->on_seen(world->arg, seen);
}

struct world *world_new(int32_t broker_count, int32_t partition_count) {
    struct world *world = must_alloc(sizeof *world);
    fake_cluster_init(&world->cluster, broker_count);
    random_init(&world->random, 1);
    world->now_ms = START_MS;
    world->cluster.now_ms = START_MS;
    world->cluster.wall_offset_ms = WALL_MS;
    world->cluster.on_seen = count_seen;
    world->cluster.on_seen_arg = world;
    world->dial_ms = 1;
    world->latency_ms = 1;
    if (partition_count > 0) fake_topic_add(&world->cluster, "t", partition_count);
    return world;
}

static void check_deadlines(const struct world *world) {
    const struct world_call *call;
    DL_FOREACH(world->calls, call) {
        bool late = call->completions == 0 && call->deadline_ms < INT64_MAX - LATE_MS &&
                    world->now_ms > call->deadline_ms + LATE_MS;
        if (late) ck_abort_msg("command %d did not complete by its deadline", (int)call->kind);
    }
}

// Does what is due now, once.
static void do_round(struct world *world) {
    world_links_deliver(world);
    fake_cluster_step(&world->cluster, world->now_ms);
    world_links_collect(world);
    struct world_consumer *consumer;
    DL_FOREACH(world->consumers, consumer) {
        if (consumer->is_dead) continue;
        world_consumer_app(consumer);
        if (consumer->is_woken || consumer->due_at_ms <= world->now_ms)
            world_consumer_step(consumer);
    }
}

static int64_t next_due_ms(const struct world *world) {
    int64_t due_ms = world_links_due_ms(world);
    int64_t cluster_ms = fake_cluster_next_due_ms(&world->cluster);
    if (cluster_ms < due_ms) due_ms = cluster_ms;
    const struct world_consumer *consumer;
    DL_FOREACH(world->consumers, consumer) {
        if (consumer->is_dead) continue;
        if (consumer->is_woken) return world->now_ms;
        if (consumer->due_at_ms < due_ms) due_ms = consumer->due_at_ms;
        bool will_poll = consumer->polls && !consumer->is_waiting;
        if (will_poll && consumer->poll_at_ms < due_ms) due_ms = consumer->poll_at_ms;
    }
    return due_ms;
}

bool world_run_until(struct world *world, bool (*is_true)(void *arg), void *arg, int64_t limit_ms) {
    int64_t end_ms = world->now_ms + limit_ms;
    int rounds = 0;
    for (;;) {
        do_round(world);
        if (is_true && is_true(arg)) return true;
        int64_t due_ms = next_due_ms(world);
        if (due_ms > world->now_ms) {
            if (due_ms > end_ms || world->now_ms >= end_ms) {
                world->now_ms = end_ms;
                fake_cluster_step(&world->cluster, world->now_ms);
                return false;
            }
            world->now_ms = due_ms;
            rounds = 0;
            check_deadlines(world);
        }
        if (++rounds == MOST_ROUNDS) ck_abort_msg("time stands still at %" PRId64, world->now_ms);
    }
}

void world_run(struct world *world, int64_t for_ms) {
    bool ended = world_run_until(world, NULL, NULL, for_ms);
    must(!ended);
}

static bool are_all_closed(void *arg) {
    const struct world *world = arg;
    const struct world_consumer *consumer;
    DL_FOREACH(world->consumers, consumer) {
        if (!engine_is_closed(consumer->engine)) return false;
    }
    return true;
}

static void close_all(struct world *world) {
    struct world_consumer *consumer;
    DL_FOREACH(world->consumers, consumer) {
        consumer->is_dead = false;
        consumer->polls = false;
        memset(consumer->holds, 0, sizeof consumer->holds);
        world_close(consumer, false, CLOSE_MS);
    }
    world->black_holes = 0;
    bool closed = world_run_until(world, are_all_closed, world, CLOSE_MS + LATE_MS);
    ck_assert_msg(closed, "a consumer does not close");
}

static void free_calls(struct world *world) {
    struct world_call *call;
    struct world_call *next;
    DL_FOREACH_SAFE(world->calls, call, next) {
        ck_assert_msg(call->completions == 1, "command %d did not complete", (int)call->kind);
        DL_DELETE(world->calls, call);
        free(call->rows);
        free(call);
    }
}

void world_free(struct world *world) {
    close_all(world);
    free_calls(world);
    struct world_consumer *consumer;
    struct world_consumer *next;
    DL_FOREACH_SAFE(world->consumers, consumer, next) {
        DL_DELETE(world->consumers, consumer);
        engine_free(consumer->engine);
        free(consumer->records);
        for (size_t i = 0; i < consumer->event_count; i++)
            free(consumer->events[i].rows);
        free(consumer->events);
        free(consumer);
    }
    must(world->links == NULL);
    fake_cluster_dispose(&world->cluster);
    free(world);
}

// ------------------------------------------------------------------------------------------------
// Conditions

struct goal {
    const struct world *world;
    const struct world_consumer *consumer;
    const struct world_call *call;
    const char *topic;
    size_t count;
    int32_t partition;
    int64_t offset;
    enum api_key api;
};

static bool has_records(void *arg) {
    const struct goal *goal = arg;
    return goal->consumer->record_count >= goal->count;
}

void world_await_records(struct world_consumer *consumer, size_t count, int64_t limit_ms) {
    struct goal goal = { .consumer = consumer, .count = count };
    bool reached = world_run_until(consumer->world, has_records, &goal, limit_ms);
    ck_assert_msg(
        reached,
        "%zu records where %zu were wanted, last error %s",
        consumer->record_count,
        count,
        status_name(consumer->last_error)
    );
}

static bool is_assigned(void *arg) {
    const struct goal *goal = arg;
    return goal->consumer->engine->positions.count == goal->count;
}

void world_await_assigned(struct world_consumer *consumer, size_t count, int64_t limit_ms) {
    struct goal goal = { .consumer = consumer, .count = count };
    bool reached = world_run_until(consumer->world, is_assigned, &goal, limit_ms);
    ck_assert_msg(
        reached, "%zu partitions where %zu were wanted", consumer->engine->positions.count, count
    );
}

static bool is_fetching(void *arg) {
    const struct goal *goal = arg;
    const struct position *position;
    DL_FOREACH(goal->consumer->engine->positions.first, position) {
        if (position->state != POSITION_FETCHING) return false;
    }
    return goal->consumer->engine->positions.count > 0;
}

void world_await_fetching(struct world_consumer *consumer, int64_t limit_ms) {
    struct goal goal = { .consumer = consumer };
    bool reached = world_run_until(consumer->world, is_fetching, &goal, limit_ms);
    ck_assert_msg(reached, "not every partition is fetched");
}

static bool is_complete(void *arg) {
    const struct goal *goal = arg;
    return goal->call->completions > 0;
}

enum status world_await(struct world_call *call) {
    struct goal goal = { .call = call };
    struct world *world = call->consumer->world;
    int64_t limit_ms = call->deadline_ms - world->now_ms + LATE_MS;
    bool reached = world_run_until(world, is_complete, &goal, limit_ms);
    ck_assert_msg(reached, "command %d did not complete", (int)call->kind);
    return call->status;
}

static bool is_committed(void *arg) {
    const struct goal *goal = arg;
    return world_committed(goal->world, goal->topic, goal->partition) == goal->offset;
}

void world_await_committed(
    struct world *world, const char *topic, int32_t partition, int64_t offset, int64_t limit_ms
) {
    struct goal goal = { .world = world, .topic = topic, .partition = partition, .offset = offset };
    bool reached = world_run_until(world, is_committed, &goal, limit_ms);
    ck_assert_msg(
        reached,
        "%" PRId64 " is committed where %" PRId64 " was wanted",
        world_committed(world, topic, partition),
        offset
    );
}

static bool is_seen(void *arg) {
    const struct goal *goal = arg;
    return (size_t)goal->world->seen[goal->api] >= goal->count;
}

void world_await_seen(struct world *world, enum api_key api, int count, int64_t limit_ms) {
    struct goal goal = { .world = world, .api = api, .count = (size_t)count };
    bool reached = world_run_until(world, is_seen, &goal, limit_ms);
    ck_assert_msg(reached, "api %d was asked %d times of %d", (int)api, world->seen[api], count);
}

// ------------------------------------------------------------------------------------------------
// Views

void world_fault(struct world *world, enum api_key api, enum fake_fault_kind kind, int64_t number) {
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault
        ){ .api = api, .broker = FAKE_ANY_BROKER, .kind = kind, .number = number }
    );
}

void world_error(
    struct world *world, enum api_key api, enum fake_fault_kind kind, int16_t code, int32_t times
) {
    fake_faults_add(
        &world->cluster.faults,
        &(struct fake_fault
        ){ .api = api, .broker = FAKE_ANY_BROKER, .kind = kind, .code = code, .times = times }
    );
}

const struct position *world_position(const struct world_consumer *consumer, int32_t partition) {
    return position_set_find(&consumer->engine->positions, "t", partition);
}

struct member_description world_member(const struct world_consumer *consumer) {
    must(consumer->engine->member != NULL);
    return member_describe(consumer->engine->member);
}

struct fake_group *world_group(const struct world *world) {
    return fake_group_find(&world->cluster, SLICE_LITERAL("g"));
}

int64_t world_committed(const struct world *world, const char *topic, int32_t partition) {
    const struct fake_offset *offset = fake_group_find_offset(world_group(world), topic, partition);
    return offset ? offset->offset : -1;
}
