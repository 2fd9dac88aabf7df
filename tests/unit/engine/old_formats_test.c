// SPDX-License-Identifier: Apache-2.0
// Logs that began before there were record batches: whole engines read three formats in a row, from
// any place, past damage.
#include "consumer/fetch/lease.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#define GROUP "group.id=g enable.auto.commit=false auto.offset.reset=earliest "

enum { RECORDS = 60 };

static void wrap(struct world *world, int8_t magic, enum compression codec) {
    struct message_to_write wrapper = { .magic = magic, .codec = codec, .timestamp = 1 };
    fake_partition_wrap_old(&world->cluster, "t", 0, 10, &wrapper);
}

// 60 records: of formats 0 and 1 ten single ones and ten wrapped, then batches.
static void fill(struct world *world) {
    fake_partition_fill_old(&world->cluster, "t", 0, 10, 0);
    wrap(world, 0, COMPRESSION_SNAPPY);
    fake_partition_fill_old(&world->cluster, "t", 0, 10, 1);
    wrap(world, 1, COMPRESSION_LZ4);
    fake_partition_fill(&world->cluster, "t", 0, 20);
}

START_TEST(three_formats_in_one_log_are_read_in_order) {
    static const char *const options[] = {
        GROUP,
        GROUP "isolation.level=read_committed",
        GROUP "max.partition.fetch.bytes=150", // the broker cuts messages
    };
    struct world *world = world_new(1, 1);
    world->cluster.profile = _i == 1 ? FAKE_KAFKA_2_1 : FAKE_KAFKA_4_4;
    fill(world);
    struct world_consumer *consumer = world_add_polling(world, options[_i]);
    consumer->max_records = 7;
    world_await_records(consumer, RECORDS, SECONDS(10));
    world_check_sequence(consumer, 0, 0, RECORDS);
    ck_assert_int_eq(consumer->error_count, 0);
    ck_assert_int_eq(world_position(consumer, 0)->offset, RECORDS);
    world_free(world);
}

END_TEST

// pitfall 24: a wrapper is fetched as a whole wherever reading begins.
START_TEST(a_seek_into_old_messages_brings_nothing_before_it) {
    struct world *world = world_new(1, 1);
    fill(world);
    struct world_consumer *consumer = world_add(world, GROUP);
    world_subscribe(consumer, "t");
    world_await_fetching(consumer, SECONDS(3));
    for (int64_t offset = 0; offset < RECORDS; offset++) {
        world_await(world_seek(consumer, 0, TARGET_OFFSET, offset));
        world_run(world, 600);
        consumer->record_count = 0;
        while (world_poll(consumer, 100) > 0)
            continue;
        world_check_sequence(consumer, 0, offset, RECORDS);
    }
    world_free(world);
}

END_TEST

START_TEST(what_is_put_back_of_old_messages_comes_again) {
    struct world *world = world_new(1, 1);
    fill(world);
    struct world_consumer *consumer = world_add_prefetching(world, GROUP);
    while (consumer->record_count < RECORDS) {
        ck_assert_uint_ge(world_poll_put_back(consumer, 4), 3);
        ck_assert_uint_eq(world_poll(consumer, 3), 3);
    }
    world_check_sequence(consumer, 0, 0, RECORDS);
    world_free(world);
}

END_TEST

// pitfall 33: it is told with the offset of the one damaged message, and can be passed.
START_TEST(a_damaged_message_stops_the_partition_until_a_seek) {
    struct world *world = world_new(1, 1);
    fill(world);
    struct fake_batch *damaged = &fake_partition_get(&world->cluster, "t", 0)->log.batches[4];
    damaged->bytes[damaged->size - 1] ^= 1;
    struct world_consumer *consumer = world_add_polling(world, GROUP);
    world_await_records(consumer, 4, SECONDS(3));
    world_run(world, SECONDS(2));
    world_check_sequence(consumer, 0, 0, 4);
    ck_assert_int_eq(consumer->last_error, STATUS_CORRUPT_RECORDS);
    struct lease *lease = NULL;
    struct record record;
    const struct lease_entry *entry = NULL;
    consumer->polls = false;
    world_run(world, SECONDS(1));
    ck_assert_int_eq(lease_open(engine_queue(consumer->engine), 0, &lease), STATUS_OK);
    ck_assert_int_eq(lease_next(lease, &record, &entry), STATUS_CORRUPT_RECORDS);
    ck_assert_int_eq(lease->error.offset, 4);
    ck_assert_int_eq(lease->skip_offset, 5);
    lease_close(lease, true);
    world_await(world_seek(consumer, 0, TARGET_OFFSET, 5));
    consumer->record_count = 0;
    consumer->polls = true;
    world_await_records(consumer, RECORDS - 5, SECONDS(3));
    world_check_sequence(consumer, 0, 5, RECORDS);
    world_free(world);
}

END_TEST

// What a record says of itself beyond its bytes.
START_TEST(old_messages_have_checksums_and_format_0_has_no_time) {
    struct world *world = world_new(1, 1);
    fill(world);
    struct world_consumer *consumer = world_add_prefetching(world, GROUP);
    struct lease *lease = NULL;
    ck_assert_int_eq(lease_open(engine_queue(consumer->engine), 0, &lease), STATUS_OK);
    struct record record;
    const struct lease_entry *entry = NULL;
    for (int64_t offset = 0; offset < RECORDS; offset++) {
        ck_assert_int_eq(lease_next(lease, &record, &entry), STATUS_OK);
        ck_assert_int_eq(lease->timestamp_type, offset < 20 ? -1 : 0);
        ck_assert_int_eq(record.timestamp < 0, offset < 20);
        ck_assert_int_eq(lease->has_checksum, offset < 40);
        ck_assert_int_eq(lease->checksum != 0, offset < 40);
        ck_assert_int_eq(entry->leader_epoch, offset < 40 ? -1 : 0);
    }
    lease_unread(lease);
    lease_close(lease, true);
    world_free(world);
}

END_TEST

SUITE(engine_old_formats) {
    Suite *s = suite_create("engine/old_formats");
    ADD_CASE(
        s,
        "old formats",
        a_seek_into_old_messages_brings_nothing_before_it,
        what_is_put_back_of_old_messages_comes_again,
        a_damaged_message_stops_the_partition_until_a_seek,
        old_messages_have_checksums_and_format_0_has_no_time
    );
    TCase *cases = tcase_create("old formats, by options");
    tcase_add_loop_test(cases, three_formats_in_one_log_are_read_in_order, 0, 3);
    suite_add_tcase(s, cases);
    return s;
}
