// SPDX-License-Identifier: Apache-2.0
// Answers are made up here; the log is read back to know which states followed which.
#include "tests/unit/group/member_rig.h"

#include "consumer/group/assignor_range.h"
#include "consumer/group/assignor_round_robin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 16 };

/// Words cut out of a text.
struct words {
    char text[256];
    const char *word[MOST_WORDS];
    size_t count;
};

static void cut(struct words *words, const char *text, const char *separator) {
    words->count = 0;
    (void)snprintf(words->text, sizeof words->text, "%s", text);
    char *rest;
    char *word = strtok_r(words->text, separator, &rest);
    for (; word; word = strtok_r(NULL, separator, &rest)) {
        ck_assert_uint_lt(words->count, MOST_WORDS);
        words->word[words->count++] = word;
    }
}

static enum member_state state_of(const char *name) {
    for (int state = 0; state < MEMBER_STATE_COUNT; state++) {
        if (strcmp(name, member_state_name((enum member_state)state)) == 0)
            return (enum member_state)state;
    }
    ck_abort_msg("no state is called %s", name);
}

static void note_line(
    void *arg, enum log_level level, const char *noun, const char *verb, const char *details
) {
    struct rig *rig = arg;
    ck_assert_int_le((int)level, LOG_DEBUG);
    if (strcmp(noun, "member") != 0 || strcmp(verb, "entered") != 0) return;
    char from[16];
    char to[16];
    ck_assert_int_eq(sscanf(details, "from=%15s to=%15s", from, to), 2);
    rig->entered[state_of(from)][state_of(to)] = true;
}

struct member_config rig_config(void) {
    static const struct assignor *const assignors[] = { &assignor_range, &assignor_round_robin };
    return (struct member_config){
        .assignors = assignors,
        .assignor_count = 2,
        .session_timeout_ms = RIG_SESSION_MS,
        .heartbeat_interval_ms = RIG_HEARTBEAT_MS,
        .rebalance_timeout_ms = RIG_REBALANCE_MS,
        .request_timeout_ms = RIG_REQUEST_MS,
        .retry_backoff_ms = RIG_BACKOFF_MS,
        .retry_backoff_max_ms = RIG_BACKOFF_MAX_MS,
        .seed = 1,
    };
}

void rig_init_with(struct rig *rig, struct member_config config) {
    *rig = (struct rig){ .now_ms = 1000000 };
    config.log = (struct log){ .write = note_line, .arg = rig, .level = LOG_DEBUG };
    rig->member = member_new(&config);
}

void rig_init(struct rig *rig) {
    rig_init_with(rig, rig_config());
}

void rig_dispose(struct rig *rig) {
    member_free(rig->member);
    rig->member = NULL;
}

void rig_wait(struct rig *rig, int64_t ms) {
    rig->now_ms += ms;
}

struct member_want *rig_expect(struct rig *rig, enum member_want_kind kind) {
    rig->want = member_next_want(rig->member, rig->now_ms);
    ck_assert_int_eq((int)rig->want.kind, (int)kind);
    return &rig->want;
}

int64_t rig_expect_nothing(struct rig *rig) {
    int64_t wake_at_ms = rig_expect(rig, MEMBER_WANTS_NOTHING)->wake_at_ms;
    ck_assert_int_gt(wake_at_ms, rig->now_ms);
    return wake_at_ms == INT64_MAX ? INT64_MAX : wake_at_ms - rig->now_ms;
}

void rig_expect_state(struct rig *rig, enum member_state state) {
    ck_assert_str_eq(
        member_state_name(member_describe(rig->member).state), member_state_name(state)
    );
}

void rig_subscribe(struct rig *rig, const char *topics) {
    struct words words;
    cut(&words, topics, ",");
    member_subscribe(rig->member, words.word, words.count, rig->now_ms);
}

void rig_find_coordinator(struct rig *rig) {
    rig_expect(rig, MEMBER_WANTS_COORDINATOR);
    member_on_coordinator_found(rig->member, rig->now_ms);
}

void rig_answer(struct rig *rig, const struct member_want *want, int16_t error_code) {
    struct member_response response = { .error_code = error_code };
    member_on_response(rig->member, want->request_id, &response, rig->now_ms);
}

void rig_fail(struct rig *rig, const struct member_want *want, enum status status) {
    member_on_request_failed(rig->member, want->request_id, status, rig->now_ms);
}

void rig_answer_join(struct rig *rig, const struct member_want *want, int32_t generation) {
    struct member_response response = { .join = {
                                            .generation = generation,
                                            .protocol_type = "consumer",
                                            .protocol_name = "range",
                                            .leader = "m-2",
                                            .member_id = "m-1",
                                        } };
    member_on_response(rig->member, want->request_id, &response, rig->now_ms);
}

void rig_answer_join_as_leader(
    struct rig *rig, const struct member_want *want, int32_t generation
) {
    static const char *const other_topics[] = { "u", "t" };
    const struct assignor_member members[] = {
        { "m-1", NULL, want->join.topics, want->join.topic_count },
        { "m-2", NULL, other_topics, 2 },
    };
    struct member_response response = { .join = {
                                            .generation = generation,
                                            .protocol_name = "range",
                                            .leader = "m-1",
                                            .member_id = "m-1",
                                            .members = members,
                                            .member_count = 2,
                                        } };
    member_on_response(rig->member, want->request_id, &response, rig->now_ms);
}

void rig_answer_sync(struct rig *rig, const struct member_want *want, const char *partitions) {
    struct words words;
    cut(&words, partitions, " ");
    struct topic_partition items[MOST_WORDS];
    for (size_t i = 0; i < words.count; i++) {
        char *colon = words.text + (strchr(words.word[i], ':') - words.text);
        *colon = '\0';
        items[i] = (struct topic_partition){
            words.word[i],
            (int32_t)strtol(colon + 1, NULL, 10),
        };
    }
    struct member_response response = { .sync = {
                                            .protocol_type = "consumer",
                                            .protocol_name = "range",
                                            .partitions = items,
                                            .partition_count = words.count,
                                        } };
    member_on_response(rig->member, want->request_id, &response, rig->now_ms);
}

void rig_make_joining(struct rig *rig) {
    rig_subscribe(rig, "t");
    rig_find_coordinator(rig);
    rig_expect(rig, MEMBER_WANTS_JOIN);
}

void rig_make_syncing(struct rig *rig) {
    rig_make_joining(rig);
    rig_answer_join(rig, &rig->want, 5);
    rig_expect(rig, MEMBER_WANTS_SYNC);
}

void rig_make_assigning(struct rig *rig) {
    rig_make_joining(rig);
    rig_answer_join_as_leader(rig, &rig->want, 5);
    rig_expect(rig, MEMBER_WANTS_METADATA);
}

void rig_make_stable(struct rig *rig) {
    rig_make_syncing(rig);
    rig_answer_sync(rig, &rig->want, "t:0 t:1");
    rig_expect(rig, MEMBER_WANTS_ASSIGN);
    rig_expect_state(rig, MEMBER_STABLE);
}

void rig_make_preparing(struct rig *rig) {
    rig_make_stable(rig);
    member_request_rejoin(rig->member, "asked to", rig->now_ms);
    rig_expect(rig, MEMBER_WANTS_REVOKE);
    ck_assert(!rig->want.revoke.lost);
}

void rig_make_fatal(struct rig *rig) {
    rig_make_stable(rig);
    rig_wait(rig, RIG_HEARTBEAT_MS);
    rig_expect(rig, MEMBER_WANTS_HEARTBEAT);
    rig_answer(rig, &rig->want, ERROR_FENCED_INSTANCE_ID);
    rig_expect(rig, MEMBER_WANTS_REVOKE);
    ck_assert(rig->want.revoke.lost);
    rig_expect_state(rig, MEMBER_FATAL);
}

void rig_add_tests(
    Suite *suite,
    void (*set_up)(void),
    void (*tear_down)(void),
    const TTest *const *tests,
    size_t count
) {
    TCase *cases = tcase_create("member");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
}
