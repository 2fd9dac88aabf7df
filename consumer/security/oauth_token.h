// SPDX-License-Identifier: Apache-2.0
// Tokens of OAUTHBEARER: what one says of itself, when the next is to be fetched, and unsigned ones
// for development. Signatures are the broker's to verify. Computes only; any thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OAUTH_ERROR_BYTES = 256,
    OAUTH_SUBJECT_BYTES = 256,
    OAUTH_MOST_TOKEN_BYTES = 64 * 1024,
    /// How long after a failure, or after a token's end, another is tried for: Kafka's.
    OAUTH_RETRY_AFTER_MS = 10000,
};

/// What a token says of itself, which nobody has verified.
struct oauth_claims {
    int64_t issued_at_ms;              ///< since 1970; 0: it does not say
    int64_t expires_at_ms;             ///< since 1970
    char subject[OAUTH_SUBJECT_BYTES]; ///< printable ASCII, may be cut; "": it does not say
};

/// True for a text that can be a bearer token (RFC 6750, section 2.1), at most
/// OAUTH_MOST_TOKEN_BYTES long.
bool oauth_token_is_valid(struct slice token);

/// Reads the claims of a token in the form of RFC 7519 (a JWT); `subject_claim` is the name of the
/// one with the subject, "sub" when it is NULL. False for a token of another form, or one that does
/// not say when it expires; `error` is a sentence without anything of the token.
bool oauth_token_read(
    struct slice token,
    const char *subject_claim,
    struct oauth_claims *claims,
    char error[OAUTH_ERROR_BYTES]
);

/// Kafka's sasl.login.refresh.*
struct oauth_refresh {
    double window_factor; ///< part of a token's life, 0.5 to 1
    double window_jitter; ///< most that is added at random, 0 to 0.25
    int64_t min_period_ms;
    int64_t buffer_ms;
};

/// When the next token is to be fetched, as Kafka's clients plan it: after that part of the life,
/// but not later than the buffer before its end, and not sooner than the least period from now.
/// When the rest of the life has no room for buffer and period, they do not count. `random` is from
/// 0 to 1.
int64_t oauth_token_refresh_at_ms(
    const struct oauth_refresh *refresh,
    const struct oauth_claims *claims,
    int64_t now_ms,
    double random
);

/// What kind of value a claim has.
enum oauth_claim_kind {
    OAUTH_STRING,
    OAUTH_NUMBER,
    OAUTH_LIST, ///< of strings; the first character separates them: "|a|b"
};

/// One claim of an unsigned token.
struct oauth_claim {
    enum oauth_claim_kind kind;
    const char *name;
    const char *value;
};

/// Appends an unsigned token (RFC 7515, alg "none") with these claims, and "iat" and "exp", which
/// must not be among them. False: one is wrong; `error` says which, without its value.
bool oauth_token_make_unsigned(
    const struct oauth_claim *claims,
    size_t count,
    int64_t wall_ms,
    int64_t lifetime_ms,
    struct buf *token,
    char error[OAUTH_ERROR_BYTES]
);
