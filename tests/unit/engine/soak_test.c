// SPDX-License-Identifier: Apache-2.0
// Minutes of trouble from a seed: brokers stop, freeze and move, answers are late, cut, wrong or
// none, consumers come, go and die. Whatever happens, the invariants hold; and when the trouble
// ends, everything that was produced has been delivered and committed.
#include "consumer/base/must.h"
#include "consumer/fetch/lease.h"
#include "consumer/fetch/queue.h"
#include "consumer/wire/consumer_protocol.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_offsets.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    BROKERS = 3,
    PARTITIONS = 6,
    MOST_OFFSETS = 20000,
    MOST_CONSUMERS = 64,
    MOST_ALIVE = 3,
    SEEDS = 6,
    STORM_MS = 120000,
    CALM_MS = 90000,
    BUFFER_BYTES = 65536,
    MOST_BUFFERED_BYTES = 2 * BUFFER_BYTES + 20000,
};

// Everything that is looked at of one consumer. It holds for one generation at a time.
struct track {
    bool commits_by_hand;
    bool has_sought;
    int32_t generation;
    int64_t rebalance_count;
    uint32_t version[PARTITIONS];          // of the position that the next offset belongs to
    int64_t delivered[PARTITIONS];         // next offset after what it got
    int64_t most_delivered[PARTITIONS];    // before seeks too
    int64_t most_acknowledged[PARTITIONS]; // by a later poll
    int64_t committed[PARTITIONS];         // last asked for in this generation
};

struct soak {
    struct world *world;
    struct random random;
    struct track tracks[MOST_CONSUMERS];
    uint8_t *delivered[PARTITIONS]; // how often each offset was
    int64_t most_committed[PARTITIONS];
    int64_t calm_at_ms;
};

static uint64_t below(struct soak *soak, uint64_t bound) {
    return random_below(&soak->random, bound);
}

static struct track *track_of(struct soak *soak, const struct world_consumer *consumer) {
    must(consumer->number < MOST_CONSUMERS);
    return &soak->tracks[consumer->number];
}

// ------------------------------------------------------------------------------------------------
// Invariants

static void follow_generation(struct track *track, const struct world_consumer *consumer) {
    struct member_description member = world_member(consumer);
    bool same =
        member.generation == track->generation && member.rebalance_count == track->rebalance_count;
    if (same) return;
    track->generation = member.generation;
    track->rebalance_count = member.rebalance_count;
    track->has_sought = false;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        track->version[p] = 0;
        track->delivered[p] = -1;
        track->most_delivered[p] = -1;
        track->most_acknowledged[p] = -1;
        track->committed[p] = -1;
    }
}

static void on_poll(void *arg, struct world_consumer *consumer) {
    struct soak *soak = arg;
    struct track *track = track_of(soak, consumer);
    follow_generation(track, consumer);
    memcpy(track->most_acknowledged, track->most_delivered, sizeof track->most_acknowledged);
}

// Offsets only grow, unless the position was set anew.
static void on_record(
    void *arg, struct world_consumer *consumer, const struct world_record *record
) {
    struct soak *soak = arg;
    struct track *track = track_of(soak, consumer);
    int32_t p = record->partition;
    follow_generation(track, consumer);
    must(record->offset < MOST_OFFSETS);
    char value[WORLD_VALUE_BYTES];
    (void)snprintf(value, sizeof value, "t-%" PRId32 "-%" PRId64, p, record->offset);
    if (strcmp(record->value, value) != 0) ck_abort_msg("%s is not %s", record->value, value);
    const struct position *position = world_position(consumer, p);
    if (!position) ck_abort_msg("a record of a partition that is not assigned");
    if (position->hold != POSITION_FREE) ck_abort_msg("a record of a partition that is held");
    bool same = position->version == track->version[p] && !track->has_sought;
    if (same && track->delivered[p] >= 0 && record->offset != track->delivered[p]) {
        ck_abort_msg(
            "#%d got offset %" PRId64 " of partition %" PRId32 " after %" PRId64,
            consumer->number,
            record->offset,
            p,
            track->delivered[p] - 1
        );
    }
    track->version[p] = position->version;
    track->delivered[p] = record->offset + 1;
    if (track->delivered[p] > track->most_delivered[p])
        track->most_delivered[p] = track->delivered[p];
    soak->delivered[p][record->offset] = 1;
}

static struct world_consumer *find_member(struct soak *soak, struct slice member_id) {
    struct world_consumer *consumer;
    DL_FOREACH(soak->world->consumers, consumer) {
        if (consumer->is_dead) continue;
        if (slice_equal_string(member_id, world_member(consumer).member_id)) return consumer;
    }
    return NULL;
}

// No commit passes what the application has got (by hand), or acknowledged by a later poll; the
// commits of a partition keep their order.
static void check_commit(
    struct soak *soak, const struct world_consumer *consumer, int32_t p, int64_t offset
) {
    struct track *track = track_of(soak, consumer);
    follow_generation(track, consumer);
    int64_t most = track->commits_by_hand ? track->most_delivered[p] : track->most_acknowledged[p];
    if (soak->most_committed[p] > most) most = soak->most_committed[p];
    if (offset > most) {
        ck_abort_msg(
            "#%d commits %" PRId64 " of partition %" PRId32 ", of which it got %" PRId64,
            consumer->number,
            offset,
            p,
            most
        );
    }
    if (!track->has_sought) ck_assert_int_ge(offset, track->committed[p]);
    track->committed[p] = offset;
}

static void on_commit(struct soak *soak, const struct offset_commit_request *request) {
    const struct world_consumer *consumer = find_member(soak, request->member_id);
    if (!consumer) return;
    // What was sent before the member lost its generation arrives in vain.
    if (world_member(consumer).generation != request->generation_id_or_member_epoch) return;
    for (int32_t t = 0; t < request->topics_count; t++) {
        const struct offset_commit_request_topic *topic = &request->topics[t];
        for (int32_t i = 0; i < topic->partitions_count; i++) {
            const struct offset_commit_request_partition *sent = &topic->partitions[i];
            check_commit(soak, consumer, sent->partition_index, sent->committed_offset);
        }
    }
}

// A leader gives every partition to one member.
static void on_sync(const struct sync_group_request *request) {
    int owners[PARTITIONS] = { 0 };
    for (int32_t i = 0; i < request->assignments_count; i++) {
        struct arena arena = { 0 };
        struct consumer_protocol_assignment assignment;
        enum status status = consumer_protocol_decode_assignment(
            request->assignments[i].assignment, &arena, &assignment
        );
        ck_assert_int_eq(status, STATUS_OK);
        for (int32_t t = 0; t < assignment.assigned_partitions_count; t++) {
            const struct consumer_protocol_topic_partitions *topic =
                &assignment.assigned_partitions[t];
            for (int32_t p = 0; p < topic->partitions_count; p++)
                owners[topic->partitions[p]]++;
        }
        arena_dispose(&arena);
    }
    for (int32_t p = 0; p < PARTITIONS && request->assignments_count > 0; p++)
        ck_assert_int_eq(owners[p], 1);
}

static void on_seen(void *arg, const struct fake_seen *seen) {
    if (seen->api == API_OFFSET_COMMIT) on_commit(arg, seen->request);
    if (seen->api == API_SYNC_GROUP) on_sync(seen->request);
}

static void note_committed(struct soak *soak) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t committed = world_committed(soak->world, "t", p);
        if (committed > soak->most_committed[p]) soak->most_committed[p] = committed;
    }
}

// No two members hold a partition in one generation; buffers stay within their bound.
static void check_state(struct soak *soak) {
    int32_t owner[PARTITIONS] = { 0 };
    note_committed(soak);
    struct world_consumer *consumer;
    DL_FOREACH(soak->world->consumers, consumer) {
        if (consumer->is_dead || engine_is_closed(consumer->engine)) continue;
        size_t buffered_bytes = queue_bytes(engine_queue(consumer->engine));
        if (buffered_bytes > MOST_BUFFERED_BYTES)
            ck_abort_msg("%zu bytes buffered", buffered_bytes);
        struct member_description member = world_member(consumer);
        const struct fake_group *group = world_group(soak->world);
        if (!group || member.generation != group->generation) continue;
        for (size_t i = 0; i < member.held->count; i++) {
            int32_t p = member.held->items[i].partition;
            if (owner[p]) ck_abort_msg("two members hold partition %" PRId32, p);
            owner[p] = consumer->number;
        }
    }
}

// ------------------------------------------------------------------------------------------------
// Trouble

static void add_consumer(struct soak *soak) {
    int alive = 0;
    struct world_consumer *each;
    DL_FOREACH(soak->world->consumers, each) {
        alive += !each->is_dead && each->polls;
    }
    if (alive >= MOST_ALIVE || soak->world->consumer_count + 1 >= MOST_CONSUMERS) return;
    bool by_hand = below(soak, 3) == 0;
    struct world_consumer *consumer = world_add_polling(
        soak->world,
        by_hand ? "group.id=g auto.offset.reset=earliest session.timeout.ms=6000 "
                  "heartbeat.interval.ms=1000 max.poll.interval.ms=10000 request.timeout.ms=3000 "
                  "fetch.buffer.bytes=65536 enable.auto.commit=false "
                  "rebalance.ack.timeout.ms=2000 "
                  "partition.assignment.strategy=roundrobin,range"
                : "group.id=g auto.offset.reset=earliest session.timeout.ms=6000 "
                  "heartbeat.interval.ms=1000 max.poll.interval.ms=10000 request.timeout.ms=3000 "
                  "fetch.buffer.bytes=65536 auto.commit.interval.ms=1000 "
                  "rebalance.ack.timeout.ms=2000 "
                  "partition.assignment.strategy=range,roundrobin"
    );
    consumer->max_records = 1 + (int32_t)below(soak, 20);
    consumer->thinks_for_ms = 1 + (int64_t)below(soak, 50);
    if (by_hand && below(soak, 2)) consumer->poll_flags = LEASE_KEEP;
    consumer->holds[EVENT_PARTITIONS_REVOKED] = below(soak, 2);
    consumer->holds[EVENT_PARTITIONS_ASSIGNED] = below(soak, 2);
    track_of(soak, consumer)->commits_by_hand = by_hand;
    track_of(soak, consumer)->generation = INT32_MIN;
}

static struct world_consumer *any_consumer(struct soak *soak) {
    struct world_consumer *chosen = NULL;
    uint64_t seen = 0;
    struct world_consumer *consumer;
    DL_FOREACH(soak->world->consumers, consumer) {
        if (consumer->is_dead || !consumer->polls) continue;
        if (below(soak, ++seen) == 0) chosen = consumer;
    }
    return chosen;
}

static void produce(struct soak *soak) {
    int32_t p = (int32_t)below(soak, PARTITIONS);
    fake_partition_fill(&soak->world->cluster, "t", p, 1 + (int32_t)below(soak, 30));
}

static int32_t count_up(const struct fake_cluster *cluster) {
    int32_t count = 0;
    for (size_t i = 0; i < cluster->broker_count; i++)
        count += cluster->brokers[i].is_up && !cluster->brokers[i].is_frozen;
    return count;
}

static void disturb_broker(struct soak *soak) {
    struct fake_cluster *cluster = &soak->world->cluster;
    struct fake_broker *broker = &cluster->brokers[below(soak, BROKERS)];
    if (!broker->is_up) {
        fake_broker_start(cluster, broker->node_id);
    } else if (broker->is_frozen) {
        broker->is_frozen = false;
    } else if (count_up(cluster) < 2) {
        return;
    } else if (below(soak, 2)) {
        fake_broker_stop(cluster, broker->node_id);
    } else {
        broker->is_frozen = true;
    }
}

static void move_something(struct soak *soak) {
    struct fake_cluster *cluster = &soak->world->cluster;
    int32_t node_id = 1 + (int32_t)below(soak, BROKERS);
    if (!fake_cluster_find_broker(cluster, node_id)->is_up) return;
    if (below(soak, 3) == 0) {
        cluster->coordinator = node_id;
    } else {
        fake_partition_move(cluster, "t", (int32_t)below(soak, PARTITIONS), node_id);
    }
}

static void add_error(struct soak *soak) {
    static const struct {
        enum api_key api;
        enum fake_fault_kind kind;
        int16_t code;
    } errors[] = {
        { API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_NOT_LEADER_OR_FOLLOWER },
        { API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_UNKNOWN_LEADER_EPOCH },
        { API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_UNKNOWN_TOPIC_ID },
        { API_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_KAFKA_STORAGE_ERROR },
        { API_FETCH, FAKE_FAULT_ERROR, ERROR_FETCH_SESSION_ID_NOT_FOUND },
        { API_FETCH, FAKE_FAULT_ERROR, ERROR_INVALID_FETCH_SESSION_EPOCH },
        { API_FETCH, FAKE_FAULT_ERROR, ERROR_FETCH_SESSION_TOPIC_ID_ERROR },
        { API_LIST_OFFSETS, FAKE_FAULT_PARTITION_ERROR, ERROR_OFFSET_NOT_AVAILABLE },
        { API_LIST_OFFSETS, FAKE_FAULT_PARTITION_ERROR, ERROR_LEADER_NOT_AVAILABLE },
        { API_OFFSET_FOR_LEADER_EPOCH, FAKE_FAULT_PARTITION_ERROR, ERROR_UNKNOWN_LEADER_EPOCH },
        { API_OFFSET_FETCH, FAKE_FAULT_PARTITION_ERROR, ERROR_UNSTABLE_OFFSET_COMMIT },
        { API_OFFSET_FETCH, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS },
        { API_OFFSET_FETCH, FAKE_FAULT_ERROR, ERROR_NOT_COORDINATOR },
        { API_OFFSET_COMMIT, FAKE_FAULT_PARTITION_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS },
        { API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_NOT_COORDINATOR },
        { API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_REBALANCE_IN_PROGRESS },
        { API_OFFSET_COMMIT, FAKE_FAULT_ERROR, ERROR_ILLEGAL_GENERATION },
        { API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_COORDINATOR_LOAD_IN_PROGRESS },
        { API_JOIN_GROUP, FAKE_FAULT_ERROR, ERROR_UNKNOWN_MEMBER_ID },
        { API_SYNC_GROUP, FAKE_FAULT_ERROR, ERROR_REBALANCE_IN_PROGRESS },
        { API_SYNC_GROUP, FAKE_FAULT_ERROR, ERROR_NOT_COORDINATOR },
        { API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_NOT_COORDINATOR },
        { API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_UNKNOWN_MEMBER_ID },
        { API_HEARTBEAT, FAKE_FAULT_ERROR, ERROR_ILLEGAL_GENERATION },
        { API_FIND_COORDINATOR, FAKE_FAULT_ERROR, ERROR_COORDINATOR_NOT_AVAILABLE },
        { API_METADATA, FAKE_FAULT_ERROR, ERROR_LEADER_NOT_AVAILABLE },
        { API_METADATA, FAKE_FAULT_ERROR, ERROR_UNKNOWN_TOPIC_OR_PARTITION },
    };

    size_t i = below(soak, sizeof errors / sizeof errors[0]);
    int32_t times = 1 + (int32_t)below(soak, 3);
    world_error(soak->world, errors[i].api, errors[i].kind, errors[i].code, times);
}

static void add_fault(struct soak *soak) {
    static const enum api_key apis[] = {
        API_FETCH,
        API_LIST_OFFSETS,
        API_METADATA,
        API_OFFSET_COMMIT,
        API_OFFSET_FETCH,
        API_FIND_COORDINATOR,
        API_JOIN_GROUP,
        API_HEARTBEAT,
        API_SYNC_GROUP,
        API_API_VERSIONS,
        API_OFFSET_FOR_LEADER_EPOCH,
    };

    static const enum fake_fault_kind kinds[] = {
        FAKE_FAULT_DELAY, FAKE_FAULT_CUT,   FAKE_FAULT_BYTES,   FAKE_FAULT_WRONG_CORRELATION,
        FAKE_FAULT_LOST,  FAKE_FAULT_NEVER, FAKE_FAULT_HANG_UP, FAKE_FAULT_THROTTLE,
    };
    struct fake_fault fault = {
        .api = apis[below(soak, sizeof apis / sizeof apis[0])],
        .broker = FAKE_ANY_BROKER,
        .kind = kinds[below(soak, sizeof kinds / sizeof kinds[0])],
        .bytes = SLICE_LITERAL("HTTP/1.1 400 Bad Request\r\n\r\n"),
    };
    uint64_t most = fault.kind == FAKE_FAULT_CUT ? 60 : 4000;
    fault.number = (int64_t)below(soak, most);
    fake_faults_add(&soak->world->cluster.faults, &fault);
}

static void end_a_consumer(struct soak *soak) {
    struct world_consumer *consumer = any_consumer(soak);
    if (!consumer) return;
    if (below(soak, 2)) {
        world_kill(consumer);
    } else {
        world_close(consumer, true, SECONDS(5));
    }
}

static void use_a_consumer(struct soak *soak) {
    struct world_consumer *consumer = any_consumer(soak);
    if (!consumer) return;
    struct track *track = track_of(soak, consumer);
    switch (below(soak, 12)) {
    case 0: {
        struct command *command = world_command(COMMAND_SEEK, SECONDS(20));
        command->all = true;
        command->target = TARGET_COMMITTED;
        follow_generation(track, consumer);
        track->has_sought = true;
        world_give(consumer, command);
        break;
    }
    case 1: world_ask(consumer, COMMAND_PAUSE, -1); break;
    case 2: world_ask(consumer, COMMAND_POSITION, -1); break;
    case 3: world_ask(consumer, COMMAND_COMMITTED, -1); break;
    case 4:
        follow_generation(track, consumer);
        track->has_sought = true;
        world_ask(consumer, COMMAND_REWIND, -1);
        break;
    case 5: world_ask(consumer, COMMAND_REBALANCE, -1); break;
    case 6:
        world_subscribe(consumer, NULL);
        world_subscribe(consumer, "t");
        break;
    case 7:
    case 8:
    case 9: world_acknowledge(consumer, consumer->engine->handover->rebalance_id); break;
    default: break;
    }
    if (track->commits_by_hand) world_commit_all(consumer);
    world_ask(consumer, COMMAND_RESUME, -1);
}

static void trouble(struct soak *soak) {
    uint64_t what = below(soak, 100);
    if (what < 40) {
        produce(soak);
    } else if (what < 60) {
        use_a_consumer(soak);
    } else if (what < 70) {
        add_error(soak);
    } else if (what < 80) {
        add_fault(soak);
    } else if (what < 86) {
        disturb_broker(soak);
    } else if (what < 92) {
        move_something(soak);
    } else if (what < 96) {
        add_consumer(soak);
    } else if (what < 98) {
        end_a_consumer(soak);
    } else {
        soak->world->latency_ms = 1 + (int64_t)below(soak, 20);
        soak->world->jitter_ms = (int64_t)below(soak, 20);
    }
}

// ------------------------------------------------------------------------------------------------

static void calm(struct soak *soak) {
    struct fake_cluster *cluster = &soak->world->cluster;
    fake_faults_clear(&cluster->faults);
    for (int32_t node_id = 1; node_id <= BROKERS; node_id++) {
        struct fake_broker *broker = fake_cluster_find_broker(cluster, node_id);
        broker->is_frozen = false;
        if (!broker->is_up) fake_broker_start(cluster, node_id);
    }
    add_consumer(soak);
    struct world_consumer *consumer;
    DL_FOREACH(soak->world->consumers, consumer) {
        if (consumer->is_dead || !consumer->polls) continue;
        consumer->max_records = 100;
        consumer->thinks_for_ms = 1;
        world_ask(consumer, COMMAND_RESUME, -1);
    }
}

static bool is_all_committed(const struct soak *soak) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        const struct fake_partition *partition = fake_partition_get(&soak->world->cluster, "t", p);
        if (partition->log.end_offset == 0) continue;
        if (world_committed(soak->world, "t", p) != partition->log.end_offset) return false;
    }
    return true;
}

static void commit_by_hand(struct soak *soak) {
    struct world_consumer *consumer;
    DL_FOREACH(soak->world->consumers, consumer) {
        bool by_hand = track_of(soak, consumer)->commits_by_hand;
        if (by_hand && consumer->polls && !consumer->is_dead) world_commit_all(consumer);
    }
}

static void check_delivered(struct soak *soak) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t end = fake_partition_get(&soak->world->cluster, "t", p)->log.end_offset;
        for (int64_t offset = 0; offset < end; offset++) {
            if (soak->delivered[p][offset]) continue;
            ck_abort_msg("t-%" PRId32 "-%" PRId64 " was never delivered", p, offset);
        }
    }
}

// What is known when the end does not come.
static void describe(const struct soak *soak) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        const struct fake_partition *partition = fake_partition_get(&soak->world->cluster, "t", p);
        (void)fprintf(
            stderr,
            "partition %" PRId32 ": end %" PRId64 " committed %" PRId64 "\n",
            p,
            partition->log.end_offset,
            world_committed(soak->world, "t", p)
        );
        const struct world_consumer *consumer;
        DL_FOREACH(soak->world->consumers, consumer) {
            const struct position *position = world_position(consumer, p);
            if (consumer->is_dead || !position) continue;
            struct queue_view view = queue_view(position->queue);
            (void)fprintf(
                stderr,
                "  #%d polls=%d %s offset=%" PRId64 " position=%" PRId64 " acknowledged=%" PRId64
                " paused=%d error=%s\n",
                consumer->number,
                consumer->polls,
                position_state_name(position->state),
                position->offset,
                view.position,
                view.acknowledged,
                view.is_paused,
                status_name(view.error.status)
            );
        }
    }
}

static void run(uint64_t seed) {
    struct soak soak = { .world = world_new(BROKERS, PARTITIONS) };
    random_init(&soak.random, seed);
    random_init(&soak.world->random, seed + 1000);
    soak.world->on_seen = on_seen;
    soak.world->on_record = on_record;
    soak.world->on_poll = on_poll;
    soak.world->arg = &soak;
    for (int32_t p = 0; p < PARTITIONS; p++)
        soak.delivered[p] = must_alloc(MOST_OFFSETS);
    add_consumer(&soak);
    add_consumer(&soak);
    for (int64_t end_ms = soak.world->now_ms + STORM_MS; soak.world->now_ms < end_ms;) {
        trouble(&soak);
        world_run(soak.world, 1 + (int64_t)below(&soak, 200));
        check_state(&soak);
    }
    calm(&soak);
    for (int64_t end_ms = soak.world->now_ms + CALM_MS; soak.world->now_ms < end_ms;) {
        commit_by_hand(&soak);
        world_run(soak.world, SECONDS(1));
        check_state(&soak);
        if (is_all_committed(&soak)) break;
    }
    if (!is_all_committed(&soak)) {
        describe(&soak);
        ck_abort_msg("the lag does not go to 0");
    }
    check_delivered(&soak);
    soak.world->on_seen = NULL;
    world_free(soak.world);
    for (int32_t p = 0; p < PARTITIONS; p++)
        free(soak.delivered[p]);
}

// A seed in SEED replays that one alone.
START_TEST(trouble_of_all_kinds_loses_nothing) {
    const char *given = secure_getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
    seed += (unsigned)_i;
    (void)fprintf(stderr, "soak: SEED=%" PRIu64 "\n", seed);
    run(seed);
}

END_TEST

SUITE(engine_soak) {
    Suite *s = suite_create("engine/soak");
    TCase *cases = tcase_create("soak");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, trouble_of_all_kinds_loses_nothing, 0, SEEDS);
    suite_add_tcase(s, cases);
    return s;
}
