// SPDX-License-Identifier: Apache-2.0
// A Kafka consumer as a C library: the whole public API. Every function may be called from any
// thread, unless its comment says otherwise; no call waits for the network. What needs the cluster
// is a command: it completes exactly once, by a callback on the library's engine thread, at the
// latest when its timeout is over. Names and meanings are those of Apache Kafka's consumer.
//
// Ownership: what goes into a call is borrowed for the call and copied where it is kept. What a
// callback is given is borrowed until the callback returns.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KC_EXPORT __attribute__((visibility("default")))

/// The result of a call. KC_OK is 0; the order is that of the library's own list.
enum kc_status {
    KC_OK,
    KC_INVALID_ARGUMENT,
    KC_INVALID_CONFIG,
    KC_NO_RECORDS,
    KC_POLL_IN_PROGRESS,
    KC_NOT_ASSIGNED,
    KC_SUBSCRIPTION_CONFLICT,
    KC_NO_GROUP,
    KC_ILLEGAL_GENERATION,
    KC_UNKNOWN_MEMBER,
    KC_REBALANCE_IN_PROGRESS,
    KC_NO_SUCH_REBALANCE,
    KC_FENCED,
    KC_NO_OFFSET,
    KC_OFFSET_OUT_OF_RANGE,
    KC_LOG_TRUNCATED,
    KC_CORRUPT_RECORDS,
    KC_NO_SUCH_TOPIC,
    KC_NO_SUCH_PARTITION,
    KC_TOPIC_AUTHORIZATION_FAILED,
    KC_GROUP_AUTHORIZATION_FAILED,
    KC_OFFSET_METADATA_TOO_LARGE,
    KC_UNSUPPORTED_VERSION,
    KC_BROKER_UNAVAILABLE,
    KC_TLS_FAILED,
    KC_AUTHENTICATION_FAILED,
    KC_COORDINATOR_UNAVAILABLE,
    KC_TIMED_OUT,
    KC_DISCONNECTED,
    KC_INVALID_FRAME,
    KC_TOO_LARGE,
    KC_OUT_OF_MEMORY,
    KC_KAFKA_ERROR,
    KC_INTERRUPTED,
    KC_CLOSED,
};

/// The name without its prefix, in upper snake case ("NOT_ASSIGNED"). Static.
KC_EXPORT const char *kc_status_name(enum kc_status status);

/// One sentence for people. Static.
KC_EXPORT const char *kc_status_text(enum kc_status status);

/// The name of a broker's error code as Kafka spells it ("NOT_LEADER_OR_FOLLOWER"). Static.
KC_EXPORT const char *kc_kafka_error_name(int16_t code);

/// True when the same call may succeed later without a change by the caller.
KC_EXPORT bool kc_retriable(enum kc_status status, int16_t kafka_error);

// ---------------------------------------------------------------------------------------------------------------------
// Configuration

/// The kinds of value that an option takes.
enum kc_option_type { KC_BOOLEAN, KC_INTEGER, KC_STRING, KC_LIST, KC_CHOICE };

/// One row of the table of options, from which help texts and README tables are printed.
struct kc_option {
    const char *key; ///< Kafka's property name
    enum kc_option_type type;
    int64_t min; ///< of KC_INTEGER
    int64_t max;
    const char
        *choices; ///< of KC_CHOICE and KC_LIST, separated by commas; NULL where any text goes
    const char *default_value; ///< as text; NULL when there is none
    const char *text;          ///< one sentence
    bool secret;               ///< never shown
};

/// The table of all consumer options; `count` gets its length. Static.
KC_EXPORT const struct kc_option *kc_options(size_t *count);

/// A set of option values. One thread at a time.
struct kc_config;

/// A new configuration with every option at its default; the caller frees it.
KC_EXPORT struct kc_config *kc_config_new(void);

/// A copy; the caller frees it.
KC_EXPORT struct kc_config *kc_config_dup(const struct kc_config *config);

/// Frees a configuration. NULL is fine.
KC_EXPORT void kc_config_free(struct kc_config *config);

enum { KC_ERROR_BYTES = 256 };

/// Sets one option from text; NULL gives it its default again. On KC_INVALID_CONFIG `error` says in
/// a sentence which key or value is wrong and what would be right (an unknown key names the nearest
/// known one).
KC_EXPORT enum kc_status kc_config_set(
    struct kc_config *config, const char *key, const char *value, char error[KC_ERROR_BYTES]
);

/// The value as text, or NULL for an unknown key or one without a value. Borrowed until the next
/// change.
KC_EXPORT const char *kc_config_get(const struct kc_config *config, const char *key);

/// Checks that the values make sense together, and reads the files that options of security name.
/// On KC_INVALID_CONFIG `error` begins with the key and has no secret in it. Blocks for files.
KC_EXPORT enum kc_status kc_config_check(
    const struct kc_config *config, char error[KC_ERROR_BYTES]
);

/// True for an option of security whose value may have references in it (`${file:/path}`,
/// `${file:/path:key}`, `${dir:/path:key}`, `${env:NAME}`): the consumer replaces them by itself,
/// again each credentials.refresh.interval.ms.
KC_EXPORT bool kc_resolves(const char *key);

/// Replaces the references in a value, for any other option; the caller frees the result. NULL with
/// a sentence in `error`. Blocks for files.
KC_EXPORT char *kc_resolve(const char *value, char error[KC_ERROR_BYTES]);

// ---------------------------------------------------------------------------------------------------------------------
// Runtime and consumers

/// Levels of log lines, most important first.
enum kc_log_level { KC_LOG_ERROR, KC_LOG_WARN, KC_LOG_INFO, KC_LOG_DEBUG };

/// Where log lines go: level, noun, past verb, key=value text. Called by the engine thread and by
/// callers' threads.
struct kc_log {
    void (*write
    )(void *arg, enum kc_log_level level, const char *noun, const char *verb, const char *details);
    void *arg;
    enum kc_log_level level;
};

/// The engine thread with its event loop. One serves all consumers of a process.
struct kc_runtime;

/// Starts the engine thread. `log` is copied. NULL when threads or files run out.
KC_EXPORT struct kc_runtime *kc_runtime_new(const struct kc_log *log);

/// Stops the engine thread and frees the runtime. All consumers must have been freed before.
KC_EXPORT void kc_runtime_free(struct kc_runtime *runtime);

/// One consumer: a member of a group, or a reader of assigned partitions.
struct kc_consumer;

struct kc_event;

/// Who is told what happens to a consumer (Kafka's ConsumerRebalanceListener, and more).
/// `on_event` is called on the engine thread and must not block; it may make calls, which take
/// effect after it has returned. For KC_PARTITIONS_REVOKED and KC_PARTITIONS_ASSIGNED what it
/// returns counts: true asks the engine to hold the rebalance until kc_acknowledge(), at most
/// `ack_within_ms`.
struct kc_listener {
    bool (*on_event)(void *arg, const struct kc_event *event);
    void *arg;
};

/// Opens a consumer; connecting goes on in the background, and so does joining the group as soon as
/// there is a subscription. `listener` (NULL: none) is copied, and may be told events before this
/// returns. NULL with a sentence in `error` when the configuration as a whole makes no sense, or a
/// file of its security cannot be read: see kc_config_check().
KC_EXPORT struct kc_consumer *kc_consumer_new(
    struct kc_runtime *runtime,
    const struct kc_config *config,
    const struct kc_listener *listener,
    char error[KC_ERROR_BYTES]
);

struct kc_result;

/// How a command completes. `done` is called exactly once, on the engine thread, and must not
/// block.
struct kc_call {
    void (*done)(void *arg, const struct kc_result *result);
    void *arg;
    int32_t timeout_ms; ///< 0 or less: `default.api.timeout.ms`
};

/// Whether a closing consumer leaves its group (KIP-1092).
enum kc_farewell {
    KC_FAREWELL_DEFAULT, ///< a static member stays, any other leaves
    KC_FAREWELL_LEAVE,
    KC_FAREWELL_REMAIN, ///< the group waits for it until its session ends
};

/// How a consumer is closed.
struct kc_close_options {
    bool autocommit; ///< commit what is acknowledged, if enable.auto.commit is on
    enum kc_farewell farewell;
};

/// Closes the consumer: gives up its partitions (KC_PARTITIONS_REVOKED is told, and held if the
/// listener wants it), commits, leaves the group, closes connections. `options` NULL: with
/// auto-commit and the default farewell. Later commands complete with KC_CLOSED, but for
/// kc_acknowledge(), kc_commit() and kc_committed() while the partitions are held. A second close
/// completes with the first; it may only shorten its time.
KC_EXPORT void kc_close(
    struct kc_consumer *consumer, const struct kc_close_options *options, struct kc_call call
);

/// Lets files and references of the options of security be looked at now, and not only after
/// credentials.refresh.interval.ms. Any thread.
KC_EXPORT void kc_refresh_credentials(struct kc_consumer *consumer);

/// Frees a consumer whose close has completed and whose poll, if any, has been accepted or
/// returned. Not to be called from a callback.
KC_EXPORT void kc_consumer_free(struct kc_consumer *consumer);

// ---------------------------------------------------------------------------------------------------------------------
// Commands

/// One partition of a command or of its result. Fields that a command does not use are ignored.
struct kc_partition {
    const char *topic;
    int32_t partition;
    int32_t leader_epoch; ///< of the record before `offset`; -1: not known
    int64_t offset;       ///< the next offset to read; -1: none
    int64_t timestamp_ms; ///< of offsets for times; -1: none
    const char *metadata; ///< of a commit, any bytes; NULL: none
    size_t metadata_size;
    enum kc_status status; ///< of this partition, in results
    int16_t kafka_error;   ///< the broker's code, 0 when it said none
};

/// What a command came to. `status` is that of the whole command; partitions may have their own
/// errors beside KC_OK.
struct kc_result {
    enum kc_status status;
    int16_t kafka_error;
    const char *message; ///< a sentence with particulars; never NULL
    const struct kc_partition *partitions;
    size_t partition_count;
    const struct kc_topic *topics; ///< of kc_topics()
    size_t topic_count;
    const struct kc_description *description; ///< of kc_describe(), else NULL
};

/// Where a seek goes, and what kc_offsets() asks for.
enum kc_target {
    KC_TO_OFFSET,    ///< `offset`
    KC_TO_BEGINNING, ///< the first offset of the log
    KC_TO_END,       ///< the high watermark, or the last stable offset when
                     ///< isolation.level=read_committed
    KC_TO_COMMITTED, ///< the group's committed offset, else auto.offset.reset
    KC_TO_TIMESTAMP, ///< the first record at or after `timestamp_ms`, else the end
};

/// Subscribes to topics by name, in place of an earlier subscription; joins the group in the
/// background. Completes as soon as it is noted. KC_SUBSCRIPTION_CONFLICT while partitions are
/// assigned by hand, KC_NO_GROUP without group.id.
KC_EXPORT void kc_subscribe(
    struct kc_consumer *consumer, const char *const *topics, size_t count, struct kc_call call
);

/// Subscribes to all topics whose whole name matches a regular expression (Perl's syntax), in place
/// of an earlier subscription; internal topics are left out. Topics that come later are found when
/// metadata is asked again (metadata.max.age.ms); one that was deleted is given up once several
/// answers in a row lack it. The group is joined when a topic matches. Completes as soon as it is
/// noted. KC_INVALID_ARGUMENT, with the reason in the result's message, for a pattern that is none
/// or too large; KC_SUBSCRIPTION_CONFLICT and KC_NO_GROUP as kc_subscribe().
KC_EXPORT void kc_subscribe_pattern(
    struct kc_consumer *consumer, const char *pattern, struct kc_call call
);

/// Ends a subscription (leaving the group) or a manual assignment. Completes when left.
KC_EXPORT void kc_unsubscribe(struct kc_consumer *consumer, struct kc_call call);

/// Assigns partitions by hand, in place of an earlier manual assignment. `offset` -1: start at the
/// committed offset if there is a group, else by auto.offset.reset. KC_SUBSCRIPTION_CONFLICT while
/// subscribed, and until kc_unsubscribe() has completed.
KC_EXPORT void kc_assign(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Ends the hold of a rebalance: the application is done with what goes, or has sought where it
/// wants to start in what came. KC_NO_SUCH_REBALANCE when that rebalance is not held, or not any
/// more.
KC_EXPORT void kc_acknowledge(
    struct kc_consumer *consumer, int64_t rebalance_id, struct kc_call call
);

/// Asks for a rebalance of the group (Kafka's enforceRebalance); `reason` (NULL: none) goes to the
/// brokers' logs, cut at 255 bytes. Completes as soon as it is noted. KC_NO_GROUP without group.id,
/// KC_SUBSCRIPTION_CONFLICT without a subscription, the member's own error when it has ended for
/// good.
KC_EXPORT void kc_rebalance(struct kc_consumer *consumer, const char *reason, struct kc_call call);

/// Commits. `partitions` NULL: for every assigned partition the position after the last delivered
/// record; a partition whose position is committed already is answered with it. Otherwise just what
/// is given. Results per partition.
KC_EXPORT void kc_commit(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Asks the group's committed offsets, with metadata and leader epoch; -1 where none. NULL: of all
/// assigned.
KC_EXPORT void kc_committed(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// The next offset that a poll will return; waits until it is known. NULL: of all assigned.
KC_EXPORT void kc_position(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Moves positions; prefetched records of these partitions are dropped. NULL: all assigned, which
/// `target` KC_TO_OFFSET does not allow. Completes with the resulting positions once they are
/// known.
KC_EXPORT void kc_seek(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Undoes what was delivered and neither committed nor acknowledged, as for an application that
/// starts again: each assigned partition goes back to the later of its last committed and (with
/// enable.auto.commit) acknowledged position, else to where it started when it was assigned or
/// sought. Never goes forward; prefetched records are dropped only where the position moves.
/// Completes at once with the resulting positions, -1 where none is known yet. No poll may be open:
/// KC_POLL_IN_PROGRESS.
KC_EXPORT void kc_rewind(struct kc_consumer *consumer, struct kc_call call);

/// Stops delivery of partitions; what is prefetched is kept for later. NULL: all assigned.
/// Completes with all that are paused then.
KC_EXPORT void kc_pause(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Goes on with paused partitions. NULL: all. Completes with all that are still paused.
KC_EXPORT void kc_resume(
    struct kc_consumer *consumer,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// Looks offsets up (beginning, end, or by timestamp; not KC_TO_OFFSET or KC_TO_COMMITTED) of any
/// partitions, assigned or not. By timestamp, `offset` is -1 where no record is that late.
KC_EXPORT void kc_offsets(
    struct kc_consumer *consumer,
    enum kc_target target,
    const struct kc_partition *partitions,
    size_t count,
    struct kc_call call
);

/// One partition of a topic.
struct kc_topic_partition {
    int32_t partition;
    int32_t leader; ///< node id; -1: none at present
    int32_t leader_epoch;
    int16_t kafka_error;
    const int32_t *replicas;
    size_t replica_count;
    const int32_t *in_sync_replicas;
    size_t in_sync_replica_count;
};

/// One topic of the cluster.
struct kc_topic {
    const char *topic;
    uint8_t topic_id[16]; ///< zero where the broker has none
    bool internal;
    enum kc_status status;
    int16_t kafka_error;
    const struct kc_topic_partition *partitions;
    size_t partition_count;
};

/// Asks the cluster for its topics: one by name (KC_NO_SUCH_TOPIC when it does not exist), or all
/// with NULL.
KC_EXPORT void kc_topics(struct kc_consumer *consumer, const char *topic, struct kc_call call);

/// One assigned partition, as it is now.
struct kc_partition_state {
    const char *topic;
    int32_t partition;
    bool paused;
    int64_t position;           ///< next offset to deliver; -1: not known yet
    int64_t committed;          ///< last known; -1: none or not known
    int64_t high_watermark;     ///< -1: not known
    int64_t last_stable_offset; ///< -1: not known
    int64_t lag; ///< to the high watermark (read_committed: last stable offset); -1: not known
    int64_t acknowledged;     ///< what an automatic commit would commit; -1: nothing yet
    int64_t buffered_bytes;   ///< prefetched
    int64_t buffered_records; ///< the same in offsets: gaps count as records
    int32_t leader;           ///< node id; -1: not known
    int32_t leader_epoch;
    int32_t preferred_replica; ///< node id of the follower to fetch from (KIP-392); -1: the leader
    const char *state;         ///< of the position, e.g. "fetching"
    enum kc_status last_error; ///< KC_OK: none
    int16_t kafka_error;
};

/// A broker that is known, or an address of bootstrap.servers, as it is now.
struct kc_broker_state {
    int32_t node_id; ///< -1: an address of bootstrap.servers
    const char *host;
    int32_t port;
    const char *state;   ///< of the connection for short requests, e.g. "ready", "closed"
    const char *release; ///< Kafka's releases that offer what it does ("3.5 or 3.6"), for people;
                         ///< NULL: not known
    const char *last_error; ///< why the last connection failed or could not be made; "": none did
};

/// A consumer as it is now.
struct kc_description {
    const char
        *state; ///< "unsubscribed", "assigned" (by hand), or the member's state, e.g. "stable"
    bool ready; ///< in the group with an assignment known, or assigned by hand, and the cluster
                ///< reachable
    const char *reason;   ///< why it is not ready, in a sentence; "" when it is
    const char *group_id; ///< NULL: none
    const char *member_id;
    const char *group_instance_id; ///< NULL: none
    const char *client_id;
    int32_t generation;           ///< -1: none
    const char *protocol;         ///< "classic"
    const char *assignor;         ///< NULL while there is none
    int32_t coordinator;          ///< node id; -1: not known
    const char *coordinator_host; ///< NULL: not known
    int32_t coordinator_port;
    const char *cluster_id;   ///< NULL: not known
    int64_t heartbeat_age_ms; ///< since the last good heartbeat answer; -1: none yet
    int64_t heartbeat_interval_ms;
    int64_t session_timeout_ms;
    int64_t rebalance_count;        ///< completed since start
    int64_t failed_rebalance_count; ///< attempts to join that failed
    const char *rebalance_reason;   ///< of the last one; "" before the first
    int64_t rebalance_age_ms;       ///< since the last one was completed; -1: none yet
    int64_t held_rebalance_id;      ///< waits for kc_acknowledge(); 0: none does
    int64_t held_for_ms;            ///< that it will be held at most from now on; 0: none is
    int64_t buffered_bytes;         ///< prefetched and not delivered, of all partitions
    int64_t connection_count;       ///< open to brokers
    const struct kc_broker_state *brokers;
    size_t broker_count;
    const char *const *subscription; ///< with a pattern: the topics that match it at present
    size_t subscription_count;
    const char *subscription_pattern; ///< NULL: subscribed by name, or not at all
    bool assigned_by_hand;
    const struct kc_partition_state *assignment;
    size_t assignment_count;
    enum kc_status last_error; ///< the last that concerned the consumer as a whole; KC_OK: none
    int16_t last_kafka_error;
    const char *last_error_text; ///< "" when there is none
};

/// Completes at once with a description of the consumer; needs no broker.
KC_EXPORT void kc_describe(struct kc_consumer *consumer, struct kc_call call);

// ---------------------------------------------------------------------------------------------------------------------
// Events

/// What a listener is told.
enum kc_event_kind {
    /// Partitions are about to go: by a rebalance, an unsubscribe or a close. They are neither
    /// fetched nor delivered any more; this member still owns them, and commits are taken. While it
    /// is held, kc_commit() works, and a kc_poll_open() acknowledges what earlier polls delivered.
    /// Then auto-commit commits what is acknowledged, commits under way are waited for, and the
    /// partitions are gone. Told only when there are some.
    KC_PARTITIONS_REVOKED,
    /// Partitions have come: those of the assignment that were not there before. While it is held,
    /// their positions are looked up and may be sought, and nothing is fetched or delivered. Told
    /// after every rebalance, also with no partitions (never held then, `ack_within_ms` is 0).
    KC_PARTITIONS_ASSIGNED,
    /// Partitions are gone and may have other owners already: nothing can be committed. Never held.
    /// May take the place of a KC_PARTITIONS_REVOKED that is held or whose commits are under way.
    /// Told only when there were some.
    KC_PARTITIONS_LOST,
    /// `old_state` to `new_state`, names as in kc_description.state.
    KC_STATE_CHANGED,
    /// Something went wrong: told when it begins, not again before it has been over. It is of the
    /// group membership; of the cluster, when no broker can be reached; of one partition, or of a
    /// subscribed topic (its `partition` is -1), which is in `partitions`; or of an automatic
    /// commit, with those that failed. Records that cannot be read are told by polls alone.
    KC_ERROR,
};

/// One event. What it points to is borrowed until the listener returns. Partitions assigned by hand
/// come and go without events.
struct kc_event {
    enum kc_event_kind kind;
    int64_t rebalance_id;  ///< of REVOKED and ASSIGNED: counts up from 1, one for each; else 0
    int32_t ack_within_ms; ///< of REVOKED and ASSIGNED: how long the engine waits if it is asked to
    const struct kc_partition *partitions; ///< of REVOKED, ASSIGNED and LOST; of an ERROR that
                                           ///< concerns one. `offset`: the position; -1: not known
    size_t partition_count;
    const char *old_state; ///< of STATE_CHANGED, as `new_state` and `reason`; else NULL
    const char *new_state;
    const char *reason;    ///< "" when there is none
    enum kc_status status; ///< of ERROR, as the three below
    int16_t kafka_error;   ///< the broker's code, 0 when it said none
    const char *text;      ///< a sentence
    bool fatal;            ///< the consumer does not try again by itself
};

// ---------------------------------------------------------------------------------------------------------------------
// Polling

/// Borrowed bytes; `data` NULL is Kafka's null, which differs from empty.
struct kc_bytes {
    const uint8_t *data;
    size_t size;
};

/// One header of a record.
struct kc_header {
    struct kc_bytes key;
    struct kc_bytes value;
};

/// One record. Everything it points to is borrowed until the next call on the same poll.
struct kc_record {
    const char *topic;
    int32_t partition;
    int32_t leader_epoch; ///< -1: not known
    int64_t offset;
    int64_t timestamp_ms;   ///< -1: none
    int32_t timestamp_type; ///< 0 create time, 1 log append time, -1 none (message format 0)
    bool has_checksum;      ///< stored before there were record batches
    uint32_t checksum;      ///< then: the CRC-32 of its message, as it was stored
    uint32_t header_count;
    struct kc_bytes key;
    struct kc_bytes value;
    struct kc_bytes headers; ///< encoded; walk them with kc_header_next()
};

/// Takes the next header off `headers` (a copy of a record's field); false at the end.
KC_EXPORT bool kc_header_next(struct kc_bytes *headers, struct kc_header *header);

/// What stopped a poll.
struct kc_poll_error {
    enum kc_status status;
    int16_t kafka_error;
    const char *topic; ///< NULL: it concerns the consumer as a whole
    int32_t partition; ///< -1: the topic, or the consumer, as a whole
    int64_t offset;    ///< of the trouble; -1: none
    int64_t
        skip_offset; ///< of corrupt records: the offset to seek to in order to pass them; -1: none
    const char *message; ///< a sentence; never NULL
};

/// Records handed out and not yet settled. A consumer has at most one poll at a time. The functions
/// of a poll are called by one thread at a time; any thread may call kc_poll_interrupt().
///
/// open → (wait)* → next* → accept | put_back
struct kc_poll;

/// How a poll differs from a plain one: any of these, or 0.
enum kc_poll_flags {
    KC_POLL_PEEK = 1, ///< looks: acknowledges nothing of what earlier polls delivered, and its own
                      ///< records come again whatever ends it
    KC_POLL_KEEP = 2, ///< acknowledges nothing of what earlier polls delivered, and what it
                      ///< delivers itself is never acknowledged by a later poll, only by commits
};

/// Begins a poll. Without flags, all that earlier polls delivered counts as processed from now on
/// (auto-commit), but for what polls with KC_POLL_KEEP delivered. KC_POLL_IN_PROGRESS while another
/// one is open; KC_CLOSED after a close; KC_INVALID_ARGUMENT for flags that are none.
KC_EXPORT enum kc_status kc_poll_open(
    struct kc_consumer *consumer, unsigned flags, struct kc_poll **poll
);

/// True when kc_poll_next() may give a record or an error now. (It may still say KC_NO_RECORDS,
/// when all that is at hand turns out to lie before the position: wait again.)
KC_EXPORT bool kc_poll_ready(struct kc_poll *poll);

/// Completes (by `done`, with no particulars) when kc_poll_ready() is true: KC_OK; at the end of
/// `timeout_ms`: KC_TIMED_OUT (here 0 means not to wait at all); KC_INTERRUPTED; KC_CLOSED. One
/// wait at a time.
KC_EXPORT void kc_poll_wait(struct kc_poll *poll, struct kc_call call);

/// Ends a running wait early with KC_INTERRUPTED. Nothing happens when none is running.
KC_EXPORT void kc_poll_interrupt(struct kc_poll *poll);

/// Hands out the next record. KC_NO_RECORDS: no more at hand. Any other error concerns what would
/// have come next, and shows only while this poll has handed out nothing: particulars in
/// kc_poll_last_error().
KC_EXPORT enum kc_status kc_poll_next(struct kc_poll *poll, struct kc_record *record);

/// Takes back the record that the last kc_poll_next() handed out: the next poll begins with it, and
/// this one gives no more. For answers with a bound on their size. Not for the first record of a
/// poll.
KC_EXPORT void kc_poll_unread(struct kc_poll *poll);

/// Particulars of the last error of kc_poll_next(). Borrowed until the next call on this poll.
KC_EXPORT const struct kc_poll_error *kc_poll_last_error(const struct kc_poll *poll);

/// For each partition of which this poll handed out records, the next offset to read and its leader
/// epoch. Borrowed until the poll ends.
KC_EXPORT const struct kc_partition *kc_poll_next_offsets(struct kc_poll *poll, size_t *count);

/// Ends a poll whose records the application has taken: positions move past them (not after a
/// peek). Frees the poll.
KC_EXPORT void kc_poll_accept(struct kc_poll *poll);

/// Ends a poll whose records the application has not taken: the next poll hands the same ones out
/// again. Frees the poll.
KC_EXPORT void kc_poll_put_back(struct kc_poll *poll);

// ---------------------------------------------------------------------------------------------------------------------
// Metrics

/// One number of a consumer, under the name that Kafka's own consumer gives it where it has one.
struct kc_metric {
    const char *name; ///< lower case with dashes, e.g. "records-consumed-total"
    const char *text; ///< one sentence
    double value;
    bool counter; ///< only grows
};

/// Fills up to `capacity` metrics; returns how many there are. Names and texts are static.
KC_EXPORT size_t
kc_metrics(struct kc_consumer *consumer, struct kc_metric *metrics, size_t capacity);
