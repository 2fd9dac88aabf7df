// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER (RFC 7628, KIP-255): a token, and extensions (KIP-342), in one message. A broker says
// no in JSON, as an answer without error; it then wants one byte more, and says it again as an
// error.
#include "consumer/security/base64.h"
#include "consumer/security/msk_iam.h"
#include "consumer/security/oauth_token.h"
#include "consumer/security/printable.h"
#include "consumer/security/sasl_parts.h"
#include "consumer/security/secret.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

#define SEPARATOR "\x01"

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 7628, section 3.1: a key of letters; a value of printable ASCII and blanks.
static bool is_extension(const struct sasl_extension *extension) {
    const char *name = extension->name;
    const char *value = extension->value;
    if (!*name || strcmp(name, "auth") == 0 || !*value) return false;
    while (is_letter(*name))
        name++;
    while ((*value >= ' ' && *value <= '~') || (*value && strchr("\t\r\n", *value)))
        value++;
    return !*name && !*value;
}

static bool check_extensions(const struct sasl_options *options, char error[SASL_ERROR_BYTES]) {
    for (size_t i = 0; i < options->extension_count; i++) {
        if (is_extension(&options->extensions[i])) continue;
        (void)snprintf(
            error,
            SASL_ERROR_BYTES,
            "sasl.oauthbearer.extensions: extension %zu must have a name of letters, other than "
            "auth,"
            " and a value of printable ASCII",
            i + 1
        );
        return false;
    }
    return true;
}

static bool oauth_check(const struct sasl_options *options, char error[SASL_ERROR_BYTES]) {
    if (!check_extensions(options, error)) return false;
    if (!options->token && options->aws.access_key_id) {
        if (!msk_iam_check(options, error)) return false;
        if (options->aws.region && *options->aws.region) return true;
        (void)snprintf(
            error, SASL_ERROR_BYTES, "sasl.mechanism: a token for Amazon MSK needs an AWS region"
        );
        return false;
    }
    if (!options->token || !*options->token) {
        (void)snprintf(error, SASL_ERROR_BYTES, "sasl.mechanism: OAUTHBEARER needs a token");
        return false;
    }
    if (oauth_token_is_valid(slice_from_string(options->token))) return true;
    (void)snprintf(
        error,
        SASL_ERROR_BYTES,
        "sasl.mechanism: the token for OAUTHBEARER has characters that no token has (RFC 6750)"
    );
    return false;
}

static bool is_over(const char *token, int64_t wall_ms) {
    struct oauth_claims claims;
    char error[OAUTH_ERROR_BYTES];
    return oauth_token_read(slice_from_string(token), NULL, &claims, error) &&
           claims.expires_at_ms <= wall_ms;
}

static void append_token(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    const struct sasl_credentials *credentials = sasl->credentials;
    if (credentials->token) {
        sasl->is_token_over = is_over(credentials->token, wall_ms);
        secret_append_string(message, credentials->token);
        return;
    }
    struct sigv4_keys keys = sasl_aws_keys(credentials);
    msk_iam_token(&keys, credentials->aws_region, wall_ms, message);
}

static enum sasl_turn oauth_first(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    const struct sasl_credentials *credentials = sasl->credentials;
    secret_append_string(message, "n,," SEPARATOR "auth=Bearer ");
    append_token(sasl, wall_ms, message);
    for (size_t i = 0; i < credentials->extension_count; i++) {
        secret_append_string(message, SEPARATOR);
        secret_append_string(message, credentials->extensions[i].name);
        secret_append_string(message, "=");
        secret_append_string(message, credentials->extensions[i].value);
    }
    secret_append_string(message, SEPARATOR SEPARATOR);
    return SASL_SEND;
}

static void keep_refusal(struct sasl *sasl, struct slice answer) {
    cJSON *json = cJSON_ParseWithLength((const char *)answer.data, answer.size);
    const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "status"));
    printable_copy(status && *status ? status : "no reason", sasl->refusal, sizeof sasl->refusal);
    cJSON_Delete(json);
}

static enum sasl_turn oauth_next(struct sasl *sasl, struct slice answer, struct buf *message) {
    if (sasl->refusal[0]) {
        return sasl_fail(sasl, "the broker refused the token (%s), and went on", sasl->refusal);
    }
    if (answer.size == 0) return SASL_DONE;
    keep_refusal(sasl, answer);
    buf_append(message, SEPARATOR, 1);
    return SASL_SEND;
}

const struct sasl_method sasl_oauth_bearer = {
    .name = "OAUTHBEARER",
    .check = oauth_check,
    .first = oauth_first,
    .next = oauth_next,
};
