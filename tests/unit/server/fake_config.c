// SPDX-License-Identifier: Apache-2.0
// The double's options, configuration and names.
#include "server/base/must.h"
#include "tests/unit/server/fake_state.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kc_option options[] = {
    { "bootstrap.servers", KC_LIST, 0, 0, NULL, NULL, "Brokers to begin with.", false },
    { "group.id", KC_STRING, 0, 0, NULL, NULL, "The consumer's group.", false },
    { "group.instance.id", KC_STRING, 0, 0, NULL, NULL, "A static member's name.", false },
    { "client.id", KC_STRING, 0, 0, NULL, "kafka-sidecar", "Name shown to brokers.", false },
    { "max.poll.records",
      KC_INTEGER,
      1,
      2147483647,
      NULL,
      "500",
      "Most records of a poll.",
      false },
    { "auto.offset.reset",
      KC_CHOICE,
      0,
      0,
      "earliest,latest,none",
      "latest",
      "Where to begin.",
      false },
    { "enable.auto.commit", KC_BOOLEAN, 0, 0, NULL, "true", "Commits by itself.", false },
    { "rebalance.ack.timeout.ms",
      KC_INTEGER,
      0,
      INT32_MAX,
      NULL,
      "10000",
      "Longest hold of a rebalance.",
      false },
    { "sasl.password", KC_STRING, 0, 0, NULL, NULL, "The password.", true },
};

enum { OPTION_COUNT = sizeof options / sizeof options[0] };

struct kc_config {
    char *values[OPTION_COUNT];
};

const struct kc_option *kc_options(size_t *count) {
    *count = OPTION_COUNT;
    return options;
}

struct kc_config *kc_config_new(void) {
    struct kc_config *config = must_have(sizeof *config);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        config->values[i] = must_copy(options[i].default_value);
    return config;
}

struct kc_config *kc_config_dup(const struct kc_config *config) {
    struct kc_config *copy = must_have(sizeof *copy);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        copy->values[i] = must_copy(config->values[i]);
    return copy;
}

void kc_config_free(struct kc_config *config) {
    for (size_t i = 0; config && i < OPTION_COUNT; i++)
        free(config->values[i]);
    free(config);
}

enum kc_status kc_config_set(
    struct kc_config *config, const char *key, const char *value, char error[KC_ERROR_BYTES]
) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].key, key) != 0) continue;
        if (!value) value = options[i].default_value;
        if (value && options[i].type == KC_INTEGER && !isdigit((unsigned char)value[0])) {
            (void)snprintf(error, KC_ERROR_BYTES, "%s: %s is no number", key, value);
            return KC_INVALID_CONFIG;
        }
        free(config->values[i]);
        config->values[i] = must_copy(value);
        return KC_OK;
    }
    (void)snprintf(error, KC_ERROR_BYTES, "%s: unknown", key);
    return KC_INVALID_CONFIG;
}

const char *kc_config_get(const struct kc_config *config, const char *key) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].key, key) == 0) return config->values[i];
    }
    return NULL;
}

enum kc_status kc_config_check(const struct kc_config *config, char error[KC_ERROR_BYTES]) {
    const char *password = kc_config_get(config, "sasl.password");
    if (!password || strcmp(password, "${file:/none}") != 0) return KC_OK;
    (void)snprintf(error, KC_ERROR_BYTES, "sasl.password: no such file");
    return KC_INVALID_CONFIG;
}

bool kc_resolves(const char *key) {
    return strcmp(key, "sasl.password") == 0;
}

char *kc_resolve(const char *value, char error[KC_ERROR_BYTES]) {
    if (strcmp(value, "${env:WORD}") == 0) return must_copy("a word");
    if (strcmp(value, "${env:NUMBER}") == 0) return must_copy("7");
    if (strcmp(value, "${word}") == 0) return must_copy(value);
    (void)snprintf(error, KC_ERROR_BYTES, "%s: leads nowhere", value);
    return NULL;
}

static const char *const names[] = {
    "OK",
    "INVALID_ARGUMENT",
    "INVALID_CONFIG",
    "NO_RECORDS",
    "POLL_IN_PROGRESS",
    "NOT_ASSIGNED",
    "SUBSCRIPTION_CONFLICT",
    "NO_GROUP",
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER",
    "REBALANCE_IN_PROGRESS",
    "NO_SUCH_REBALANCE",
    "FENCED",
    "NO_OFFSET",
    "OFFSET_OUT_OF_RANGE",
    "LOG_TRUNCATED",
    "CORRUPT_RECORDS",
    "NO_SUCH_TOPIC",
    "NO_SUCH_PARTITION",
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "OFFSET_METADATA_TOO_LARGE",
    "UNSUPPORTED_VERSION",
    "BROKER_UNAVAILABLE",
    "TLS_FAILED",
    "AUTHENTICATION_FAILED",
    "COORDINATOR_UNAVAILABLE",
    "TIMED_OUT",
    "DISCONNECTED",
    "INVALID_FRAME",
    "TOO_LARGE",
    "OUT_OF_MEMORY",
    "KAFKA_ERROR",
    "INTERRUPTED",
    "CLOSED",
};

const char *kc_status_name(enum kc_status status) {
    must((size_t)status < sizeof names / sizeof names[0]);
    return names[status];
}

const char *kc_status_text(enum kc_status status) {
    return kc_status_name(status);
}

const char *kc_kafka_error_name(int16_t code) {
    return code == 3 ? "UNKNOWN_TOPIC_OR_PARTITION" : code == 22 ? "ILLEGAL_GENERATION" : "OTHER";
}

bool kc_retriable(enum kc_status status, int16_t kafka_error) {
    return status == KC_REBALANCE_IN_PROGRESS || status == KC_TIMED_OUT ||
           status == KC_BROKER_UNAVAILABLE || kafka_error == 3;
}
