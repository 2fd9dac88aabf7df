// SPDX-License-Identifier: Apache-2.0
// What one poll holds: handed out, taken back, accepted, put back, voided by what the engine did
// meanwhile.
#include "tests/unit/fetch/queue_rig.h"
#include "tests/unit/suite.h"

#define ROOM ((size_t)1 << 20)

static void expect_range(struct lease *lease, int32_t partition, int64_t from, int64_t to) {
    for (int64_t offset = from; offset < to; offset++)
        queue_rig_expect(lease, partition, offset);
}

// One poll that takes `from` to `to` - 1 of partition 0.
static void take(struct queue_rig *rig, unsigned flags, int64_t from, int64_t to) {
    struct lease *lease = queue_rig_open(rig, flags);
    expect_range(lease, 0, from, to);
    lease_close(lease, true);
}

START_TEST(records_come_in_order_and_the_position_moves_at_acceptance) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 3);
    queue_rig_push(partition, 3, 3);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 6);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    ck_assert_int_eq(queue_view(partition).position, 0);
    ck_assert(queue_view(partition).is_leased);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 6);
    ck_assert_int_eq(queue_view(partition).position_epoch, 0);
    ck_assert(!queue_view(partition).is_leased);
    ck_assert_int_eq(queue_view(partition).acknowledged, 0);
    lease_close(queue_rig_open(&rig, 0), true);
    ck_assert_int_eq(queue_view(partition).acknowledged, 6);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 72: a member that has left since nobody polled comes back, even for a poll that does not
// wait.
START_TEST(a_poll_where_nothing_is_assigned_wakes_the_engine) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    lease_close(queue_rig_open(&rig, 0), false);
    ck_assert_int_eq(rig.wakes, 1);
    ck_assert(queue_take_activity(rig.queue));
    (void)queue_rig_add(&rig, 0, 0);
    lease_close(queue_rig_open(&rig, 0), false);
    ck_assert_int_eq(rig.wakes, 1);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(what_is_put_back_comes_again) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 3);
    queue_rig_push(partition, 3, 3);
    size_t bytes = queue_bytes(rig.queue);
    for (int64_t count = 1; count <= 6; count++) {
        struct lease *lease = queue_rig_open(&rig, 0);
        expect_range(lease, 0, 0, count);
        lease_close(lease, false);
        ck_assert_int_eq(queue_view(partition).position, 0);
        ck_assert_uint_eq(queue_bytes(rig.queue), bytes);
        queue_rig_check_counts(rig.queue);
    }
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_peek_moves_and_acknowledges_nothing) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 3);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    lease_close(lease, true);
    take(&rig, LEASE_PEEK, 1, 3);
    ck_assert_int_eq(queue_view(partition).position, 1);
    ck_assert_int_eq(queue_view(partition).acknowledged, 0);
    take(&rig, 0, 1, 3);
    queue_rig_dispose(&rig);
}

END_TEST

// What a poll with LEASE_KEEP delivers, a commit acknowledges, whoever polls after it.
START_TEST(what_was_delivered_to_be_kept_is_acknowledged_by_commits_alone) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 60);
    take(&rig, 0, 0, 10);
    take(&rig, LEASE_KEEP, 10, 20);
    ck_assert_int_eq(queue_view(partition).acknowledged, 0); // it acknowledges nothing itself
    take(&rig, 0, 20, 30);
    ck_assert_int_eq(queue_view(partition).acknowledged, 10);
    take(&rig, LEASE_KEEP, 30, 40);
    take(&rig, 0, 40, 41);
    ck_assert_int_eq(queue_view(partition).acknowledged, 10);
    queue_on_committed(partition, 5, 0);
    take(&rig, 0, 41, 42);
    ck_assert_int_eq(queue_view(partition).acknowledged, 10);
    queue_on_committed(partition, 35, 7);
    take(&rig, 0, 42, 43);
    ck_assert_int_eq(queue_view(partition).acknowledged, 35);
    ck_assert_int_eq(queue_view(partition).acknowledged_epoch, 7);
    queue_on_committed(partition, 40, 0);
    take(&rig, 0, 43, 44);
    ck_assert_int_eq(queue_view(partition).acknowledged, 43);
    queue_rig_dispose(&rig);
}

END_TEST

// Commits end with the last record, whatever is skipped behind it.
START_TEST(a_commit_behind_the_last_record_acknowledges_what_is_skipped_after_it) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    queue_skip(partition, 5, 0);
    queue_rig_push(partition, 5, 2);
    struct lease *lease = queue_rig_open(&rig, LEASE_KEEP);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect(lease, 0, 5);
    lease_unread(lease);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 5);
    queue_on_committed(partition, 2, 0);
    take(&rig, 0, 5, 7);
    take(&rig, 0, 7, 7);
    ck_assert_int_eq(queue_view(partition).acknowledged, 7);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(what_is_put_back_was_not_kept) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 4);
    struct lease *lease = queue_rig_open(&rig, LEASE_KEEP);
    expect_range(lease, 0, 0, 2);
    lease_close(lease, false);
    take(&rig, LEASE_KEEP | LEASE_PEEK, 0, 2);
    take(&rig, 0, 0, 4);
    take(&rig, 0, 4, 4);
    ck_assert_int_eq(queue_view(partition).acknowledged, 4);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_rewind_keeps_what_is_acknowledged_before_it) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 10);
    take(&rig, 0, 0, 4);
    take(&rig, LEASE_KEEP, 4, 8);
    take(&rig, 0, 8, 8);
    ck_assert_int_eq(queue_view(partition).acknowledged, 4);
    ck_assert(!queue_is_polled(rig.queue));
    queue_rewind(partition, 6, 1);
    ck_assert_int_eq(queue_view(partition).position, 6);
    ck_assert_int_eq(queue_view(partition).acknowledged, 4);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    take(&rig, 0, 6, 6); // what comes before it is kept as it was
    ck_assert_int_eq(queue_view(partition).acknowledged, 4);
    queue_on_committed(partition, 6, 1);
    take(&rig, 0, 6, 6);
    ck_assert_int_eq(queue_view(partition).acknowledged, 6);
    queue_rewind(partition, 2, 1);
    ck_assert_int_eq(queue_view(partition).acknowledged, 2);
    struct lease *lease = queue_rig_open(&rig, LEASE_PEEK);
    ck_assert(queue_is_polled(rig.queue));
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_batch_that_a_poll_did_not_finish_goes_on_with_its_next_record) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push_log(partition, 0, false);
    queue_rig_push_log(partition, RIG_BATCH_OFFSETS, false);
    int64_t next = queue_rig_next_record(0, 0);
    while (next < (int64_t)RIG_BATCH_OFFSETS * 2) {
        struct lease *lease = queue_rig_open(&rig, 0);
        queue_rig_expect(lease, 0, next);
        lease_close(lease, false);
        lease = queue_rig_open(&rig, 0);
        queue_rig_expect(lease, 0, next);
        lease_close(lease, true);
        next = queue_rig_next_record(0, next + 1);
    }
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 24
START_TEST(records_before_the_position_are_left_out) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 3);
    queue_rig_push(partition, 0, 5);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 3, 5);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 5);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(the_next_poll_begins_with_a_record_that_was_taken_back) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    queue_rig_push(partition, 2, 2);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 3);
    lease_unread(lease);
    ck_assert(!lease_is_ready(lease));
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    ck_assert_uint_eq(lease->record_count, 2);
    ck_assert_uint_eq(lease->record_bytes, 2 * sizeof(struct rig_value));
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 2);
    take(&rig, 0, 2, 4);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 45
START_TEST(a_partition_that_has_more_lets_the_others_come_first_in_the_next_poll) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    for (int32_t p = 0; p < 3; p++)
        queue_rig_push(queue_rig_add(&rig, p, 0), 0, 4);
    for (int64_t offset = 0; offset < 4; offset++) {
        for (int32_t p = 0; p < 3; p++) {
            struct lease *lease = queue_rig_open(&rig, 0);
            queue_rig_expect(lease, p, offset);
            lease_close(lease, true);
        }
    }
    queue_rig_dispose(&rig);
}

END_TEST

// The list of entries grows while a batch is under way: entry and batch stay each other's.
START_TEST(the_entry_under_way_is_found_again_when_the_list_of_entries_grows) {
    enum { PARTITIONS = 40 };

    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partitions[PARTITIONS];
    for (int32_t p = 0; p < PARTITIONS; p++) {
        partitions[p] = queue_rig_add(&rig, p, 0);
        queue_rig_push(partitions[p], 0, 2);
    }
    struct lease *lease = queue_rig_open(&rig, 0);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        expect_range(lease, p, 0, 2);
        ck_assert_ptr_eq(lease->current->partition, partitions[p]);
        ck_assert_uint_eq(lease->current->record_count, 2);
        // More of the one under way: its batches come before other partitions'.
        queue_rig_push(partitions[p], 2, 1);
        expect_range(lease, p, 2, 3);
    }
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    for (int32_t p = 0; p < PARTITIONS; p++)
        ck_assert_int_eq(queue_view(partitions[p]).position, 3);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    queue_rig_dispose(&rig);
}

END_TEST

// An error's partition gets an entry too, whatever batch is under way.
START_TEST(an_error_told_of_the_ninth_partition_leaves_the_entry_under_way_alone) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partitions[9];
    for (int32_t p = 0; p < 9; p++)
        partitions[p] = queue_rig_add(&rig, p, 10);
    // Eight entries without a record: all that they have lies before the position.
    for (int32_t p = 0; p < 8; p++)
        queue_rig_push(partitions[p], 0, 2);
    struct queue_error error = { .status = STATUS_NO_OFFSET, .once = true };
    queue_set_error(partitions[8], error);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_NO_OFFSET);
    ck_assert_ptr_eq(lease->current->partition, partitions[7]);
    queue_rig_push(partitions[7], 10, 1);
    queue_rig_expect(lease, 7, 10);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partitions[7]).position, 11);
    ck_assert_int_eq(queue_view(partitions[8]).position, 10);
    queue_rig_dispose(&rig);
}

END_TEST

static void expect_damage(struct queue_rig *rig, int64_t offset, int64_t skip_offset) {
    struct lease *lease = queue_rig_open(rig, 0);
    queue_rig_expect_status(lease, STATUS_CORRUPT_RECORDS);
    ck_assert_int_eq(lease->error.offset, offset);
    ck_assert_int_eq(lease->skip_offset, skip_offset);
    ck_assert_str_eq(lease->error_topic, "t");
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    ck_assert(!lease_is_ready(lease));
    lease_close(lease, true);
}

// pitfall 33
START_TEST(a_damaged_batch_behind_good_records_is_told_by_the_next_poll) {
    static const bool accepted[] = { true, false };
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    queue_rig_push_damaged(partition, 2, 3);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, accepted[_i]);
    if (!accepted[_i]) {
        lease = queue_rig_open(&rig, 0);
        expect_range(lease, 0, 0, 2);
        queue_rig_expect_status(lease, STATUS_NO_RECORDS);
        lease_close(lease, true);
    }
    expect_damage(&rig, 2, 5);
    ck_assert_int_eq(queue_view(partition).position, 2);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    int64_t position = -1;
    int32_t epoch = -1;
    ck_assert(queue_take_refetch(partition, &position, &epoch));
    ck_assert_int_eq(position, 2);
    queue_rig_push(partition, 2, 3); // it was only on the way
    take(&rig, 0, 2, 5);
    queue_rig_dispose(&rig);
}

END_TEST

// Damage behind good records of the same batch: the checksum is not asked.
START_TEST(damage_within_a_batch_is_told_once_the_records_before_it_are_out) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    rig.queue->settings.check_crcs = false;
    struct queue_partition *partition = queue_rig_add(&rig, 0, 0);
    queue_rig_push(partition, 0, 3);
    // The third record's length.
    uint8_t *bytes = partition->first->chunk->data;
    size_t record_size = (partition->first->bytes.size - 61) / 3;
    bytes[61 + 2 * record_size] ^= 0x7f;
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    expect_damage(&rig, 2, 3);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(damage_does_not_hide_what_another_partition_has) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    queue_rig_push_damaged(queue_rig_add(&rig, 0, 0), 0, 1);
    queue_rig_push(queue_rig_add(&rig, 1, 0), 0, 2);
    expect_damage(&rig, 0, 1);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 1, 0, 2);
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 20: what a poll holds from before a reset is void, and one poll does not go back.
START_TEST(a_reset_voids_what_a_poll_holds_of_the_partition) {
    static const bool accepted[] = { true, false };
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(queue_rig_add(&rig, 1, 0), 0, 1);
    queue_rig_push(partition, 0, 2);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 1, 0, 1);
    expect_range(lease, 0, 0, 2);
    queue_reset(partition, 1, 0);
    queue_rig_push(partition, 0, 4);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, accepted[_i]);
    ck_assert_int_eq(queue_view(partition).position, 1);
    queue_rig_check_counts(rig.queue);
    lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 1, 4);
    if (!accepted[_i]) queue_rig_expect(lease, 1, 0);
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

// A lease comes to have an entry of a partition without a record of it: by an error that it told,
// by a batch that lies before the position, by damage.
enum prelude { AN_ERROR, AN_OLD_BATCH, NOTHING_BUT_A_SKIP, PRELUDES };

static void touch(struct lease *lease, struct queue_partition *partition, enum prelude prelude) {
    switch (prelude) {
    case AN_ERROR:
        queue_set_error(
            partition, (struct queue_error){ .status = STATUS_NO_OFFSET, .once = true }
        );
        queue_rig_expect_status(lease, STATUS_NO_OFFSET);
        return;
    case AN_OLD_BATCH:
        queue_rig_push(partition, 0, 3);
        queue_rig_expect_status(lease, STATUS_NO_RECORDS);
        return;
    case NOTHING_BUT_A_SKIP:
        queue_rig_push(partition, 0, 3);
        queue_skip(partition, 16, 0);
        queue_rig_expect_status(lease, STATUS_NO_RECORDS);
        return;
    case PRELUDES: return;
    }
}

// Without this such a poll finds the queue ready for ever and takes nothing from it.
START_TEST(a_poll_follows_a_reset_of_a_partition_that_it_handed_out_nothing_of) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 10);
    struct lease *lease = queue_rig_open(&rig, 0);
    touch(lease, partition, (enum prelude)_i);
    ck_assert(!lease_is_ready(lease));
    queue_reset(partition, 4, 0);
    queue_rig_push(partition, 4, 2);
    ck_assert(lease_is_ready(lease));
    expect_range(lease, 0, 4, 6);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 6);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_partition_that_is_removed_under_a_poll_is_freed_with_it) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    queue_rig_push(partition, 2, 2);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    queue_remove(partition);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    ck_assert_str_eq(lease->entries[0].partition->topic, "t");
    struct queue_partition *again = queue_rig_add(&rig, 0, 1);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(again).position, 1);
    queue_rig_check_counts(rig.queue);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_pause_under_a_poll_parks_what_is_put_back) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    size_t bytes = queue_bytes(rig.queue);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    queue_set_paused(partition, true);
    lease_close(lease, false);
    ck_assert_uint_eq(queue_totals(rig.queue).parked_bytes, bytes);
    ck_assert(!queue_is_ready(rig.queue));
    queue_set_paused(partition, false);
    take(&rig, 0, 0, 2);
    queue_rig_dispose(&rig);
}

END_TEST

// The engine fetches again from the position, while a poll holds batches from there on.
START_TEST(what_is_fetched_again_under_a_poll_is_not_delivered_twice) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, 1);
    queue_rig_push(partition, 0, 2);
    queue_skip(partition, 4, 0);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    queue_rig_push(partition, 4, 2);
    queue_set_paused(partition, true); // dropped: more than may be parked
    queue_set_paused(partition, false);
    int64_t position = -1;
    int32_t epoch = -1;
    ck_assert(queue_take_refetch(partition, &position, &epoch));
    ck_assert_int_eq(position, 0);
    queue_rig_push(partition, 0, 2);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 4);
    lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    queue_skip(partition, 3, 0); // so far
    ck_assert_int_eq(queue_view(partition).position, 4);
    queue_rig_push(partition, 4, 2);
    take(&rig, 0, 4, 6);
    queue_rig_dispose(&rig);
}

END_TEST

// Dropped records lie between a skip that is put back and one that still arrives.
START_TEST(a_skip_that_was_put_back_does_not_swallow_what_was_dropped_behind_it) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, 1);
    queue_rig_push(partition, 0, 2);
    queue_skip(partition, 4, 0);
    struct lease *lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    queue_rig_push(partition, 4, 2);
    queue_set_paused(partition, true); // [4, 6) is dropped
    lease_close(lease, false);
    queue_skip(partition, 9, 0); // of an answer that was under way
    queue_set_paused(partition, false);
    lease = queue_rig_open(&rig, 0);
    expect_range(lease, 0, 0, 2);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 4);
    queue_rig_dispose(&rig);
}

END_TEST

SUITE(fetch_lease) {
    Suite *s = suite_create("fetch/lease");
    ADD_CASE(
        s,
        "lease",
        records_come_in_order_and_the_position_moves_at_acceptance,
        a_poll_where_nothing_is_assigned_wakes_the_engine,
        what_is_put_back_comes_again,
        a_peek_moves_and_acknowledges_nothing,
        what_was_delivered_to_be_kept_is_acknowledged_by_commits_alone,
        a_commit_behind_the_last_record_acknowledges_what_is_skipped_after_it,
        what_is_put_back_was_not_kept,
        a_rewind_keeps_what_is_acknowledged_before_it,
        a_batch_that_a_poll_did_not_finish_goes_on_with_its_next_record,
        records_before_the_position_are_left_out,
        the_next_poll_begins_with_a_record_that_was_taken_back,
        a_partition_that_has_more_lets_the_others_come_first_in_the_next_poll,
        the_entry_under_way_is_found_again_when_the_list_of_entries_grows,
        an_error_told_of_the_ninth_partition_leaves_the_entry_under_way_alone,
        damage_within_a_batch_is_told_once_the_records_before_it_are_out,
        damage_does_not_hide_what_another_partition_has,
        a_partition_that_is_removed_under_a_poll_is_freed_with_it,
        a_pause_under_a_poll_parks_what_is_put_back,
        what_is_fetched_again_under_a_poll_is_not_delivered_twice,
        a_skip_that_was_put_back_does_not_swallow_what_was_dropped_behind_it
    );
    TCase *cases = tcase_create("lease, voided");
    tcase_add_loop_test(cases, a_damaged_batch_behind_good_records_is_told_by_the_next_poll, 0, 2);
    tcase_add_loop_test(cases, a_reset_voids_what_a_poll_holds_of_the_partition, 0, 2);
    tcase_add_loop_test(
        cases, a_poll_follows_a_reset_of_a_partition_that_it_handed_out_nothing_of, 0, PRELUDES
    );
    suite_add_tcase(s, cases);
    return s;
}
