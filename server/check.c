// SPDX-License-Identifier: Apache-2.0
// First each bootstrap address by a consumer of its own, all side by side; then, through the first
// that answers, the topics, their leaders, and the group.
#include "server/check.h"

#include "server/base/must.h"
#include "server/base/pool.h"
#include "server/check_report.h"
#include "server/journal.h"
#include "server/settings.h"
#include "server/waiting.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ALL_MS = 50000,
    STEP_MS = 10000,
    CLOSE_MS = 2000,
    READ_MS = 1000,
    PAUSE_MS = 50,
    ADDRESS_BYTES = 64
};

/// One bootstrap address, and a consumer that knows no other.
struct probe {
    const char *address;
    struct kc_consumer *consumer;
};

/// One run.
struct check {
    const struct settings *settings;
    struct check_report report;
    struct journal journal;
    struct kc_runtime *runtime;
    struct probe *probes;
    size_t probe_count;
    struct kc_consumer *consumer;    ///< of the first probe that has found the cluster
    struct kc_partition *partitions; ///< of all topics that exist, with their end offsets
    size_t partition_count;
    int64_t deadline_ms; ///< of the whole run
    struct pool pool;
};

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// How long the next step may take.
static int32_t step_ms(const struct check *check) {
    int64_t left_ms = check->deadline_ms - now_ms();
    if (left_ms < 1) return 1;
    return left_ms < STEP_MS ? (int32_t)left_ms : STEP_MS;
}

static struct waiting *describe(struct kc_consumer *consumer) {
    struct waiting *waiting = waiting_new();
    kc_describe(consumer, waiting_call(waiting, STEP_MS));
    (void)waiting_end(waiting);
    return waiting;
}

/// What went wrong, by the broker's name for it where it has said one.
static const char *error_name(enum kc_status status, int16_t kafka_error) {
    must(status != KC_OK || kafka_error != 0);
    return kafka_error ? kc_kafka_error_name(kafka_error) : kc_status_name(status);
}

// ------------------------------------------------------------------------------------------------
// Bootstrap addresses

static bool open_probe(struct check *check, struct probe *probe) {
    char error[KC_ERROR_BYTES] = "";
    struct kc_config *config = kc_config_dup(check->settings->consumer);
    bool good = kc_config_set(config, "bootstrap.servers", probe->address, error) == KC_OK &&
                kc_config_set(config, "enable.auto.commit", "false", error) == KC_OK;
    if (good) probe->consumer = kc_consumer_new(check->runtime, config, NULL, error);
    kc_config_free(config);
    if (probe->consumer) return true;
    check_report_add(&check->report, CHECK_FAILED, "bootstrap", probe->address, "%s", error);
    return false;
}

static void open_probes(struct check *check) {
    const char *list = settings_value(check->settings, "bootstrap.servers");
    const char *item;
    size_t size;
    check->probes = pool_array(&check->pool, strlen(list) + 1, sizeof *check->probes);
    while (settings_list_next(&list, &item, &size)) {
        struct probe *probe = &check->probes[check->probe_count];
        probe->address = pool_copy(&check->pool, item, size);
        check->probe_count += open_probe(check, probe);
    }
}

/// The addresses of a name, in brackets behind it; nothing for what is an address already.
static const char *resolved(struct check *check, const char *host_port) {
    const char *colon = strrchr(host_port, ':');
    if (!colon || host_port[0] == '[') return "";
    const char *host = pool_copy(&check->pool, host_port, (size_t)(colon - host_port));
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *all = NULL;
    struct out text = { 0 };
    if (getaddrinfo(host, NULL, &hints, &all) != 0) return "";
    for (const struct addrinfo *one = all; one; one = one->ai_next) {
        char address[ADDRESS_BYTES];
        int failed = getnameinfo(
            one->ai_addr, one->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST
        );
        if (failed || strcmp(address, host) == 0) continue;
        out_string(&text, text.size == 0 ? " (" : ", ");
        out_string(&text, address);
    }
    freeaddrinfo(all);
    if (text.size > 0) out_byte(&text, ')');
    const char *kept = pool_string(&check->pool, out_text(&text));
    out_dispose(&text);
    return kept;
}

/// What a probe has come to; NULL while that is open.
static const char *find_trouble(const struct kc_description *now) {
    for (size_t i = 0; i < now->broker_count; i++) {
        if (now->brokers[i].last_error[0]) return now->brokers[i].last_error;
    }
    return NULL;
}

static const char *find_release(const struct kc_description *now) {
    for (size_t i = 0; i < now->broker_count; i++) {
        if (now->brokers[i].release) return now->brokers[i].release;
    }
    return NULL;
}

static bool tell_probe(
    struct check *check, const struct probe *probe, const struct kc_description *now, bool is_late
) {
    const char *trouble = find_trouble(now);
    const char *release = find_release(now);
    if (now->cluster_id) {
        const char *at = resolved(check, probe->address);
        const char *kafka = release ? ", as Kafka " : "";
        check_report_add(
            &check->report,
            CHECK_OK,
            "bootstrap",
            probe->address,
            "connected%s%s%s",
            at,
            kafka,
            release ? release : ""
        );
    } else if (trouble || is_late) {
        const char *why = trouble ? trouble : "no answer in time";
        check_report_add(&check->report, CHECK_FAILED, "bootstrap", probe->address, "%s", why);
    } else {
        return false;
    }
    return true;
}

/// Looks again and again, until the probe has found the cluster or an error.
static void await_probe(struct check *check, const struct probe *probe, int64_t deadline_ms) {
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    must(probe->consumer != NULL);
    for (;;) {
        struct waiting *waiting = describe(probe->consumer);
        const struct kc_description *now = waiting_end(waiting)->description;
        must(now != NULL);
        bool told = tell_probe(check, probe, now, now_ms() >= deadline_ms);
        if (now->cluster_id && !check->consumer) check->consumer = probe->consumer;
        waiting_free(waiting);
        if (told) return;
        (void)nanosleep(&pause, NULL);
    }
}

static void check_bootstrap(struct check *check) {
    int64_t deadline_ms = now_ms() + STEP_MS;
    open_probes(check);
    for (size_t i = 0; i < check->probe_count; i++)
        await_probe(check, &check->probes[i], deadline_ms);
}

// ------------------------------------------------------------------------------------------------
// Cluster and topics

static void check_cluster(struct check *check) {
    struct waiting *waiting = describe(check->consumer);
    const struct kc_description *now = waiting_end(waiting)->description;
    struct out text = { 0 };
    must(now != NULL && now->cluster_id != NULL);
    for (size_t i = 0; i < now->broker_count; i++) {
        const struct kc_broker_state *one = &now->brokers[i];
        if (one->node_id < 0) continue;
        out_format(
            &text, "%s%d at %s:%d", text.size > 0 ? ", " : "", one->node_id, one->host, one->port
        );
    }
    check_report_add(
        &check->report, CHECK_OK, "cluster", now->cluster_id, "brokers: %s", out_text(&text)
    );
    out_dispose(&text);
    waiting_free(waiting);
}

static void add_partitions(struct check *check, const struct kc_topic *topic) {
    size_t count = check->partition_count + topic->partition_count;
    struct kc_partition *all = pool_array(&check->pool, count + 1, sizeof *all);
    if (check->partition_count > 0) {
        memcpy(all, check->partitions, check->partition_count * sizeof *all);
    }
    for (size_t i = 0; i < topic->partition_count; i++) {
        all[check->partition_count++] = (struct kc_partition){
            .topic = pool_string(&check->pool, topic->topic),
            .partition = topic->partitions[i].partition,
            .leader_epoch = -1,
            .offset = -1,
        };
    }
    check->partitions = all;
}

static void tell_topic(struct check *check, const struct kc_topic *topic) {
    size_t leaderless = 0;
    for (size_t i = 0; i < topic->partition_count; i++)
        leaderless += topic->partitions[i].leader < 0;
    check_report_add(
        &check->report,
        leaderless == 0 ? CHECK_OK : CHECK_FAILED,
        "topic",
        topic->topic,
        "%zu partitions, %zu without a leader",
        topic->partition_count,
        leaderless
    );
}

static void check_topic(struct check *check, const char *name) {
    struct waiting *waiting = waiting_new();
    kc_topics(check->consumer, name, waiting_call(waiting, step_ms(check)));
    const struct kc_result *result = waiting_end(waiting);
    const struct kc_topic *topic = result->topic_count > 0 ? result->topics : NULL;
    const struct kc_topic none = { .status = KC_NO_SUCH_TOPIC };
    enum kc_status status = result->status;
    int16_t code = result->kafka_error;
    if (status == KC_OK) {
        status = (topic ? topic : &none)->status;
        code = (topic ? topic : &none)->kafka_error;
    }
    if (status != KC_OK) {
        const char *why = error_name(status, code);
        const char *text = kc_status_text(status);
        check_report_add(&check->report, CHECK_FAILED, "topic", name, "%s: %s", why, text);
    } else {
        tell_topic(check, topic);
        add_partitions(check, topic);
    }
    waiting_free(waiting);
}

static void check_topics(struct check *check) {
    const char *list = settings_text(check->settings, SETTING_TOPICS);
    const char *item;
    size_t size;
    bool any = false;
    while (settings_list_next(&list, &item, &size)) {
        any = true;
        check_topic(check, pool_copy(&check->pool, item, size));
    }
    if (!any) check_report_add(&check->report, CHECK_SKIPPED, "topic", "-", "topics is not set");
}

// ------------------------------------------------------------------------------------------------
// Leaders and records

/// The first partition with an error; NULL: none.
static const struct kc_partition *first_failed(const struct kc_result *result) {
    for (size_t i = 0; i < result->partition_count; i++) {
        if (result->partitions[i].status != KC_OK) return &result->partitions[i];
    }
    return NULL;
}

/// Tells of a command that failed as a whole or for a partition; false when it did not.
static bool tell_failure(
    struct check *check, const char *step, const char *subject, const struct kc_result *result
) {
    const struct kc_partition *failed = first_failed(result);
    if (result->status != KC_OK) {
        const char *name = error_name(result->status, result->kafka_error);
        check_report_add(
            &check->report, CHECK_FAILED, step, subject, "%s: %s", name, result->message
        );
    } else if (failed) {
        check_report_add(
            &check->report,
            CHECK_FAILED,
            step,
            subject,
            "%s of %s:%d: %s",
            error_name(failed->status, failed->kafka_error),
            failed->topic,
            failed->partition,
            kc_status_text(failed->status)
        );
    }
    return result->status != KC_OK || failed;
}

/// Whom nothing was asked of shows nothing.
static void check_brokers(struct check *check) {
    struct waiting *waiting = describe(check->consumer);
    const struct kc_description *now = waiting_end(waiting)->description;
    must(now != NULL);
    for (size_t i = 0; i < now->broker_count; i++) {
        const struct kc_broker_state *one = &now->brokers[i];
        if (one->node_id < 0 || !one->last_error[0]) continue;
        char name[ADDRESS_BYTES];
        (void)snprintf(name, sizeof name, "%d", one->node_id);
        check_report_add(
            &check->report,
            CHECK_FAILED,
            "broker",
            name,
            "%s:%d, as the cluster calls it: %s",
            one->host,
            one->port,
            one->last_error
        );
    }
    waiting_free(waiting);
}

static bool check_leaders(struct check *check) {
    struct waiting *waiting = waiting_new();
    struct kc_call call = waiting_call(waiting, step_ms(check));
    must(check->partition_count > 0);
    kc_offsets(check->consumer, KC_TO_END, check->partitions, check->partition_count, call);
    const struct kc_result *result = waiting_end(waiting);
    bool good = !tell_failure(check, "leaders", "end offsets", result);
    for (size_t i = 0; good && i < result->partition_count; i++)
        check->partitions[i].offset = result->partitions[i].offset;
    if (good) {
        check_report_add(
            &check->report,
            CHECK_OK,
            "leaders",
            "end offsets",
            "of %zu partitions",
            result->partition_count
        );
    }
    waiting_free(waiting);
    if (!good) check_brokers(check);
    return good;
}

static void tell_reading(struct check *check, struct kc_poll *poll) {
    struct kc_record record;
    enum kc_status status = kc_poll_next(poll, &record);
    if (status == KC_OK || status == KC_NO_RECORDS) {
        check_report_add(&check->report, CHECK_OK, "records", "reading", "is allowed");
        return;
    }
    const struct kc_poll_error *error = kc_poll_last_error(poll);
    check_report_add(
        &check->report,
        CHECK_FAILED,
        "records",
        error->topic ? error->topic : "-",
        "%s: %s",
        error_name(error->status, error->kafka_error),
        error->message
    );
}

/// Fetches from the ends, where nothing is waiting: what is not allowed shows all the same.
static void check_reading(struct check *check) {
    struct waiting *waiting = waiting_new();
    struct kc_call call = waiting_call(waiting, step_ms(check));
    kc_assign(check->consumer, check->partitions, check->partition_count, call);
    bool good = !tell_failure(check, "records", "assignment", waiting_end(waiting));
    waiting_free(waiting);
    struct kc_poll *poll;
    if (!good || kc_poll_open(check->consumer, KC_POLL_PEEK, &poll) != KC_OK) return;
    waiting = waiting_new();
    kc_poll_wait(poll, waiting_call(waiting, READ_MS));
    (void)waiting_end(waiting);
    waiting_free(waiting);
    tell_reading(check, poll);
    kc_poll_put_back(poll);
}

// ------------------------------------------------------------------------------------------------
// Group

static void tell_coordinator(struct check *check, const char *group) {
    struct waiting *waiting = describe(check->consumer);
    const struct kc_description *now = waiting_end(waiting)->description;
    must(now != NULL);
    if (now->coordinator >= 0) {
        check_report_add(
            &check->report,
            CHECK_OK,
            "group",
            group,
            "its coordinator is %d at %s:%d",
            now->coordinator,
            now->coordinator_host ? now->coordinator_host : "?",
            now->coordinator_port
        );
    }
    waiting_free(waiting);
}

static void check_group(struct check *check) {
    const char *group = settings_value(check->settings, "group.id");
    if (!group[0] || check->partition_count == 0) {
        const char *why = group[0] ? "there is no topic to ask of" : "group.id is not set";
        check_report_add(&check->report, CHECK_SKIPPED, "group", group[0] ? group : "-", "%s", why);
        return;
    }
    struct waiting *waiting = waiting_new();
    struct kc_call call = waiting_call(waiting, step_ms(check));
    kc_committed(check->consumer, check->partitions, check->partition_count, call);
    const struct kc_result *result = waiting_end(waiting);
    tell_coordinator(check, group);
    if (!tell_failure(check, "committed", group, result)) {
        size_t known = 0;
        for (size_t i = 0; i < result->partition_count; i++)
            known += result->partitions[i].offset >= 0;
        check_report_add(
            &check->report,
            CHECK_OK,
            "committed",
            group,
            "%zu of %zu partitions have an offset",
            known,
            result->partition_count
        );
    }
    waiting_free(waiting);
}

// ------------------------------------------------------------------------------------------------

static void close_probes(struct check *check) {
    for (size_t i = 0; i < check->probe_count; i++) {
        struct waiting *waiting = waiting_new();
        kc_close(check->probes[i].consumer, false, waiting_call(waiting, CLOSE_MS));
        (void)waiting_end(waiting);
        waiting_free(waiting);
        kc_consumer_free(check->probes[i].consumer);
    }
}

static void run_steps(struct check *check) {
    check_report_add(&check->report, CHECK_OK, "config", "settings", "make sense");
    check_bootstrap(check);
    if (!check->consumer) return;
    check_cluster(check);
    check_topics(check);
    if (check->partition_count > 0 && check_leaders(check)) check_reading(check);
    check_group(check);
}

/// Errors alone, unless the settings ask for more.
static struct journal journal_of(const struct settings *settings) {
    enum kc_log_level level = KC_LOG_ERROR;
    must(journal_level_find(settings_text(settings, SETTING_LOG_LEVEL), &level));
    return journal_begin(STDERR_FILENO, level == KC_LOG_DEBUG ? level : KC_LOG_ERROR, false);
}

bool check_run(const struct settings *settings, FILE *to, bool json) {
    struct check check = {
        .settings = settings,
        .journal = journal_of(settings),
        .deadline_ms = now_ms() + ALL_MS,
    };
    struct kc_log log = journal_sink(&check.journal);
    check_report_begin(&check.report, to, json);
    check.runtime = kc_runtime_new(&log);
    if (check.runtime) {
        run_steps(&check);
        close_probes(&check);
        kc_runtime_free(check.runtime);
    } else {
        check_report_add(&check.report, CHECK_FAILED, "process", "engine", "no thread or file");
    }
    pool_dispose(&check.pool);
    return check_report_end(&check.report);
}
