// SPDX-License-Identifier: Apache-2.0
// Single cases of the interpreter: tags, nulls, counts, versions, byte for byte.
#include "consumer/wire/messages_classic.h"
#include "consumer/wire/messages_cluster.h"
#include "consumer/wire/messages_fetch.h"
#include "consumer/wire/messages_session.h"
#include "consumer/wire/reader.h"
#include "tests/unit/suite.h"

#include <string.h>

#define BYTES(...) \
    ((struct slice){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static enum status decode_heartbeat_response(
    struct slice bytes, struct heartbeat_response *response
) {
    struct reader reader = reader_over(bytes);
    struct arena arena = { 0 };
    enum status status = schema_decode(&heartbeat_response_schema, 4, &reader, &arena, response);
    if (status == STATUS_OK && reader_left(&reader) > 0) status = STATUS_INVALID_FRAME;
    arena_dispose(&arena);
    return status;
}

START_TEST(unknown_tagged_fields_are_skipped_by_their_size) {
    // pitfall 94
    struct heartbeat_response response;
    struct slice one = BYTES(0, 0, 0, 9, 0, 27, 1, 3, 2, 0xde, 0xad);
    ck_assert_int_eq(decode_heartbeat_response(one, &response), STATUS_OK);
    ck_assert_int_eq(response.throttle_time_ms, 9);
    ck_assert_int_eq(response.error_code, 27);
    struct slice two = BYTES(0, 0, 0, 9, 0, 27, 2, 0, 0, 0x90, 0x4e, 1, 0xff);
    ck_assert_int_eq(decode_heartbeat_response(two, &response), STATUS_OK);
    struct slice beyond = BYTES(0, 0, 0, 9, 0, 27, 1, 3, 3, 0xde, 0xad);
    ck_assert_int_eq(decode_heartbeat_response(beyond, &response), STATUS_INVALID_FRAME);
    struct slice missing = BYTES(0, 0, 0, 9, 0, 27, 2, 3, 2, 0xde, 0xad);
    ck_assert_int_eq(decode_heartbeat_response(missing, &response), STATUS_INVALID_FRAME);
    struct slice countless = BYTES(0, 0, 0, 9, 0, 27, 0xff, 0xff, 0xff, 0xff, 0x0f);
    ck_assert_int_eq(decode_heartbeat_response(countless, &response), STATUS_INVALID_FRAME);
}

END_TEST

START_TEST(a_tag_given_twice_is_refused) {
    struct heartbeat_response response;
    struct slice twice = BYTES(0, 0, 0, 9, 0, 27, 2, 3, 1, 0xde, 3, 1, 0xad);
    ck_assert_int_eq(decode_heartbeat_response(twice, &response), STATUS_INVALID_FRAME);
}

END_TEST

// FetchResponse v16 with no topics and one tag 0 (node_endpoints) of the given bytes.
static enum status decode_node_endpoints(
    struct slice bytes, struct arena *arena, struct fetch_response *response
) {
    static const uint8_t before[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0 };
    uint8_t frame[64];
    memcpy(frame, before, sizeof before);
    frame[sizeof before] = (uint8_t)bytes.size;
    memcpy(frame + sizeof before + 1, bytes.data, bytes.size);
    struct reader reader = reader_over((struct slice){ frame, sizeof before + 1 + bytes.size });
    enum status status = schema_decode(&fetch_response_schema, 16, &reader, arena, response);
    if (status == STATUS_OK) ck_assert_uint_eq(reader_left(&reader), 0);
    return status;
}

START_TEST(a_known_tagged_field_fills_just_its_size) {
    struct arena arena = { 0 };
    struct fetch_response response;
    // one endpoint: node 7, "b", port 9092, null rack, no tags
    struct slice whole = BYTES(2, 0, 0, 0, 7, 2, 'b', 0, 0, 0x23, 0x84, 0, 0);
    ck_assert_int_eq(decode_node_endpoints(whole, &arena, &response), STATUS_OK);
    ck_assert_int_eq(response.node_endpoints_count, 1);
    ck_assert_int_eq(response.node_endpoints[0].node_id, 7);
    ck_assert_int_eq(response.node_endpoints[0].port, 9092);
    ck_assert_ptr_null(response.node_endpoints[0].rack.data);
    struct slice too_short = { whole.data, whole.size - 1 };
    ck_assert_int_eq(decode_node_endpoints(too_short, &arena, &response), STATUS_INVALID_FRAME);
    struct slice too_long = BYTES(2, 0, 0, 0, 7, 2, 'b', 0, 0, 0x23, 0x84, 0, 0, 0);
    ck_assert_int_eq(decode_node_endpoints(too_long, &arena, &response), STATUS_INVALID_FRAME);
    arena_dispose(&arena);
}

END_TEST

START_TEST(tags_are_written_in_ascending_order_and_only_when_not_default) {
    struct api_versions_response response;
    schema_init(&api_versions_response_schema, &response);
    struct buf out = { 0 };
    ck_assert_int_eq(schema_encode(&api_versions_response_schema, 3, &response, &out), STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), BYTES(0, 0, 1, 0, 0, 0, 0, 0)));
    buf_clear(&out);
    response.zk_migration_ready = true;
    response.finalized_features_epoch = 5;
    ck_assert_int_eq(schema_encode(&api_versions_response_schema, 3, &response, &out), STATUS_OK);
    struct slice expected = BYTES(0, 0, 1, 0, 0, 0, 0, 2, 1, 8, 0, 0, 0, 0, 0, 0, 0, 5, 3, 1, 1);
    ck_assert(slice_equal(buf_slice(&out), expected));
    buf_clear(&out);
    ck_assert_int_eq(schema_encode(&api_versions_response_schema, 0, &response, &out), STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), BYTES(0, 0, 0, 0, 0, 0)));
    buf_dispose(&out);
}

END_TEST

START_TEST(a_tagged_struct_is_written_when_one_of_its_members_is_not_default) {
    struct fetch_request request;
    schema_init(&fetch_request_schema, &request);
    struct buf plain = { 0 };
    struct buf tagged = { 0 };
    ck_assert_int_eq(schema_encode(&fetch_request_schema, 15, &request, &plain), STATUS_OK);
    request.replica_state.replica_epoch = 3;
    ck_assert_int_eq(schema_encode(&fetch_request_schema, 15, &request, &tagged), STATUS_OK);
    // tag 1, 13 bytes: replica_id -1, replica_epoch 3, no tags
    struct slice tag = BYTES(1, 1, 13, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 3, 0);
    ck_assert_uint_eq(tagged.size, plain.size - 1 + tag.size);
    ck_assert_mem_eq(tagged.data + plain.size - 1, tag.data, tag.size);
    buf_dispose(&plain);
    buf_dispose(&tagged);
}

END_TEST

START_TEST(the_client_id_stays_plain_in_the_flexible_header) {
    struct request_header header = { 18, 3, 7, SLICE_LITERAL("me") };
    struct buf out = { 0 };
    ck_assert_int_eq(schema_encode(&request_header_schema, 2, &header, &out), STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), BYTES(0, 18, 0, 3, 0, 0, 0, 7, 0, 2, 'm', 'e', 0)));
    buf_clear(&out);
    header.client_id = SLICE_NULL;
    ck_assert_int_eq(schema_encode(&request_header_schema, 1, &header, &out), STATUS_OK);
    ck_assert(slice_equal(buf_slice(&out), BYTES(0, 18, 0, 3, 0, 0, 0, 7, 0xff, 0xff)));
    buf_dispose(&out);
}

END_TEST

START_TEST(null_where_there_is_no_null_is_refused_both_ways) {
    struct buf out = { 0 };
    buf_append(&out, "before", 6);
    struct heartbeat_request request;
    schema_init(&heartbeat_request_schema, &request);
    request.group_id = SLICE_NULL;
    ck_assert_int_eq(
        schema_encode(&heartbeat_request_schema, 0, &request, &out), STATUS_INVALID_ARGUMENT
    );
    struct metadata_request metadata;
    schema_init(&metadata_request_schema, &metadata);
    metadata.topics_count = -1;
    ck_assert_int_eq(
        schema_encode(&metadata_request_schema, 0, &metadata, &out), STATUS_INVALID_ARGUMENT
    );
    ck_assert(slice_equal_string(buf_slice(&out), "before"));

    struct arena arena = { 0 };
    struct reader reader = reader_over(BYTES(0xff, 0xff, 0, 0, 0, 1, 0, 0));
    ck_assert_int_eq(
        schema_decode(&heartbeat_request_schema, 0, &reader, &arena, &request), STATUS_INVALID_FRAME
    );
    reader = reader_over(BYTES(0xff, 0xff, 0xff, 0xff));
    ck_assert_int_eq(
        schema_decode(&metadata_request_schema, 0, &reader, &arena, &metadata), STATUS_INVALID_FRAME
    );
    reader = reader_over(BYTES(0xff, 0xff, 0xff, 0xff));
    ck_assert_int_eq(
        schema_decode(&metadata_request_schema, 1, &reader, &arena, &metadata), STATUS_OK
    );
    ck_assert_int_eq(metadata.topics_count, -1);
    buf_dispose(&out);
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_string_too_long_for_its_length_is_refused_and_nothing_is_written) {
    struct buf text = { 0 };
    buf_reserve(&text, INT16_MAX + 1);
    memset(text.data, 'x', INT16_MAX + 1);
    text.size = INT16_MAX + 1;
    struct heartbeat_request request;
    schema_init(&heartbeat_request_schema, &request);
    request.member_id = buf_slice(&text);
    struct buf out = { 0 };
    for (int16_t version = 0; version <= 4; version++) {
        ck_assert_int_eq(
            schema_encode(&heartbeat_request_schema, version, &request, &out), STATUS_TOO_LARGE
        );
        ck_assert_uint_eq(out.size, 0);
    }
    request.member_id.size--;
    ck_assert_int_eq(schema_encode(&heartbeat_request_schema, 4, &request, &out), STATUS_OK);
    buf_dispose(&out);
    buf_dispose(&text);
}

END_TEST

static const struct {
    const char *what;
    int16_t version;
    struct slice bytes;
} counts[] = {
    { "2^31 - 1", 1, { (const uint8_t *)"\x7f\xff\xff\xff\0\0\0\0", 8 } },
    { "below null", 1, { (const uint8_t *)"\xff\xff\xff\xfe\0\0\0\0", 8 } },
    { "one more than fit", 1, { (const uint8_t *)"\0\0\0\3\0\0\0\0", 8 } },
    { "compact 2^32 - 2", 9, { (const uint8_t *)"\xff\xff\xff\xff\x0f\0\0\0", 8 } },
    { "compact one more than fit", 9, { (const uint8_t *)"\4\1\0\1\0", 5 } },
};

START_TEST(a_count_beyond_the_bytes_is_refused_before_memory_is_taken) {
    // pitfall 37
    struct arena arena = { 0 };
    struct metadata_request request;
    struct reader reader = reader_over(counts[_i].bytes);
    enum status status =
        schema_decode(&metadata_request_schema, counts[_i].version, &reader, &arena, &request);
    ck_assert_msg(status == STATUS_INVALID_FRAME, "%s", counts[_i].what);
    ck_assert_msg(arena.used == 0, "%s", counts[_i].what);
    arena_dispose(&arena);
}

END_TEST

START_TEST(fields_that_a_version_lacks_get_their_defaults) {
    struct arena arena = { 0 };
    struct metadata_response response;
    memset(&response, 0xa5, sizeof response);
    // v1: no brokers, controller 5, one topic: error 0, "t", not internal, one partition 0 led by 5
    struct slice bytes = BYTES(
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        5,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        1,
        't',
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        5,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        5,
        0,
        0,
        0,
        0
    );
    struct reader reader = reader_over(bytes);
    ck_assert_int_eq(
        schema_decode(&metadata_response_schema, 1, &reader, &arena, &response), STATUS_OK
    );
    ck_assert_uint_eq(reader_left(&reader), 0);
    ck_assert_int_eq(response.throttle_time_ms, 0);
    ck_assert_ptr_null(response.cluster_id.data);
    ck_assert_int_eq(response.controller_id, 5);
    ck_assert_int_eq(response.cluster_authorized_operations, INT32_MIN);
    const struct metadata_response_partition *partition = response.topics[0].partitions;
    ck_assert_int_eq(partition->leader_id, 5);
    ck_assert_int_eq(partition->leader_epoch, -1);
    ck_assert_int_eq(partition->replica_nodes[0], 5);
    ck_assert_int_eq(partition->isr_nodes_count, 0);
    ck_assert_int_eq(partition->offline_replicas_count, 0);
    ck_assert(uuid_is_zero(response.topics[0].topic_id));
    arena_dispose(&arena);
}

END_TEST

START_TEST(a_print_escapes_what_a_peer_sent) {
    struct join_group_request_protocol protocol = { SLICE_LITERAL("a\"\n\xc3"),
                                                    SLICE_LITERAL("1234") };
    struct join_group_request request;
    schema_init(&join_group_request_schema, &request);
    request.protocols = &protocol;
    request.protocols_count = 1;
    struct buf line = { 0 };
    schema_print(&join_group_request_schema, 5, &request, &line);
    ck_assert(slice_equal_string(
        buf_slice(&line),
        "join_group_request{group_id=\"\" session_timeout_ms=0 rebalance_timeout_ms=-1 "
        "member_id=\"\" group_instance_id=null protocol_type=\"\" "
        "protocols=[{name=\"a\\x22\\x0a\\xc3\" metadata=4B}]}"
    ));
    buf_dispose(&line);
}

END_TEST

SUITE(schema_case) {
    Suite *s = suite_create("wire/schema, cases");
    ADD_CASE(
        s,
        "cases",
        unknown_tagged_fields_are_skipped_by_their_size,
        a_tag_given_twice_is_refused,
        a_known_tagged_field_fills_just_its_size,
        tags_are_written_in_ascending_order_and_only_when_not_default,
        a_tagged_struct_is_written_when_one_of_its_members_is_not_default,
        the_client_id_stays_plain_in_the_flexible_header,
        null_where_there_is_no_null_is_refused_both_ways,
        a_string_too_long_for_its_length_is_refused_and_nothing_is_written,
        fields_that_a_version_lacks_get_their_defaults,
        a_print_escapes_what_a_peer_sent
    );
    TCase *count_case = tcase_create("counts");
    tcase_add_loop_test(
        count_case,
        a_count_beyond_the_bytes_is_refused_before_memory_is_taken,
        0,
        sizeof counts / sizeof counts[0]
    );
    suite_add_tcase(s, count_case);
    return s;
}
