// SPDX-License-Identifier: Apache-2.0
// Several properties are names of one thing; that at most one of them is given was checked before.
#include "consumer/driver/snapshot.h"

#include "consumer/base/must.h"
#include "consumer/security/sasl.h"
#include "consumer/security/tls_context.h"

#include <string.h>

_Static_assert((int)TLS_ERROR_BYTES <= (int)SECRETS_ERROR_BYTES, "an error of TLS fits");
_Static_assert((int)SASL_ERROR_BYTES <= (int)SECRETS_ERROR_BYTES, "an error of SASL fits");

/// A thing, by the options that may give it: those that name a file, and those that are the text.
struct source {
    enum option_name files[2];
    enum option_name texts[2];
};

static const struct source trust = {
    .files = { OPTION_SSL_TRUSTSTORE_LOCATION, OPTION_SSL_CA_LOCATION },
    .texts = { OPTION_SSL_TRUSTSTORE_CERTIFICATES, OPTION_SSL_CA_PEM },
};
static const struct source certificate = {
    .files = { OPTION_SSL_CERTIFICATE_LOCATION, OPTION_SSL_CERTIFICATE_LOCATION },
    .texts = { OPTION_SSL_KEYSTORE_CERTIFICATE_CHAIN, OPTION_SSL_CERTIFICATE_PEM },
};
static const struct source key = {
    .files = { OPTION_SSL_KEY_LOCATION, OPTION_SSL_KEY_LOCATION },
    .texts = { OPTION_SSL_KEYSTORE_KEY, OPTION_SSL_KEY_PEM },
};
static const struct source keystore = {
    .files = { OPTION_SSL_KEYSTORE_LOCATION, OPTION_SSL_KEYSTORE_LOCATION },
    .texts = { OPTION_COUNT, OPTION_COUNT },
};

static struct tls_source find(const struct secrets *secrets, const struct source *source) {
    for (size_t i = 0; i < 2; i++) {
        struct slice content = secrets_content(secrets, source->files[i]);
        if (content.data) {
            return (struct tls_source){ content, options_row(source->files[i])->key };
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (source->texts[i] == OPTION_COUNT || !secrets->texts[source->texts[i]]) continue;
        struct slice text = slice_from_string(secrets->texts[source->texts[i]]);
        return (struct tls_source){ text, options_row(source->texts[i])->key };
    }
    return (struct tls_source){ SLICE_NULL, NULL };
}

bool snapshot_verifies_host(const char *algorithm) {
    return algorithm && strcmp(algorithm, "none") != 0;
}

static struct tls_context *new_tls(
    const struct options *options, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
) {
    const char *algorithm = secrets->texts[OPTION_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM];
    bool is_old = strcmp(options_text(options, OPTION_SSL_PROTOCOL), "TLSv1.2") == 0;
    struct tls_options tls = {
        .trust = find(secrets, &trust),
        .trust_password = secrets->texts[OPTION_SSL_TRUSTSTORE_PASSWORD],
        .certificate = find(secrets, &certificate),
        .key = find(secrets, &key),
        .key_password = secrets->texts[OPTION_SSL_KEY_PASSWORD],
        .keystore = find(secrets, &keystore),
        .keystore_password = secrets->texts[OPTION_SSL_KEYSTORE_PASSWORD],
        .is_host_verified = snapshot_verifies_host(algorithm),
        .cipher_suites = secrets->texts[OPTION_SSL_CIPHER_SUITES],
        .enabled_protocols =
            is_old ? "TLSv1.2" : options_text(options, OPTION_SSL_ENABLED_PROTOCOLS),
        .curves = secrets->texts[OPTION_SSL_CURVES_LIST],
    };
    tls.is_system_trusted = !tls.trust.bytes.data;
    return tls_context_new(&tls, error);
}

bool snapshot_check_tls(
    const struct options *options, const struct secrets *secrets, char error[SECRETS_ERROR_BYTES]
) {
    if (!security_has_tls(secrets_protocol(options))) return true;
    struct tls_context *tls = new_tls(options, secrets, error);
    tls_context_free(tls);
    return tls != NULL;
}

struct security *snapshot_new(
    const struct options *options,
    const struct secrets *secrets,
    const struct sasl_options *sasl,
    char error[SECRETS_ERROR_BYTES]
) {
    enum security_protocol protocol = secrets_protocol(options);
    struct tls_context *tls = NULL;
    struct sasl_credentials *credentials = NULL;
    must(security_has_sasl(protocol) == (sasl != NULL));
    if (security_has_tls(protocol)) {
        tls = new_tls(options, secrets, error);
        if (!tls) return NULL;
    }
    if (sasl) {
        credentials = sasl_credentials_new(sasl, error);
        if (!credentials) {
            tls_context_free(tls);
            return NULL;
        }
    }
    return security_new_take(protocol, tls, credentials);
}
