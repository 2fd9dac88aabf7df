// SPDX-License-Identifier: Apache-2.0
// The same is said by options of our own, by sasl.jaas.config as Java's clients have it, and by
// librdkafka's sasl.oauthbearer.config: an option wins over the others.
#include "consumer/driver/sasl_plan.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_LIFETIME_S = 3600, MOST_LIFETIME_S = 365 * 24 * 3600 };

static bool refuse(char error[SECRETS_ERROR_BYTES], enum option_name name, const char *what) {
    (void)snprintf(error, SECRETS_ERROR_BYTES, "%s: %s", options_row(name)->key, what);
    return false;
}

static const char *either(const char *option, const struct jaas *jaas, const char *name) {
    return option || !jaas ? option : jaas_find(jaas, name);
}

static bool read_jaas(
    struct sasl_plan *plan, const char *text, const char *mechanism, char *error
) {
    if (!text) return true;
    plan->jaas = jaas_new(text, error);
    return plan->jaas && jaas_check(plan->jaas, mechanism, error);
}

// ------------------------------------------------------------------------------------------------
// OAUTHBEARER

static bool add_extension(struct sasl_plan *plan, const char *name, const char *value) {
    if (plan->sasl.extension_count == PLAN_MOST_EXTENSIONS) return false;
    plan->extensions[plan->sasl.extension_count++] = (struct sasl_extension){ name, value };
    return true;
}

// Cuts "a=1,b=2" into its pairs.
static bool read_extensions(
    struct sasl_plan *plan, const char *text, char error[SECRETS_ERROR_BYTES]
) {
    if (plan->jaas) plan->sasl.extension_count = jaas_extensions(plan->jaas, plan->extensions);
    plan->sasl.extensions = plan->extensions;
    if (!text) return true;
    plan->sasl.extension_count = 0;
    plan->extension_text = secret_dup(text);
    char *rest = NULL;
    for (char *pair = strtok_r(plan->extension_text, ",", &rest); pair;
         pair = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(pair, '=');
        if (!equals || equals == pair || !add_extension(plan, pair, equals + 1)) {
            return refuse(error, OPTION_SASL_OAUTHBEARER_EXTENSIONS, "wanted is key=value,…");
        }
        *equals = '\0';
    }
    return true;
}

static bool add_claim(
    struct sasl_plan *plan, enum oauth_claim_kind kind, const char *name, const char *value
) {
    if (plan->claim_count == PLAN_MOST_CLAIMS) return false;
    plan->claims[plan->claim_count++] = (struct oauth_claim){ kind, name, value };
    return true;
}

static bool read_lifetime(struct sasl_plan *plan, const char *text) {
    char *end = NULL;
    long long seconds = text ? strtoll(text, &end, 10) : DEFAULT_LIFETIME_S;
    if (text && (end == text || *end != '\0')) return false;
    plan->lifetime_ms = (int64_t)seconds * 1000;
    return seconds > 0 && seconds <= MOST_LIFETIME_S;
}

/// What librdkafka's sasl.oauthbearer.config has.
struct config {
    const char *principal;
    const char *principal_claim;
    const char *scope;
    const char *scope_claim;
    const char *lifetime_s;
};

static bool take_pair(struct sasl_plan *plan, struct config *config, char *pair) {
    static const char extension[] = "extension_";
    char *equals = strchr(pair, '=');
    if (!equals) return false;
    *equals = '\0';
    const char *value = equals + 1;
    if (strcmp(pair, "principal") == 0) {
        config->principal = value;
    } else if (strcmp(pair, "principalClaimName") == 0) {
        config->principal_claim = value;
    } else if (strcmp(pair, "scope") == 0) {
        config->scope = value;
    } else if (strcmp(pair, "scopeClaimName") == 0) {
        config->scope_claim = value;
    } else if (strcmp(pair, "lifeSeconds") == 0) {
        config->lifetime_s = value;
    } else if (strncmp(pair, extension, sizeof extension - 1) == 0) {
        return add_extension(plan, pair + sizeof extension - 1, value);
    } else {
        return false;
    }
    return true;
}

static bool read_config(struct sasl_plan *plan, const struct secrets *secrets, char *error) {
    const enum option_name name = OPTION_SASL_OAUTHBEARER_CONFIG;
    struct config config = {
        .principal_claim = secrets->texts[OPTION_SASL_OAUTHBEARER_SUB_CLAIM_NAME],
        .scope_claim = secrets->texts[OPTION_SASL_OAUTHBEARER_SCOPE_CLAIM_NAME],
    };
    plan->config_text = secret_dup(secrets->texts[name]);
    char *rest = NULL;
    for (char *pair = strtok_r(plan->config_text, " ", &rest); pair;
         pair = strtok_r(NULL, " ", &rest)) {
        if (take_pair(plan, &config, pair)) continue;
        return refuse(
            error,
            name,
            "wanted are principal=, principalClaimName=, scope=, scopeClaimName=, lifeSeconds= and "
            "extension_NAME=, separated by blanks"
        );
    }
    if (!config.principal) return refuse(error, name, "has no principal=");
    if (!read_lifetime(plan, config.lifetime_s)) {
        return refuse(error, name, "lifeSeconds is not a number of seconds up to a year");
    }
    bool is_added = add_claim(
        plan,
        OAUTH_STRING,
        config.principal_claim ? config.principal_claim : "sub",
        config.principal
    );
    if (!config.scope) return is_added;
    // a list names its separator first
    size_t size = strlen(config.scope) + 2;
    plan->scopes = must_alloc(size);
    (void)snprintf(plan->scopes, size, ",%s", config.scope);
    return is_added &&
           add_claim(
               plan, OAUTH_LIST, config.scope_claim ? config.scope_claim : "scope", plan->scopes
           );
}

// Tokens without a signature, for development.
static bool plan_unsigned(
    struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    char error[SECRETS_ERROR_BYTES]
) {
    if (!options_number(options, OPTION_ENABLE_SASL_OAUTHBEARER_UNSECURE_JWT)) {
        return refuse(
            error,
            OPTION_SASL_MECHANISM,
            "OAUTHBEARER needs sasl.oauthbearer.token.file or sasl.oauthbearer.token.endpoint.url; "
            "for development, enable.sasl.oauthbearer.unsecure.jwt=true makes unsigned tokens"
        );
    }
    plan->source = TOKEN_MADE;
    if (secrets->texts[OPTION_SASL_OAUTHBEARER_CONFIG]) return read_config(plan, secrets, error);
    if (!plan->jaas) {
        return refuse(
            error, OPTION_SASL_OAUTHBEARER_CONFIG, "principal=NAME is needed for an unsigned token"
        );
    }
    plan->claim_count = jaas_claims(plan->jaas, plan->claims);
    const char *lifetime_s = jaas_find(plan->jaas, "unsecuredLoginLifetimeSeconds");
    return read_lifetime(plan, lifetime_s) ||
           refuse(error, OPTION_SASL_JAAS_CONFIG, "unsecuredLoginLifetimeSeconds is wrong");
}

// A token in a file, without the blanks around it.
static bool plan_file(
    struct sasl_plan *plan,
    const struct secrets *secrets,
    enum option_name name,
    char error[SECRETS_ERROR_BYTES]
) {
    struct slice token = secrets_content(secrets, name);
    while (token.size > 0 && isspace(token.data[token.size - 1]))
        token.size--;
    while (token.size > 0 && isspace(token.data[0]))
        token = (struct slice){ token.data + 1, token.size - 1 };
    if (!oauth_token_is_valid(token)) return refuse(error, name, "no token is in that file");
    plan->source = TOKEN_IN_FILE;
    plan->token = slice_dup_string(token);
    plan->sasl.token = plan->token;
    return true;
}

static bool plan_endpoint(
    struct sasl_plan *plan, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
) {
    const enum option_name id = OPTION_SASL_OAUTHBEARER_CLIENT_ID;
    const enum option_name secret = OPTION_SASL_OAUTHBEARER_CLIENT_SECRET;
    const enum option_name url = OPTION_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL;
    plan->source = TOKEN_FETCHED;
    plan->url = secrets->texts[url];
    plan->client_id = either(secrets->texts[id], plan->jaas, "clientId");
    plan->client_secret = either(secrets->texts[secret], plan->jaas, "clientSecret");
    plan->scope = either(secrets->texts[OPTION_SASL_OAUTHBEARER_SCOPE], plan->jaas, "scope");
    bool is_http = strncmp(plan->url, "https://", 8) == 0 || strncmp(plan->url, "http://", 7) == 0;
    if (!is_http) return refuse(error, url, "wanted is https://, http:// or file:///");
    if (strchr(plan->url, '@')) return refuse(error, url, "a name before '@' is not taken");
    if (!plan->client_id) return refuse(error, id, "is not set");
    return plan->client_secret || refuse(error, secret, "is not set");
}

static bool plan_bearer(
    struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    char error[SECRETS_ERROR_BYTES]
) {
    const enum option_name file = OPTION_SASL_OAUTHBEARER_TOKEN_FILE;
    const enum option_name url = OPTION_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL;
    const char *method = options_text(options, OPTION_SASL_OAUTHBEARER_METHOD);
    if (!read_extensions(plan, secrets->texts[OPTION_SASL_OAUTHBEARER_EXTENSIONS], error)) {
        return false;
    }
    if (secrets->texts[file]) return plan_file(plan, secrets, file, error);
    if (secrets_file_url_path(secrets->texts[url])) return plan_file(plan, secrets, url, error);
    if (secrets->texts[url]) return plan_endpoint(plan, secrets, error);
    if (strcmp(method, "oidc") == 0) return refuse(error, url, "is needed by method oidc");
    return plan_unsigned(plan, options, secrets, error);
}

// ------------------------------------------------------------------------------------------------

bool sasl_plan_make(
    struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    char error[SECRETS_ERROR_BYTES]
) {
    must(!plan->jaas && plan->source == TOKEN_NONE);
    const char *mechanism = secrets->texts[OPTION_SASL_MECHANISM];
    must(mechanism != NULL || options_given(options, OPTION_SASL_MECHANISM) != NULL);
    if (!mechanism) return refuse(error, OPTION_SASL_MECHANISM, "is empty");
    plan->sasl.mechanism = mechanism;
    if (!read_jaas(plan, secrets->texts[OPTION_SASL_JAAS_CONFIG], mechanism, error)) return false;
    if (strcmp(mechanism, "OAUTHBEARER") == 0) return plan_bearer(plan, options, secrets, error);
    plan->is_aws = strcmp(mechanism, "AWS_MSK_IAM") == 0;
    if (plan->is_aws) {
        if (plan->jaas) plan->aws_profile = jaas_find(plan->jaas, "awsProfileName");
        bool has_role = plan->jaas && jaas_find(plan->jaas, "awsRoleArn");
        return !has_role ||
               refuse(
                   error,
                   OPTION_SASL_JAAS_CONFIG,
                   "awsRoleArn: a role is taken only by a web identity (AWS_ROLE_ARN and "
                   "AWS_WEB_IDENTITY_TOKEN_FILE)"
               );
    }
    plan->sasl.username = either(secrets->texts[OPTION_SASL_USERNAME], plan->jaas, "username");
    plan->sasl.password = either(secrets->texts[OPTION_SASL_PASSWORD], plan->jaas, "password");
    plan->sasl.is_token = plan->jaas && jaas_is_true(plan->jaas, "tokenauth");
    return true;
}

void sasl_plan_dispose(struct sasl_plan *plan) {
    jaas_free(plan->jaas);
    secret_free(plan->token);
    secret_free(plan->extension_text);
    secret_free(plan->config_text);
    secret_free(plan->scopes);
    *plan = (struct sasl_plan){ 0 };
}
