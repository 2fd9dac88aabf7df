// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes as a broker's answers to each SASL mechanism, and as a token that is to be
// read. An exchange ends, says why in words, and SCRAM ends well only with the right signature.
#include "consumer/base/must.h"
#include "consumer/security/base64.h"
#include "consumer/security/oauth_token.h"
#include "consumer/security/sasl.h"

#include <openssl/err.h>

#include <string.h>

enum { MOST_TURNS = 4, TOKEN = 5, MODES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sasl_options mechanisms[TOKEN] = {
    { .mechanism = "PLAIN", .username = "user", .password = "pencil" },
    { .mechanism = "SCRAM-SHA-256", .username = "user", .password = "pencil" },
    { .mechanism = "SCRAM-SHA-512", .username = "user", .password = "pencil" },
    { .mechanism = "OAUTHBEARER", .token = "head.claims.signature" },
    { .mechanism = "AWS_MSK_IAM",
      .aws = { .access_key_id = "id", .secret_access_key = "pencil", .region = "us-east-1" } },
};

// The nonce of RFC 7677, whose exchange is one of the seeds.
static const char nonce[] = "rOprNGfwEbeRWgbNEkqO";
static const char signature_of_rfc[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static void expect_text(const char *text, size_t most) {
    size_t size = strnlen(text, most);
    must(size < most);
    for (size_t i = 0; i < size; i++)
        must(text[i] >= ' ' && text[i] <= '~');
}

// Each answer has its length before it, in one byte; the last is what is left.
static struct slice take_answer(struct slice *rest) {
    struct slice answer = { rest->data, 0 };
    if (rest->size == 0) return answer;
    size_t left = rest->size - 1;
    answer.size = rest->data[0] < left ? rest->data[0] : left;
    answer.data = rest->data + 1;
    *rest = (struct slice){ answer.data + answer.size, left - answer.size };
    return answer;
}

static void run_exchange(const struct sasl_options *options, struct slice rest) {
    char error[SASL_ERROR_BYTES];
    struct sasl_credentials *credentials = sasl_credentials_new(options, error);
    must(credentials != NULL);
    struct sasl *sasl = sasl_new(credentials, "broker.test");
    struct buf message = { 0 };
    struct slice answer = SLICE_NULL;
    bool is_password_known = rest.size > 0 && memmem(rest.data, rest.size, "pencil", 6);
    bool is_scram = strncmp(options->mechanism, "SCRAM", 5) == 0;
    sasl_set_nonce(sasl, nonce);
    enum sasl_turn turn = sasl_first(sasl, 1700000000000, &message);
    for (int i = 0; i < MOST_TURNS && turn == SASL_SEND; i++) {
        must(message.size > 0);
        buf_clear(&message);
        answer = take_answer(&rest);
        turn = sasl_next(sasl, answer, &message);
    }
    must(turn != SASL_SEND); // no mechanism has that many
    must(message.size == 0);
    must((turn == SASL_FAILED) == (sasl_why(sasl)[0] != '\0'));
    // One who does not know the password finds no signature.
    size_t size = sizeof signature_of_rfc - 1;
    bool is_signed = answer.size >= size && memcmp(answer.data, signature_of_rfc, size) == 0;
    must(turn == SASL_FAILED || !is_scram || is_signed);
    expect_text(sasl_why(sasl), SASL_WHY_BYTES);
    must(is_password_known || !strstr(sasl_why(sasl), "pencil"));
    must(sasl_next(sasl, SLICE_NULL, &message) == SASL_FAILED);
    must(ERR_peek_error() == 0);
    buf_dispose(&message);
    sasl_free(sasl);
    sasl_credentials_free(credentials);
}

static void read_token(struct slice text) {
    char error[OAUTH_ERROR_BYTES] = "";
    struct oauth_claims claims;
    bool is_read = oauth_token_read(text, NULL, &claims, error);
    must(is_read == !error[0]);
    must(!is_read || (oauth_token_is_valid(text) && claims.expires_at_ms > 0));
    expect_text(error, sizeof error);
    expect_text(claims.subject, sizeof claims.subject);
    for (int kind = BASE64_STANDARD; kind <= BASE64_URL; kind++) {
        struct buf bytes = { 0 };
        struct buf again = { 0 };
        if (base64_decode((enum base64_kind)kind, text, &bytes)) {
            base64_encode((enum base64_kind)kind, buf_slice(&bytes), &again);
            must(again.size == text.size);
            must(text.size == 0 || memcmp(again.data, text.data, text.size) == 0);
        }
        buf_dispose(&bytes);
        buf_dispose(&again);
    }
}

// The first byte chooses the mechanism, or the token.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    struct slice rest = { data + 1, size - 1 };
    int mode = data[0] % MODES;
    if (mode == TOKEN) {
        read_token(rest);
    } else {
        run_exchange(&mechanisms[mode], rest);
    }
    return 0;
}
