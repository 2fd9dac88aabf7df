// SPDX-License-Identifier: Apache-2.0
// Both tables, the server's and the consumer's, in the two shapes they are shown in.
#include "server/usage.h"

#include "server/base/must.h"
#include "server/settings.h"

enum { TEXT_COLUMN = 4, LINE_COLUMNS = 96 };

static const char head[] =
    "kafka-sidecar: a Kafka consumer for the application beside it, by HTTP and JSON\n"
    "\n"
    "  kafka-sidecar --bootstrap-server HOST:PORT --group GROUP --topic TOPIC\n"
    "  kafka-sidecar config [--json] …  every setting, its value and where that comes from\n"
    "  kafka-sidecar check [--json] …   tries to reach brokers, topics and group, and tells\n"
    "\n"
    "  --bootstrap-server HOST:PORT,…  bootstrap.servers\n"
    "  --group GROUP                   group.id\n"
    "  --topic TOPIC                   one of topics; may be repeated\n"
    "  --config FILE                   settings in Java's .properties syntax\n"
    "  --set KEY=VALUE                 any setting; may be repeated\n"
    "  --help  --version  --print-options-markdown\n"
    "\n"
    "A setting comes from the command line, else from the environment (group.id is\n"
    "KAFKA_SIDECAR_GROUP_ID), else from the file, else it has its default.\n";

static const char *type_name(enum kc_option_type type) {
    switch (type) {
    case KC_BOOLEAN: return "boolean";
    case KC_INTEGER: return "integer";
    case KC_STRING: return "string";
    case KC_LIST: return "list";
    case KC_CHOICE: return "choice";
    }
    must(!"a type that is none");
    return "";
}

static void print_range(struct out *out, const struct kc_option *option) {
    out_string(out, type_name(option->type));
    if (option->type == KC_INTEGER) {
        out_format(out, " %lld to %lld", (long long)option->min, (long long)option->max);
    } else if (option->choices) {
        OUT_LITERAL(out, " of ");
        for (const char *at = option->choices; *at; at++) {
            out_byte(out, *at);
            if (*at == ',' && at[1] != ' ') out_byte(out, ' ');
        }
    } else if (option->type == KC_BOOLEAN) {
        OUT_LITERAL(out, " true or false");
    }
}

static const char *default_text(const struct kc_option *option) {
    return option->default_value ? option->default_value : "";
}

/// A text in lines of bounded width, each after the same blanks.
static void print_wrapped(struct out *out, const char *text) {
    must(text != NULL);
    while (*text) {
        size_t length = strlen(text);
        if (length > LINE_COLUMNS - TEXT_COLUMN) {
            length = LINE_COLUMNS - TEXT_COLUMN;
            while (length > 1 && text[length] != ' ')
                length--;
        }
        out_format(out, "%*s%.*s\n", TEXT_COLUMN, "", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

static void print_rows(
    struct out *out,
    const struct kc_option *rows,
    size_t count,
    void (*print)(struct out *out, const struct kc_option *option)
) {
    must(rows != NULL || count == 0);
    for (size_t i = 0; i < count; i++)
        print(out, &rows[i]);
}

static void print_help_row(struct out *out, const struct kc_option *option) {
    out_format(out, "  %s (", option->key);
    print_range(out, option);
    if (default_text(option)[0]) out_format(out, ", default %s", default_text(option));
    OUT_LITERAL(out, ")\n");
    print_wrapped(out, option->text);
}

void usage_print_help(struct out *out) {
    size_t own;
    size_t consumer;
    const struct kc_option *own_rows = settings_options(&own);
    const struct kc_option *consumer_rows = kc_options(&consumer);
    out_string(out, head);
    OUT_LITERAL(out, "\nSettings of the server:\n");
    print_rows(out, own_rows, own, print_help_row);
    OUT_LITERAL(out, "\nSettings of the consumer, as Kafka calls them:\n");
    print_rows(out, consumer_rows, consumer, print_help_row);
}

void usage_print_version(struct out *out) {
    OUT_LITERAL(out, "kafka-sidecar " SIDECAR_VERSION "\n");
}

/// A cell's text; the bar would end the cell.
static void print_cell(struct out *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') out_byte(out, '\\');
        out_byte(out, *text);
    }
}

static void print_markdown_row(struct out *out, const struct kc_option *option) {
    out_format(out, "| `%s` | ", option->key);
    print_range(out, option);
    OUT_LITERAL(out, " | ");
    if (default_text(option)[0]) out_format(out, "`%s`", default_text(option));
    OUT_LITERAL(out, " | ");
    print_cell(out, option->text);
    OUT_LITERAL(out, " |\n");
}

void usage_print_markdown(struct out *out) {
    size_t own;
    size_t consumer;
    const struct kc_option *own_rows = settings_options(&own);
    const struct kc_option *consumer_rows = kc_options(&consumer);
    OUT_LITERAL(out, "| key | type | default | meaning |\n|---|---|---|---|\n");
    print_rows(out, own_rows, own, print_markdown_row);
    print_rows(out, consumer_rows, consumer, print_markdown_row);
}
