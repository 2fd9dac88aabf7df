// SPDX-License-Identifier: Apache-2.0
// What a member does on which error: every row of every table, late errors, nonsense.
#include "consumer/group/classic_errors.h"
#include "tests/unit/group/member_rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static struct rig rig;

static void set_up(void) {
    rig_init(&rig);
}

static void tear_down(void) {
    rig_dispose(&rig);
}

/// How soon the next step comes.
enum pace { AT_ONCE, SOON, SLOWLY, NEVER };

/// What an error leads to.
struct row {
    int16_t error_code;
    bool lookup;                ///< it looks for the coordinator first
    enum member_state state;    ///< where the member is then
    enum member_want_kind want; ///< what it wants then, after a look-up if `lookup`
    enum pace pace;             ///< and how soon
    const char *member_id;      ///< and who it is then
    int32_t generation;         ///< and in which generation
    enum status shown;          ///< the error that is visible
};

/// A code that no table names.
enum { UNHEARD_OF = 999 };

static void expect_pace(const struct row *row) {
    rig.want = member_next_want(rig.member, rig.now_ms);
    if (row->pace == AT_ONCE) {
        ck_assert_int_eq((int)rig.want.kind, (int)row->want);
        return;
    }
    ck_assert_int_eq((int)rig.want.kind, MEMBER_WANTS_NOTHING);
    if (row->pace == NEVER) {
        ck_assert_int_eq(rig.want.wake_at_ms, INT64_MAX);
        return;
    }
    int64_t wait_ms = rig.want.wake_at_ms - rig.now_ms;
    int64_t base_ms = RIG_BACKOFF_MS;
    if (row->pace == SLOWLY)
        base_ms = row->want == MEMBER_WANTS_HEARTBEAT ? RIG_HEARTBEAT_MS : 10000;
    ck_assert_int_ge(wait_ms, base_ms * 8 / 10);
    ck_assert_int_le(wait_ms, base_ms * 12 / 10);
    rig_wait(&rig, wait_ms);
    rig_expect(&rig, row->want);
}

static void expect_row(const struct row *row) {
    rig_expect_state(&rig, row->state);
    struct member_description is = member_describe(rig.member);
    ck_assert_int_eq((int)is.error.status, (int)row->shown);
    ck_assert_int_eq(is.error.kafka_error, row->shown == STATUS_OK ? 0 : row->error_code);
    ck_assert(is.error.fatal == (row->state == MEMBER_FATAL));
    ck_assert_str_eq(is.member_id, row->member_id);
    ck_assert_int_eq(is.generation, row->generation);
    ck_assert(is.coordinator_known == !row->lookup);
    if (row->lookup) {
        // Finding clears what a look-up's failure showed, not how long to wait.
        rig_find_coordinator(&rig);
    }
    expect_pace(row);
}

/// Runs every row on a fresh member that `make` brought to the request that `row` answers.
static void run_rows(const struct row *rows, size_t count, void (*make)(void)) {
    for (size_t i = 0; i < count; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        make();
        rig_answer(&rig, &rig.want, rows[i].error_code);
        expect_row(&rows[i]);
    }
}

/// Brings the member to a second Join, as "m-1" of generation 5.
static void make_rejoining(void) {
    rig_make_preparing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

// pitfall 63, pitfall 67, pitfall 69, pitfall 99
START_TEST(every_error_of_join_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { ERROR_UNKNOWN_MEMBER_ID,             false, MEMBER_JOINING, MEMBER_WANTS_JOIN, AT_ONCE, "", -1, STATUS_OK },
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { ERROR_NOT_COORDINATOR,               true, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { ERROR_FENCED_INSTANCE_ID,            false, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_FENCED },
        { ERROR_INCONSISTENT_GROUP_PROTOCOL,   false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_KAFKA_ERROR },
        { ERROR_INVALID_SESSION_TIMEOUT,       false, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_KAFKA_ERROR },
        { ERROR_INVALID_GROUP_ID,              false, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_KAFKA_ERROR },
        { ERROR_GROUP_AUTHORIZATION_FAILED,    false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_GROUP_AUTHORIZATION_FAILED },
        { ERROR_GROUP_MAX_SIZE_REACHED,        false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_KAFKA_ERROR },
        { ERROR_UNSUPPORTED_VERSION,           false, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_UNSUPPORTED_VERSION },
        { ERROR_REBALANCE_IN_PROGRESS,         false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { UNHEARD_OF,                          false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_KAFKA_ERROR },
    };
    // clang-format on
    run_rows(rows, sizeof rows / sizeof rows[0], make_rejoining);
}

END_TEST

static void make_syncing(void) {
    rig_make_syncing(&rig);
}

// pitfall 67: REBALANCE_IN_PROGRESS keeps generation and member id.
START_TEST(every_error_of_sync_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { ERROR_GROUP_AUTHORIZATION_FAILED,    false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_GROUP_AUTHORIZATION_FAILED },
        { ERROR_REBALANCE_IN_PROGRESS,         false, MEMBER_JOINING, MEMBER_WANTS_JOIN, AT_ONCE, "m-1", 5, STATUS_OK },
        { ERROR_FENCED_INSTANCE_ID,            false, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_FENCED },
        { ERROR_UNKNOWN_MEMBER_ID,             false, MEMBER_JOINING, MEMBER_WANTS_JOIN, AT_ONCE, "", -1, STATUS_OK },
        { ERROR_ILLEGAL_GENERATION,            false, MEMBER_JOINING, MEMBER_WANTS_JOIN, AT_ONCE, "m-1", -1, STATUS_OK },
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { ERROR_NOT_COORDINATOR,               true, MEMBER_JOINING, MEMBER_WANTS_JOIN, SOON, "m-1", 5, STATUS_OK },
        { UNHEARD_OF,                          false, MEMBER_JOINING, MEMBER_WANTS_JOIN, SLOWLY, "m-1", 5, STATUS_KAFKA_ERROR },
    };
    // clang-format on
    run_rows(rows, sizeof rows / sizeof rows[0], make_syncing);
    ck_assert_int_eq(member_describe(rig.member).failed_rebalance_count, 1);
}

END_TEST

static void make_heartbeating(void) {
    rig_make_stable(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
}

// pitfall 68, pitfall 69: in the current generation, errors that end it make the partitions lost.
START_TEST(every_error_of_heartbeat_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_NONE,                          false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SOON, "m-1", 5, STATUS_OK },
        { ERROR_NOT_COORDINATOR,               true, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SOON, "m-1", 5, STATUS_OK },
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SOON, "m-1", 5, STATUS_OK },
        { ERROR_REBALANCE_IN_PROGRESS,         false, MEMBER_PREPARING, MEMBER_WANTS_REVOKE, AT_ONCE, "m-1", 5, STATUS_OK },
        { ERROR_ILLEGAL_GENERATION,            false, MEMBER_LOST, MEMBER_WANTS_REVOKE, AT_ONCE, "m-1", -1, STATUS_OK },
        { ERROR_UNKNOWN_MEMBER_ID,             false, MEMBER_LOST, MEMBER_WANTS_REVOKE, AT_ONCE, "", -1, STATUS_OK },
        { ERROR_FENCED_INSTANCE_ID,            false, MEMBER_FATAL, MEMBER_WANTS_REVOKE, AT_ONCE, "", -1, STATUS_FENCED },
        { ERROR_GROUP_AUTHORIZATION_FAILED,    false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_GROUP_AUTHORIZATION_FAILED },
        { UNHEARD_OF,                          false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_KAFKA_ERROR },
    };
    // clang-format on
    run_rows(rows, sizeof rows / sizeof rows[0], make_heartbeating);
}

END_TEST

static void make_leaving(void) {
    rig_make_stable(&rig);
    rig_subscribe(&rig, "");
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
}

START_TEST(every_error_of_leave_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_NONE,                          false, MEMBER_UNJOINED, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_OK },
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  false, MEMBER_LEAVING, MEMBER_WANTS_LEAVE, SOON, "m-1", 5, STATUS_OK },
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_LEAVING, MEMBER_WANTS_LEAVE, SOON, "m-1", 5, STATUS_OK },
        { ERROR_NOT_COORDINATOR,               true, MEMBER_LEAVING, MEMBER_WANTS_LEAVE, SOON, "m-1", 5, STATUS_OK },
        { ERROR_UNKNOWN_MEMBER_ID,             false, MEMBER_UNJOINED, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_OK },
        { UNHEARD_OF,                          false, MEMBER_UNJOINED, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_OK },
    };
    // clang-format on
    run_rows(rows, sizeof rows / sizeof rows[0], make_leaving);
}

END_TEST

START_TEST(a_leave_that_is_cut_off_is_said_again) {
    make_leaving();
    rig_fail(&rig, &rig.want, STATUS_DISCONNECTED);
    rig_find_coordinator(&rig);
    rig_wait(&rig, rig_expect_nothing(&rig));
    rig_expect(&rig, MEMBER_WANTS_LEAVE);
    rig_fail(&rig, &rig.want, STATUS_UNSUPPORTED_VERSION);
    ck_assert(member_has_left(rig.member));
}

END_TEST

/// Meets a commit error with the member's present identity.
static void fail_commit(int16_t error_code) {
    struct member_identity sent = member_identity(rig.member);
    char member_id[16];
    ck_assert_int_lt(snprintf(member_id, sizeof member_id, "%s", sent.member_id), 16);
    sent.member_id = member_id;
    member_on_commit_error(rig.member, error_code, &sent, rig.now_ms);
}

// pitfall 5, pitfall 6, pitfall 69, pitfall 99
START_TEST(every_error_of_commit_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_GROUP_AUTHORIZATION_FAILED,    false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_TOPIC_AUTHORIZATION_FAILED,    false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_OFFSET_METADATA_TOO_LARGE,     false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_NOT_COORDINATOR,               true, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_REQUEST_TIMED_OUT,             true, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
        { ERROR_FENCED_INSTANCE_ID,            false, MEMBER_FATAL, MEMBER_WANTS_REVOKE, AT_ONCE, "", -1, STATUS_FENCED },
        { ERROR_REBALANCE_IN_PROGRESS,         false, MEMBER_PREPARING, MEMBER_WANTS_REVOKE, AT_ONCE, "m-1", 5, STATUS_OK },
        { ERROR_UNKNOWN_MEMBER_ID,             false, MEMBER_LOST, MEMBER_WANTS_REVOKE, AT_ONCE, "", -1, STATUS_OK },
        { ERROR_ILLEGAL_GENERATION,            false, MEMBER_LOST, MEMBER_WANTS_REVOKE, AT_ONCE, "m-1", -1, STATUS_OK },
        { UNHEARD_OF,                          false, MEMBER_STABLE, MEMBER_WANTS_HEARTBEAT, SLOWLY, "m-1", 5, STATUS_OK },
    };
    // clang-format on
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        rig_make_stable(&rig);
        fail_commit(rows[i].error_code);
        expect_row(&rows[i]);
    }
}

END_TEST

// pitfall 5, pitfall 7: while partitions are given up a rebalance is no news, but the end of the
// generation is.
START_TEST(commit_errors_while_preparing) {
    rig_make_preparing(&rig);
    fail_commit(ERROR_REBALANCE_IN_PROGRESS);
    rig_expect_state(&rig, MEMBER_PREPARING);
    fail_commit(ERROR_ILLEGAL_GENERATION);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
}

END_TEST

// pitfall 6
START_TEST(a_commit_error_of_an_old_generation_changes_nothing) {
    static const int16_t codes[] = { ERROR_ILLEGAL_GENERATION,
                                     ERROR_UNKNOWN_MEMBER_ID,
                                     ERROR_FENCED_INSTANCE_ID,
                                     ERROR_REBALANCE_IN_PROGRESS };
    rig_make_stable(&rig);
    const struct member_identity older = { 4, "m-1", NULL };
    const struct member_identity other = { 5, "m-0", NULL };
    for (size_t i = 0; i < 4; i++) {
        member_on_commit_error(rig.member, codes[i], &older, rig.now_ms);
        member_on_commit_error(rig.member, codes[i], &other, rig.now_ms);
        rig_expect_state(&rig, MEMBER_STABLE);
        rig_expect_nothing(&rig);
    }
}

END_TEST

// pitfall 7: the Join under way will tell.
START_TEST(a_commit_error_while_joining_changes_nothing) {
    make_rejoining();
    const struct member_identity sent = { 5, "m-1", NULL };
    member_on_commit_error(rig.member, ERROR_ILLEGAL_GENERATION, &sent, rig.now_ms);
    ck_assert_int_eq(member_identity(rig.member).generation, 5);
    member_on_commit_error(rig.member, ERROR_UNKNOWN_MEMBER_ID, &sent, rig.now_ms);
    rig_expect_state(&rig, MEMBER_JOINING);
    ck_assert_str_eq(member_identity(rig.member).member_id, "m-1");
    rig_expect_nothing(&rig);
}

END_TEST

// pitfall 7, pitfall 68: a heartbeat answered after its generation, or while joining, says nothing
// new.
START_TEST(a_late_heartbeat_error_changes_nothing) {
    static const int16_t codes[] = { ERROR_ILLEGAL_GENERATION,
                                     ERROR_UNKNOWN_MEMBER_ID,
                                     ERROR_FENCED_INSTANCE_ID,
                                     ERROR_REBALANCE_IN_PROGRESS };
    for (size_t i = 0; i < 8; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        make_heartbeating();
        struct member_want heartbeat = rig.want;
        member_request_rejoin(rig.member, "asked to", rig.now_ms);
        rig_expect(&rig, MEMBER_WANTS_REVOKE);
        member_on_revoked(rig.member, rig.now_ms);
        rig_expect(&rig, MEMBER_WANTS_JOIN);
        struct member_want join = rig.want;
        if (i < 4) rig_answer(&rig, &heartbeat, codes[i]);
        rig_expect_state(&rig, MEMBER_JOINING);
        ck_assert_str_eq(member_identity(rig.member).member_id, "m-1");
        rig_answer_join(&rig, &join, 6);
        rig_expect(&rig, MEMBER_WANTS_SYNC);
        join = rig.want;
        if (i >= 4) rig_answer(&rig, &heartbeat, codes[i - 4]);
        rig_expect_state(&rig, MEMBER_SYNCING);
        rig_answer_sync(&rig, &join, "t:0");
        rig_expect(&rig, MEMBER_WANTS_ASSIGN);
        rig_expect_nothing(&rig);
    }
}

END_TEST

START_TEST(a_late_heartbeat_that_is_good_does_not_lengthen_the_session) {
    make_heartbeating();
    struct member_want heartbeat = rig.want;
    member_request_rejoin(rig.member, "asked to", rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer_join_as_leader(&rig, &rig.want, 6);
    int64_t joined_at_ms = rig.now_ms;
    rig_wait(&rig, 1000);
    rig_answer(&rig, &heartbeat, ERROR_NONE);
    ck_assert_int_eq(member_describe(rig.member).heartbeat_answered_at_ms, joined_at_ms);
}

END_TEST

START_TEST(heartbeat_errors_while_the_leader_waits_end_the_generation) {
    static const int16_t codes[] = { ERROR_ILLEGAL_GENERATION, ERROR_UNKNOWN_MEMBER_ID };
    for (size_t i = 0; i < 2; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        rig_make_assigning(&rig);
        rig_wait(&rig, RIG_HEARTBEAT_MS);
        rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
        rig_answer(&rig, &rig.want, codes[i]);
        rig_expect(&rig, MEMBER_WANTS_JOIN);
        ck_assert_str_eq(rig.want.join.member_id, i == 0 ? "m-1" : "");
        ck_assert_int_eq(rig.want.join.generation, -1);
    }
}

END_TEST

START_TEST(a_leader_is_fenced_while_it_waits) {
    rig_make_assigning(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_answer(&rig, &rig.want, ERROR_FENCED_INSTANCE_ID);
    rig_expect_state(&rig, MEMBER_FATAL);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX); // nothing is held, nothing revoked
}

END_TEST

START_TEST(heartbeat_errors_while_syncing_end_the_generation) {
    rig_make_assigning(&rig);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    struct member_want heartbeat = rig.want;
    member_on_partition_counts(rig.member, NULL, 0, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    struct member_want sync = rig.want;
    rig_answer(&rig, &heartbeat, ERROR_ILLEGAL_GENERATION);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer_sync(&rig, &sync, "t:0"); // pitfall 68
    rig_expect_state(&rig, MEMBER_JOINING);
}

END_TEST

// pitfall 69: fatal, visible, and no way back but by a new wish of the user.
START_TEST(a_fenced_member_gives_up_its_partitions_and_stays_out) {
    rig_make_fatal(&rig);
    ck_assert_uint_eq(rig.want.revoke.partitions->count, 2);
    ck_assert(!member_may_commit(rig.member));
    member_on_revoked(rig.member, rig.now_ms);
    member_on_revoked(rig.member, rig.now_ms);
    member_on_poll_interval_exceeded(rig.member, rig.now_ms);
    member_on_poll(rig.member, rig.now_ms);
    member_on_coordinator_lost(rig.member, rig.now_ms);
    member_on_coordinator_found(rig.member, rig.now_ms);
    rig_wait(&rig, 86400000);
    ck_assert_int_eq(rig_expect_nothing(&rig), INT64_MAX);
    struct member_error error = member_describe(rig.member).error;
    ck_assert_int_eq((int)error.status, STATUS_FENCED);
    ck_assert_int_eq(error.kafka_error, ERROR_FENCED_INSTANCE_ID);
    ck_assert(error.fatal);
    rig_subscribe(&rig, "t");
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "");
}

END_TEST

START_TEST(a_new_subscription_waits_for_the_partitions_of_a_fenced_member) {
    rig_make_fatal(&rig);
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig.want.revoke.lost);
    rig_expect_nothing(&rig);
    member_on_revoked(rig.member, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
}

END_TEST

// pitfall 99: the error is gone once the ACL is there, without a restart.
START_TEST(an_authorization_error_clears_with_the_next_success) {
    rig_make_joining(&rig);
    rig_answer(&rig, &rig.want, ERROR_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(
        (int)member_describe(rig.member).error.status, STATUS_GROUP_AUTHORIZATION_FAILED
    );
    rig_wait(&rig, 12000);
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    rig_answer_join(&rig, &rig.want, 5);
    rig_expect(&rig, MEMBER_WANTS_SYNC);
    rig_answer_sync(&rig, &rig.want, "t:0");
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
}

END_TEST

START_TEST(an_error_of_a_heartbeat_clears_with_the_next_one) {
    make_heartbeating();
    rig_answer(&rig, &rig.want, ERROR_GROUP_AUTHORIZATION_FAILED);
    rig_wait(&rig, RIG_HEARTBEAT_MS);
    rig_expect(&rig, MEMBER_WANTS_HEARTBEAT);
    rig_answer(&rig, &rig.want, ERROR_NONE);
    ck_assert_int_eq((int)member_describe(rig.member).error.status, STATUS_OK);
}

END_TEST

// pitfall 63, pitfall 99
START_TEST(every_error_of_a_look_up_has_its_consequence) {
    // clang-format off
    static const struct row rows[] = {
        { ERROR_COORDINATOR_NOT_AVAILABLE,     true, MEMBER_JOINING, MEMBER_WANTS_COORDINATOR, SOON, "", -1, STATUS_OK },
        { ERROR_COORDINATOR_LOAD_IN_PROGRESS,  true, MEMBER_JOINING, MEMBER_WANTS_COORDINATOR, SOON, "", -1, STATUS_OK },
        { ERROR_GROUP_AUTHORIZATION_FAILED,    true, MEMBER_JOINING, MEMBER_WANTS_COORDINATOR, SLOWLY, "", -1, STATUS_GROUP_AUTHORIZATION_FAILED },
        { ERROR_INVALID_GROUP_ID,              true, MEMBER_FATAL, MEMBER_WANTS_NOTHING, NEVER, "", -1, STATUS_KAFKA_ERROR },
        { UNHEARD_OF,                          true, MEMBER_JOINING, MEMBER_WANTS_COORDINATOR, SLOWLY, "", -1, STATUS_KAFKA_ERROR },
    };
    // clang-format on
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        rig_subscribe(&rig, "t");
        rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
        member_on_coordinator_failed(
            rig.member, STATUS_KAFKA_ERROR, rows[i].error_code, rig.now_ms
        );
        rig_expect_state(&rig, rows[i].state);
        ck_assert_int_eq((int)member_describe(rig.member).error.status, (int)rows[i].shown);
        expect_pace(&rows[i]);
    }
}

END_TEST

START_TEST(a_broker_that_knows_no_coordinators_is_fatal) {
    rig_subscribe(&rig, "t");
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    member_on_coordinator_failed(rig.member, STATUS_UNSUPPORTED_VERSION, 0, rig.now_ms);
    rig_expect_state(&rig, MEMBER_FATAL);
}

END_TEST

START_TEST(an_invalid_group_id_met_while_leaving_ends_the_goodbye) {
    make_leaving();
    rig_fail(&rig, &rig.want, STATUS_DISCONNECTED);
    rig_expect(&rig, MEMBER_WANTS_COORDINATOR);
    member_on_coordinator_failed(
        rig.member, STATUS_KAFKA_ERROR, ERROR_INVALID_GROUP_ID, rig.now_ms
    );
    ck_assert(member_has_left(rig.member));
}

END_TEST

START_TEST(a_broker_without_static_members_is_fatal_for_one) {
    rig_make_joining(&rig);
    rig_fail(&rig, &rig.want, STATUS_UNSUPPORTED_VERSION);
    rig_expect_state(&rig, MEMBER_FATAL);
    struct member_error error = member_describe(rig.member).error;
    ck_assert_int_eq((int)error.status, STATUS_UNSUPPORTED_VERSION);
    ck_assert_int_eq(error.kafka_error, 0);
}

END_TEST

START_TEST(a_sync_that_is_cut_off_begins_again_with_a_join) {
    rig_make_syncing(&rig);
    rig_fail(&rig, &rig.want, STATUS_INVALID_FRAME);
    rig_find_coordinator(&rig);
    rig_wait(&rig, rig_expect_nothing(&rig));
    rig_expect(&rig, MEMBER_WANTS_JOIN);
    ck_assert_str_eq(rig.want.join.member_id, "m-1");
    ck_assert_str_eq(rig.want.join.reason, "SyncGroup: INVALID_FRAME");
}

END_TEST

START_TEST(join_answers_that_cannot_be_are_refused) {
    const struct member_join_response good = {
        .generation = 5,
        .protocol_type = "consumer",
        .protocol_name = "range",
        .leader = "m-2",
        .member_id = "m-1",
    };
    struct member_join_response bad[7] = { good, good, good, good, good, good, good };
    bad[0].generation = -1;
    bad[1].member_id = "";
    bad[2].member_id = NULL;
    bad[3].protocol_type = "connect";
    bad[4].protocol_name = NULL;
    bad[5].protocol_name = "sticky";
    bad[6].leader = NULL; // nobody leads: still an answer, and the member follows
    for (size_t i = 0; i < 7; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        rig_make_joining(&rig);
        struct member_response response = { .join = bad[i] };
        member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
        if (i == 6) {
            rig_expect(&rig, MEMBER_WANTS_SYNC);
            break;
        }
        rig_expect_state(&rig, MEMBER_JOINING);
        struct member_error error = member_describe(rig.member).error;
        ck_assert_int_eq(error.kafka_error, ERROR_INCONSISTENT_GROUP_PROTOCOL);
        ck_assert_int_ge(rig_expect_nothing(&rig), 8000);
    }
}

END_TEST

START_TEST(sync_answers_of_another_protocol_are_refused) {
    for (int i = 0; i < 2; i++) {
        rig_dispose(&rig);
        rig_init(&rig);
        rig_make_syncing(&rig);
        struct member_response response = { .sync.protocol_name = "range" };
        if (i == 0) response.sync.protocol_type = "connect";
        if (i == 1) response.sync.protocol_name = "roundrobin";
        member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
        rig_expect_state(&rig, MEMBER_JOINING);
        ck_assert_int_eq(
            member_describe(rig.member).error.kafka_error, ERROR_INCONSISTENT_GROUP_PROTOCOL
        );
    }
}

END_TEST

START_TEST(sync_answers_of_versions_without_a_protocol_are_good) {
    rig_make_syncing(&rig);
    struct member_response response = { 0 };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_ASSIGN);
}

END_TEST

START_TEST(a_leader_of_a_group_of_nobody_goes_on) {
    rig_make_joining(&rig);
    struct member_response response = { .join = {
                                            .generation = 5,
                                            .protocol_name = "range",
                                            .leader = "m-1",
                                            .member_id = "m-1",
                                        } };
    member_on_response(rig.member, rig.want.request_id, &response, rig.now_ms);
    rig_expect(&rig, MEMBER_WANTS_SYNC); // there is no metadata to wait for
    ck_assert_uint_eq(rig.want.sync.assignment_count, 0);
}

END_TEST

START_TEST(apis_are_called_as_kafka_spells_them) {
    ck_assert_str_eq(classic_api_name(CLASSIC_JOIN), "JoinGroup");
    ck_assert_str_eq(classic_api_name(CLASSIC_COMMIT), "OffsetCommit");
}

END_TEST

SUITE(member_errors) {
    Suite *s = suite_create("group/member, errors");
    const TTest *const tests[] = {
        every_error_of_join_has_its_consequence,
        every_error_of_sync_has_its_consequence,
        every_error_of_heartbeat_has_its_consequence,
        every_error_of_leave_has_its_consequence,
        a_leave_that_is_cut_off_is_said_again,
        every_error_of_commit_has_its_consequence,
        commit_errors_while_preparing,
        a_commit_error_of_an_old_generation_changes_nothing,
        a_commit_error_while_joining_changes_nothing,
        a_late_heartbeat_error_changes_nothing,
        a_late_heartbeat_that_is_good_does_not_lengthen_the_session,
        heartbeat_errors_while_the_leader_waits_end_the_generation,
        a_leader_is_fenced_while_it_waits,
        heartbeat_errors_while_syncing_end_the_generation,
        a_fenced_member_gives_up_its_partitions_and_stays_out,
        a_new_subscription_waits_for_the_partitions_of_a_fenced_member,
        an_authorization_error_clears_with_the_next_success,
        an_error_of_a_heartbeat_clears_with_the_next_one,
        every_error_of_a_look_up_has_its_consequence,
        a_broker_that_knows_no_coordinators_is_fatal,
        an_invalid_group_id_met_while_leaving_ends_the_goodbye,
        a_broker_without_static_members_is_fatal_for_one,
        a_sync_that_is_cut_off_begins_again_with_a_join,
        join_answers_that_cannot_be_are_refused,
        sync_answers_of_another_protocol_are_refused,
        sync_answers_of_versions_without_a_protocol_are_good,
        a_leader_of_a_group_of_nobody_goes_on,
        apis_are_called_as_kafka_spells_them,
    };
    rig_add_tests(s, set_up, tear_down, tests, sizeof tests / sizeof tests[0]);
    return s;
}
