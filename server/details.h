// SPDX-License-Identifier: Apache-2.0
// The details of a log line, key=value by key=value. They were put together without escapes, and
// texts of peers are in them, so that quotes may stand inside quoted values. Values without
// threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One pair; both texts are borrowed from the details.
struct detail {
    const char *key;
    size_t key_size;
    const char *value; ///< without the quotes around it
    size_t value_size;
};

/// Takes the next pair off `*details`, which moves on; false at the end, and when what is left does
/// not begin with a key. A value ends at the last place where it can: before the next " key=", and
/// when it is quoted before the quote there.
bool details_next(const char **details, struct detail *detail);
