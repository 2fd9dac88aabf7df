// SPDX-License-Identifier: Apache-2.0
// Calls in flight: woken once, whatever comes first; results kept beyond their callback.
#include "server/bridge.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <string.h>

static int wakes;

static void wake(void *arg) {
    ck_assert_ptr_eq(arg, &wakes);
    wakes++;
}

static void complete(struct kc_call call, enum kc_status status, const char *message) {
    char text[64]; // borrowed until the callback returns
    (void)stpcpy(text, message);
    call.done(call.arg, &(struct kc_result){ .status = status, .message = text });
    memset(text, 'x', sizeof text);
}

START_TEST(a_call_is_woken_when_its_last_part_completes) {
    struct bridge *bridge = bridge_new();
    struct bridge_call *call = bridge_begin(bridge, 2, wake, &wakes);
    struct kc_call one = bridge_part(call, 0, 0);
    struct kc_call two = bridge_part(call, 1, 500);
    ck_assert_int_eq(two.timeout_ms, 500);
    complete(two, KC_TIMED_OUT, "two");
    ck_assert_int_eq(wakes, 0);
    ck_assert(!bridge_is_complete(call));
    complete(one, KC_OK, "one");
    ck_assert_int_eq(wakes, 1);
    ck_assert(bridge_is_complete(call));
    ck_assert_str_eq(bridge_result(call, 0)->message, "one");
    ck_assert_int_eq(bridge_result(call, 1)->status, KC_TIMED_OUT);
    bridge_end(call);
    bridge_free(bridge);
}

END_TEST

START_TEST(who_waits_no_more_is_not_woken) {
    struct bridge *bridge = bridge_new();
    struct bridge_call *call = bridge_begin(bridge, 1, wake, &wakes);
    struct kc_call part = bridge_part(call, 0, 0);
    bridge_end(call);
    complete(part, KC_OK, "late");
    bridge_cancel(bridge);
    ck_assert_int_eq(wakes, 0);
    bridge_free(bridge);
}

END_TEST

START_TEST(cancelling_wakes_once_and_with_nothing_to_show) {
    struct bridge *bridge = bridge_new();
    struct bridge_call *waiting = bridge_begin(bridge, 1, wake, &wakes);
    struct kc_call part = bridge_part(waiting, 0, 0);
    bridge_cancel(bridge);
    ck_assert_int_eq(wakes, 1);
    ck_assert(!bridge_is_complete(waiting));
    complete(part, KC_OK, "late");
    ck_assert_int_eq(wakes, 1);
    bridge_end(waiting);
    struct bridge_call *late = bridge_begin(bridge, 1, wake, &wakes);
    ck_assert_int_eq(wakes, 2);
    struct kc_call never = bridge_part(late, 0, 0);
    bridge_end(late);
    ck_assert_ptr_nonnull(never.arg);
    bridge_free(bridge); // the library is gone: its command completes no more
}

END_TEST

static void *complete_elsewhere(void *arg) {
    complete(*(struct kc_call *)arg, KC_OK, "");
    return NULL;
}

START_TEST(an_end_and_a_completion_may_meet) {
    struct bridge *bridge = bridge_new();
    for (int i = 0; i < 200; i++) {
        struct bridge_call *call = bridge_begin(bridge, 1, wake, &wakes);
        struct kc_call part = bridge_part(call, 0, 0);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, complete_elsewhere, &part), 0);
        bridge_end(call);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    bridge_free(bridge);
}

END_TEST

START_TEST(a_description_is_copied_with_all_it_points_to) {
    char topic[] = "orders";
    char member[] = "member-1";
    const char *subscription[] = { topic };
    struct kc_partition_state state = { .topic = topic, .partition = 3, .state = member, .lag = 9 };
    struct kc_partition partition = { .topic = topic, .metadata = "a\0b", .metadata_size = 3 };
    int32_t replicas[] = { 1, 2 };
    struct kc_topic_partition place = { .partition = 3, .replicas = replicas, .replica_count = 2 };
    struct kc_topic one = { .topic = topic, .partitions = &place, .partition_count = 1 };
    struct kc_description description = {
        .member_id = member,
        .subscription = subscription,
        .subscription_count = 1,
        .assignment = &state,
        .assignment_count = 1,
    };
    struct bridge *bridge = bridge_new();
    struct bridge_call *call = bridge_begin(bridge, 1, wake, &wakes);
    struct kc_call part = bridge_part(call, 0, 0);
    part.done(
        part.arg,
        &(struct kc_result){ .message = member,
                             .description = &description,
                             .partitions = &partition,
                             .partition_count = 1,
                             .topics = &one,
                             .topic_count = 1 }
    );
    memset(topic, 'x', 6);
    memset(member, 'x', 8);
    memset(replicas, 0, sizeof replicas);
    const struct kc_result *copy = bridge_result(call, 0);
    ck_assert_str_eq(copy->message, "member-1");
    ck_assert_str_eq(copy->description->member_id, "member-1");
    ck_assert_ptr_null(copy->description->group_id);
    ck_assert_str_eq(copy->description->subscription[0], "orders");
    ck_assert_str_eq(copy->description->assignment[0].topic, "orders");
    ck_assert_int_eq(copy->description->assignment[0].lag, 9);
    ck_assert_mem_eq(copy->partitions[0].metadata, "a\0b", 3);
    ck_assert_str_eq(copy->topics[0].topic, "orders");
    ck_assert_int_eq(copy->topics[0].partitions[0].replicas[1], 2);
    bridge_end(call);
    bridge_free(bridge);
}

END_TEST

SUITE(bridge) {
    Suite *s = suite_create("server/bridge");
    ADD_CASE(
        s,
        "bridge",
        a_call_is_woken_when_its_last_part_completes,
        who_waits_no_more_is_not_woken,
        cancelling_wakes_once_and_with_nothing_to_show,
        an_end_and_a_completion_may_meet,
        a_description_is_copied_with_all_it_points_to
    );
    return s;
}
