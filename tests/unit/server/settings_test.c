// SPDX-License-Identifier: Apache-2.0
// Settings: sources, their order, what is refused, and the texts printed from the tables.
#include "server/arguments.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct settings settings;
static struct out text;
static char path[] = "/tmp/settings_test_XXXXXX";

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

static const char *const no_environment[] = { NULL };

#define READ(environment, ...)                                                                     \
    arguments_read(                                                                                \
        (const char *const[]){ "kafka-sidecar", __VA_ARGS__, NULL }, environment, &settings, &text \
    )

#define ASSERT_WRONG(wanted, ...)                                              \
    do {                                                                       \
        settings_dispose(&settings);                                           \
        settings_init(&settings);                                              \
        ck_assert_int_eq(READ(no_environment, __VA_ARGS__), ARGUMENTS_WRONG);  \
        ck_assert_msg(strstr(out_text(&text), wanted), "%s", out_text(&text)); \
    } while (0)

START_TEST(the_stronger_source_wins) {
    const char *file = write_file("# "
                                  "sources\nbootstrap.servers=file:1\ngroup.id=file\nclient.id="
                                  "file\nmax.poll.records=7\npoll.max.bytes=5000\n"
                                  "log.level=warn\n");
    const char *const environment[] = { "PATH=/bin",
                                        "KAFKA_SIDECAR_GROUP_ID=environment",
                                        "KAFKA_SIDECAR_CLIENT_ID=environment",
                                        "KAFKA_SIDECAR_LOG_LEVEL=debug",
                                        NULL };
    ck_assert_int_eq(READ(environment, "--set", "client.id=flag", "--config", file), ARGUMENTS_RUN);
    ck_assert_str_eq(kc_config_get(settings.consumer, "bootstrap.servers"), "file:1");
    ck_assert_str_eq(kc_config_get(settings.consumer, "group.id"), "environment");
    ck_assert_str_eq(kc_config_get(settings.consumer, "client.id"), "flag");
    ck_assert_str_eq(kc_config_get(settings.consumer, "auto.offset.reset"), "latest");
    ck_assert_str_eq(settings_text(&settings, SETTING_LOG_LEVEL), "debug");
    ck_assert_int_eq(settings_number(&settings, SETTING_POLL_MAX_BYTES), 5000);
    ck_assert_int_eq(settings_number(&settings, SETTING_HTTP_MAX_CONNECTIONS), 256);
}

END_TEST

START_TEST(common_flags_stand_for_their_settings) {
    ck_assert_int_eq(
        READ(
            no_environment,
            "--bootstrap-server=a:1,b:2",
            "--group",
            "g",
            "--topic",
            "x",
            "--topic=y"
        ),
        ARGUMENTS_RUN
    );
    ck_assert_str_eq(kc_config_get(settings.consumer, "bootstrap.servers"), "a:1,b:2");
    ck_assert_str_eq(kc_config_get(settings.consumer, "group.id"), "g");
    ck_assert_str_eq(settings_text(&settings, SETTING_TOPICS), "x,y");
}

END_TEST

START_TEST(the_same_flag_again_wins) {
    ck_assert_int_eq(
        READ(no_environment, "--bootstrap-server", "a:1", "--set", "bootstrap.servers=b:1"),
        ARGUMENTS_RUN
    );
    ck_assert_str_eq(kc_config_get(settings.consumer, "bootstrap.servers"), "b:1");
}

END_TEST

START_TEST(an_unknown_key_stops_the_start_naming_the_nearest) {
    ASSERT_WRONG(
        "unknown setting 'grup.id'; the nearest known one is 'group.id'", "--set", "grup.id=g"
    );
    ASSERT_WRONG("'http.listener'", "--set", "http.listner=127.0.0.1:1");
    const char *file = write_file("group.id=g\n\nboostrap.servers=x\n");
    ASSERT_WRONG(
        ":3: unknown setting 'boostrap.servers'; the nearest known one is 'bootstrap.servers'",
        "--config",
        file
    );
}

END_TEST

START_TEST(an_unknown_variable_stops_the_start_but_for_those_of_kubernetes) {
    const char *const wrong[] = { "KAFKA_SIDECAR_GRUOP_ID=g", NULL };
    ck_assert_int_eq(READ(wrong, "--bootstrap-server", "a:1"), ARGUMENTS_WRONG);
    ck_assert_msg(strstr(out_text(&text), "'KAFKA_SIDECAR_GROUP_ID'"), "%s", out_text(&text));
    const char *const links[] = {
        "KAFKA_SIDECAR_SERVICE_HOST=10.0.0.1",       "KAFKA_SIDECAR_SERVICE_PORT=8092",
        "KAFKA_SIDECAR_SERVICE_PORT_HTTP=8092",      "KAFKA_SIDECAR_PORT=tcp://10.0.0.1:8092",
        "KAFKA_SIDECAR_PORT_8092_TCP_ADDR=10.0.0.1", NULL
    };
    ck_assert_int_eq(READ(links, "--bootstrap-server", "a:1"), ARGUMENTS_RUN);
}

END_TEST

START_TEST(what_is_wrong_on_the_command_line_is_named) {
    ASSERT_WRONG("unknown argument --grup", "--grup", "g");
    ASSERT_WRONG("unknown argument stray", "stray");
    ASSERT_WRONG("--group wants a value", "--group");
    ASSERT_WRONG("--set wants key=value", "--set", "client.id");
    ASSERT_WRONG("/nowhere/at/all: No such file", "--config", "/nowhere/at/all");
    ASSERT_WRONG("bootstrap.servers: not set", "--group", "g");
    ASSERT_WRONG("needs group.id", "--bootstrap-server", "a:1", "--topic", "t");
    ASSERT_WRONG("max.poll.records: x is no number", "--set", "max.poll.records=x");
}

END_TEST

START_TEST(values_are_checked_against_the_table) {
    ASSERT_WRONG(
        "http.max.body.bytes: '1e6' is not a whole number between 1024 and",
        "--set",
        "http.max.body.bytes=1e6"
    );
    ASSERT_WRONG("http.max.connections: '0' is not", "--set", "http.max.connections=0");
    ASSERT_WRONG("log.level: 'loud' is none of error,warn,info,debug", "--set", "log.level=loud");
    ASSERT_WRONG(
        "http.listener: neither host:port",
        "--set",
        "bootstrap.servers=a:1",
        "--set",
        "http.listener=example.com:80"
    );
    ASSERT_WRONG("http.listener: neither host:port", "--set", "http.listener=");
    ASSERT_WRONG("origins: '*' is no origin", "--set", "http.allowed.origins=https://a.test,*");
    ASSERT_WRONG("'https://' is no origin", "--set", "http.allowed.origins=https://");
    ASSERT_WRONG("'a.test' is no origin", "--set", "http.allowed.origins=a.test");
    ASSERT_WRONG("'https://a.test/' is no", "--set", "http.allowed.origins=https://a.test/");
    ASSERT_WRONG("'https://*.test' is no", "--set", "http.allowed.origins=https://*.test");
    ASSERT_WRONG("management.listener: neither", "--set", "management.listener=127.0.0.1:99999");
    ASSERT_WRONG("does not begin with a slash", "--set", "http.listener=unix:run/x.sock");
    ASSERT_WRONG(
        "http.listener: the path is longer than 107 bytes",
        "--set",
        "http.listener=unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
        "01234567890123456789012345678901234567"
    );
    ASSERT_WRONG("tls.key.file: not set", "--set", "http.tls.certificate.file=/x");
    ASSERT_WRONG("tls.certificate.file: not set", "--set", "http.tls.key.file=/x");
    ASSERT_WRONG("tls.certificate.file: not set", "--set", "http.tls.client.ca.file=/x");
    ASSERT_WRONG("listener.mode: not three or", "--set", "http.listener.mode=rw");
    ASSERT_WRONG("listener.mode: not three or", "--set", "http.listener.mode=1777");
    ASSERT_WRONG("listener.mode: not three or", "--set", "http.listener.mode=688");
    ASSERT_WRONG("listener.owner: http.listener is no", "--set", "http.listener.owner=root");
    ASSERT_WRONG(
        "http.listener.owner: no such user or group",
        "--set",
        "http.listener=unix:/run/x.sock",
        "--set",
        "http.listener.owner=nobody-at-all:root"
    );
}

END_TEST

START_TEST(an_open_listener_wants_a_token) {
    ASSERT_WRONG(
        "not a loopback address", "--bootstrap-server", "a:1", "--set", "http.listener=0.0.0.0:8092"
    );
    ASSERT_WRONG(
        "not a loopback address", "--bootstrap-server", "a:1", "--set", "http.listener=[::]:8092"
    );
    const char *file = write_file("s3cret\n");
    char pair[100];
    (void)snprintf(pair, sizeof pair, "http.auth.token.file=%s", file);
    ck_assert_int_eq(
        READ(
            no_environment,
            "--bootstrap-server",
            "a:1",
            "--set",
            "http.listener=0.0.0.0:8092",
            "--set",
            pair
        ),
        ARGUMENTS_RUN
    );
}

END_TEST

START_TEST(a_token_file_must_have_a_token) {
    ASSERT_WRONG(
        "http.auth.token.file: No such file",
        "--bootstrap-server",
        "a:1",
        "--set",
        "http.auth.token.file=/nowhere"
    );
    char pair[100];
    (void)snprintf(pair, sizeof pair, "http.auth.token.file=%s", write_file("\n"));
    ASSERT_WRONG("has no token", "--bootstrap-server", "a:1", "--set", pair);
    ck_assert_int_eq(truncate(path, 0), 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(write(fd, "two words", 9), 9);
    (void)close(fd);
    ASSERT_WRONG("has a blank", "--bootstrap-server", "a:1", "--set", pair);
    ck_assert_ptr_null(strstr(out_text(&text), "two"));
}

END_TEST

static const struct {
    const char *text;
    bool good;
    bool private;
} addresses[] = {
    { "127.0.0.1:8092", true, true },    { "127.9.9.9:1", true, true },
    { "localhost:80", true, true },      { "[::1]:80", true, true },
    { "unix:/run/x.sock", true, true },  { "", true, true },
    { "0.0.0.0:0", true, false },        { "10.1.2.3:80", true, false },
    { "[::]:80", true, false },          { "127.0.0.1", false, false },
    { "127.0.0.1:", false, false },      { "127.0.0.1:x", false, false },
    { "127.0.0.1:65536", false, false }, { ":80", false, false },
    { "::1:80", false, false },          { "[127.0.0.1]:80", false, false },
    { "unix:relative", false, false },   { "example.com:80", false, false },
    { "127.0.0.1:-1", false, false },    { "127.0.0.1: 80", false, false },
};

START_TEST(addresses_are_read) {
    struct listener listener;
    ck_assert_msg(
        listener_parse(addresses[_i].text, &listener) == addresses[_i].good,
        "%s",
        addresses[_i].text
    );
    if (addresses[_i].good) ck_assert_int_eq(listener_is_private(&listener), addresses[_i].private);
}

END_TEST

START_TEST(references_are_replaced_unless_the_consumer_does_that_by_itself) {
    ck_assert_int_eq(
        READ(
            no_environment,
            "--bootstrap-server=a:1",
            "--set",
            "client.id=${env:WORD}",
            "--set",
            "consumers.max=${env:NUMBER}",
            "--set",
            "group.id=${word}",
            "--set",
            "sasl.password=${env:WORD}"
        ),
        ARGUMENTS_RUN
    );
    ck_assert_str_eq(kc_config_get(settings.consumer, "client.id"), "a word");
    ck_assert_int_eq(settings_number(&settings, SETTING_CONSUMERS_MAX), 7);
    ck_assert_str_eq(kc_config_get(settings.consumer, "group.id"), "${word}");
    ck_assert_str_eq(kc_config_get(settings.consumer, "sasl.password"), "${env:WORD}");
}

END_TEST

START_TEST(what_a_reference_leads_to_is_not_shown_when_it_is_wrong) {
    ASSERT_WRONG("client.id: ${env:NONE}: leads nowhere", "--set", "client.id=${env:NONE}");
    ASSERT_WRONG("consumers.max: what its references lead", "--set", "consumers.max=${env:WORD}");
    ck_assert_ptr_null(strstr(out_text(&text), "a word"));
    ASSERT_WRONG(
        "max.poll.records: what its references lead to", "--set", "max.poll.records=${env:WORD}"
    );
    ck_assert_ptr_null(strstr(out_text(&text), "a word"));
}

END_TEST

START_TEST(what_may_be_a_secret_on_the_command_line_is_not_shown) {
    ASSERT_WRONG("unknown argument --sasl.password\n", "--sasl.password=hunter2");
    ck_assert_ptr_null(strstr(out_text(&text), "hunter2"));
    ASSERT_WRONG("--set wants key=value", "--set", "sasl.password:hunter2");
    ck_assert_ptr_null(strstr(out_text(&text), "hunter2"));
}

END_TEST

START_TEST(a_secret_that_cannot_be_read_is_a_wrong_setting) {
    ASSERT_WRONG(
        "sasl.password: no such file",
        "--bootstrap-server=a:1",
        "--set",
        "sasl.password=${file:/none}"
    );
}

END_TEST

START_TEST(help_and_tables_name_every_setting) {
    size_t count;
    const struct kc_option *options = settings_options(&count);
    ck_assert_int_eq(READ(no_environment, "--group", "g", "--help"), ARGUMENTS_PRINT);
    for (size_t i = 0; i < count; i++)
        ck_assert_ptr_nonnull(strstr(out_text(&text), options[i].key));
    ck_assert_ptr_nonnull(strstr(out_text(&text), "sasl.password"));
    out_dispose(&text);
    ck_assert_int_eq(READ(no_environment, "--print-options-markdown"), ARGUMENTS_PRINT);
    ck_assert_ptr_nonnull(
        strstr(out_text(&text), "| `http.max.connections` | integer 1 to 65536 | `256` | Most ")
    );
    ck_assert_ptr_nonnull(
        strstr(out_text(&text), "| `log.level` | choice of error, warn, info, debug | `info` |")
    );
    ck_assert_ptr_nonnull(strstr(out_text(&text), "| `group.id` | string |  | "));
    out_dispose(&text);
    ck_assert_int_eq(READ(no_environment, "--version"), ARGUMENTS_PRINT);
    ck_assert_str_eq(out_text(&text), "kafka-sidecar " SIDECAR_VERSION "\n");
}

END_TEST

static void add_fixed(Suite *s, const char *name, const TTest *const *tests) {
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, begin, end);
    for (; *tests; tests++)
        tcase_add_test(cases, *tests);
    suite_add_tcase(s, cases);
}

SUITE(settings) {
    Suite *s = suite_create("server/settings");
    const TTest *const tests[] = {
        the_stronger_source_wins,
        references_are_replaced_unless_the_consumer_does_that_by_itself,
        what_a_reference_leads_to_is_not_shown_when_it_is_wrong,
        what_may_be_a_secret_on_the_command_line_is_not_shown,
        a_secret_that_cannot_be_read_is_a_wrong_setting,
        common_flags_stand_for_their_settings,
        the_same_flag_again_wins,
        an_unknown_key_stops_the_start_naming_the_nearest,
        an_unknown_variable_stops_the_start_but_for_those_of_kubernetes,
        what_is_wrong_on_the_command_line_is_named,
        values_are_checked_against_the_table,
        an_open_listener_wants_a_token,
        a_token_file_must_have_a_token,
        help_and_tables_name_every_setting,
        NULL,
    };
    add_fixed(s, "settings", tests);
    TCase *tables = tcase_create("addresses");
    tcase_add_loop_test(tables, addresses_are_read, 0, sizeof addresses / sizeof addresses[0]);
    suite_add_tcase(s, tables);
    return s;
}
