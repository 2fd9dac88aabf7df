// SPDX-License-Identifier: Apache-2.0
// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) without channel binding, as Kafka has them:
// neither side sends the password, and each proves to the other that it knows it. Engine thread.
//
// The password is not prepared with SASLprep (RFC 4013): Kafka's brokers and Java's client hash its
// UTF-8 bytes as they are, and a prepared one would not match what they have stored.
#pragma once

#include "consumer/base/bytes.h"

enum {
    /// Kafka's own least, below which a broker's word is not taken: fewer make the proof cheap to
    /// guess from for whoever stands between.
    SCRAM_LEAST_ITERATIONS = 4096,
    /// What one answer may cost us: 60 to 180 ms. Kafka stores no more than 16384.
    SCRAM_MOST_ITERATIONS = 100000,
    /// A message of Kafka's has about 150.
    SCRAM_MOST_MESSAGE_BYTES = 4096,

    SCRAM_NONCE_BYTES = 64,
    SCRAM_MOST_HASH_BYTES = 64,
};

/// Whose turn it is. Each value names the next.
enum scram_step {
    SCRAM_SERVER_FIRST, ///< salt and iterations are to come → SERVER_FINAL
    SCRAM_SERVER_FINAL, ///< the broker's signature is to come
};

/// The state of one exchange; a zeroed one is new.
struct scram {
    enum scram_step step;
    char nonce[SCRAM_NONCE_BYTES];                   ///< ours; "": to be made
    struct buf first_bare;                           ///< our first message, from the name on
    uint8_t server_signature[SCRAM_MOST_HASH_BYTES]; ///< what the broker's must be
};

/// Overwrites and frees what it holds.
void scram_dispose(struct scram *scram);
