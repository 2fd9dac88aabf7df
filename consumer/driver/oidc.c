// SPDX-License-Identifier: Apache-2.0
// Name and secret go in the header, as RFC 6749 wants it first of all.
#include "consumer/driver/oidc.h"

#include "consumer/base/must.h"
#include "consumer/security/base64.h"
#include "consumer/security/oauth_token.h"
#include "consumer/security/secret.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

enum { GOOD_STATUS = 200, SHOWN_CODE_BYTES = 40, MOST_LIFETIME_S = 365 * 24 * 3600 };

static void append_credential(struct buf *to, const char *text, bool is_urlencoded) {
    if (is_urlencoded) {
        https_encode(to, text);
    } else {
        secret_append_string(to, text);
    }
}

static void append_authorization(struct buf *header, const struct oidc_request *request) {
    struct buf pair = { 0 };
    append_credential(&pair, request->client_id, request->is_urlencoded);
    secret_append_string(&pair, ":");
    append_credential(&pair, request->client_secret, request->is_urlencoded);
    secret_append_string(header, "Authorization: Basic ");
    secret_reserve(header, pair.size * 2 + 8);
    base64_encode(BASE64_STANDARD, buf_slice(&pair), header);
    secret_append(header, "", 1);
    secret_dispose(&pair);
}

static long send_request(
    const struct oidc_request *request, struct buf *body, char why[HTTPS_WHY_BYTES]
) {
    struct buf form = { 0 };
    struct buf authorization = { 0 };
    append_authorization(&authorization, request);
    secret_append_string(&form, "grant_type=client_credentials");
    if (request->scope) {
        secret_append_string(&form, "&scope=");
        https_encode(&form, request->scope);
    }
    secret_append(&form, "", 1);
    const char *const headers[] = { (const char *)authorization.data, "Accept: application/json" };
    struct https_request https = request->https;
    https.headers = headers;
    https.header_count = sizeof headers / sizeof headers[0];
    https.form = (const char *)form.data;
    long status = https_send(&https, body, why);
    secret_dispose(&authorization);
    secret_dispose(&form);
    return status;
}

// The error code of RFC 6749, section 5.2, if it is one: small letters and '_'.
static const char *error_code(const cJSON *answer) {
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "error"));
    bool is_code = code && code[0] && strlen(code) <= SHOWN_CODE_BYTES &&
                   strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code);
    return is_code ? code : "";
}

// When a token ends that says nothing of itself, the answer does.
static bool read_times(
    const cJSON *answer,
    const struct oidc_request *request,
    int64_t wall_ms,
    struct slice token,
    struct oauth_claims *claims
) {
    char why[OAUTH_ERROR_BYTES];
    if (oauth_token_read(token, request->subject_claim, claims, why)) return true;
    const cJSON *expires_in = cJSON_GetObjectItemCaseSensitive(answer, "expires_in");
    if (!cJSON_IsNumber(expires_in) || !(expires_in->valuedouble > 0)) return false;
    double seconds = expires_in->valuedouble;
    if (seconds > MOST_LIFETIME_S) seconds = MOST_LIFETIME_S;
    *claims = (struct oauth_claims){
        .issued_at_ms = wall_ms,
        .expires_at_ms = wall_ms + (int64_t)(seconds * 1000),
    };
    return true;
}

static const char *read_token(
    const cJSON *answer,
    const struct oidc_request *request,
    int64_t wall_ms,
    struct buf *token,
    struct oauth_claims *claims
) {
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "access_token"));
    struct slice bytes = slice_from_string(text);
    if (!text || !oauth_token_is_valid(bytes)) return "answers 200 without an access_token";
    if (!read_times(answer, request, wall_ms, bytes, claims)) {
        return "answers with a token that does not say when it ends";
    }
    secret_append(token, bytes.data, bytes.size);
    return NULL;
}

static void cleanse(cJSON *answer) {
    char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "access_token"));
    if (text) explicit_bzero(text, strlen(text));
    cJSON_Delete(answer);
}

bool oidc_fetch(
    const struct oidc_request *request,
    int64_t wall_ms,
    struct buf *token,
    struct oauth_claims *claims,
    char error[OIDC_ERROR_BYTES]
) {
    must(token->size == 0);
    struct buf body = { 0 };
    char why[HTTPS_WHY_BYTES] = "";
    const char *wrong = why;
    long status = send_request(request, &body, why);
    cJSON *answer =
        body.size > 0 ? cJSON_ParseWithLength((const char *)body.data, body.size) : NULL;
    if (status == GOOD_STATUS) {
        wrong = read_token(answer, request, wall_ms, token, claims);
    } else if (status != 0) {
        (void)snprintf(why, sizeof why, "answers %ld %s", status, error_code(answer));
    }
    if (wrong) {
        (void)snprintf(
            error, OIDC_ERROR_BYTES, "sasl.oauthbearer.token.endpoint.url: the endpoint: %s", wrong
        );
    }
    cleanse(answer);
    secret_dispose(&body);
    return !wrong;
}
