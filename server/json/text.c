// SPDX-License-Identifier: Apache-2.0
// Runs of plain ASCII are copied by SSE2 registers or by words; the rest goes byte by byte.
#include "server/json/text.h"

#include "server/base/must.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#    include <emmintrin.h>
#endif

enum { BLOCK_BYTES = 16, LONGEST_ESCAPE = 6 };

static bool byte_is_plain(uint8_t byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static uint64_t repeated(uint8_t byte) {
    return (UINT64_MAX / 0xff) * byte;
}

/// Not 0 when any of eight bytes is below `bound` (<= 0x80), given that none has its high bit set.
static uint64_t any_below(uint64_t word, uint8_t bound) {
    return (word - repeated(bound)) & ~word & repeated(0x80);
}

static bool word_is_plain(uint64_t word) {
    if (word & repeated(0x80)) return false;
    uint64_t quotes = any_below(word ^ repeated('"'), 1);
    uint64_t backslashes = any_below(word ^ repeated('\\'), 1);
    return !(any_below(word, 0x20) | quotes | backslashes);
}

size_t text_plain_run_by_words(const uint8_t *at, size_t size) {
    size_t run = 0;
    for (; size - run >= sizeof(uint64_t); run += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at + run, sizeof word);
        if (!word_is_plain(word)) break;
    }
    while (run < size && byte_is_plain(at[run]))
        run++;
    return run;
}

#ifdef __SSE2__
/// One bit for each of sixteen bytes that is not plain. As a signed number a byte of 0x80 or more
/// is below the space too.
static unsigned special_bytes(__m128i block) {
    __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    __m128i quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i backslashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quotes, backslashes)));
}

size_t text_plain_run(const uint8_t *at, size_t size) {
    size_t run = 0;
    for (; size - run >= BLOCK_BYTES; run += BLOCK_BYTES) {
        unsigned special = special_bytes(_mm_loadu_si128((const void *)(at + run)));
        if (special) return run + (size_t)__builtin_ctz(special);
    }
    return run + text_plain_run_by_words(at + run, size - run);
}

/// Copies the plain run and returns its length; `to` has a block more room than `size`.
static size_t copy_plain(char *to, const uint8_t *at, size_t size) {
    size_t run = 0;
    for (; size - run >= BLOCK_BYTES; run += BLOCK_BYTES) {
        __m128i block = _mm_loadu_si128((const void *)(at + run));
        _mm_storeu_si128((void *)(to + run), block);
        unsigned special = special_bytes(block);
        if (special) return run + (size_t)__builtin_ctz(special);
    }
    size_t rest = text_plain_run_by_words(at + run, size - run);
    memcpy(to + run, at + run, rest);
    return run + rest;
}
#else
size_t text_plain_run(const uint8_t *at, size_t size) {
    return text_plain_run_by_words(at, size);
}

static size_t copy_plain(char *to, const uint8_t *at, size_t size) {
    size_t run = text_plain_run_by_words(at, size);
    memcpy(to, at, run);
    return run;
}
#endif

static bool is_tail(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

size_t text_sequence(const uint8_t *at, size_t size) {
    uint8_t first = at[0];
    if (first < 0xc2 || first > 0xf4 || size < 2) return 0;
    if (first < 0xe0) return is_tail(at[1]) ? 2 : 0;
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < least || at[1] > most || size < 3 || !is_tail(at[2])) return 0;
    if (first < 0xf0) return 3;
    return size >= 4 && is_tail(at[3]) ? 4 : 0;
}

/// Writes the escape of one ASCII character that needs one; returns its length.
static size_t write_escape(char *to, uint8_t byte) {
    static const char hex[] = "0123456789abcdef";
    static const char shorts[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    to[0] = '\\';
    if (byte >= 0x20 || shorts[byte]) {
        to[1] = (char)(byte >= 0x20 ? byte : shorts[byte]);
        return 2;
    }
    to[1] = 'u';
    to[2] = to[3] = '0';
    to[4] = hex[byte >> 4];
    to[5] = hex[byte & 0xf];
    return LONGEST_ESCAPE;
}

/// Appends from `at` what is plain, sequences and escapes, up to the first byte that is no UTF-8 or
/// the end; returns how many bytes were taken.
static size_t escape_run(struct out *out, const uint8_t *at, size_t size) {
    size_t taken = 0;
    while (taken < size) {
        char *to = out_room(out, size - taken + BLOCK_BYTES);
        size_t run = copy_plain(to, at + taken, size - taken);
        out->size += run;
        taken += run;
        if (taken == size) break;
        if (at[taken] < 0x80) {
            out->size += write_escape(out_room(out, LONGEST_ESCAPE), at[taken++]);
            continue;
        }
        size_t length = 0;
        for (; taken < size && at[taken] >= 0x80; taken += length) {
            length = text_sequence(at + taken, size - taken);
            if (length == 0) return taken;
            out_append(out, at + taken, length);
        }
    }
    return taken;
}

bool text_escape(struct out *out, struct kc_bytes bytes) {
    must(bytes.data != NULL || bytes.size == 0);
    size_t before = out->size;
    if (escape_run(out, bytes.data, bytes.size) == bytes.size) return true;
    out->size = before;
    return false;
}

void text_escape_lossy(struct out *out, struct kc_bytes bytes) {
    must(bytes.data != NULL || bytes.size == 0);
    size_t taken = 0;
    for (;;) {
        taken += escape_run(out, bytes.data + taken, bytes.size - taken);
        if (taken == bytes.size) return;
        OUT_LITERAL(out, "\xef\xbf\xbd");
        taken++;
    }
}
