// SPDX-License-Identifier: Apache-2.0
// Line by line; only values of labels and help texts need escapes.
#include "server/http/prometheus.h"

#include "server/base/must.h"
#include "server/json/number.h"

#include <math.h>
#include <stdio.h>

static const struct prometheus_labels no_labels = { NULL, 0 };

/// `quote`: quotes are escaped too, as in a label's value.
static void append_escaped(struct out *out, const char *text, bool quote) {
    must(text != NULL);
    for (; *text; text++) {
        if (*text == '\n') {
            OUT_LITERAL(out, "\\n");
            continue;
        }
        if (*text == '\\' || (quote && *text == '"')) out_byte(out, '\\');
        out_byte(out, *text);
    }
}

static void append_number(struct out *out, double value) {
    if (isnan(value)) {
        OUT_LITERAL(out, "NaN");
    } else if (isinf(value)) {
        out_string(out, value > 0 ? "+Inf" : "-Inf");
    } else {
        number_append_double(out, value);
    }
}

static const char *type_name(enum prometheus_type type) {
    switch (type) {
    case PROMETHEUS_COUNTER: return "counter";
    case PROMETHEUS_GAUGE: return "gauge";
    case PROMETHEUS_HISTOGRAM: return "histogram";
    }
    must(!"a type that is none");
    return "";
}

void prometheus_family(
    struct out *out, const char *name, const char *help, enum prometheus_type type
) {
    out_format(out, "# HELP %s ", name);
    append_escaped(out, help, false);
    out_format(out, "\n# TYPE %s %s\n", name, type_name(type));
}

void prometheus_sample(
    struct out *out, const char *name, struct prometheus_labels labels, double value
) {
    must(labels.items != NULL || labels.count == 0);
    out_string(out, name);
    for (size_t i = 0; i < labels.count; i++) {
        out_format(out, "%c%s=\"", i == 0 ? '{' : ',', labels.items[i].name);
        append_escaped(out, labels.items[i].value, true);
        out_byte(out, '"');
    }
    if (labels.count > 0) out_byte(out, '}');
    out_byte(out, ' ');
    append_number(out, value);
    out_byte(out, '\n');
}

void prometheus_single(
    struct out *out, const char *name, const char *help, enum prometheus_type type, double value
) {
    prometheus_family(out, name, help, type);
    prometheus_sample(out, name, no_labels, value);
}

void prometheus_histogram(
    struct out *out,
    const char *name,
    const char *help,
    const struct prometheus_histogram *histogram
) {
    must(histogram->bound_count > 0);
    int64_t count = 0;
    prometheus_family(out, name, help, PROMETHEUS_HISTOGRAM);
    for (size_t i = 0; i <= histogram->bound_count; i++) {
        count += histogram->counts[i];
        out_format(out, "%s_bucket{le=\"", name);
        bool last = i == histogram->bound_count;
        append_number(
            out, last ? (double)INFINITY : (double)histogram->bounds[i] / histogram->per_unit
        );
        out_format(out, "\"} %lld\n", (long long)count);
    }
    out_format(out, "%s_sum ", name);
    append_number(out, (double)histogram->sum / histogram->per_unit);
    out_format(out, "\n%s_count %lld\n", name, (long long)count);
}
