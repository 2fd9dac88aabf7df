// SPDX-License-Identifier: Apache-2.0
// The classic group protocol (KIP-62, KIP-345, KIP-394) as a driver of a member: when to send
// JoinGroup, SyncGroup, Heartbeat and LeaveGroup, and what their answers mean. Eager assignors.
// Engine thread.
#pragma once

#include "consumer/group/leader.h"

struct member_driver;

/// What only the classic protocol keeps.
struct classic {
    const struct assignor *assignor; ///< of the current generation; NULL: none
    struct leader leader;
    struct member_sync_assignment *shares; ///< of the last SyncGroup; owned
    const char **protocols;                ///< assignor names for JoinGroup; owned
};

/// The driver.
extern const struct member_driver classic_driver;
