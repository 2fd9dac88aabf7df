// SPDX-License-Identifier: Apache-2.0
// The formats of records that a query asks for. Values without threads.
#pragma once

#include "server/json/record.h"

#include <stdbool.h>

struct complaint;
struct params;

/// Reads format=, and key_format=, value_format=, header_format= where they differ from it. False
/// with a complaint.
bool formats_read(
    const struct params *params, struct record_formats *formats, struct complaint *complaint
);
