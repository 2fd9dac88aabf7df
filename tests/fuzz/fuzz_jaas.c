// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any text as sasl.jaas.config. What is read is bounded, and what is wrong is told in
// words that are ours; what is read makes credentials, or an error that is ours, too. The same text
// is also read as the lists of sasl.oauthbearer.extensions and sasl.oauthbearer.config.
#include "consumer/base/must.h"
#include "consumer/security/jaas.h"
#include "consumer/security/oauth_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_error(const char *error, const char *beginning, size_t most) {
    size_t size = strnlen(error, most);
    must(size < most && strncmp(error, beginning, strlen(beginning)) == 0);
    for (size_t i = 0; i < size; i++)
        must(error[i] >= ' ' && error[i] <= '~');
}

static void make_credentials(const struct jaas *jaas, const char *token) {
    static const char *const mechanisms[] = { "PLAIN", "SCRAM-SHA-512", "OAUTHBEARER" };
    char error[SASL_ERROR_BYTES] = "";
    struct sasl_extension extensions[JAAS_MOST_OPTIONS];
    if (jaas->module == JAAS_MSK_IAM) return;
    struct sasl_options options = {
        .mechanism = mechanisms[jaas->module],
        .username = jaas_find(jaas, "username"),
        .password = jaas_find(jaas, "password"),
        .is_token = jaas_is_true(jaas, "tokenauth"),
        .token = token,
        .extensions = extensions,
        .extension_count = jaas_extensions(jaas, extensions),
    };
    struct sasl_credentials *credentials = sasl_credentials_new(&options, error);
    if (!credentials) {
        expect_error(error, "sasl.", sizeof error);
        return;
    }
    struct buf message = { 0 };
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    must(sasl_first(sasl, 0, &message) == SASL_SEND);
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

static void use(const struct jaas *jaas) {
    char error[JAAS_ERROR_BYTES] = "";
    struct oauth_claim claims[JAAS_MOST_OPTIONS];
    struct oauth_claims read;
    struct buf token = { 0 };
    must(jaas->option_count <= JAAS_MOST_OPTIONS);
    for (size_t i = 0; i < jaas->option_count; i++)
        must(jaas_find(jaas, jaas->options[i].name) == jaas->options[i].value);
    if (!jaas_check(jaas, "PLAIN", error)) expect_error(error, "sasl.jaas.config: ", sizeof error);
    size_t count = jaas_claims(jaas, claims);
    if (oauth_token_make_unsigned(claims, count, 1700000000000, 60000, &token, error)) {
        must(token.size > OAUTH_MOST_TOKEN_BYTES || oauth_token_is_valid(buf_slice(&token)));
        // Claims may be bytes that are no JSON; when they are, the token says what it must.
        if (oauth_token_read(buf_slice(&token), NULL, &read, error))
            must(read.expires_at_ms == 1700000060000);
    }
    buf_append_byte(&token, 0);
    make_credentials(jaas, (const char *)token.data);
    buf_dispose(&token);
}

static void read_lists(const char *text) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct oauth_extensions extensions;
    struct oauth_claims claims;
    struct buf token = { 0 };
    int64_t expires_at_ms = 0;
    if (!oauth_extensions_read(text, &extensions, error))
        expect_error(error, "sasl.oauthbearer.extensions: ", sizeof error);
    oauth_extensions_dispose(&extensions);
    if (!oauth_extensions_read_config(text, &extensions, error))
        expect_error(error, "sasl.oauthbearer.config: ", sizeof error);
    oauth_extensions_dispose(&extensions);
    if (!oauth_config_make_token(text, 1700000000000, &token, &expires_at_ms, error)) {
        expect_error(error, "sasl.oauthbearer.config: ", sizeof error);
        must(token.size == 0);
    } else if (oauth_token_read(buf_slice(&token), NULL, &claims, error)) {
        must(claims.expires_at_ms == expires_at_ms);
    }
    buf_dispose(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char error[JAAS_ERROR_BYTES] = "";
    char *text = slice_dup_string((struct slice){ data, size });
    if (!text) return 0;
    struct jaas *jaas = jaas_new(text, error);
    if (jaas) {
        use(jaas);
    } else {
        expect_error(error, "sasl.jaas.config: ", sizeof error);
    }
    jaas_free(jaas);
    read_lists(text);
    free(text);
    return 0;
}
