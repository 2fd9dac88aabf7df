// SPDX-License-Identifier: Apache-2.0
// What the process is told to do: the server's own settings in one table, and the consumer's beside
// them under Kafka's names. Written at start by one thread, read by all.
#pragma once

#include "consumer/consumer.h"
#include "server/listener.h"

#include <stdbool.h>
#include <stdint.h>

/// The server's own settings, in the order of the table.
enum setting {
    SETTING_TOPICS,
    SETTING_HTTP_LISTENER,
    SETTING_HTTP_LISTENER_MODE,
    SETTING_HTTP_LISTENER_OWNER,
    SETTING_HTTP_ALLOWED_HOSTS,
    SETTING_HTTP_ALLOWED_ORIGINS,
    SETTING_HTTP_AUTH_TOKEN_FILE,
    SETTING_HTTP_TLS_CERTIFICATE_FILE,
    SETTING_HTTP_TLS_KEY_FILE,
    SETTING_HTTP_TLS_CLIENT_CA_FILE,
    SETTING_HTTP_COMPRESSION_MIN_BYTES,
    SETTING_HTTP_MAX_BODY_BYTES,
    SETTING_HTTP_MAX_HEADER_BYTES,
    SETTING_HTTP_MAX_CONNECTIONS,
    SETTING_HTTP_MAX_CONNECTIONS_PER_CLIENT,
    SETTING_HTTP_READ_TIMEOUT_MS,
    SETTING_HTTP_IDLE_TIMEOUT_MS,
    SETTING_MANAGEMENT_LISTENER,
    SETTING_POLL_MAX_BYTES,
    SETTING_POLL_MAX_TIMEOUT_MS,
    SETTING_SESSIONS_FENCED_SIZE,
    SETTING_EVENTS_KEEPALIVE_MS,
    SETTING_EVENTS_MAX_STREAMS,
    SETTING_EVENTS_RING_SIZE,
    SETTING_EVENTS_RING_BYTES,
    SETTING_COMMIT_OUTCOMES_SIZE,
    SETTING_COMMIT_OUTCOMES_BYTES,
    SETTING_CONSUMERS_MAX,
    SETTING_CONSUMER_IDLE_TIMEOUT_MS,
    SETTING_SHUTDOWN_GRACE_MS,
    SETTING_LOG_LEVEL,
    SETTING_LOG_FORMAT,
    SETTING_METRICS_PARTITION_LABELS,
    SETTING_COUNT,
};

enum { SETTINGS_ERROR_BYTES = 512 };

struct origins;

/// All values. Init and dispose.
struct settings {
    struct kc_config *consumer; ///< the consumer's own
    char *texts[SETTING_COUNT]; ///< as given, or the default; NULL: none
    int64_t numbers[SETTING_COUNT];
    struct origins *origins; ///< where the values come from
    struct listener http;    ///< filled by settings_check(), as are those below
    struct listener management;
};

/// Every setting at its default.
void settings_init(struct settings *settings);

/// Frees the values.
void settings_dispose(struct settings *settings);

/// The server's own table; `count` gets its length. Static.
const struct kc_option *settings_options(size_t *count);

/// True for a key of either table.
bool settings_has(const char *key);

/// The value of either table's key as text; "" when there is none.
const char *settings_value(const struct settings *settings, const char *key);

/// Sets one value, of the server or of the consumer. False with a sentence in `error`, which for an
/// unknown key names the nearest known one.
bool settings_set(
    struct settings *settings, const char *key, const char *value, char error[SETTINGS_ERROR_BYTES]
);

/// Checks that the values make sense together, that the token's file has one, and that the files of
/// the consumer's security can be read. False with a sentence in `error`.
bool settings_check(struct settings *settings, char error[SETTINGS_ERROR_BYTES]);

/// The text of a setting; "" when it has none.
const char *settings_text(const struct settings *settings, enum setting setting);

/// The number of a setting of type KC_INTEGER.
int64_t settings_number(const struct settings *settings, enum setting setting);

/// The value of a setting of type KC_BOOLEAN.
bool settings_flag(const struct settings *settings, enum setting setting);

/// The key in either table that is most like `key`, or the environment's spelling of one when
/// `environment` is true.
const char *settings_nearest(const char *key, bool environment);

/// Takes the next item off a list with commas, without the blanks around it: false at the end.
/// `*list` moves on; the item is borrowed from it.
bool settings_list_next(const char **list, const char **item, size_t *size);

enum { SETTINGS_NAME_BYTES = 80 };

/// How the environment spells a key: KAFKA_SIDECAR_GROUP_ID. False when it is too long.
bool settings_environment_name(const char *key, char name[SETTINGS_NAME_BYTES]);
