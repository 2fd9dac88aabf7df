// SPDX-License-Identifier: Apache-2.0
// Order of the parts: what is started first is stopped last. The order of stopping keeps promises:
// an answer is settled before the consumer closes, and nothing waits when its listener stops.
#include "server/sidecar.h"

#include "server/base/must.h"
#include "server/bridge.h"
#include "server/consumers/registry.h"
#include "server/consumers/spec.h"
#include "server/descriptors.h"
#include "server/http/server.h"
#include "server/http/stream.h"
#include "server/http/tls.h"
#include "server/journal.h"
#include "server/metrics.h"
#include "server/origins.h"
#include "server/process.h"
#include "server/reload.h"
#include "server/token.h"
#include "server/waiting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLOSE_TIMEOUT_MS = 10000, LAST_ANSWERS_MS = 1000, OTHER_DESCRIPTORS = 256 };

struct sidecar {
    const struct settings *settings;
    struct journal journal;
    struct metrics metrics;
    struct service service;
    struct reloads reloads; ///< each part adds what it can read again, before the start is over
    struct kc_runtime *runtime;
    struct http_server *http;
    struct http_server *management;
};

static void set_limits(struct sidecar *sidecar) {
    static const struct {
        enum metric metric;
        enum setting setting;
    } limits[] = {
        { METRIC_CONNECTIONS_LIMIT, SETTING_HTTP_MAX_CONNECTIONS },
        { METRIC_CONNECTIONS_PER_CLIENT_LIMIT, SETTING_HTTP_MAX_CONNECTIONS_PER_CLIENT },
        { METRIC_HEADER_BYTES_LIMIT, SETTING_HTTP_MAX_HEADER_BYTES },
        { METRIC_BODY_BYTES_LIMIT, SETTING_HTTP_MAX_BODY_BYTES },
        { METRIC_POLL_BYTES_LIMIT, SETTING_POLL_MAX_BYTES },
        { METRIC_SESSIONS_FENCED_LIMIT, SETTING_SESSIONS_FENCED_SIZE },
        { METRIC_EVENT_STREAMS_LIMIT, SETTING_EVENTS_MAX_STREAMS },
        { METRIC_EVENTS_RING_LIMIT, SETTING_EVENTS_RING_SIZE },
        { METRIC_EVENTS_RING_BYTES_LIMIT, SETTING_EVENTS_RING_BYTES },
        { METRIC_COMMIT_OUTCOMES_LIMIT, SETTING_COMMIT_OUTCOMES_SIZE },
        { METRIC_COMMIT_OUTCOMES_BYTES_LIMIT, SETTING_COMMIT_OUTCOMES_BYTES },
        { METRIC_CONSUMERS_LIMIT, SETTING_CONSUMERS_MAX },
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int64_t limit = settings_number(sidecar->settings, limits[i].setting);
        metrics_add(&sidecar->metrics, limits[i].metric, limit);
    }
}

/// Subscribes to the topics of the settings, if there are any.
static bool subscribe(const struct consumer *consumer, char error[SETTINGS_ERROR_BYTES]) {
    must(consumer != NULL);
    const struct consumer_spec *spec = consumer->spec;
    if (spec->topic_count == 0) return true;
    struct waiting *waiting = waiting_new();
    kc_subscribe(consumer->kc, spec->topics, spec->topic_count, waiting_call(waiting, 0));
    enum kc_status status = waiting_end(waiting)->status;
    waiting_free(waiting);
    if (status == KC_OK) return true;
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "topics: %s", kc_status_text(status));
    return false;
}

// NOLINTNEXTLINE(readability-non-const-parameter): its type is the hook's
static bool refresh_credentials(void *arg, char error[RELOAD_ERROR_BYTES]) {
    struct consumer **all = registry_ref_all(arg);
    must(all != NULL && error[0] == '\0');
    for (struct consumer **one = all; *one; one++) {
        if (!registry_is_closing(*one)) kc_refresh_credentials((*one)->kc);
    }
    registry_unref_all(all);
    return true;
}

static bool start_consumer(struct sidecar *sidecar, char error[SETTINGS_ERROR_BYTES]) {
    struct kc_log log = journal_sink(&sidecar->journal);
    char why[KC_ERROR_BYTES] = "";
    sidecar->runtime = kc_runtime_new(&log);
    if (!sidecar->runtime) {
        (void)snprintf(error, SETTINGS_ERROR_BYTES, "no thread or file for the engine");
        return false;
    }
    struct consumer_parts parts = { sidecar->runtime, &sidecar->metrics, sidecar->settings };
    struct registry *registry = registry_new(&parts, &sidecar->journal);
    struct consumer *consumer = NULL;
    struct consumer_spec spec;
    sidecar->service.consumers = registry;
    struct reload_hook hook = { "credentials", refresh_credentials, registry };
    reloads_add(&sidecar->reloads, hook);
    spec_init_of_settings(&spec, sidecar->settings);
    (void)registry_make(registry, REGISTRY_DEFAULT, &spec, &consumer, why);
    spec_dispose(&spec);
    if (!consumer) {
        (void)snprintf(error, SETTINGS_ERROR_BYTES, "%s", why);
        return false;
    }
    bool good = subscribe(consumer, error);
    registry_unref(consumer);
    return good;
}

/// Besides connections: brokers, files, and answers that are watched.
static bool allow_descriptors(struct sidecar *sidecar, char error[SETTINGS_ERROR_BYTES]) {
    char why[DESCRIPTORS_ERROR_BYTES];
    int64_t wanted = http_server_descriptors(sidecar->settings) + OTHER_DESCRIPTORS;
    if (descriptors_allow(wanted, why)) return true;
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "http.max.connections: %s", why);
    return false;
}

static bool reload_tls(void *arg, char error[RELOAD_ERROR_BYTES]) {
    _Static_assert((int)TLS_ERROR_BYTES <= (int)RELOAD_ERROR_BYTES, "the error fits");
    return tls_reload(arg, error);
}

static bool start_tls(struct sidecar *sidecar, char error[SETTINGS_ERROR_BYTES]) {
    _Static_assert((int)TLS_ERROR_BYTES <= (int)SETTINGS_ERROR_BYTES, "the error fits");
    const struct settings *settings = sidecar->settings;
    struct tls_files files = {
        .certificate = settings_text(settings, SETTING_HTTP_TLS_CERTIFICATE_FILE),
        .key = settings_text(settings, SETTING_HTTP_TLS_KEY_FILE),
        .client_ca = settings_text(settings, SETTING_HTTP_TLS_CLIENT_CA_FILE),
    };
    if (files.certificate[0] == '\0') return true;
    struct tls *tls = tls_new(&files, &sidecar->journal, error);
    if (!tls) return false;
    sidecar->service.tls = tls;
    reloads_add(&sidecar->reloads, (struct reload_hook){ "tls", reload_tls, tls });
    return true;
}

static bool reload_token(void *arg, char error[RELOAD_ERROR_BYTES]) {
    _Static_assert((int)TOKEN_ERROR_BYTES <= (int)RELOAD_ERROR_BYTES, "a token's error fits");
    return token_reload(arg, error);
}

static void read_token(struct sidecar *sidecar) {
    const char *path = settings_text(sidecar->settings, SETTING_HTTP_AUTH_TOKEN_FILE);
    if (path[0] == '\0') return;
    struct token *token = token_new(path, &sidecar->journal);
    sidecar->service.token = token;
    reloads_add(&sidecar->reloads, (struct reload_hook){ "token", reload_token, token });
}

static bool refuse_listener(
    char error[SETTINGS_ERROR_BYTES], const struct sidecar *sidecar, enum setting setting
) {
    char why[SETTINGS_ERROR_BYTES / 2];
    (void)snprintf(
        error,
        SETTINGS_ERROR_BYTES,
        "cannot listen on %s: %s",
        settings_text(sidecar->settings, setting),
        strerror_r(errno, why, sizeof why)
    );
    return false;
}

static bool start_streams(struct sidecar *sidecar, char error[SETTINGS_ERROR_BYTES]) {
    int64_t keepalive_ms = settings_number(sidecar->settings, SETTING_EVENTS_KEEPALIVE_MS);
    must(!sidecar->service.streams);
    sidecar->service.streams = streams_new(&sidecar->metrics, &sidecar->journal, keepalive_ms);
    if (sidecar->service.streams) return true;
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "no thread or file for streams");
    return false;
}

static bool start_listeners(struct sidecar *sidecar, char error[SETTINGS_ERROR_BYTES]) {
    const struct settings *settings = sidecar->settings;
    sidecar->http = http_server_new(&sidecar->service, &settings->http, false);
    if (!sidecar->http) return refuse_listener(error, sidecar, SETTING_HTTP_LISTENER);
    if (settings->management.size == 0) return true;
    sidecar->management = http_server_new(&sidecar->service, &settings->management, true);
    return sidecar->management || refuse_listener(error, sidecar, SETTING_MANAGEMENT_LISTENER);
}

/// Frees what there is; parts that never started are NULL.
static void free_parts(struct sidecar *sidecar) {
    http_server_free(sidecar->http);
    sidecar->http = NULL;
    if (sidecar->service.consumers) {
        registry_close_all(sidecar->service.consumers, CLOSE_TIMEOUT_MS);
    }
    http_server_free(sidecar->management);
    registry_free(sidecar->service.consumers);
    streams_free(sidecar->service.streams);
    if (sidecar->runtime) kc_runtime_free(sidecar->runtime);
    bridge_free(sidecar->service.bridge);
    token_free(sidecar->service.token);
    tls_free(sidecar->service.tls);
    free(sidecar);
}

/// One line for each key that was accepted and does nothing.
static void tell_idle_settings(const struct sidecar *sidecar) {
    const struct origin *origin;
    const char *key;
    for (size_t i = 0; (key = origins_idle(sidecar->settings->origins, i, &origin)) != NULL; i++) {
        journal_line(
            &sidecar->journal,
            KC_LOG_INFO,
            "setting",
            "ignored",
            "key=%s from=%s why=\"%s\"",
            key,
            origin->place,
            origin->idle
        );
    }
}

static struct journal journal_of(const struct settings *settings) {
    enum kc_log_level level = KC_LOG_INFO;
    must(journal_level_find(settings_text(settings, SETTING_LOG_LEVEL), &level));
    bool json = strcmp(settings_text(settings, SETTING_LOG_FORMAT), "json") == 0;
    return journal_begin(STDERR_FILENO, level, json);
}

struct sidecar *sidecar_start(const struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    struct sidecar *sidecar = must_have(sizeof *sidecar);
    sidecar->settings = settings;
    sidecar->journal = journal_of(settings);
    sidecar->service.settings = settings;
    sidecar->service.started_at_ms = process_wall_clock_ms();
    sidecar->service.journal = &sidecar->journal;
    sidecar->service.metrics = &sidecar->metrics;
    sidecar->service.bridge = bridge_new();
    read_token(sidecar);
    set_limits(sidecar);
    tell_idle_settings(sidecar);
    bool good = allow_descriptors(sidecar, error) && start_tls(sidecar, error) &&
                start_consumer(sidecar, error) && start_streams(sidecar, error) &&
                start_listeners(sidecar, error);
    if (!good) {
        bridge_cancel(sidecar->service.bridge);
        free_parts(sidecar);
        return NULL;
    }
    const char *address = settings_text(settings, SETTING_HTTP_LISTENER);
    journal_line(
        &sidecar->journal,
        KC_LOG_INFO,
        "sidecar",
        "started",
        "version=%s http.listener=%s port=%u",
        SIDECAR_VERSION,
        address,
        sidecar_port(sidecar)
    );
    return sidecar;
}

void sidecar_reload(struct sidecar *sidecar) {
    bool good = reloads_run(&sidecar->reloads, &sidecar->journal);
    journal_line(
        &sidecar->journal,
        good ? KC_LOG_INFO : KC_LOG_ERROR,
        "sidecar",
        "reloaded",
        "parts=%zu failed=%s",
        sidecar->reloads.count,
        good ? "no" : "yes"
    );
}

void sidecar_toggle_debug(struct sidecar *sidecar) {
    journal_toggle_debug(&sidecar->journal, "signal");
}

static int64_t now_ms(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sidecar_stop(struct sidecar *sidecar) {
    int64_t grace_ms = settings_number(sidecar->settings, SETTING_SHUTDOWN_GRACE_MS);
    journal_line(
        &sidecar->journal, KC_LOG_INFO, "sidecar", "draining", "grace_ms=%lld", (long long)grace_ms
    );
    atomic_store(&sidecar->service.is_draining, true);
    registry_drain(sidecar->service.consumers);
    int64_t until_ms = now_ms() + grace_ms;
    registry_end_events(sidecar->service.consumers, grace_ms);
    int64_t left_ms = until_ms - now_ms();
    bool idle = http_server_wait_idle(sidecar->http, left_ms > 0 ? left_ms : 0);
    bridge_cancel(sidecar->service.bridge);
    (void)http_server_wait_answered(sidecar->http, LAST_ANSWERS_MS);
    journal_line(
        &sidecar->journal, KC_LOG_INFO, "sidecar", "drained", "connected=%s", idle ? "no" : "yes"
    );
    free_parts(sidecar);
}

unsigned sidecar_port(const struct sidecar *sidecar) {
    return http_server_port(sidecar->http);
}

unsigned sidecar_management_port(const struct sidecar *sidecar) {
    return sidecar->management ? http_server_port(sidecar->management) : 0;
}
