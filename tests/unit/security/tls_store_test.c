// SPDX-License-Identifier: Apache-2.0
// What users hand over: keys and certificates in every form, passwords, stores, and what is told
// when one is of no use.
#include "consumer/base/must.h"
#include "consumer/security/tls_store.h"
#include "tests/unit/security/tls_rig.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of the certificates in stores that were written by Java 8 or OpenSSL 1.
enum { OLD_CIPHER = NID_pbe_WithSHA1And40BitRC2_CBC };

static const char secret[] = "correct horse battery";

static char *take_text(BIO *bio) {
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    char *text = slice_dup_string((struct slice){ (const uint8_t *)data, (size_t)size });
    (void)BIO_free(bio);
    return text;
}

// PKCS#1 or SEC 1, encrypted in the old way if there is a cipher.
static char *old_key_pem(EVP_PKEY *key, const EVP_CIPHER *cipher) {
    BIO *bio = BIO_new(BIO_s_mem());
    const unsigned char *password = (const unsigned char *)secret;
    int size = cipher ? (int)strlen(secret) : 0;
    int written =
        PEM_write_bio_PrivateKey_traditional(bio, key, cipher, password, size, NULL, NULL);
    must(written == 1);
    return take_text(bio);
}

static char *new_key_pem(EVP_PKEY *key, const EVP_CIPHER *cipher) {
    return tls_rig_key_pem(key, cipher ? secret : NULL);
}

// As old tools of OpenSSL wrote it: the curve in a block of its own, before the key.
static char *curve_and_key_pem(EVP_PKEY *key, const EVP_CIPHER *cipher) {
    static const char curve[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                                "-----END EC PARAMETERS-----\n";
    char *pem = old_key_pem(key, cipher);
    char *both = malloc(sizeof curve + strlen(pem));
    (void)snprintf(both, sizeof curve + strlen(pem), "%s%s", curve, pem);
    free(pem);
    return both;
}

static char *one_line_pem(EVP_PKEY *key, const EVP_CIPHER *cipher) {
    char *pem = new_key_pem(key, cipher);
    for (char *at = pem; *at; at++) {
        if (*at == '\n') *at = ' ';
    }
    return pem;
}

static const struct {
    char *(*make)(EVP_PKEY *key, const EVP_CIPHER *cipher);
    bool is_rsa;
    const EVP_CIPHER *(*cipher)(void);
    const char *label;
} keys[] = {
    { new_key_pem, false, NULL, "BEGIN PRIVATE KEY" },
    { new_key_pem, true, NULL, "BEGIN PRIVATE KEY" },
    { new_key_pem, false, EVP_aes_256_cbc, "BEGIN ENCRYPTED PRIVATE KEY" },
    { new_key_pem, true, EVP_aes_256_cbc, "BEGIN ENCRYPTED PRIVATE KEY" },
    { old_key_pem, false, NULL, "BEGIN EC PRIVATE KEY" },
    { old_key_pem, true, NULL, "BEGIN RSA PRIVATE KEY" },
    { old_key_pem, false, EVP_aes_256_cbc, "DEK-Info: AES-256-CBC" },
    { old_key_pem, true, EVP_aes_128_cbc, "DEK-Info: AES-128-CBC" },
    { old_key_pem, true, EVP_des_ede3_cbc, "DEK-Info: DES-EDE3-CBC" },
    { curve_and_key_pem, false, NULL, "BEGIN EC PRIVATE KEY" },
    { one_line_pem, true, NULL, "BEGIN PRIVATE KEY----- MI" },
    { one_line_pem, false, EVP_aes_256_cbc, "BEGIN ENCRYPTED PRIVATE KEY----- MI" },
};

// Connects to a broker that wants a client certificate, by what the options say.
static void expect_good(struct tls_world *world) {
    tls_broker_again(&world->broker);
    struct tls_context *context = tls_rig_context(&world->options);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    struct tls *tls = tls_world_connect(world, context, "broker.test");
    ck_assert_msg(tls_state(tls) == TLS_OPEN, "%s", tls_why(tls));
    tls_free(tls);
    tls_context_free(context);
}

static void expect_refused(const struct tls_options *options, const char *expected) {
    char error[TLS_ERROR_BYTES];
    struct tls_context *context = tls_context_new(options, error);
    ck_assert_msg(!context, "was taken, and not: %s", expected);
    ck_assert_msg(strcmp(error, expected) == 0, "%s\nis not\n%s", error, expected);
    ck_assert_ptr_null(strstr(error, secret));
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

static void replace_client(struct tls_world *world, bool is_rsa) {
    identity_dispose(&world->client_identity);
    world->client_identity = identity_make(&(struct identity_options
    ){ .name = "client", .issuer = &world->ca, .rsa_bits = is_rsa ? 2048 : 0 });
    free(world->client_pem);
    free(world->client_key_pem);
    world->client_pem = tls_rig_pem(world->client_identity.certificate, NULL);
    world->client_key_pem = NULL;
}

START_TEST(a_private_key_is_read_in_every_form) {
    struct tls_world world;
    tls_world_init(&world, true);
    replace_client(&world, keys[_i].is_rsa);
    const EVP_CIPHER *cipher = keys[_i].cipher ? keys[_i].cipher() : NULL;
    world.client_key_pem = keys[_i].make(world.client_identity.key, cipher);
    ck_assert_msg(strstr(world.client_key_pem, keys[_i].label), "%s", world.client_key_pem);
    tls_world_identify(&world);
    world.options.key_password = secret; // one that is not needed does no harm
    expect_good(&world);
    world.options.key_password = cipher ? "wrong" : NULL;
    if (cipher) {
        expect_refused(
            &world.options,
            "ssl.key.location: its private key cannot be decrypted: is ssl.key.password right?"
        );
        world.options.key_password = NULL;
        expect_refused(
            &world.options,
            "ssl.key.location: its private key is encrypted, and ssl.key.password is not given"
        );
    } else {
        expect_good(&world);
    }
    tls_world_dispose(&world);
}

END_TEST

/// A store and how it was made.
struct store {
    unsigned char *der;
    int size;
};

// A PKCS#12 of the client's key, certificate and CA; `has_key` false: of the CA alone.
static struct store store_make(
    struct tls_world *world, int cipher, const char *password, bool has_key
) {
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(library, "default");
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(library, "legacy");
    must(standard != NULL && legacy != NULL);
    STACK_OF(X509) *others = sk_X509_new_null();
    (void)sk_X509_push(others, world->ca.certificate);
    PKCS12 *file = PKCS12_create_ex(
        password,
        "client",
        has_key ? world->client_identity.key : NULL,
        has_key ? world->client_identity.certificate : NULL,
        others,
        cipher == OLD_CIPHER ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : cipher,
        cipher,
        0,
        password ? 0 : -1,
        0,
        library,
        NULL
    );
    must(file != NULL);
    struct store store = { 0 };
    store.size = i2d_PKCS12(file, &store.der);
    must(store.size > 0);
    PKCS12_free(file);
    sk_X509_free(others);
    (void)OSSL_PROVIDER_unload(standard);
    (void)OSSL_PROVIDER_unload(legacy);
    OSSL_LIB_CTX_free(library);
    return store;
}

static struct tls_source store_source(const struct store *store, const char *property) {
    struct slice bytes = { store->der, (size_t)store->size };
    return (struct tls_source){ .bytes = bytes, .property = property };
}

static const struct {
    int cipher;
    const char *password;
} stores[] = {
    { 0, secret },           // OpenSSL's own default
    { NID_aes_256_cbc, "" }, // an empty password
    { NID_pbe_WithSHA1And3_Key_TripleDES_CBC, secret },
    { OLD_CIPHER, secret },
    { -1, NULL }, // nothing encrypted, and no MAC
};

START_TEST(a_pkcs12_store_gives_key_and_certificate) {
    struct tls_world world;
    tls_world_init(&world, true);
    struct store store = store_make(&world, stores[_i].cipher, stores[_i].password, true);
    world.options.keystore = store_source(&store, "ssl.keystore.location");
    world.options.keystore_password = stores[_i].password;
    expect_good(&world);
    if (stores[_i].password && *stores[_i].password) {
        world.options.keystore_password = "wrong";
        expect_refused(
            &world.options,
            "ssl.keystore.location: the store cannot be opened: is ssl.keystore.password right?"
        );
        world.options.keystore_password = NULL;
        expect_refused(
            &world.options,
            "ssl.keystore.location: the store is locked, and ssl.keystore.password is not given"
        );
    } else {
        world.options.keystore_password = NULL;
        expect_good(&world);
    }
    OPENSSL_free(store.der);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_pkcs12_store_can_say_whom_to_trust) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct store store = store_make(&world, stores[_i].cipher, stores[_i].password, false);
    world.options.trust = store_source(&store, "ssl.truststore.location");
    world.options.trust_password = stores[_i].password;
    expect_good(&world);
    if (stores[_i].password && *stores[_i].password) {
        world.options.trust_password = "wrong";
        expect_refused(
            &world.options,
            "ssl.truststore.location: the store cannot be opened: is ssl.truststore.password right?"
        );
    }
    OPENSSL_free(store.der);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_pem_file_can_be_the_whole_keystore) {
    struct tls_world world;
    tls_world_init(&world, true);
    char *key = tls_rig_key_pem(world.client_identity.key, secret);
    char text[8192];
    (void)snprintf(text, sizeof text, "%s%s%s", key, world.client_pem, world.ca_pem);
    world.options.keystore = tls_rig_source(text, "ssl.keystore.location");
    world.options.key_password = secret;
    expect_good(&world);
    free(key);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(a_store_that_lacks_something_is_told) {
    struct tls_world world;
    tls_world_init(&world, true);
    struct store store = store_make(&world, 0, secret, false);
    world.options.keystore = store_source(&store, "ssl.keystore.location");
    world.options.keystore_password = secret;
    expect_refused(&world.options, "ssl.keystore.location: no private key is in it");
    store.size -= 7;
    world.options.keystore = store_source(&store, "ssl.keystore.location");
    expect_refused(&world.options, "ssl.keystore.location: this is no PKCS#12, or it is damaged");
    world.options.keystore = tls_rig_source(world.client_pem, "ssl.keystore.location");
    expect_refused(&world.options, "ssl.keystore.location: no private key is in it");
    world.options.keystore = tls_rig_source(world.client_key_pem, "ssl.keystore.location");
    expect_refused(&world.options, "ssl.keystore.location: no certificate is in it");
    OPENSSL_free(store.der);
    tls_world_dispose(&world);
}

END_TEST

#define JKS_SENTENCE                                                              \
    "this is a Java keystore (JKS), which is not supported; convert it: keytool " \
    "-importkeystore -srckeystore OLD.jks -destkeystore NEW.p12 -deststoretype pkcs12"

static const struct {
    struct slice bytes;
    const char *why;
} useless[] = {
    { { (const uint8_t *)"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1", 12 }, JKS_SENTENCE },
    { { (const uint8_t *)"\xce\xce\xce\xce\0\0\0\2\0\0\0\1", 12 }, JKS_SENTENCE },
    { { (const uint8_t *)"", 0 }, "it is empty" },
    { { (const uint8_t *)"hello", 5 }, "this is neither PEM nor PKCS#12" },
    { { (const uint8_t *)"\x30\x82\1\2", 4 }, "this is no PKCS#12, or it is damaged" },
    { { (const uint8_t *)"\x30", 1 }, "this is no PKCS#12, or it is damaged" },
    { { (const uint8_t *)"-----BEGIN CERTIFICATE-----\n", 28 }, "a PEM block has no END line" },
    { { (const uint8_t *)"-----BEGIN X-----\n-----END X-----", 33 }, "no certificate is in it" },
    { { (const uint8_t *)"-----BEGIN CERTIFICATE-----QUJD-----END CERTIFICATE-----", 56 },
      "its certificate no. 1 cannot be read" },
};

START_TEST(what_is_no_store_is_refused_by_name) {
    struct tls_options options = { 0 };
    char expected[TLS_ERROR_BYTES];
    options.trust = (struct tls_source){ useless[_i].bytes, "ssl.truststore.location" };
    (void)snprintf(expected, sizeof expected, "ssl.truststore.location: %s", useless[_i].why);
    expect_refused(&options, expected);
    options.trust = (struct tls_source){ SLICE_NULL, NULL };
    options.keystore = (struct tls_source){ useless[_i].bytes, "ssl.keystore.location" };
    (void)snprintf(expected, sizeof expected, "ssl.keystore.location: %s", useless[_i].why);
    expect_refused(&options, expected);
}

END_TEST

START_TEST(certificate_and_key_must_be_a_pair) {
    struct tls_world world;
    tls_world_init(&world, true);
    tls_world_identify(&world);
    struct tls_options options = world.options;
    options.key = (struct tls_source){ SLICE_NULL, NULL };
    expect_refused(&options, "ssl.certificate.location: a certificate without a key");
    options = world.options;
    options.certificate = (struct tls_source){ SLICE_NULL, NULL };
    expect_refused(&options, "ssl.key.location: a private key without a certificate");
    options = world.options;
    options.certificate = tls_rig_source(world.ca_pem, "ssl.certificate.location");
    expect_refused(
        &options, "ssl.certificate.location: no certificate in it is that of the private key"
    );
    options = world.options;
    options.key = tls_rig_source("-----BEGIN PRIVATE KEY-----QUJD-----END PRIVATE KEY-----", "k");
    expect_refused(&options, "k: its private key cannot be read");
    struct slice der = SLICE_LITERAL("\x30\x82\x01\x02");
    options.key = (struct tls_source){ der, "k" };
    expect_refused(&options, "k: this is no PEM; a PKCS#12 belongs in ssl.keystore.location");
    options.key = tls_rig_source("-----BEGIN PRIVATE KEY-----QUJD", "k");
    expect_refused(&options, "k: a PEM block has no END line");
    tls_world_dispose(&world);
}

END_TEST

START_TEST(keys_that_openssl_finds_too_weak_are_refused_by_its_words) {
    struct tls_world world;
    tls_world_init(&world, true);
    struct identity weak = identity_make(&(struct identity_options
    ){ .name = "w", .issuer = &world.ca, .is_ca = true, .rsa_bits = 1024 });
    struct identity leaf =
        identity_make(&(struct identity_options){ .name = "l", .issuer = &weak });
    char *chain = tls_rig_pem(leaf.certificate, weak.certificate, NULL);
    char *keys_of[] = { tls_rig_key_pem(leaf.key, NULL), tls_rig_key_pem(weak.key, NULL) };
    const char *errors[] = {
        "ssl.certificate.location: OpenSSL does not take it: ca key too small",
        "ssl.certificate.location: OpenSSL does not take it: ee key too small",
    };
    world.options.certificate = tls_rig_source(chain, "ssl.certificate.location");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        world.options.key = tls_rig_source(keys_of[i], "ssl.key.location");
        expect_refused(&world.options, errors[i]);
        free(keys_of[i]);
    }
    free(chain);
    identity_dispose(&weak);
    identity_dispose(&leaf);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(all_cas_of_a_bundle_are_trusted) { // pitfall 93
    struct tls_world world;
    tls_world_init(&world, false);
    struct identity first = identity_make(&(struct identity_options){ .name = "1", .is_ca = true });
    struct identity second =
        identity_make(&(struct identity_options){ .name = "2", .is_ca = true });
    X509 *ca = world.ca.certificate;
    char *bundle = tls_rig_pem(first.certificate, second.certificate, first.certificate, ca, NULL);
    world.options.trust = tls_rig_source(bundle, "ssl.ca.location");
    expect_good(&world);
    char *damaged = strstr(bundle + 1, "-----BEGIN");
    damaged[40] ^= 8;
    expect_refused(&world.options, "ssl.ca.location: its certificate no. 2 cannot be read");
    free(bundle);
    identity_dispose(&first);
    identity_dispose(&second);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(what_is_trusted_need_not_be_a_root) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct identity middle = identity_make(&(struct identity_options
    ){ .name = "middle", .issuer = &world.ca, .is_ca = true });
    struct identity leaf = identity_make(&(struct identity_options
    ){ .name = "leaf", .hosts = "DNS:broker.test", .issuer = &middle });
    char *pems[] = { tls_rig_pem(middle.certificate, NULL),
                     tls_rig_pem(leaf.certificate, NULL),
                     tls_rig_pem(world.ca.certificate, NULL) };
    tls_broker_dispose(&world.broker);
    tls_broker_init(&world.broker, &leaf, middle.certificate, NULL);
    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        world.options.trust = tls_rig_source(pems[i], "ssl.ca.location");
        expect_good(&world);
        free(pems[i]);
    }
    identity_dispose(&middle);
    identity_dispose(&leaf);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(the_system_s_cas_are_trusted_where_that_is_wanted) {
    struct tls_world world;
    tls_world_init(&world, false);
    char path[] = "/tmp/tls_store_test_XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert(write(file, world.ca_pem, strlen(world.ca_pem)) == (ssize_t)strlen(world.ca_pem));
    ck_assert_int_eq(close(file), 0);
    (void)setenv("SSL_CERT_FILE", path, 1); // NOLINT(concurrency-mt-unsafe): this test's process
    world.options.trust = (struct tls_source){ SLICE_NULL, NULL };
    world.options.is_system_trusted = true;
    expect_good(&world);
    world.options.is_system_trusted = false;
    struct tls_context *context = tls_rig_context(&world.options);
    tls_broker_again(&world.broker);
    struct tls *tls = tls_world_connect(&world, context, "broker.test");
    ck_assert_int_eq(tls_failure_of(tls), TLS_UNKNOWN_CA);
    tls_free(tls);
    tls_context_free(context);
    ck_assert_int_eq(unlink(path), 0);
    tls_world_dispose(&world);
}

END_TEST

START_TEST(the_client_certificate_s_end_is_known) {
    struct tls_world world;
    tls_world_init(&world, false);
    struct tls_context *without = tls_rig_context(&world.options);
    ck_assert_int_eq(tls_context_expires_at_ms(without), 0);
    tls_world_identify(&world);
    struct tls_context *with = tls_rig_context(&world.options);
    ASN1_TIME *told = ASN1_TIME_set(NULL, (time_t)(tls_context_expires_at_ms(with) / 1000));
    const ASN1_TIME *right = X509_get0_notAfter(world.client_identity.certificate);
    ck_assert_int_eq(ASN1_TIME_compare(told, right), 0);
    ASN1_TIME_free(told);
    tls_context_free(without);
    tls_context_free(with);
    tls_world_dispose(&world);
}

END_TEST

SUITE(tls_store) {
    Suite *s = suite_create("security/tls_store");
    ADD_CASE(
        s,
        "identity",
        a_pem_file_can_be_the_whole_keystore,
        a_store_that_lacks_something_is_told,
        certificate_and_key_must_be_a_pair,
        keys_that_openssl_finds_too_weak_are_refused_by_its_words,
        the_client_certificate_s_end_is_known
    );
    ADD_CASE(
        s,
        "trust",
        all_cas_of_a_bundle_are_trusted,
        what_is_trusted_need_not_be_a_root,
        the_system_s_cas_are_trusted_where_that_is_wanted
    );
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, 60);
    int store_count = sizeof stores / sizeof *stores;
    tcase_add_loop_test(tables, a_private_key_is_read_in_every_form, 0, sizeof keys / sizeof *keys);
    tcase_add_loop_test(tables, a_pkcs12_store_gives_key_and_certificate, 0, store_count);
    tcase_add_loop_test(tables, a_pkcs12_store_can_say_whom_to_trust, 0, store_count);
    tcase_add_loop_test(
        tables, what_is_no_store_is_refused_by_name, 0, sizeof useless / sizeof *useless
    );
    suite_add_tcase(s, tables);
    return s;
}
