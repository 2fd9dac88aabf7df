// SPDX-License-Identifier: Apache-2.0
// Reading one request body: a JSON object whose fields are looked up by name. What is wrong is said
// with the field's path. One thread at a time.
#pragma once

#include "server/json/cursor.h"
#include "server/json/requests.h"

#include <stdbool.h>

enum { BODY_PATH_BYTES = 64 };

/// Reading one body.
struct body {
    struct cursor cursor;
    struct pool *pool;
    struct complaint *complaint;
    char path[BODY_PATH_BYTES]; ///< of the object that is being read, e.g. "offsets[3]."
};

/// Checks the text and enters its object. False with a complaint.
bool body_begin(
    struct body *body, struct kc_bytes text, struct pool *pool, struct complaint *complaint
);

/// Whether the key of a member is `name`.
bool body_key_is(struct kc_bytes key, const char *name);

/// Takes a string, which may be empty. False with a complaint.
bool body_read_string(struct body *body, const char *field, struct kc_bytes *bytes);

/// Takes a string that names something: not empty, and without a NUL in it. False with a complaint.
bool body_read_name(struct body *body, const char *field, const char **name);

/// Complains of a key that the object may not have, or not twice; false.
bool body_complain_of_key(struct body *body, struct kc_bytes key, bool repeated);
