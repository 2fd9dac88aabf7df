// SPDX-License-Identifier: Apache-2.0
// The four steps that AWS documents: the canonical request, the string to sign, the key of the day,
// the signature. Every service checks by doing the same, so each byte matters.
#include "consumer/security/sigv4.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { HASH_BYTES = 32 };

static const int64_t last_ms = 253402300799000; // 9999-12-31: later dates have no spelling

// A pair as it is signed.
struct canonical_pair {
    struct buf name;
    struct buf value;
};

struct canonical_pairs {
    struct canonical_pair all[SIGV4_MOST_PAIRS];
    size_t count;
};

static void encode(struct slice text, const char *kept, struct buf *encoded) {
    for (size_t i = 0; i < text.size; i++) {
        char c = (char)text.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || (c && strchr(kept, c));
        char hex[4] = { c };
        if (!is_plain) (void)snprintf(hex, sizeof hex, "%%%02X", (unsigned)text.data[i]);
        secret_append(encoded, hex, is_plain ? 1 : 3);
    }
}

void sigv4_encode(struct slice text, struct buf *encoded) {
    encode(text, "-._~", encoded);
}

static void add_parameter(struct canonical_pairs *pairs, const char *name, struct slice value) {
    must(pairs->count < SIGV4_MOST_PAIRS);
    struct canonical_pair *pair = &pairs->all[pairs->count++];
    sigv4_encode(slice_from_string(name), &pair->name);
    sigv4_encode(value, &pair->value);
}

static void add_header(struct canonical_pairs *pairs, const char *name, const char *value) {
    must(pairs->count < SIGV4_MOST_PAIRS);
    struct canonical_pair *pair = &pairs->all[pairs->count++];
    secret_append_string(&pair->name, name);
    secret_append_string(&pair->value, value);
}

static int compare_bytes(const struct buf *a, const struct buf *b) {
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common ? memcmp(a->data, b->data, common) : 0;
    if (order != 0) return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

static int compare_pairs(const void *a, const void *b) {
    const struct canonical_pair *one = a;
    const struct canonical_pair *other = b;
    int order = compare_bytes(&one->name, &other->name);
    return order != 0 ? order : compare_bytes(&one->value, &other->value);
}

static void sort(struct canonical_pairs *pairs) {
    qsort(pairs->all, pairs->count, sizeof pairs->all[0], compare_pairs);
}

static void dispose(struct canonical_pairs *pairs) {
    for (size_t i = 0; i < pairs->count; i++) {
        secret_dispose(&pairs->all[i].name);
        secret_dispose(&pairs->all[i].value);
    }
}

static void append(struct buf *text, struct slice more) {
    secret_append(text, more.data, more.size);
}

static void append_hex(struct buf *text, const uint8_t hash[static HASH_BYTES]) {
    for (size_t i = 0; i < HASH_BYTES; i++) {
        char hex[3];
        (void)snprintf(hex, sizeof hex, "%02x", (unsigned)hash[i]);
        secret_append(text, hex, 2);
    }
}

static void append_hash(struct buf *text, struct slice bytes) {
    uint8_t hash[HASH_BYTES];
    must(EVP_Digest(bytes.data, bytes.size, hash, NULL, EVP_sha256(), NULL) == 1);
    append_hex(text, hash);
}

static void write_query(struct canonical_pairs *parameters, struct buf *query) {
    sort(parameters);
    for (size_t i = 0; i < parameters->count; i++) {
        if (i > 0) secret_append_string(query, "&");
        append(query, buf_slice(&parameters->all[i].name));
        secret_append_string(query, "=");
        append(query, buf_slice(&parameters->all[i].value));
    }
}

static void write_signed_headers(struct canonical_pairs *headers, struct buf *names) {
    sort(headers);
    for (size_t i = 0; i < headers->count; i++) {
        if (i > 0) secret_append_string(names, ";");
        append(names, buf_slice(&headers->all[i].name));
    }
}

static void write_canonical(
    const struct sigv4_request *request,
    const struct canonical_pairs *headers,
    const struct sigv4_signed *result,
    struct buf *text
) {
    secret_append_string(text, request->method);
    secret_append_string(text, "\n");
    encode(slice_from_string(request->path), "-._~/", text);
    secret_append_string(text, "\n");
    append(text, buf_slice(&result->query));
    secret_append_string(text, "\n");
    for (size_t i = 0; i < headers->count; i++) {
        append(text, buf_slice(&headers->all[i].name));
        secret_append_string(text, ":");
        append(text, buf_slice(&headers->all[i].value));
        secret_append_string(text, "\n");
    }
    secret_append_string(text, "\n");
    append(text, buf_slice(&result->signed_headers));
    secret_append_string(text, "\n");
    append_hash(text, request->payload);
}

// key = HMAC(key, text), whose first key has another length.
static void chain(uint8_t key[static HASH_BYTES], const void *old, size_t size, struct slice text) {
    uint8_t next[HASH_BYTES];
    unsigned count = 0;
    must(HMAC(EVP_sha256(), old, (int)size, text.data, text.size, next, &count) != NULL);
    must(count == HASH_BYTES);
    memcpy(key, next, HASH_BYTES);
    OPENSSL_cleanse(next, sizeof next);
}

static void write_signature(
    const struct sigv4_request *request,
    const struct sigv4_keys *keys,
    struct slice to_sign,
    struct sigv4_signed *result
) {
    struct buf first = { 0 };
    secret_append_string(&first, "AWS4");
    secret_append_string(&first, keys->secret_access_key);
    uint8_t key[HASH_BYTES];
    struct slice day = { (const uint8_t *)result->date, 8 };
    chain(key, first.data, first.size, day);
    chain(key, key, sizeof key, slice_from_string(request->region));
    chain(key, key, sizeof key, slice_from_string(request->service));
    chain(key, key, sizeof key, SLICE_LITERAL("aws4_request"));
    chain(key, key, sizeof key, to_sign);
    struct buf hex = { 0 };
    append_hex(&hex, key);
    memcpy(result->signature, hex.data, hex.size);
    result->signature[hex.size] = '\0';
    OPENSSL_cleanse(key, sizeof key);
    buf_dispose(&hex);
    secret_dispose(&first);
}

static void write_date(int64_t wall_ms, char date[static SIGV4_DATE_BYTES]) {
    if (wall_ms < 0) wall_ms = 0;
    if (wall_ms > last_ms) wall_ms = last_ms;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    must(gmtime_r(&seconds, &parts) != NULL);
    must(strftime(date, SIGV4_DATE_BYTES, "%Y%m%dT%H%M%SZ", &parts) == 16);
}

// "20150830/us-east-1/service/aws4_request"
static void append_scope(
    const struct sigv4_request *request, const struct sigv4_signed *result, struct buf *text
) {
    secret_append(text, result->date, 8);
    secret_append_string(text, "/");
    secret_append_string(text, request->region);
    secret_append_string(text, "/");
    secret_append_string(text, request->service);
    secret_append_string(text, "/aws4_request");
}

static void add_to_query(
    const struct sigv4_request *request,
    const struct sigv4_keys *keys,
    const struct sigv4_signed *result,
    struct canonical_pairs *parameters
) {
    char expires[16];
    (void)snprintf(expires, sizeof expires, "%d", request->expires_after);
    struct slice token = slice_from_string(keys->session_token);
    add_parameter(parameters, "X-Amz-Algorithm", SLICE_LITERAL(ALGORITHM));
    add_parameter(parameters, "X-Amz-Credential", buf_slice(&result->credential));
    add_parameter(parameters, "X-Amz-Date", slice_from_string(result->date));
    add_parameter(parameters, "X-Amz-Expires", slice_from_string(expires));
    add_parameter(parameters, "X-Amz-SignedHeaders", buf_slice(&result->signed_headers));
    if (token.data) add_parameter(parameters, "X-Amz-Security-Token", token);
}

// Collects what is signed, and writes what the result tells of it.
static void gather(
    const struct sigv4_request *request,
    const struct sigv4_keys *keys,
    struct canonical_pairs *headers,
    struct sigv4_signed *result
) {
    bool in_query = request->expires_after > 0;
    for (size_t i = 0; i < request->header_count; i++)
        add_header(headers, request->headers[i].name, request->headers[i].value);
    if (!in_query) add_header(headers, "x-amz-date", result->date);
    if (!in_query && keys->session_token)
        add_header(headers, "x-amz-security-token", keys->session_token);
    write_signed_headers(headers, &result->signed_headers);
    struct canonical_pairs parameters = { .count = 0 };
    for (size_t i = 0; i < request->query_count; i++) {
        struct slice value = slice_from_string(request->query[i].value);
        add_parameter(&parameters, request->query[i].name, value);
    }
    if (in_query) add_to_query(request, keys, result, &parameters);
    write_query(&parameters, &result->query);
    dispose(&parameters);
}

void sigv4_sign(
    const struct sigv4_request *request, const struct sigv4_keys *keys, struct sigv4_signed *result
) {
    must(request->region && request->service && keys->access_key_id && keys->secret_access_key);
    *result = (struct sigv4_signed){ 0 };
    write_date(request->wall_ms, result->date);
    secret_append_string(&result->credential, keys->access_key_id);
    secret_append_string(&result->credential, "/");
    append_scope(request, result, &result->credential);
    struct canonical_pairs headers = { .count = 0 };
    gather(request, keys, &headers, result);
    struct buf canonical = { 0 };
    write_canonical(request, &headers, result, &canonical);
    struct buf to_sign = { 0 };
    secret_append_string(&to_sign, ALGORITHM "\n");
    secret_append_string(&to_sign, result->date);
    secret_append_string(&to_sign, "\n");
    append_scope(request, result, &to_sign);
    secret_append_string(&to_sign, "\n");
    append_hash(&to_sign, buf_slice(&canonical));
    write_signature(request, keys, buf_slice(&to_sign), result);
    buf_dispose(&to_sign);
    secret_dispose(&canonical);
    dispose(&headers);
}

void sigv4_signed_dispose(struct sigv4_signed *result) {
    secret_dispose(&result->credential);
    secret_dispose(&result->signed_headers);
    secret_dispose(&result->query);
    OPENSSL_cleanse(result, sizeof *result);
}

void sigv4_authorization(const struct sigv4_signed *result, struct buf *value) {
    secret_append_string(value, ALGORITHM " Credential=");
    append(value, buf_slice(&result->credential));
    secret_append_string(value, ", SignedHeaders=");
    append(value, buf_slice(&result->signed_headers));
    secret_append_string(value, ", Signature=");
    secret_append_string(value, result->signature);
}
