// SPDX-License-Identifier: Apache-2.0
// Twelve bits become two characters by one look-up in a table that is made at the first use.
#include "server/json/base64.h"

#include "server/base/must.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { PAIRS = 1 << 12 };

static char pairs[PAIRS][2];
static pthread_once_t pairs_once = PTHREAD_ONCE_INIT;

static void make_pairs(void) {
    for (unsigned i = 0; i < PAIRS; i++) {
        pairs[i][0] = alphabet[i >> 6];
        pairs[i][1] = alphabet[i & 0x3f];
    }
}

static uint32_t three_bytes(const uint8_t *at) {
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static void write_group(char *to, uint32_t bits) {
    memcpy(to, pairs[bits >> 12], 2);
    memcpy(to + 2, pairs[bits & (PAIRS - 1)], 2);
}

void base64_append(struct out *out, struct kc_bytes bytes) {
    must(bytes.data != NULL || bytes.size == 0);
    must(pthread_once(&pairs_once, make_pairs) == 0);
    size_t groups = bytes.size / 3;
    size_t rest = bytes.size % 3;
    char *to = out_room(out, groups * 4 + 4);
    for (size_t i = 0; i < groups; i++, to += 4)
        write_group(to, three_bytes(bytes.data + 3 * i));
    if (rest != 0) {
        uint8_t last[3] = { bytes.data[3 * groups], rest == 2 ? bytes.data[3 * groups + 1] : 0, 0 };
        write_group(to, three_bytes(last));
        if (rest == 1) to[2] = '=';
        to[3] = '=';
    }
    out->size += (groups + (rest != 0)) * 4;
}
