// SPDX-License-Identifier: Apache-2.0
// The states of a group member and which may follow which. Constant data, any thread.
#pragma once

#include <stdbool.h>

/// Where a member stands with its group. Only member_enter() changes it. Classic groups use all of
/// them.
enum member_state {
    /// Not in the group, and not wanted there: nothing is subscribed, or the consumer is closed.
    /// Holds no partitions, has no member id.
    /// Next: JOINING (subscribed).
    MEMBER_UNJOINED,

    /// On its way into the group: finds the coordinator, waits for a back-off, sends JoinGroup and
    /// waits for the others. Holds no partitions. No heartbeats.
    /// Next: ASSIGNING (it is the leader), SYNCING (another is), LEAVING or UNJOINED (not wanted
    /// any more), STALE (the application stopped polling), FATAL.
    MEMBER_JOINING,

    /// Leads this generation and waits for the partition counts of all members' topics. Holds no
    /// partitions. Heartbeats.
    /// Next: SYNCING (computed), JOINING (the generation is over), LEAVING, UNJOINED, STALE, FATAL.
    MEMBER_ASSIGNING,

    /// Hands over or asks for the assignment: SyncGroup. Holds no partitions.
    /// Next: STABLE (got it), JOINING (the generation is over), LEAVING, UNJOINED, STALE, FATAL.
    MEMBER_SYNCING,

    /// In the group with an assignment. Heartbeats.
    /// Next: PREPARING (a rebalance, or it is to leave), LOST (the generation is over, or the
    /// application stopped polling), FATAL.
    MEMBER_STABLE,

    /// Still in the generation, but the partitions are being given up: the engine stops fetching,
    /// commits, and says when it has. Heartbeats.
    /// Next: JOINING (rebalance), LEAVING or UNJOINED (not wanted any more), LOST (the generation
    /// is over, or giving up took longer than allowed), FATAL.
    MEMBER_PREPARING,

    /// Out of the generation; the partitions may have other owners already. The engine drops them
    /// without a commit (KIP-429's onPartitionsLost).
    /// Next: JOINING, LEAVING (the member id is still good but not wanted any more), UNJOINED,
    /// STALE.
    MEMBER_LOST,

    /// Holds nothing and says goodbye: LeaveGroup, within a time limit.
    /// Next: UNJOINED, STALE, JOINING (wanted again meanwhile).
    MEMBER_LEAVING,

    /// Left because the application did not poll for `max.poll.interval.ms`; its next poll brings
    /// the member back.
    /// Next: JOINING, UNJOINED (unsubscribed or closed).
    MEMBER_STALE,

    /// An error that the same request would meet again: fenced by another instance, or a setting
    /// that the broker refuses. Partitions are lost.
    /// Next: LOST (a new subscription tries again; or unsubscribed, or closed).
    MEMBER_FATAL,
};

enum { MEMBER_STATE_COUNT = MEMBER_FATAL + 1 };

/// The state in lower case, as logs and status show it ("stable"). Static.
const char *member_state_name(enum member_state state);

/// True when the drawn table lets `to` follow `from`.
bool member_state_may_follow(enum member_state from, enum member_state to);
