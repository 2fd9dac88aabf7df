// SPDX-License-Identifier: Apache-2.0
// Message formats 0 and 1, from before record batches: what old logs hold, newer brokers give out
// as it is. A message is a record, or a wrapper whose value is more messages, compressed. Any
// thread; a walker belongs to one thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compression_context;
struct record;

/// Messages at the front of some bytes that belong together: one wrapper, or as many messages of
/// one format that are no wrappers as follow each other.
struct message_set {
    struct slice bytes;
    int64_t next_offset; ///< the offset to read after it
};

/// Takes the messages at the front of `bytes` together; the first must be whole and of an old
/// format (record_batch_parse() says BATCH_OLD_FORMAT). It ends before whatever is anything else.
void message_set_take(struct slice bytes, struct message_set *set);

/// How a set is unpacked.
struct message_unpacking {
    struct compression_context *context;
    size_t max_size; ///< of what a wrapper may hold
    bool check_crcs;
};

/// Decompresses what a wrapper holds into `out`; of a set without one, nothing is done. Formats
/// differ here: in format 0 the header checksum of lz4 frames is wrong, and mended.
/// STATUS_CORRUPT_RECORDS: the wrapper is damaged, or holds nothing; the statuses of
/// compression_decompress().
enum status message_set_unpack(
    struct slice set, const struct message_unpacking *how, struct buf *out
);

/// Where a walk over the records of a set stands. `bad` and what is said of the last record are for
/// the caller to read. A zeroed one is at its end.
struct message_walker {
    const uint8_t *at;
    const uint8_t *end;
    int64_t base_offset;  ///< what offsets count from: 0, or in wrappers of format 1 its first
    int64_t least_offset; ///< no next record's may be below
    int64_t last_offset;  ///< no record's may be above
    int64_t timestamp;    ///< of every record, when the wrapper has the broker's time
    int8_t magic;
    bool is_wrapped;
    bool is_log_append_time; ///< by the wrapper
    bool check_crcs;
    bool bad;               ///< damaged: the last message_walker_next() was no regular end
    int64_t skip_offset;    ///< when bad: the offset to go on with in order to pass the damage
    uint32_t checksum;      ///< of the last record: the CRC-32 that it was stored with
    int32_t timestamp_type; ///< of the last record: -1 none (format 0), 0 create time, 1 log append
};

/// Begins a walk over a set from message_set_take(), which message_set_unpack() has not refused;
/// `unpacked` is what it made of it. Both are borrowed for as long as records of the walk are used.
/// A wrapper whose messages make no sense is bad from the start.
void message_walker_init(
    struct message_walker *walker, struct slice set, struct slice unpacked, bool check_crcs
);

/// The next record, with an offset above the one before; timestamp -1 in format 0, no headers.
/// False at the end, and from the first damage on: then `bad` is set and `record` holds nothing of
/// use. Records outside wrappers have checksums of their own, which are checked one by one.
bool message_walker_next(struct message_walker *walker, struct record *record);
