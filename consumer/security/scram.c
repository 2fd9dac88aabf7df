// SPDX-License-Identifier: Apache-2.0
// The exchange of RFC 5802, section 3. A broker's message is taken apart strictly: whatever is not
// in the RFC's grammar ends the exchange.
#include "consumer/security/scram.h"

#include "consumer/base/must.h"
#include "consumer/security/base64.h"
#include "consumer/security/sasl_parts.h"
#include "consumer/security/secret.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

enum { NONCE_RANDOM_BYTES = 24 };

// What is computed on the way from the password to the two signatures.
struct keys {
    const EVP_MD *hash;
    size_t size; // of a hash
    uint8_t salted_password[SCRAM_MOST_HASH_BYTES];
    uint8_t client_key[SCRAM_MOST_HASH_BYTES];
    uint8_t stored_key[SCRAM_MOST_HASH_BYTES];
    uint8_t signature[SCRAM_MOST_HASH_BYTES];
    uint8_t server_key[SCRAM_MOST_HASH_BYTES];
};

static const EVP_MD *hash_of(const struct sasl *sasl) {
    return sasl->credentials->method == &sasl_scram_sha_256 ? EVP_sha256() : EVP_sha512();
}

static bool scram_check(const struct sasl_options *options, char error[SASL_ERROR_BYTES]) {
    const char *missing = NULL;
    if (!options->password || !*options->password) missing = "sasl.password";
    if (!options->username || !*options->username) missing = "sasl.username";
    if (missing) {
        (void
        )snprintf(error, SASL_ERROR_BYTES, "%s: SCRAM needs a user name and a password", missing);
    }
    return !missing;
}

static bool make_nonce(struct scram *scram) {
    uint8_t random[NONCE_RANDOM_BYTES];
    if (RAND_bytes(random, sizeof random) != 1) {
        ERR_clear_error();
        return false;
    }
    struct buf text = { 0 };
    base64_encode(BASE64_STANDARD, (struct slice){ random, sizeof random }, &text);
    must(text.size < sizeof scram->nonce);
    memcpy(scram->nonce, text.data, text.size);
    buf_dispose(&text);
    return true;
}

// ',' and '=' have a meaning in a message.
static void append_name(struct buf *message, const char *name) {
    for (; *name; name++) {
        if (*name == ',') {
            buf_append(message, "=2C", 3);
        } else if (*name == '=') {
            buf_append(message, "=3D", 3);
        } else {
            buf_append_byte(message, (uint8_t)*name);
        }
    }
}

static void append_text(struct buf *message, const char *text) {
    buf_append(message, text, strlen(text));
}

static enum sasl_turn scram_first(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    struct scram *scram = &sasl->scram;
    (void)wall_ms;
    if (!scram->nonce[0] && !make_nonce(scram)) {
        return sasl_fail(sasl, "OpenSSL has no random numbers for a nonce");
    }
    append_text(&scram->first_bare, "n=");
    append_name(&scram->first_bare, sasl->credentials->username);
    append_text(&scram->first_bare, ",r=");
    append_text(&scram->first_bare, scram->nonce);
    // Kafka's extension (KIP-48): name and password are those of a delegation token.
    if (sasl->credentials->is_token) append_text(&scram->first_bare, ",tokenauth=true");
    append_text(message, "n,,"); // no channel binding, no authorization identity
    buf_append(message, scram->first_bare.data, scram->first_bare.size);
    return SASL_SEND;
}

// Takes "x=value" off the front, and the ',' behind it. The value has at least one byte.
static bool take_attribute(struct slice *rest, char name, struct slice *value) {
    if (rest->size < 3 || rest->data[0] != (uint8_t)name || rest->data[1] != '=') return false;
    const uint8_t *end = memchr(rest->data, ',', rest->size);
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    if (size < 3 || size + 1 == rest->size) return false;
    *value = (struct slice){ rest->data + 2, size - 2 };
    size_t taken = end ? size + 1 : size;
    *rest = (struct slice){ rest->data + taken, rest->size - taken };
    return true;
}

static bool is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Extensions that we do not know are to be ignored, as long as they are some. Kafka's names have
// several letters.
static bool are_extensions(struct slice rest) {
    struct slice value;
    while (rest.size > 0) {
        size_t letters = 0;
        while (letters < rest.size && is_letter(rest.data[letters]))
            letters++;
        if (letters == 0) return false;
        rest = (struct slice){ rest.data + letters - 1, rest.size - letters + 1 };
        if (!take_attribute(&rest, (char)rest.data[0], &value)) return false;
    }
    return true;
}

static bool is_printable(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~') return false;
    return true;
}

// What holds for both messages of a broker; NULL when it is good.
static const char *find_fault(struct slice answer) {
    if (answer.size == 0) return "is empty: the broker ended before it had proved who it is";
    if (answer.size > SCRAM_MOST_MESSAGE_BYTES) return "is too long";
    if (!is_printable(answer)) return "has other bytes than printable ASCII";
    if (answer.data[0] == 'm') return "asks for an extension that is not known";
    return NULL;
}

// 0: not a number, or one beyond all bounds.
static int parse_iterations(struct slice digits) {
    enum { MOST_DIGITS = 9 };

    int number = 0;
    if (digits.size > MOST_DIGITS || digits.data[0] == '0') return 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return 0;
        number = number * 10 + (digits.data[i] - '0');
    }
    return number;
}

static void hmac(
    const struct keys *keys, const uint8_t *key, struct slice text, uint8_t result[static 64]
) {
    unsigned size = 0;
    must(HMAC(keys->hash, key, (int)keys->size, text.data, text.size, result, &size) != NULL);
    must(size == keys->size);
}

static void derive(struct keys *keys, const char *password, struct slice salt, int iterations) {
    int done = PKCS5_PBKDF2_HMAC(
        password,
        (int)strlen(password),
        salt.data,
        (int)salt.size,
        iterations,
        keys->hash,
        (int)keys->size,
        keys->salted_password
    );
    must(done == 1);
    hmac(keys, keys->salted_password, SLICE_LITERAL("Client Key"), keys->client_key);
    hmac(keys, keys->salted_password, SLICE_LITERAL("Server Key"), keys->server_key);
    done = EVP_Digest(keys->client_key, keys->size, keys->stored_key, NULL, keys->hash, NULL);
    must(done == 1);
}

// Appends our final message, and keeps what the broker's is to be. Signed is what was said so far,
// byte for byte: our first message, the broker's, and ours now without its proof.
static void append_final(
    struct sasl *sasl,
    struct keys *keys,
    struct slice answer,
    struct slice nonce,
    struct buf *message
) {
    struct buf final = { 0 };
    append_text(&final, "c=biws,r="); // "n,," in base64
    buf_append(&final, nonce.data, nonce.size);
    struct buf signed_text = { 0 };
    buf_append(&signed_text, sasl->scram.first_bare.data, sasl->scram.first_bare.size);
    buf_append_byte(&signed_text, ',');
    buf_append(&signed_text, answer.data, answer.size);
    buf_append_byte(&signed_text, ',');
    buf_append(&signed_text, final.data, final.size);
    hmac(keys, keys->stored_key, buf_slice(&signed_text), keys->signature);
    hmac(keys, keys->server_key, buf_slice(&signed_text), sasl->scram.server_signature);
    for (size_t i = 0; i < keys->size; i++)
        keys->client_key[i] ^= keys->signature[i];
    buf_append(message, final.data, final.size);
    append_text(message, ",p=");
    base64_encode(BASE64_STANDARD, (struct slice){ keys->client_key, keys->size }, message);
    buf_dispose(&signed_text);
    buf_dispose(&final);
}

static enum sasl_turn check_first(
    struct sasl *sasl, struct slice nonce, struct slice salt, int iterations
) {
    size_t ours = strlen(sasl->scram.nonce);
    if (nonce.size <= ours || memcmp(nonce.data, sasl->scram.nonce, ours) != 0) {
        return sasl_fail(sasl, "the broker's nonce does not go on from ours");
    }
    if (iterations < SCRAM_LEAST_ITERATIONS || iterations > SCRAM_MOST_ITERATIONS) {
        return sasl_fail(
            sasl,
            "the broker wants %d iterations, and only %d to %d are accepted",
            iterations,
            SCRAM_LEAST_ITERATIONS,
            SCRAM_MOST_ITERATIONS
        );
    }
    if (salt.size == 0) return sasl_fail(sasl, "the broker's salt is not base64");
    return SASL_SEND;
}

static enum sasl_turn on_server_first(struct sasl *sasl, struct slice answer, struct buf *message) {
    struct slice rest = answer;
    struct slice nonce;
    struct slice salt_text;
    struct slice digits;
    struct buf salt = { 0 };
    int iterations = 0;
    bool good = take_attribute(&rest, 'r', &nonce) && take_attribute(&rest, 's', &salt_text) &&
                take_attribute(&rest, 'i', &digits) && are_extensions(rest) &&
                !memchr(nonce.data, ' ', nonce.size);
    if (good) iterations = parse_iterations(digits);
    if (iterations == 0) return sasl_fail(sasl, "the broker's first message is not one of SCRAM's");
    (void)base64_decode(BASE64_STANDARD, salt_text, &salt);
    enum sasl_turn turn = check_first(sasl, nonce, buf_slice(&salt), iterations);
    if (turn == SASL_SEND) {
        struct keys keys = { .hash = hash_of(sasl) };
        keys.size = (size_t)EVP_MD_get_size(keys.hash);
        derive(&keys, sasl->credentials->password, buf_slice(&salt), iterations);
        append_final(sasl, &keys, answer, nonce, message);
        sasl->scram.step = SCRAM_SERVER_FINAL;
        OPENSSL_cleanse(&keys, sizeof keys);
    }
    buf_dispose(&salt);
    return turn;
}

static enum sasl_turn on_server_final(struct sasl *sasl, struct slice answer) {
    struct slice rest = answer;
    struct slice value;
    if (take_attribute(&rest, 'e', &value)) {
        return sasl_fail(sasl, "the broker says %.*s", (int)value.size, (const char *)value.data);
    }
    if (!take_attribute(&rest, 'v', &value) || !are_extensions(rest)) {
        return sasl_fail(sasl, "the broker's final message is not one of SCRAM's");
    }
    size_t size = (size_t)EVP_MD_get_size(hash_of(sasl));
    struct buf signature = { 0 };
    bool good = base64_decode(BASE64_STANDARD, value, &signature) && signature.size == size &&
                CRYPTO_memcmp(signature.data, sasl->scram.server_signature, size) == 0;
    buf_dispose(&signature);
    if (good) return SASL_DONE;
    return sasl_fail(sasl, "the broker's signature is wrong: it does not know the password");
}

static enum sasl_turn scram_next(struct sasl *sasl, struct slice answer, struct buf *message) {
    const char *fault = find_fault(answer);
    if (fault) return sasl_fail(sasl, "the broker's message %s", fault);
    if (sasl->scram.step == SCRAM_SERVER_FINAL) return on_server_final(sasl, answer);
    return on_server_first(sasl, answer, message);
}

void scram_dispose(struct scram *scram) {
    buf_dispose(&scram->first_bare);
    OPENSSL_cleanse(scram, sizeof *scram);
}

const struct sasl_method sasl_scram_sha_256 = {
    .name = "SCRAM-SHA-256",
    .check = scram_check,
    .first = scram_first,
    .next = scram_next,
};

const struct sasl_method sasl_scram_sha_512 = {
    .name = "SCRAM-SHA-512",
    .check = scram_check,
    .first = scram_first,
    .next = scram_next,
};
