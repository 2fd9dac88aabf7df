// SPDX-License-Identifier: Apache-2.0
// What cannot be together, and what cannot be alone. Values may still be references, so their texts
// are looked at only where a reference makes no sense.
#include "consumer/engine/options_security.h"

#include "consumer/base/must.h"
#include "consumer/engine/options.h"
#include "consumer/security/security.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static enum status complain(
    char *error, const char *format, ...
) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, OPTION_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return STATUS_INVALID_CONFIG;
}

static const char *key_of(enum option_name name) {
    return options_row(name)->key;
}

enum { NONE = OPTION_COUNT };

/// Several names of one thing: at most one of them may be given.
static const enum option_name trusts[] = {
    OPTION_SSL_TRUSTSTORE_LOCATION,
    OPTION_SSL_TRUSTSTORE_CERTIFICATES,
    OPTION_SSL_CA_LOCATION,
    OPTION_SSL_CA_PEM,
};

static const enum option_name keys[] = {
    OPTION_SSL_KEYSTORE_LOCATION,
    OPTION_SSL_KEYSTORE_KEY,
    OPTION_SSL_KEY_LOCATION,
    OPTION_SSL_KEY_PEM,
};

static const enum option_name chains[] = {
    OPTION_SSL_KEYSTORE_LOCATION,
    OPTION_SSL_KEYSTORE_CERTIFICATE_CHAIN,
    OPTION_SSL_CERTIFICATE_LOCATION,
    OPTION_SSL_CERTIFICATE_PEM,
};

static const enum option_name tokens[] = {
    OPTION_SASL_OAUTHBEARER_TOKEN_FILE,
    OPTION_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL,
};

static const enum option_name authorities[] = { OPTION_HTTPS_CA_LOCATION, OPTION_HTTPS_CA_PEM };

static const enum option_name logins[] = { OPTION_SASL_JAAS_CONFIG, OPTION_SASL_USERNAME };

/// The one that is given; NONE when there is none.
static enum status find_one(
    const struct options *options,
    const enum option_name *names,
    size_t count,
    enum option_name *found,
    char *error
) {
    must(count > 0);
    *found = (enum option_name)NONE;
    for (size_t i = 0; i < count; i++) {
        if (!options_given(options, names[i])) continue;
        if (*found != (enum option_name)NONE) {
            return complain(error, "%s: cannot be set beside %s", key_of(names[i]), key_of(*found));
        }
        *found = names[i];
    }
    return STATUS_OK;
}

#define FIND_ONE(options, names, found, error) \
    find_one(options, names, sizeof(names) / sizeof(names)[0], found, error)

static enum status check_identity(const struct options *options, char *error) {
    enum option_name key = (enum option_name)NONE;
    enum option_name chain = (enum option_name)NONE;
    enum status status = FIND_ONE(options, keys, &key, error);
    if (!status) status = FIND_ONE(options, chains, &chain, error);
    if (status) return status;
    bool has_key = key != (enum option_name)NONE;
    bool has_chain = chain != (enum option_name)NONE;
    if (has_key && !has_chain) {
        return complain(
            error,
            "%s: is set without a certificate (ssl.keystore.certificate.chain, "
            "ssl.certificate.location or ssl.certificate.pem)",
            key_of(key)
        );
    }
    if (has_chain && !has_key) {
        return complain(
            error,
            "%s: is set without a private key (ssl.keystore.key, ssl.key.location or ssl.key.pem)",
            key_of(chain)
        );
    }
    return STATUS_OK;
}

static enum status check_tls(const struct options *options, char *error) {
    enum option_name trust = (enum option_name)NONE;
    enum status status = FIND_ONE(options, trusts, &trust, error);
    if (!status) status = check_identity(options, error);
    if (status) return status;
    if (!options_number(options, OPTION_ENABLE_SSL_CERTIFICATE_VERIFICATION)) {
        return complain(
            error,
            "enable.ssl.certificate.verification: false would let anybody be the broker; name its "
            "CA by ssl.ca.location, or leave ssl.endpoint.identification.algorithm empty when "
            "just its host name differs"
        );
    }
    const char *algorithm = options_given(options, OPTION_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM);
    if (algorithm && strcasecmp(algorithm, "https") != 0 && strcmp(algorithm, "none") != 0) {
        return complain(
            error,
            "ssl.endpoint.identification.algorithm: '%.40s' is neither https nor empty",
            algorithm
        );
    }
    const char *protocols = options_text(options, OPTION_SSL_ENABLED_PROTOCOLS);
    bool is_old = strcmp(options_text(options, OPTION_SSL_PROTOCOL), "TLSv1.2") == 0;
    if (!protocols[0] || (is_old && !strstr(protocols, "TLSv1.2"))) {
        return complain(
            error, "ssl.enabled.protocols: has no version that ssl.protocol lets be offered"
        );
    }
    return STATUS_OK;
}

/// A decimal number in a range.
static enum status check_decimal(
    const struct options *options, enum option_name name, double min, double max, char *error
) {
    const char *text = options_text(options, name);
    char *end = NULL;
    double number = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(number) && number >= min && number <= max) {
        return STATUS_OK;
    }
    return complain(
        error, "%s: '%.40s' is not a number from %g to %g", key_of(name), text, min, max
    );
}

static enum status check_sasl(const struct options *options, char *error) {
    static const char offered[] = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM";
    const char *mechanism = options_given(options, OPTION_SASL_MECHANISM);
    if (!mechanism || strcmp(mechanism, "GSSAPI") == 0) {
        const char *what = mechanism ? "GSSAPI" : "is not set, and GSSAPI, Java's default,";
        return complain(
            error, "sasl.mechanism: %s cannot be had here; set it to %s", what, offered
        );
    }
    enum option_name found = (enum option_name)NONE;
    enum status status = FIND_ONE(options, logins, &found, error);
    if (!status) status = FIND_ONE(options, tokens, &found, error);
    if (!status) status = FIND_ONE(options, authorities, &found, error);
    if (!status) {
        status = check_decimal(options, OPTION_SASL_LOGIN_REFRESH_WINDOW_FACTOR, 0.5, 1, error);
    }
    if (!status) {
        status = check_decimal(options, OPTION_SASL_LOGIN_REFRESH_WINDOW_JITTER, 0, 0.25, error);
    }
    return status;
}

enum status options_check_security(const struct options *options, char *error) {
    enum security_protocol protocol =
        (enum security_protocol)options_number(options, OPTION_SECURITY_PROTOCOL);
    enum status status = security_has_tls(protocol) ? check_tls(options, error) : STATUS_OK;
    if (!status && security_has_sasl(protocol)) status = check_sasl(options, error);
    if (status) return status;
    if (options_number(options, OPTION_AUTHENTICATION_BACKOFF_MS) >
        options_number(options, OPTION_AUTHENTICATION_BACKOFF_MAX_MS)) {
        return complain(
            error, "authentication.backoff.ms: is larger than authentication.backoff.max.ms"
        );
    }
    return STATUS_OK;
}
