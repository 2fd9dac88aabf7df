// SPDX-License-Identifier: Apache-2.0
// Writes JSON that may hold secrets. Any thread.
#pragma once

#include "consumer/base/bytes.h"

/// Appends a text as a JSON string, with its quotes; the memory that `json` gives up by growing is
/// overwritten. Bytes that are no UTF-8 stay as they are.
void json_text_string(struct buf *json, struct slice text);

/// Appends "name":"value", behind a ',' unless it is the first of an object that has only its '{'.
void json_text_member(struct buf *json, const char *name, struct slice value);
