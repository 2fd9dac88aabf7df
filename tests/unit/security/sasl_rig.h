// SPDX-License-Identifier: Apache-2.0
// A client in a SASL exchange with a broker that a test plays.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/sasl.h"

/// One exchange, and what the client says next in it.
struct sasl_client {
    struct sasl_credentials *credentials;
    struct sasl *sasl;
    struct buf message;
};

/// Begins an exchange that must begin: the first message is there. `nonce` is the client's; NULL:
/// by chance. Disposed of by sasl_client_dispose().
void sasl_client_init(
    struct sasl_client *client, const struct sasl_options *options, const char *nonce
);

void sasl_client_dispose(struct sasl_client *client);

/// The broker answers; the client's next message takes the place of the one before.
enum sasl_turn sasl_client_answer(struct sasl_client *client, const char *text);
