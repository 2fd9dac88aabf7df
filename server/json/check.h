// SPDX-License-Identifier: Apache-2.0
// Is this JSON? A strict validator (RFC 8259, with UTF-8 checked) without recursion, whose depth is
// bounded. Values without threads.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stddef.h>

/// The deepest nesting that can be asked for.
enum { CHECK_MOST_DEPTH = 512 };

/// Where and why a text is no JSON.
struct check_fault {
    size_t at;       ///< byte offset
    const char *why; ///< a phrase; static
};

/// True when the whole text is one JSON value nested at most `most_depth` (<= CHECK_MOST_DEPTH)
/// deep. Otherwise `fault`, which may be NULL, says where and why.
bool check_json(struct kc_bytes text, unsigned most_depth, struct check_fault *fault);
