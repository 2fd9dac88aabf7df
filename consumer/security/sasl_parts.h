// SPDX-License-Identifier: Apache-2.0
// What the files of the SASL mechanisms know of an exchange. Engine thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/sasl.h"

/// One mechanism. `first` and `next` append to the message only for SASL_SEND, and say what went
/// wrong by sasl_fail().
struct sasl_method {
    const char *name;

    /// False: something is missing or wrong in the options; `error` says what.
    bool (*check)(const struct sasl_options *options, char error[SASL_ERROR_BYTES]);

    enum sasl_turn (*first)(struct sasl *sasl, int64_t wall_ms, struct buf *message);
    enum sasl_turn (*next)(struct sasl *sasl, struct slice answer, struct buf *message);
};

struct sasl_credentials {
    const struct sasl_method *method;
    char *username;
    char *password;
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
    char why[SASL_WHY_BYTES];
};

/// PLAIN (RFC 4616).
extern const struct sasl_method sasl_plain;

/// Sets the sentence of the failure, after the mechanism's name: "SASL PLAIN: …".
__attribute__((format(printf, 2, 3))) enum sasl_turn sasl_fail(
    struct sasl *sasl, const char *format, ...
);
