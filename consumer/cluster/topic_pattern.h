// SPDX-License-Identifier: Apache-2.0
// A regular expression that a whole topic name must match, bounded so that no expression and no
// name can hold up the thread that matches. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"

/// The bounds. One name costs at most TOPIC_PATTERN_MOST_STEPS of the matcher.
enum {
    TOPIC_PATTERN_MOST_BYTES = 4096, ///< of the expression
    TOPIC_PATTERN_MOST_NESTING = 32, ///< of its parentheses
    TOPIC_PATTERN_MOST_COMPILED_BYTES = 65536,
    TOPIC_PATTERN_MOST_STEPS = 2000, ///< for one name
    TOPIC_PATTERN_MOST_DEPTH = 200,  ///< of backtracking
    TOPIC_PATTERN_MOST_HEAP_KIB = 64,
    TOPIC_PATTERN_ERROR_BYTES = 200,
};

/// The expression, compiled.
struct topic_pattern;

/// What became of a name.
enum topic_match {
    TOPIC_MATCHES,
    TOPIC_DIFFERS,
    TOPIC_IS_TOO_HARD, ///< a bound was reached before it was known
};

/// Compiles an expression (Perl's syntax, bytes, case counts); the caller frees it. NULL when it is
/// none or exceeds a bound: `error` says in a sentence why.
struct topic_pattern *topic_pattern_new(const char *text, char error[TOPIC_PATTERN_ERROR_BYTES]);

/// Frees it. NULL is fine.
void topic_pattern_free(struct topic_pattern *pattern);

/// The expression as it was given. Borrowed until the pattern is freed.
const char *topic_pattern_text(const struct topic_pattern *pattern);

/// Matches a name from its first byte to its last.
enum topic_match topic_pattern_match(struct topic_pattern *pattern, struct slice name);
