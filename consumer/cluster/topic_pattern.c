// SPDX-License-Identifier: Apache-2.0
// PCRE2 with its own bounds set low: names have at most 249 bytes, and an expression that needs
// more than these bounds for them is a mistake or an attack. The just-in-time compiler is not used:
// it would need memory that can be written and executed.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "consumer/cluster/topic_pattern.h"

#include "consumer/base/must.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct topic_pattern {
    char *text;
    pcre2_code *code;
    pcre2_match_context *bounds;
    pcre2_match_data *match; ///< with room for no groups: whether it matches is all that is asked
};

static void explain(int code, size_t offset, char error[TOPIC_PATTERN_ERROR_BYTES]) {
    char why[128] = "";
    (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
    (void)snprintf(
        error, TOPIC_PATTERN_ERROR_BYTES, "the pattern is wrong at byte %zu: %s", offset, why
    );
}

static pcre2_code *compile(const char *text, char error[TOPIC_PATTERN_ERROR_BYTES]) {
    if (strlen(text) > TOPIC_PATTERN_MOST_BYTES || text[0] == '\0') {
        int most = TOPIC_PATTERN_MOST_BYTES;
        (void)snprintf(error, TOPIC_PATTERN_ERROR_BYTES, "a pattern has 1 to %d bytes", most);
        return NULL;
    }
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    must(context != NULL);
    (void)pcre2_set_parens_nest_limit(context, TOPIC_PATTERN_MOST_NESTING);
    uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_UTF |
                       PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;
    int code = 0;
    size_t offset = 0;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (!compiled) explain(code, offset, error);
    return compiled;
}

static bool is_too_large(const pcre2_code *code) {
    size_t size = 0;
    int failed = pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
    must(failed == 0);
    return size > TOPIC_PATTERN_MOST_COMPILED_BYTES;
}

struct topic_pattern *topic_pattern_new(const char *text, char error[TOPIC_PATTERN_ERROR_BYTES]) {
    must(text != NULL);
    pcre2_code *code = compile(text, error);
    if (!code) return NULL;
    if (is_too_large(code)) {
        (void)snprintf(
            error,
            TOPIC_PATTERN_ERROR_BYTES,
            "the pattern needs more than %d bytes when compiled",
            (int)TOPIC_PATTERN_MOST_COMPILED_BYTES
        );
        pcre2_code_free(code);
        return NULL;
    }
    struct topic_pattern *pattern = must_alloc(sizeof *pattern);
    pattern->text = must_strdup(text);
    pattern->code = code;
    pattern->bounds = pcre2_match_context_create(NULL);
    pattern->match = pcre2_match_data_create(1, NULL);
    must(pattern->bounds && pattern->match);
    (void)pcre2_set_match_limit(pattern->bounds, TOPIC_PATTERN_MOST_STEPS);
    (void)pcre2_set_depth_limit(pattern->bounds, TOPIC_PATTERN_MOST_DEPTH);
    (void)pcre2_set_heap_limit(pattern->bounds, TOPIC_PATTERN_MOST_HEAP_KIB);
    return pattern;
}

void topic_pattern_free(struct topic_pattern *pattern) {
    if (!pattern) return;
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->bounds);
    pcre2_code_free(pattern->code);
    free(pattern->text);
    free(pattern);
}

const char *topic_pattern_text(const struct topic_pattern *pattern) {
    return pattern->text;
}

enum topic_match topic_pattern_match(struct topic_pattern *pattern, struct slice name) {
    must(name.data != NULL);
    int found = pcre2_match(
        pattern->code, name.data, name.size, 0, PCRE2_NO_JIT, pattern->match, pattern->bounds
    );
    if (found >= 0) return TOPIC_MATCHES;
    return found == PCRE2_ERROR_NOMATCH ? TOPIC_DIFFERS : TOPIC_IS_TOO_HARD;
}
