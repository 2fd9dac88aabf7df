// SPDX-License-Identifier: Apache-2.0
// Records as JSON, and the tokens of the writer.
#include "server/json/record.h"
#include "server/json/writer.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

static struct kc_bytes bytes_of(const char *text) {
    return (struct kc_bytes){ (const uint8_t *)text, strlen(text) };
}

/// The record's text, borrowed until the next call.
static const char *written(const struct kc_record *record, struct record_formats formats) {
    static struct out out;
    struct record_writer writer;
    out.size = 0;
    record_writer_init(&writer, formats);
    record_write(&writer, &out, record);
    record_writer_dispose(&writer);
    const char *text = out_text(&out);
    cJSON *parsed = cJSON_Parse(text); // an oracle that is not ours
    ck_assert_msg(parsed != NULL, "%s", text);
    cJSON_Delete(parsed);
    return text;
}

static struct kc_record order(void) {
    return (struct kc_record){
        .topic = "orders",
        .partition = 3,
        .offset = 8123,
        .timestamp_ms = 1732250000123,
        .leader_epoch = 7,
        .key = bytes_of("c-17"),
        .value = bytes_of("{\"qty\":2}"),
    };
}

START_TEST(a_record_looks_as_documented) {
    struct kc_record record = order();
    ck_assert_str_eq(
        written(&record, (struct record_formats){ 0 }),
        "{\"topic\":\"orders\",\"partition\":3,\"offset\":8123,\"timestamp\":1732250000123,"
        "\"timestamp_type\":0,\"leader_epoch\":7,\"key\":\"c-17\",\"value\":\"{\\\"qty\\\":2}\","
        "\"headers\":[],\"serialized_key_size\":4,\"serialized_value_size\":9}"
    );
}

END_TEST

// Of message format 0: without a time, with the checksum that it was stored with.
START_TEST(an_old_record_has_a_checksum_and_maybe_no_time) {
    struct kc_record record = order();
    record.timestamp_ms = -1;
    record.timestamp_type = -1;
    record.leader_epoch = -1;
    record.has_checksum = true;
    record.checksum = UINT32_MAX;
    ck_assert_str_eq(
        written(&record, (struct record_formats){ 0 }),
        "{\"topic\":\"orders\",\"partition\":3,\"offset\":8123,\"timestamp\":-1,"
        "\"timestamp_type\":-1,\"leader_epoch\":null,\"key\":\"c-17\",\"value\":\"{\\\"qty\\\":2}"
        "\","
        "\"headers\":[],\"checksum\":4294967295,\"serialized_key_size\":4,"
        "\"serialized_value_size\":9}"
    );
}

END_TEST

START_TEST(null_and_empty_differ) { // pitfall 101, pitfall 113
    struct kc_record record = order();
    record.key = (struct kc_bytes){ NULL, 0 };
    record.value = bytes_of("");
    for (int format = 0; format < 3; format++) {
        struct record_formats formats = {
            (enum record_format)format, (enum record_format)format, RECORD_STRING, false
        };
        const char *text = written(&record, formats);
        const char *tail = format == RECORD_BASE64 ? "_base64" : "";
        char expected[64];
        (void)snprintf(expected, sizeof expected, "\"key%s\":null,\"value%s\":\"\"", tail, tail);
        ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
        ck_assert_ptr_nonnull(strstr(text, "\"serialized_key_size\":-1,\"serialized_value_size\":0")
        );
    }
}

END_TEST

START_TEST(bytes_that_are_no_text_come_as_base64) { // pitfall 111
    struct kc_record record = order();
    record.key = bytes_of("\xff\xfe");
    record.value = bytes_of("\xc3(");
    for (int format = 0; format < 3; format++) {
        struct record_formats formats = {
            (enum record_format)format, (enum record_format)format, RECORD_STRING, false
        };
        const char *text = written(&record, formats);
        ck_assert_msg(
            strstr(text, ",\"key_base64\":\"//4=\",\"value_base64\":\"wyg=\",") != NULL, "%s", text
        );
        ck_assert_ptr_null(strstr(text, "\"key\":"));
        ck_assert_ptr_null(strstr(text, "\"value\":"));
    }
}

END_TEST

static const struct {
    const char *value;
    const char *embedded;
} values[] = {
    { "{\"b\":1,\"a\":1e400,\"a\":9223372036854775808}",
      "\"value\":{\"b\":1,\"a\":1e400,\"a\":9223372036854775808}," },
    { " [1.50, 2] ", "\"value\":[1.50, 2]," },
    { "null",
      "\"value\":null,\"headers\":[],\"serialized_key_size\":4,\"serialized_value_size\":4}" },
    { "\"text\"", "\"value\":\"text\"," },
    { "text", "\"value\":\"text\"," },
    { "{\"cut\":", "\"value\":\"{\\\"cut\\\":\"," },
    { "", "\"value\":\"\"," },
};

START_TEST(json_is_embedded_byte_for_byte_and_the_rest_comes_as_text) { // pitfall 110, pitfall 113
    struct kc_record record = order();
    record.value = bytes_of(values[_i].value);
    const char *text = written(&record, (struct record_formats){ .value = RECORD_JSON });
    ck_assert_msg(strstr(text, values[_i].embedded) != NULL, "%s", text);
}

END_TEST

START_TEST(embedded_json_breaks_no_line) {
    struct kc_record record = order();
    record.value = bytes_of("{\r\n  \"a\": \"x\\ny\"\n}");
    const char *text =
        written(&record, (struct record_formats){ .value = RECORD_JSON, .lines = true });
    ck_assert_ptr_null(strpbrk(text, "\r\n"));
    ck_assert_msg(strstr(text, "\"value\":{    \"a\": \"x\\ny\" },") != NULL, "%s", text);
    text = written(&record, (struct record_formats){ .value = RECORD_JSON });
    ck_assert_ptr_nonnull(strstr(text, "\"value\":{\r\n  \"a\": \"x\\ny\"\n},"));
}

END_TEST

START_TEST(headers_keep_order_duplicates_and_nulls) { // pitfall 101
    static const uint8_t bad[] = { 0xff };
    struct kc_header headers[] = {
        { bytes_of("a"), bytes_of("1") },   { bytes_of("a"), { NULL, 0 } },
        { bytes_of(""), bytes_of("") },     { { bad, 1 }, { bad, 1 } },
        { bytes_of("j"), bytes_of("[1]") },
    };
    struct kc_record record = order();
    record.header_count = 5;
    struct out encoded = fake_headers(headers, 5);
    record.headers = (struct kc_bytes){ (const uint8_t *)encoded.data, encoded.size };
    const char *text = written(&record, (struct record_formats){ .header = RECORD_STRING });
    ck_assert_msg(
        strstr(
            text,
            "\"headers\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"a\",\"value\":null},"
            "{\"key\":\"\",\"value\":\"\"},{\"key_base64\":\"/w==\",\"value_base64\":\"/w==\"},"
            "{\"key\":\"j\",\"value\":\"[1]\"}]"
        ) != NULL,
        "%s",
        text
    );
    text = written(&record, (struct record_formats){ .header = RECORD_JSON });
    ck_assert_ptr_nonnull(strstr(text, "{\"key\":\"j\",\"value\":[1]}"));
    out_dispose(&encoded);
}

END_TEST

START_TEST(a_writer_follows_from_partition_to_partition) {
    struct record_writer writer;
    struct out out = { 0 };
    struct kc_record record = order();
    record_writer_init(&writer, (struct record_formats){ 0 });

    static const struct {
        const char *topic;
        int32_t partition;
        const char *head;
    } places[] = {
        { "a", 0, "{\"topic\":\"a\",\"partition\":0,\"offset\":8123," },
        { "a", 1, "{\"topic\":\"a\",\"partition\":1,\"offset\":8123," },
        { "b", 1, "{\"topic\":\"b\",\"partition\":1,\"offset\":8123," },
        { "a\"\xff", 0, "{\"topic\":\"a\\\"\xef\xbf\xbd\",\"partition\":0,\"offset\":8123," },
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        record.topic = places[i].topic;
        record.partition = places[i].partition;
        out.size = 0;
        record_write(&writer, &out, &record);
        ck_assert_msg(
            strncmp(out_text(&out), places[i].head, strlen(places[i].head)) == 0,
            "%s",
            out_text(&out)
        );
    }
    record_writer_dispose(&writer);
    out_dispose(&out);
}

END_TEST

START_TEST(the_writer_puts_commas_where_they_belong) {
    struct out out = { 0 };
    writer_begin_object(&out);
    writer_member_integer(&out, "a", -5);
    writer_key(&out, "list");
    writer_begin_array(&out);
    writer_integer(&out, 1);
    writer_string(&out, "x{");
    writer_string(&out, NULL);
    writer_begin_object(&out);
    writer_end_object(&out);
    writer_begin_array(&out);
    writer_end_array(&out);
    writer_end_array(&out);
    writer_member_known(&out, "k", -1);
    writer_member_known(&out, "l", 0);
    writer_member_boolean(&out, "b", true);
    writer_member_bytes(&out, "m", bytes_of("\xff"));
    writer_end_object(&out);
    ck_assert_str_eq(
        out_text(&out),
        "{\"a\":-5,\"list\":[1,\"x{\",null,{},[]],\"k\":null,\"l\":0,\"b\":true,\"m_base64\":\"/"
        "w==\"}"
    );
    out_dispose(&out);
}

END_TEST

SUITE(record) {
    Suite *s = suite_create("server/json/record");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(
        tables,
        json_is_embedded_byte_for_byte_and_the_rest_comes_as_text,
        0,
        sizeof values / sizeof values[0]
    );
    suite_add_tcase(s, tables);
    ADD_CASE(
        s,
        "record",
        a_record_looks_as_documented,
        an_old_record_has_a_checksum_and_maybe_no_time,
        null_and_empty_differ,
        bytes_that_are_no_text_come_as_base64,
        embedded_json_breaks_no_line,
        headers_keep_order_duplicates_and_nulls,
        a_writer_follows_from_partition_to_partition,
        the_writer_puts_commas_where_they_belong
    );
    return s;
}
