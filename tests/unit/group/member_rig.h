// SPDX-License-Identifier: Apache-2.0
// A member with a clock, for tests: short ways to bring it into a state and to look at its wants.
#pragma once

#include "consumer/group/assignor.h"
#include "consumer/group/member.h"
#include "consumer/wire/kafka_error.h"

#include <check.h>

/// The member's time-outs in tests, in ms.
enum {
    RIG_SESSION_MS = 45000,
    RIG_HEARTBEAT_MS = 3000,
    RIG_REBALANCE_MS = 300000,
    RIG_REQUEST_MS = 30000,
    RIG_BACKOFF_MS = 100,
    RIG_BACKOFF_MAX_MS = 1000,
};

/// A member under test. Every want asked for by its functions is noted in `want`.
struct rig {
    struct member *member;
    int64_t now_ms;
    struct member_want want;
    bool entered[MEMBER_STATE_COUNT][MEMBER_STATE_COUNT]; ///< [from][to] was logged
};

/// A dynamic member at time 1,000 s, with range and roundrobin.
void rig_init(struct rig *rig);

/// The same with another configuration; `log` of it is set here.
void rig_init_with(struct rig *rig, struct member_config config);

/// The configuration of rig_init().
struct member_config rig_config(void);

/// Frees the member.
void rig_dispose(struct rig *rig);

/// Moves the clock.
void rig_wait(struct rig *rig, int64_t ms);

/// Fails the test unless the next want is of this kind; it is in `rig->want` then.
struct member_want *rig_expect(struct rig *rig, enum member_want_kind kind);

/// Fails the test unless nothing is wanted now; returns in how many ms something may be, INT64_MAX
/// for never.
int64_t rig_expect_nothing(struct rig *rig);

/// Fails the test unless the member is in this state.
void rig_expect_state(struct rig *rig, enum member_state state);

/// Subscribes to topics separated by commas; "" unsubscribes.
void rig_subscribe(struct rig *rig, const char *topics);

/// Expects COORDINATOR and finds it.
void rig_find_coordinator(struct rig *rig);

/// Answers the request in `want` with an error code alone.
void rig_answer(struct rig *rig, const struct member_want *want, int16_t error_code);

/// Fails the request in `want`.
void rig_fail(struct rig *rig, const struct member_want *want, enum status status);

/// Answers a Join: the member follows, as "m-1", with `range`.
void rig_answer_join(struct rig *rig, const struct member_want *want, int32_t generation);

/// Answers a Join: "m-1" leads a group of itself with the joined topics and "m-2", which subscribed
/// to "t" and "u".
void rig_answer_join_as_leader(struct rig *rig, const struct member_want *want, int32_t generation);

/// Answers a Sync with partitions like "t:0 t:1".
void rig_answer_sync(struct rig *rig, const struct member_want *want, const char *partitions);

/// Subscribes to "t" and finds the coordinator; the Join is in `want`.
void rig_make_joining(struct rig *rig);

/// Goes on until the Sync is in `want`, generation 5.
void rig_make_syncing(struct rig *rig);

/// Goes on as the leader until METADATA is in `want`, generation 5.
void rig_make_assigning(struct rig *rig);

/// Goes on until stable with t:0 and t:1 taken over, generation 5.
void rig_make_stable(struct rig *rig);

/// Goes on until REVOKE (not lost) is in `want`.
void rig_make_preparing(struct rig *rig);

/// Goes on until fenced, REVOKE (lost) in `want`.
void rig_make_fatal(struct rig *rig);

/// Adds tests to a suite, each between `set_up` and `tear_down`.
void rig_add_tests(
    Suite *suite,
    void (*set_up)(void),
    void (*tear_down)(void),
    const TTest *const *tests,
    size_t count
);
