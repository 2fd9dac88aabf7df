// SPDX-License-Identifier: Apache-2.0
// One consumer's membership in its group: what it wants done next, given what happened and what
// time it is. Does no I/O. Belongs to the engine thread.
//
// How the engine drives it: after every input, and when the wake time has come, it calls
// member_next_want() until it gets MEMBER_WANTS_NOTHING, and does each want. A want is given once.
//  - A request (JOIN to LEAVE) is answered exactly once, by member_on_response() or
//    member_on_request_failed(), with the want's request_id; there is at most one of a kind under
//    way. Its `timeout_ms` counts from the want. The engine sends requests of a member to the
//    coordinator in the order given, on a connection of their own (pitfall 88).
//  - COORDINATOR is answered by member_on_coordinator_found() or …_failed().
//  - REVOKE is answered by member_on_revoked(), METADATA by member_on_partition_counts().
//  - ASSIGN needs no answer.
// Inputs that come late, twice, or in a state they do not concern are fine and change nothing.
//
// Time is monotonic, in ms; any origin. Every input copies what it is given. Pointers in a want or
// a description are valid until the next non-const call on the member.
#pragma once

#include "consumer/base/log.h"
#include "consumer/base/status.h"
#include "consumer/group/member_state.h"

#include <stddef.h>
#include <stdint.h>

struct assignment;
struct assignor;
struct assignor_member;
struct member_figures;
struct topic_count;
struct topic_partition;

/// A membership.
struct member;

/// What a member needs to know at birth; copied.
struct member_config {
    const char *group_instance_id;           ///< NULL: a dynamic member (KIP-345)
    const struct assignor *const *assignors; ///< by preference, at least one; static
    size_t assignor_count;
    int32_t session_timeout_ms;
    int32_t heartbeat_interval_ms;
    int32_t rebalance_timeout_ms; ///< `max.poll.interval.ms`
    int32_t request_timeout_ms;
    int32_t retry_backoff_ms;
    int32_t retry_backoff_max_ms;
    uint64_t seed; ///< of the jitter
    struct log log;
    void (*on_entered)(void *arg, const char *why); ///< after each change of state, from inside;
                                                    ///< must not call an input. NULL: nobody
    void *arg;
};

/// A member of no group yet, with nothing subscribed: MEMBER_UNJOINED. Speaks the classic protocol.
/// The caller frees it.
struct member *member_new(const struct member_config *config);

/// Frees a member in any state, without a goodbye; requests under way must not be answered to it
/// any more. NULL is fine.
void member_free(struct member *member);

// Wants ---------------------------------------------------------------------------------------

/// The kinds of want.
enum member_want_kind {
    /// Nothing before `wake_at_ms` (INT64_MAX: until some input comes).
    MEMBER_WANTS_NOTHING,
    /// The group's coordinator, found anew: the one known before, if any, is not to be trusted.
    MEMBER_WANTS_COORDINATOR,
    /// `revoke`: give up all partitions of the set. Fetching and delivery stop at once.
    MEMBER_WANTS_REVOKE,
    /// `assign`: take over the partitions.
    MEMBER_WANTS_ASSIGN,
    /// `metadata`: the partition counts of these topics, fresh; and from now on at every change,
    /// for as long as member_watched_topics() names them.
    MEMBER_WANTS_METADATA,
    /// `join`: JoinGroup.
    MEMBER_WANTS_JOIN,
    /// `sync`: SyncGroup.
    MEMBER_WANTS_SYNC,
    /// `heartbeat`: Heartbeat.
    MEMBER_WANTS_HEARTBEAT,
    /// `leave`: LeaveGroup. May be given while a Join is still unanswered; since brokers answer the
    /// requests of one connection in order, it had better go over another connection then.
    MEMBER_WANTS_LEAVE,
};

/// Partitions to give up.
struct member_revoke {
    const struct assignment *partitions;
    /// False: the member is still in the generation. Wait for the commits under way, commit if
    /// auto-commit is on, then member_on_revoked(). True: others may own them already. No commit,
    /// drop what is under way, member_on_revoked(). A REVOKE with `lost` may come in the middle of
    /// one without and takes its place.
    bool lost;
    /// When not lost: if member_on_revoked() has not come by then, they are lost (pitfall 12).
    int64_t deadline_ms;
};

/// Partitions to take over.
struct member_assign {
    const struct assignment *partitions; ///< all that the member owns now
    const struct assignment *added;      ///< those of them that it did not own before
};

/// Fields of JoinGroup. The subscription (topics, owned, generation) goes into the metadata of
/// every protocol alike.
struct member_join {
    const char *member_id; ///< "" at first
    const char *group_instance_id;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;
    const char *const *protocols; ///< assignor names by preference
    size_t protocol_count;
    const char *const *topics; ///< subscribed, sorted
    size_t topic_count;
    const struct assignment *owned; ///< still owned while joining; empty for eager assignors
    int32_t generation;             ///< in which they were assigned (KIP-792); -1: none
    const char *reason;             ///< at most 255 bytes (KIP-800); "" when there is none
};

/// What one member of the group gets.
struct member_sync_assignment {
    const char *member_id;
    const struct assignment *partitions;
};

/// Fields of SyncGroup.
struct member_sync {
    int32_t generation;
    const char *member_id;
    const char *group_instance_id;
    const char *protocol_type;
    const char *protocol_name;
    const struct member_sync_assignment *assignments; ///< of the leader, else none
    size_t assignment_count;
};

/// Fields of Heartbeat.
struct member_heartbeat {
    int32_t generation;
    const char *member_id;
    const char *group_instance_id;
};

/// Fields of LeaveGroup.
struct member_leave {
    const char *member_id;
    const char *group_instance_id;
    const char *reason; ///< at most 255 bytes (KIP-800)
};

/// Topics whose partition counts the leader needs: those of all members (pitfall 78).
struct member_metadata {
    const char *const *topics; ///< sorted
    size_t topic_count;
};

/// What a member wants done now.
struct member_want {
    enum member_want_kind kind;
    uint32_t request_id; ///< of JOIN to LEAVE: to be given back with the answer; never 0
    int64_t timeout_ms;  ///< of JOIN to LEAVE: fail it (TIMED_OUT, and its connection) after this

    union {
        int64_t wake_at_ms;
        struct member_revoke revoke;
        struct member_assign assign;
        struct member_metadata metadata;
        struct member_join join;
        struct member_sync sync;
        struct member_heartbeat heartbeat;
        struct member_leave leave;
    };
};

/// The next thing the member wants done. Due time-outs take effect here.
struct member_want member_next_want(struct member *member, int64_t now_ms);

// What the application wants --------------------------------------------------------------------

/// Wants to be in the group with these topics, in place of earlier ones; no topics: unsubscribes,
/// that is, gives up the partitions and leaves (a static member goes without a word). A member in
/// MEMBER_FATAL tries again. No effect after member_close().
void member_subscribe(
    struct member *member, const char *const *topics, size_t count, int64_t now_ms
);

/// Asks for a rebalance, with a reason that the brokers log (cut at 255 bytes). No effect on a
/// member that is not wanted in the group.
void member_request_rejoin(struct member *member, const char *reason, int64_t now_ms);

/// The application polled (or did what counts as a poll): a member in MEMBER_STALE comes back.
void member_on_poll(struct member *member, int64_t now_ms);

/// The application did not poll for `max.poll.interval.ms`: the partitions are lost, the member
/// leaves and waits for member_on_poll(). The engine keeps the clock for this.
void member_on_poll_interval_exceeded(struct member *member, int64_t now_ms);

/// How a closing member says goodbye (KIP-1092).
enum member_farewell {
    MEMBER_FAREWELL_DEFAULT, ///< LeaveGroup for a dynamic member, nothing for a static one
    MEMBER_FAREWELL_LEAVE,
    MEMBER_FAREWELL_REMAIN,
};

/// Ends the membership for good: REVOKE if something is held, LeaveGroup if called for, and
/// MEMBER_UNJOINED. Not later than just after `deadline_ms`, however dead the coordinator
/// (pitfall 98). A second call may only shorten the deadline.
void member_close(
    struct member *member, enum member_farewell farewell, int64_t deadline_ms, int64_t now_ms
);

// What happened ---------------------------------------------------------------------------------

/// The coordinator is known and connected.
void member_on_coordinator_found(struct member *member, int64_t now_ms);

/// The look-up failed, with a broker's error (status KAFKA_ERROR) or without one (kafka_error 0).
/// The member asks again after a back-off.
void member_on_coordinator_failed(
    struct member *member, enum status status, int16_t kafka_error, int64_t now_ms
);

/// The coordinator's connection is gone, or somebody else's request was told that it is not the
/// coordinator. Requests under way still have to be answered (member_on_request_failed()).
void member_on_coordinator_lost(struct member *member, int64_t now_ms);

/// The engine holds none of the partitions of the last REVOKE any more, and no commit of them is
/// under way.
void member_on_revoked(struct member *member, int64_t now_ms);

/// The partition counts as metadata has them now. To be called once after METADATA, when the topics
/// it names have been asked for and answered; and then at every metadata update while
/// member_watched_topics() names topics. A watched topic that is not among them counts as -1. A
/// leader computes the assignment from it, or asks for a rebalance when a count is another than the
/// assignment was computed from.
void member_on_partition_counts(
    struct member *member, const struct topic_count *counts, size_t count, int64_t now_ms
);

/// JoinGroup's answer. To the leader it lists the members with their decoded subscriptions; one
/// whose subscription cannot be decoded has no topics.
struct member_join_response {
    const char *protocol_type; ///< NULL: the version has none
    const char *protocol_name; ///< NULL: null
    const char *leader;
    const char *member_id;
    const struct assignor_member *members;
    size_t member_count;
    int32_t generation;
    bool skip_assignment; ///< KIP-814
};

/// SyncGroup's answer, with the decoded assignment; no bytes (a member that the leader forgot) are
/// an empty one. One that cannot be decoded is member_on_request_failed() with INVALID_FRAME.
struct member_sync_response {
    const char *protocol_type;                ///< NULL: the version has none
    const char *protocol_name;                ///< NULL: the version has none
    const struct topic_partition *partitions; ///< any order
    size_t partition_count;
};

/// A broker's answer to a request.
struct member_response {
    int16_t error_code; ///< LeaveGroup from v3 on: the top level's, or else the member's
    /// Of JOIN; for MEMBER_ID_REQUIRED `member_id` counts too (KIP-394). Ignored with other errors.
    struct member_join_response join;
    struct member_sync_response sync; ///< of SYNC; ignored with an error
};

/// A request was answered.
void member_on_response(
    struct member *member,
    uint32_t request_id,
    const struct member_response *response,
    int64_t now_ms
);

/// A request got no answer: DISCONNECTED, TIMED_OUT, INVALID_FRAME, UNSUPPORTED_VERSION (the broker
/// does not speak what it needs), or COORDINATOR_UNAVAILABLE (it could not be sent).
void member_on_request_failed(
    struct member *member, uint32_t request_id, enum status status, int64_t now_ms
);

/// Whom a request speaks for: to be noted when an OffsetCommit or OffsetFetch is built.
struct member_identity {
    int32_t generation;            ///< -1: in no generation
    const char *member_id;         ///< "": none
    const char *group_instance_id; ///< NULL: none, or without a member id (KAFKA-14201)
};

/// Who the member is now; for commits only while member_may_commit().
struct member_identity member_identity(const struct member *member);

/// An OffsetCommit was answered with an error, for the group or for any partition; `sent` is the
/// identity it was sent with. Errors of no concern to the membership, and those of an older
/// generation, change nothing (pitfalls 5, 6, 7).
void member_on_commit_error(
    struct member *member, int16_t error_code, const struct member_identity *sent, int64_t now_ms
);

// What can be asked ------------------------------------------------------------------------------

/// True while offsets may be committed: in a generation whose assignment is held, not between
/// JoinGroup and SyncGroup (pitfall 4). Commits asked for at other times wait or fail.
bool member_may_commit(const struct member *member);

/// True while the member is out of the group since the application does not poll: it owns nothing,
/// and comes back with the next poll, not before (KIP-62).
bool member_is_stale(const struct member *member);

/// True while the member is stable and its assignment was taken over by ASSIGN.
bool member_is_stable(const struct member *member);

/// True when the member is out of the group and nothing wants it in: unsubscribed or closed, and
/// all that had to be said and given up is done.
bool member_has_left(const struct member *member);

/// The topics whose partition counts a leader watches, sorted; `count` gets their number: 0 when
/// it does not lead.
const char *const *member_watched_topics(const struct member *member, size_t *count);

/// The last error that is not mended yet.
struct member_error {
    enum status status;  ///< OK: none
    int16_t kafka_error; ///< 0: no broker's
    bool fatal;          ///< the member is in MEMBER_FATAL; else it goes on trying
};

/// A member as it is now.
struct member_description {
    enum member_state state;
    const char *protocol;  ///< "classic"
    const char *member_id; ///< "": none
    const char *group_instance_id;
    int32_t generation;   ///< -1: none
    const char *assignor; ///< of the current generation; NULL: none
    bool leader;
    bool coordinator_known;
    const struct assignment *held;    ///< given by ASSIGN and not given up
    int64_t rebalance_count;          ///< completed: times it became stable
    int64_t failed_rebalance_count;   ///< JoinGroup or SyncGroup that failed
    const char *rebalance_reason;     ///< why it joined last; "" before the first
    int64_t rebalanced_at_ms;         ///< when the last one was completed; -1: none yet
    int64_t heartbeat_answered_at_ms; ///< last good answer of the coordinator; -1: none yet
    struct member_error error;
    const struct member_figures *figures;
};

/// Describes the member.
struct member_description member_describe(const struct member *member);
