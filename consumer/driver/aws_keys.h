// SPDX-License-Identifier: Apache-2.0
// Finds the AWS credentials of this process where AWS' own programs look for them: the environment,
// a web identity's token, the shared credentials file, a container's endpoint. Blocks; any thread
// but the engine's.
#pragma once

#include "consumer/driver/https.h"

#include <stdbool.h>
#include <stdint.h>

enum { AWS_KEYS_ERROR_BYTES = 400 };

/// Credentials. A zeroed one has none. Texts are secrets, owned.
struct aws_keys {
    char *access_key_id;
    char *secret_access_key;
    char *session_token;   ///< NULL: none
    int64_t expires_at_ms; ///< since 1970; 0: they do not say
};

/// How to look.
struct aws_search {
    const char
        *profile; ///< of the shared credentials file, which is then the only place; NULL: any
    struct https_request https; ///< timeouts and when to stop
};

/// Finds credentials into an empty one, which the caller disposes of in any case. False with a
/// sentence without secrets.
bool aws_keys_find(
    struct aws_keys *keys, const struct aws_search *search, char error[AWS_KEYS_ERROR_BYTES]
);

/// True when both are the same credentials.
bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b);

/// Overwrites and frees them.
void aws_keys_dispose(struct aws_keys *keys);
