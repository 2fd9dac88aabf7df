// SPDX-License-Identifier: Apache-2.0
// The queue's own rules: what each call of its header promises.
#include "tests/unit/fetch/queue_rig.h"
#include "tests/unit/suite.h"

#define ROOM ((size_t)1 << 20)

static size_t bytes_of_batch(int32_t count) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    queue_rig_push(queue_rig_add(&rig, 0, 0), 0, count);
    size_t bytes = queue_bytes(rig.queue);
    queue_rig_dispose(&rig);
    return bytes;
}

START_TEST(a_new_partition_has_no_position) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_add(rig.queue, "t", 3);
    struct queue_view view = queue_view(partition);
    ck_assert_int_eq(view.position, -1);
    ck_assert_int_eq(view.position_epoch, -1);
    ck_assert_int_eq(view.acknowledged, -1);
    ck_assert(!view.is_paused && !view.is_leased);
    ck_assert_int_eq(view.error.status, STATUS_OK);
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(bytes_are_counted_until_their_batches_go) {
    struct queue_rig rig;
    struct queue_partition *one = queue_rig_begin(&rig, ROOM);
    struct queue_partition *two = queue_rig_add(&rig, 1, 0);
    queue_rig_push(one, 0, 3);
    queue_rig_push(one, 3, 3);
    queue_rig_push(two, 0, 3);
    size_t each = bytes_of_batch(3);
    ck_assert_uint_eq(queue_bytes(rig.queue), 3 * each);
    ck_assert_uint_eq(queue_view(one).bytes, 2 * each);
    queue_rig_check_counts(rig.queue);
    queue_reset(one, 0, 0);
    ck_assert_uint_eq(queue_bytes(rig.queue), each);
    queue_remove(two);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_check_counts(rig.queue);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_reset_clears_what_was_acknowledged_and_the_error) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 5);
    lease_close(queue_rig_open(&rig, 0), true);
    ck_assert_int_eq(queue_view(partition).acknowledged, 5);
    queue_set_error(partition, (struct queue_error){ .status = STATUS_NO_OFFSET });
    ck_assert(queue_is_ready(rig.queue));
    uint32_t version = partition->version;
    queue_reset(partition, 9, 4);
    struct queue_view view = queue_view(partition);
    ck_assert_int_eq(view.position, 9);
    ck_assert_int_eq(view.position_epoch, 4);
    ck_assert_int_eq(view.acknowledged, -1);
    ck_assert_int_eq(view.error.status, STATUS_OK);
    ck_assert(partition->version != version);
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 11
START_TEST(a_skip_with_nothing_before_it_moves_the_position_at_once) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 5);
    lease_close(queue_rig_open(&rig, 0), true);
    queue_skip(partition, 8, 2);
    struct queue_view view = queue_view(partition);
    ck_assert_int_eq(view.position, 8);
    ck_assert_int_eq(view.position_epoch, 2);
    ck_assert_int_eq(view.acknowledged, 8);
    ck_assert_int_eq(view.acknowledged_epoch, 2);
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_skip_acknowledges_nothing_that_no_poll_has) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 2);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    queue_rig_expect(lease, 0, 1);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    queue_skip(partition, 4, 0);
    ck_assert_int_eq(queue_view(partition).position, 4);
    ck_assert_int_eq(queue_view(partition).acknowledged, 0);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 11
START_TEST(a_skip_behind_records_counts_when_they_are_delivered) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_rig_push(partition, 0, 1);
    queue_skip(partition, 3, 0);
    queue_skip(partition, 6, 0);
    ck_assert_int_eq(queue_view(partition).position, 0);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    lease_close(lease, true); // the batch was not finished
    ck_assert_int_eq(queue_view(partition).position, 1);
    lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 6);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_skip_never_leads_back) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 20);
    queue_skip(partition, 10, 0);
    ck_assert_int_eq(queue_view(partition).position, 20);
    queue_rig_push(partition, 20, 5);
    queue_skip(partition, 22, 0);
    queue_skip(partition, 30, 0);
    queue_skip(partition, 25, 0);
    struct lease *lease = queue_rig_open(&rig, 0);
    for (int64_t offset = 20; offset < 25; offset++)
        queue_rig_expect(lease, 0, offset);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    ck_assert_int_eq(queue_view(partition).position, 30);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 38
START_TEST(what_is_buffered_of_a_paused_partition_waits_outside_the_bound) {
    struct queue_rig rig;
    size_t each = bytes_of_batch(3);
    queue_rig_init(&rig, 2 * each);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 0);
    queue_rig_push(partition, 0, 3);
    queue_rig_push(partition, 3, 3);
    ck_assert_uint_eq(queue_room(rig.queue), 0);
    queue_set_paused(partition, true);
    ck_assert_uint_eq(queue_room(rig.queue), 2 * each);
    ck_assert_uint_eq(queue_bytes(rig.queue), 2 * each);
    ck_assert(!queue_is_ready(rig.queue));
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    queue_rig_check_counts(rig.queue);
    queue_set_paused(partition, true); // once more changes nothing
    queue_set_paused(partition, false);
    lease = queue_rig_open(&rig, 0);
    for (int64_t offset = 0; offset < 6; offset++)
        queue_rig_expect(lease, 0, offset);
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_pause_with_more_than_may_be_parked_drops_and_fetches_again) {
    struct queue_rig rig;
    size_t each = bytes_of_batch(3);
    queue_rig_init(&rig, 2 * each - 1);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 0);
    queue_rig_push(partition, 0, 3);
    queue_rig_push(partition, 3, 3);
    queue_set_paused(partition, true);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    queue_rig_push(partition, 6, 3); // behind a gap
    queue_skip(partition, 12, 0);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    int64_t position = -1;
    int32_t epoch = -1;
    ck_assert(queue_take_refetch(partition, &position, &epoch));
    ck_assert_int_eq(position, 0);
    ck_assert_int_eq(epoch, 0);
    ck_assert(!queue_take_refetch(partition, &position, &epoch));
    queue_rig_push(partition, 0, 3);
    ck_assert_uint_eq(queue_bytes(rig.queue), each);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_paused_partition_parks_what_still_arrives_as_far_as_there_is_room) {
    struct queue_rig rig;
    size_t each = bytes_of_batch(3);
    struct queue_partition *partition = queue_rig_begin(&rig, each);
    queue_set_paused(partition, true);
    queue_rig_push(partition, 0, 3);
    ck_assert_uint_eq(queue_bytes(rig.queue), each);
    queue_rig_push(partition, 3, 3);
    ck_assert_uint_eq(queue_bytes(rig.queue), 0);
    ck_assert(partition->wants_refetch);
    queue_reset(partition, 7, 0); // to be fetched from there anyway
    ck_assert(!partition->wants_refetch);
    queue_rig_dispose(&rig);
}

END_TEST

// pitfall 46: room comes back at half the bound, and the engine is told at once.
START_TEST(a_full_queue_has_no_room_until_half_of_it_is_free) {
    struct queue_rig rig;
    size_t each = bytes_of_batch(2);
    queue_rig_init(&rig, 4 * each);
    struct queue_partition *partition = queue_rig_add(&rig, 0, 0);
    for (int64_t offset = 0; offset < 6; offset += 2)
        queue_rig_push(partition, offset, 2);
    ck_assert_uint_eq(queue_room(rig.queue), each);
    queue_rig_push(partition, 6, 2);
    ck_assert_uint_eq(queue_room(rig.queue), 0);
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 0, 0);
    ck_assert_uint_eq(queue_room(rig.queue), 0);
    ck_assert_int_eq(rig.wakes, 0);
    queue_rig_expect(lease, 0, 1);
    queue_rig_expect(lease, 0, 2);
    ck_assert_int_eq(rig.wakes, 1);
    ck_assert_uint_eq(queue_room(rig.queue), 2 * each);
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(an_error_of_a_partition_is_told_when_no_record_is_at_hand) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    struct queue_partition *partition = queue_rig_add(&rig, 2, 0);
    queue_rig_push(partition, 0, 1);
    queue_set_error(
        partition,
        (struct queue_error){ .status = STATUS_KAFKA_ERROR, .kafka_error = 87, .offset = 1 }
    );
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect(lease, 2, 0);
    queue_rig_expect_status(lease, STATUS_NO_RECORDS);
    lease_close(lease, true);
    for (int i = 0; i < 2; i++) {
        lease = queue_rig_open(&rig, 0);
        queue_rig_expect_status(lease, STATUS_KAFKA_ERROR);
        ck_assert_int_eq(lease->error.kafka_error, 87);
        ck_assert_int_eq(lease->error.offset, 1);
        ck_assert_str_eq(lease->error_topic, "t");
        ck_assert_int_eq(lease->error_partition, 2);
        ck_assert_int_eq(lease->skip_offset, -1);
        lease_close(lease, true);
    }
    queue_set_paused(partition, true);
    ck_assert(!queue_is_ready(rig.queue));
    queue_set_paused(partition, false);
    ck_assert(queue_is_ready(rig.queue));
    queue_set_error(partition, (struct queue_error){ 0 });
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(an_error_that_is_told_once_stands_in_no_later_polls_way) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_set_error(
        partition, (struct queue_error){ .status = STATUS_TOPIC_AUTHORIZATION_FAILED, .once = true }
    );
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_TOPIC_AUTHORIZATION_FAILED);
    ck_assert(!queue_is_ready(rig.queue));
    lease_close(lease, false);
    ck_assert(!queue_is_ready(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_failure_of_the_consumer_goes_before_errors_of_partitions) {
    struct queue_rig rig;
    struct queue_partition *partition = queue_rig_begin(&rig, ROOM);
    queue_set_error(partition, (struct queue_error){ .status = STATUS_NO_OFFSET });
    queue_set_failure(rig.queue, (struct queue_error){ .status = STATUS_FENCED });
    ck_assert(queue_is_ready(rig.queue));
    struct lease *lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_FENCED);
    ck_assert_ptr_null(lease->error_topic);
    lease_close(lease, true);
    queue_set_failure(rig.queue, (struct queue_error){ 0 });
    lease = queue_rig_open(&rig, 0);
    queue_rig_expect_status(lease, STATUS_NO_OFFSET);
    lease_close(lease, true);
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(activity_is_a_poll_that_was_opened) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    ck_assert(!queue_take_activity(rig.queue));
    struct lease *lease = queue_rig_open(&rig, LEASE_PEEK);
    ck_assert(queue_take_activity(rig.queue));
    ck_assert(!queue_take_activity(rig.queue));
    lease_close(lease, true);
    ck_assert(!queue_take_activity(rig.queue));
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(totals_count_what_was_taken_and_nothing_that_was_put_back) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    queue_rig_push(queue_rig_add(&rig, 0, 0), 0, 4);
    struct queue_partition *paused = queue_rig_add(&rig, 1, 0);
    queue_rig_push(paused, 0, 1);
    queue_set_paused(paused, true);
    queue_publish(rig.queue, &(struct queue_counters){ .fetches = 7, .connections = 2 });
    static const bool accepted[] = { false, true };
    for (size_t i = 0; i < 2; i++) {
        struct lease *lease = queue_rig_open(&rig, 0);
        for (int64_t offset = 0; offset < 3; offset++)
            queue_rig_expect(lease, 0, offset);
        lease_close(lease, accepted[i]);
        struct queue_totals totals = queue_totals(rig.queue);
        ck_assert_uint_eq(totals.delivered_records, accepted[i] ? 3 : 0);
        ck_assert_uint_eq(totals.delivered_bytes, accepted[i] ? 3 * sizeof(struct rig_value) : 0);
        ck_assert_uint_eq(totals.buffered_bytes, bytes_of_batch(4));
        ck_assert_uint_eq(totals.parked_bytes, bytes_of_batch(1));
        ck_assert_uint_eq(totals.partitions, 2);
        ck_assert_uint_eq(totals.engine.fetches, 7);
        ck_assert_uint_eq(totals.engine.connections, 2);
    }
    queue_rig_dispose(&rig);
}

END_TEST

START_TEST(a_closed_queue_opens_no_lease_and_lets_the_open_one_go_on) {
    struct queue_rig rig;
    queue_rig_init(&rig, ROOM);
    queue_rig_push(queue_rig_add(&rig, 0, 0), 0, 1);
    struct lease *lease = queue_rig_open(&rig, 0);
    struct lease *second = NULL;
    ck_assert_int_eq(lease_open(rig.queue, 0, &second), STATUS_POLL_IN_PROGRESS);
    queue_close(rig.queue);
    queue_rig_expect(lease, 0, 0);
    lease_close(lease, true);
    ck_assert_int_eq(lease_open(rig.queue, 0, &second), STATUS_CLOSED);
    ck_assert_ptr_null(second);
    queue_rig_dispose(&rig);
}

END_TEST

SUITE(fetch_queue) {
    Suite *s = suite_create("fetch/queue");
    ADD_CASE(
        s,
        "queue",
        a_new_partition_has_no_position,
        bytes_are_counted_until_their_batches_go,
        a_reset_clears_what_was_acknowledged_and_the_error,
        a_skip_with_nothing_before_it_moves_the_position_at_once,
        a_skip_acknowledges_nothing_that_no_poll_has,
        a_skip_behind_records_counts_when_they_are_delivered,
        a_skip_never_leads_back,
        what_is_buffered_of_a_paused_partition_waits_outside_the_bound,
        a_pause_with_more_than_may_be_parked_drops_and_fetches_again,
        a_paused_partition_parks_what_still_arrives_as_far_as_there_is_room,
        a_full_queue_has_no_room_until_half_of_it_is_free,
        an_error_of_a_partition_is_told_when_no_record_is_at_hand,
        an_error_that_is_told_once_stands_in_no_later_polls_way,
        a_failure_of_the_consumer_goes_before_errors_of_partitions,
        activity_is_a_poll_that_was_opened,
        totals_count_what_was_taken_and_nothing_that_was_put_back,
        a_closed_queue_opens_no_lease_and_lets_the_open_one_go_on
    );
    return s;
}
