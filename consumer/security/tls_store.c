// SPDX-License-Identifier: Apache-2.0
// The kind of a source is told by its first bytes, since files are named as people like it and
// Java's ssl.keystore.type says JKS even where it reads a PKCS#12. What held a key is cleansed.
#include "consumer/security/tls_store.h"

#include "consumer/base/must.h"
#include "consumer/security/pem.h"
#include "consumer/security/secret.h"
#include "consumer/security/tls_context.h"
#include "consumer/security/tls_pkcs12.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

void tls_store_dispose(struct tls_store *store) {
    sk_X509_pop_free(store->certificates, X509_free);
    EVP_PKEY_free(store->key);
    *store = (struct tls_store){ 0 };
}

static bool refuse(const struct tls_source *source, const char *why, char *error) {
    (void)snprintf(error, TLS_ERROR_BYTES, "%s: %s", source->property, why);
    return false;
}

static bool starts_with(struct slice bytes, uint32_t magic) {
    if (bytes.size < 4) return false;
    const uint8_t *at = bytes.data;
    return ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) == magic;
}

static bool is_java_keystore(struct slice bytes) {
    return starts_with(bytes, 0xfeedfeedu) || starts_with(bytes, 0xcecececeu);
}

bool tls_store_is_pkcs12(const struct tls_source *source) {
    enum { DER_SEQUENCE = 0x30 };

    return source->bytes.size > 0 && source->bytes.data[0] == DER_SEQUENCE &&
           !pem_is(source->bytes);
}

// Says why a source that holds no PEM is of no use.
static bool refuse_kind(const struct tls_source *source, char *error) {
    if (is_java_keystore(source->bytes)) {
        return refuse(
            source,
            "this is a Java keystore (JKS), which is not supported; convert it: keytool "
            "-importkeystore -srckeystore OLD.jks -destkeystore NEW.p12 -deststoretype pkcs12",
            error
        );
    }
    if (source->bytes.size == 0) return refuse(source, "it is empty", error);
    return refuse(source, "this is neither PEM nor PKCS#12", error);
}

// Reads one block by OpenSSL; the copy of its text is cleansed.
static BIO *open_block(const struct pem_block *block, struct buf *text) {
    pem_write(block, text);
    must(text->size <= INT_MAX);
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->size);
    must(bio != NULL);
    return bio;
}

static void close_block(BIO *bio, struct buf *text) {
    (void)BIO_free(bio);
    secret_dispose(text);
    ERR_clear_error();
}

static X509 *read_certificate(const struct pem_block *block) {
    struct buf text = { 0 };
    BIO *bio = open_block(block, &text);
    X509 *certificate = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    close_block(bio, &text);
    return certificate;
}

static bool read_pem_certificates(
    struct tls_store *store, const struct tls_source *source, char *error
) {
    struct slice rest = source->bytes;
    struct pem_block block;
    int count = 0;
    while (pem_next(&rest, &block)) {
        if (!block.body.data) return refuse(source, "a PEM block has no END line", error);
        if (!pem_is_labelled(&block, "CERTIFICATE")) continue;
        X509 *certificate = read_certificate(&block);
        count++;
        if (!certificate) {
            char why[64];
            (void)snprintf(why, sizeof why, "its certificate no. %d cannot be read", count);
            return refuse(source, why, error);
        }
        int pushed = sk_X509_push(store->certificates, certificate);
        must(pushed > 0);
    }
    return count > 0 || refuse(source, "no certificate is in it", error);
}

bool tls_store_read_certificates(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
) {
    if (source->bytes.size > INT_MAX / 4) return refuse(source, "it is too large", error);
    if (!store->certificates) store->certificates = sk_X509_new_null();
    must(store->certificates != NULL);
    if (pem_is(source->bytes)) return read_pem_certificates(store, source, error);
    if (!tls_store_is_pkcs12(source)) return refuse_kind(source, error);
    return tls_pkcs12_read(store, source, password, error);
}

/// What a key's reading came across.
struct key_reading {
    const struct tls_password *password;
    bool is_password_asked;
};

// OpenSSL asks for the password of an encrypted key. Having none ends the reading.
static int give_password(char *space, int size, int is_for_writing, void *arg) {
    (void)is_for_writing;
    struct key_reading *reading = arg;
    reading->is_password_asked = true;
    struct slice text = slice_from_string(reading->password->text);
    if (!text.data || text.size > (size_t)size) return -1;
    memcpy(space, text.data, text.size);
    return (int)text.size;
}

bool tls_store_read_key(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
) {
    must(store->key == NULL);
    if (source->bytes.size > INT_MAX / 4) return refuse(source, "it is too large", error);
    if (!pem_is(source->bytes)) return refuse_kind(source, error);
    struct slice rest = source->bytes;
    struct pem_block block;
    do {
        if (!pem_next(&rest, &block)) return refuse(source, "no private key is in it", error);
    } while (!pem_is_labelled(&block, "PRIVATE KEY"));
    if (!block.body.data) return refuse(source, "a PEM block has no END line", error);
    struct key_reading reading = { .password = password };
    struct buf text = { 0 };
    BIO *bio = open_block(&block, &text);
    store->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &reading);
    close_block(bio, &text);
    if (store->key) return true;
    char why[160] = "its private key cannot be read";
    if (reading.is_password_asked) {
        (void)snprintf(
            why,
            sizeof why,
            password->text ? "its private key cannot be decrypted: is %s right?"
                           : "its private key is encrypted, and %s is not given",
            password->property
        );
    }
    return refuse(source, why, error);
}
