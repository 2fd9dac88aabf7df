// SPDX-License-Identifier: Apache-2.0
// Which value comes from where, and the configuration files of other clients.
#include "server/arguments.h"
#include "server/foreign.h"
#include "server/origins.h"
#include "tests/unit/suite.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct settings settings;
static struct out text;
static char path[] = "/tmp/config_report_test_XXXXXX";

static const char *const no_environment[] = { NULL };

static void begin(void) {
    settings_init(&settings);
}

static void end(void) {
    settings_dispose(&settings);
    out_dispose(&text);
    if (!strchr(path, 'X')) (void)unlink(path);
}

static const char *write_file(const char *content) {
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    (void)close(fd);
    return path;
}

#define READ(environment, ...)                                                                     \
    arguments_read(                                                                                \
        (const char *const[]){ "kafka-sidecar", __VA_ARGS__, NULL }, environment, &settings, &text \
    )

#define ASSERT_HAS(wanted) \
    ck_assert_msg(strstr(out_text(&text), wanted) != NULL, "%s", out_text(&text))
#define ASSERT_LACKS(unwanted) \
    ck_assert_msg(strstr(out_text(&text), unwanted) == NULL, "%s", out_text(&text))

/// The row of a key in the JSON that was printed.
static const cJSON *row_of(const cJSON *json, const char *list, const char *key) {
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, list)) {
        if (strcmp(cJSON_GetObjectItem(row, "key")->valuestring, key) == 0) return row;
    }
    ck_abort_msg("no row for %s", key);
    return NULL;
}

static void assert_row(const cJSON *row, const char *value, const char *source, const char *place) {
    const char *shown = cJSON_GetStringValue(cJSON_GetObjectItem(row, "value"));
    const char *where = cJSON_GetStringValue(cJSON_GetObjectItem(row, "place"));
    ck_assert_pstr_eq(shown, value);
    ck_assert_str_eq(cJSON_GetObjectItem(row, "source")->valuestring, source);
    ck_assert_pstr_eq(where, place);
}

START_TEST(every_value_is_shown_with_the_source_it_comes_from) {
    const char *const environment[] = { "KAFKA_SIDECAR_CLIENT_ID=me", NULL };
    const char *file = write_file("# c\nbootstrap.servers=a:1\nclient.id=file\nlog.level=warn\n");
    char place[100];
    (void)snprintf(place, sizeof place, "%s:2", file);
    enum arguments_action action = READ(
        environment,
        "config",
        "--json",
        "--config",
        file,
        "--group",
        "g",
        "--topic",
        "t",
        "--set",
        "log.level=error"
    );
    ck_assert_int_eq(action, ARGUMENTS_PRINT);
    cJSON *json = cJSON_Parse(out_text(&text));
    assert_row(row_of(json, "settings", "bootstrap.servers"), "a:1", "file", place);
    assert_row(row_of(json, "settings", "group.id"), "g", "flag", "--group");
    assert_row(row_of(json, "settings", "topics"), "t", "flag", "--topic");
    assert_row(
        row_of(json, "settings", "client.id"), "me", "environment", "KAFKA_SIDECAR_CLIENT_ID"
    );
    assert_row(row_of(json, "settings", "log.level"), "error", "set", "--set");
    assert_row(row_of(json, "settings", "max.poll.records"), "500", "default", NULL);
    assert_row(row_of(json, "settings", "sasl.password"), NULL, "default", NULL);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json, "wrong")));
    cJSON_Delete(json);
}

END_TEST

START_TEST(the_table_has_a_line_for_each_setting) {
    size_t own;
    size_t consumer;
    (void)settings_options(&own);
    (void)kc_options(&consumer);
    ck_assert_int_eq(
        READ(no_environment, "config", "--bootstrap-server=a:1", "--set", "client.id=a\nb"),
        ARGUMENTS_PRINT
    );
    size_t lines = 0;
    for (const char *at = out_text(&text); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 1 + own + consumer);
    ASSERT_HAS("bootstrap.servers");
    ASSERT_HAS("--bootstrap-server\n");
    ASSERT_HAS("a?b");
}

END_TEST

START_TEST(a_secret_is_shown_in_no_shape) {
    const char *const environment[] = { "KAFKA_SIDECAR_SASL_PASSWORD=hunter2", NULL };
    ck_assert_int_eq(READ(environment, "config", "--bootstrap-server", "a:1"), ARGUMENTS_PRINT);
    ASSERT_HAS("********");
    ASSERT_HAS("environment KAFKA_SIDECAR_SASL_PASSWORD");
    ASSERT_LACKS("hunter2");
    out_dispose(&text);
    ck_assert_int_eq(READ(environment, "config", "--json"), ARGUMENTS_PRINT);
    ASSERT_LACKS("hunter2");
}

END_TEST

START_TEST(settings_that_make_no_sense_together_are_shown_with_the_reason) {
    ck_assert_int_eq(READ(no_environment, "config", "--group", "g"), ARGUMENTS_PRINT_WRONG);
    ASSERT_HAS("wrong: bootstrap.servers: not set");
    out_dispose(&text);
    ck_assert_int_eq(READ(no_environment, "config", "--set", "grup.id=g"), ARGUMENTS_WRONG);
    ASSERT_HAS("the nearest known one is 'group.id'");
}

END_TEST

START_TEST(json_is_for_commands_that_print) {
    ck_assert_int_eq(READ(no_environment, "--bootstrap-server", "a:1", "--json"), ARGUMENTS_WRONG);
    ASSERT_HAS("unknown argument --json");
    ck_assert_int_eq(READ(no_environment, "--group", "g", "config"), ARGUMENTS_WRONG);
    ASSERT_HAS("unknown argument config");
}

END_TEST

START_TEST(a_file_of_the_java_client_starts_us) {
    const char *file = write_file("bootstrap.servers=a:1\n"
                                  "key.deserializer=org.apache.kafka.common.serialization.String\n"
                                  "receive.buffer.bytes=65536\n"
                                  "exclude.internal.topics=true\n");
    ck_assert_int_eq(READ(no_environment, "--config", file), ARGUMENTS_RUN);
    const struct origin *origin;
    ck_assert_str_eq(origins_idle(settings.origins, 0, &origin), "key.deserializer");
    ck_assert_ptr_nonnull(strstr(origin->place, ":2"));
    ck_assert_str_eq(origins_idle(settings.origins, 1, &origin), "receive.buffer.bytes");
    ck_assert_str_eq(origins_idle(settings.origins, 2, &origin), "exclude.internal.topics");
    ck_assert_ptr_null(origins_idle(settings.origins, 3, &origin));
    ck_assert_int_eq(READ(no_environment, "config", "--config", file), ARGUMENTS_PRINT);
    ASSERT_HAS("no effect: key.deserializer from ");
    ASSERT_HAS("key_format and value_format of a poll say how\n");
}

END_TEST

START_TEST(a_name_of_librdkafka_is_taken_for_ours) {
    const char *const environment[] = { "KAFKA_SIDECAR_METADATA_BROKER_LIST=a:1", NULL };
    ck_assert_int_eq(READ(environment, "config"), ARGUMENTS_PRINT);
    ck_assert_str_eq(kc_config_get(settings.consumer, "bootstrap.servers"), "a:1");
    ASSERT_HAS("environment KAFKA_SIDECAR_METADATA_BROKER_LIST (metadata.broker.list)\n");
}

END_TEST

START_TEST(what_would_change_the_consumer_is_refused_with_the_reason) {
    const char *file = write_file("bootstrap.servers=a:1\ngroup.remote.assignor=range\n");
    ck_assert_int_eq(READ(no_environment, "--config", file), ARGUMENTS_WRONG);
    ASSERT_HAS(":2: group.remote.assignor: the broker's default assignor is the only one");
    ck_assert_int_eq(
        READ(no_environment, "--set", "exclude.internal.topics=false"), ARGUMENTS_WRONG
    );
    ASSERT_HAS("exclude.internal.topics: internal topics are never matched");
}

END_TEST

#define PROVIDER    "org.apache.kafka.common.config.provider."
#define OAUTH       "org.apache.kafka.common.security.oauthbearer."
#define LOGIN_CLASS "sasl.login.callback.handler.class"

static const struct {
    const char *key;
    const char *value;
    enum foreign_verdict verdict;
    const char *ours;
    const char *translated;
} readings[] = {
    { "queued.max.messages.kbytes", "64", FOREIGN_SAME, "fetch.buffer.bytes", "65536" },
    { "queued.max.messages.kbytes",
      "9007199254740993000",
      FOREIGN_SAME,
      "fetch.buffer.bytes",
      "9223372036854775807" },
    { "queued.max.messages.kbytes", "many", FOREIGN_SAME, "fetch.buffer.bytes", "many" },
    { "fetch.wait.max.ms", "7", FOREIGN_SAME, "fetch.max.wait.ms", "7" },
    { "socket.timeout.ms", "60000", FOREIGN_SAME, "request.timeout.ms", "60000" },
    { "enable.auto.offset.store", "true", FOREIGN_IDLE, NULL, NULL },
    { "enable.auto.offset.store", "false", FOREIGN_REFUSED, NULL, NULL },
    { "enable.partition.eof", "true", FOREIGN_REFUSED, NULL, NULL },
    { "interceptor.classes", "a.B", FOREIGN_IDLE, NULL, NULL },
    { "acks", "all", FOREIGN_IDLE, NULL, NULL },
    { "sasl.mechanisms", "PLAIN", FOREIGN_SAME, "sasl.mechanism", "PLAIN" },
    { "config.providers", "file", FOREIGN_IDLE, NULL, NULL },
    { "config.providers.file.class", PROVIDER "FileConfigProvider", FOREIGN_IDLE, NULL, NULL },
    { "config.providers.file.class", "my.Provider", FOREIGN_REFUSED, NULL, NULL },
    { LOGIN_CLASS, OAUTH "OAuthBearerLoginCallbackHandler", FOREIGN_IDLE, NULL, NULL },
    { LOGIN_CLASS, OAUTH "secured.OAuthBearerLoginCallbackHandler", FOREIGN_IDLE, NULL, NULL },
    { LOGIN_CLASS, OAUTH "OAuthBearerLogin", FOREIGN_REFUSED, NULL, NULL },
    { LOGIN_CLASS, "", FOREIGN_REFUSED, NULL, NULL },
    { "interceptor.class", "a.B", FOREIGN_UNKNOWN, NULL, NULL },
    { "", "", FOREIGN_UNKNOWN, NULL, NULL },
};

START_TEST(a_foreign_key_comes_to_this) {
    struct out value = { 0 };
    out_string(&value, readings[_i].value);
    struct foreign_reading reading = foreign_read(readings[_i].key, &value);
    ck_assert_int_eq(reading.verdict, readings[_i].verdict);
    ck_assert_pstr_eq(reading.key, readings[_i].ours);
    if (readings[_i].translated) ck_assert_str_eq(out_text(&value), readings[_i].translated);
    bool explained = reading.verdict == FOREIGN_IDLE || reading.verdict == FOREIGN_REFUSED;
    ck_assert_int_eq(reading.why != NULL, explained);
    out_dispose(&value);
}

END_TEST

#define JAVA "org.apache.kafka.clients.consumer."

static const struct {
    const char *key;
    const char *value;
    const char *ours;
} spellings[] = {
    { "partition.assignment.strategy", JAVA "RangeAssignor", "range" },
    { "partition.assignment.strategy",
      JAVA "RangeAssignor, " JAVA "CooperativeStickyAssignor",
      "range,cooperative-sticky" },
    { "partition.assignment.strategy", "range,my.Own", "range,my.Own" },
    { "auto.offset.reset", "smallest", "earliest" },
    { "auto.offset.reset", "error", "none" },
    { "auto.offset.reset", "latest", "latest" },
    { "security.protocol", "sasl_ssl", "SASL_SSL" },
    { "ssl.keystore.type", "pkcs12", "PKCS12" },
    { "ssl.enabled.protocols", "TLSv1.2, TLSv1.3", "TLSv1.2,TLSv1.3" },
    { "client.id", "smallest, end", "smallest, end" },
    { "auto.offset.reset", "", "" },
};

START_TEST(a_foreign_value_comes_to_this) {
    struct out value = { 0 };
    out_string(&value, spellings[_i].value);
    foreign_translate(spellings[_i].key, &value);
    ck_assert_str_eq(out_text(&value), spellings[_i].ours);
    out_dispose(&value);
}

END_TEST

SUITE(config_report) {
    Suite *s = suite_create("server/config_report");
    TCase *cases = tcase_create("config");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, every_value_is_shown_with_the_source_it_comes_from);
    tcase_add_test(cases, the_table_has_a_line_for_each_setting);
    tcase_add_test(cases, a_secret_is_shown_in_no_shape);
    tcase_add_test(cases, settings_that_make_no_sense_together_are_shown_with_the_reason);
    tcase_add_test(cases, json_is_for_commands_that_print);
    tcase_add_test(cases, a_file_of_the_java_client_starts_us);
    tcase_add_test(cases, a_name_of_librdkafka_is_taken_for_ours);
    tcase_add_test(cases, what_would_change_the_consumer_is_refused_with_the_reason);
    tcase_add_loop_test(
        cases, a_foreign_key_comes_to_this, 0, sizeof readings / sizeof readings[0]
    );
    tcase_add_loop_test(
        cases, a_foreign_value_comes_to_this, 0, sizeof spellings / sizeof spellings[0]
    );
    suite_add_tcase(s, cases);
    return s;
}
