// SPDX-License-Identifier: Apache-2.0
// Finds the blocks of a PEM text as people hand it over: with other text around them, indented,
// with Windows' line ends, or, as in a properties file, all on one line. Any thread.
#pragma once

#include "consumer/base/bytes.h"

#include <stdbool.h>

/// One block. Both borrow from the text.
struct pem_block {
    struct slice label; ///< "CERTIFICATE"
    struct slice body;  ///< what is between the two lines; data NULL: the END line is missing
};

/// The next block of `rest`, which moves on; false when there is none.
bool pem_next(struct slice *rest, struct pem_block *block);

/// True for a text that has a block.
bool pem_is(struct slice text);

/// True when a block's label is `name`, or ends with a blank and it ("RSA PRIVATE KEY").
bool pem_is_labelled(const struct pem_block *block, const char *name);

/// Replaces `out` by the block as OpenSSL reads it: lines of 64 characters. The headers of an old
/// encrypted key keep their lines. A block without its END line must not be written.
void pem_write(const struct pem_block *block, struct buf *out);
