// SPDX-License-Identifier: Apache-2.0
// Whole numbers of 64 bits to and from decimal text, exactly: no double comes between. Values
// without threads.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stdint.h>

/// The longest text of a number.
enum { NUMBER_MOST_BYTES = 20 };

/// Writes a number in decimal at `to`, which has room for it; returns the end of the text.
char *number_write(char *to, int64_t number);

/// Appends a number in decimal.
void number_append(struct out *out, int64_t number);

/// Appends a number that need not be whole, with as few digits as give it back exactly; what JSON
/// has no number for (infinite, not a number) as null.
void number_append_double(struct out *out, double number);

/// What number_parse() found.
enum number_text {
    NUMBER_WHOLE,
    NUMBER_NOT_WHOLE, ///< a fraction, an exponent, or no number at all
    NUMBER_TOO_LARGE, ///< beyond 64 bits
};

/// Reads the whole text as one number: an optional minus and digits without a leading zero.
enum number_text number_parse(struct kc_bytes text, int64_t *number);
