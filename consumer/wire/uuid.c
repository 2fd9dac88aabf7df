// SPDX-License-Identifier: Apache-2.0
// Topic ids as values.
#include "consumer/wire/uuid.h"

#include "consumer/base/must.h"

#include <string.h>

bool uuid_is_zero(struct uuid uuid) {
    return uuid_equal(uuid, (struct uuid){ { 0 } });
}

bool uuid_equal(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

void uuid_print(struct uuid uuid, char text[UUID_TEXT_SIZE]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    must(text != NULL);
    unsigned bits = 0;
    int bit_count = 0;
    char *at = text;
    for (size_t i = 0; i < sizeof uuid.bytes; i++) {
        bits = (bits << 8) | uuid.bytes[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            *at++ = digits[(bits >> (bit_count - 6)) & 63];
    }
    *at++ = digits[(bits << (6 - bit_count)) & 63];
    *at = '\0';
}
