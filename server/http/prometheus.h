// SPDX-License-Identifier: Apache-2.0
// The text format of Prometheus: families, each with its samples behind it. Values without threads.
#pragma once

#include "server/base/out.h"

#include <stddef.h>
#include <stdint.h>

#define PROMETHEUS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

/// What a family is.
enum prometheus_type { PROMETHEUS_COUNTER, PROMETHEUS_GAUGE, PROMETHEUS_HISTOGRAM };

/// A name and its value, which may be any text.
struct prometheus_label {
    const char *name;
    const char *value;
};

/// The labels of a sample.
struct prometheus_labels {
    const struct prometheus_label *items;
    size_t count;
};

/// A histogram's numbers. `counts` has one more than `bounds`, and is not cumulative.
struct prometheus_histogram {
    const int64_t *bounds; ///< upper ones, rising
    const int64_t *counts;
    size_t bound_count;
    int64_t sum;
    double per_unit; ///< how many of the bounds' unit make the base unit
};

/// Begins a family: its help and its type. `name` is whole and valid.
void prometheus_family(
    struct out *out, const char *name, const char *help, enum prometheus_type type
);

/// One sample of the family that was begun last.
void prometheus_sample(
    struct out *out, const char *name, struct prometheus_labels labels, double value
);

/// A family of one sample without labels.
void prometheus_single(
    struct out *out, const char *name, const char *help, enum prometheus_type type, double value
);

/// A family that is one histogram without labels.
void prometheus_histogram(
    struct out *out,
    const char *name,
    const char *help,
    const struct prometheus_histogram *histogram
);
