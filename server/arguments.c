// SPDX-License-Identifier: Apache-2.0
// Flags are looked up in a table. Sources are applied from the weakest to the strongest: file,
// environment, command line.
#include "server/arguments.h"

#include "server/base/must.h"
#include "server/properties.h"
#include "server/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILE_BYTES = 1 << 20 };

static const char environment_prefix[] = "KAFKA_SIDECAR_";

/// One reading.
struct reading {
    struct settings *settings;
    struct out *text;   ///< the answer or the complaint
    struct out topics;  ///< --topic, joined
    const char *config; ///< --config
    const char *const *argv;
};

static bool complain(struct reading *reading, const char *where, const char *what) {
    reading->text->size = 0;
    out_format(reading->text, "kafka-sidecar: %s%s\n", where, what);
    return false;
}

static bool set(struct reading *reading, const char *where, const char *key, const char *value) {
    must(key != NULL && value != NULL);
    char error[SETTINGS_ERROR_BYTES] = "";
    return settings_set(reading->settings, key, value, error) || complain(reading, where, error);
}

static bool set_pair(struct reading *reading, const char *pair) {
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair) return complain(reading, "--set wants key=value, not ", pair);
    char *key = strndup(pair, (size_t)(equals - pair));
    must(key != NULL);
    bool good = set(reading, "", key, equals + 1);
    free(key);
    return good;
}

static bool set_bootstrap(struct reading *reading, const char *value) {
    return set(reading, "--bootstrap-server: ", "bootstrap.servers", value);
}

static bool set_group(struct reading *reading, const char *value) {
    return set(reading, "--group: ", "group.id", value);
}

static bool add_topic(struct reading *reading, const char *value) {
    if (reading->topics.size > 0) out_byte(&reading->topics, ',');
    out_string(&reading->topics, value);
    return true;
}

static bool name_file(struct reading *reading, const char *value) {
    reading->config = value;
    return true;
}

/// The flags that take a value. --config is read in a first pass, since it is the weakest source.
static const struct flag {
    const char *name;
    bool (*apply)(struct reading *reading, const char *value);
    bool early;
} flags[] = {
    { "--config", name_file, true }, { "--bootstrap-server", set_bootstrap, false },
    { "--group", set_group, false }, { "--topic", add_topic, false },
    { "--set", set_pair, false },
};

/// The flags that ask for a text.
static const struct {
    const char *name;
    void (*print)(struct out *out);
} texts[] = {
    { "--help", usage_print_help },
    { "-h", usage_print_help },
    { "--version", usage_print_version },
    { "--print-options-markdown", usage_print_markdown },
};

static const struct flag *find_flag(const char *argument) {
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strlen(flags[i].name) == length && memcmp(flags[i].name, argument, length) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}

/// Goes over the command line; `early` chooses which flags are applied.
static bool read_flags(struct reading *reading, bool early) {
    for (const char *const *at = reading->argv + 1; *at; at++) {
        const struct flag *flag = find_flag(*at);
        const char *name = *at;
        if (!flag) {
            complain(reading, "unknown argument ", name);
            OUT_LITERAL(reading->text, "kafka-sidecar --help lists them all\n");
            return false;
        }
        const char *equals = strchr(name, '=');
        if (!equals && !*++at) return complain(reading, name, " wants a value");
        if (flag->early == early && !flag->apply(reading, equals ? equals + 1 : *at)) return false;
    }
    return true;
}

/// A file on its way into settings.
struct file_reading {
    struct reading *reading;
    bool complained;
};

static bool set_from_file(void *arg, unsigned line, const char *key, const char *value) {
    struct file_reading *file = arg;
    char where[SETTINGS_ERROR_BYTES];
    (void)snprintf(where, sizeof where, "%s:%u: ", file->reading->config, line);
    file->complained = !set(file->reading, where, key, value);
    return !file->complained;
}

static bool load(struct reading *reading, struct out *content) {
    FILE *file = fopen(reading->config, "re");
    if (file) {
        char *to = out_room(content, MOST_FILE_BYTES);
        content->size = fread(to, 1, MOST_FILE_BYTES, file);
        bool failed = ferror(file) != 0;
        int error = errno;
        (void)fclose(file);
        if (!failed && content->size < MOST_FILE_BYTES) return true;
        errno = failed ? error : EFBIG;
    }
    char where[SETTINGS_ERROR_BYTES];
    char why[SETTINGS_ERROR_BYTES];
    (void)snprintf(where, sizeof where, "%s: ", reading->config);
    return complain(reading, where, strerror_r(errno, why, sizeof why));
}

static bool read_file(struct reading *reading) {
    struct out content = { 0 };
    struct file_reading file = { .reading = reading };
    if (!reading->config) return true;
    bool good = load(reading, &content);
    if (good) {
        unsigned line = properties_read(out_text(&content), content.size, set_from_file, &file);
        good = line == 0;
        if (!good && !file.complained) {
            char where[SETTINGS_ERROR_BYTES];
            (void)snprintf(where, sizeof where, "%s:%u: ", reading->config, line);
            (void)complain(reading, where, "an escape that is none");
        }
    }
    out_dispose(&content);
    return good;
}

/// Kubernetes gives each pod such variables for services; one may be called kafka-sidecar.
static bool is_service_link(const char *name, const char *value) {
    return strstr(name, "SERVICE_HOST") || strstr(name, "SERVICE_PORT") || strstr(name, "_TCP") ||
           strstr(name, "_UDP") || strncmp(value, "tcp://", 6) == 0 ||
           strncmp(value, "udp://", 6) == 0;
}

/// The key that the environment spells `name`; NULL when there is none.
static const char *find_key(const char *name, size_t length) {
    must(name != NULL && length > 0);
    size_t counts[2];
    const struct kc_option *tables[2] = { settings_options(&counts[0]), kc_options(&counts[1]) };
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < counts[t]; i++) {
            char spelt[SETTINGS_NAME_BYTES];
            if (!settings_environment_name(tables[t][i].key, spelt)) continue;
            if (strlen(spelt) == length && memcmp(spelt, name, length) == 0) {
                return tables[t][i].key;
            }
        }
    }
    return NULL;
}

static bool complain_of_variable(struct reading *reading, const char *entry, size_t length) {
    char *name = strndup(entry, length);
    char spelt[SETTINGS_NAME_BYTES] = "";
    must(name != NULL);
    (void)settings_environment_name(settings_nearest(name, true), spelt);
    reading->text->size = 0;
    out_format(
        reading->text,
        "kafka-sidecar: unknown environment variable '%s'; the nearest known one is '%s'\n",
        name,
        spelt
    );
    free(name);
    return false;
}

static bool read_environment(struct reading *reading, const char *const *environment) {
    for (const char *const *at = environment; *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals || strncmp(*at, environment_prefix, sizeof environment_prefix - 1) != 0) {
            continue;
        }
        const char *key = find_key(*at, (size_t)(equals - *at));
        if (!key) {
            if (is_service_link(*at, equals + 1)) continue;
            return complain_of_variable(reading, *at, (size_t)(equals - *at));
        }
        if (!set(reading, "from the environment: ", key, equals + 1)) return false;
    }
    return true;
}

static bool read_all(struct reading *reading, const char *const *environment) {
    char error[SETTINGS_ERROR_BYTES] = "";
    if (!read_flags(reading, true) || !read_file(reading)) return false;
    if (!read_environment(reading, environment) || !read_flags(reading, false)) return false;
    if (reading->topics.size > 0 && !set(reading, "", "topics", out_text(&reading->topics))) {
        return false;
    }
    return settings_check(reading->settings, error) || complain(reading, "", error);
}

enum arguments_action arguments_read(
    const char *const *argv,
    const char *const *environment,
    struct settings *settings,
    struct out *text
) {
    must(argv[0] != NULL);
    for (const char *const *at = argv + 1; *at; at++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            if (strcmp(*at, texts[i].name) != 0) continue;
            texts[i].print(text);
            return ARGUMENTS_PRINT;
        }
    }
    struct reading reading = { .settings = settings, .text = text, .argv = argv };
    bool good = read_all(&reading, environment);
    out_dispose(&reading.topics);
    return good ? ARGUMENTS_RUN : ARGUMENTS_WRONG;
}
