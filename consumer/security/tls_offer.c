// SPDX-License-Identifier: Apache-2.0
// OpenSSL keeps the suites of TLS 1.3 in a list of their own, and skips unknown names without a
// word as long as one is known: each name is tried alone, so that a misspelt one is told.
#include "consumer/security/tls_offer.h"

#include "consumer/base/bytes.h"
#include "consumer/base/must.h"
#include "consumer/security/tls_parts.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 80 };

static const char separators[] = ",: \t\r\n";

// The next name of a list; false at its end. One that is too long is no name.
static bool next_name(const char **list, char name[NAME_BYTES]) {
    *list += strspn(*list, separators);
    size_t size = strcspn(*list, separators);
    (void)snprintf(name, NAME_BYTES, "%.*s", (int)(size < NAME_BYTES ? size : NAME_BYTES), *list);
    *list += size;
    return size > 0;
}

static void add_name(struct buf *list, const char *name) {
    if (list->size > 0) buf_append_byte(list, ':');
    buf_append(list, name, strlen(name));
}

static char *end_list(struct buf *list) {
    buf_append_byte(list, '\0');
    return (char *)list->data;
}

static int version_of(const char *name) {
    if (strcmp(name, "TLSv1.2") == 0) return TLS1_2_VERSION;
    if (strcmp(name, "TLSv1.3") == 0) return TLS1_3_VERSION;
    return 0;
}

/// The versions offered.
struct versions {
    bool has_1_2;
    bool has_1_3;
};

static bool read_versions(struct versions *versions, const char *list, char *error) {
    *versions = (struct versions){ true, true };
    if (!list || !list[strspn(list, separators)]) return true;
    *versions = (struct versions){ false, false };
    char name[NAME_BYTES];
    while (next_name(&list, name)) {
        int version = version_of(name);
        if (version == 0) {
            bool is_old = strncmp(name, "SSL", 3) == 0 || strcmp(name, "TLSv1") == 0 ||
                          strcmp(name, "TLSv1.1") == 0;
            (void)snprintf(
                error,
                TLS_ERROR_BYTES,
                "ssl.enabled.protocols: %s is %s; TLSv1.2 and TLSv1.3 can be chosen",
                name,
                is_old ? "too old to be safe" : "no version of TLS"
            );
            return false;
        }
        versions->has_1_2 |= version == TLS1_2_VERSION;
        versions->has_1_3 |= version == TLS1_3_VERSION;
    }
    return true;
}

/// Suites, sorted into OpenSSL's two lists.
struct suites {
    struct buf old; ///< up to TLS 1.2
    struct buf new; ///< of TLS 1.3
    bool has_expression;
};

static bool is_exact_name(SSL_CTX *scratch, const char *name) {
    STACK_OF(SSL_CIPHER) *known = SSL_CTX_get_ciphers(scratch);
    for (int i = 0; i < sk_SSL_CIPHER_num(known); i++) {
        if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(known, i)), name) == 0) return true;
    }
    return false;
}

// Sorts one name in; false when nobody knows it. The scratch context is used up by it.
static bool add_suite(struct suites *suites, SSL_CTX *scratch, const char *name) {
    if (strcmp(name, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV") == 0) return true; // Java's; always sent
    const char *translated = OPENSSL_cipher_name(name);
    if (strcmp(translated, "(NONE)") != 0) name = translated;
    if (strncmp(name, "TLS_", 4) == 0) {
        if (SSL_CTX_set_ciphersuites(scratch, name) != 1) return false;
        add_name(&suites->new, name);
        return true;
    }
    // What takes away or sorts ("!RC4", "+AES", "@STRENGTH") means nothing alone.
    bool is_command = strchr("!-+@", name[0]) != NULL;
    if (!is_command && SSL_CTX_set_cipher_list(scratch, name) != 1) return false;
    if (is_command || !is_exact_name(scratch, name)) suites->has_expression = true;
    add_name(&suites->old, name);
    return true;
}

static bool read_suites(struct suites *suites, const char *list, char *error) {
    char name[NAME_BYTES];
    bool is_good = true;
    while (is_good && next_name(&list, name)) {
        SSL_CTX *scratch = SSL_CTX_new(TLS_client_method());
        must(scratch != NULL);
        is_good = add_suite(suites, scratch, name);
        SSL_CTX_free(scratch);
    }
    if (!is_good) {
        (void)snprintf(
            error, TLS_ERROR_BYTES, "ssl.cipher.suites: %s is no suite that OpenSSL has here", name
        );
    }
    return is_good;
}

static bool use_suites(
    SSL_CTX *ssl, struct suites *suites, struct versions *versions, char *error
) {
    bool has_old = suites->old.size > 0;
    bool has_new = suites->new.size > 0;
    if (!has_old && !has_new) return true;
    if (!has_old) versions->has_1_2 = false;
    if (!has_new && !suites->has_expression) versions->has_1_3 = false;
    if (!versions->has_1_2 && !versions->has_1_3) {
        (void)snprintf(
            error,
            TLS_ERROR_BYTES,
            "ssl.cipher.suites: none of the suites is of a version in ssl.enabled.protocols"
        );
        return false;
    }
    bool is_good = (!has_old || SSL_CTX_set_cipher_list(ssl, end_list(&suites->old)) == 1) &&
                   (!has_new || SSL_CTX_set_ciphersuites(ssl, end_list(&suites->new)) == 1);
    if (!is_good) {
        (void
        )snprintf(error, TLS_ERROR_BYTES, "ssl.cipher.suites: no suite is left of what is given");
    }
    return is_good;
}

static bool set_suites(SSL_CTX *ssl, const char *list, struct versions *versions, char *error) {
    if (!list) return true;
    struct suites suites = { 0 };
    bool is_good = read_suites(&suites, list, error) && use_suites(ssl, &suites, versions, error);
    buf_dispose(&suites.old);
    buf_dispose(&suites.new);
    return is_good;
}

static bool set_curves(SSL_CTX *ssl, const char *list, char *error) {
    if (!list || !list[strspn(list, separators)]) return true;
    struct buf names = { 0 };
    char name[NAME_BYTES];
    bool is_good = true;
    while (is_good && next_name(&list, name)) {
        is_good = SSL_CTX_set1_groups_list(ssl, name) == 1;
        add_name(&names, name);
    }
    if (is_good) {
        is_good = SSL_CTX_set1_groups_list(ssl, end_list(&names)) == 1;
        (void)snprintf(name, sizeof name, "the list");
    }
    buf_dispose(&names);
    if (!is_good) {
        (void)snprintf(
            error, TLS_ERROR_BYTES, "ssl.curves.list: %s is nothing that OpenSSL has here", name
        );
    }
    return is_good;
}

bool tls_offer_set(struct tls_context *context, const struct tls_options *options, char *error) {
    struct versions versions;
    SSL_CTX *ssl = context->ssl;
    if (!read_versions(&versions, options->enabled_protocols, error)) return false;
    if (!set_suites(ssl, options->cipher_suites, &versions, error)) return false;
    if (!set_curves(ssl, options->curves, error)) return false;
    must(versions.has_1_2 || versions.has_1_3);
    int lowest = versions.has_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
    int highest = versions.has_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(ssl, lowest) != 1 ||
        SSL_CTX_set_max_proto_version(ssl, highest) != 1) {
        (void)snprintf(
            error, TLS_ERROR_BYTES, "ssl.enabled.protocols: OpenSSL does not have these here"
        );
        return false;
    }
    (void)snprintf(
        context->protocols,
        sizeof context->protocols,
        "%s%s%s",
        versions.has_1_2 ? "TLSv1.2" : "",
        versions.has_1_2 && versions.has_1_3 ? ", " : "",
        versions.has_1_3 ? "TLSv1.3" : ""
    );
    ERR_clear_error();
    return true;
}
