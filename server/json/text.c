// SPDX-License-Identifier: Apache-2.0
// Runs of plain ASCII are copied by SSE2 registers or by words; the rest goes byte by byte.
#include "server/json/text.h"

#include "server/base/must.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#    include <emmintrin.h>
#endif

enum { BLOCK_BYTES = 16, LONGEST_ESCAPE = 6, LONGEST_SEQUENCE = 4, CHUNK_BYTES = 4096 };

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
    must(at != NULL || size == 0);
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

/// Copies a block and returns how many of its leading bytes are plain.
static size_t copy_block(char *to, const uint8_t *at) {
    __m128i block = _mm_loadu_si128((const void *)at);
    _mm_storeu_si128((void *)to, block);
    unsigned special = special_bytes(block);
    return special ? (size_t)__builtin_ctz(special) : BLOCK_BYTES;
}
#else
size_t text_plain_run(const uint8_t *at, size_t size) {
    return text_plain_run_by_words(at, size);
}

static size_t copy_block(char *to, const uint8_t *at) {
    memcpy(to, at, BLOCK_BYTES);
    return text_plain_run_by_words(at, BLOCK_BYTES);
}
#endif

static bool is_tail(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

static inline size_t sequence(const uint8_t *at, size_t size) {
    uint8_t first = at[0];
    if (first < 0xc2 || first > 0xf4 || size < 2) return 0;
    if (first < 0xe0) return is_tail(at[1]) ? 2 : 0;
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < least || at[1] > most || size < 3 || !is_tail(at[2])) return 0;
    if (first < 0xf0) return 3;
    return size >= 4 && is_tail(at[3]) ? 4 : 0;
}

size_t text_sequence(const uint8_t *at, size_t size) {
    must(size > 0 && at[0] >= 0x80);
    return sequence(at, size);
}

/// The escape of each ASCII character that needs one; the length of the others is 0. It is copied
/// with all its bytes, which is one store.
static const struct escape {
    char text[7];
    uint8_t length;
} escapes[128] = {
    { "\\u0000", 6 },      { "\\u0001", 6 },       { "\\u0002", 6 }, { "\\u0003", 6 },
    { "\\u0004", 6 },      { "\\u0005", 6 },       { "\\u0006", 6 }, { "\\u0007", 6 },
    { "\\b", 2 },          { "\\t", 2 },           { "\\n", 2 },     { "\\u000b", 6 },
    { "\\f", 2 },          { "\\r", 2 },           { "\\u000e", 6 }, { "\\u000f", 6 },
    { "\\u0010", 6 },      { "\\u0011", 6 },       { "\\u0012", 6 }, { "\\u0013", 6 },
    { "\\u0014", 6 },      { "\\u0015", 6 },       { "\\u0016", 6 }, { "\\u0017", 6 },
    { "\\u0018", 6 },      { "\\u0019", 6 },       { "\\u001a", 6 }, { "\\u001b", 6 },
    { "\\u001c", 6 },      { "\\u001d", 6 },       { "\\u001e", 6 }, { "\\u001f", 6 },
    ['"'] = { "\\\"", 2 }, ['\\'] = { "\\\\", 2 },
};

_Static_assert(sizeof(struct escape) == 8, "an escape is one word");

/// Copies sequences as long as they follow each other; returns where they end.
static const uint8_t *copy_sequences(
    char **to, const uint8_t *at, const uint8_t *stop, const uint8_t *end
) {
    must(at <= stop && stop <= end);
    char *out = *to;
    while (at < stop && *at >= 0x80) {
        size_t length = sequence(at, (size_t)(end - at));
        if (length == 0) break;
        if (end - at >= LONGEST_SEQUENCE) {
            memcpy(out, at, LONGEST_SEQUENCE); // one store; what is too much is written over
        } else {
            memcpy(out, at, length);
        }
        out += length;
        at += length;
    }
    *to = out;
    return at;
}

/// Escapes from `at` up to `stop`, or beyond it by the rest of a sequence (`end` is the end of
/// all), or up to the first byte that is no UTF-8. `*to` has room for the longest escape of each
/// byte and a block.
static const uint8_t *escape_chunk(
    char **to, const uint8_t *at, const uint8_t *stop, const uint8_t *end
) {
    must(at <= stop && stop <= end && *to != NULL);
    char *out = *to;
    while (at < stop) {
        if (stop - at >= BLOCK_BYTES) {
            size_t run = copy_block(out, at);
            out += run;
            at += run;
            if (run == BLOCK_BYTES) continue;
        }
        uint8_t byte = *at;
        if (byte < 0x80) {
            const struct escape *escape = &escapes[byte];
            memcpy(out, escape->text, sizeof escape->text);
            if (escape->length == 0) *out = (char)byte;
            out += escape->length ? escape->length : 1;
            at++;
            continue;
        }
        const uint8_t *reached = copy_sequences(&out, at, stop, end);
        if (reached == at) break; // no UTF-8
        at = reached;
    }
    *to = out;
    return at;
}

/// Appends what is UTF-8, escaped, up to the first byte that is none; returns how many bytes were
/// taken.
static size_t escape_run(struct out *out, const uint8_t *at, size_t size) {
    size_t taken = 0;
    while (taken < size) {
        size_t chunk = size - taken < CHUNK_BYTES ? size - taken : CHUNK_BYTES;
        char *begin = out_room(out, chunk * LONGEST_ESCAPE + BLOCK_BYTES);
        char *to = begin;
        const uint8_t *stop = at + taken + chunk;
        const uint8_t *reached = escape_chunk(&to, at + taken, stop, at + size);
        out->size += (size_t)(to - begin);
        taken = (size_t)(reached - at);
        if (reached < stop) break;
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
