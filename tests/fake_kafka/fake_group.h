// SPDX-License-Identifier: Apache-2.0
// The groups of the fake cluster: members of the classic protocol as Kafka's coordinator keeps
// them, and committed offsets. They outlive brokers. One thread at a time.
#pragma once

#include "consumer/wire/uuid.h"
#include "tests/fake_kafka/fake_call.h"

/// Where a group stands.
enum fake_group_state {
    FAKE_GROUP_EMPTY,      ///< no members; maybe offsets
    FAKE_GROUP_PREPARING,  ///< waits for members to join
    FAKE_GROUP_COMPLETING, ///< waits for the leader's SyncGroup
    FAKE_GROUP_STABLE,
};

/// An assignor that a member offers.
struct fake_protocol {
    char *name;
    struct buf metadata;
};

/// A member.
struct fake_member {
    struct fake_member *prev; ///< utlist
    struct fake_member *next;
    char *id;
    char *instance_id; ///< NULL: dynamic
    bool is_pending;   ///< has an id and has not joined with it yet (KIP-394)
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;
    int64_t expires_at_ms;
    struct fake_protocol *protocols;
    size_t protocol_count;
    struct fake_call *join; ///< held; NULL: none
    struct fake_call *sync;
    bool has_synced; ///< in this generation
    struct buf assignment;
};

/// A committed offset.
struct fake_offset {
    char *topic;
    struct uuid topic_id;
    int32_t partition;
    int64_t offset;
    int32_t leader_epoch;
    struct buf metadata;
};

/// A group.
struct fake_group {
    struct fake_group *prev; ///< utlist, the cluster's
    struct fake_group *next;
    char *id;
    enum fake_group_state state;
    int32_t generation;
    char *protocol_type; ///< NULL: none yet
    char *protocol_name; ///< of the generation; NULL: none
    char *leader;        ///< member id; NULL: none
    struct fake_member *members;
    int64_t due_at_ms; ///< end of PREPARING or COMPLETING
    struct fake_offset *offsets;
    size_t offset_count;
};

/// A group by its id; NULL: none.
struct fake_group *fake_group_find(const struct fake_cluster *cluster, struct slice id);

/// The same, made if it is not there.
struct fake_group *fake_group_get(struct fake_cluster *cluster, struct slice id);

/// Frees all groups; calls that they hold are dropped.
void fake_groups_clear(struct fake_cluster *cluster);

/// Does what is due: members expire, rebalances end.
void fake_groups_step(struct fake_cluster *cluster);

/// When to step next; INT64_MAX: not before some input.
int64_t fake_groups_next_due_ms(const struct fake_cluster *cluster);

/// A member by its id; NULL: none.
struct fake_member *fake_member_find(const struct fake_group *group, struct slice id);

/// A static member by its instance id; NULL: none.
struct fake_member *fake_member_find_instance(
    const struct fake_group *group, struct slice instance_id
);

/// How many members are in the group, those without a first JoinGroup left out.
size_t fake_group_size(const struct fake_group *group);

/// The member has been heard of: its session begins anew.
void fake_member_touch(const struct fake_cluster *cluster, struct fake_member *member);

/// Adds a member with an id of its own.
struct fake_member *fake_member_add(
    struct fake_cluster *cluster,
    struct fake_group *group,
    struct slice client_id,
    struct slice instance_id
);

/// Takes a member out, and lets the others rebalance.
void fake_member_remove(
    struct fake_cluster *cluster, struct fake_group *group, struct fake_member *member
);

/// Begins a rebalance, unless one is under way.
void fake_group_prepare(struct fake_cluster *cluster, struct fake_group *group);

/// Ends the wait for joins if all have come.
void fake_group_try_complete(struct fake_cluster *cluster, struct fake_group *group);

/// Answers a held or running JoinGroup of a member with the generation as it is.
void fake_group_fill_join(
    const struct fake_group *group, const struct fake_member *member, struct fake_call *call
);

/// Gives the assignments out: the leader's SyncGroup has come.
void fake_group_stabilize(struct fake_cluster *cluster, struct fake_group *group);

/// Answers a held call, if there is one, with an error or 0.
void fake_group_answer_join(struct fake_member *member, int16_t error);

/// Answers a held SyncGroup, if there is one, with an error or 0 and the assignment.
void fake_group_answer_sync(
    const struct fake_group *group, struct fake_member *member, int16_t error
);

/// The error for a request of a member, by id, instance and generation; 0: it is current. A NULL
/// instance is none. `generation` is not looked at when it is FAKE_ANY_GENERATION.
int16_t fake_group_check(
    const struct fake_group *group,
    struct slice member_id,
    struct slice instance_id,
    int32_t generation,
    struct fake_member **member
);

enum { FAKE_ANY_GENERATION = -100 };

/// A committed offset; NULL: none.
struct fake_offset *fake_group_find_offset(
    const struct fake_group *group, const char *topic, int32_t partition
);

/// The same, made if it is not there.
struct fake_offset *fake_group_get_offset(
    struct fake_group *group, const char *topic, int32_t partition
);
