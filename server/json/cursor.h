// SPDX-License-Identifier: Apache-2.0
// Walks over a JSON text that check_json() has passed, value by value, without building a tree.
// Numbers stay text, so that 64 bits come through exactly. One thread at a time.
#pragma once

#include "consumer/consumer.h"
#include "server/base/pool.h"

#include <stdbool.h>

/// A place in a text.
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/// The kinds of value that JSON has.
enum cursor_kind {
    CURSOR_OBJECT,
    CURSOR_ARRAY,
    CURSOR_STRING,
    CURSOR_NUMBER,
    CURSOR_TRUE,
    CURSOR_FALSE,
    CURSOR_NULL,
};

/// A cursor before the value that `text` is. The text must have passed check_json().
struct cursor cursor_begin(struct kc_bytes text);

/// The kind of the value that comes next.
enum cursor_kind cursor_kind(struct cursor *cursor);

/// Steps into the object that comes next. Then cursor_next_key() until it says false.
void cursor_enter_object(struct cursor *cursor);

/// Steps into the array that comes next. Then cursor_next_item() until it says false.
void cursor_enter_array(struct cursor *cursor);

/// Goes to the value of the next key, which must then be taken or skipped. The key is decoded into
/// `pool`; NULL data when it is no text (a lone surrogate). False behind the last.
bool cursor_next_key(struct cursor *cursor, struct pool *pool, struct kc_bytes *key);

/// Goes to the next item of an array, which must then be taken or skipped. False behind the last.
bool cursor_next_item(struct cursor *cursor);

/// Takes a string, decoded into `pool` with a NUL behind it; NULL data when it has a lone
/// surrogate.
struct kc_bytes cursor_take_string(struct cursor *cursor, struct pool *pool);

/// Takes any value as its text, borrowed from the whole.
struct kc_bytes cursor_take_raw(struct cursor *cursor);
