// SPDX-License-Identifier: Apache-2.0
// What the classic group protocol does on which error: one table for each API. Constant data, any
// thread.
#pragma once

#include "consumer/base/status.h"

#include <stdint.h>

/// The requests whose errors concern a membership.
enum classic_api {
    CLASSIC_FIND_COORDINATOR,
    CLASSIC_JOIN,
    CLASSIC_SYNC,
    CLASSIC_HEARTBEAT,
    CLASSIC_LEAVE,
    CLASSIC_COMMIT,
};

/// What a member does on an error.
enum classic_action {
    CLASSIC_ACCEPT,          ///< it is no error, or as good as none
    CLASSIC_IGNORE,          ///< of no concern to the membership
    CLASSIC_RETRY,           ///< again after a back-off; a failed Sync begins again with Join
    CLASSIC_FIND_AGAIN,      ///< the coordinator is another: as RETRY, after a new look-up
    CLASSIC_REBALANCE,       ///< join again; member id and generation stay good (pitfalls 5, 67)
    CLASSIC_DROP_GENERATION, ///< join again with the same member id; partitions are lost
    CLASSIC_DROP_MEMBER,     ///< join again without a member id; partitions are lost
    CLASSIC_ADOPT_MEMBER_ID, ///< join again with the member id in the answer (KIP-394)
    CLASSIC_SHOW_AND_RETRY,  ///< show the error; try again slowly, since people may mend it
    CLASSIC_FAIL,            ///< show the error and stop: the same request would meet it again
};

/// One row: what to do on an error, and how the error is called when it is shown.
struct classic_rule {
    int16_t error_code;
    enum classic_action action;
    enum status status;
};

/// The row of an API's error; never NULL, since every API has a row for errors it does not name.
const struct classic_rule *classic_rule_find(enum classic_api api, int16_t error_code);

/// The rule for a request that got no answer.
const struct classic_rule *classic_rule_of_failure(enum status status);

/// The API as Kafka spells it ("JoinGroup"). Static.
const char *classic_api_name(enum classic_api api);
