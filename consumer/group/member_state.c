// SPDX-License-Identifier: Apache-2.0
// The drawn table of member states.
#include "consumer/group/member_state.h"

#include "consumer/base/must.h"

#define MAY(state) (1u << MEMBER_##state)

static const struct {
    const char *name;
    unsigned may_follow; ///< the states that may come next
} states[MEMBER_STATE_COUNT] = {
    // clang-format off
    [MEMBER_UNJOINED]  = { "unjoined",  MAY(JOINING) },
    [MEMBER_JOINING]   = { "joining",   MAY(ASSIGNING) | MAY(SYNCING) | MAY(LEAVING) | MAY(UNJOINED) | MAY(STALE) | MAY(FATAL) },
    [MEMBER_ASSIGNING] = { "assigning", MAY(SYNCING) | MAY(JOINING) | MAY(LEAVING) | MAY(UNJOINED) | MAY(STALE) | MAY(FATAL) },
    [MEMBER_SYNCING]   = { "syncing",   MAY(STABLE) | MAY(JOINING) | MAY(LEAVING) | MAY(UNJOINED) | MAY(STALE) | MAY(FATAL) },
    [MEMBER_STABLE]    = { "stable",    MAY(PREPARING) | MAY(LOST) | MAY(FATAL) },
    [MEMBER_PREPARING] = { "preparing", MAY(JOINING) | MAY(LEAVING) | MAY(UNJOINED) | MAY(LOST) | MAY(FATAL) },
    [MEMBER_LOST]      = { "lost",      MAY(JOINING) | MAY(LEAVING) | MAY(UNJOINED) | MAY(STALE) },
    [MEMBER_LEAVING]   = { "leaving",   MAY(JOINING) | MAY(UNJOINED) | MAY(STALE) },
    [MEMBER_STALE]     = { "stale",     MAY(JOINING) | MAY(UNJOINED) },
    [MEMBER_FATAL]     = { "fatal",     MAY(LOST) },
    // clang-format on
};

const char *member_state_name(enum member_state state) {
    must((unsigned)state < MEMBER_STATE_COUNT);
    return states[state].name;
}

bool member_state_may_follow(enum member_state from, enum member_state to) {
    must((unsigned)from < MEMBER_STATE_COUNT && (unsigned)to < MEMBER_STATE_COUNT);
    return (states[from].may_follow >> to & 1u) != 0;
}
