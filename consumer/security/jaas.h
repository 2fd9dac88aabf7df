// SPDX-License-Identifier: Apache-2.0
// Reads sasl.jaas.config: the login module of Java's clients, with its options. Any thread.
#pragma once

#include "consumer/security/oauth_token.h"
#include "consumer/security/sasl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JAAS_ERROR_BYTES = 256, JAAS_MOST_OPTIONS = 64, JAAS_MOST_BYTES = 64 * 1024 };

/// The login modules that are known.
enum jaas_module {
    JAAS_PLAIN,
    JAAS_SCRAM,
    JAAS_OAUTHBEARER,
    JAAS_MSK_IAM,
};

/// One option. Texts are secrets.
struct jaas_option {
    char *name;
    char *value;
};

/// A login module with its options.
struct jaas {
    enum jaas_module module;
    struct jaas_option options[JAAS_MOST_OPTIONS];
    size_t option_count;
};

/// Reads a text with the words, quotes, escapes and comments of Java's parser; the caller frees the
/// result. NULL when it is wrong: `error` is a sentence that begins with sasl.jaas.config and has
/// nothing of the text in it, since any word of it may be a secret that lacks its quotes.
struct jaas *jaas_new(const char *text, char error[JAAS_ERROR_BYTES]);

/// Overwrites and frees it. NULL is fine.
void jaas_free(struct jaas *jaas);

/// True when the module is the one of the SASL mechanism, and has the options that the mechanism
/// cannot do without; else `error` says what is wrong.
bool jaas_check(const struct jaas *jaas, const char *mechanism, char error[JAAS_ERROR_BYTES]);

/// The value of an option; NULL: it is not there. Borrowed.
const char *jaas_find(const struct jaas *jaas, const char *name);

/// True for an option whose value is "true", in any case.
bool jaas_is_true(const struct jaas *jaas, const char *name);

/// The extensions of OAUTHBEARER, from the options extension_NAME (KIP-768) and
/// unsecuredLoginExtension_NAME: at most JAAS_MOST_OPTIONS, borrowed. Returns how many.
size_t jaas_extensions(const struct jaas *jaas, struct sasl_extension *extensions);

/// The claims of an unsigned token, from the options unsecuredLoginStringClaim_NAME,
/// unsecuredLoginNumberClaim_NAME and unsecuredLoginListClaim_NAME: at most JAAS_MOST_OPTIONS,
/// borrowed. Returns how many.
size_t jaas_claims(const struct jaas *jaas, struct oauth_claim *claims);

/// Appends the unsigned token that the options unsecuredLogin… describe: claims, of which one is
/// the principal (unsecuredLoginPrincipalClaimName, "sub"), and unsecuredLoginLifetimeSeconds,
/// 3600. `expires_at_ms` is set to its end, since 1970. False with a sentence as of jaas_new().
bool jaas_make_unsigned_token(
    const struct jaas *jaas,
    int64_t wall_ms,
    struct buf *token,
    int64_t *expires_at_ms,
    char error[JAAS_ERROR_BYTES]
);
