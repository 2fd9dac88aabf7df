// SPDX-License-Identifier: Apache-2.0
// The table, and what makes a set of values good as a whole.
#include "server/settings.h"

#include "server/base/must.h"
#include "server/json/number.h"
#include "server/origins.h"
#include "server/token.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_MS = 3600000, DAY_MS = 86400000 };

static const struct kc_option options[] = {
    [SETTING_TOPICS] = { "topics",
                         KC_LIST,
                         0,
                         0,
                         NULL,
                         "",
                         "Topics to subscribe to at start, separated by commas. Needs group.id.",
                         false },
    [SETTING_HTTP_LISTENER] = { "http.listener",
                                KC_STRING,
                                0,
                                0,
                                NULL,
                                "127.0.0.1:8092",
                                "Where the HTTP API listens: host:port, or unix:/path. "
                                "Anything but loopback needs http.auth.token.file or "
                                "http.tls.client.ca.file.",
                                false },
    [SETTING_HTTP_LISTENER_MODE] = { "http.listener.mode",
                                     KC_STRING,
                                     0,
                                     0,
                                     NULL,
                                     "0660",
                                     "Who may connect to the Unix socket of http.listener, as "
                                     "chmod "
                                     "takes it, in octal digits.",
                                     false },
    [SETTING_HTTP_LISTENER_OWNER] = { "http.listener.owner",
                                      KC_STRING,
                                      0,
                                      0,
                                      NULL,
                                      "",
                                      "Owner of the Unix socket of http.listener, as chown takes "
                                      "it: "
                                      "user, user:group or :group, by name or number.",
                                      false },
    [SETTING_HTTP_ALLOWED_HOSTS] = { "http.allowed.hosts",
                                     KC_LIST,
                                     0,
                                     0,
                                     NULL,
                                     "",
                                     "Names, besides those of loopback, that a request's Host "
                                     "header may have, without port.",
                                     false },
    [SETTING_HTTP_ALLOWED_ORIGINS] = { "http.allowed.origins",
                                       KC_LIST,
                                       0,
                                       0,
                                       NULL,
                                       "",
                                       "Origins of web pages, such as https://app.example, whose "
                                       "requests are answered and who may read the answers (CORS). "
                                       "Pages of loopback may ask, but read only when listed.",
                                       false },
    [SETTING_HTTP_AUTH_TOKEN_FILE] = { "http.auth.token.file",
                                       KC_STRING,
                                       0,
                                       0,
                                       NULL,
                                       "",
                                       "File with the token that every request must carry as "
                                       "Authorization: Bearer. Read again when it changes and at "
                                       "SIGHUP; without a token in it nobody is let in.",
                                       false },
    [SETTING_HTTP_TLS_CERTIFICATE_FILE] = { "http.tls.certificate.file",
                                            KC_STRING,
                                            0,
                                            0,
                                            NULL,
                                            "",
                                            "PEM file with the certificate of http.listener and "
                                            "its "
                                            "chain: TLS 1.2 or 1.3 is spoken there. Read again "
                                            "when "
                                            "it changes and at SIGHUP, as are the key and the CA.",
                                            false },
    [SETTING_HTTP_TLS_KEY_FILE] = { "http.tls.key.file",
                                    KC_STRING,
                                    0,
                                    0,
                                    NULL,
                                    "",
                                    "PEM file with the key of the certificate.",
                                    false },
    [SETTING_HTTP_TLS_CLIENT_CA_FILE] = { "http.tls.client.ca.file",
                                          KC_STRING,
                                          0,
                                          0,
                                          NULL,
                                          "",
                                          "PEM file with the authorities of client certificates: "
                                          "every client must have one.",
                                          false },
    [SETTING_HTTP_COMPRESSION_MIN_BYTES] = { "http.compression.min.bytes",
                                             KC_INTEGER,
                                             1,
                                             1 << 30,
                                             NULL,
                                             "1024",
                                             "Smallest answer that is compressed for clients with "
                                             "Accept-Encoding: gzip or zstd.",
                                             false },
    [SETTING_HTTP_MAX_BODY_BYTES] = { "http.max.body.bytes",
                                      KC_INTEGER,
                                      1024,
                                      1 << 30,
                                      NULL,
                                      "1048576",
                                      "Largest request body; a larger one is answered with 413.",
                                      false },
    [SETTING_HTTP_MAX_HEADER_BYTES] = { "http.max.header.bytes",
                                        KC_INTEGER,
                                        1024,
                                        1 << 20,
                                        NULL,
                                        "16384",
                                        "Largest head of a request, its first line included; a "
                                        "larger one is answered with 431.",
                                        false },
    [SETTING_HTTP_MAX_CONNECTIONS] = { "http.max.connections",
                                       KC_INTEGER,
                                       1,
                                       65536,
                                       NULL,
                                       "256",
                                       "Most connections of clients at a time; requests on more "
                                       "are answered with 503.",
                                       false },
    [SETTING_HTTP_MAX_CONNECTIONS_PER_CLIENT] = { "http.max.connections.per.client",
                                                  KC_INTEGER,
                                                  1,
                                                  65536,
                                                  NULL,
                                                  "128",
                                                  "Most connections at a time of one client "
                                                  "address, or over a Unix socket of one process; "
                                                  "requests on more are answered with 503.",
                                                  false },
    [SETTING_HTTP_READ_TIMEOUT_MS] = { "http.read.timeout.ms",
                                       KC_INTEGER,
                                       100,
                                       DAY_MS,
                                       NULL,
                                       "30000",
                                       "How long a request may take to arrive, from its first byte "
                                       "to its last; a slower one is cut off.",
                                       false },
    [SETTING_HTTP_IDLE_TIMEOUT_MS] = { "http.idle.timeout.ms",
                                       KC_INTEGER,
                                       1000,
                                       DAY_MS,
                                       NULL,
                                       "300000",
                                       "A connection on which nothing moves for so long is "
                                       "closed. Waiting polls are not counted.",
                                       false },
    [SETTING_MANAGEMENT_LISTENER] = { "management.listener",
                                      KC_STRING,
                                      0,
                                      0,
                                      NULL,
                                      "0.0.0.0:8094",
                                      "Where /healthz, /readyz and /metrics are served; empty: "
                                      "nowhere.",
                                      false },
    [SETTING_POLL_MAX_BYTES] = { "poll.max.bytes",
                                 KC_INTEGER,
                                 1024,
                                 1 << 30,
                                 NULL,
                                 "8388608",
                                 "Largest max_bytes of a poll, and its default. Only an answer of "
                                 "one record may be larger.",
                                 false },
    [SETTING_POLL_MAX_TIMEOUT_MS] = { "poll.max.timeout.ms",
                                      KC_INTEGER,
                                      0,
                                      DAY_MS,
                                      NULL,
                                      "300000",
                                      "Largest timeout_ms of a poll.",
                                      false },
    [SETTING_SESSIONS_FENCED_SIZE] = { "sessions.fenced.size",
                                       KC_INTEGER,
                                       1,
                                       65536,
                                       NULL,
                                       "1024",
                                       "How many fenced sessions of a consumer are remembered, so "
                                       "that their late calls are refused.",
                                       false },
    [SETTING_EVENTS_KEEPALIVE_MS] = { "events.keepalive.ms",
                                      KC_INTEGER,
                                      10,
                                      HOUR_MS,
                                      NULL,
                                      "15000",
                                      "A stream of events says something at least this often; a "
                                      "client that takes nothing for so long is cut off.",
                                      false },
    [SETTING_EVENTS_MAX_STREAMS] = { "events.max.streams",
                                     KC_INTEGER,
                                     1,
                                     4096,
                                     NULL,
                                     "16",
                                     "Most streams of events of one consumer at a time; more are "
                                     "answered with 503.",
                                     false },
    [SETTING_EVENTS_RING_SIZE] = { "events.ring.size",
                                   KC_INTEGER,
                                   1,
                                   1 << 20,
                                   NULL,
                                   "1024",
                                   "How many events of a consumer are kept for streams that come "
                                   "back.",
                                   false },
    [SETTING_EVENTS_RING_BYTES] = { "events.ring.bytes",
                                    KC_INTEGER,
                                    1024,
                                    1 << 30,
                                    NULL,
                                    "4194304",
                                    "How many bytes of events are kept at most; the newest event "
                                    "is in any case.",
                                    false },
    [SETTING_COMMIT_OUTCOMES_SIZE] = { "commit.outcomes.size",
                                       KC_INTEGER,
                                       1,
                                       1 << 20,
                                       NULL,
                                       "1024",
                                       "How many asynchronous commits of a consumer may be under "
                                       "way or remembered; the oldest outcomes are forgotten.",
                                       false },
    [SETTING_COMMIT_OUTCOMES_BYTES] = { "commit.outcomes.bytes",
                                        KC_INTEGER,
                                        1024,
                                        1 << 30,
                                        NULL,
                                        "4194304",
                                        "How many bytes of outcomes are remembered at most; the "
                                        "newest outcome is in any case.",
                                        false },
    [SETTING_CONSUMERS_MAX] = { "consumers.max",
                                KC_INTEGER,
                                1,
                                1024,
                                NULL,
                                "16",
                                "Most consumers at a time, the configured one included; PUT of one "
                                "more is answered with 429.",
                                false },
    [SETTING_CONSUMER_IDLE_TIMEOUT_MS] = { "consumer.idle.timeout.ms",
                                           KC_INTEGER,
                                           0,
                                           DAY_MS,
                                           NULL,
                                           "0",
                                           "A consumer made by PUT that is not called for so long "
                                           "is closed, and leaves its group; 0: never. The "
                                           "configured one stays.",
                                           false },
    [SETTING_SHUTDOWN_GRACE_MS] = { "shutdown.grace.ms",
                                    KC_INTEGER,
                                    0,
                                    HOUR_MS,
                                    NULL,
                                    "5000",
                                    "After SIGTERM, how long commits and other calls go on being "
                                    "served while clients are connected.",
                                    false },
    [SETTING_LOG_LEVEL] = { "log.level",
                            KC_CHOICE,
                            0,
                            0,
                            "error,warn,info,debug",
                            "info",
                            "The least important lines that are logged, to standard error.",
                            false },
    [SETTING_LOG_FORMAT] = { "log.format",
                             KC_CHOICE,
                             0,
                             0,
                             "text,json",
                             "text",
                             "How a line is written: key=value text, or a JSON object.",
                             false },
    [SETTING_METRICS_PARTITION_LABELS] = { "metrics.partition.labels",
                                           KC_BOOLEAN,
                                           0,
                                           0,
                                           NULL,
                                           "false",
                                           "Whether /metrics has lag and position of each assigned "
                                           "partition, of the first 1000 of each consumer.",
                                           false },
};

_Static_assert(sizeof options / sizeof options[0] == SETTING_COUNT, "a row for each setting");

const struct kc_option *settings_options(size_t *count) {
    *count = SETTING_COUNT;
    return options;
}

const char *settings_text(const struct settings *settings, enum setting setting) {
    must(setting < SETTING_COUNT);
    return settings->texts[setting] ? settings->texts[setting] : "";
}

int64_t settings_number(const struct settings *settings, enum setting setting) {
    must(setting < SETTING_COUNT && options[setting].type == KC_INTEGER);
    return settings->numbers[setting];
}

bool settings_flag(const struct settings *settings, enum setting setting) {
    must(setting < SETTING_COUNT && options[setting].type == KC_BOOLEAN);
    return settings->numbers[setting] != 0;
}

void settings_init(struct settings *settings) {
    char error[SETTINGS_ERROR_BYTES];
    *settings = (struct settings){ .consumer = kc_config_new(), .origins = origins_new() };
    for (size_t i = 0; i < SETTING_COUNT; i++)
        must(settings_set(settings, options[i].key, options[i].default_value, error));
}

void settings_dispose(struct settings *settings) {
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free(settings->texts[i]);
    origins_free(settings->origins);
    kc_config_free(settings->consumer);
    *settings = (struct settings){ 0 };
}

bool settings_list_next(const char **list, const char **item, size_t *size) {
    must(*list != NULL);
    const char *at = *list + strspn(*list, ", \t");
    if (*at == '\0') return false;
    *item = at;
    *size = strcspn(at, ",");
    *list = at + *size;
    while (*size > 0 && isblank((unsigned char)at[*size - 1]))
        (*size)--;
    return true;
}

static bool list_has(const char *list, const char *wanted) {
    must(list != NULL);
    const char *item;
    size_t size;
    while (settings_list_next(&list, &item, &size)) {
        if (size == strlen(wanted) && memcmp(item, wanted, size) == 0) return true;
    }
    return false;
}

static bool refuse(char error[SETTINGS_ERROR_BYTES], const char *key, const char *why) {
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "%s: %s", key, why);
    return false;
}

static bool check_number(
    const struct kc_option *option,
    const char *value,
    int64_t *number,
    char error[SETTINGS_ERROR_BYTES]
) {
    struct kc_bytes text = { (const uint8_t *)value, strlen(value) };
    bool good = number_parse(text, number) == NUMBER_WHOLE && *number >= option->min &&
                *number <= option->max;
    if (good) return true;
    (void)snprintf(
        error,
        SETTINGS_ERROR_BYTES,
        "%s: '%.80s' is not a whole number between %lld and %lld",
        option->key,
        value,
        (long long)option->min,
        (long long)option->max
    );
    return false;
}

static bool set_own(
    struct settings *settings,
    enum setting setting,
    const char *value,
    char error[SETTINGS_ERROR_BYTES]
) {
    const struct kc_option *option = &options[setting];
    int64_t number = 0;
    if (option->type == KC_INTEGER && !check_number(option, value, &number, error)) return false;
    if (option->type == KC_CHOICE && !list_has(option->choices, value)) {
        (void)snprintf(
            error,
            SETTINGS_ERROR_BYTES,
            "%s: '%.80s' is none of %s",
            option->key,
            value,
            option->choices
        );
        return false;
    }
    if (option->type == KC_BOOLEAN) {
        number = strcmp(value, "true") == 0;
        if (!number && strcmp(value, "false") != 0) {
            return refuse(error, option->key, "neither true nor false");
        }
    }
    free(settings->texts[setting]);
    settings->texts[setting] = must_copy(value);
    settings->numbers[setting] = number;
    return true;
}

static const struct kc_option *find(const struct kc_option *rows, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0) return &rows[i];
    }
    return NULL;
}

bool settings_has(const char *key) {
    must(key != NULL);
    size_t count;
    const struct kc_option *consumer_options = kc_options(&count);
    return find(options, SETTING_COUNT, key) || find(consumer_options, count, key);
}

const char *settings_value(const struct settings *settings, const char *key) {
    must(settings_has(key));
    const struct kc_option *own = find(options, SETTING_COUNT, key);
    if (own) return settings_text(settings, (enum setting)(own - options));
    const char *text = kc_config_get(settings->consumer, key);
    return text ? text : "";
}

bool settings_set(
    struct settings *settings, const char *key, const char *value, char error[SETTINGS_ERROR_BYTES]
) {
    must(key != NULL && value != NULL);
    size_t count;
    const struct kc_option *consumer_options = kc_options(&count);
    const struct kc_option *own = find(options, SETTING_COUNT, key);
    if (own) return set_own(settings, (enum setting)(own - options), value, error);
    if (find(consumer_options, count, key)) {
        char why[KC_ERROR_BYTES] = "";
        if (kc_config_set(settings->consumer, key, value, why) == KC_OK) return true;
        (void)snprintf(error, SETTINGS_ERROR_BYTES, "%s", why);
        return false;
    }
    (void)snprintf(
        error,
        SETTINGS_ERROR_BYTES,
        "unknown setting '%.80s'; the nearest known one is '%s'",
        key,
        settings_nearest(key, false)
    );
    return false;
}

bool settings_environment_name(const char *key, char name[SETTINGS_NAME_BYTES]) {
    int length = snprintf(name, SETTINGS_NAME_BYTES, "KAFKA_SIDECAR_%s", key);
    if (length < 0 || length >= SETTINGS_NAME_BYTES) return false;
    for (char *at = name; *at; at++)
        *at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
    return true;
}

/// How many insertions, removals and replacements make one text of the other, in one row of the
/// well-known table. Texts beyond the bound are compared up to it.
static size_t edit_distance(const char *a, const char *b) {
    must(a != NULL && b != NULL);

    enum { MOST = SETTINGS_NAME_BYTES };

    size_t width = strnlen(b, MOST);
    size_t row[MOST + 1];
    for (size_t i = 0; i <= width; i++)
        row[i] = i;
    for (size_t k = 0; a[k] && k < MOST; k++) {
        size_t diagonal = row[0];
        row[0] = k + 1;
        for (size_t i = 0; i < width; i++) {
            size_t replaced = diagonal + (a[k] != b[i]);
            size_t shorter = row[i] < row[i + 1] ? row[i] : row[i + 1];
            diagonal = row[i + 1];
            row[i + 1] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[width];
}

const char *settings_nearest(const char *key, bool environment) {
    size_t count;
    const struct kc_option *consumer_options = kc_options(&count);
    const char *nearest = options[0].key;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < SETTING_COUNT + count; i++) {
        char name[SETTINGS_NAME_BYTES];
        bool own = i < SETTING_COUNT;
        const char *known = own ? options[i].key : consumer_options[i - SETTING_COUNT].key;
        if (environment && !settings_environment_name(known, name)) continue;
        size_t distance = edit_distance(key, environment ? name : known);
        if (distance >= least) continue;
        least = distance;
        nearest = known;
    }
    return nearest;
}

static bool check_token(const struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    const char *path = settings_text(settings, SETTING_HTTP_AUTH_TOKEN_FILE);
    char why[TOKEN_ERROR_BYTES] = "";
    return path[0] == '\0' || token_check_file(path, why) ||
           refuse(error, options[SETTING_HTTP_AUTH_TOKEN_FILE].key, why);
}

/// Who may connect to a Unix socket.
static bool read_access(struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    const char *mode = settings_text(settings, SETTING_HTTP_LISTENER_MODE);
    const char *owner = settings_text(settings, SETTING_HTTP_LISTENER_OWNER);
    if (!listener_set_mode(&settings->http, mode)) {
        return refuse(
            error, options[SETTING_HTTP_LISTENER_MODE].key, "not three or four octal digits"
        );
    }
    if (owner[0] == '\0') return true;
    const char *key = options[SETTING_HTTP_LISTENER_OWNER].key;
    if (!listener_is_unix(&settings->http)) {
        return refuse(error, key, "http.listener is no Unix socket");
    }
    return listener_set_owner(&settings->http, owner) ||
           refuse(error, key, "no such user or group; wanted is user, user:group or :group");
}

static bool read_listeners(struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    const char *http = settings_text(settings, SETTING_HTTP_LISTENER);
    const char *management = settings_text(settings, SETTING_MANAGEMENT_LISTENER);
    if (!listener_parse(http, &settings->http) || settings->http.size == 0) {
        return refuse(error, options[SETTING_HTTP_LISTENER].key, listener_fault(http));
    }
    if (!listener_parse(management, &settings->management)) {
        return refuse(error, options[SETTING_MANAGEMENT_LISTENER].key, listener_fault(management));
    }
    return read_access(settings, error);
}

/// An origin has a scheme and nothing behind its host and port; there is no wildcard.
static bool check_origins(const struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    const char *origins = settings_text(settings, SETTING_HTTP_ALLOWED_ORIGINS);
    const char *item;
    size_t size;
    while (settings_list_next(&origins, &item, &size)) {
        const char *colon = memmem(item, size, "://", 3);
        size_t host = colon ? size - (size_t)(colon + 3 - item) : 0;
        if (host > 0 && colon > item && !memchr(colon + 3, '/', host) && !memchr(item, '*', size)) {
            continue;
        }
        (void)snprintf(
            error,
            SETTINGS_ERROR_BYTES,
            "%s: '%.*s' is no origin such as https://app.example",
            options[SETTING_HTTP_ALLOWED_ORIGINS].key,
            (int)(size < 80 ? size : 80),
            item
        );
        return false;
    }
    return true;
}

static bool check_tls(const struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    bool has_certificate = settings_text(settings, SETTING_HTTP_TLS_CERTIFICATE_FILE)[0] != '\0';
    bool has_key = settings_text(settings, SETTING_HTTP_TLS_KEY_FILE)[0] != '\0';
    bool has_authority = settings_text(settings, SETTING_HTTP_TLS_CLIENT_CA_FILE)[0] != '\0';
    if (has_certificate == has_key && (has_certificate || !has_authority)) return true;
    enum setting missing =
        has_certificate ? SETTING_HTTP_TLS_KEY_FILE : SETTING_HTTP_TLS_CERTIFICATE_FILE;
    return refuse(error, options[missing].key, "not set, but another of http.tls is");
}

bool settings_check(struct settings *settings, char error[SETTINGS_ERROR_BYTES]) {
    const char *bootstrap = kc_config_get(settings->consumer, "bootstrap.servers");
    const char *group = kc_config_get(settings->consumer, "group.id");
    const char *topics = settings_text(settings, SETTING_TOPICS);
    const char *item;
    size_t size;
    if (!read_listeners(settings, error) || !check_token(settings, error)) return false;
    if (!check_origins(settings, error) || !check_tls(settings, error)) return false;
    bool has_token = settings_text(settings, SETTING_HTTP_AUTH_TOKEN_FILE)[0] != '\0';
    bool asks_clients = settings_text(settings, SETTING_HTTP_TLS_CLIENT_CA_FILE)[0] != '\0';
    if (!listener_is_private(&settings->http) && !has_token && !asks_clients) {
        return refuse(
            error,
            options[SETTING_HTTP_LISTENER].key,
            "not a loopback address, so that anybody on the network could read and commit: set "
            "http.auth.token.file or http.tls.client.ca.file, or listen on 127.0.0.1 or unix:/path"
        );
    }
    if (!bootstrap || bootstrap[0] == '\0') {
        return refuse(error, "bootstrap.servers", "not set; --bootstrap-server host:port sets it");
    }
    if (settings_list_next(&topics, &item, &size) && (!group || group[0] == '\0')) {
        return refuse(error, "topics", "a subscription needs group.id; --group sets it");
    }
    char why[KC_ERROR_BYTES] = "";
    if (kc_config_check(settings->consumer, why) == KC_OK) return true;
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "%s", why);
    return false;
}
