// SPDX-License-Identifier: Apache-2.0
// Keys and values as other Kafka clients spell them (Kafka's own Java client, librdkafka), so that
// their configuration files work here: what means the same as a setting of ours, what does nothing
// here, and what cannot be had. Values without threads.
#pragma once

#include "server/base/out.h"

#include <stddef.h>

/// What a key of another client comes to.
enum foreign_verdict {
    FOREIGN_UNKNOWN, ///< no client's that is known
    FOREIGN_SAME,    ///< a setting of ours under another name
    FOREIGN_IDLE,    ///< accepted, and does nothing
    FOREIGN_REFUSED, ///< it would change what the consumer does
};

/// What was made of one key and its value.
struct foreign_reading {
    enum foreign_verdict verdict;
    const char *key; ///< ours, when it is the same. Static
    const char *why; ///< a sentence about an idle or refused one. Static
};

/// Judges a key that is none of ours. When it means the same as one of ours, `value` is changed to
/// what that one wants; a value that is no number stays, for the setting itself to complain of.
struct foreign_reading foreign_read(const char *key, struct out *value);

/// Changes the value of one of our settings from another client's spelling to ours: class names of
/// assignors, librdkafka's words for places in the log. Any other stays as it is.
void foreign_translate(const char *key, struct out *value);

/// The `index`th foreign key; NULL past the last. Static.
const char *foreign_key(size_t index);
