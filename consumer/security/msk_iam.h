// SPDX-License-Identifier: Apache-2.0
// Amazon MSK's authentication by AWS credentials: a signed request that is never sent as one, but
// shown to the broker, as JSON by the mechanism AWS_MSK_IAM or as a token by OAUTHBEARER. Computes
// only; any thread.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/security/sigv4.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MSK_IAM_EXPIRES_AFTER = 900, ///< seconds that what is signed can be shown for the first time
    MSK_IAM_REGION_BYTES = 32,
};

/// What a broker's host name says of its region: "us-east-1" of
/// "b-1.name.x1.c2.kafka.us-east-1.amazonaws.com". False when it says nothing, as that of an
/// endpoint with a name of one's own.
bool msk_iam_find_region(const char *host, char region[MSK_IAM_REGION_BYTES]);

/// Appends the message of AWS_MSK_IAM to the broker `host`.
void msk_iam_payload(
    const struct sigv4_keys *keys,
    const char *region,
    const char *host,
    int64_t wall_ms,
    struct buf *message
);

/// Appends a token for OAUTHBEARER, which is good for every broker of the region, from now for
/// MSK_IAM_EXPIRES_AFTER seconds.
void msk_iam_token(
    const struct sigv4_keys *keys, const char *region, int64_t wall_ms, struct buf *token
);
