// SPDX-License-Identifier: Apache-2.0
// Content codings of answers (RFC 9110, section 12.5.3): which one a client wants, and bodies
// compressed by it. Values without threads.
#pragma once

#include "server/base/out.h"

#include <stdbool.h>

/// The codings that there are, from the one that costs us least.
enum encoding { ENCODING_IDENTITY, ENCODING_ZSTD, ENCODING_GZIP };

/// What a client takes.
struct encoding_wish {
    enum encoding best; ///< what it likes best; of equals the one with the lower number
    bool takes_plain;   ///< whether it takes a body as it is
};

/// Reads an Accept-Encoding header (NULL: none, which takes bodies as they are). False when nothing
/// that can be had is taken.
bool encoding_choose(const char *header, struct encoding_wish *wish);

/// Its name in HTTP. Static.
const char *encoding_name(enum encoding encoding);

/// Compresses a body, which is not the identity, into `to`, which is empty. False without memory.
bool encoding_apply(enum encoding encoding, const struct out *body, struct out *to);
