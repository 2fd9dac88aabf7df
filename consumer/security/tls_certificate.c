// SPDX-License-Identifier: Apache-2.0
// Reads names and dates out of certificates. Whoever made them may be hostile, so lengths are
// bounded and what is not printable ASCII is escaped or becomes '?'.
#include "consumer/security/tls_certificate.h"

#include "consumer/base/must.h"

#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_HOSTS = 6, HOST_BYTES = 80 };

// Copies bytes of a peer as printable text, cut with "..." to what fits.
static void copy_printable(const unsigned char *from, size_t count, char *text, size_t size) {
    must(size > 4);
    bool is_cut = count > size - 1;
    if (is_cut) count = size - 4;
    for (size_t i = 0; i < count; i++)
        text[i] = (char)(from[i] >= ' ' && from[i] <= '~' ? from[i] : '?');
    memcpy(text + count, is_cut ? "..." : "", is_cut ? 4 : 1);
}

void tls_certificate_name(const X509_NAME *name, char *text, size_t size) {
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio != NULL);
    unsigned char *bytes = NULL;
    long count = 0;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        count = BIO_get_mem_data(bio, &bytes);
    copy_printable(bytes, count > 0 ? (size_t)count : 0, text, size);
    if (!text[0]) (void)snprintf(text, size, "no name");
    (void)BIO_free(bio);
}

static void host_text(const GENERAL_NAME *name, char text[HOST_BYTES]) {
    const ASN1_STRING *value = name->d.ia5;
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    size_t size = (size_t)ASN1_STRING_length(value);
    if (name->type == GEN_DNS) {
        copy_printable(bytes, size, text, HOST_BYTES);
    } else if (size == sizeof(struct in_addr)) {
        (void)inet_ntop(AF_INET, bytes, text, HOST_BYTES);
    } else if (size == sizeof(struct in6_addr)) {
        (void)inet_ntop(AF_INET6, bytes, text, HOST_BYTES);
    } else {
        (void)snprintf(text, HOST_BYTES, "an address of %zu bytes", size);
    }
}

static size_t append(char *text, size_t size, size_t at, const char *more) {
    int count = snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", more);
    return at + (size_t)count < size ? at + (size_t)count : size - 1;
}

static size_t list_hosts(const GENERAL_NAMES *names, char *text, size_t size) {
    size_t at = 0;
    int hosts = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
        char host[HOST_BYTES];
        if (hosts++ >= MOST_HOSTS) continue;
        host_text(name, host);
        at = append(text, size, at, host);
    }
    if (hosts <= MOST_HOSTS) return at;
    char more[32];
    (void)snprintf(more, sizeof more, "and %d more", hosts - MOST_HOSTS);
    return append(text, size, at, more);
}

void tls_certificate_hosts(const X509 *certificate, char *text, size_t size) {
    must(size > 0);
    text[0] = '\0';
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = names ? list_hosts(names, text, size) : 0;
    GENERAL_NAMES_free(names);
    if (used > 0) return;
    char name[HOST_BYTES];
    tls_certificate_name(X509_get_subject_name(certificate), name, sizeof name);
    (void)append(text, size, 0, name);
}

void tls_certificate_time(const ASN1_TIME *when, char *text, size_t size) {
    struct tm parts;
    if (ASN1_TIME_to_tm(when, &parts) != 1 ||
        strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        (void)snprintf(text, size, "an unknown date");
    }
}

int64_t tls_certificate_expires_at_ms(const X509 *certificate) {
    struct tm parts;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
    return (int64_t)timegm(&parts) * 1000;
}
