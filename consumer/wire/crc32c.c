// SPDX-License-Identifier: Apache-2.0
// The instruction works on eight bytes at a time, the tables too ("slicing by 8"): which of the two
// is asked anew for each call, from what the C library found out at start, so there is nothing to
// initialise and nothing to lock.
#include "consumer/wire/crc32c.h"

#include "consumer/base/must.h"

#include <string.h>

#if defined(__x86_64__)
#    include <immintrin.h>
#    define INSTRUCTION         "sse4.2"
#    define HAS_INSTRUCTION     __builtin_cpu_supports(INSTRUCTION)
#    define CRC_OF_8(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#    define CRC_OF_1(crc, byte) _mm_crc32_u8((crc), (byte))
#elif defined(__AARCH64EL__) && (!defined(__clang__) || defined(__ARM_FEATURE_CRC32))
#    include <arm_acle.h>
#    include <sys/auxv.h>
#    define INSTRUCTION         "+crc"
#    define HAS_INSTRUCTION     ((getauxval(AT_HWCAP) & HWCAP_CRC32) != 0)
#    define CRC_OF_8(crc, word) __crc32cd((crc), (word))
#    define CRC_OF_1(crc, byte) __crc32cb((crc), (byte))
#endif

// A table's entry is linear in the bits of its index, so eight constants make a table of 256: the
// entries of 1, 2, 4 ... 128. tables[n][i] is what the byte i becomes by n more zero bytes.
#define BIT(index, n, entry) (((unsigned)(index) >> (n)) & 1U ? (entry) : 0U)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                      \
    BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ \
        BIT(i, 6, g) ^ BIT(i, 7, h)
#define ENTRIES_4(i, ...)                                                              \
    ENTRY((i), __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__), \
        ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
    ENTRIES_4((i), __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__), ENTRIES_4((i) + 8, __VA_ARGS__), \
        ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                           \
    ENTRIES_16((i), __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__), \
        ENTRIES_16((i) + 32, __VA_ARGS__), ENTRIES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                             \
    {                                                                                          \
        ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__), \
            ENTRIES_64(192, __VA_ARGS__)                                                       \
    }

// clang-format off
static const uint32_t tables[8][256] = {
    TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78),
    TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9),
    TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743),
    TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f),
    TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c),
    TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6),
    TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
    TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664),
};

// clang-format on

uint32_t crc32c_by_table(uint32_t crc, const void *data, size_t size) {
    must(data != NULL || size == 0);
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        crc = tables[7][at[0] ^ (crc & 0xff)] ^ tables[6][at[1] ^ (crc >> 8 & 0xff)] ^
              tables[5][at[2] ^ (crc >> 16 & 0xff)] ^ tables[4][at[3] ^ (crc >> 24)] ^
              tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
    }
    for (; size > 0; size--, at++)
        crc = tables[0][(crc ^ *at) & 0xff] ^ crc >> 8;
    return ~crc;
}

#ifdef INSTRUCTION
__attribute__((target(INSTRUCTION))) static uint32_t crc32c_by_instruction(
    uint32_t crc, const void *data, size_t size
) {
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        crc = CRC_OF_8(crc, word);
    }
    for (; size > 0; size--, at++)
        crc = CRC_OF_1(crc, *at);
    return ~crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t size) {
    must(data != NULL || size == 0);
#ifdef INSTRUCTION
    if (HAS_INSTRUCTION) return crc32c_by_instruction(crc, data, size);
#endif
    return crc32c_by_table(crc, data, size);
}
