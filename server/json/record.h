// SPDX-License-Identifier: Apache-2.0
// One record as JSON, straight from the consumer's memory into the answer's body. One thread at a
// time for one writer.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>

/// How bytes of records become JSON.
enum record_format {
    RECORD_STRING, ///< a string; what is no UTF-8 as base64 under another key
    RECORD_BASE64, ///< always base64
    RECORD_JSON,   ///< embedded as it is when it is JSON, else as RECORD_STRING
};

/// What a poll asked for.
struct record_formats {
    enum record_format key;
    enum record_format value;
    enum record_format header; ///< of header values
    bool lines;                ///< one record a line: no line end may appear inside
};

/// Reads the name of a format ("string", "base64", "json"); false when there is none of that name.
bool record_format_find(const char *name, enum record_format *format);

/// Writes the records of one answer; remembers the part that records of one partition share.
struct record_writer {
    struct record_formats formats;
    char *topic; ///< of the last record; NULL before the first
    int32_t partition;
    int32_t leader_epoch;
    int32_t timestamp_type;
    struct out head; ///< {"topic":…,"partition":…,"offset":
    struct out tail; ///< ,"timestamp_type":…,"leader_epoch":…
};

/// A writer for one answer.
void record_writer_init(struct record_writer *writer, struct record_formats formats);

/// Appends one record as an object, with neither comma nor line end around it.
void record_write(struct record_writer *writer, struct out *out, const struct kc_record *record);

/// Frees what the writer remembers.
void record_writer_dispose(struct record_writer *writer);
