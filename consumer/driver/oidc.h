// SPDX-License-Identifier: Apache-2.0
// Fetches a token for OAUTHBEARER by client credentials (RFC 6749, section 4.4). Blocks; any thread
// but the engine's.
#pragma once

#include "consumer/driver/https.h"

struct oauth_claims;

enum { OIDC_ERROR_BYTES = 400 };

/// What a token is asked for with. All of it is borrowed.
struct oidc_request {
    struct https_request https; ///< URL, CA and timeouts
    const char *client_id;
    const char *client_secret;
    const char *scope;         ///< NULL: none
    bool is_urlencoded;        ///< name and secret in the Authorization header
    const char *subject_claim; ///< NULL: "sub"
};

/// Appends the token and tells its times; the caller gives `token` to secret_dispose(). False with
/// a sentence that has nothing of the secret and of the answer's body in it but its error code.
bool oidc_fetch(
    const struct oidc_request *request,
    int64_t wall_ms,
    struct buf *token,
    struct oauth_claims *claims,
    char error[OIDC_ERROR_BYTES]
);
