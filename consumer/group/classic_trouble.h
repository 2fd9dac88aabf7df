// SPDX-License-Identifier: Apache-2.0
// What a member of a classic group does about errors: what each action of the tables means for each
// request. Engine thread.
#pragma once

#include "consumer/group/classic_errors.h"
#include "consumer/group/member_core.h"

/// An error that was met.
struct classic_trouble {
    enum classic_api api;
    struct classic_rule rule;
    struct member_exchange sent; ///< how the request was sent
    int16_t error_code;          ///< 0: no broker's
    const char *why;             ///< for people; borrowed
};

/// True when an answer to this API, sent with the present identity or not, may change where the
/// member stands. Answers to what an earlier identity asked, and those that come behind a change of
/// state, may not (pitfalls 6, 7, 68): a Heartbeat answered while joining, say; the Join will tell.
bool classic_concerns(const struct member *member, enum classic_api api, bool current);

/// Does what the rule says, if the error concerns the member. A coordinator that says it is none is
/// forgotten whatever the state.
void classic_meet(struct member *member, const struct classic_trouble *trouble, int64_t now_ms);

/// Meets the error of an answer, by the API's table.
void classic_meet_error(
    struct member *member,
    enum classic_api api,
    int16_t error_code,
    struct member_exchange sent,
    int64_t now_ms
);
