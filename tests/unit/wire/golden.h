// SPDX-License-Identifier: Apache-2.0
// Reads tests/golden: frames that crossed the wire between a client and a real broker. Test thread.
#pragma once

#include "consumer/base/bytes.h"
#include "tests/unit/wire/catalog.h"

/// One frame. Owns its texts and bytes.
struct golden_frame {
    struct catalog_entry entry;
    int16_t version;
    char *header;     ///< the header as schema_print() gives it
    char *expect;     ///< the message as schema_print() gives it
    struct buf bytes; ///< size, header, message
};

/// Request and response of one exchange.
struct golden_exchange {
    struct golden_frame request;
    struct golden_frame response;
};

/// Reads a file of tests/golden, by its path from the root. Ends the test when there is none, or
/// when it is malformed. The caller gives the exchange to golden_dispose().
void golden_load(const char *path, struct golden_exchange *exchange);

/// Frees what an exchange owns.
void golden_dispose(struct golden_exchange *exchange);
