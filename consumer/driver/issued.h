// SPDX-License-Identifier: Apache-2.0
// What is issued for a time and has to be issued anew before its end: tokens of OAUTHBEARER that
// are made here or fetched, and AWS credentials. One thread at a time, which must not be the
// engine's.
#pragma once

#include "consumer/driver/aws_keys.h"
#include "consumer/driver/https.h"
#include "consumer/driver/sasl_plan.h"

#include <stdbool.h>
#include <stdint.h>

/// The newest that was issued, and when the next is due. A zeroed one is empty. Times are in ms
/// since 1970.
struct issued {
    char *token;            ///< NULL: none yet, or another mechanism
    struct aws_keys aws;    ///< of AWS_MSK_IAM
    int64_t version;        ///< counts up with each that is not the same as the one before
    int64_t expires_at_ms;  ///< 0: never, or none yet
    int64_t due_at_ms;      ///< of the next attempt; 0: at each look
    unsigned failures;      ///< of attempts in a row
    struct https_stop stop; ///< for attempts; set by the owner
};

/// True when a plan needs something issued.
bool issued_is_needed(const struct sasl_plan *plan);

/// True when there is one that has not ended.
bool issued_is_good(const struct issued *issued, int64_t wall_ms);

/// Makes or fetches what the plan needs. On failure what was issued before stays, the next attempt
/// is due after sasl.login.retry.backoff.ms, and `error` says why without a secret.
bool issued_renew(
    struct issued *issued,
    const struct sasl_plan *plan,
    const struct options *options,
    const struct secrets *secrets,
    int64_t wall_ms,
    char error[SECRETS_ERROR_BYTES]
);

/// Overwrites and frees it.
void issued_dispose(struct issued *issued);
