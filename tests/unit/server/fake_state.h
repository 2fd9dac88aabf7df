// SPDX-License-Identifier: Apache-2.0
// The inside of the double: shared by its commands, its polls and its configuration.
#pragma once

#include "server/base/out.h"
#include "tests/unit/server/fake_consumer.h"

#include <pthread.h>

enum { FAKE_MOST_PARTITIONS = 64, FAKE_MOST_CONSUMERS = 40 };

/// One record of a log.
struct fake_entry {
    struct kc_bytes key;
    struct kc_bytes value;
    struct kc_bytes headers;
    uint32_t header_count;
    int64_t timestamp_ms;
    bool has_checksum;
    uint32_t checksum;
};

/// One partition's log.
struct fake_partition {
    char *topic;
    int32_t partition;
    int64_t first_offset;
    enum kc_status status;
    int16_t kafka_error;
    struct fake_entry *entries;
    size_t count;
};

/// A consumer's place in one partition.
struct fake_place {
    bool assigned;
    bool paused;
    int64_t position;
    int64_t committed;
    int64_t acknowledged; ///< by a later poll
    bool is_kept;         ///< only a commit acknowledges what was delivered last
    struct kc_bytes committed_metadata;
    int moves; ///< seeks and rewinds; an older poll does not move the position any more
};

/// One consumer. It stays when its kc_consumer is freed, so that tests can look at what it did.
struct fake_consumer {
    struct fake_place places[FAKE_MOST_PARTITIONS];
    struct kc_poll *poll;
    struct kc_poll_error poll_error; ///< KC_OK: none
    struct fake_counts counts;
    char *subscription[FAKE_MOST_PARTITIONS];
    size_t subscription_count;
    char *pattern; ///< NULL: by name
    struct kc_listener listener;
    const struct kc_event *event; ///< to be told next; NULL: none
    bool event_held;              ///< what the listener returned
    int64_t held_rebalance;       ///< 0: none
    bool by_hand;
    bool closed;
    bool freed;
    struct kc_config *config;
};

/// What the server holds; freed with the consumer.
struct kc_consumer {
    struct fake_consumer *state;
};

/// A command on its way to the engine thread.
struct fake_call {
    enum fake_command command;
    struct fake_consumer *consumer;
    enum kc_target target;
    bool named; ///< partitions were given
    struct kc_partition partitions[FAKE_MOST_PARTITIONS];
    size_t count;
    char *topics[FAKE_MOST_PARTITIONS];
    size_t topic_count;
    int64_t rebalance_id;
    char *reason;
    char *pattern;
    struct out names; ///< the texts of the partitions' topics, each with its NUL
    struct kc_call call;
    struct fake_call *next;
};

/// Where a poll is in each partition.
struct kc_poll {
    struct fake_consumer *consumer;
    unsigned flags;
    bool waiting;
    bool interrupted;
    struct kc_call wait;
    int64_t deadline_ms;
    int handed_count;
    size_t last; ///< partition of the last record
    int64_t next[FAKE_MOST_PARTITIONS];
    bool handed[FAKE_MOST_PARTITIONS];
    int moves[FAKE_MOST_PARTITIONS];
    struct kc_poll_error error;
    struct kc_partition next_offsets[FAKE_MOST_PARTITIONS];
};

/// All there is. `mutex` guards everything; `changed` is signalled at each change.
struct fake {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned changes; ///< so far
    pthread_t engine;
    bool stopping;
    struct fake_partition partitions[FAKE_MOST_PARTITIONS];
    size_t partition_count;
    struct fake_call *queue;
    bool held[FAKE_COMMAND_COUNT];
    int called[FAKE_COMMAND_COUNT];

    struct {
        enum kc_status status;
        int16_t kafka_error;
    } failing[FAKE_COMMAND_COUNT];
    struct fake_consumer consumers[FAKE_MOST_CONSUMERS]; ///< in the order of their making
    size_t consumer_count;
    size_t chosen; ///< whom the tests speak of
    bool ready;
    const char *reason;
    struct kc_log log;
};

extern struct fake fake;

/// Takes and gives the mutex.
void fake_lock(void);

/// Gives the mutex.
void fake_unlock(void);

/// Signals a change.
void fake_changed(void);

/// Whom the tests speak of.
struct fake_consumer *fake_chosen(void);

/// A copy that nobody frees.
struct kc_bytes fake_copy_bytes(struct kc_bytes bytes);

/// A command in the making.
struct fake_call *fake_new_call(
    struct kc_consumer *consumer, enum fake_command command, struct kc_call call
);

/// Gives it to the engine thread.
void fake_enqueue(struct fake_call *call);

/// Tells the event in line, on the engine thread, without the mutex.
void fake_tell_event(struct fake_consumer *consumer);

/// Ends the hold, or says that there is none.
void fake_acknowledge(const struct fake_call *call, struct kc_result *result);

/// Counts the request for a rebalance.
void fake_rebalance(const struct fake_call *call);

/// Forgets what was delivered of a partition and neither committed nor acknowledged.
void fake_rewind(
    const struct fake_partition *found, struct fake_place *place, struct kc_partition *result
);

/// The partition, or NULL.
struct fake_partition *fake_find(const char *topic, int32_t partition);

/// The consumer's place in a partition.
struct fake_place *fake_place(struct fake_consumer *consumer, const struct fake_partition *in);

/// Now, on the monotonic clock.
int64_t fake_now_ms(void);

/// Completes the wait of the consumer's poll when it is over; called by the engine thread with the
/// mutex, which it gives up for the callback.
void fake_complete_wait(struct fake_consumer *consumer);

/// The end of the log.
int64_t fake_end(const struct fake_partition *partition);
