// SPDX-License-Identifier: Apache-2.0
// The records of one batch, one after the other, straight from the decompressed bytes: the hot
// path. One thread at a time.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/wire/record_batch.h"

#include <stdbool.h>
#include <stdint.h>

/// One record. Slices are borrowed from the bytes that are walked.
struct record {
    int64_t offset;
    int64_t timestamp;    ///< ms since 1970; log append time where the batch says so
    struct slice key;     ///< null and empty differ
    struct slice value;   ///< null and empty differ
    struct slice headers; ///< header_count encoded headers, for record_header_next(); checked
    uint32_t header_count;
};

/// Where a walk stands. Only `bad` is for the caller to read.
struct record_walker {
    const uint8_t *at;
    const uint8_t *end;
    int64_t base_offset;
    int64_t timestamp;          ///< of every record (log append time), or what deltas count from
    int64_t least_offset_delta; ///< no next record's may be below
    int32_t last_offset_delta;  ///< no record's may be above
    int32_t records_left;
    bool is_log_append_time;
    bool bad; ///< the records are damaged: the last record_walker_next() was no regular end
};

/// Begins a walk over `records`: the batch's payload, decompressed. Both are borrowed, the bytes
/// for as long as records of the walk are used, the batch for this call.
void record_walker_init(
    struct record_walker *walker, const struct record_batch *batch, struct slice records
);

/// The next record, checked in whole: its lengths, its headers, an offset above the one before and
/// within the batch. False at the end, and from the first damage on: then `bad` is set, what came
/// before was good, and `record` holds nothing of use. Damage is also a record more or less than
/// the batch's header says.
bool record_walker_next(struct record_walker *walker, struct record *record);

/// Takes the next header off `headers` (a record's, copied by the caller); false when there is none
/// left. The key is never null, the value may be. For headers that record_walker_next() handed
/// out, false means the end.
bool record_header_next(struct slice *headers, struct slice *key, struct slice *value);
