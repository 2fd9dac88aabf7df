// SPDX-License-Identifier: Apache-2.0
// What polls of one queue keep from one to the next: what they decompress with, the bytes that came
// out last, and where in them the last poll stopped. Used with a lease, of which there is one.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/compression.h"
#include "consumer/wire/message_set.h"
#include "consumer/wire/record_walker.h"

#include <stdbool.h>

struct queued_batch;

/// The batch that a poll stopped in, so that the next one need not decompress it again.
struct resume {
    const struct queued_batch *batch; ///< NULL: none; guarded by the queue's lock
    struct record_walker walker;
    struct message_walker messages;
    bool from_start; ///< the walk begins anew
};

/// A zeroed one is fresh.
struct unpacker {
    struct compression_context compression;
    struct buf decompressed;
    struct resume resume;
};
