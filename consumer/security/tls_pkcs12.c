// SPDX-License-Identifier: Apache-2.0
// Stores written by Java 8 or OpenSSL 1 have their certificates encrypted with 40-bit RC2, which
// OpenSSL 3 keeps in its legacy provider. Where the default one does not do, the store is read
// again in a library context of its own that has both; the key then comes over as DER, so that
// nothing depends on that context any more.
#include "consumer/security/tls_pkcs12.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_context.h"
#include "consumer/security/tls_store.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <limits.h>
#include <stdio.h>

/// What became of a store.
enum outcome { READ, DAMAGED, WRONG_PASSWORD, UNREADABLE };

static PKCS12 *parse(const struct tls_source *source, OSSL_LIB_CTX *library) {
    PKCS12 *file = PKCS12_init_ex(NID_pkcs7_data, library, NULL);
    must(file != NULL);
    const unsigned char *at = source->bytes.data;
    must(source->bytes.size <= LONG_MAX);
    if (d2i_PKCS12(&file, &at, (long)source->bytes.size)) return file;
    PKCS12_free(file);
    return NULL;
}

// No password and an empty one are two things in PKCS#12, but not for people.
static bool is_password_right(PKCS12 *file, const char *password) {
    if (!PKCS12_mac_present(file)) return true;
    if (password && *password) return PKCS12_verify_mac(file, password, -1) == 1;
    return PKCS12_verify_mac(file, "", 0) == 1 || PKCS12_verify_mac(file, NULL, 0) == 1;
}

// A key that stands for itself, in the default library context.
static EVP_PKEY *bring_home(EVP_PKEY *key) {
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (size <= 0) return NULL;
    const unsigned char *at = der;
    EVP_PKEY *copy = d2i_AutoPrivateKey(NULL, &at, size);
    OPENSSL_clear_free(der, (size_t)size);
    return copy;
}

static void add_certificate(struct tls_store *store, X509 *certificate) {
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    const unsigned char *at = der;
    X509 *copy = size > 0 ? d2i_X509(NULL, &at, size) : NULL;
    OPENSSL_free(der);
    if (!copy) return;
    int pushed = sk_X509_push(store->certificates, copy);
    must(pushed > 0);
}

static bool unpack(struct tls_store *store, PKCS12 *file, const char *password) {
    EVP_PKEY *key = NULL;
    X509 *leaf = NULL;
    STACK_OF(X509) *others = NULL;
    if (PKCS12_parse(file, password ? password : "", &key, &leaf, &others) != 1) return false;
    if (leaf) add_certificate(store, leaf);
    for (int i = 0; i < sk_X509_num(others); i++)
        add_certificate(store, sk_X509_value(others, i));
    if (key && !store->key) store->key = bring_home(key);
    bool is_whole = !key || store->key;
    EVP_PKEY_free(key);
    X509_free(leaf);
    sk_X509_pop_free(others, X509_free);
    return is_whole;
}

static enum outcome read_in(
    struct tls_store *store,
    const struct tls_source *source,
    const char *password,
    OSSL_LIB_CTX *library
) {
    PKCS12 *file = parse(source, library);
    if (!file) return DAMAGED;
    enum outcome outcome = UNREADABLE;
    if (!is_password_right(file, password)) {
        outcome = WRONG_PASSWORD;
    } else if (unpack(store, file, password)) {
        outcome = READ;
    }
    PKCS12_free(file);
    return outcome;
}

static enum outcome read_with_legacy(
    struct tls_store *store, const struct tls_source *source, const char *password
) {
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    must(library != NULL);
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(library, "default");
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(library, "legacy");
    enum outcome outcome = UNREADABLE;
    if (standard && legacy) outcome = read_in(store, source, password, library);
    if (legacy) (void)OSSL_PROVIDER_unload(legacy);
    if (standard) (void)OSSL_PROVIDER_unload(standard);
    OSSL_LIB_CTX_free(library);
    return outcome;
}

bool tls_pkcs12_read(
    struct tls_store *store,
    const struct tls_source *source,
    const struct tls_password *password,
    char *error
) {
    int before = sk_X509_num(store->certificates);
    enum outcome outcome = read_in(store, source, password->text, NULL);
    if (outcome == UNREADABLE) outcome = read_with_legacy(store, source, password->text);
    ERR_clear_error();
    if (outcome == READ && sk_X509_num(store->certificates) > before) return true;
    char wrong[128];
    (void)snprintf(
        wrong,
        sizeof wrong,
        password->text ? "the store cannot be opened: is %s right?"
                       : "the store is locked, and %s is not given",
        password->property
    );
    const char *whys[] = {
        [READ] = "no certificate is in it",
        [DAMAGED] = "this is no PKCS#12, or it is damaged",
        [WRONG_PASSWORD] = wrong,
        [UNREADABLE] = "the store's content cannot be decrypted: it is damaged, or encrypted with "
                       "a cipher that OpenSSL does not have here",
    };
    (void)snprintf(error, TLS_ERROR_BYTES, "%s: %s", source->property, whys[outcome]);
    return false;
}
