// SPDX-License-Identifier: Apache-2.0
// By registers where the processor can shuffle bytes; else, and for the rest, twelve bits become
// two characters by one look-up in a table that is made at the first use.
#include "server/json/base64.h"

#include "server/base/must.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#    include <tmmintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { PAIRS = 1 << 12, BLOCK_BYTES = 12, REGISTER_BYTES = 16 };

static uint16_t pairs[PAIRS]; // two characters each, as they lie in memory
static bool has_shuffle;      // the processor's SSSE3
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void) {
    for (unsigned i = 0; i < PAIRS; i++) {
        const char pair[2] = { alphabet[i >> 6], alphabet[i & 0x3f] };
        memcpy(&pairs[i], pair, sizeof pair);
    }
#ifdef __SSE2__
    has_shuffle = __builtin_cpu_supports("ssse3");
#endif
}

static uint32_t three_bytes(const uint8_t *at) {
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static void write_group(char *to, uint32_t bits) {
    memcpy(to, &pairs[bits >> 12], 2);
    memcpy(to + 2, &pairs[bits & (PAIRS - 1)], 2);
}

/// Encodes all bytes at `to`; returns the end of the text.
static char *encode_by_pairs(char *to, const uint8_t *at, size_t size) {
    for (; size >= 3; size -= 3, at += 3, to += 4)
        write_group(to, three_bytes(at));
    if (size == 0) return to;
    const uint8_t last[3] = { at[0], (uint8_t)(size == 2 ? at[1] : 0), 0 };
    write_group(to, three_bytes(last));
    if (size == 1) to[2] = '=';
    to[3] = '=';
    return to + 4;
}

#ifdef __SSE2__
/// Twelve bytes to sixteen characters: each three bytes are spread over a lane of four, shifted by
/// multiplication into six bits each, and moved to their place in ASCII by an offset that is looked
/// up by the range that the six bits are in.
__attribute__((target("ssse3"))) static __m128i encode_block(__m128i bytes) {
    const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m128i offsets = _mm_setr_epi8(
        'a' - 26,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '0' - 52,
        '+' - 62,
        '/' - 63,
        'A',
        0,
        0
    );
    __m128i lanes = _mm_shuffle_epi8(bytes, spread);
    __m128i odd = _mm_mulhi_epu16(
        _mm_and_si128(lanes, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040)
    );
    __m128i even = _mm_mullo_epi16(
        _mm_and_si128(lanes, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010)
    );
    __m128i sixes = _mm_or_si128(odd, even);
    // 0 for lower case and below, 1 to 12 for digits and signs; 13 for upper case
    __m128i range = _mm_subs_epu8(sixes, _mm_set1_epi8(51));
    __m128i upper = _mm_cmpgt_epi8(_mm_set1_epi8(26), sixes);
    range = _mm_or_si128(range, _mm_and_si128(upper, _mm_set1_epi8(13)));
    return _mm_add_epi8(_mm_shuffle_epi8(offsets, range), sixes);
}

/// Encodes whole blocks as long as a register can be loaded; returns how many bytes were taken.
__attribute__((target("ssse3"))) static size_t encode_blocks(
    char *to, const uint8_t *at, size_t size
) {
    size_t taken = 0;
    for (; size - taken >= REGISTER_BYTES; taken += BLOCK_BYTES, to += REGISTER_BYTES) {
        __m128i bytes = _mm_loadu_si128((const void *)(at + taken));
        _mm_storeu_si128((void *)to, encode_block(bytes));
    }
    return taken;
}
#else
static size_t encode_blocks(char *to, const uint8_t *at, size_t size) {
    (void)to, (void)at, (void)size;
    return 0;
}
#endif

void base64_append(struct out *out, struct kc_bytes bytes) {
    if (bytes.size == 0) return;
    must(bytes.data != NULL);
    must(pthread_once(&once, prepare) == 0);
    char *begin = out_room(out, (bytes.size + 2) / 3 * 4);
    size_t taken = has_shuffle ? encode_blocks(begin, bytes.data, bytes.size) : 0;
    char *to = begin + taken / 3 * 4;
    to = encode_by_pairs(to, bytes.data + taken, bytes.size - taken);
    out->size += (size_t)(to - begin);
}

void base64_append_by_pairs(struct out *out, struct kc_bytes bytes) {
    if (bytes.size == 0) return;
    must(bytes.data != NULL);
    must(pthread_once(&once, prepare) == 0);
    char *begin = out_room(out, (bytes.size + 2) / 3 * 4);
    out->size += (size_t)(encode_by_pairs(begin, bytes.data, bytes.size) - begin);
}
