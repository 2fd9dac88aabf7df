// SPDX-License-Identifier: Apache-2.0
// The inside of a member, for member.c and its protocol drivers only: what every protocol needs,
// and the one writer of the state. Engine thread.
#pragma once

#include "consumer/base/random.h"
#include "consumer/group/classic.h"
#include "consumer/group/member.h"

/// Requests that can be under way, one of each.
enum member_request { MEMBER_JOIN, MEMBER_SYNC, MEMBER_HEARTBEAT, MEMBER_LEAVE };

enum { MEMBER_REQUEST_COUNT = MEMBER_LEAVE + 1, MEMBER_REASON_BYTES = 256 };

/// A request under way.
struct member_slot {
    uint32_t request_id; ///< 0: none is
    uint32_t identity;   ///< member.identity when it was sent
    uint32_t finds;      ///< member.coordinator_finds when it was sent
    int64_t sent_at_ms;
};

/// What is known of the coordinator.
enum coordinator_knowledge { COORDINATOR_UNKNOWN, COORDINATOR_ASKED, COORDINATOR_KNOWN };

/// What the application wants: desired state, apart from where the member stands.
struct member_wish {
    struct topic_list topics; ///< empty: not subscribed
    bool closed;              ///< for good
    bool stale;               ///< does not poll
    bool rejoin;              ///< another rebalance, once stable
    int64_t rejoin_not_before_ms;
    char reason[MEMBER_REASON_BYTES]; ///< for the next JoinGroup
    enum member_farewell farewell;
    const char *leave_reason; ///< static
    int64_t leave_deadline_ms;
};

/// A membership.
struct member {
    const struct member_driver *driver;
    struct member_config config; ///< its text and list are the two below
    char *group_instance_id;
    const struct assignor **assignors;
    struct random random;
    enum member_state state;
    bool told;           ///< the want that the state gives once (REVOKE, METADATA) was given
    int64_t deadline_ms; ///< of PREPARING and LEAVING
    struct member_wish wish;

    enum coordinator_knowledge coordinator;
    uint32_t coordinator_finds; ///< counts the times it was found
    int coordinator_failures;   ///< in a row
    int64_t coordinator_not_before_ms;

    char *member_id; ///< "": none; owned
    int32_t generation;
    uint32_t identity; ///< counts changes of the two above (pitfall 68)

    struct member_slot slots[MEMBER_REQUEST_COUNT];
    uint32_t last_request_id;
    int failures; ///< of joining or leaving, in a row
    int64_t not_before_ms;
    int64_t heard_at_ms; ///< the session counts from here (pitfall 65)
    int64_t heartbeat_due_at_ms;
    int heartbeat_failures; ///< in a row

    struct topic_list joined; ///< the topics of the last JoinGroup
    struct assignment target; ///< what the last generation gave
    bool holds;               ///< ASSIGN was given and nothing revoked since
    struct assignment held;
    struct assignment added;

    int64_t rebalance_count;
    int64_t failed_rebalance_count;
    char rebalance_reason[MEMBER_REASON_BYTES];
    int64_t answered_at_ms;
    struct member_figures *figures;
    struct member_error error;

    struct classic classic;
};

/// A request whose answer has come.
struct member_exchange {
    enum member_request request;
    bool current;          ///< sent with the member's present identity
    bool same_coordinator; ///< sent to the coordinator of now
};

/// A group protocol. Functions are called after the member's own part; the member settles behind
/// them.
struct member_driver {
    const char *name;
    /// Makes and frees what the driver keeps in the member.
    void (*init)(struct member *member);
    void (*dispose)(struct member *member);
    /// Fills a request or METADATA into `want` if one is due, or else lowers `want->wake_at_ms` to
    /// when one will be.
    void (*next)(struct member *member, int64_t now_ms, struct member_want *want);
    void (*on_response
    )(struct member *member,
      struct member_exchange exchange,
      const struct member_response *response,
      int64_t now_ms);
    void (*on_failure
    )(struct member *member, struct member_exchange exchange, enum status status, int64_t now_ms);
    /// The usual back-off of the look-up is set already.
    void (*on_coordinator_failed
    )(struct member *member, enum status status, int16_t kafka_error, int64_t now_ms);
    /// `current`: the commit was sent with the member's present identity.
    void (*on_commit_error
    )(struct member *member, int16_t error_code, bool current, int64_t now_ms);
    void (*on_partition_counts
    )(struct member *member, const struct topic_count *counts, size_t count, int64_t now_ms);
    /// The topics that a leader watches, or NULL.
    const struct topic_list *(*watched)(const struct member *member);
    /// The assignor of the current generation, or NULL.
    const char *(*assignor)(const struct member *member);
};

/// The one writer of the state: checks the drawn table, logs a line, runs the entry action.
void member_enter(struct member *member, enum member_state state, const char *why, int64_t now_ms);

/// Lets due time-outs take effect, and goes from state to state until wishes and facts agree.
void member_settle(struct member *member, int64_t now_ms);

/// When member_settle() may have something to do by itself.
int64_t member_wake_at_ms(const struct member *member);

/// True when the application wants the member in the group now.
bool member_is_wanted(const struct member *member);

/// Sets generation and member id (which may be the member's own).
void member_set_identity(struct member *member, int32_t generation, const char *member_id);

/// True while heartbeats are sent: in a generation, with no Join or Sync that says the same.
bool member_has_session(const struct member *member);

/// Forgets the coordinator.
void member_lose_coordinator(struct member *member, const char *why);

/// True in states that need the coordinator.
bool member_needs_coordinator(const struct member *member);

/// Notes a rebalance for when the member is stable. The first reason stays.
void member_want_rejoin(
    struct member *member, const char *reason, int64_t not_before_ms, int64_t now_ms
);

/// Sets the reason of the next JoinGroup, cut to 255 bytes at a character (pitfall 84).
void member_set_reason(struct member *member, const char *reason);

/// Delays joining or leaving: by the back-off of one more failure, or with `at_once` by that of the
/// failures before, so that only the first of a row goes at once.
void member_delay(struct member *member, bool at_once, int64_t now_ms);

/// The generation is over: LOST from STABLE and PREPARING, or else JOINING.
void member_drop_out(struct member *member, const char *why, int64_t now_ms);

/// Says in MEMBER_LEAVING that the goodbye is said, or was long enough tried.
void member_finish_leaving(struct member *member, const char *why, int64_t now_ms);

/// Shows an error until the next success.
void member_show_error(struct member *member, enum status status, int16_t kafka_error);

/// Shows an error and stops in MEMBER_FATAL.
void member_fail(struct member *member, struct member_error error, const char *why, int64_t now_ms);

/// The jittered back-off for so many failures in a row.
int64_t member_backoff_ms(struct member *member, int failures);

/// The back-off after an error that people have to mend.
int64_t member_slow_backoff_ms(struct member *member);

/// Notes a request under way and gives its id to the want.
void member_open(struct member *member, enum member_request request, struct member_want *want);
