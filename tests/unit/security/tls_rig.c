// SPDX-License-Identifier: Apache-2.0
// The broker is OpenSSL's server side between two memory BIOs.
#include "tests/unit/security/tls_rig.h"

#include "consumer/base/must.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_SECONDS = 24 * 60 * 60, USUAL_DAYS = 30 };

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL);
    int added = X509_add_ext(certificate, extension, -1);
    must(added == 1);
    X509_EXTENSION_free(extension);
}

static void set_times(X509 *certificate, const struct identity_options *options) {
    int to_days = options->to_days ? options->to_days : USUAL_DAYS;
    long from = options->from_days * (long)DAY_SECONDS - DAY_SECONDS;
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), to_days * (long)DAY_SECONDS);
}

struct identity identity_make(const struct identity_options *options) {
    static long serial = 1;
    struct identity made = {
        .key = options->rsa_bits ? EVP_RSA_gen((unsigned)options->rsa_bits) : EVP_EC_gen("P-256"),
        .certificate = X509_new(),
    };
    must(made.key != NULL && made.certificate != NULL);
    X509 *issuer = options->issuer ? options->issuer->certificate : made.certificate;
    (void)X509_set_version(made.certificate, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    set_times(made.certificate, options);
    X509_NAME *name = X509_get_subject_name(made.certificate);
    const unsigned char *text = (const unsigned char *)options->name;
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0);
    (void)X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer));
    (void)X509_set_pubkey(made.certificate, made.key);
    if (options->is_ca) {
        add_extension(made.certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (options->hosts) {
        add_extension(made.certificate, issuer, NID_subject_alt_name, options->hosts);
    }
    EVP_PKEY *signer = options->issuer ? options->issuer->key : made.key;
    int signed_bytes = X509_sign(made.certificate, signer, EVP_sha256());
    must(signed_bytes > 0);
    return made;
}

void identity_dispose(struct identity *identity) {
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
    *identity = (struct identity){ 0 };
}

static char *take_text(BIO *bio) {
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    char *text = must_alloc((size_t)size + 1);
    memcpy(text, data, (size_t)size);
    (void)BIO_free(bio);
    return text;
}

char *tls_rig_pem(X509 *first, ...) {
    BIO *bio = BIO_new(BIO_s_mem());
    va_list more;
    va_start(more, first);
    for (X509 *next = first; next; next = va_arg(more, X509 *)) {
        int written = PEM_write_bio_X509(bio, next);
        must(written == 1);
    }
    va_end(more);
    return take_text(bio);
}

char *tls_rig_key_pem(EVP_PKEY *key, const char *password) {
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = password ? EVP_aes_256_cbc() : NULL;
    int size = password ? (int)strlen(password) : 0;
    int written = PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, password, size, NULL, NULL);
    must(written == 1);
    return take_text(bio);
}

struct tls_source tls_rig_source(const char *text, const char *property) {
    return (struct tls_source){ .bytes = slice_from_string(text), .property = property };
}

static int accept_any(int is_good, X509_STORE_CTX *chain) {
    (void)chain;
    return is_good;
}

void tls_broker_init(
    struct tls_broker *broker, const struct identity *identity, X509 *chain, X509 *client_ca
) {
    *broker = (struct tls_broker){ .context = SSL_CTX_new(TLS_server_method()) };
    SSL_CTX *context = broker->context;
    int used = SSL_CTX_use_certificate(context, identity->certificate);
    used += SSL_CTX_use_PrivateKey(context, identity->key);
    must(used == 2);
    if (chain) (void)SSL_CTX_add1_chain_cert(context, chain);
    (void)SSL_CTX_set_session_id_context(context, (const unsigned char *)"rig", 3);
    if (client_ca) {
        int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(context), client_ca);
        SSL_CTX_set_verify(context, mode, accept_any);
    }
    tls_broker_again(broker);
}

static void drop_connection(struct tls_broker *broker) {
    if (broker->ssl) SSL_set_shutdown(broker->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(broker->ssl);
    buf_dispose(&broker->plain);
}

void tls_broker_again(struct tls_broker *broker) {
    drop_connection(broker);
    broker->ssl = SSL_new(broker->context);
    broker->in = BIO_new(BIO_s_mem());
    broker->out = BIO_new(BIO_s_mem());
    must(broker->ssl && broker->in && broker->out);
    SSL_set_bio(broker->ssl, broker->in, broker->out);
    SSL_set_accept_state(broker->ssl);
}

void tls_broker_dispose(struct tls_broker *broker) {
    drop_connection(broker);
    SSL_CTX_free(broker->context);
}

void tls_broker_step(struct tls_broker *broker) {
    uint8_t bytes[4096];
    size_t count = 0;
    while (SSL_read_ex(broker->ssl, bytes, sizeof bytes, &count) == 1)
        buf_append(&broker->plain, bytes, count);
    ERR_clear_error();
}

static void read_all(struct tls *tls, struct buf *plain) {
    uint8_t bytes[4096];
    size_t count = 0;
    while ((count = tls_read(tls, bytes, sizeof bytes)) > 0) {
        if (plain) buf_append(plain, bytes, count);
    }
}

static void deliver(struct tls *tls, const uint8_t *bytes, size_t size, struct buf *plain) {
    while (size > 0) {
        uint8_t *space = NULL;
        size_t room = 0;
        tls_space(tls, &space, &room);
        size_t count = size < room ? size : room;
        memcpy(space, bytes, count);
        (void)tls_on_bytes(tls, count);
        read_all(tls, plain);
        bytes += count;
        size -= count;
    }
}

void tls_rig_deliver(struct tls *tls, const void *bytes, size_t size) {
    deliver(tls, bytes, size, NULL);
}

static bool move_to_broker(struct tls *tls, struct tls_broker *broker) {
    struct buf output = { 0 };
    if (!tls_take_output(tls, &output)) return false;
    int written = BIO_write(broker->in, output.data, (int)output.size);
    must(written == (int)output.size);
    buf_dispose(&output);
    return true;
}

static bool move_to_client(struct tls *tls, struct tls_broker *broker, struct buf *plain) {
    uint8_t bytes[8192];
    size_t most = broker->step ? broker->step : sizeof bytes;
    bool has_moved = false;
    int count = 0;
    while ((count = BIO_read(broker->out, bytes, (int)most)) > 0) {
        deliver(tls, bytes, (size_t)count, plain);
        has_moved = true;
    }
    return has_moved;
}

void tls_rig_answer(struct tls *tls, struct tls_broker *broker, struct buf *flight) {
    uint8_t bytes[4096];
    int count = 0;
    (void)move_to_broker(tls, broker);
    (void)SSL_do_handshake(broker->ssl);
    ERR_clear_error();
    while ((count = BIO_read(broker->out, bytes, sizeof bytes)) > 0)
        buf_append(flight, bytes, (size_t)count);
}

bool tls_rig_turn(struct tls *tls, struct tls_broker *broker, struct buf *plain) {
    bool has_moved = move_to_broker(tls, broker);
    tls_broker_step(broker);
    return move_to_client(tls, broker, plain) || has_moved;
}

void tls_rig_pump(struct tls *tls, struct tls_broker *broker, struct buf *plain) {
    while (tls_rig_turn(tls, broker, plain)) {}
}

void tls_broker_write(struct tls_broker *broker, const void *bytes, size_t size) {
    size_t count = 0;
    int written = SSL_write_ex(broker->ssl, bytes, size, &count);
    must(written == 1 && count == size);
}

void tls_world_init(struct tls_world *world, bool wants_client) {
    *world = (struct tls_world){ 0 };
    world->ca = identity_make(&(struct identity_options){ .name = "Test CA", .is_ca = true });
    world->broker_identity = identity_make(&(struct identity_options
    ){ .name = "broker", .hosts = "DNS:broker.test", .issuer = &world->ca });
    world->client_identity =
        identity_make(&(struct identity_options){ .name = "client", .issuer = &world->ca });
    world->ca_pem = tls_rig_pem(world->ca.certificate, NULL);
    world->client_pem = tls_rig_pem(world->client_identity.certificate, NULL);
    world->client_key_pem = tls_rig_key_pem(world->client_identity.key, NULL);
    world->options = (struct tls_options){
        .trust = tls_rig_source(world->ca_pem, "ssl.ca.location"),
        .is_host_verified = true,
    };
    X509 *client_ca = wants_client ? world->ca.certificate : NULL;
    tls_broker_init(&world->broker, &world->broker_identity, NULL, client_ca);
}

void tls_world_dispose(struct tls_world *world) {
    tls_broker_dispose(&world->broker);
    identity_dispose(&world->ca);
    identity_dispose(&world->broker_identity);
    identity_dispose(&world->client_identity);
    free(world->ca_pem);
    free(world->client_pem);
    free(world->client_key_pem);
}

void tls_world_identify(struct tls_world *world) {
    world->options.certificate = tls_rig_source(world->client_pem, "ssl.certificate.location");
    world->options.key = tls_rig_source(world->client_key_pem, "ssl.key.location");
}

struct tls_context *tls_rig_context(const struct tls_options *options) {
    char error[TLS_ERROR_BYTES];
    struct tls_context *context = tls_context_new(options, error);
    if (!context) must_failed(error, __FILE__, __LINE__);
    return context;
}

struct tls *tls_world_connect(
    struct tls_world *world, struct tls_context *context, const char *host
) {
    struct tls *tls = tls_new(context, host, 9093);
    (void)tls_begin(tls);
    tls_rig_pump(tls, &world->broker, NULL);
    return tls;
}
