// SPDX-License-Identifier: Apache-2.0
// How a consumer is to log in, as its options say it under any client's names. Pure functions; any
// thread.
#pragma once

#include "consumer/driver/secrets.h"
#include "consumer/security/jaas.h"
#include "consumer/security/oauth_config.h"
#include "consumer/security/sasl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Where tokens of OAUTHBEARER come from.
enum token_source {
    TOKEN_NONE,    ///< another mechanism
    TOKEN_IN_FILE, ///< it is in `sasl.token`
    TOKEN_MADE,    ///< here, without a signature
    TOKEN_FETCHED, ///< from an endpoint, by client credentials
};

/// A plan. Its texts are borrowed from the secrets that it was made of, or its own.
struct sasl_plan {
    struct sasl_options sasl; ///< without what is issued for a time
    enum token_source source;
    bool is_aws; ///< AWS_MSK_IAM
    const char *aws_profile;

    const char *url; ///< of TOKEN_FETCHED
    const char *client_id;
    const char *client_secret;
    const char *scope;

    const char
        *config; ///< of TOKEN_MADE: sasl.oauthbearer.config; NULL: `jaas` describes the token

    // the module's own
    struct oauth_extensions extensions;
    struct jaas *jaas;
    char *token;
};

/// Makes a plan in zeroed storage, which the caller disposes of in any case. False with a sentence
/// that begins with the property's name and has no secret in it.
bool sasl_plan_make(
    struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    char error[SECRETS_ERROR_BYTES]
);

/// Overwrites and frees what it owns.
void sasl_plan_dispose(struct sasl_plan *plan);
