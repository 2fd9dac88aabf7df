// SPDX-License-Identifier: Apache-2.0
// The same is said by options of our own, by sasl.jaas.config as Java's clients have it, and by
// librdkafka's sasl.oauthbearer.config: an option wins over the others.
#include "consumer/driver/sasl_plan.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)OAUTH_ERROR_BYTES <= (int)SECRETS_ERROR_BYTES, "errors about tokens fit");
_Static_assert((int)JAAS_ERROR_BYTES <= (int)SECRETS_ERROR_BYTES, "errors about modules fit");
_Static_assert((int)OAUTH_MOST_EXTENSIONS >= (int)JAAS_MOST_OPTIONS, "a module's extensions fit");

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

// An option wins over the extensions of the text that describes an unsigned token.
static bool read_extensions(
    struct sasl_plan *plan, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
) {
    const char *text = secrets->texts[OPTION_SASL_OAUTHBEARER_EXTENSIONS];
    const char *config = secrets->texts[OPTION_SASL_OAUTHBEARER_CONFIG];
    bool is_read = true;
    if (text) {
        is_read = oauth_extensions_read(text, &plan->extensions, error);
    } else if (config) {
        is_read = oauth_extensions_read_config(config, &plan->extensions, error);
    } else if (plan->jaas) {
        plan->extensions.count = jaas_extensions(plan->jaas, plan->extensions.all);
    }
    plan->sasl.extensions = plan->extensions.all;
    plan->sasl.extension_count = plan->extensions.count;
    return is_read;
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
    plan->config = secrets->texts[OPTION_SASL_OAUTHBEARER_CONFIG];
    return plan->config || plan->jaas ||
           refuse(
               error,
               OPTION_SASL_OAUTHBEARER_CONFIG,
               "principal=NAME is needed for an unsigned token"
           );
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
    if (!read_extensions(plan, secrets, error)) return false;
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
    oauth_extensions_dispose(&plan->extensions);
    *plan = (struct sasl_plan){ 0 };
}
