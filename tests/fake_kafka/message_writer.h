// SPDX-License-Identifier: Apache-2.0
// Writes messages of formats 0 and 1, for the fake broker's old logs and for tests. One thread at a
// time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/compression.h"

#include <stdbool.h>
#include <stdint.h>

/// One message to write. Key and value are borrowed for the call.
struct message_to_write {
    int8_t magic;
    bool is_log_append_time; ///< format 1
    enum compression codec;  ///< of a wrapper, whose value is compressed messages
    int64_t offset;
    int64_t timestamp; ///< format 1
    struct slice key;
    struct slice value;
};

/// Appends one message.
void message_write(const struct message_to_write *message, struct buf *out);

/// Appends a wrapper around `set`, whose offsets are as the format wants them: `wrapper` says all
/// but the value.
void message_write_wrapper(
    const struct message_to_write *wrapper, struct slice set, struct buf *out
);

/// Makes the checksum of a whole message right again, for a test that changed its bytes.
void message_mend_crc(uint8_t *message, size_t size);
