// SPDX-License-Identifier: Apache-2.0
// What all mechanisms have in common: the credentials, the order of turns, and the bounds of what a
// broker may answer. Each mechanism is a row of functions in its own file.
#include "consumer/security/sasl.h"

#include "consumer/base/must.h"
#include "consumer/security/sasl_parts.h"
#include "consumer/security/secret.h"

#include <openssl/crypto.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ANSWER_BYTES = 64 * 1024 };

static const struct sasl_method *const methods[] = {
    &sasl_plain, &sasl_scram_sha_256, &sasl_scram_sha_512, &sasl_oauth_bearer, &sasl_msk_iam,
};

enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

static const struct sasl_method *find_method(const char *name, char error[SASL_ERROR_BYTES]) {
    for (size_t i = 0; name && i < METHOD_COUNT; i++)
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    int used = snprintf(error, SASL_ERROR_BYTES, "sasl.mechanism: must be one of");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        used += snprintf(
            error + used,
            SASL_ERROR_BYTES - (size_t)used,
            "%s %s",
            i > 0 ? "," : "",
            methods[i]->name
        );
    }
    return NULL;
}

static void copy_extensions(
    struct sasl_credentials *credentials, const struct sasl_options *options
) {
    size_t count = options->extension_count;
    credentials->extensions = must_alloc((count + 1) * sizeof credentials->extensions[0]);
    credentials->extension_count = count;
    for (size_t i = 0; i < count; i++) {
        credentials->extensions[i].name = secret_dup(options->extensions[i].name);
        credentials->extensions[i].value = secret_dup(options->extensions[i].value);
    }
}

struct sasl_credentials *sasl_credentials_new(
    const struct sasl_options *options, char error[SASL_ERROR_BYTES]
) {
    must(options != NULL);
    const struct sasl_method *method = find_method(options->mechanism, error);
    if (!method || !method->check(options, error)) return NULL;
    struct sasl_credentials *credentials = must_alloc(sizeof *credentials);
    credentials->method = method;
    credentials->username = secret_dup(options->username);
    credentials->password = secret_dup(options->password);
    credentials->is_token = options->is_token;
    credentials->token = secret_dup(options->token);
    copy_extensions(credentials, options);
    credentials->aws_access_key_id = secret_dup(options->aws.access_key_id);
    credentials->aws_secret_access_key = secret_dup(options->aws.secret_access_key);
    credentials->aws_session_token = secret_dup(options->aws.session_token);
    credentials->aws_region = must_strdup(options->aws.region);
    return credentials;
}

void sasl_credentials_free(struct sasl_credentials *credentials) {
    if (!credentials) return;
    secret_free(credentials->username);
    secret_free(credentials->password);
    secret_free(credentials->token);
    for (size_t i = 0; i < credentials->extension_count; i++) {
        secret_free(credentials->extensions[i].name);
        secret_free(credentials->extensions[i].value);
    }
    free(credentials->extensions);
    secret_free(credentials->aws_access_key_id);
    secret_free(credentials->aws_secret_access_key);
    secret_free(credentials->aws_session_token);
    free(credentials->aws_region);
    free(credentials);
}

struct sigv4_keys sasl_aws_keys(const struct sasl_credentials *credentials) {
    const char *session_token = credentials->aws_session_token;
    return (struct sigv4_keys){
        .access_key_id = credentials->aws_access_key_id,
        .secret_access_key = credentials->aws_secret_access_key,
        .session_token = session_token && *session_token ? session_token : NULL,
    };
}

const char *sasl_credentials_mechanism(const struct sasl_credentials *credentials) {
    return credentials->method->name;
}

struct sasl *sasl_new(const struct sasl_credentials *credentials, const char *host) {
    must(credentials != NULL && host != NULL);
    struct sasl *sasl = must_alloc(sizeof *sasl);
    sasl->credentials = credentials;
    sasl->host = must_strdup(host);
    return sasl;
}

void sasl_free(struct sasl *sasl) {
    if (!sasl) return;
    free(sasl->host);
    scram_dispose(&sasl->scram);
    OPENSSL_cleanse(sasl, sizeof *sasl);
    free(sasl);
}

void sasl_set_nonce(struct sasl *sasl, const char *nonce) {
    must(sasl->state == SASL_STATE_NEW && strlen(nonce) < sizeof sasl->scram.nonce);
    (void)snprintf(sasl->scram.nonce, sizeof sasl->scram.nonce, "%s", nonce);
}

const char *sasl_mechanism(const struct sasl *sasl) {
    return sasl->credentials->method->name;
}

static enum sasl_turn enter(struct sasl *sasl, enum sasl_turn turn) {
    must(sasl->state != SASL_STATE_ENDED);
    must((turn == SASL_FAILED) == (sasl->why[0] != '\0'));
    sasl->state = turn == SASL_SEND ? SASL_STATE_WAITING : SASL_STATE_ENDED;
    return turn;
}

enum sasl_turn sasl_first(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    must(sasl->state == SASL_STATE_NEW);
    return enter(sasl, sasl->credentials->method->first(sasl, wall_ms, message));
}

enum sasl_turn sasl_next(struct sasl *sasl, struct slice answer, struct buf *message) {
    must(sasl->state != SASL_STATE_NEW);
    if (sasl->state == SASL_STATE_ENDED) {
        return sasl_fail(sasl, "the broker answered after the end of the exchange");
    }
    if (answer.size > MOST_ANSWER_BYTES) {
        return enter(sasl, sasl_fail(sasl, "the broker's answer has %zu bytes", answer.size));
    }
    return enter(sasl, sasl->credentials->method->next(sasl, answer, message));
}

const char *sasl_why(const struct sasl *sasl) {
    return sasl->why;
}

const char *sasl_hint(const struct sasl *sasl) {
    return sasl->is_token_over ? " (the token has expired)" : "";
}

enum sasl_turn sasl_fail(struct sasl *sasl, const char *format, ...) {
    int used = snprintf(sasl->why, sizeof sasl->why, "SASL %s: ", sasl_mechanism(sasl));
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sasl->why + used, sizeof sasl->why - (size_t)used, format, arguments);
    va_end(arguments);
    return SASL_FAILED;
}
