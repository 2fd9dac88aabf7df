// SPDX-License-Identifier: Apache-2.0
// Random operations of engine and poller against a simple model of each partition: a position, how
// far the log is buffered, what is acknowledged. Whatever happens, each record that is handed out
// is the next one of the log.
#include "consumer/base/random.h"
#include "tests/unit/fetch/queue_rig.h"
#include "tests/unit/suite.h"

#include <string.h>

enum {
    PARTITIONS = 16,
    STEPS = 150000, // for each of four seeds
    LIMIT_BYTES = 600,
    MOST_OFFSET = 400, // seeks go below
};

/// What a lease has handed out of a partition.
struct model_lease {
    int64_t next; ///< nothing between the position and here is still to come
    uint64_t record_count;
    bool is_void; ///< set anew since the first record
};

/// One partition; `real` NULL: not assigned.
struct model_partition {
    struct queue_partition *real;
    int64_t position; ///< as the queue had it last
    int64_t buffered; ///< the log is queued up to here
    bool had_damage;  ///< a damaged batch was queued since the position was set
    int64_t acknowledged;
    int64_t kept; ///< no poll acknowledges from here on; -1: all may be
    int64_t kept_until;
    bool is_paused;
    bool was_refetched; ///< under the open lease
    struct model_lease lease;
};

/// The model and the queue.
struct model {
    struct queue_rig rig;
    struct random random;
    struct model_partition partitions[PARTITIONS];
    struct lease *lease;
    unsigned flags;
    bool has_stopped;             ///< the lease gives no more
    struct model_partition *last; ///< whose record was handed out last
    int64_t last_next;            ///< its `next` before that record
    uint64_t accepted;
    uint64_t handed_out;
    uint64_t damage_count;
};

static struct model_partition *any(struct model *model) {
    return &model->partitions[random_below(&model->random, PARTITIONS)];
}

static bool chance(struct model *model, uint64_t of) {
    return random_below(&model->random, of) == 0;
}

static int32_t number_of(const struct model *model, const struct model_partition *partition) {
    return (int32_t)(partition - model->partitions);
}

// Two offsets that a reader cannot tell apart: there is no record between them.
static bool are_same(int32_t number, int64_t a, int64_t b) {
    return queue_rig_next_record(number, a) == queue_rig_next_record(number, b);
}

// ------------------------------------------------------------------------------------------------
// The engine's side

static void set_anew(struct model *model, struct model_partition *partition) {
    int64_t position = (int64_t)random_below(&model->random, MOST_OFFSET);
    queue_reset(partition->real, position, 0);
    partition->position = position;
    partition->buffered = position;
    partition->had_damage = false;
    partition->acknowledged = -1;
    partition->kept = -1;
    if (partition->lease.record_count > 0) {
        partition->lease.is_void = true;
    } else {
        partition->lease.next = position;
    }
}

static void add(struct model *model, struct model_partition *partition) {
    *partition = (struct model_partition){ .acknowledged = -1 };
    partition->real = queue_add(model->rig.queue, "t", number_of(model, partition));
    set_anew(model, partition);
}

static void drop(struct model *model, struct model_partition *partition) {
    if (model->last == partition) model->last = NULL;
    queue_remove(partition->real);
    partition->real = NULL;
}

static void push(struct model *model, struct model_partition *partition) {
    bool damaged = chance(model, 40);
    int64_t next = queue_rig_push_log(partition->real, partition->buffered, damaged);
    if (partition->real->wants_refetch) return; // it was refused, or dropped with all before it
    partition->buffered = next;
    partition->had_damage = partition->had_damage || damaged;
}

static void refetch(struct model_partition *partition) {
    int64_t position = -1;
    int32_t epoch = -1;
    if (!queue_take_refetch(partition->real, &position, &epoch)) return;
    partition->buffered = position;
    partition->was_refetched = true;
}

static void set_paused(struct model_partition *partition, bool paused) {
    queue_set_paused(partition->real, paused);
    partition->is_paused = paused;
}

// An earlier position, while no poll is open.
static void go_back(struct model *model, struct model_partition *partition) {
    if (model->lease) return;
    int64_t position = queue_view(partition->real).position;
    position -= (int64_t)random_below(&model->random, (uint64_t)position + 1) / 4;
    queue_rewind(partition->real, position, 0);
    partition->position = position;
    partition->buffered = position;
    if (partition->kept >= position) partition->kept = -1;
    if (partition->kept_until > position) partition->kept_until = position;
    if (partition->acknowledged > position) partition->acknowledged = position;
}

static void commit(struct model *model, struct model_partition *partition) {
    int64_t position = queue_view(partition->real).position;
    int64_t offset = (int64_t)random_below(&model->random, (uint64_t)position + 1);
    queue_on_committed(partition->real, offset, 0);
    if (partition->kept < 0 || offset <= partition->kept) return;
    partition->kept = offset < partition->kept_until ? offset : -1;
}

static void set_error(struct model_partition *partition) {
    struct queue_error error = { .status = STATUS_NO_OFFSET, .offset = 7, .once = true };
    queue_set_error(partition->real, error);
}

static void engine_step(struct model *model) {
    struct model_partition *partition = any(model);
    if (!partition->real) {
        if (chance(model, 4)) add(model, partition);
        return;
    }
    switch (random_below(&model->random, 60)) {
    case 0: drop(model, partition); return;
    case 1: set_anew(model, partition); return;
    case 2:
    case 3:
    case 11:
    case 12: set_paused(partition, true); return;
    case 4:
    case 5:
    case 6:
    case 13:
    case 14: set_paused(partition, false); return;
    case 7:
    case 8:
    case 9: refetch(partition); return;
    case 10: set_error(partition); return;
    case 15: go_back(model, partition); return;
    case 16:
    case 17: commit(model, partition); return;
    default: push(model, partition); return;
    }
}

// ------------------------------------------------------------------------------------------------
// The poller's side

static void open_lease(struct model *model) {
    model->flags = chance(model, 2) ? 0 : (unsigned)random_below(&model->random, 4);
    model->lease = queue_rig_open(&model->rig, model->flags);
    model->has_stopped = false;
    model->last = NULL;
    for (int i = 0; i < PARTITIONS; i++) {
        struct model_partition *partition = &model->partitions[i];
        if (!partition->real) continue;
        partition->position = queue_view(partition->real).position;
        if (model->flags == 0)
            partition->acknowledged = partition->kept >= 0 ? partition->kept : partition->position;
        partition->lease = (struct model_lease){ .next = partition->position };
        partition->was_refetched = false;
    }
}

static void on_record(
    struct model *model, const struct record *record, const struct lease_entry *entry
) {
    int32_t number = entry->partition->partition;
    struct model_partition *partition = &model->partitions[number];
    model->handed_out++;
    if (partition->real != entry->partition) { // it goes on to the end of a batch
        queue_rig_check_value(record, number, record->offset);
        model->last = NULL;
        return;
    }
    bool goes_on = model->last == partition;
    EXPECT(!partition->is_paused || goes_on);
    EXPECT(!partition->lease.is_void || goes_on);
    model->last = partition;
    model->last_next = partition->lease.next;
    queue_rig_check_value(record, number, queue_rig_next_record(number, partition->lease.next));
    partition->lease.next = record->offset + 1;
    partition->lease.record_count++;
}

// The lease says that there is nothing more: true of every partition that it may take from.
static void check_exhausted(const struct model *model) {
    for (int i = 0; i < PARTITIONS; i++) {
        const struct model_partition *partition = &model->partitions[i];
        if (!partition->real || partition->is_paused || partition->lease.is_void) continue;
        if (partition->real->wants_refetch || partition->was_refetched) continue;
        EXPECT(queue_rig_next_record(i, partition->lease.next) >= partition->buffered);
    }
}

static void on_damage(struct model *model) {
    struct model_partition *partition = &model->partitions[model->lease->error_partition];
    EXPECT(model->lease->record_count == 0);
    EXPECT(partition->real != NULL);
    EXPECT(partition->real->wants_refetch && partition->real->bytes == 0);
    EXPECT(partition->had_damage);
    EXPECT(are_same(number_of(model, partition), partition->lease.next, model->lease->error.offset)
    );
    EXPECT(model->lease->skip_offset > partition->lease.next);
    EXPECT(model->lease->skip_offset % RIG_BATCH_OFFSETS == 0);
    model->has_stopped = true;
    model->damage_count++;
}

// One record or what comes in its place; false: no record.
static bool read_next(struct model *model) {
    struct record record;
    const struct lease_entry *entry = NULL;
    enum status status = lease_next(model->lease, &record, &entry);
    switch ((int)status) {
    case STATUS_OK:
        EXPECT(!model->has_stopped);
        on_record(model, &record, entry);
        return true;
    case STATUS_CORRUPT_RECORDS: on_damage(model); return false;
    case STATUS_NO_OFFSET:
        EXPECT(model->lease->record_count == 0 && model->lease->error.offset == 7);
        EXPECT(!model->partitions[model->lease->error_partition].is_paused);
        check_exhausted(model);
        return false;
    case STATUS_NO_RECORDS:
        if (model->lease->has_stopped) model->has_stopped = true;
        if (!model->has_stopped) check_exhausted(model);
        return false;
    }
    ck_abort_msg("%s", status_name(status));
    return false;
}

static void unread(struct model *model) {
    bool may = !model->has_stopped && model->last && model->lease->record_count > 1 &&
               model->lease->batch && model->lease->position_before >= 0;
    if (!may) return;
    lease_unread(model->lease);
    model->last->lease.next = model->last_next;
    model->last->lease.record_count--;
    model->has_stopped = true;
}

static void note_kept(struct model_partition *partition, int64_t position) {
    if (partition->kept < 0) partition->kept = partition->position;
    partition->kept_until = position;
}

static void close_lease(struct model *model, bool accepted) {
    bool moves = accepted && !(model->flags & LEASE_PEEK);
    if (moves) model->accepted += model->lease->record_count;
    lease_close(model->lease, accepted);
    model->lease = NULL;
    for (int i = 0; i < PARTITIONS; i++) {
        struct model_partition *partition = &model->partitions[i];
        if (!partition->real) continue;
        struct queue_view view = queue_view(partition->real);
        bool moved = moves && !partition->lease.is_void;
        EXPECT(view.position >= partition->position);
        EXPECT(are_same(i, view.position, moved ? partition->lease.next : partition->position));
        EXPECT((view.acknowledged < 0) == (partition->acknowledged < 0));
        EXPECT(view.acknowledged <= view.position);
        if (view.acknowledged >= 0) EXPECT(are_same(i, view.acknowledged, partition->acknowledged));
        EXPECT(view.bytes == partition->real->bytes && !view.is_leased);
        bool keeps = moved && model->flags & LEASE_KEEP && partition->lease.record_count > 0;
        if (keeps) note_kept(partition, partition->lease.next);
        partition->position = view.position;
    }
    EXPECT(queue_totals(model->rig.queue).delivered_records == model->accepted);
}

static void poller_step(struct model *model) {
    if (!model->lease) {
        open_lease(model);
        return;
    }
    switch (random_below(&model->random, 20)) {
    case 0: close_lease(model, true); return;
    case 1: close_lease(model, chance(model, 2)); return;
    case 2:
        if (chance(model, 4)) unread(model);
        return;
    default: (void)read_next(model); return;
    }
}

// ------------------------------------------------------------------------------------------------

// Everything that is buffered comes out; nothing is left behind.
static void drain(struct model *model) {
    if (model->lease) close_lease(model, false);
    for (int i = 0; i < PARTITIONS; i++) {
        if (model->partitions[i].real) set_paused(&model->partitions[i], false);
    }
    int rounds = 0;
    while (queue_is_ready(model->rig.queue)) {
        open_lease(model);
        while (read_next(model))
            continue;
        lease_close(model->lease, true);
        model->lease = NULL;
        EXPECT(++rounds < 10000);
    }
    queue_rig_check_counts(model->rig.queue);
    EXPECT(queue_bytes(model->rig.queue) == 0);
}

START_TEST(each_record_that_is_handed_out_is_the_next_one_whatever_happens) {
    struct model model;
    memset(&model, 0, sizeof model);
    queue_rig_init(&model.rig, LIMIT_BYTES);
    random_init(&model.random, 1 + (uint64_t)_i);
    for (int step = 0; step < STEPS; step++) {
        if (chance(&model, 3)) {
            engine_step(&model);
        } else {
            poller_step(&model);
        }
        if (step % 16 == 0) queue_rig_check_counts(model.rig.queue);
    }
    ck_assert_uint_gt(model.handed_out, 1000);
    ck_assert_uint_gt(model.damage_count, 10);
    drain(&model);
    queue_rig_dispose(&model.rig);
}

END_TEST

SUITE(fetch_queue_model) {
    Suite *s = suite_create("fetch/queue_model");
    TCase *cases = tcase_create("model");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(
        cases, each_record_that_is_handed_out_is_the_next_one_whatever_happens, 0, 4
    );
    suite_add_tcase(s, cases);
    return s;
}
