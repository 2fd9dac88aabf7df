// SPDX-License-Identifier: Apache-2.0
// A token is three texts in base64 with dots between: header, claims, signature. Only the claims
// are looked at, and nothing of a token gets into an error.
#include "consumer/security/oauth_token.h"

#include "consumer/base/must.h"
#include "consumer/security/base64.h"
#include "consumer/security/json_text.h"
#include "consumer/security/printable.h"
#include "consumer/security/secret.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double most_seconds = 253402300799.0; // 9999-12-31

static bool is_token_char(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~+/", c));
}

bool oauth_token_is_valid(struct slice token) {
    size_t at = 0;
    while (at < token.size && is_token_char(token.data[at]))
        at++;
    if (at == 0) return false;
    while (at < token.size && token.data[at] == '=')
        at++;
    return at == token.size && token.size <= OAUTH_MOST_TOKEN_BYTES;
}

// The text between the two dots; data NULL when there are not just two.
static struct slice find_payload(struct slice token) {
    const uint8_t *end = token.data + token.size;
    const uint8_t *first = memchr(token.data, '.', token.size);
    const uint8_t *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1))) return SLICE_NULL;
    return (struct slice){ first + 1, (size_t)(second - first - 1) };
}

// Seconds since 1970, which may have a fraction, in milliseconds; 0 for anything else.
static int64_t read_time(const cJSON *json, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsNumber(item)) return 0;
    double seconds = item->valuedouble;
    return seconds > 0 && seconds <= most_seconds ? (int64_t)(seconds * 1000) : 0;
}

static const char *read_claims(
    struct slice payload, const char *subject_claim, struct oauth_claims *claims
) {
    cJSON *json = cJSON_ParseWithLength((const char *)payload.data, payload.size);
    bool is_object = cJSON_IsObject(json);
    if (is_object) {
        claims->issued_at_ms = read_time(json, "iat");
        claims->expires_at_ms = read_time(json, "exp");
        const cJSON *subject =
            cJSON_GetObjectItemCaseSensitive(json, subject_claim ? subject_claim : "sub");
        printable_copy(cJSON_GetStringValue(subject), claims->subject, sizeof claims->subject);
    }
    cJSON_Delete(json);
    if (!is_object) return "the token's claims are no JSON object";
    return claims->expires_at_ms > 0 ? NULL : "the token does not say when it expires (exp)";
}

bool oauth_token_read(
    struct slice token,
    const char *subject_claim,
    struct oauth_claims *claims,
    char error[OAUTH_ERROR_BYTES]
) {
    *claims = (struct oauth_claims){ 0 };
    const char *fault = NULL;
    struct buf payload = { 0 };
    if (!oauth_token_is_valid(token)) {
        fault = "the token is empty, too long, or has characters that no token has (RFC 6750)";
    } else if (!base64_decode(BASE64_URL, find_payload(token), &payload) || payload.size == 0) {
        fault = "the token is not a JWT (RFC 7519): three texts in base64 with dots between";
    } else {
        fault = read_claims(buf_slice(&payload), subject_claim, claims);
    }
    secret_dispose(&payload);
    if (fault) (void)snprintf(error, OAUTH_ERROR_BYTES, "%s", fault);
    return !fault;
}

// A part of a time that may be long, without overflow.
static int64_t part_of(int64_t from_ms, int64_t to_ms, double part) {
    return from_ms + (int64_t)((double)(to_ms - from_ms) * part);
}

int64_t oauth_token_refresh_at_ms(
    const struct oauth_refresh *refresh,
    const struct oauth_claims *claims,
    int64_t now_ms,
    double random
) {
    must(refresh->min_period_ms >= 0 && refresh->buffer_ms >= 0);
    must(random >= 0 && random <= 1);
    int64_t end_ms = claims->expires_at_ms;
    if (now_ms >= end_ms) return now_ms + OAUTH_RETRY_AFTER_MS;
    double part = refresh->window_factor + refresh->window_jitter * random;
    if (end_ms - now_ms < refresh->min_period_ms + refresh->buffer_ms)
        return part_of(now_ms, end_ms, part);
    bool has_begin = claims->issued_at_ms > 0 && claims->issued_at_ms < end_ms;
    int64_t at_ms = part_of(has_begin ? claims->issued_at_ms : now_ms, end_ms, part);
    if (at_ms > end_ms - refresh->buffer_ms) return end_ms - refresh->buffer_ms;
    if (at_ms < now_ms + refresh->min_period_ms) return now_ms + refresh->min_period_ms;
    return at_ms;
}

static void append_list(struct buf *json, const char *value) {
    secret_append_string(json, "[");
    char separator = *value;
    const char *at = separator ? value + 1 : value;
    for (bool is_first = true; *at; is_first = false) {
        const char *end = strchr(at, separator);
        size_t size = end ? (size_t)(end - at) : strlen(at);
        if (!is_first) secret_append_string(json, ",");
        json_text_string(json, (struct slice){ (const uint8_t *)at, size });
        at += end ? size + 1 : size;
    }
    secret_append_string(json, "]");
}

static const char *append_claim(struct buf *json, const struct oauth_claim *claim) {
    if (!*claim->name || strcmp(claim->name, "iat") == 0 || strcmp(claim->name, "exp") == 0)
        return "cannot be set";
    if (json->data[json->size - 1] != '{') secret_append_string(json, ",");
    json_text_string(json, slice_from_string(claim->name));
    secret_append_string(json, ":");
    switch (claim->kind) {
    case OAUTH_STRING: json_text_string(json, slice_from_string(claim->value)); break;
    case OAUTH_LIST: append_list(json, claim->value); break;
    case OAUTH_NUMBER: {
        char *end = NULL;
        double number = strtod(claim->value, &end);
        if (end == claim->value || *end || !isfinite(number)) return "is not a number";
        char text[40];
        (void)snprintf(text, sizeof text, "%.15g", number);
        secret_append_string(json, text);
        break;
    }
    }
    return NULL;
}

static void append_time(struct buf *json, const char *name, int64_t time_ms) {
    char text[64];
    (void)snprintf(
        text,
        sizeof text,
        "%s\"%s\":%" PRId64 ".%03d",
        json->data[json->size - 1] == '{' ? "" : ",",
        name,
        time_ms / 1000,
        (int)(time_ms % 1000)
    );
    secret_append_string(json, text);
}

bool oauth_token_make_unsigned(
    const struct oauth_claim *claims,
    size_t count,
    int64_t wall_ms,
    int64_t lifetime_ms,
    struct buf *token,
    char error[OAUTH_ERROR_BYTES]
) {
    if (wall_ms < 0) wall_ms = 0; // a clock that is far off
    must(lifetime_ms >= 0 && lifetime_ms <= INT64_MAX - wall_ms);
    const char *fault = NULL;
    struct buf json = { 0 };
    secret_append_string(&json, "{");
    for (size_t i = 0; i < count && !fault; i++) {
        fault = append_claim(&json, &claims[i]);
        if (!fault) continue;
        char name[100];
        printable_copy(claims[i].name, name, sizeof name);
        (void)snprintf(error, OAUTH_ERROR_BYTES, "the claim %s %s", name, fault);
    }
    append_time(&json, "iat", wall_ms);
    append_time(&json, "exp", wall_ms + lifetime_ms);
    secret_append_string(&json, "}");
    if (!fault) {
        base64_encode(BASE64_URL, SLICE_LITERAL("{\"alg\":\"none\"}"), token);
        secret_append_string(token, ".");
        base64_encode(BASE64_URL, buf_slice(&json), token);
        secret_append_string(token, "."); // and no signature behind it
    }
    secret_dispose(&json);
    return !fault;
}
