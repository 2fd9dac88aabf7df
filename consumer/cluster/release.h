// SPDX-License-Identifier: Apache-2.0
// Which release of Kafka a broker may be, from what it offers. For people alone: nothing is decided
// by it. Constant data, any thread.
#pragma once

#include <stdint.h>

/// The releases whose newest version of Fetch is this one ("3.5 and 3.6"). Static; NULL when no
/// release is known by it.
const char *release_of_fetch(int16_t newest_version);
