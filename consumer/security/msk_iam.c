// SPDX-License-Identifier: Apache-2.0
// The request is "GET /?Action=kafka-cluster:Connect", signed in its query. The payload has its
// parts as members, in lower case; the token is its URL in base64.
#include "consumer/security/msk_iam.h"

#include "consumer/base/must.h"
#include "consumer/security/base64.h"
#include "consumer/security/json_text.h"
#include "consumer/security/printable.h"
#include "consumer/security/sasl_parts.h"
#include "consumer/security/secret.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

#define USER_AGENT "kafka-sidecar/" SIDECAR_VERSION
#define PROTOCOL   "2020_10_22"
#define ACTION     "kafka-cluster:Connect"

static void sign(
    const struct sigv4_keys *keys,
    const char *region,
    const char *host,
    int64_t wall_ms,
    struct sigv4_signed *result
) {
    const struct sigv4_pair action = { "Action", ACTION };
    const struct sigv4_pair header = { "host", host };
    struct sigv4_request request = {
        .method = "GET",
        .path = "/",
        .query = &action,
        .query_count = 1,
        .headers = &header,
        .header_count = 1,
        .payload = SLICE_LITERAL(""),
        .region = region,
        .service = "kafka-cluster",
        .wall_ms = wall_ms,
        .expires_after = MSK_IAM_EXPIRES_AFTER,
    };
    sigv4_sign(&request, keys, result);
}

void msk_iam_payload(
    const struct sigv4_keys *keys,
    const char *region,
    const char *host,
    int64_t wall_ms,
    struct buf *message
) {
    struct sigv4_signed result;
    sign(keys, region, host, wall_ms, &result);
    char expires[16];
    (void)snprintf(expires, sizeof expires, "%d", MSK_IAM_EXPIRES_AFTER);
    secret_append_string(message, "{");
    json_text_member(message, "version", SLICE_LITERAL(PROTOCOL));
    json_text_member(message, "host", slice_from_string(host));
    json_text_member(message, "user-agent", SLICE_LITERAL(USER_AGENT));
    json_text_member(message, "action", SLICE_LITERAL(ACTION));
    json_text_member(message, "x-amz-algorithm", SLICE_LITERAL("AWS4-HMAC-SHA256"));
    json_text_member(message, "x-amz-credential", buf_slice(&result.credential));
    json_text_member(message, "x-amz-date", slice_from_string(result.date));
    if (keys->session_token) {
        struct slice token = slice_from_string(keys->session_token);
        json_text_member(message, "x-amz-security-token", token);
    }
    json_text_member(message, "x-amz-signedheaders", buf_slice(&result.signed_headers));
    json_text_member(message, "x-amz-expires", slice_from_string(expires));
    json_text_member(message, "x-amz-signature", slice_from_string(result.signature));
    secret_append_string(message, "}");
    sigv4_signed_dispose(&result);
}

void msk_iam_token(
    const struct sigv4_keys *keys, const char *region, int64_t wall_ms, struct buf *token
) {
    char host[MSK_IAM_REGION_BYTES + 24];
    (void)snprintf(host, sizeof host, "kafka.%.*s.amazonaws.com", MSK_IAM_REGION_BYTES, region);
    struct sigv4_signed result;
    sign(keys, region, host, wall_ms, &result);
    struct buf url = { 0 };
    secret_append_string(&url, "https://");
    secret_append_string(&url, host);
    secret_append_string(&url, "/?");
    secret_append(&url, result.query.data, result.query.size);
    secret_append_string(&url, "&X-Amz-Signature=");
    secret_append_string(&url, result.signature);
    secret_append_string(&url, "&User-Agent=");
    sigv4_encode(SLICE_LITERAL(USER_AGENT), &url);
    base64_encode(BASE64_URL, buf_slice(&url), token);
    secret_dispose(&url);
    sigv4_signed_dispose(&result);
}

bool msk_iam_find_region(const char *host, char region[MSK_IAM_REGION_BYTES]) {
    const char *end = strstr(host, ".amazonaws.com");
    if (!end) return false;
    const char *begin = end;
    while (begin > host && begin[-1] != '.')
        begin--;
    size_t size = (size_t)(end - begin);
    // A region has the form "us-east-1"; before it stands the service.
    bool good = begin > host && size > 0 && size < MSK_IAM_REGION_BYTES && memchr(begin, '-', size);
    if (good) (void)snprintf(region, MSK_IAM_REGION_BYTES, "%.*s", (int)size, begin);
    return good;
}

bool msk_iam_check(const struct sasl_options *options, char error[SASL_ERROR_BYTES]) {
    const struct sasl_aws *aws = &options->aws;
    bool good = aws->access_key_id && *aws->access_key_id && aws->secret_access_key &&
                *aws->secret_access_key;
    if (!good) {
        (void)snprintf(
            error,
            SASL_ERROR_BYTES,
            "sasl.mechanism: %s needs AWS credentials: an access key id and a secret access key",
            options->mechanism
        );
    } else if (aws->region && strlen(aws->region) >= MSK_IAM_REGION_BYTES) {
        good = false;
        (void)snprintf(error, SASL_ERROR_BYTES, "sasl.mechanism: the AWS region is too long");
    }
    return good;
}

static bool choose_region(struct sasl *sasl, char region[MSK_IAM_REGION_BYTES]) {
    const char *given = sasl->credentials->aws_region;
    if (given && *given) {
        (void)snprintf(region, MSK_IAM_REGION_BYTES, "%s", given);
        return true;
    }
    if (msk_iam_find_region(sasl->host, region)) return true;
    (void
    )sasl_fail(sasl, "no AWS region is given, and the broker's name %.200s has none", sasl->host);
    return false;
}

static enum sasl_turn msk_iam_first(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    char region[MSK_IAM_REGION_BYTES];
    if (!choose_region(sasl, region)) return SASL_FAILED;
    struct sigv4_keys keys = sasl_aws_keys(sasl->credentials);
    msk_iam_payload(&keys, region, sasl->host, wall_ms, message);
    return SASL_SEND;
}

// An answer has the version of the protocol, and an id by which AWS finds the request.
static enum sasl_turn msk_iam_next(struct sasl *sasl, struct slice answer, struct buf *message) {
    (void)message;
    if (answer.size == 0) return sasl_fail(sasl, "the broker's answer is empty");
    cJSON *json = cJSON_ParseWithLength((const char *)answer.data, answer.size);
    const char *version = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "version"));
    bool good = version && strcmp(version, PROTOCOL) == 0;
    cJSON_Delete(json);
    if (good) return SASL_DONE;
    return sasl_fail(sasl, "the broker's answer is not one of the protocol's version " PROTOCOL);
}

const struct sasl_method sasl_msk_iam = {
    .name = "AWS_MSK_IAM",
    .check = msk_iam_check,
    .first = msk_iam_first,
    .next = msk_iam_next,
};
