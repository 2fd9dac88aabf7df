// SPDX-License-Identifier: Apache-2.0
// Bytes of real brokers, kept as commented hex in tests/golden. Any thread.
#pragma once

#include "consumer/base/bytes.h"

/// The bytes of tests/golden/`name`, relative to the project's root, where the tests run: pairs of
/// hex digits; white space and everything from a '#' to the end of its line is skipped. The caller
/// disposes of the buf. A file that is missing or holds anything else fails the test.
struct buf hex_file_load(const char *name);
