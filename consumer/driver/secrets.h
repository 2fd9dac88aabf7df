// SPDX-License-Identifier: Apache-2.0
// What the options of security lead to at one moment: their texts without references, and the
// contents of the files that they name. Reading blocks; any thread but the engine's.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/engine/options.h"
#include "consumer/security/security.h"

#include <stdbool.h>

enum { SECRETS_ERROR_BYTES = 512 };

/// One reading. A zeroed one is empty.
struct secrets {
    char *texts[OPTION_COUNT];         ///< of the options of security; NULL: not given, or empty
    struct buf contents[OPTION_COUNT]; ///< of the file that a text names
};

/// The value of security.protocol.
enum security_protocol secrets_protocol(const struct options *options);

/// Reads all that security.protocol has a use for into an empty one, which the caller disposes of
/// in any case. False with a sentence that begins with the property's name.
bool secrets_read(
    struct secrets *secrets, const struct options *options, char error[SECRETS_ERROR_BYTES]
);

/// Overwrites and frees all of it.
void secrets_dispose(struct secrets *secrets);

/// True when both have the same texts and contents.
bool secrets_equal(const struct secrets *a, const struct secrets *b);

/// The content of an option's file; null when the option is not given.
struct slice secrets_content(const struct secrets *secrets, enum option_name name);

/// The path in a file:// URL; NULL for any other text.
const char *secrets_file_url_path(const char *url);
