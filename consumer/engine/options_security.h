// SPDX-License-Identifier: Apache-2.0
// The rows of the options that say how brokers are reached and who the consumer is to them. Their
// texts may have references in them (`${file:/path}`), which stay until the texts are used.
#pragma once

#include "consumer/base/status.h"

struct options;

// clang-format off
/// X(NAME, key, type, min, max, choices, default, text), as OPTION_LIST_OF_ALL.
#define OPTION_LIST_OF_SECURITY(X) \
    X(AUTHENTICATION_BACKOFF_MS, "authentication.backoff.ms", INTEGER, 1, INT_MAX_MS, NULL, "1000", \
      "How long credentials that a broker refused, and a broker that TLS refused, are left alone; doubled each time.") \
    X(AUTHENTICATION_BACKOFF_MAX_MS, "authentication.backoff.max.ms", INTEGER, 1, INT_MAX_MS, NULL, "60000", \
      "Bound of that time.") \
    X(CREDENTIALS_REFRESH_INTERVAL_MS, "credentials.refresh.interval.ms", INTEGER, 100, INT_MAX_MS, NULL, "10000", \
      "How often files with certificates, keys, passwords and tokens are looked at again; what has changed is used for new connections.") \
    X(SSL_TRUSTSTORE_LOCATION, "ssl.truststore.location", STRING, 0, 0, NULL, NULL, \
      "File with the CA certificates that are trusted, PEM or PKCS#12; without one, those of the system.") \
    X(SSL_TRUSTSTORE_CERTIFICATES, "ssl.truststore.certificates", STRING, 0, 0, NULL, NULL, \
      "The CA certificates that are trusted, as PEM text.") \
    X(SSL_TRUSTSTORE_PASSWORD, "ssl.truststore.password", SECRET, 0, 0, NULL, NULL, \
      "Password of a PKCS#12 truststore.") \
    X(SSL_TRUSTSTORE_TYPE, "ssl.truststore.type", CHOICE, 0, 0, "PEM,PKCS12,JKS", "PEM", \
      "Type of the truststore; its bytes tell PEM and PKCS#12, JKS cannot be read.") \
    X(SSL_CA_LOCATION, "ssl.ca.location", STRING, 0, 0, NULL, NULL, \
      "librdkafka's name of ssl.truststore.location.") \
    X(SSL_CA_PEM, "ssl.ca.pem", STRING, 0, 0, NULL, NULL, \
      "librdkafka's name of ssl.truststore.certificates.") \
    X(SSL_KEYSTORE_LOCATION, "ssl.keystore.location", STRING, 0, 0, NULL, NULL, \
      "File with the client's private key and certificate chain, PEM or PKCS#12.") \
    X(SSL_KEYSTORE_KEY, "ssl.keystore.key", SECRET, 0, 0, NULL, NULL, \
      "The client's private key, as PEM text.") \
    X(SSL_KEYSTORE_CERTIFICATE_CHAIN, "ssl.keystore.certificate.chain", STRING, 0, 0, NULL, NULL, \
      "The client's certificate and those that lead to its CA, as PEM text.") \
    X(SSL_KEYSTORE_PASSWORD, "ssl.keystore.password", SECRET, 0, 0, NULL, NULL, \
      "Password of a PKCS#12 keystore.") \
    X(SSL_KEYSTORE_TYPE, "ssl.keystore.type", CHOICE, 0, 0, "PEM,PKCS12,JKS", "PEM", \
      "Type of the keystore; its bytes tell PEM and PKCS#12, JKS cannot be read.") \
    X(SSL_KEY_PASSWORD, "ssl.key.password", SECRET, 0, 0, NULL, NULL, \
      "Password of an encrypted private key.") \
    X(SSL_CERTIFICATE_LOCATION, "ssl.certificate.location", STRING, 0, 0, NULL, NULL, \
      "File with the client's certificate chain, PEM (librdkafka's name).") \
    X(SSL_CERTIFICATE_PEM, "ssl.certificate.pem", STRING, 0, 0, NULL, NULL, \
      "librdkafka's name of ssl.keystore.certificate.chain.") \
    X(SSL_KEY_LOCATION, "ssl.key.location", STRING, 0, 0, NULL, NULL, \
      "File with the client's private key, PEM (librdkafka's name).") \
    X(SSL_KEY_PEM, "ssl.key.pem", SECRET, 0, 0, NULL, NULL, \
      "librdkafka's name of ssl.keystore.key.") \
    X(SSL_ENDPOINT_IDENTIFICATION_ALGORITHM, "ssl.endpoint.identification.algorithm", STRING, 0, 0, NULL, "https", \
      "https: the broker's certificate must name the host that was connected to; empty: any name will do.") \
    X(ENABLE_SSL_CERTIFICATE_VERIFICATION, "enable.ssl.certificate.verification", BOOLEAN, 0, 0, NULL, "true", \
      "Verify the broker's certificate; false is refused.") \
    X(SSL_ENABLED_PROTOCOLS, "ssl.enabled.protocols", LIST, 0, 0, "TLSv1.2,TLSv1.3", "TLSv1.2,TLSv1.3", \
      "Versions of TLS that are offered.") \
    X(SSL_PROTOCOL, "ssl.protocol", CHOICE, 0, 0, "TLS,TLSv1.2,TLSv1.3", "TLSv1.3", \
      "Newest version of TLS that is offered.") \
    X(SSL_CIPHER_SUITES, "ssl.cipher.suites", STRING, 0, 0, NULL, NULL, \
      "Cipher suites that are offered, by their names of IANA or OpenSSL; without it OpenSSL's own choice.") \
    X(SSL_CURVES_LIST, "ssl.curves.list", STRING, 0, 0, NULL, NULL, \
      "Groups for the key exchange, most wanted first, separated by colons.") \
    X(SASL_MECHANISM, "sasl.mechanism", STRING, 0, 0, NULL, NULL, \
      "SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM.") \
    X(SASL_JAAS_CONFIG, "sasl.jaas.config", SECRET, 0, 0, NULL, NULL, \
      "Login module with its options, as Java's clients have it.") \
    X(SASL_USERNAME, "sasl.username", STRING, 0, 0, NULL, NULL, \
      "Name of the user, for PLAIN and SCRAM.") \
    X(SASL_PASSWORD, "sasl.password", SECRET, 0, 0, NULL, NULL, \
      "Password of the user, for PLAIN and SCRAM.") \
    X(SASL_OAUTHBEARER_TOKEN_FILE, "sasl.oauthbearer.token.file", STRING, 0, 0, NULL, NULL, \
      "File with the token for OAUTHBEARER.") \
    X(SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, "sasl.oauthbearer.token.endpoint.url", STRING, 0, 0, NULL, NULL, \
      "Where a token is fetched by client credentials, http(s)://; or file:///path of a file with the token.") \
    X(SASL_OAUTHBEARER_CLIENT_ID, "sasl.oauthbearer.client.credentials.client.id", STRING, 0, 0, NULL, NULL, \
      "Name of the client at the token endpoint.") \
    X(SASL_OAUTHBEARER_CLIENT_SECRET, "sasl.oauthbearer.client.credentials.client.secret", SECRET, 0, 0, NULL, NULL, \
      "Secret of the client at the token endpoint.") \
    X(SASL_OAUTHBEARER_SCOPE, "sasl.oauthbearer.scope", STRING, 0, 0, NULL, NULL, \
      "Scope that the token endpoint is asked for.") \
    X(SASL_OAUTHBEARER_HEADER_URLENCODE, "sasl.oauthbearer.header.urlencode", BOOLEAN, 0, 0, NULL, "false", \
      "Whether name and secret of the client are URL-encoded in the Authorization header, as RFC 6749 has it.") \
    X(SASL_OAUTHBEARER_EXTENSIONS, "sasl.oauthbearer.extensions", STRING, 0, 0, NULL, NULL, \
      "Extensions that brokers are told with the token, as key=value pairs separated by commas.") \
    X(SASL_OAUTHBEARER_SCOPE_CLAIM_NAME, "sasl.oauthbearer.scope.claim.name", STRING, 0, 0, NULL, "scope", \
      "Name of the token's claim that has its scope.") \
    X(SASL_OAUTHBEARER_SUB_CLAIM_NAME, "sasl.oauthbearer.sub.claim.name", STRING, 0, 0, NULL, "sub", \
      "Name of the token's claim that has its subject.") \
    X(SASL_OAUTHBEARER_METHOD, "sasl.oauthbearer.method", CHOICE, 0, 0, "default,oidc", "default", \
      "oidc: a token endpoint must be configured (librdkafka's name).") \
    X(ENABLE_SASL_OAUTHBEARER_UNSECURE_JWT, "enable.sasl.oauthbearer.unsecure.jwt", BOOLEAN, 0, 0, NULL, "false", \
      "Make unsigned tokens, for development alone.") \
    X(SASL_OAUTHBEARER_CONFIG, "sasl.oauthbearer.config", STRING, 0, 0, NULL, NULL, \
      "What is in an unsigned token: principal=NAME, scope=SCOPE and lifeSeconds=N, separated by blanks.") \
    X(SASL_LOGIN_REFRESH_WINDOW_FACTOR, "sasl.login.refresh.window.factor", STRING, 0, 0, NULL, "0.8", \
      "Part of a token's life, from 0.5 to 1, after which the next one is fetched.") \
    X(SASL_LOGIN_REFRESH_WINDOW_JITTER, "sasl.login.refresh.window.jitter", STRING, 0, 0, NULL, "0.05", \
      "Most that is added to that part at random, from 0 to 0.25.") \
    X(SASL_LOGIN_REFRESH_MIN_PERIOD_SECONDS, "sasl.login.refresh.min.period.seconds", INTEGER, 0, 900, NULL, "60", \
      "Least time between fetches of tokens, unless a token's life is too short for it.") \
    X(SASL_LOGIN_REFRESH_BUFFER_SECONDS, "sasl.login.refresh.buffer.seconds", INTEGER, 0, 3600, NULL, "300", \
      "Time before a token's end at which the next one is there, unless a token's life is too short for it.") \
    X(SASL_LOGIN_CONNECT_TIMEOUT_MS, "sasl.login.connect.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "10000", \
      "Longest time for connecting to the token endpoint.") \
    X(SASL_LOGIN_READ_TIMEOUT_MS, "sasl.login.read.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "10000", \
      "Longest time for the token endpoint's answer.") \
    X(SASL_LOGIN_RETRY_BACKOFF_MS, "sasl.login.retry.backoff.ms", INTEGER, 1, INT_MAX_MS, NULL, "100", \
      "Wait before the first repetition when the token endpoint fails.") \
    X(SASL_LOGIN_RETRY_BACKOFF_MAX_MS, "sasl.login.retry.backoff.max.ms", INTEGER, 1, INT_MAX_MS, NULL, "10000", \
      "Longest wait before such a repetition.") \
    X(HTTPS_CA_LOCATION, "https.ca.location", STRING, 0, 0, NULL, NULL, \
      "File with the CA certificates that are trusted at the token endpoint, PEM; without one, those of the system.") \
    X(HTTPS_CA_PEM, "https.ca.pem", STRING, 0, 0, NULL, NULL, \
      "The CA certificates that are trusted at the token endpoint, as PEM text.")

// clang-format on

/// Checks that the options of security make sense together, as far as security.protocol has a use
/// for them. On STATUS_INVALID_CONFIG `error` (of OPTION_ERROR_BYTES) names the keys.
enum status options_check_security(const struct options *options, char *error);
