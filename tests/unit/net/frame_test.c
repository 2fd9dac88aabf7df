// SPDX-License-Identifier: Apache-2.0
// Cutting a byte stream into frames, however it arrives.
#include "consumer/base/random.h"
#include "consumer/net/frame.h"
#include "consumer/wire/writer.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { LIMIT = 100 * 1024 };

static const size_t sizes[] = {
    4, 5, 100, FRAME_STAGING_BYTES - 5, FRAME_STAGING_BYTES - 4, 16384, 16385, 65536, LIMIT, 4, 4, 4
};

enum { FRAMES = sizeof sizes / sizeof sizes[0] };

static uint8_t content(size_t frame, size_t at) {
    return (uint8_t)(frame * 31 + at * 7);
}

static void write_frames(struct buf *stream) {
    for (size_t i = 0; i < FRAMES; i++) {
        writer_int32(stream, (int32_t)sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            buf_append_byte(stream, content(i, at));
    }
}

static void check_frame(const struct chunk *frame, size_t number) {
    EXPECT(number < FRAMES);
    EXPECT(frame->size == sizes[number]);
    for (size_t at = 0; at < frame->size; at++)
        EXPECT(frame->data[at] == content(number, at));
}

// Takes all frames that are there; returns how many.
static size_t take_all(struct frame_reader *reader, size_t first) {
    size_t taken = 0;
    for (;;) {
        struct chunk *frame = NULL;
        EXPECT(frame_reader_take(reader, &frame) == STATUS_OK);
        if (!frame) return taken;
        check_frame(frame, first + taken);
        chunk_unref(frame);
        taken++;
    }
}

// Feeds the whole stream in reads of at most `most` bytes, or of random sizes with 0.
static void feed(size_t most, uint64_t seed) {
    struct random random;
    random_init(&random, seed);
    struct buf stream = { 0 };
    write_frames(&stream);
    struct frame_reader reader;
    frame_reader_init(&reader, LIMIT);
    size_t frames = 0;
    for (size_t at = 0; at < stream.size;) {
        uint8_t *space = NULL;
        size_t room = 0;
        frame_reader_space(&reader, &space, &room);
        EXPECT(room > 0);
        size_t bound = most > 0 ? most : (size_t)random_below(&random, 40000) + 1;
        size_t count = stream.size - at;
        if (count > room) count = room;
        if (count > bound) count = bound;
        memcpy(space, stream.data + at, count);
        frame_reader_on_bytes(&reader, count);
        at += count;
        frames += take_all(&reader, frames);
    }
    EXPECT(frames == FRAMES);
    frame_reader_dispose(&reader);
    buf_dispose(&stream);
}

START_TEST(frames_come_out_whole_however_the_bytes_arrive) {
    static const size_t reads[] = { 1, 2, 3, 4, 5, 7, 1000, 16383, 16384, 1 << 20 };

    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        feed(reads[i], 0);
    for (uint64_t seed = 1; seed <= 30; seed++)
        feed(0, seed);
}

END_TEST

static enum status take_after(const void *bytes, size_t size, size_t limit) {
    struct frame_reader reader;
    frame_reader_init(&reader, limit);
    uint8_t *space = NULL;
    size_t room = 0;
    frame_reader_space(&reader, &space, &room);
    memcpy(space, bytes, size);
    frame_reader_on_bytes(&reader, size);
    struct chunk *frame = NULL;
    enum status status = frame_reader_take(&reader, &frame);
    ck_assert_ptr_null(frame);
    frame_reader_dispose(&reader);
    return status;
}

// pitfall 89
START_TEST(a_length_that_cannot_be_is_refused_before_anything_is_allocated) {
    static const struct {
        uint8_t bytes[4];
        enum status status;
    } cases[] = {
        { { 0, 0, 0, 0 }, STATUS_INVALID_FRAME },
        { { 0, 0, 0, 3 }, STATUS_INVALID_FRAME },
        { { 0, 0, 0, 4 }, STATUS_OK },
        { { 0xff, 0xff, 0xff, 0xff }, STATUS_INVALID_FRAME },
        { { 0x80, 0, 0, 0 }, STATUS_INVALID_FRAME },
        { { 0x7f, 0xff, 0xff, 0xff }, STATUS_TOO_LARGE },
        { { 'H', 'T', 'T', 'P' }, STATUS_TOO_LARGE },
        { { 0x15, 3, 1, 0 }, STATUS_TOO_LARGE },
        { { 0, 1, 0x90, 0 }, STATUS_OK },
        { { 0, 1, 0x90, 1 }, STATUS_TOO_LARGE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(take_after(cases[i].bytes, 4, 0x19000), cases[i].status);
    ck_assert_int_eq(take_after(cases[0].bytes, 3, 0x19000), STATUS_OK);
}

END_TEST

START_TEST(a_length_that_is_none_names_who_speaks) {
    ck_assert_str_eq(frame_peer_guess(0x48545450u), "an HTTP server");
    ck_assert_str_eq(frame_peer_guess(0x15030100u), "TLS");
    ck_assert_str_eq(frame_peer_guess(0x16030301u), "TLS");
    ck_assert_str_eq(frame_peer_guess(0x5353482du), "an SSH server");
    ck_assert_ptr_null(frame_peer_guess(0x7fffffffu));
}

END_TEST

START_TEST(a_disposed_reader_starts_anew) {
    struct frame_reader reader;
    frame_reader_init(&reader, LIMIT);
    for (int round = 0; round < 2; round++) {
        uint8_t *space = NULL;
        size_t room = 0;
        frame_reader_space(&reader, &space, &room);
        static const uint8_t half[] = { 0, 1, 0, 0, 'h', 'a', 'l', 'f' };
        memcpy(space, half, sizeof half);
        frame_reader_on_bytes(&reader, sizeof half);
        struct chunk *frame = NULL;
        ck_assert_int_eq(frame_reader_take(&reader, &frame), STATUS_OK);
        ck_assert_ptr_null(frame);
        frame_reader_dispose(&reader);
    }
}

END_TEST

SUITE(frame) {
    Suite *s = suite_create("net/frame");
    ADD_CASE(
        s,
        "frame",
        frames_come_out_whole_however_the_bytes_arrive,
        a_length_that_cannot_be_is_refused_before_anything_is_allocated,
        a_length_that_is_none_names_who_speaks,
        a_disposed_reader_starts_anew
    );
    return s;
}
