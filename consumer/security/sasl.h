// SPDX-License-Identifier: Apache-2.0
// SASL of one connection to a broker, as a machine: the broker's bytes in, the client's bytes out.
// Credentials are made on any thread and do not change; an exchange belongs to the engine thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SASL_ERROR_BYTES = 512, SASL_WHY_BYTES = 512 };

/// One extension of OAUTHBEARER (KIP-342).
struct sasl_extension {
    const char *name;
    const char *value;
};

/// AWS credentials, of a user or temporary ones of a role.
struct sasl_aws {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; ///< of temporary ones
    const char *region;        ///< AWS_MSK_IAM finds it in the brokers' names when it is not given
};

/// What credentials are made of. All of it is borrowed for the call; NULL: not given. What a
/// mechanism has no use for is not looked at.
struct sasl_options {
    /// sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM
    const char *mechanism;

    const char *username; ///< PLAIN and SCRAM; UTF-8
    const char *password; ///< PLAIN and SCRAM; UTF-8
    bool is_token;        ///< SCRAM: the two are those of a delegation token (KIP-48)

    const char *token;                       ///< OAUTHBEARER, unless it makes tokens of `aws`
    const struct sasl_extension *extensions; ///< OAUTHBEARER
    size_t extension_count;

    /// AWS_MSK_IAM; OAUTHBEARER without `token`: each exchange makes a token for Amazon MSK
    struct sasl_aws aws;
};

/// What one mechanism needs, copied.
struct sasl_credentials;

/// One exchange, of a new connection or of a re-authentication (KIP-368).
struct sasl;

/// What comes after a message of the broker.
enum sasl_turn {
    SASL_SEND,   ///< the message goes to the broker
    SASL_DONE,   ///< both sides are authenticated; there is no message
    SASL_FAILED, ///< sasl_why() says why; there is no message
};

/// Credentials that the caller frees. NULL when something is missing or wrong: `error` is a
/// sentence that begins with the property's name and has no secret in it.
struct sasl_credentials *sasl_credentials_new(
    const struct sasl_options *options, char error[SASL_ERROR_BYTES]
);

/// Overwrites and frees them; no exchange may be left that borrows them. NULL is fine.
void sasl_credentials_free(struct sasl_credentials *credentials);

/// "PLAIN", "SCRAM-SHA-256"… Static.
const char *sasl_credentials_mechanism(const struct sasl_credentials *credentials);

/// A fresh exchange with its own nonce; the caller frees it. The credentials are borrowed until
/// then; the host, which the user or a broker named, is copied.
struct sasl *sasl_new(const struct sasl_credentials *credentials, const char *host);

/// Overwrites and frees it, whatever its state. NULL is fine.
void sasl_free(struct sasl *sasl);

/// For tests: the nonce of SCRAM is this one, of at most 63 printable characters without ','.
void sasl_set_nonce(struct sasl *sasl, const char *nonce);

/// The name for SaslHandshake. Static.
const char *sasl_mechanism(const struct sasl *sasl);

/// Appends the client's first message, once. `wall_ms`: milliseconds since 1970, for what has a
/// date.
enum sasl_turn sasl_first(struct sasl *sasl, int64_t wall_ms, struct buf *message);

/// The broker's bytes of an answer without error (data NULL is empty); appends the client's next
/// message. After SASL_DONE and SASL_FAILED every further answer fails.
enum sasl_turn sasl_next(struct sasl *sasl, struct slice answer, struct buf *message);

/// One sentence for people on the failure, without a secret; "" without one. Texts of the broker in
/// it are printable ASCII. Borrowed until the exchange is freed.
const char *sasl_why(const struct sasl *sasl);

/// What may explain a broker's refusal: " (…)", which follows the mechanism; "" when nothing is
/// known. Static.
const char *sasl_hint(const struct sasl *sasl);
