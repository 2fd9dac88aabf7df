// SPDX-License-Identifier: Apache-2.0
// Whole engines against the fake cluster, in memory and on a virtual clock: a test says what
// happens, the world lets time pass. One thread.
#pragma once

#include "consumer/cluster/cluster.h"
#include "consumer/engine/command.h"
#include "consumer/engine/commit.h"
#include "consumer/engine/engine.h"
#include "consumer/engine/engine_state.h"
#include "consumer/engine/event.h"
#include "consumer/engine/handover.h"
#include "consumer/engine/job.h"
#include "consumer/group/assignment.h"
#include "consumer/group/member.h"
#include "consumer/net/request.h"
#include "tests/fake_kafka/fake_cluster.h"
#include "tests/fake_kafka/fake_group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_API_COUNT = 96,
    WORLD_VALUE_BYTES = 64,
    WORLD_TOPIC_BYTES = 32,
    WORLD_TEXT_BYTES = 200
};

/// Seconds as milliseconds.
#define SECONDS(number) ((int64_t)1000 * (number))

struct world;
struct world_consumer;
struct world_link;

/// A record that an application got.
struct world_record {
    char topic[WORLD_TOPIC_BYTES];
    int32_t partition;
    int64_t offset;
    char value[WORLD_VALUE_BYTES]; ///< cut
};

/// A row of a call, with copies of what the engine's rows borrow.
struct world_row {
    char topic[WORLD_TOPIC_BYTES];
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    int32_t leader_epoch;
    enum status status;
    int16_t kafka_error;
    char metadata[WORLD_VALUE_BYTES];
};

/// A command that was given to an engine, and what became of it. Owned by the world.
struct world_call {
    struct world_call *prev; ///< utlist
    struct world_call *next;
    struct world_consumer *consumer;
    enum command_kind kind;
    int completions; ///< 0 or 1; the world ends the test at a second one, and at none in time
    enum status status;
    int16_t kafka_error;
    struct world_row *rows;
    size_t row_count;
    int32_t topic_count; ///< of COMMAND_TOPICS
    int64_t deadline_ms;
    int64_t finished_at_ms;
};

/// An event that an application was told, with copies of what it borrowed.
struct world_event {
    enum event_kind kind;
    int64_t at_ms;
    int64_t rebalance_id;
    int32_t ack_within_ms;
    struct world_row *rows;
    size_t row_count;
    char texts[3][WORLD_TEXT_BYTES]; ///< of STATE_CHANGED: old, new, reason; of ERROR: the text
    enum status status;
    int16_t kafka_error;
    bool fatal;
};

/// One engine with its application.
struct world_consumer {
    struct world_consumer *prev; ///< utlist
    struct world_consumer *next;
    struct world *world;
    int number; ///< 1, 2…
    struct engine *engine;
    bool is_woken;
    bool is_dead; ///< as after kill -9
    int64_t due_at_ms;

    // the application
    bool polls;          ///< waits, polls, waits…
    int32_t max_records; ///< of one poll
    unsigned poll_flags; ///< of enum lease_flags
    int64_t thinks_for_ms;
    bool is_waiting; ///< a WAIT is under way
    int64_t poll_at_ms;
    struct world_record *records; ///< all that were delivered
    size_t record_count;
    size_t record_capacity;
    enum status last_error; ///< of the last poll that told one
    int16_t last_kafka_error;
    char last_error_topic[WORLD_TOPIC_BYTES];
    int error_count;
    bool holds[EVENT_ERROR + 1]; ///< the listener asks to hold these
    struct world_event *events;  ///< all that were told
    size_t event_count;
};

/// The world. Set-up fields may be changed at any time.
struct world {
    struct fake_cluster cluster;
    struct random random;
    int64_t now_ms;
    int64_t dial_ms;      ///< from dial to connected
    int64_t latency_ms;   ///< of every message, each way
    int64_t jitter_ms;    ///< added to it, at most
    uint32_t black_holes; ///< bits by node id: dials there never end
    struct world_consumer *consumers;
    struct world_link *links;
    struct world_call *calls;
    int consumer_count;
    int seen[WORLD_API_COUNT];        ///< requests served, by API
    int16_t version[WORLD_API_COUNT]; ///< of the last one
    void (*on_seen)(void *arg, const struct fake_seen *seen);
    void (*on_record
    )(void *arg, struct world_consumer *consumer, const struct world_record *record);
    void (*on_poll)(void *arg, struct world_consumer *consumer); ///< before a poll takes records
    void (*on_event)(void *arg, struct world_consumer *consumer, const struct world_event *event);
    void *arg; ///< of all four
};

/// A world with brokers 1 to `broker_count` and a topic "t" with `partition_count` partitions (0:
/// no topic). Freed by world_free().
struct world *world_new(int32_t broker_count, int32_t partition_count);

/// Closes every consumer, checks that every call completed once, and frees all.
void world_free(struct world *world);

/// A consumer that knows all brokers, with more options as "key=value key=value…".
struct world_consumer *world_add(struct world *world, const char *texts);

/// The same, subscribed to "t", with an application that polls.
struct world_consumer *world_add_polling(struct world *world, const char *texts);

/// The same, with an application that has not polled yet; what there is has been prefetched.
struct world_consumer *world_add_prefetching(struct world *world, const char *texts);

/// Cuts a consumer off for good, as kill -9 does.
void world_kill(struct world_consumer *consumer);

// Time -------------------------------------------------------------------------------------------

/// Lets virtual time pass.
void world_run(struct world *world, int64_t for_ms);

/// Lets time pass until `is_true`, at most `limit_ms`; what it is then.
bool world_run_until(struct world *world, bool (*is_true)(void *arg), void *arg, int64_t limit_ms);

/// Ends the test unless the consumer's application has got `count` records by then.
void world_await_records(struct world_consumer *consumer, size_t count, int64_t limit_ms);

/// Ends the test unless the consumer has `count` partitions by then.
void world_await_assigned(struct world_consumer *consumer, size_t count, int64_t limit_ms);

/// Ends the test unless every assigned partition is being fetched by then.
void world_await_fetching(struct world_consumer *consumer, int64_t limit_ms);

/// Ends the test unless the call completes by its deadline; its status.
enum status world_await(struct world_call *call);

/// Ends the test unless the group has this offset committed by then.
void world_await_committed(
    struct world *world, const char *topic, int32_t partition, int64_t offset, int64_t limit_ms
);

/// Ends the test unless `count` requests of an API have been served since it began, by then.
void world_await_seen(struct world *world, enum api_key api, int count, int64_t limit_ms);

// The application --------------------------------------------------------------------------------

/// One poll, now: takes at most `max_records`, accepts them. How many there were.
size_t world_poll(struct world_consumer *consumer, int32_t max_records);

/// The same, and puts them back: the answer did not reach the application.
size_t world_poll_put_back(struct world_consumer *consumer, int32_t max_records);

/// How many of the delivered records are of a partition.
size_t world_count_of(const struct world_consumer *consumer, const char *topic, int32_t partition);

/// Ends the test unless the delivered records of "t"-`partition` are `from` to `to` - 1, each once,
/// in order, with their own values.
void world_check_sequence(
    const struct world_consumer *consumer, int32_t partition, int64_t from, int64_t to
);

/// Ends the test unless one poll, now, delivers `from` to `to` - 1 of "t"-`partition` and nothing
/// else.
void world_expect_next(
    struct world_consumer *consumer, int32_t partition, int64_t from, int64_t to
);

// Events -----------------------------------------------------------------------------------------

/// The last event of a kind that the consumer's listener was told; NULL: none yet.
const struct world_event *world_event(const struct world_consumer *consumer, enum event_kind kind);

/// How many events of a kind there were.
int world_event_count(const struct world_consumer *consumer, enum event_kind kind);

/// Ends the test unless there are `count` events of a kind by then; the last of them.
const struct world_event *world_await_event(
    struct world_consumer *consumer, enum event_kind kind, int count, int64_t limit_ms
);

// Calls ------------------------------------------------------------------------------------------

/// A command in the making: rows are added by world_command_row().
struct command *world_command(enum command_kind kind, int64_t timeout_ms);

/// Adds a row; for seeks to offsets and commits with an offset, else -1.
void world_command_row(
    struct command *command, const char *topic, int32_t partition, int64_t offset
);

/// Gives it to the engine.
struct world_call *world_give(struct world_consumer *consumer, struct command *command);

/// SUBSCRIBE to one topic, or UNSUBSCRIBE for NULL.
struct world_call *world_subscribe(struct world_consumer *consumer, const char *topic);

/// ASSIGN of "t"-`partition`, starting at an offset, or -1 for where it was committed.
struct world_call *world_assign(struct world_consumer *consumer, int32_t partition, int64_t offset);

/// COMMIT of what was delivered.
struct world_call *world_commit_all(struct world_consumer *consumer);

/// COMMIT of one offset of "t".
struct world_call *world_commit(struct world_consumer *consumer, int32_t partition, int64_t offset);

/// SEEK of "t"-`partition`; the offset counts for TARGET_OFFSET, and is the time for
/// TARGET_TIMESTAMP.
struct world_call *world_seek(
    struct world_consumer *consumer, int32_t partition, enum command_target target, int64_t offset
);

/// PAUSE, RESUME, POSITION or COMMITTED of "t"-`partition`; all assigned for -1.
struct world_call *world_ask(
    struct world_consumer *consumer, enum command_kind kind, int32_t partition
);

/// ACKNOWLEDGE.
struct world_call *world_acknowledge(struct world_consumer *consumer, int64_t rebalance_id);

/// CLOSE.
struct world_call *world_close(
    struct world_consumer *consumer, bool autocommit, int64_t timeout_ms
);

// Views ------------------------------------------------------------------------------------------

/// Puts a fault in line that strikes once, at any broker.
void world_fault(struct world *world, enum api_key api, enum fake_fault_kind kind, int64_t number);

/// Puts an error in line, `times` times: for the whole answer, or for all partitions.
void world_error(
    struct world *world, enum api_key api, enum fake_fault_kind kind, int16_t code, int32_t times
);

/// The position of "t"-`partition`; NULL: not assigned.
const struct position *world_position(const struct world_consumer *consumer, int32_t partition);

/// The member's description.
struct member_description world_member(const struct world_consumer *consumer);

/// The one group's ("g"); NULL: none yet.
struct fake_group *world_group(const struct world *world);

/// The committed offset of the group "g"; -1: none.
int64_t world_committed(const struct world *world, const char *topic, int32_t partition);

// Between the world's files
// ------------------------------------------------------------------------

/// Serves what connections want: dials, bytes, closes.
void world_links_serve(struct world *world, struct world_consumer *consumer);

/// Delivers what has arrived by now.
void world_links_deliver(struct world *world);

/// Takes what the brokers have to send.
void world_links_collect(struct world *world);

/// When the next thing arrives; INT64_MAX: nothing is on its way.
int64_t world_links_due_ms(const struct world *world);

/// Closes the brokers' ends of a consumer's links and forgets them.
void world_links_cut(struct world *world, const struct world_consumer *consumer);

/// Steps a consumer's engine until it has nothing more to do now.
void world_consumer_step(struct world_consumer *consumer);

/// What the consumer's listener is told.
bool world_on_event(void *arg, const struct event *event);

/// What the application does now.
void world_consumer_app(struct world_consumer *consumer);
