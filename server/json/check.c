// SPDX-License-Identifier: Apache-2.0
// A machine with one state and a stack of bits: a set bit is an object, a clear one an array.
#include "server/json/check.h"

#include "server/base/must.h"
#include "server/json/text.h"

#include <stdint.h>
#include <string.h>

/// What may come next; each lists what follows it.
enum expectation {
    EXPECT_VALUE,        ///< → AFTER_VALUE, or into an object or array
    EXPECT_VALUE_OR_END, ///< just inside an array
    EXPECT_KEY,          ///< after a comma of an object → EXPECT_COLON
    EXPECT_KEY_OR_END,   ///< just inside an object
    EXPECT_COLON,        ///< → EXPECT_VALUE
    EXPECT_AFTER_VALUE,  ///< comma or end of the enclosing object or array; the end of the text
};

struct checker {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth;
    unsigned most_depth;
    const char *why;
    uint64_t objects[CHECK_MOST_DEPTH / 64];
};

static bool fail(struct checker *checker, const char *why) {
    checker->why = why;
    return false;
}

static bool inside_object(const struct checker *checker) {
    must(checker->depth <= checker->most_depth);
    unsigned top = checker->depth - 1;
    return checker->depth > 0 && (checker->objects[top / 64] >> (top % 64) & 1);
}

static bool enter(struct checker *checker, bool object) {
    if (checker->depth == checker->most_depth) return fail(checker, "nested too deeply");
    uint64_t bit = (uint64_t)1 << (checker->depth % 64);
    uint64_t *word = &checker->objects[checker->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    checker->depth++;
    checker->at++;
    return true;
}

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_hex_digit(uint8_t byte) {
    uint8_t lower = byte | 0x20;
    return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/// The byte at hand; 0, which is none of JSON's, at the end.
static uint8_t peek(const struct checker *checker) {
    return checker->at < checker->end ? *checker->at : 0;
}

static bool skip_digits(struct checker *checker) {
    const uint8_t *first = checker->at;
    while (is_digit(peek(checker)))
        checker->at++;
    return checker->at > first;
}

static bool check_number(struct checker *checker) {
    if (peek(checker) == '-') checker->at++;
    const uint8_t *first = checker->at;
    if (!skip_digits(checker)) return fail(checker, "not a value");
    if (*first == '0' && checker->at - first > 1) return fail(checker, "a number with a leading 0");
    if (peek(checker) == '.') {
        checker->at++;
        if (!skip_digits(checker)) return fail(checker, "a number without digits behind its point");
    }
    if ((peek(checker) | 0x20) == 'e') {
        checker->at++;
        if (peek(checker) == '+' || peek(checker) == '-') checker->at++;
        if (!skip_digits(checker)) return fail(checker, "a number without an exponent");
    }
    return true;
}

static bool check_escape(struct checker *checker) {
    must(*checker->at == '\\');
    checker->at++;
    switch (peek(checker)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': checker->at++; return true;
    case 'u': checker->at++; break;
    default: return fail(checker, "an escape that JSON does not have");
    }
    for (int i = 0; i < 4; i++, checker->at++) {
        if (!is_hex_digit(peek(checker))) {
            return fail(checker, "\\u without four hexadecimal digits");
        }
    }
    return true;
}

static bool check_string(struct checker *checker) {
    must(*checker->at == '"');
    checker->at++;
    for (;;) {
        size_t left = (size_t)(checker->end - checker->at);
        size_t run = text_plain_run(checker->at, left);
        checker->at += run;
        if (run == left) return fail(checker, "a string without an end");
        uint8_t byte = *checker->at;
        if (byte == '"') {
            checker->at++;
            return true;
        }
        if (byte < 0x20) return fail(checker, "a control character in a string");
        if (byte == '\\') {
            if (!check_escape(checker)) return false;
            continue;
        }
        size_t length = text_sequence(checker->at, left - run);
        if (length == 0) return fail(checker, "a string that is no UTF-8");
        checker->at += length;
    }
}

static bool check_word(struct checker *checker, const char *word) {
    size_t length = strlen(word);
    bool same =
        (size_t)(checker->end - checker->at) >= length && memcmp(checker->at, word, length) == 0;
    if (!same) return fail(checker, "not a value");
    checker->at += length;
    return true;
}

static bool check_value(struct checker *checker, enum expectation *next) {
    *next = EXPECT_AFTER_VALUE;
    switch (*checker->at) {
    case '{': *next = EXPECT_KEY_OR_END; return enter(checker, true);
    case '[': *next = EXPECT_VALUE_OR_END; return enter(checker, false);
    case '"': return check_string(checker);
    case 't': return check_word(checker, "true");
    case 'f': return check_word(checker, "false");
    case 'n': return check_word(checker, "null");
    default: return check_number(checker);
    }
}

static bool check_after_value(struct checker *checker, enum expectation *next) {
    bool object = inside_object(checker);
    if (checker->depth == 0) return fail(checker, "something behind the value");
    if (*checker->at == ',') {
        *next = object ? EXPECT_KEY : EXPECT_VALUE;
    } else if (*checker->at == (object ? '}' : ']')) {
        checker->depth--;
        *next = EXPECT_AFTER_VALUE;
    } else {
        return fail(checker, object ? "neither a comma nor }" : "neither a comma nor ]");
    }
    checker->at++;
    return true;
}

/// Ends an object or array that has nothing in it.
static bool leave_empty(struct checker *checker, enum expectation *next) {
    must(checker->depth > 0);
    checker->depth--;
    checker->at++;
    *next = EXPECT_AFTER_VALUE;
    return true;
}

/// Takes one token, the first byte of which is at hand.
static bool check_token(struct checker *checker, enum expectation *next) {
    must(checker->at < checker->end);
    uint8_t byte = *checker->at;
    switch (*next) {
    case EXPECT_VALUE_OR_END:
        if (byte == ']') return leave_empty(checker, next);
        return check_value(checker, next);
    case EXPECT_VALUE: return check_value(checker, next);
    case EXPECT_KEY_OR_END:
        if (byte == '}') return leave_empty(checker, next);
        __attribute__((fallthrough)); // anything else must be a key
    case EXPECT_KEY:
        *next = EXPECT_COLON;
        return byte == '"' ? check_string(checker) : fail(checker, "a key that is no string");
    case EXPECT_COLON:
        if (byte != ':') return fail(checker, "a key without a colon");
        checker->at++;
        *next = EXPECT_VALUE;
        return true;
    case EXPECT_AFTER_VALUE: return check_after_value(checker, next);
    }
    must(!"an expectation that is none");
    return false;
}

static void skip_space(struct checker *checker) {
    while (checker->at < checker->end && (*checker->at == ' ' || *checker->at == '\n' ||
                                          *checker->at == '\r' || *checker->at == '\t'))
        checker->at++;
}

bool check_json(struct kc_bytes text, unsigned most_depth, struct check_fault *fault) {
    must(most_depth <= CHECK_MOST_DEPTH);
    must(text.data != NULL);
    struct checker checker = {
        .start = text.data,
        .at = text.data,
        .end = text.data + text.size,
        .most_depth = most_depth,
    };
    enum expectation next = EXPECT_VALUE;
    bool good = true;
    for (skip_space(&checker); good && checker.at < checker.end; skip_space(&checker))
        good = check_token(&checker, &next);
    if (good && (next != EXPECT_AFTER_VALUE || checker.depth != 0)) {
        good = fail(&checker, text.size == 0 ? "nothing" : "cut short");
    }
    if (!good && fault)
        *fault = (struct check_fault){ (size_t)(checker.at - checker.start), checker.why };
    return good;
}
