// SPDX-License-Identifier: Apache-2.0
// PLAIN (RFC 4616): name and password in one message, in UTF-8 as Kafka's own client sends them.
#include "consumer/security/sasl_parts.h"
#include "consumer/security/secret.h"

#include <stdio.h>
#include <string.h>

static bool plain_check(const struct sasl_options *options, char error[SASL_ERROR_BYTES]) {
    const char *missing = NULL;
    if (!options->password || !*options->password) missing = "sasl.password";
    if (!options->username || !*options->username) missing = "sasl.username";
    if (missing) {
        (void
        )snprintf(error, SASL_ERROR_BYTES, "%s: PLAIN needs a user name and a password", missing);
    }
    return !missing;
}

static enum sasl_turn plain_first(struct sasl *sasl, int64_t wall_ms, struct buf *message) {
    const struct sasl_credentials *credentials = sasl->credentials;
    (void)wall_ms;
    secret_reserve(message, strlen(credentials->username) + strlen(credentials->password) + 2);
    secret_append(message, "", 1); // no authorization identity: the user acts as itself
    secret_append_string(message, credentials->username);
    secret_append(message, "", 1);
    secret_append_string(message, credentials->password);
    return SASL_SEND;
}

// An answer without error is the broker's yes. Kafka's has no bytes; if there are any, they have no
// meaning.
static enum sasl_turn plain_next(struct sasl *sasl, struct slice answer, struct buf *message) {
    (void)sasl;
    (void)answer;
    (void)message;
    return SASL_DONE;
}

const struct sasl_method sasl_plain = {
    .name = "PLAIN",
    .check = plain_check,
    .first = plain_first,
    .next = plain_next,
};
