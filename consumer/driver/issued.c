// SPDX-License-Identifier: Apache-2.0
// When the next token is due follows Kafka's sasl.login.refresh.*; a failure is repeated with a
// growing wait.
#include "consumer/driver/issued.h"

#include "consumer/base/must.h"
#include "consumer/driver/oidc.h"
#include "consumer/security/secret.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

_Static_assert((int)OIDC_ERROR_BYTES <= (int)SECRETS_ERROR_BYTES, "an endpoint's error fits");

bool issued_is_needed(const struct sasl_plan *plan) {
    return plan->source == TOKEN_MADE || plan->source == TOKEN_FETCHED || plan->is_aws;
}

bool issued_is_good(const struct issued *issued, int64_t wall_ms) {
    bool is_there = issued->token || issued->aws.access_key_id;
    return is_there && (issued->expires_at_ms == 0 || wall_ms < issued->expires_at_ms);
}

void issued_dispose(struct issued *issued) {
    secret_free(issued->token);
    aws_keys_dispose(&issued->aws);
    *issued = (struct issued){ .stop = issued->stop, .version = issued->version };
}

// From 0 to 1.
static double draw(void) {
    uint32_t number = 0;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return 0;
    return (double)number / (double)UINT32_MAX;
}

static int64_t due_at_ms(
    const struct options *options, const struct oauth_claims *claims, int64_t wall_ms
) {
    struct oauth_refresh refresh = {
        .window_factor =
            strtod(options_text(options, OPTION_SASL_LOGIN_REFRESH_WINDOW_FACTOR), NULL),
        .window_jitter =
            strtod(options_text(options, OPTION_SASL_LOGIN_REFRESH_WINDOW_JITTER), NULL),
        .min_period_ms =
            options_number(options, OPTION_SASL_LOGIN_REFRESH_MIN_PERIOD_SECONDS) * 1000,
        .buffer_ms = options_number(options, OPTION_SASL_LOGIN_REFRESH_BUFFER_SECONDS) * 1000,
    };
    return oauth_token_refresh_at_ms(&refresh, claims, wall_ms, draw());
}

/// A token on its way into what is issued.
struct fresh {
    struct buf token;
    struct oauth_claims claims;
    int64_t wall_ms;
    struct https_stop stop;
};

static bool fetch(
    const struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    struct fresh *fresh,
    char error[SECRETS_ERROR_BYTES]
) {
    struct slice ca = secrets_content(secrets, OPTION_HTTPS_CA_LOCATION);
    if (!ca.data) ca = slice_from_string(secrets->texts[OPTION_HTTPS_CA_PEM]);
    struct oidc_request request = {
        .https = {
            .url = plan->url,
            .ca = ca,
            .stop = fresh->stop,
            .connect_timeout_ms = options_number(options, OPTION_SASL_LOGIN_CONNECT_TIMEOUT_MS),
            .read_timeout_ms = options_number(options, OPTION_SASL_LOGIN_READ_TIMEOUT_MS),
        },
        .client_id = plan->client_id,
        .client_secret = plan->client_secret,
        .scope = plan->scope,
        .is_urlencoded = options_number(options, OPTION_SASL_OAUTHBEARER_HEADER_URLENCODE) != 0,
        .subject_claim = secrets->texts[OPTION_SASL_OAUTHBEARER_SUB_CLAIM_NAME],
    };
    return oidc_fetch(&request, fresh->wall_ms, &fresh->token, &fresh->claims, error);
}

static bool make(
    const struct sasl_plan *plan, struct fresh *fresh, char error[SECRETS_ERROR_BYTES]
) {
    int64_t *end_ms = &fresh->claims.expires_at_ms;
    fresh->claims.issued_at_ms = fresh->wall_ms;
    if (plan->config) {
        return oauth_config_make_token(plan->config, fresh->wall_ms, &fresh->token, end_ms, error);
    }
    return jaas_make_unsigned_token(plan->jaas, fresh->wall_ms, &fresh->token, end_ms, error);
}

static void back_off(struct issued *issued, const struct options *options, int64_t wall_ms) {
    int64_t wait_ms = options_number(options, OPTION_SASL_LOGIN_RETRY_BACKOFF_MS);
    int64_t most_ms = options_number(options, OPTION_SASL_LOGIN_RETRY_BACKOFF_MAX_MS);
    for (unsigned i = 0; i < issued->failures && wait_ms < most_ms; i++)
        wait_ms *= 2;
    issued->failures++;
    issued->due_at_ms = wall_ms + (wait_ms < most_ms ? wait_ms : most_ms);
}

// Those of the environment and of a file have no end, and are looked at each time.
static bool renew_aws(
    struct issued *issued,
    const struct sasl_plan *plan,
    const struct options *options,
    int64_t wall_ms,
    char error[SECRETS_ERROR_BYTES]
) {
    struct aws_keys keys = { 0 };
    struct aws_search search = {
        .profile = plan->aws_profile,
        .https = {
            .connect_timeout_ms = options_number(options, OPTION_SASL_LOGIN_CONNECT_TIMEOUT_MS),
            .read_timeout_ms = options_number(options, OPTION_SASL_LOGIN_READ_TIMEOUT_MS),
            .stop = issued->stop,
        },
    };
    if (!aws_keys_find(&keys, &search, error)) {
        aws_keys_dispose(&keys);
        back_off(issued, options, wall_ms);
        return false;
    }
    int64_t version = issued->version + !aws_keys_equal(&keys, &issued->aws);
    struct oauth_claims life = { .issued_at_ms = wall_ms, .expires_at_ms = keys.expires_at_ms };
    issued_dispose(issued);
    issued->aws = keys;
    issued->version = version;
    issued->expires_at_ms = keys.expires_at_ms;
    issued->due_at_ms = keys.expires_at_ms ? due_at_ms(options, &life, wall_ms) : 0;
    return true;
}

bool issued_renew(
    struct issued *issued,
    const struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    int64_t wall_ms,
    char error[SECRETS_ERROR_BYTES]
) {
    struct fresh fresh = { .wall_ms = wall_ms, .stop = issued->stop };
    must(issued_is_needed(plan));
    if (plan->is_aws) return renew_aws(issued, plan, options, wall_ms, error);
    bool is_issued = plan->source == TOKEN_MADE ? make(plan, &fresh, error)
                                                : fetch(plan, options, secrets, &fresh, error);
    if (is_issued) {
        secret_append(&fresh.token, "", 1);
        issued_dispose(issued);
        issued->token = secret_dup((const char *)fresh.token.data);
        issued->version++;
        issued->expires_at_ms = fresh.claims.expires_at_ms;
        issued->due_at_ms = due_at_ms(options, &fresh.claims, wall_ms);
    } else {
        back_off(issued, options, wall_ms);
    }
    secret_dispose(&fresh.token);
    return is_issued;
}
