// SPDX-License-Identifier: Apache-2.0
// A client says what is different from the process's settings. It may not say how brokers are
// reached and who the process is to them, nor loosen what bounds the process's memory.
#include "server/consumers/spec.h"

#include "server/base/must.h"
#include "server/json/subscription.h"
#include "server/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Keys that are the process's alone; a dot at the end stands for all that begin so.
static const char *const of_process[] = {
    "bootstrap.servers",
    "security.",
    "ssl.",
    "sasl.",
    "https.",
    "enable.ssl.",
    "enable.sasl.",
    "authentication.",
    "credentials.",
    "client.dns.lookup",
    "fetch.buffer.bytes",
    "batch.max.bytes",
    "receive.message.max.bytes",
};

static void begin(struct consumer_spec *spec, const struct settings *settings, size_t topics) {
    must(settings != NULL);
    *spec = (struct consumer_spec){ .config = kc_config_dup(settings->consumer) };
    spec->topics = pool_array(&spec->pool, topics + 1, sizeof *spec->topics);
}

static int compare(const void *a, const void *b) {
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/// Sorts the topics and leaves each of them once.
static void put_in_order(struct consumer_spec *spec) {
    size_t count = 0;
    qsort(spec->topics, spec->topic_count, sizeof *spec->topics, compare);
    for (size_t i = 0; i < spec->topic_count; i++) {
        bool again = count > 0 && strcmp(spec->topics[count - 1], spec->topics[i]) == 0;
        if (!again) spec->topics[count++] = spec->topics[i];
    }
    must(count <= spec->topic_count);
    spec->topic_count = count;
}

void spec_init_of_settings(struct consumer_spec *spec, const struct settings *settings) {
    const char *list = settings_text(settings, SETTING_TOPICS);
    const char *item;
    size_t size;
    begin(spec, settings, strlen(list));
    while (settings_list_next(&list, &item, &size))
        spec->topics[spec->topic_count++] = pool_copy(&spec->pool, item, size);
    put_in_order(spec);
}

static bool is_of_process(const char *key) {
    for (size_t i = 0; i < sizeof of_process / sizeof of_process[0]; i++) {
        size_t length = strlen(of_process[i]);
        bool prefix = of_process[i][length - 1] == '.';
        if (strncmp(key, of_process[i], length) == 0 && (prefix || key[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static const struct kc_option *find(const struct kc_option *rows, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0) return &rows[i];
    }
    return NULL;
}

/// Sets one value, if the key is known and a client may set it.
static enum spec_fault set(
    struct consumer_spec *spec, const char *key, const char *value, char error[SPEC_ERROR_BYTES]
) {
    size_t count;
    size_t own_count;
    char why[KC_ERROR_BYTES] = "";
    const struct kc_option *options = kc_options(&count);
    const struct kc_option *option = find(options, count, key);
    const struct kc_option *own = find(settings_options(&own_count), SETTING_COUNT, key);
    bool forbidden = own || is_of_process(key) || (option && option->secret);
    if (forbidden) {
        (void)snprintf(error, SPEC_ERROR_BYTES, "config.%s: is set for the whole process", key);
        return SPEC_BAD_VALUE;
    }
    if (!option) {
        (void)snprintf(
            error,
            SPEC_ERROR_BYTES,
            "config.%.80s: unknown; the nearest known one is '%s'",
            key,
            settings_nearest(key, false)
        );
        return SPEC_UNKNOWN_KEY;
    }
    if (kc_config_set(spec->config, key, value, why) == KC_OK) return SPEC_GOOD;
    (void)snprintf(error, SPEC_ERROR_BYTES, "config.%s", why);
    return SPEC_BAD_VALUE;
}

/// A static member's name is that of one consumer; a second one of the same name in the same group
/// would fence the first. So it is not inherited.
static void forget_instance(struct consumer_spec *spec) {
    char why[KC_ERROR_BYTES] = "";
    must(kc_config_set(spec->config, "group.instance.id", NULL, why) == KC_OK);
}

enum spec_fault spec_init(
    struct consumer_spec *spec,
    const struct settings *settings,
    const struct consumer_request *request,
    char error[SPEC_ERROR_BYTES]
) {
    must(request != NULL);
    const struct subscription_request *wanted = &request->subscription;
    begin(spec, settings, wanted->count);
    forget_instance(spec);
    for (size_t i = 0; i < request->entry_count; i++) {
        const struct config_entry *entry = &request->entries[i];
        enum spec_fault fault = set(spec, entry->key, entry->value, error);
        if (fault != SPEC_GOOD) return fault;
    }
    for (size_t i = 0; i < wanted->count; i++)
        spec->topics[spec->topic_count++] = pool_string(&spec->pool, wanted->topics[i]);
    put_in_order(spec);
    spec->pattern = pool_string(&spec->pool, wanted->pattern);
    const char *group = kc_config_get(spec->config, "group.id");
    bool subscribes = spec->topic_count > 0 || spec->pattern;
    if (!subscribes || (group && group[0])) return SPEC_GOOD;
    (void)snprintf(error, SPEC_ERROR_BYTES, "config.group.id: a subscription needs one");
    return SPEC_BAD_VALUE;
}

void spec_init_copy(struct consumer_spec *spec, const struct consumer_spec *from) {
    must(from->config != NULL);
    *spec = (struct consumer_spec){ .config = kc_config_dup(from->config) };
    spec->topics = pool_array(&spec->pool, from->topic_count + 1, sizeof *spec->topics);
    for (size_t i = 0; i < from->topic_count; i++)
        spec->topics[spec->topic_count++] = pool_string(&spec->pool, from->topics[i]);
    spec->pattern = pool_string(&spec->pool, from->pattern);
}

void spec_dispose(struct consumer_spec *spec) {
    kc_config_free(spec->config);
    pool_dispose(&spec->pool);
    *spec = (struct consumer_spec){ 0 };
}

static bool same(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool spec_equals(const struct consumer_spec *a, const struct consumer_spec *b) {
    size_t count;
    const struct kc_option *options = kc_options(&count);
    must(a->config != NULL && b->config != NULL);
    for (size_t i = 0; i < count; i++) {
        const char *key = options[i].key;
        if (!same(kc_config_get(a->config, key), kc_config_get(b->config, key))) return false;
    }
    if (a->topic_count != b->topic_count || !same(a->pattern, b->pattern)) return false;
    for (size_t i = 0; i < a->topic_count; i++) {
        if (strcmp(a->topics[i], b->topics[i]) != 0) return false;
    }
    return true;
}
