// SPDX-License-Identifier: Apache-2.0
// OpenSSL finds the error, a table says what kind it is, and the sentence is written while the
// certificate is still at hand. The error stops the handshake.
#include "consumer/security/tls_verify.h"

#include "consumer/base/must.h"
#include "consumer/security/tls_certificate.h"
#include "consumer/security/tls_parts.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 100, HOSTS_BYTES = 200, TIME_BYTES = 32 };

// A zone ("%eth0") is this machine's affair and in no certificate.
static bool is_address(const char *host, char address[TLS_HOST_BYTES]) {
    struct in6_addr parsed;
    (void)snprintf(address, TLS_HOST_BYTES, "%s", host);
    address[strcspn(address, "%")] = '\0';
    return inet_pton(AF_INET, host, &parsed) == 1 || inet_pton(AF_INET6, address, &parsed) == 1;
}

bool tls_verify_host(struct tls *tls) {
    char address[TLS_HOST_BYTES];
    bool is_literal = is_address(tls->host, address);
    if (!is_literal && SSL_set_tlsext_host_name(tls->ssl, tls->host) != 1) return false;
    if (!tls->context->is_host_verified) return true;
    X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_literal) return X509_VERIFY_PARAM_set1_ip_asc(param, address) == 1;
    return X509_VERIFY_PARAM_set1_host(param, tls->host, strlen(tls->host)) == 1;
}

// What an error of OpenSSL's means for whoever must mend it.
static enum tls_failure kind_of(int error) {
    static const struct {
        int error;
        enum tls_failure failure;
    } kinds[] = {
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_UNKNOWN_CA },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_UNKNOWN_CA },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_UNKNOWN_CA },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_UNKNOWN_CA },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_UNKNOWN_CA },
        { X509_V_ERR_CERT_SIGNATURE_FAILURE, TLS_UNKNOWN_CA }, // a CA made anew by the same name
        { X509_V_ERR_CERT_UNTRUSTED, TLS_UNKNOWN_CA },
        { X509_V_ERR_CERT_HAS_EXPIRED, TLS_EXPIRED },
        { X509_V_ERR_CERT_NOT_YET_VALID, TLS_NOT_YET_VALID },
        { X509_V_ERR_HOSTNAME_MISMATCH, TLS_WRONG_HOST },
        { X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_WRONG_HOST },
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].error == error) return kinds[i].failure;
    }
    return TLS_BAD_CERTIFICATE;
}

/// A certificate that was found wanting.
struct finding {
    const X509 *certificate;
    int error;
    const char *role; ///< "the broker's certificate" or "the CA certificate"
    char name[NAME_BYTES];
    char leaf_name[NAME_BYTES]; ///< of the broker's certificate
};

static void tell_unknown_ca(struct tls *tls, const struct finding *finding) {
    char issuer[NAME_BYTES];
    tls_certificate_name(X509_get_issuer_name(finding->certificate), issuer, sizeof issuer);
    const char *trusted = tls->context->trusted;
    if (finding->error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
        (void)snprintf(
            tls->why,
            sizeof tls->why,
            "the broker's certificate (%s) is signed by itself and is not among %s",
            finding->name,
            trusted
        );
    } else {
        (void)snprintf(
            tls->why,
            sizeof tls->why,
            "the broker's certificate (%s) comes from a CA (%s) that is not among %s",
            finding->leaf_name,
            issuer,
            trusted
        );
    }
}

static void tell_dates(struct tls *tls, const struct finding *finding, enum tls_failure failure) {
    bool is_over = failure == TLS_EXPIRED;
    char when[TIME_BYTES];
    tls_certificate_time(
        is_over ? X509_get0_notAfter(finding->certificate)
                : X509_get0_notBefore(finding->certificate),
        when,
        sizeof when
    );
    (void)snprintf(
        tls->why,
        sizeof tls->why,
        is_over ? "%s (%s) expired at %s" : "%s (%s) is not valid before %s: is the clock right?",
        finding->role,
        finding->name,
        when
    );
}

static void tell(struct tls *tls, const struct finding *finding, enum tls_failure failure) {
    char hosts[HOSTS_BYTES];
    if (failure == TLS_UNKNOWN_CA) {
        tell_unknown_ca(tls, finding);
    } else if (failure == TLS_EXPIRED || failure == TLS_NOT_YET_VALID) {
        tell_dates(tls, finding, failure);
    } else if (failure == TLS_WRONG_HOST) {
        tls_certificate_hosts(finding->certificate, hosts, sizeof hosts);
        (void)snprintf(
            tls->why,
            sizeof tls->why,
            "the broker's certificate is for %s, not for %.100s",
            hosts,
            tls->host
        );
    } else {
        (void)snprintf(
            tls->why,
            sizeof tls->why,
            "%s (%s) is not accepted: %s",
            finding->role,
            finding->name,
            X509_verify_cert_error_string(finding->error)
        );
    }
}

int tls_verify_callback(int is_good, X509_STORE_CTX *chain) {
    if (is_good) return 1;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_app_data(ssl);
    const X509 *certificate = X509_STORE_CTX_get_current_cert(chain);
    if (tls->verdict != TLS_NO_FAILURE) return 0;
    struct finding finding = {
        .certificate = certificate ? certificate : X509_STORE_CTX_get0_cert(chain),
        .error = X509_STORE_CTX_get_error(chain),
        .role = X509_STORE_CTX_get_error_depth(chain) == 0 ? "the broker's certificate"
                                                           : "the CA certificate",
    };
    must(finding.certificate != NULL);
    tls_certificate_name(
        X509_get_subject_name(finding.certificate), finding.name, sizeof finding.name
    );
    tls_certificate_name(
        X509_get_subject_name(X509_STORE_CTX_get0_cert(chain)),
        finding.leaf_name,
        sizeof finding.leaf_name
    );
    tls->verdict = kind_of(finding.error);
    tell(tls, &finding, tls->verdict);
    return 0;
}

void tls_verify_describe(const struct tls *tls, struct tls_facts *facts) {
    const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (!certificate) return;
    facts->expires_at_ms = tls_certificate_expires_at_ms(certificate);
    tls_certificate_name(X509_get_subject_name(certificate), facts->subject, sizeof facts->subject);
}
