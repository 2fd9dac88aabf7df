// SPDX-License-Identifier: Apache-2.0
// JSON written straight into growing text, without a tree. There is no writer object: whether a
// comma is due shows in the last byte written. Any thread, one at a time for one text.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stdint.h>

/// Begins and ends an object, as the next item of an array or the value of a key.
void writer_begin_object(struct out *out);

/// Ends the innermost object.
void writer_end_object(struct out *out);

/// Begins an array, as the next item of an array or the value of a key.
void writer_begin_array(struct out *out);

/// Ends the innermost array.
void writer_end_array(struct out *out);

/// The next key of an object; its value must follow. `key` needs no escaping.
void writer_key(struct out *out, const char *key);

/// A string from text; bytes that are no UTF-8 become U+FFFD. NULL becomes null.
void writer_string(struct out *out, const char *text);

/// A whole number.
void writer_integer(struct out *out, int64_t number);

/// A key and its string; NULL becomes null.
void writer_member_string(struct out *out, const char *key, const char *text);

/// A key and its number.
void writer_member_integer(struct out *out, const char *key, int64_t number);

/// A key and its number, null when it is negative: Kafka's -1 for none or not known.
void writer_member_known(struct out *out, const char *key, int64_t number);

/// A key and true or false.
void writer_member_boolean(struct out *out, const char *key, bool value);

/// A key and null.
void writer_member_null(struct out *out, const char *key);

/// A key and a string of bytes; null for null. Bytes that are no UTF-8 are written as base64 under
/// `key` with "_base64" behind it.
void writer_member_bytes(struct out *out, const char *key, struct kc_bytes bytes);

/// A key with "_base64" behind it and the bytes as base64, or null.
void writer_member_base64(struct out *out, const char *key, struct kc_bytes bytes);
