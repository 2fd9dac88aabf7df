// SPDX-License-Identifier: Apache-2.0
// Frames of real brokers and of other clients: each means what Kafka's definitions say, and is
// encoded again to the same bytes.
#include "consumer/wire/api.h"
#include "consumer/wire/consumer_protocol.h"
#include "consumer/wire/kafka_error.h"
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/reader.h"
#include "consumer/wire/writer.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire/golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_BYTES = 4 };

static int16_t header_version(const struct golden_frame *frame, bool is_request) {
    const struct api *api = api_find(frame->entry.api_key);
    bool flexible = schema_is_flexible(frame->entry.schema, frame->version);
    if (!api) return (int16_t)((flexible ? 1 : 0) + (is_request ? 1 : 0));
    if (is_request) return api_request_header_version(api, frame->version);
    return api_response_header_version(api, frame->version);
}

static void check_text(
    const struct schema *schema,
    int16_t version,
    const void *message,
    const char *expect,
    const char *path
) {
    struct buf text = { 0 };
    schema_print(schema, version, message, &text);
    buf_append_byte(&text, 0);
    ck_assert_msg(
        slice_equal_string((struct slice){ text.data, text.size - 1 }, expect),
        "%s:\n%s\nexpected\n%s",
        path,
        (const char *)text.data,
        expect
    );
    buf_dispose(&text);
}

static void check_frame(const struct golden_frame *frame, bool is_request, const char *path) {
    ck_assert_msg(catalog_has(frame->entry, frame->version), "%s", path);
    const struct schema *header_schema =
        is_request ? &request_header_schema : &response_header_schema;
    int16_t header_v = header_version(frame, is_request);
    struct reader reader = reader_over(buf_slice(&frame->bytes));
    struct arena arena = { 0 };
    union catalog_message header;
    union catalog_message message;
    ck_assert_int_eq(reader_int32(&reader), (int64_t)frame->bytes.size - SIZE_BYTES);
    enum status status = schema_decode(header_schema, header_v, &reader, &arena, &header);
    ck_assert_msg(status == STATUS_OK, "%s: header: %s", path, status_name(status));
    status = schema_decode(frame->entry.schema, frame->version, &reader, &arena, &message);
    ck_assert_msg(status == STATUS_OK, "%s: %s", path, status_name(status));
    ck_assert_msg(reader_left(&reader) == 0, "%s: %zu left", path, reader_left(&reader));
    check_text(header_schema, header_v, &header, frame->header, path);
    check_text(frame->entry.schema, frame->version, &message, frame->expect, path);

    struct buf again = { 0 };
    writer_int32(&again, (int32_t)frame->bytes.size - SIZE_BYTES);
    ck_assert_int_eq(schema_encode(header_schema, header_v, &header, &again), STATUS_OK);
    status = schema_encode(frame->entry.schema, frame->version, &message, &again);
    ck_assert_msg(status == STATUS_OK, "%s: %s", path, status_name(status));
    ck_assert_msg(slice_equal(buf_slice(&again), buf_slice(&frame->bytes)), "%s: bytes", path);
    buf_dispose(&again);
    arena_dispose(&arena);
}

static const char *const folders[] = {
    "kafka-4.4.0", "kafka-2.1.1", "kcat-1.7.1", "confluent-kafka-2.16.1"
};

static int is_hex(const struct dirent *file) {
    size_t length = strlen(file->d_name);
    return length > 4 && strcmp(file->d_name + length - 4, ".hex") == 0;
}

START_TEST(a_real_frame_means_what_kafka_says_and_comes_out_the_same) {
    char path[512];
    struct dirent **files = NULL;
    (void)snprintf(path, sizeof path, "tests/golden/%s", folders[_i]);
    int count = scandir(path, &files, is_hex, alphasort);
    ck_assert_msg(count > 10, "%d files in %s", count, path);
    for (int i = 0; i < count; i++) {
        struct golden_exchange exchange;
        (void)snprintf(path, sizeof path, "tests/golden/%s/%s", folders[_i], files[i]->d_name);
        golden_load(path, &exchange);
        check_frame(&exchange.request, true, path);
        check_frame(&exchange.response, false, path);
        golden_dispose(&exchange);
        free(files[i]);
    }
    free(files);
}

END_TEST

// Decodes the request or the response of a file; its slices borrow the exchange.
static void decode_golden(
    const struct golden_frame *frame, bool is_request, struct arena *arena, void *message
) {
    struct slice bytes = { frame->bytes.data + SIZE_BYTES, frame->bytes.size - SIZE_BYTES };
    struct reader reader = reader_over(bytes);
    union catalog_message header;
    const struct schema *schema = is_request ? &request_header_schema : &response_header_schema;
    int16_t version = header_version(frame, is_request);
    ck_assert_int_eq(schema_decode(schema, version, &reader, arena, &header), STATUS_OK);
    schema = frame->entry.schema;
    ck_assert_int_eq(schema_decode(schema, frame->version, &reader, arena, message), STATUS_OK);
}

START_TEST(the_subscription_of_another_client_is_understood) {
    struct arena arena = { 0 };
    struct golden_exchange exchange;
    struct join_group_request request;
    golden_load("tests/golden/confluent-kafka-2.16.1/join_group_v5.hex", &exchange);
    decode_golden(&exchange.request, true, &arena, &request);
    ck_assert(slice_equal_string(request.group_instance_id, "one"));
    ck_assert_int_eq(request.protocols_count, 1);
    ck_assert(slice_equal_string(request.protocols[0].name, "cooperative-sticky"));
    struct slice metadata = request.protocols[0].metadata;
    struct consumer_protocol_subscription subscription;
    ck_assert_int_eq(
        consumer_protocol_decode_subscription(metadata, &arena, &subscription), STATUS_OK
    );
    ck_assert_int_eq(metadata.data[1], 3);
    ck_assert_int_eq(subscription.topics_count, 1);
    ck_assert(slice_equal_string(subscription.topics[0], "orders"));
    ck_assert_int_eq(subscription.owned_partitions_count, 0);
    ck_assert_int_eq(subscription.generation_id, -1);
    ck_assert(slice_equal_string(subscription.rack_id, "r1"));
    golden_dispose(&exchange);
    arena_dispose(&arena);
}

END_TEST

START_TEST(the_assignment_of_another_client_is_understood) {
    struct arena arena = { 0 };
    struct golden_exchange exchange;
    struct sync_group_response response;
    golden_load("tests/golden/kcat-1.7.1/sync_group_v3.hex", &exchange);
    decode_golden(&exchange.response, false, &arena, &response);
    struct consumer_protocol_assignment assignment;
    ck_assert_int_eq(
        consumer_protocol_decode_assignment(response.assignment, &arena, &assignment), STATUS_OK
    );
    ck_assert_int_eq(assignment.assigned_partitions_count, 1);
    ck_assert(slice_equal_string(assignment.assigned_partitions[0].topic, "orders"));
    ck_assert_int_eq(assignment.assigned_partitions[0].partitions_count, 2);
    ck_assert_int_eq(assignment.assigned_partitions[0].partitions[1], 1);
    golden_dispose(&exchange);
    arena_dispose(&arena);
}

END_TEST

START_TEST(an_old_broker_refuses_new_api_versions_in_the_layout_of_version_0) {
    struct arena arena = { 0 };
    struct golden_exchange exchange;
    struct api_versions_response response;
    golden_load("tests/golden/kafka-2.1.1/api_versions_v3.hex", &exchange);
    ck_assert_int_eq(exchange.request.version, 3);
    ck_assert_int_eq(exchange.response.version, 0);
    decode_golden(&exchange.response, false, &arena, &response);
    ck_assert_int_eq(response.error_code, ERROR_UNSUPPORTED_VERSION);
    golden_dispose(&exchange);
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_real_diverging_epoch_is_found_in_its_tag) {
    struct arena arena = { 0 };
    struct golden_exchange exchange;
    struct fetch_response response;
    golden_load("tests/golden/kafka-4.4.0/fetch_v17_diverging.hex", &exchange);
    decode_golden(&exchange.response, false, &arena, &response);
    const struct fetch_response_partition *partition = response.responses[0].partitions;
    ck_assert_int_eq(partition->error_code, ERROR_NONE);
    ck_assert_int_eq(partition->diverging_epoch.epoch, 0);
    ck_assert_int_eq(partition->diverging_epoch.end_offset, 4);
    ck_assert_int_eq(partition->current_leader.leader_epoch, -1);
    golden_dispose(&exchange);
    arena_dispose(&arena);
}

END_TEST

SUITE(golden) {
    Suite *s = suite_create("wire/golden");
    TCase *frames = tcase_create("frames");
    tcase_set_timeout(frames, 30);
    tcase_add_loop_test(
        frames,
        a_real_frame_means_what_kafka_says_and_comes_out_the_same,
        0,
        sizeof folders / sizeof folders[0]
    );
    suite_add_tcase(s, frames);
    ADD_CASE(
        s,
        "meaning",
        the_subscription_of_another_client_is_understood,
        the_assignment_of_another_client_is_understood,
        an_old_broker_refuses_new_api_versions_in_the_layout_of_version_0,
        a_real_diverging_epoch_is_found_in_its_tag
    );
    return s;
}
