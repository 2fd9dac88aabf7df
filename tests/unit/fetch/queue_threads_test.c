// SPDX-License-Identifier: Apache-2.0
// The engine thread and a polling thread at the same queue, each as it likes: for the thread
// sanitizer, and for what no single thread can bring about. The rules of queue_model_test.c, as far
// as the poller can know them.
#include "consumer/base/random.h"
#include "tests/unit/fetch/queue_rig.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    PARTITIONS = 6,
    ENGINE_STEPS = 20000,
    LIMIT_BYTES = 2000,
    MOST_OFFSET = 300,
    LEAST_POLLS = 300
};

/// What both threads see.
struct shared {
    struct queue_rig rig;
    atomic_bool is_over;   ///< the engine has done all its steps and resumed all
    atomic_int poll_count; ///< that brought records
};

/// A partition as the engine's thread sees it.
struct feed {
    struct queue_partition *real;
    int64_t fetched; ///< up to here
};

// ------------------------------------------------------------------------------------------------
// The engine's thread

static void seek(struct feed *feed, struct random *random) {
    feed->fetched = (int64_t)random_below(random, MOST_OFFSET);
    queue_reset(feed->real, feed->fetched, 0);
}

static void assign_again(
    struct shared *shared, struct feed *feed, int32_t partition, struct random *random
) {
    queue_remove(feed->real);
    feed->real = queue_add(shared->rig.queue, "t", partition);
    seek(feed, random);
}

static void follow_refetch(struct feed *feed) {
    int64_t position = -1;
    int32_t epoch = -1;
    if (queue_take_refetch(feed->real, &position, &epoch)) feed->fetched = position;
}

static void engine_step(struct shared *shared, struct feed *feeds, struct random *random) {
    int32_t partition = (int32_t)random_below(random, PARTITIONS);
    struct feed *feed = &feeds[partition];
    follow_refetch(feed);
    switch (random_below(random, 100)) {
    case 0: assign_again(shared, feed, partition, random); return;
    case 1: seek(feed, random); return;
    case 2:
    case 3: queue_set_paused(feed->real, true); return;
    case 4:
    case 5:
    case 6: queue_set_paused(feed->real, false); return;
    case 7:
        queue_set_error(
            feed->real, (struct queue_error){ .status = STATUS_NO_OFFSET, .once = true }
        );
        return;
    case 8: (void)queue_totals(shared->rig.queue); return;
    case 9: (void)queue_view(feed->real); return;
    case 10: queue_publish(shared->rig.queue, &(struct queue_counters){ .fetches = 1 }); return;
    case 11: (void)queue_take_activity(shared->rig.queue); return;
    case 12: queue_on_committed(feed->real, feed->fetched / 2, 0); return;
    default:
        if (queue_room(shared->rig.queue) == 0) return;
        feed->fetched =
            queue_rig_push_log(feed->real, feed->fetched, random_below(random, 50) == 0);
        return;
    }
}

static void *run_engine(void *arg) {
    struct shared *shared = arg;
    struct feed feeds[PARTITIONS];
    struct random random;
    random_init(&random, 7);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        feeds[p].real = queue_add(shared->rig.queue, "t", p);
        seek(&feeds[p], &random);
    }
    // On a busy machine the poller may not have run at all by then.
    for (int step = 0; step < ENGINE_STEPS || atomic_load(&shared->poll_count) < LEAST_POLLS;
         step++)
        engine_step(shared, feeds, &random);
    for (int32_t p = 0; p < PARTITIONS; p++)
        queue_set_paused(feeds[p].real, false);
    atomic_store(&shared->is_over, true);
    return NULL;
}

// ------------------------------------------------------------------------------------------------
// The polling thread

// Within a poll, a partition's records are the log's, one after the other.
static void check_record(
    const struct record *record, const struct lease_entry *entry, int64_t next[PARTITIONS]
) {
    int32_t partition = entry->partition->partition;
    queue_rig_check_value(record, partition, record->offset);
    if (next[partition] >= 0) {
        EXPECT(record->offset == queue_rig_next_record(partition, next[partition]));
    }
    next[partition] = record->offset + 1;
}

static void poll(struct shared *shared, struct random *random) {
    struct lease *lease = queue_rig_open(&shared->rig, (unsigned)random_below(random, 4));
    struct queue_partition *owners[PARTITIONS] = { NULL };
    int64_t next[PARTITIONS];
    for (int32_t p = 0; p < PARTITIONS; p++)
        next[p] = -1;
    uint64_t most = 1 + random_below(random, 30);
    while (lease->record_count < most) {
        struct record record;
        const struct lease_entry *entry = NULL;
        if (lease_next(lease, &record, &entry)) break;
        struct queue_partition **owner = &owners[entry->partition->partition];
        if (*owner != entry->partition) next[entry->partition->partition] = -1; // assigned anew
        *owner = entry->partition;
        check_record(&record, entry, next);
        if (lease->record_count == most && most > 1 && random_below(random, 2)) lease_unread(lease);
        if (lease->has_stopped) break;
    }
    if (lease->record_count > 0) atomic_fetch_add(&shared->poll_count, 1);
    lease_close(lease, random_below(random, 4) > 0);
}

START_TEST(two_threads_at_one_queue_lose_and_garble_nothing) {
    struct shared shared;
    memset(&shared, 0, sizeof shared);
    queue_rig_init(&shared.rig, LIMIT_BYTES);
    struct random random;
    random_init(&random, 3);
    pthread_t engine;
    ck_assert_int_eq(pthread_create(&engine, NULL, run_engine, &shared), 0);
    while (!atomic_load(&shared.is_over))
        poll(&shared, &random);
    ck_assert_int_eq(pthread_join(engine, NULL), 0);
    while (queue_is_ready(shared.rig.queue))
        poll(&shared, &random);
    queue_rig_check_counts(shared.rig.queue);
    ck_assert_uint_eq(queue_bytes(shared.rig.queue), 0);
    queue_rig_dispose(&shared.rig);
}

END_TEST

SUITE(fetch_queue_threads) {
    Suite *s = suite_create("fetch/queue_threads");
    ADD_CASE(s, "threads", two_threads_at_one_queue_lose_and_garble_nothing);
    return s;
}
