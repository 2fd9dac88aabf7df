// SPDX-License-Identifier: Apache-2.0
// Reads the two options of OAUTHBEARER that are lists of name=value, as librdkafka has them:
// sasl.oauthbearer.extensions and sasl.oauthbearer.config. Any thread.
#pragma once

#include "consumer/security/oauth_token.h"
#include "consumer/security/sasl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OAUTH_MOST_EXTENSIONS = 64 };

/// Extensions, which borrow from the text.
struct oauth_extensions {
    struct buf text; ///< a copy, cut into pieces
    struct sasl_extension all[OAUTH_MOST_EXTENSIONS];
    size_t count;
};

/// Reads "name=value,name=value". The caller disposes of the result in any case. False with a
/// sentence that begins with sasl.oauthbearer.extensions and has nothing of the text in it.
bool oauth_extensions_read(
    const char *text, struct oauth_extensions *extensions, char error[OAUTH_ERROR_BYTES]
);

/// Reads the extensions among the words of sasl.oauthbearer.config: "extension_name=value". The
/// same as oauth_extensions_read() else.
bool oauth_extensions_read_config(
    const char *config, struct oauth_extensions *extensions, char error[OAUTH_ERROR_BYTES]
);

/// Overwrites and frees what it holds.
void oauth_extensions_dispose(struct oauth_extensions *extensions);

/// Appends the unsigned token that sasl.oauthbearer.config describes, in words between blanks:
/// principal=NAME, and if wanted principalClaimName=sub, scope=ONE,TWO, scopeClaimName=scope,
/// lifeSeconds=3600. `expires_at_ms` is set to its end, since 1970. False with a sentence that
/// begins with sasl.oauthbearer.config.
bool oauth_config_make_token(
    const char *config,
    int64_t wall_ms,
    struct buf *token,
    int64_t *expires_at_ms,
    char error[OAUTH_ERROR_BYTES]
);
