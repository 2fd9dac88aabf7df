// SPDX-License-Identifier: Apache-2.0
// Builds the OpenSSL context step by step; each step says by itself what is wrong. Nothing here is
// global: several contexts live side by side, and a new one begins without sessions.
#include "consumer/security/tls_context.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_certificate.h"
#include "consumer/security/tls_offer.h"
#include "consumer/security/tls_parts.h"
#include "consumer/security/tls_store.h"
#include "consumer/security/tls_transport.h"
#include "consumer/security/tls_verify.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>

// The broker asks for a certificate: OpenSSL then sends what the context has. Kept for telling
// failures.
static int on_certificate_asked(SSL *ssl, void *arg) {
    (void)arg;
    struct tls *tls = SSL_get_app_data(ssl);
    tls->is_certificate_asked = true;
    return 1;
}

// A session can be resumed. In TLS 1.3 each ticket makes one; those of TLS 1.2 are the machine's to
// keep.
static int on_session(SSL *ssl, SSL_SESSION *session) {
    const struct tls *tls = SSL_get_app_data(ssl);
    if (SSL_version(ssl) < TLS1_3_VERSION) return 0;
    tls_sessions_put_take(&tls->context->sessions, tls->key, session);
    return 1; // the reference is ours now
}

static void set_up(SSL_CTX *ssl) {
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(
        ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR
    );
    SSL_CTX_sess_set_new_cb(ssl, on_session);
    SSL_CTX_set_cert_cb(ssl, on_certificate_asked, NULL);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, tls_verify_callback);
    // What is trusted is trusted, as in Java: also a CA that is not at the root, or the broker's
    // own certificate.
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl);
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
}

static bool set_trust(struct tls_context *context, const struct tls_options *options, char *error) {
    X509_STORE *trusted = SSL_CTX_get_cert_store(context->ssl);
    bool has_own = options->trust.bytes.data != NULL;
    if (options->is_system_trusted) (void)SSL_CTX_set_default_verify_paths(context->ssl);
    (void)snprintf(
        context->trusted,
        sizeof context->trusted,
        "%s%.80s%s",
        has_own ? "those of " : "",
        has_own ? options->trust.property : "the system's CAs (no other is configured)",
        has_own && options->is_system_trusted ? " or the system's" : ""
    );
    if (!has_own) return true;
    struct tls_store store = { 0 };
    struct tls_password password = { options->trust_password, "ssl.truststore.password" };
    bool is_read = tls_store_read_certificates(&store, &options->trust, &password, error);
    for (int i = 0; is_read && i < sk_X509_num(store.certificates); i++) {
        int added = X509_STORE_add_cert(trusted, sk_X509_value(store.certificates, i));
        must(added == 1);
    }
    tls_store_dispose(&store);
    return is_read;
}

// The certificate of the key comes first; the others follow in the order of issue, as far as they
// are there. So the order of a file does not matter.
static X509 *take_leaf(STACK_OF(X509) * certificates, EVP_PKEY *key) {
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        if (X509_check_private_key(sk_X509_value(certificates, i), key) == 1) {
            return sk_X509_delete(certificates, i);
        }
    }
    return NULL;
}

static X509 *take_issuer(STACK_OF(X509) * certificates, X509 *of) {
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        if (X509_check_issued(sk_X509_value(certificates, i), of) == X509_V_OK) {
            return sk_X509_delete(certificates, i);
        }
    }
    return NULL;
}

static void tell_refused(const char *property, char *error) {
    const char *why = ERR_reason_error_string(ERR_peek_error());
    why = why ? why : "without a reason";
    (void)snprintf(error, TLS_ERROR_BYTES, "%s: OpenSSL does not take it: %s", property, why);
}

// Gives the chain behind the leaf to OpenSSL, which may find one of it too weak.
static bool use_chain(SSL_CTX *ssl, STACK_OF(X509) * certificates, X509 *leaf) {
    X509 *issuer = NULL;
    for (X509 *of = leaf; (issuer = take_issuer(certificates, of)) != NULL; of = issuer) {
        if (SSL_CTX_add0_chain_cert(ssl, issuer) == 1) continue;
        X509_free(issuer);
        return false;
    }
    return true;
}

static bool use_identity(
    struct tls_context *context, struct tls_store *store, const char *property, char *error
) {
    SSL_CTX *ssl = context->ssl;
    X509 *leaf = take_leaf(store->certificates, store->key);
    if (!leaf) {
        (void)snprintf(
            error, TLS_ERROR_BYTES, "%s: no certificate in it is that of the private key", property
        );
        return false;
    }
    ERR_clear_error();
    context->has_certificate = SSL_CTX_use_certificate(ssl, leaf) == 1 &&
                               SSL_CTX_use_PrivateKey(ssl, store->key) == 1 &&
                               use_chain(ssl, store->certificates, leaf);
    context->expires_at_ms = tls_certificate_expires_at_ms(leaf);
    X509_free(leaf);
    if (!context->has_certificate) tell_refused(property, error);
    return context->has_certificate;
}

// Where certificate and key come from: one store, or two texts.
static bool read_identity(struct tls_store *store, const struct tls_options *options, char *error) {
    const struct tls_source *certificate = &options->certificate;
    const struct tls_source *key = &options->key;
    struct tls_password key_password = { options->key_password, "ssl.key.password" };
    struct tls_password store_password = { options->keystore_password, "ssl.keystore.password" };
    if (options->keystore.bytes.data) {
        certificate = key = &options->keystore;
    } else if (!certificate->bytes.data || !key->bytes.data) {
        bool has_key = key->bytes.data != NULL;
        (void)snprintf(
            error,
            TLS_ERROR_BYTES,
            has_key ? "%s: a private key without a certificate" : "%s: a certificate without a key",
            has_key ? key->property : certificate->property
        );
        return false;
    }
    if (!tls_store_read_certificates(store, certificate, &store_password, error)) return false;
    if (store->key && key == certificate) return true;
    if (tls_store_is_pkcs12(key)) {
        const char *why = key == certificate
                              ? "no private key is in it"
                              : "this is no PEM; a PKCS#12 belongs in ssl.keystore.location";
        (void)snprintf(error, TLS_ERROR_BYTES, "%s: %s", key->property, why);
        return false;
    }
    EVP_PKEY_free(store->key);
    store->key = NULL;
    return tls_store_read_key(store, key, &key_password, error);
}

static bool set_identity(
    struct tls_context *context, const struct tls_options *options, char *error
) {
    const struct tls_source *source =
        options->keystore.bytes.data ? &options->keystore : &options->certificate;
    if (!source->bytes.data && !options->key.bytes.data) return true;
    struct tls_store store = { 0 };
    bool is_set = read_identity(&store, options, error) &&
                  use_identity(context, &store, source->property, error);
    tls_store_dispose(&store);
    return is_set;
}

struct tls_context *tls_context_new(
    const struct tls_options *options, char error[TLS_ERROR_BYTES]
) {
    error[0] = '\0';
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    if (!ssl) { // the system's settings of OpenSSL can be such
        tell_refused("security.protocol", error);
        ERR_clear_error();
        return NULL;
    }
    struct tls_context *context = must_alloc(sizeof *context);
    context->references = 1;
    context->is_host_verified = options->is_host_verified;
    context->transport = tls_transport_new();
    context->ssl = ssl;
    set_up(ssl);
    bool is_good = tls_offer_set(context, options, error) && set_trust(context, options, error) &&
                   set_identity(context, options, error);
    ERR_clear_error();
    if (is_good) return context;
    tls_context_free(context);
    return NULL;
}

void tls_context_free(struct tls_context *context) {
    if (!context) return;
    must(context->references > 0);
    if (--context->references > 0) return;
    tls_sessions_dispose(&context->sessions);
    SSL_CTX_free(context->ssl);
    tls_transport_free(context->transport);
    free(context);
}

int64_t tls_context_expires_at_ms(const struct tls_context *context) {
    return context->expires_at_ms;
}
