// SPDX-License-Identifier: Apache-2.0
// Commands and flags are looked up in tables. Sources are applied from the weakest to the
// strongest: file, environment, command line.
#include "server/arguments.h"

#include "server/base/must.h"
#include "server/config_report.h"
#include "server/foreign.h"
#include "server/origins.h"
#include "server/properties.h"
#include "server/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILE_BYTES = 1 << 20 };

static const char environment_prefix[] = "KAFKA_SIDECAR_";

/// What the program is asked to do.
enum command { COMMAND_RUN, COMMAND_CONFIG, COMMAND_CHECK };

/// One reading.
struct reading {
    struct settings *settings;
    struct out *text;        ///< the answer or the complaint
    struct out topics;       ///< --topic, joined
    struct out shown;        ///< what a complaint shows of the command line
    const char *config;      ///< --config
    const char *const *argv; ///< behind the program's name and the command
    enum command command;
    bool json; ///< --json
};

static bool complain(struct reading *reading, const char *where, const char *what) {
    reading->text->size = 0;
    out_format(reading->text, "kafka-sidecar: %s%s\n", where, what);
    return false;
}

/// What a complaint begins with.
static void describe_place(struct out *where, const struct origin *origin) {
    switch (origin->kind) {
    case ORIGIN_DEFAULT:
    case ORIGIN_SET: return;
    case ORIGIN_ENVIRONMENT: OUT_LITERAL(where, "from the environment: "); return;
    case ORIGIN_FILE:
    case ORIGIN_FLAG: out_format(where, "%s: ", origin->place); return;
    }
}

static bool complain_of_value(
    struct reading *reading, const struct origin *origin, const char *key, const char *what
) {
    struct out where = { 0 };
    describe_place(&where, origin);
    if (origin->spelt && key) out_format(&where, "%s, here %s: ", origin->spelt, key);
    if (origin->spelt && !key) out_format(&where, "%s: ", origin->spelt);
    (void)complain(reading, out_text(&where), what);
    out_dispose(&where);
    return false;
}

/// Replaces the references in a value, unless the consumer does that by itself. What they lead to
/// is set without being shown, whatever is wrong with it.
static bool set_resolved(
    struct settings *settings, const char *key, const char *value, char error[SETTINGS_ERROR_BYTES]
) {
    if (!strstr(value, "${") || kc_resolves(key)) return settings_set(settings, key, value, error);
    char why[KC_ERROR_BYTES] = "";
    char *resolved = kc_resolve(value, why);
    bool same = resolved && strcmp(resolved, value) == 0;
    bool good = resolved && settings_set(settings, key, resolved, error);
    if (resolved) explicit_bzero(resolved, strlen(resolved));
    free(resolved);
    if (good || same) return good;
    const char *what = resolved ? "what its references lead to is not a value that it takes" : why;
    (void)snprintf(error, SETTINGS_ERROR_BYTES, "%s: %s", key, what);
    return false;
}

/// Sets one of our settings, whose value may be spelled as elsewhere.
static bool set_known(
    struct reading *reading, const struct origin *origin, const char *key, struct out *value
) {
    must(key != NULL);
    char error[SETTINGS_ERROR_BYTES] = "";
    foreign_translate(key, value);
    if (!set_resolved(reading->settings, key, out_text(value), error)) {
        return complain_of_value(reading, origin, key, error);
    }
    origins_note(reading->settings->origins, key, *origin);
    return true;
}

/// Frees a text that may be a secret, or have some in it.
static void forget(struct out *text) {
    if (text->data) explicit_bzero(text->data, text->capacity);
    out_dispose(text);
}

/// Takes one key with its value from a source, whoever's client the key belongs to.
static bool set(struct reading *reading, struct origin origin, const char *key, const char *text) {
    must(key != NULL && text != NULL);
    struct out value = { 0 };
    bool good = false;
    out_string(&value, text);
    struct foreign_reading foreign = { FOREIGN_UNKNOWN, NULL, NULL };
    if (!settings_has(key)) foreign = foreign_read(key, &value);
    switch (foreign.verdict) {
    case FOREIGN_UNKNOWN: good = set_known(reading, &origin, key, &value); break;
    case FOREIGN_SAME:
        origin.spelt = key;
        good = set_known(reading, &origin, foreign.key, &value);
        break;
    case FOREIGN_IDLE:
        origin.idle = foreign.why;
        origins_note(reading->settings->origins, key, origin);
        good = true;
        break;
    case FOREIGN_REFUSED:
        origin.spelt = key;
        good = complain_of_value(reading, &origin, NULL, foreign.why);
        break;
    }
    forget(&value);
    return good;
}

static bool set_by_flag(
    struct reading *reading, const char *flag, const char *key, const char *value
) {
    return set(reading, (struct origin){ ORIGIN_FLAG, flag, NULL, NULL }, key, value);
}

static bool set_pair(struct reading *reading, const char *pair) {
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair) return complain(reading, "--set wants ", "key=value");
    char *key = strndup(pair, (size_t)(equals - pair));
    must(key != NULL);
    bool good = set(reading, (struct origin){ ORIGIN_SET, "--set", NULL, NULL }, key, equals + 1);
    free(key);
    return good;
}

static bool set_bootstrap(struct reading *reading, const char *value) {
    return set_by_flag(reading, "--bootstrap-server", "bootstrap.servers", value);
}

static bool set_group(struct reading *reading, const char *value) {
    return set_by_flag(reading, "--group", "group.id", value);
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

/// The words that may stand before all flags.
static const struct {
    const char *name;
    enum command command;
} commands[] = {
    { "config", COMMAND_CONFIG },
    { "check", COMMAND_CHECK },
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

/// --json belongs to the commands that print.
static bool take_switch(struct reading *reading, const char *argument) {
    bool known = reading->command != COMMAND_RUN && strcmp(argument, "--json") == 0;
    reading->json |= known;
    return known;
}

/// Goes over the command line; `early` chooses which flags are applied.
static bool read_flags(struct reading *reading, bool early) {
    for (const char *const *at = reading->argv; *at; at++) {
        if (take_switch(reading, *at)) continue;
        const struct flag *flag = find_flag(*at);
        const char *name = *at;
        if (!flag) { // what is behind its name may be a secret
            out_format(&reading->shown, "%.*s", (int)strcspn(name, "="), name);
            complain(reading, "unknown argument ", out_text(&reading->shown));
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
    char place[SETTINGS_ERROR_BYTES];
    (void)snprintf(place, sizeof place, "%s:%u", file->reading->config, line);
    struct origin origin = { ORIGIN_FILE, place, NULL, NULL };
    file->complained = !set(file->reading, origin, key, value);
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
    forget(&content);
    return good;
}

/// Kubernetes gives each pod such variables for services; one may be called kafka-sidecar.
static bool is_service_link(const char *name, const char *value) {
    return strstr(name, "SERVICE_HOST") || strstr(name, "SERVICE_PORT") || strstr(name, "_TCP") ||
           strstr(name, "_UDP") || strncmp(value, "tcp://", 6) == 0 ||
           strncmp(value, "udp://", 6) == 0;
}

/// The `index`th key of ours or of another client; NULL past the last.
static const char *any_key(size_t index) {
    size_t counts[2];
    const struct kc_option *tables[2] = { settings_options(&counts[0]), kc_options(&counts[1]) };
    for (size_t t = 0; t < 2; t++) {
        if (index < counts[t]) return tables[t][index].key;
        index -= counts[t];
    }
    return foreign_key(index);
}

/// The key that the environment spells `name`; NULL when there is none.
static const char *find_key(const char *name, size_t length) {
    must(name != NULL && length > 0);
    const char *key;
    for (size_t i = 0; (key = any_key(i)) != NULL; i++) {
        char spelt[SETTINGS_NAME_BYTES];
        if (!settings_environment_name(key, spelt)) continue;
        if (strlen(spelt) == length && memcmp(spelt, name, length) == 0) return key;
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

static bool set_from_environment(
    struct reading *reading, const char *entry, size_t length, const char *key
) {
    char *name = strndup(entry, length);
    must(name != NULL && entry[length] == '=');
    struct origin origin = { ORIGIN_ENVIRONMENT, name, NULL, NULL };
    bool good = set(reading, origin, key, entry + length + 1);
    free(name);
    return good;
}

static bool read_environment(struct reading *reading, const char *const *environment) {
    for (const char *const *at = environment; *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals || strncmp(*at, environment_prefix, sizeof environment_prefix - 1) != 0) {
            continue;
        }
        size_t length = (size_t)(equals - *at);
        const char *key = find_key(*at, length);
        if (!key) {
            if (is_service_link(*at, equals + 1)) continue;
            return complain_of_variable(reading, *at, length);
        }
        if (!set_from_environment(reading, *at, length, key)) return false;
    }
    return true;
}

static bool read_all(struct reading *reading, const char *const *environment) {
    if (!read_flags(reading, true) || !read_file(reading)) return false;
    if (!read_environment(reading, environment) || !read_flags(reading, false)) return false;
    if (reading->topics.size == 0) return true;
    return set_by_flag(reading, "--topic", "topics", out_text(&reading->topics));
}

/// Does what the command wants with settings that could be read, be they good as a whole or not.
static enum arguments_action conclude(struct reading *reading) {
    char error[SETTINGS_ERROR_BYTES] = "";
    bool good = settings_check(reading->settings, error);
    switch (reading->command) {
    case COMMAND_RUN:
    case COMMAND_CHECK:
        if (good && reading->command == COMMAND_RUN) return ARGUMENTS_RUN;
        if (good) return reading->json ? ARGUMENTS_CHECK_JSON : ARGUMENTS_CHECK;
        (void)complain(reading, "", error);
        return ARGUMENTS_WRONG;
    case COMMAND_CONFIG:
        config_report_print(reading->text, reading->settings, good ? NULL : error, reading->json);
        return good ? ARGUMENTS_PRINT : ARGUMENTS_PRINT_WRONG;
    }
    must(!"a command that is none");
    return ARGUMENTS_WRONG;
}

static void read_command(struct reading *reading) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!*reading->argv || strcmp(*reading->argv, commands[i].name) != 0) continue;
        reading->command = commands[i].command;
        reading->argv++;
        return;
    }
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
    struct reading reading = { .settings = settings, .text = text, .argv = argv + 1 };
    read_command(&reading);
    bool good = read_all(&reading, environment);
    out_dispose(&reading.topics);
    out_dispose(&reading.shown);
    return good ? conclude(&reading) : ARGUMENTS_WRONG;
}
