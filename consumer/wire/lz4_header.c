// SPDX-License-Identifier: Apache-2.0
// The checksum is the second byte of the 32-bit xxHash of the descriptor, which has 2 to 14 bytes:
// of that hash only the part for inputs below 16 bytes is needed.
#include "consumer/wire/lz4_header.h"

#include "consumer/base/must.h"

#include <string.h>

enum { MAGIC_SIZE = 4, FLAGS_SIZE = 2, CONTENT_SIZE_SIZE = 8, DICTIONARY_ID_SIZE = 4, SHORT = 16 };

enum { HAS_CONTENT_SIZE = 0x08, HAS_DICTIONARY_ID = 0x01 };

static const uint32_t prime_1 = 0x9e3779b1U;
static const uint32_t prime_2 = 0x85ebca77U;
static const uint32_t prime_3 = 0xc2b2ae3dU;
static const uint32_t prime_4 = 0x27d4eb2fU;
static const uint32_t prime_5 = 0x165667b1U;

static uint32_t rotate_left(uint32_t value, unsigned bits) {
    must(bits > 0 && bits < 32);
    return value << bits | value >> (32 - bits);
}

static uint32_t load_little_endian(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t hash_short(const uint8_t *bytes, size_t size) {
    must(size < SHORT);
    uint32_t hash = prime_5 + (uint32_t)size;
    for (; size >= 4; size -= 4, bytes += 4)
        hash = rotate_left(hash + load_little_endian(bytes) * prime_3, 17) * prime_4;
    for (; size > 0; size--, bytes++)
        hash = rotate_left(hash + *bytes * prime_5, 11) * prime_1;
    hash = (hash ^ hash >> 15) * prime_2;
    hash = (hash ^ hash >> 13) * prime_3;
    return hash ^ hash >> 16;
}

void lz4_header_mend(uint8_t *bytes, size_t size) {
    static const uint8_t magic[MAGIC_SIZE] = { 0x04, 0x22, 0x4d, 0x18 };
    if (size <= MAGIC_SIZE + FLAGS_SIZE || memcmp(bytes, magic, sizeof magic) != 0) return;
    uint8_t flags = bytes[MAGIC_SIZE];
    size_t descriptor_size = FLAGS_SIZE;
    if (flags & HAS_CONTENT_SIZE) descriptor_size += CONTENT_SIZE_SIZE;
    if (flags & HAS_DICTIONARY_ID) descriptor_size += DICTIONARY_ID_SIZE;
    if (size <= MAGIC_SIZE + descriptor_size) return;
    uint8_t *descriptor = bytes + MAGIC_SIZE;
    descriptor[descriptor_size] = (uint8_t)(hash_short(descriptor, descriptor_size) >> 8);
}
