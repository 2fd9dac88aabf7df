// SPDX-License-Identifier: Apache-2.0
// Decimal text of whole numbers, two digits at a time.
#include "server/json/number.h"

#include "server/base/must.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_DOUBLE = 32 };

/// How many decimal digits a number has.
static unsigned digit_count(uint64_t number) {
    must(number <= (uint64_t)INT64_MAX + 1);
    static const uint64_t powers[] = {
        0,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000u,
    };
    unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1);
    unsigned least = bits * 1233 >> 12; // 1233 / 4096 is a little above log10(2)
    return least + (number >= powers[least]);
}

char *number_write(char *to, int64_t number) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (number < 0) *to++ = '-';
    char *end = to + digit_count(rest);
    char *at = end;
    for (; rest >= 100; rest /= 100) {
        at -= 2;
        memcpy(at, pairs + rest % 100 * 2, 2);
    }
    if (rest >= 10) {
        memcpy(at - 2, pairs + rest * 2, 2);
    } else {
        at[-1] = (char)('0' + rest);
    }
    return end;
}

void number_append(struct out *out, int64_t number) {
    char *to = out_room(out, NUMBER_MOST_BYTES);
    out->size += (size_t)(number_write(to, number) - to);
}

void number_append_double(struct out *out, double number) {
    must(out != NULL);
    if (!isfinite(number)) {
        OUT_LITERAL(out, "null");
        return;
    }
    char text[LONGEST_DOUBLE];
    (void)snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) < number || strtod(text, NULL) > number) {
        (void)snprintf(text, sizeof text, "%.17g", number);
    }
    out_string(out, text);
}

enum number_text number_parse(struct kc_bytes text, int64_t *number) {
    must(text.data != NULL);
    *number = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t first = negative ? 1 : 0;
    size_t digits = text.size - first;
    if (digits == 0 || (text.data[first] == '0' && digits > 1)) return NUMBER_NOT_WHOLE;
    int64_t value = 0;
    bool fits = true;
    for (size_t i = first; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return NUMBER_NOT_WHOLE;
        int digit = text.data[i] - '0';
        fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_sub_overflow(value, digit, &value);
    }
    // The value is kept negative, since the smallest number has no positive twin.
    if (!fits || (!negative && value == INT64_MIN)) return NUMBER_TOO_LARGE;
    *number = negative ? value : -value;
    return NUMBER_WHOLE;
}
