// SPDX-License-Identifier: Apache-2.0
// Alerts are decided in a table. Some say different things before and after the broker asked for a
// certificate, which is why the machine notes that it did. Java's brokers answer an empty
// certificate with bad_certificate (older ones) or certificate_required.
#include "consumer/security/tls_trouble.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_parts.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

const char *tls_failure_name(enum tls_failure failure) {
    static const char *const names[] = {
        [TLS_NO_FAILURE] = "none",
        [TLS_UNKNOWN_CA] = "unknown_ca",
        [TLS_EXPIRED] = "expired",
        [TLS_NOT_YET_VALID] = "not_yet_valid",
        [TLS_WRONG_HOST] = "wrong_host",
        [TLS_BAD_CERTIFICATE] = "bad_certificate",
        [TLS_CERTIFICATE_REQUIRED] = "certificate_required",
        [TLS_CLIENT_REFUSED] = "client_refused",
        [TLS_CLIENT_EXPIRED] = "client_expired",
        [TLS_NO_COMMON_CIPHER] = "no_common_cipher",
        [TLS_PROTOCOL_VERSION] = "protocol_version",
        [TLS_NOT_TLS] = "not_tls",
        [TLS_CLOSED_IN_HANDSHAKE] = "closed_in_handshake",
        [TLS_PROTOCOL_ERROR] = "protocol_error",
    };
    must((size_t)failure < sizeof names / sizeof *names);
    return names[failure];
}

/// What an alert means, when the broker had not asked for a certificate, and when it had.
struct alert_meaning {
    int alert;
    enum tls_failure before;
    enum tls_failure after;
};

static const struct alert_meaning alert_meanings[] = {
    { SSL_AD_CLOSE_NOTIFY, TLS_CLOSED_IN_HANDSHAKE, TLS_CLOSED_IN_HANDSHAKE },
    { SSL_AD_HANDSHAKE_FAILURE, TLS_NO_COMMON_CIPHER, TLS_CLIENT_REFUSED },
    { SSL_AD_BAD_CERTIFICATE, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_UNSUPPORTED_CERTIFICATE, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_CERTIFICATE_REVOKED, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_CERTIFICATE_EXPIRED, TLS_PROTOCOL_ERROR, TLS_CLIENT_EXPIRED },
    { SSL_AD_CERTIFICATE_UNKNOWN, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_UNKNOWN_CA, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_ACCESS_DENIED, TLS_PROTOCOL_ERROR, TLS_CLIENT_REFUSED },
    { SSL_AD_PROTOCOL_VERSION, TLS_PROTOCOL_VERSION, TLS_PROTOCOL_VERSION },
    { SSL_AD_INSUFFICIENT_SECURITY, TLS_NO_COMMON_CIPHER, TLS_NO_COMMON_CIPHER },
    { TLS13_AD_CERTIFICATE_REQUIRED, TLS_CERTIFICATE_REQUIRED, TLS_CERTIFICATE_REQUIRED },
};

static bool has_own_certificate_expired(const struct tls *tls) {
    const X509 *own = SSL_CTX_get0_certificate(tls->context->ssl);
    return own && X509_cmp_current_time(X509_get0_notAfter(own)) < 0;
}

static enum tls_failure meaning_of(const struct tls *tls, int alert) {
    enum tls_failure meaning = TLS_PROTOCOL_ERROR;
    for (size_t i = 0; i < sizeof alert_meanings / sizeof *alert_meanings; i++) {
        const struct alert_meaning *row = &alert_meanings[i];
        if (row->alert == alert) meaning = tls->is_certificate_asked ? row->after : row->before;
    }
    if (meaning != TLS_CLIENT_REFUSED) return meaning;
    if (!tls->context->has_certificate) return TLS_CERTIFICATE_REQUIRED;
    return has_own_certificate_expired(tls) ? TLS_CLIENT_EXPIRED : TLS_CLIENT_REFUSED;
}

static void tell_certificate_required(struct tls *tls) {
    tls_fail(
        tls,
        TLS_CERTIFICATE_REQUIRED,
        tls->context->has_certificate
            ? "the broker wants a client certificate, and the one that is configured is of no kind "
              "that it asks for"
            : "the broker wants a client certificate, and none is configured"
    );
}

static void tell_alert(struct tls *tls, int alert) {
    enum tls_failure failure = meaning_of(tls, alert);
    const char *name = SSL_alert_desc_string_long(alert);
    if (failure == TLS_CERTIFICATE_REQUIRED) {
        tell_certificate_required(tls);
    } else if (failure == TLS_CLIENT_EXPIRED) {
        tls_fail(tls, failure, "the client certificate has expired (the broker says: %s)", name);
    } else if (failure == TLS_CLIENT_REFUSED) {
        tls_fail(
            tls,
            failure,
            "the broker refuses the client certificate (%s): does it trust the CA of it?",
            name
        );
    } else if (failure == TLS_NO_COMMON_CIPHER) {
        tls_fail(
            tls,
            failure,
            "the broker shares no cipher suite, curve or signature algorithm with this client (%s)",
            name
        );
    } else if (failure == TLS_PROTOCOL_VERSION) {
        tls_fail(
            tls, failure, "the broker speaks none of the versions %s", tls->context->protocols
        );
    } else if (failure == TLS_CLOSED_IN_HANDSHAKE) {
        tls_trouble_closed(tls);
    } else {
        tls_fail(tls, failure, "the broker ended TLS with the alert %d (%s)", alert, name);
    }
}

// What TLS begins with is a record's type and version 3.x.
static bool is_tls(const struct tls *tls) {
    if (tls->zero_count > TLS_MOST_ZEROS) return false;
    if (tls->first_count > 0 &&
        (tls->first[0] < SSL3_RT_CHANGE_CIPHER_SPEC || tls->first[0] > SSL3_RT_APPLICATION_DATA)) {
        return false;
    }
    return tls->first_count < 2 || tls->first[1] == SSL3_VERSION_MAJOR;
}

static void tell_not_tls(struct tls *tls) {
    static const struct {
        const char *start;
        const char *peer;
    } peers[] = { { "HTTP", "an HTTP server" }, { "SSH-", "an SSH server" } };

    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        if (tls->first_count >= 4 && memcmp(tls->first, peers[i].start, 4) == 0) {
            tls_fail(tls, TLS_NOT_TLS, "the peer speaks no TLS: it is %s", peers[i].peer);
            return;
        }
    }

    enum { SHOWN_ZEROS = 4 };

    size_t zeros = tls->zero_count < SHOWN_ZEROS ? tls->zero_count : SHOWN_ZEROS;
    char hex[3 * (SHOWN_ZEROS + TLS_FIRST_BYTES) + 1] = "";
    for (size_t i = 0; i < zeros + tls->first_count; i++) {
        unsigned byte = i < zeros ? 0 : tls->first[i - zeros];
        (void)snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", byte);
    }
    tls_fail(
        tls,
        TLS_NOT_TLS,
        "the peer speaks no TLS (its first bytes are%s): is it a plaintext listener?",
        hex
    );
}

// What cannot be read, where an answer to the client's certificate was due, is taken for a refusal:
// brokers of Kafka 2.8 send their last flight once more before the alert, which nobody can make out
// then.
static void tell_unreadable(struct tls *tls, const char *reason) {
    bool is_answer_due = tls->is_certificate_asked && !tls->has_read_plain;
    if (!is_answer_due) {
        tls_fail(tls, TLS_PROTOCOL_ERROR, "what the broker sent is not as TLS has it (%s)", reason);
    } else if (!tls->context->has_certificate) {
        tell_certificate_required(tls);
    } else if (has_own_certificate_expired(tls)) {
        tls_fail(tls, TLS_CLIENT_EXPIRED, "the client certificate has expired");
    } else {
        tls_fail(
            tls,
            TLS_CLIENT_REFUSED,
            "the broker seems to refuse the client certificate (%s)",
            reason
        );
    }
}

// The first entry of the queue that is of OpenSSL's TLS itself: those before it say what went wrong
// inside a cipher or a parser, those after it who passed it on.
static unsigned long first_error(void) {
    unsigned long first = ERR_get_error();
    unsigned long next = first;
    while (next != 0 && ERR_GET_LIB(next) != ERR_LIB_SSL)
        next = ERR_get_error();
    ERR_clear_error();
    return next != 0 ? next : first;
}

static bool is_of_version(int reason) {
    return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION ||
           reason == SSL_R_VERSION_TOO_LOW || reason == SSL_R_VERSION_TOO_HIGH;
}

void tls_trouble_tell(struct tls *tls, int error) {
    unsigned long queued = first_error();
    int reason = ERR_GET_LIB(queued) == ERR_LIB_SSL ? ERR_GET_REASON(queued) : 0;
    const char *text = ERR_reason_error_string(queued);
    if (tls->verdict != TLS_NO_FAILURE) {
        char why[TLS_WHY_BYTES];
        memcpy(why, tls->why, sizeof why);
        tls_fail(tls, tls->verdict, "%s", why);
    } else if (tls->state == TLS_HANDSHAKING && !is_tls(tls)) {
        tell_not_tls(tls);
    } else if (error == SSL_ERROR_ZERO_RETURN) {
        tls_trouble_closed(tls);
    } else if (reason > SSL_AD_REASON_OFFSET) {
        tell_alert(tls, reason - SSL_AD_REASON_OFFSET);
    } else if (is_of_version(reason)) {
        tell_alert(tls, SSL_AD_PROTOCOL_VERSION);
    } else {
        tell_unreadable(tls, text ? text : "without a reason");
    }
}

void tls_trouble_closed(struct tls *tls) {
    if (tls->first_count == 0) {
        tls_fail(
            tls,
            TLS_CLOSED_IN_HANDSHAKE,
            "the peer closed the connection instead of answering in TLS: is it a plaintext "
            "listener?"
        );
    } else if (!is_tls(tls)) {
        tell_not_tls(tls);
    } else if (tls->is_certificate_asked && !tls->context->has_certificate) {
        tell_certificate_required(tls);
    } else {
        tls_fail(
            tls, TLS_CLOSED_IN_HANDSHAKE, "the broker closed the connection in the TLS handshake"
        );
    }
}

bool tls_trouble_refused(struct tls *tls) {
    bool is_refused = tls->is_certificate_asked && !tls->context->has_certificate;
    if (!is_refused || tls->has_read_plain) return false;
    tell_certificate_required(tls);
    return true;
}
