// SPDX-License-Identifier: Apache-2.0
// One partition of a command or of a look-up, on its way in and out. Engine thread, but for the
// making of a command.
#pragma once

#include "consumer/base/bytes.h"
#include "consumer/base/status.h"
#include "consumer/wire/uuid.h"

#include <stdbool.h>
#include <stdint.h>

/// The longest name that Kafka gives a topic.
enum { LONGEST_TOPIC_NAME = 249 };

/// True when the name and number can be a partition's: for what users and peers say.
bool row_is_plausible(const char *topic, int32_t partition);

/// One partition. Which fields are in and which are out is the command's affair.
struct row {
    const char *topic;
    int32_t partition;
    int32_t leader_epoch; ///< of the record before `offset`; -1: not known
    int64_t offset;       ///< -1: none
    int64_t timestamp_ms; ///< asked or found; ListOffsets' special values where a look-up asks
    struct slice metadata;
    enum status status;
    int16_t kafka_error;
    // of look-ups and commits under way
    bool is_done;
    bool is_in_flight;
    uint32_t version;     ///< of the position that it is for, when it was asked
    int32_t incarnation;  ///< of the topic that a commit is for
    struct uuid topic_id; ///< as asked
};
