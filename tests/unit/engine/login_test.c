// SPDX-License-Identifier: Apache-2.0
// Whole engines that no broker lets in: who is told, how often brokers are asked, and that it ends
// when the secret is mended.
#include "consumer/cluster/cluster.h"
#include "consumer/consumer_state.h"
#include "consumer/engine/command.h"
#include "consumer/engine/engine_state.h"
#include "consumer/security/sasl.h"
#include "consumer/security/security.h"
#include "tests/unit/engine/world.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define SECURED                                                               \
    "group.id=g auto.offset.reset=earliest security.protocol=SASL_PLAINTEXT " \
    "sasl.mechanism=PLAIN sasl.username=alice sasl.password=wrong "           \
    "authentication.backoff.ms=1000 authentication.backoff.max.ms=8000"

static struct security *password(void) {
    char error[SASL_ERROR_BYTES];
    const struct sasl_options options = { .mechanism = "PLAIN",
                                          .username = "alice",
                                          .password = "wrong" };
    struct sasl_credentials *credentials = sasl_credentials_new(&options, error);
    ck_assert_ptr_nonnull(credentials);
    return security_new_take(SECURITY_SASL_PLAINTEXT, NULL, credentials);
}

/// What the fake brokers, which know no SASL, let in.
static struct security *mended(void) {
    return security_new_take(SECURITY_PLAINTEXT, NULL, NULL);
}

static void check_mended(struct world_consumer *consumer, int32_t records) {
    world_await_records(consumer, (size_t)records, SECONDS(10));
    int errors = consumer->error_count;
    world_run(consumer->world, SECONDS(3));
    ck_assert_int_eq(consumer->error_count, errors);
    ck_assert_int_eq(cluster_obstacle(&consumer->engine->cluster), STATUS_OK);
}

/// What a consumer's description says.
struct described {
    enum kc_status last_error;
    char reason[400];
};

static void keep(void *arg, const struct kc_result *result) {
    struct described *described = arg;
    described->last_error = result->description->last_error;
    (void)snprintf(described->reason, sizeof described->reason, "%s", result->description->reason);
}

static struct described describe(struct world_consumer *consumer) {
    struct described described = { 0 };
    struct kc_call call = { .done = keep, .arg = &described };
    struct command *command = command_new(COMMAND_VISIT);
    command->done = describe_done;
    command->arg = &call;
    engine_on_command_take(consumer->engine, command, consumer->world->now_ms);
    world_run(consumer->world, 1);
    return described;
}

START_TEST(without_credentials_nobody_is_dialed_and_polls_say_why) { // pitfall 92
    struct world *world = world_new(3, 2);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    struct world_consumer *consumer = world_add_polling(world, SECURED);
    world_run(world, SECONDS(3));
    ck_assert_int_eq(consumer->error_count, 0); // they may be on their way
    ck_assert_int_eq(cluster_connection_count(&consumer->engine->cluster), 0);
    engine_on_security_trouble(consumer->engine, "sasl.password: there is no such file");
    world_run(world, SECONDS(3));
    ck_assert_int_gt(consumer->error_count, 2);
    ck_assert_int_eq(consumer->last_error, STATUS_AUTHENTICATION_FAILED);
    ck_assert_int_eq(cluster_connection_count(&consumer->engine->cluster), 0);
    char text[200];
    cluster_trouble(&consumer->engine->cluster, text, sizeof text);
    ck_assert_str_eq(text, "sasl.password: there is no such file");
    ck_assert_str_eq(
        describe(consumer).reason,
        "there are no credentials yet: sasl.password: there is no such file"
    );
    engine_on_security_take(consumer->engine, mended());
    check_mended(consumer, 5);
    world_free(world);
}

END_TEST

// How often brokers were dialed in vain.
static int failures(const struct engine *engine) {
    int count = 0;
    for (const struct broker *broker = engine->cluster.brokers; broker; broker = broker->hh.next) {
        for (int i = 0; i < PURPOSE_COUNT; i++)
            count += broker->connections[i].failures;
    }
    return count;
}

START_TEST(a_refusal_is_told_by_polls_and_brokers_are_not_hammered) { // pitfall 92, pitfall 96
    struct world *world = world_new(3, 2);
    fake_partition_fill(&world->cluster, "t", 0, 5);
    struct world_consumer *consumer = world_add_polling(world, SECURED);
    engine_on_security_take(consumer->engine, password());
    world_run(world, SECONDS(60));
    ck_assert_int_gt(consumer->error_count, 2);
    ck_assert_int_eq(consumer->last_error, STATUS_AUTHENTICATION_FAILED);
    // Not what comes of it, that the coordinator cannot be found.
    ck_assert_int_eq(describe(consumer).last_error, KC_AUTHENTICATION_FAILED);
    ck_assert_int_le(failures(consumer->engine), 36); // after 1, 2, 4, 8, 8… s, each of three
    char text[200];
    cluster_trouble(&consumer->engine->cluster, text, sizeof text);
    ck_assert_msg(strstr(text, "the broker does not offer SASL") != NULL, "%s", text);
    engine_on_security_take(consumer->engine, mended());
    check_mended(consumer, 5);
    world_free(world);
}

END_TEST

SUITE(login) {
    Suite *s = suite_create("engine/login");
    ADD_CASE(
        s,
        "login",
        without_credentials_nobody_is_dialed_and_polls_say_why,
        a_refusal_is_told_by_polls_and_brokers_are_not_hammered
    );
    return s;
}
