// SPDX-License-Identifier: Apache-2.0
// Compressed answers: who gets them, that they say what plain ones say, and that delivery goes by
// the bytes that were sent.
#include "server/http/encoding.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <zstd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LARGE_BYTES = 6 << 20 };

static struct client client;

static void begin(void) {
    fake_add_partition("orders", 0, 0);
    sidecar_up(NULL);
    client = client_connect();
}

static void end(void) {
    client_close(&client);
    sidecar_down();
}

static const struct {
    const char *header;
    enum encoding best;
    bool takes_plain;
} wishes[] = {
    { NULL, ENCODING_IDENTITY, true },
    { "", ENCODING_IDENTITY, true },
    { "gzip", ENCODING_GZIP, true },
    { "GZip", ENCODING_GZIP, true },
    { "x-gzip", ENCODING_GZIP, true },
    { "gzip, deflate, br, zstd", ENCODING_ZSTD, true },
    { "gzip;q=1.0, zstd;q=0.9", ENCODING_GZIP, true },
    { "gzip;q=0.001", ENCODING_GZIP, true },
    { "zstd;q=0, gzip", ENCODING_GZIP, true },
    { "zstd;q=0, gzip;q=0", ENCODING_IDENTITY, true },
    { "identity;q=0, gzip", ENCODING_GZIP, false },
    { "identity, gzip;q=0.5", ENCODING_IDENTITY, true },
    { "identity;q=0.5, gzip;q=0.8", ENCODING_GZIP, true },
    { "*", ENCODING_ZSTD, true },
    { "*;q=0, gzip", ENCODING_GZIP, false },
    { "*;q=0, identity", ENCODING_IDENTITY, true },
    { "br, deflate", ENCODING_IDENTITY, true },
    { " , gzip ; q=1 ,", ENCODING_GZIP, true },
};

START_TEST(the_wanted_encoding_is_chosen) {
    struct encoding_wish wish;
    ck_assert_msg(encoding_choose(wishes[_i].header, &wish), "%s", wishes[_i].header);
    ck_assert_msg(wish.best == wishes[_i].best, "%s: %d", wishes[_i].header, (int)wish.best);
    ck_assert_msg(wish.takes_plain == wishes[_i].takes_plain, "%s", wishes[_i].header);
}

END_TEST

START_TEST(who_takes_nothing_that_can_be_had_is_told) { // pitfall 110
    static const char *const headers[] = {
        "identity;q=0", "*;q=0", "br, *;q=0", "identity;q=0, zstd;q=0, gzip;q=0, br"
    };
    struct encoding_wish wish;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        ck_assert_msg(!encoding_choose(headers[i], &wish), "%s", headers[i]);
    fake_add_text("orders", 0, "a");
    client_send(
        &client, "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: *;q=0\r\n\r\n"
    );
    ck_assert_int_eq(client_read(&client), 406);
    ck_assert_int_eq(fake_counts().opened, 0);
}

END_TEST

/// Replaces the last answer's body by what it was before it was compressed.
static void unpack(void) {
    const char *encoding = client_header(&client, "Content-Encoding");
    struct out plain = { 0 };
    char *room = out_room(&plain, (size_t)4 * LARGE_BYTES);
    size_t size = (size_t)4 * LARGE_BYTES;
    ck_assert_ptr_nonnull(encoding);
    if (strcmp(encoding, "zstd") == 0) {
        size = ZSTD_decompress(room, size, client.body.data, client.body.size);
        ck_assert(!ZSTD_isError(size));
    } else {
        ck_assert_str_eq(encoding, "gzip");
        z_stream stream = { .next_in = (Bytef *)client.body.data,
                            .avail_in = (uInt)client.body.size,
                            .next_out = (Bytef *)room,
                            .avail_out = (uInt)size };
        ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
        ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
        ck_assert_uint_eq(stream.avail_in, 0);
        size = stream.total_out;
        (void)inflateEnd(&stream);
    }
    plain.size = size;
    out_dispose(&client.body);
    client.body = plain;
}

static int ask(const char *method, const char *target, const char *accepted) {
    char text[300];
    (void)snprintf(client.method, sizeof client.method, "%s", method);
    (void)snprintf(client.target, sizeof client.target, "%s", target);
    (void)snprintf(
        text,
        sizeof text,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: %s\r\n\r\n",
        method,
        target,
        accepted
    );
    client_send(&client, text);
    return client_read(&client);
}

static void add_large(int count) {
    static char value[LARGE_BYTES];
    for (size_t i = 0; i + 1 < sizeof value; i++)
        value[i] = (char)('a' + i * i % 23);
    for (int i = 0; i < count; i++)
        fake_add_text("orders", 0, value);
}

START_TEST(a_compressed_answer_says_what_the_plain_one_says) {
    static const char *const accepted[] = { "gzip", "zstd" };
    add_large(1);
    ck_assert_int_eq(client_call(&client, "GET", "/v1/poll?update_offsets=false", NULL), 200);
    ck_assert_ptr_null(client_header(&client, "Content-Encoding"));
    ck_assert_str_eq(client_header(&client, "Vary"), "Accept-Encoding");
    struct out plain = { 0 };
    out_append(&plain, client.body.data, client.body.size);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(ask("GET", "/v1/poll?update_offsets=false", accepted[i]), 200);
        ck_assert_str_eq(client_header(&client, "Content-Encoding"), accepted[i]);
        ck_assert_str_eq(client_header(&client, "Vary"), "Accept-Encoding");
        ck_assert_uint_lt(client.body.size, plain.size / 2);
        size_t packed = client.body.size;
        unpack();
        ck_assert_uint_eq(client.body.size, plain.size);
        ck_assert_int_eq(memcmp(client.body.data, plain.data, plain.size), 0);
        ck_assert_int_eq(ask("HEAD", "/v1/poll", accepted[i]), 200);
        ck_assert_str_eq(client_header(&client, "Content-Encoding"), accepted[i]);
        ck_assert_uint_eq(strtoul(client_header(&client, "Content-Length"), NULL, 10), packed);
    }
    out_dispose(&plain);
}

END_TEST

START_TEST(small_answers_stay_plain_unless_nothing_else_is_taken) {
    ck_assert_int_eq(ask("GET", "/v1/paused", "gzip, zstd"), 200);
    ck_assert_ptr_null(client_header(&client, "Content-Encoding"));
    ck_assert_ptr_null(client_header(&client, "Vary"));
    ck_assert_int_eq(ask("HEAD", "/v1/paused", "identity;q=0, gzip"), 200);
    ck_assert_str_eq(client_header(&client, "Content-Encoding"), "gzip");
    ck_assert_int_eq(ask("HEAD", "/openapi.json", "gzip"), 200);
    ck_assert_str_eq(client_header(&client, "Content-Encoding"), "gzip");
}

END_TEST

START_TEST(a_compressed_answer_that_is_cut_comes_again) { // pitfall 105
    add_large(1);
    client_send(
        &client, "GET /v1/poll HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
    );
    client_read_some(&client, 200);
    client_close(&client);
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().put_back, 1);
    client = client_connect();
    ck_assert_int_eq(ask("GET", "/v1/poll", "zstd"), 200);
    client_close(&client); // with all of it read
    fake_wait_for_no_poll();
    ck_assert_int_eq(fake_counts().accepted, 1);
    client = client_connect();
}

END_TEST

SUITE(encoding) {
    Suite *s = suite_create("server/http/encoding");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, the_wanted_encoding_is_chosen, 0, sizeof wishes / sizeof wishes[0]);
    suite_add_tcase(s, tables);
    TCase *cases = tcase_create("encoding");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, who_takes_nothing_that_can_be_had_is_told);
    tcase_add_test(cases, a_compressed_answer_says_what_the_plain_one_says);
    tcase_add_test(cases, small_answers_stay_plain_unless_nothing_else_is_taken);
    tcase_add_test(cases, a_compressed_answer_that_is_cut_comes_again);
    suite_add_tcase(s, cases);
    return s;
}
