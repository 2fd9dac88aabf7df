// SPDX-License-Identifier: Apache-2.0
// Parses option values against the table. Every value is kept as its text, and as a number where it
// has one.
#include "consumer/engine/options.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row rows[OPTION_COUNT] = {
#define OPTION_ROW(name, key, type, min, max, choices, default_value, text) \
    { key, OPTION_##type, min, max, choices, default_value, text },
    OPTION_LIST_OF_ALL(OPTION_ROW)
#undef OPTION_ROW
};

const struct option_row *options_row(enum option_name name) {
    must((size_t)name < OPTION_COUNT);
    return &rows[name];
}

const struct option_row *options_find(const char *key, enum option_name *name) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(rows[i].key, key) != 0) continue;
        *name = (enum option_name)i;
        return &rows[i];
    }
    return NULL;
}

__attribute__((format(printf, 2, 3))) static enum status complain(
    char error[OPTION_ERROR_BYTES], const char *format, ...
) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, OPTION_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return STATUS_INVALID_CONFIG;
}

// The number of single-character edits that turn one text into the other, for texts of an option's
// length.
static size_t edit_distance(const char *a, const char *b) {
    enum { LONGEST = 64 };

    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > LONGEST || b_size > LONGEST) return LONGEST;
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_size];
}

static const char *nearest_key(const char *key) {
    const char *nearest = rows[0].key;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t distance = edit_distance(key, rows[i].key);
        if (distance < least) {
            least = distance;
            nearest = rows[i].key;
        }
    }
    return nearest;
}

// Finds one word in a list separated by commas; -1 when it is not there.
static int64_t index_in_list(const char *list, const char *word, size_t size) {
    int64_t index = 0;
    for (const char *at = list; at; index++) {
        const char *comma = strchr(at, ',');
        size_t length = comma ? (size_t)(comma - at) : strlen(at);
        if (length == size && strncmp(at, word, size) == 0) return index;
        at = comma ? comma + 1 : NULL;
    }
    return -1;
}

static enum status parse_integer(
    const struct option_row *row, const char *value, int64_t *number, char *error
) {
    char *end = NULL;
    errno = 0;
    long long parsed = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno == ERANGE) {
        return complain(error, "%s: '%s' is not an integer", row->key, value);
    }
    if (parsed < row->min || parsed > row->max) {
        return complain(
            error,
            "%s: %lld is outside %lld..%lld",
            row->key,
            parsed,
            (long long)row->min,
            (long long)row->max
        );
    }
    *number = parsed;
    return STATUS_OK;
}

static enum status check_list(const struct option_row *row, const char *value, char *error) {
    for (const char *at = value; *at;) {
        size_t size = strcspn(at, ",");
        if (size == 0) return complain(error, "%s: '%s' has an empty element", row->key, value);
        if (row->choices && index_in_list(row->choices, at, size) < 0) {
            return complain(
                error, "%s: '%.*s' is not one of %s", row->key, (int)size, at, row->choices
            );
        }
        at += size;
        if (*at == ',') at++;
    }
    return STATUS_OK;
}

static enum status parse(
    const struct option_row *row, const char *value, int64_t *number, char *error
) {
    switch (row->type) {
    case OPTION_INTEGER: return parse_integer(row, value, number, error);
    case OPTION_BOOLEAN:
        *number = strcmp(value, "true") == 0;
        if (*number || strcmp(value, "false") == 0) return STATUS_OK;
        return complain(error, "%s: '%s' is neither true nor false", row->key, value);
    case OPTION_CHOICE:
        *number = index_in_list(row->choices, value, strlen(value));
        if (*number >= 0) return STATUS_OK;
        return complain(error, "%s: '%s' is not one of %s", row->key, value, row->choices);
    case OPTION_LIST: return check_list(row, value, error);
    case OPTION_STRING:
    case OPTION_SECRET: return STATUS_OK;
    }
    must(!"an option type without a parser");
    return STATUS_INVALID_CONFIG;
}

enum status options_set(
    struct options *options, const char *key, const char *value, char error[OPTION_ERROR_BYTES]
) {
    enum option_name name = OPTION_COUNT;
    const struct option_row *row = options_find(key, &name);
    if (!row)
        return complain(error, "unknown key '%.80s'; did you mean %s?", key, nearest_key(key));
    int64_t number = 0;
    if (!value) value = row->default_value;
    enum status status = value ? parse(row, value, &number, error) : STATUS_OK;
    if (status) return status;
    secret_free(options->texts[name]);
    options->texts[name] = must_strdup(value);
    options->numbers[name] = number;
    return STATUS_OK;
}

void options_init(struct options *options) {
    *options = (struct options){ 0 };
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char error[OPTION_ERROR_BYTES];
        if (!rows[i].default_value) continue;
        enum status status = options_set(options, rows[i].key, rows[i].default_value, error);
        must(status == STATUS_OK);
    }
}

void options_copy(struct options *to, const struct options *from) {
    *to = *from;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        to->texts[i] = must_strdup(from->texts[i]);
}

void options_dispose(struct options *options) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        secret_free(options->texts[i]);
    *options = (struct options){ 0 };
}

int64_t options_number(const struct options *options, enum option_name name) {
    must((size_t)name < OPTION_COUNT);
    return options->numbers[name];
}

const char *options_text(const struct options *options, enum option_name name) {
    must((size_t)name < OPTION_COUNT);
    return options->texts[name];
}

const char *options_given(const struct options *options, enum option_name name) {
    const char *text = options_text(options, name);
    return text && text[0] ? text : NULL;
}

bool options_is_late(enum option_name name) {
    const struct option_row *row = options_row(name);
    bool is_text = row->type == OPTION_STRING || row->type == OPTION_SECRET;
    return is_text && name > OPTION_SECURITY_PROTOCOL;
}

static bool parse_port(const char *digits, size_t count, int32_t *port) {
    int32_t number = 0;
    if (count == 0 || count > 5) return false;
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        number = number * 10 + (digits[i] - '0');
    }
    *port = number;
    return number >= 1 && number <= 65535;
}

// Splits "host:port" or "[v6]:port"; false when it is neither.
static bool split_address(
    const char *entry, size_t entry_size, char *host, size_t size, int32_t *port
) {
    const char *colon = memrchr(entry, ':', entry_size);
    if (!colon || colon == entry) return false;
    size_t host_size = (size_t)(colon - entry);
    if (!parse_port(colon + 1, entry_size - host_size - 1, port)) return false;
    if (entry[0] == '[' && entry[host_size - 1] == ']') {
        entry++;
        host_size -= 2;
    } else if (memchr(entry, ':', host_size)) {
        return false;
    }
    if (host_size == 0 || host_size >= size) return false;
    memcpy(host, entry, host_size);
    host[host_size] = '\0';
    return true;
}

static const char *list_entry(const char *list, size_t index, size_t *size) {
    const char *at = list;
    for (; at && index > 0; index--) {
        at = strchr(at, ',');
        if (at) at++;
    }
    if (!at || !*at) return NULL;
    while (*at == ' ')
        at++;
    *size = strcspn(at, ",");
    while (*size > 0 && at[*size - 1] == ' ')
        (*size)--;
    return at;
}

bool options_bootstrap(
    const struct options *options, size_t index, char *host, size_t size, int32_t *port
) {
    const char *list = options_text(options, OPTION_BOOTSTRAP_SERVERS);
    size_t entry_size = 0;
    const char *entry = list ? list_entry(list, index, &entry_size) : NULL;
    return entry && split_address(entry, entry_size, host, size, port);
}

static enum status check_bootstrap(const struct options *options, char *error) {
    const char *list = options_text(options, OPTION_BOOTSTRAP_SERVERS);
    if (!list || !*list) return complain(error, "bootstrap.servers: is not set");
    size_t entry_size = 0;
    for (size_t i = 0;; i++) {
        char host[256];
        int32_t port = 0;
        const char *entry = list_entry(list, i, &entry_size);
        if (!entry) return STATUS_OK;
        if (!options_bootstrap(options, i, host, sizeof host, &port)) {
            return complain(
                error, "bootstrap.servers: '%.*s' is not host:port", (int)entry_size, entry
            );
        }
    }
}

enum status options_check(const struct options *options, char error[OPTION_ERROR_BYTES]) {
    enum status status = check_bootstrap(options, error);
    if (status) return status;
    const char *group_id = options_text(options, OPTION_GROUP_ID);
    if (group_id && !*group_id) return complain(error, "group.id: is empty");
    const char *instance_id = options_text(options, OPTION_GROUP_INSTANCE_ID);
    if (instance_id && !*instance_id) return complain(error, "group.instance.id: is empty");
    if (!*options_text(options, OPTION_PARTITION_ASSIGNMENT_STRATEGY)) {
        return complain(error, "partition.assignment.strategy: is empty");
    }
    if (options_number(options, OPTION_HEARTBEAT_INTERVAL_MS) >=
        options_number(options, OPTION_SESSION_TIMEOUT_MS)) {
        return complain(error, "heartbeat.interval.ms: must be lower than session.timeout.ms");
    }
    return options_check_security(options, error);
}
