// SPDX-License-Identifier: Apache-2.0
// One row a setting, in the order of the tables, in two shapes.
#include "server/config_report.h"

#include "server/base/must.h"
#include "server/json/writer.h"
#include "server/origins.h"
#include "server/settings.h"

static const char mask[] = "********";

enum { WIDEST_VALUE = 40 };

/// One setting as it is shown.
struct row {
    const char *key;
    const char *value; ///< masked if it is secret; "": none
    bool secret;
    const struct origin *origin;
};

static struct row row_of(const struct settings *settings, const struct kc_option *option) {
    const char *value = settings_value(settings, option->key);
    return (struct row){
        .key = option->key,
        .value = option->secret && value[0] ? mask : value,
        .secret = option->secret,
        .origin = origins_find(settings->origins, option->key),
    };
}

/// The `index`th row of both tables; false past the last.
static bool row_at(const struct settings *settings, size_t index, struct row *row) {
    size_t own;
    size_t consumer;
    const struct kc_option *own_rows = settings_options(&own);
    const struct kc_option *consumer_rows = kc_options(&consumer);
    if (index >= own + consumer) return false;
    *row = row_of(settings, index < own ? &own_rows[index] : &consumer_rows[index - own]);
    return true;
}

struct widths {
    int key;
    int value;
};

static struct widths widths_of(const struct settings *settings) {
    struct widths widths = { 0, 0 };
    struct row row;
    for (size_t i = 0; row_at(settings, i, &row); i++) {
        int key = (int)strlen(row.key);
        int value = (int)strnlen(row.value, WIDEST_VALUE);
        if (key > widths.key) widths.key = key;
        if (value > widths.value) widths.value = value;
    }
    return widths;
}

static void print_origin(struct out *out, const struct origin *origin) {
    must(origin != NULL);
    switch (origin->kind) {
    case ORIGIN_DEFAULT: OUT_LITERAL(out, "default"); break;
    case ORIGIN_ENVIRONMENT: out_format(out, "environment %s", origin->place); break;
    case ORIGIN_FILE:
    case ORIGIN_FLAG:
    case ORIGIN_SET: out_string(out, origin->place); break;
    }
    if (origin->spelt) out_format(out, " (%s)", origin->spelt);
}

/// A value may have line ends in it, which would end its row.
static void print_value(struct out *out, const char *value, int width) {
    size_t before = out->size;
    out_format(out, "%-*s", width, value[0] ? value : "-");
    for (char *at = out->data + before; at < out->data + out->size; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
}

static void print_table(struct out *out, const struct settings *settings) {
    struct widths widths = widths_of(settings);
    struct row row;
    out_format(out, "%-*s  %-*s  from\n", widths.key, "key", widths.value, "value");
    for (size_t i = 0; row_at(settings, i, &row); i++) {
        out_format(out, "%-*s  ", widths.key, row.key);
        print_value(out, row.value, widths.value);
        OUT_LITERAL(out, "  ");
        print_origin(out, row.origin);
        out_byte(out, '\n');
    }
    const struct origin *origin;
    const char *key;
    for (size_t i = 0; (key = origins_idle(settings->origins, i, &origin)) != NULL; i++)
        out_format(out, "no effect: %s from %s: %s\n", key, origin->place, origin->idle);
}

static void write_origin(struct out *out, const struct origin *origin) {
    must(origin != NULL);
    bool placed = origin->place[0] != '\0';
    writer_member_string(out, "source", origins_kind_name(origin->kind));
    writer_member_string(out, "place", placed ? origin->place : NULL);
    if (origin->spelt) writer_member_string(out, "spelt", origin->spelt);
}

static void write_rows(struct out *out, const struct settings *settings) {
    struct row row;
    writer_key(out, "settings");
    writer_begin_array(out);
    for (size_t i = 0; row_at(settings, i, &row); i++) {
        writer_begin_object(out);
        writer_member_string(out, "key", row.key);
        writer_member_string(out, "value", row.value[0] ? row.value : NULL);
        if (row.secret) writer_member_boolean(out, "secret", true);
        write_origin(out, row.origin);
        writer_end_object(out);
    }
    writer_end_array(out);
}

static void write_idle(struct out *out, const struct settings *settings) {
    const struct origin *origin;
    const char *key;
    writer_key(out, "no_effect");
    writer_begin_array(out);
    for (size_t i = 0; (key = origins_idle(settings->origins, i, &origin)) != NULL; i++) {
        writer_begin_object(out);
        writer_member_string(out, "key", key);
        write_origin(out, origin);
        writer_member_string(out, "why", origin->idle);
        writer_end_object(out);
    }
    writer_end_array(out);
}

void config_report_print(
    struct out *out, const struct settings *settings, const char *wrong, bool json
) {
    must(settings->origins != NULL);
    if (!json) {
        print_table(out, settings);
        if (wrong) out_format(out, "wrong: %s\n", wrong);
        return;
    }
    writer_begin_object(out);
    write_rows(out, settings);
    write_idle(out, settings);
    writer_member_string(out, "wrong", wrong);
    writer_end_object(out);
    out_byte(out, '\n');
}
