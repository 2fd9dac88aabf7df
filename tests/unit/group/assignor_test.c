// SPDX-License-Identifier: Apache-2.0
// The range and roundrobin assignors against results of Apache Kafka's own, and at their edges.
#include "consumer/base/must.h"
#include "consumer/group/assignor.h"
#include "consumer/group/assignor_range.h"
#include "consumer/group/assignor_round_robin.h"
#include "tests/unit/group/assignor_cases.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MEMBERS = 16, MOST_TOPICS = 16 };

/// A group read from text.
struct group {
    struct assignor_member members[MOST_MEMBERS];
    const char *subscribed[MOST_MEMBERS][MOST_TOPICS];
    struct topic_count topics[MOST_TOPICS];
    struct assignor_input input;
    char *text;
};

static void read_topics(struct group *group, char *text) {
    char *rest;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(word, ':');
        *colon = '\0';
        group->topics[group->input.topic_count++] =
            (struct topic_count){ word, (int32_t)strtol(colon + 1, NULL, 10) };
    }
}

static void read_member(struct group *group, char *word) {
    size_t at = group->input.member_count++;
    struct assignor_member *member = &group->members[at];
    char *list = strchr(word, '=');
    *list++ = '\0';
    char *instance = strchr(word, '@');
    if (instance) *instance++ = '\0';
    *member = (struct assignor_member){ word, instance, group->subscribed[at], 0 };
    char *rest;
    for (char *topic = strtok_r(list, ",", &rest); topic; topic = strtok_r(NULL, ",", &rest))
        group->subscribed[at][member->topic_count++] = topic;
}

/// Reads a group; `text` of the group keeps the words.
static void group_init(struct group *group, const char *topics, const char *members) {
    *group = (struct group){ .input = { .members = group->members, .topics = group->topics } };
    size_t topics_size = strlen(topics) + 1;
    group->text = must_alloc(topics_size + strlen(members) + 1);
    memcpy(group->text, topics, topics_size);
    memcpy(group->text + topics_size, members, strlen(members) + 1);
    read_topics(group, group->text);
    char *rest;
    char *word = strtok_r(group->text + topics_size, " ", &rest);
    for (; word; word = strtok_r(NULL, " ", &rest))
        read_member(group, word);
}

static void print_assignment(FILE *out, const struct assignment *set) {
    const char *topic = "";
    for (size_t i = 0; i < set->count; i++) {
        const struct topic_partition *item = &set->items[i];
        bool same = strcmp(topic, item->topic) == 0;
        if (!same) fprintf(out, "%s%s:", i > 0 ? ";" : "", item->topic);
        fprintf(out, "%s%d", same ? "," : "", item->partition);
        topic = item->topic;
    }
}

/// Runs an assignor and gives its result as text, which the caller frees.
static char *run(const struct assignor *assignor, const char *topics, const char *members) {
    struct group group;
    group_init(&group, topics, members);
    struct assignment results[MOST_MEMBERS] = { 0 };
    assignor->assign(&group.input, results);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < group.input.member_count; i++) {
        fprintf(out, "%s%s=", i > 0 ? " " : "", group.members[i].member_id);
        print_assignment(out, &results[i]);
        assignment_dispose(&results[i]);
    }
    (void)fclose(out);
    free(group.text);
    return text;
}

static void expect(
    const struct assignor *assignor, const char *topics, const char *members, const char *expected
) {
    char *got = run(assignor, topics, members);
    ck_assert_str_eq(got, expected);
    free(got);
}

START_TEST(range_gives_what_apache_kafka_gives) {
    for (size_t i = 0; i < sizeof assignor_cases / sizeof assignor_cases[0]; i++) {
        const struct assignor_case *c = &assignor_cases[i];
        expect(&assignor_range, c->topics, c->members, c->range);
    }
}

END_TEST

// pitfall 77: subscriptions that differ neither crash roundrobin nor make it loop.
START_TEST(roundrobin_gives_what_apache_kafka_gives) {
    for (size_t i = 0; i < sizeof assignor_cases / sizeof assignor_cases[0]; i++) {
        const struct assignor_case *c = &assignor_cases[i];
        expect(&assignor_round_robin, c->topics, c->members, c->round_robin);
    }
}

END_TEST

// pitfall 77: a topic with partitions that nobody subscribed to must not send roundrobin searching.
START_TEST(a_topic_without_subscribers_is_skipped) {
    expect(&assignor_range, "t:2 u:3", "a=t b=", "a=t:0,1 b=");
    expect(&assignor_round_robin, "t:2 u:3", "a=t b=", "a=t:0,1 b=");
    expect(&assignor_round_robin, "t:2", "a= b=", "a= b=");
}

END_TEST

START_TEST(a_topic_without_a_known_count_is_skipped) {
    expect(&assignor_range, "t:-1 u:1", "a=t,u,x", "a=u:0");
    expect(&assignor_round_robin, "t:-1 u:1", "a=t,u,x", "a=u:0");
    expect(&assignor_range, "t:0", "a=t", "a=");
}

END_TEST

START_TEST(a_topic_named_twice_in_a_subscription_counts_once) {
    expect(&assignor_range, "t:4", "a=t,t,t b=t", "a=t:0,1 b=t:2,3");
    expect(&assignor_round_robin, "t:4", "a=t,t,t b=t", "a=t:0,2 b=t:1,3");
}

END_TEST

START_TEST(static_members_come_first_and_by_their_instance_id) {
    expect(&assignor_range, "t:3", "a=t z@i2=t y@i1=t", "a=t:2 z=t:1 y=t:0");
    // Two members of one instance id cannot be, but must not make the order a matter of luck.
    expect(&assignor_range, "t:2", "z@i=t y@i=t", "z=t:1 y=t:0");
}

END_TEST

START_TEST(a_group_of_nobody_gets_nothing) {
    struct assignor_input input = { 0 };
    assignor_range.assign(&input, NULL);
    assignor_round_robin.assign(&input, NULL);
}

END_TEST

START_TEST(the_result_does_not_depend_on_the_order_of_members) {
    expect(&assignor_range, "t:5", "b=t a=t c=t", "b=t:2,3 a=t:0,1 c=t:4");
    expect(&assignor_range, "t:5", "c=t b=t a=t", "c=t:4 b=t:2,3 a=t:0,1");
}

END_TEST

START_TEST(assignors_are_found_by_the_name_on_the_wire) {
    ck_assert_ptr_eq(assignor_find("range"), &assignor_range);
    ck_assert_ptr_eq(assignor_find("roundrobin"), &assignor_round_robin);
    ck_assert_ptr_null(assignor_find("sticky"));
    ck_assert_ptr_null(assignor_find(""));
}

END_TEST

SUITE(assignor) {
    Suite *s = suite_create("group/assignor");
    ADD_CASE(
        s,
        "assignor",
        range_gives_what_apache_kafka_gives,
        roundrobin_gives_what_apache_kafka_gives,
        a_topic_without_subscribers_is_skipped,
        a_topic_without_a_known_count_is_skipped,
        a_topic_named_twice_in_a_subscription_counts_once,
        static_members_come_first_and_by_their_instance_id,
        a_group_of_nobody_gets_nothing,
        the_result_does_not_depend_on_the_order_of_members,
        assignors_are_found_by_the_name_on_the_wire
    );
    return s;
}
