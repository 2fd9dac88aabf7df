// SPDX-License-Identifier: Apache-2.0
// OpenSSL sees a BIO whose reads come out of the staging buffer and whose writes go to the output.
// It consumes all that is staged before it asks for more, so the staging is empty whenever there is
// no more plaintext to read.
//
// OpenSSL is never told that the socket was closed: a missing close_notify is the caller's news
// (tls_on_closed()), not a protocol error, and SSL_OP_IGNORE_UNEXPECTED_EOF is not needed.
#include "consumer/security/tls.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_parts.h"
#include "consumer/security/tls_trouble.h"
#include "consumer/security/tls_verify.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// An idle connection keeps no staging.
static void drop_received(struct tls *tls) {
    free(tls->staging);
    tls->staging = NULL;
    tls->staged_from = tls->staged_to = 0;
}

// The one writer of the state.
static void enter(struct tls *tls, enum tls_state state) {
    must(tls->state == TLS_HANDSHAKING || (tls->state == TLS_OPEN && state > TLS_OPEN));
    tls->state = state;
    if (state == TLS_ENDED || state == TLS_FAILED) drop_received(tls);
}

void tls_fail(struct tls *tls, enum tls_failure failure, const char *format, ...) {
    must(failure != TLS_NO_FAILURE);
    if (tls->state == TLS_FAILED || tls->state == TLS_ENDED) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(tls->why, sizeof tls->why, format, arguments);
    va_end(arguments);
    tls->failure = failure;
    enter(tls, TLS_FAILED);
}

// Of the two longest texts that fit a DNS name, the trailing dot's is the absolute one: the same
// host, but not what certificates and SNI have.
static bool take_host(struct tls *tls, const char *host) {
    size_t size = strlen(host);
    if (size > 0 && host[size - 1] == '.') size--;
    if (size == 0 || size >= sizeof tls->host || host[0] == '.') return false;
    memcpy(tls->host, host, size);
    return true;
}

struct tls *tls_new(struct tls_context *context, const char *host, int32_t port) {
    must(context != NULL && host != NULL);
    struct tls *tls = must_alloc(sizeof *tls);
    tls->context = context;
    context->references++;
    tls->ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(context->transport);
    must(tls->ssl != NULL && bio != NULL);
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_connect_state(tls->ssl);
    if (!take_host(tls, host) || !tls_verify_host(tls)) {
        tls_fail(tls, TLS_WRONG_HOST, "the host name is none that a certificate could have");
    }
    (void)snprintf(tls->key, sizeof tls->key, "%s:%d", tls->host, port);
    ERR_clear_error();
    return tls;
}

void tls_free(struct tls *tls) {
    if (!tls) return;
    // OpenSSL would take back the session of a connection that ends without close_notify.
    if (tls->state != TLS_FAILED) {
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(tls->ssl);
    free(tls->staging);
    buf_dispose(&tls->output);
    tls_context_free(tls->context);
    free(tls);
    ERR_clear_error();
}

static void learn_facts(struct tls *tls) {
    tls->facts = (struct tls_facts){
        .protocol = SSL_get_version(tls->ssl),
        .cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(tls->ssl)),
        .is_resumed = SSL_session_reused(tls->ssl) == 1,
        .is_client_certificate_asked = tls->is_certificate_asked,
    };
    tls_verify_describe(tls, &tls->facts);
    tls->has_facts = true;
}

// In TLS 1.2 a handshake's end is where the session is whole. OpenSSL's callback says nothing of a
// ticket that came with a resumed handshake, although the one before is of no more use.
static void keep_session(struct tls *tls) {
    if (SSL_version(tls->ssl) >= TLS1_3_VERSION) return;
    SSL_SESSION *session = SSL_get1_session(tls->ssl);
    if (session && SSL_SESSION_is_resumable(session)) {
        tls_sessions_put_take(&tls->context->sessions, tls->key, session);
    } else {
        SSL_SESSION_free(session);
    }
}

// A session that the broker may have taken offence at is not tried again.
static void on_trouble(struct tls *tls, int result) {
    tls_trouble_tell(tls, SSL_get_error(tls->ssl, result));
    must(tls->state == TLS_FAILED);
    tls_sessions_forget(&tls->context->sessions, tls->key);
}

static void shake_hands(struct tls *tls) {
    must(tls->state == TLS_HANDSHAKING);
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        learn_facts(tls);
        keep_session(tls);
        enter(tls, TLS_OPEN);
    } else if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ) {
        on_trouble(tls, result);
    }
    ERR_clear_error();
}

enum tls_state tls_begin(struct tls *tls) {
    if (tls->state != TLS_HANDSHAKING) return tls->state;
    SSL_SESSION *session = tls_sessions_take(&tls->context->sessions, tls->key);
    if (session) {
        (void)SSL_set_session(tls->ssl, session);
        SSL_SESSION_free(session);
    }
    shake_hands(tls);
    return tls->state;
}

void tls_space(struct tls *tls, uint8_t **data, size_t *size) {
    if (!tls->staging) tls->staging = must_realloc(NULL, TLS_STAGING_BYTES);
    if (tls->staged_from == tls->staged_to) tls->staged_from = tls->staged_to = 0;
    *data = tls->staging + tls->staged_to;
    *size = TLS_STAGING_BYTES - tls->staged_to;
    must(*size > 0);
}

// When a handshake fails, brokers of Kafka 2.8 send the unused part of a buffer, about 16 KiB of
// zeros, before the alert that says why. Nothing of TLS begins with a zero, so they are left out.
static void skip_zeros(struct tls *tls) {
    if (tls->first_count > 0) return;
    while (tls->staged_from < tls->staged_to && tls->staging[tls->staged_from] == 0) {
        tls->staged_from++;
        tls->zero_count++;
    }
}

static void note_first_bytes(struct tls *tls) {
    const uint8_t *at = tls->staging + tls->staged_from;
    size_t left = tls->staged_to - tls->staged_from;
    while (left > 0 && tls->first_count < TLS_FIRST_BYTES) {
        tls->first[tls->first_count++] = *at++;
        left--;
    }
}

enum tls_state tls_on_bytes(struct tls *tls, size_t count) {
    must(tls->staging != NULL && count <= TLS_STAGING_BYTES - tls->staged_to);
    if (tls->state == TLS_ENDED || tls->state == TLS_FAILED) return tls->state;
    tls->staged_to += count;
    if (tls->state == TLS_OPEN) return tls->state;
    skip_zeros(tls);
    note_first_bytes(tls);
    if (tls->zero_count > TLS_MOST_ZEROS) {
        tls_trouble_tell(tls, SSL_ERROR_SSL);
    } else {
        shake_hands(tls);
    }
    return tls->state;
}

// The peer says that it will send no more: Kafka's connections are over then.
static void on_close_notify(struct tls *tls) {
    (void)SSL_shutdown(tls->ssl);
    enter(tls, TLS_ENDED);
}

size_t tls_read(struct tls *tls, uint8_t *data, size_t size) {
    if (tls->state != TLS_OPEN) return 0;
    ERR_clear_error();
    size_t total = 0;
    while (total < size && tls->state == TLS_OPEN) {
        size_t count = 0;
        int result = SSL_read_ex(tls->ssl, data + total, size - total, &count);
        total += count;
        if (result == 1) continue;
        if (SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ) break;
        if (SSL_get_error(tls->ssl, result) == SSL_ERROR_ZERO_RETURN) {
            on_close_notify(tls);
        } else {
            on_trouble(tls, result);
        }
    }
    if (total > 0) tls->has_read_plain = true;
    if (tls->staged_from == tls->staged_to) drop_received(tls);
    ERR_clear_error();
    return total;
}

void tls_write(struct tls *tls, struct slice plain) {
    must(tls->state != TLS_HANDSHAKING);
    if (tls->state != TLS_OPEN || plain.size == 0) return;
    ERR_clear_error();
    size_t count = 0;
    int result = SSL_write_ex(tls->ssl, plain.data, plain.size, &count);
    if (result != 1) {
        on_trouble(tls, result);
    } else {
        must(count == plain.size);
    }
    ERR_clear_error();
}

void tls_end(struct tls *tls) {
    if (tls->state != TLS_OPEN) return;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    enter(tls, TLS_ENDED);
    ERR_clear_error();
}

enum tls_state tls_on_closed(struct tls *tls) {
    if (tls->state == TLS_HANDSHAKING) {
        tls_trouble_closed(tls);
    } else if (tls->state == TLS_OPEN) {
        if (!tls_trouble_refused(tls)) enter(tls, TLS_ENDED);
    }
    return tls->state;
}

bool tls_take_output(struct tls *tls, struct buf *output) {
    must(output->data == NULL);
    if (tls->output.size == 0) return false;
    *output = tls->output;
    tls->output = (struct buf){ 0 };
    return true;
}

enum tls_state tls_state(const struct tls *tls) {
    return tls->state;
}

enum tls_failure tls_failure_of(const struct tls *tls) {
    return tls->failure;
}

const char *tls_why(const struct tls *tls) {
    return tls->why;
}

const struct tls_facts *tls_facts(const struct tls *tls) {
    return tls->has_facts ? &tls->facts : NULL;
}
