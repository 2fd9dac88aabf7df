// SPDX-License-Identifier: Apache-2.0
// What the files of the SASL mechanisms know of an exchange. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/sasl.h"
#include "consumer/security/scram.h"
#include "consumer/security/sigv4.h"

/// One mechanism. `first` and `next` append to the message only for SASL_SEND, and say what went
/// wrong by sasl_fail().
struct sasl_method {
    const char *name;

    /// False: something is missing or wrong in the options; `error` says what.
    bool (*check)(const struct sasl_options *options, char error[SASL_ERROR_BYTES]);

    enum sasl_turn (*first)(struct sasl *sasl, int64_t wall_ms, struct buf *message);
    enum sasl_turn (*next)(struct sasl *sasl, struct slice answer, struct buf *message);
};

/// One extension, whose texts are the credentials' own.
struct sasl_own_extension {
    char *name;
    char *value;
};

struct sasl_credentials {
    const struct sasl_method *method;
    char *username;
    char *password;
    bool is_token; ///< the two are those of a delegation token
    char *token;
    struct sasl_own_extension *extensions;
    size_t extension_count;
    char *aws_access_key_id;
    char *aws_secret_access_key;
    char *aws_session_token;
    char *aws_region;
};

/// Where an exchange stands. Each value names those that may follow.
enum sasl_state {
    SASL_STATE_NEW,     ///< → WAITING, ENDED
    SASL_STATE_WAITING, ///< for the broker's next answer → WAITING, ENDED
    SASL_STATE_ENDED,   ///< done or failed
};

struct sasl {
    const struct sasl_credentials *credentials;
    enum sasl_state state;
    char *host;
    struct scram scram; ///< of SCRAM
    bool is_token_over; ///< of OAUTHBEARER: it said so of itself when the exchange began
    char refusal[128];  ///< of OAUTHBEARER: what the broker said against the token; "": nothing
    char why[SASL_WHY_BYTES];
};

/// PLAIN (RFC 4616).
extern const struct sasl_method sasl_plain;

/// SCRAM-SHA-256 (RFC 7677).
extern const struct sasl_method sasl_scram_sha_256;

/// SCRAM-SHA-512.
extern const struct sasl_method sasl_scram_sha_512;

/// OAUTHBEARER (RFC 7628).
extern const struct sasl_method sasl_oauth_bearer;

/// AWS_MSK_IAM.
extern const struct sasl_method sasl_msk_iam;

/// Who signs. Borrowed from the credentials.
struct sigv4_keys sasl_aws_keys(const struct sasl_credentials *credentials);

/// True for options that have AWS credentials; else `error` says what is missing.
bool msk_iam_check(const struct sasl_options *options, char error[SASL_ERROR_BYTES]);

/// Sets the sentence of the failure, after the mechanism's name: "SASL PLAIN: …".
__attribute__((format(printf, 2, 3))) enum sasl_turn sasl_fail(
    struct sasl *sasl, const char *format, ...
);
