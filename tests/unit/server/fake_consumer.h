// SPDX-License-Identifier: Apache-2.0
// A double of consumer/consumer.h for tests of the server: topics in memory, one engine thread,
// commands that can be held back or told to fail. Tests speak of one consumer, the first, unless
// they choose another.
#pragma once

#include "consumer/consumer.h"
#include "server/base/out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The commands, for scripting.
enum fake_command {
    FAKE_SUBSCRIBE,
    FAKE_SUBSCRIBE_PATTERN,
    FAKE_UNSUBSCRIBE,
    FAKE_ASSIGN,
    FAKE_ACKNOWLEDGE,
    FAKE_REBALANCE,
    FAKE_COMMIT,
    FAKE_COMMITTED,
    FAKE_POSITION,
    FAKE_SEEK,
    FAKE_REWIND,
    FAKE_PAUSE,
    FAKE_RESUME,
    FAKE_OFFSETS,
    FAKE_TOPICS,
    FAKE_DESCRIBE,
    FAKE_CLOSE,
    FAKE_WAIT, ///< the end of a poll's wait, which is no command but can be held as they can
    FAKE_COMMAND_COUNT,
};

/// One record to be. Null data is null; offsets are given in order from `first_offset`.
struct fake_record {
    struct kc_bytes key;
    struct kc_bytes value;
    const struct kc_header *headers;
    uint32_t header_count;
    int64_t timestamp_ms;
    bool has_checksum; ///< as of message format 0: then it has no time either
    uint32_t checksum;
};

/// From now on the test speaks of the consumer that was made as number `index`, from 0.
void fake_choose(size_t index);

/// How many consumers have been made.
size_t fake_consumer_count(void);

/// Waits until the chosen consumer is freed.
void fake_wait_for_freed(void);

/// The value of an option of the chosen consumer as it was made, borrowed; NULL: none.
const char *fake_option(const char *key);

/// Makes a partition that is assigned to every consumer, whose log starts at `first_offset`.
void fake_add_partition(const char *topic, int32_t partition, int64_t first_offset);

/// Headers as the double's kc_header_next() takes them; the caller disposes of them.
struct out fake_headers(const struct kc_header *headers, uint32_t count);

/// Appends a record and wakes a waiting poll.
void fake_add_record(const char *topic, int32_t partition, const struct fake_record *record);

/// Appends a record with a text as its value and a null key.
void fake_add_text(const char *topic, int32_t partition, const char *value);

/// Lets the next command of that kind fail as a whole.
void fake_fail_next(enum fake_command command, enum kc_status status, int16_t kafka_error);

/// Lets all commands give this error for one partition.
void fake_fail_partition(
    const char *topic, int32_t partition, enum kc_status status, int16_t kafka_error
);

/// How many commands of that kind have been given.
int fake_called(enum fake_command command);

/// Keeps commands of that kind from completing until fake_release().
void fake_hold(enum fake_command command);

/// Lets commands of that kind go on.
void fake_release(enum fake_command command);

/// Waits until so many commands of that kind have been called since the start.
void fake_wait_for(enum fake_command command, int count);

/// Waits until a poll is waiting (or none is).
void fake_wait_for_waiting(bool waiting);

/// Waits until so many polls have been opened since the start.
void fake_wait_for_opened(int count);

/// Waits until no poll is open.
void fake_wait_for_no_poll(void);

/// Lets kc_poll_next() give this error instead of the next record; the error is given once.
void fake_fail_poll(const struct kc_poll_error *error);

/// The committed offset; -1: none.
int64_t fake_committed(const char *topic, int32_t partition);

/// The next offset to be delivered.
int64_t fake_position(const char *topic, int32_t partition);

/// Whether the partition is paused.
bool fake_paused(const char *topic, int32_t partition);

/// What happened so far.
struct fake_counts {
    int opened;
    int accepted;
    int put_back;
    int closed;
    bool closed_with_autocommit;
    enum kc_farewell closed_with_farewell;
    int acknowledged;        ///< rebalances that were held then
    int64_t acknowledged_id; ///< of the last kc_acknowledge(), held or not; 0: none yet
    int rebalances;          ///< asked for by kc_rebalance()
    char reason[64];         ///< of the last; "" when it gave none
    unsigned last_flags;     ///< of the last poll that was opened
};

/// A copy of the counts.
struct fake_counts fake_counts(void);

/// Tells the consumer's listener an event, on the engine thread, and waits until it has returned.
/// What it returned; for REVOKED and ASSIGNED true means that the rebalance is held now. False
/// without a listener.
bool fake_emit(const struct kc_event *event);

/// The rebalance that is held; 0: none.
int64_t fake_held_rebalance(void);

/// Ends the hold as the time-out would.
void fake_expire_rebalance(void);

/// Waits until so many rebalances have been acknowledged since the start.
void fake_wait_for_acknowledged(int count);

/// What kc_describe() is to say of readiness.
void fake_set_ready(bool ready, const char *reason);
