// SPDX-License-Identifier: Apache-2.0
// The table of a consumer's options (key, type, range, default, text) and one consumer's values.
// One thread at a time; read-only once a consumer is open.
#pragma once

#include "consumer/base/status.h"
#include "consumer/engine/options_security.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The kinds of value that an option takes.
enum option_type {
    OPTION_BOOLEAN,
    OPTION_INTEGER,
    OPTION_STRING,
    OPTION_SECRET, ///< a string that is never shown
    OPTION_LIST,
    OPTION_CHOICE,
};

/// One row of the table.
struct option_row {
    const char *key; ///< Kafka's property name
    enum option_type type;
    int64_t min; ///< of OPTION_INTEGER
    int64_t max;
    const char *choices;       ///< separated by commas; NULL: any text
    const char *default_value; ///< NULL: none
    const char *text;          ///< one sentence
};

#define INT_MAX_MS 2147483647

// clang-format off
/// X(NAME, key, type, min, max, choices, default, text). Defaults are those of Apache Kafka's Java client where it has
/// the key.
#define OPTION_LIST_OF_ALL(X) \
    X(BOOTSTRAP_SERVERS, "bootstrap.servers", LIST, 0, 0, NULL, NULL, \
      "Brokers to ask first, as host:port pairs separated by commas.") \
    X(CLIENT_ID, "client.id", STRING, 0, 0, NULL, "kafka-sidecar", \
      "Name of this client in the brokers' logs, metrics and quotas.") \
    X(CLIENT_RACK, "client.rack", STRING, 0, 0, NULL, "", \
      "Rack of this client; brokers may then name a nearer replica to fetch from.") \
    X(GROUP_ID, "group.id", STRING, 0, 0, NULL, NULL, \
      "Consumer group; without it partitions can only be assigned by hand, and nothing can be committed.") \
    X(GROUP_INSTANCE_ID, "group.instance.id", STRING, 0, 0, NULL, NULL, \
      "Makes the consumer a static member of its group (KIP-345).") \
    X(GROUP_PROTOCOL, "group.protocol", CHOICE, 0, 0, "classic", "classic", \
      "Group protocol.") \
    X(PARTITION_ASSIGNMENT_STRATEGY, "partition.assignment.strategy", LIST, 0, 0, "range,roundrobin", "range,roundrobin", \
      "Assignors that this member offers, most wanted first.") \
    X(SESSION_TIMEOUT_MS, "session.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "45000", \
      "Without a heartbeat for this long the member is out of its group.") \
    X(HEARTBEAT_INTERVAL_MS, "heartbeat.interval.ms", INTEGER, 1, INT_MAX_MS, NULL, "3000", \
      "Time between heartbeats to the group's coordinator.") \
    X(MAX_POLL_INTERVAL_MS, "max.poll.interval.ms", INTEGER, 1, INT_MAX_MS, NULL, "300000", \
      "Without a call of the application for this long the member leaves its group until the next poll; also the rebalance timeout.") \
    X(REBALANCE_ACK_TIMEOUT_MS, "rebalance.ack.timeout.ms", INTEGER, 0, INT_MAX_MS, NULL, "10000", \
      "Longest that a rebalance is held for the application's acknowledgement of partitions that go or come; 0: never held.") \
    X(ENABLE_AUTO_COMMIT, "enable.auto.commit", BOOLEAN, 0, 0, NULL, "true", \
      "Commit, in the background, what a later poll has acknowledged.") \
    X(AUTO_COMMIT_INTERVAL_MS, "auto.commit.interval.ms", INTEGER, 1, INT_MAX_MS, NULL, "5000", \
      "Time between automatic commits.") \
    X(AUTO_OFFSET_RESET, "auto.offset.reset", CHOICE, 0, 0, "earliest,latest,none", "latest", \
      "Where to start without a committed offset, or when the position is outside the log.") \
    X(ISOLATION_LEVEL, "isolation.level", CHOICE, 0, 0, "read_uncommitted,read_committed", "read_uncommitted", \
      "Whether records of open and aborted transactions are delivered.") \
    X(CHECK_CRCS, "check.crcs", BOOLEAN, 0, 0, NULL, "true", \
      "Check the CRC-32C of every record batch.") \
    X(ALLOW_AUTO_CREATE_TOPICS, "allow.auto.create.topics", BOOLEAN, 0, 0, NULL, "false", \
      "Let brokers create topics that are subscribed to and do not exist.") \
    X(FETCH_MIN_BYTES, "fetch.min.bytes", INTEGER, 0, INT_MAX_MS, NULL, "1", \
      "A broker holds a fetch until it has this many bytes.") \
    X(FETCH_MAX_BYTES, "fetch.max.bytes", INTEGER, 1, 1073741824, NULL, "52428800", \
      "Most bytes of one fetch; the first batch always comes whole (KIP-74).") \
    X(FETCH_MAX_WAIT_MS, "fetch.max.wait.ms", INTEGER, 0, INT_MAX_MS, NULL, "500", \
      "Longest that a broker holds a fetch.") \
    X(MAX_PARTITION_FETCH_BYTES, "max.partition.fetch.bytes", INTEGER, 1, 1073741824, NULL, "1048576", \
      "Most bytes of one partition in one fetch; the first batch always comes whole.") \
    X(FETCH_BUFFER_BYTES, "fetch.buffer.bytes", INTEGER, 65536, 1099511627776, NULL, "33554432", \
      "Most bytes that are prefetched and not yet delivered, shared equally by the consumers of a process; fetching goes on when half of a share is free.") \
    X(BATCH_MAX_BYTES, "batch.max.bytes", INTEGER, 65536, 2147483647, NULL, "268435456", \
      "Most bytes that one record batch may decompress to; a larger one counts as corrupt.") \
    X(FRAME_MAX_BYTES, "receive.message.max.bytes", INTEGER, 1048576, 2147483647, NULL, "134217728", \
      "Most bytes of one answer of a broker; a larger one closes the connection.") \
    X(MAX_POLL_RECORDS, "max.poll.records", INTEGER, 1, INT_MAX_MS, NULL, "500", \
      "Most records of a poll that does not say how many.") \
    X(METADATA_MAX_AGE_MS, "metadata.max.age.ms", INTEGER, 100, INT_MAX_MS, NULL, "300000", \
      "Metadata is asked again at least this often.") \
    X(RETRY_BACKOFF_MS, "retry.backoff.ms", INTEGER, 1, INT_MAX_MS, NULL, "100", \
      "Wait before the first repetition of a failed request.") \
    X(RETRY_BACKOFF_MAX_MS, "retry.backoff.max.ms", INTEGER, 1, INT_MAX_MS, NULL, "1000", \
      "Longest wait before a repetition.") \
    X(RECONNECT_BACKOFF_MS, "reconnect.backoff.ms", INTEGER, 1, INT_MAX_MS, NULL, "50", \
      "Wait before the first new attempt to connect to a broker.") \
    X(RECONNECT_BACKOFF_MAX_MS, "reconnect.backoff.max.ms", INTEGER, 1, INT_MAX_MS, NULL, "1000", \
      "Longest wait before an attempt to connect.") \
    X(REQUEST_TIMEOUT_MS, "request.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "30000", \
      "A broker that does not answer a request for this long is disconnected.") \
    X(DEFAULT_API_TIMEOUT_MS, "default.api.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "60000", \
      "Longest that a call takes which names no timeout.") \
    X(CONNECTION_SETUP_TIMEOUT_MS, "socket.connection.setup.timeout.ms", INTEGER, 1, INT_MAX_MS, NULL, "10000", \
      "Longest time for setting up a connection, name resolution and handshakes included (KIP-601).") \
    X(CONNECTION_SETUP_TIMEOUT_MAX_MS, "socket.connection.setup.timeout.max.ms", INTEGER, 1, INT_MAX_MS, NULL, "30000", \
      "Bound of that time when it grows with each failure.") \
    X(CONNECTIONS_MAX_IDLE_MS, "connections.max.idle.ms", INTEGER, 1000, INT_MAX_MS, NULL, "540000", \
      "A connection without requests for this long is closed.") \
    X(SECURITY_PROTOCOL, "security.protocol", CHOICE, 0, 0, "PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL", "PLAINTEXT", \
      "How brokers are talked to.") \
    OPTION_LIST_OF_SECURITY(X)

// clang-format on

/// Names of the rows.
enum option_name {

#define OPTION_ENUM(name, ...) OPTION_##name,
    OPTION_LIST_OF_ALL(OPTION_ENUM)
#undef OPTION_ENUM
        OPTION_COUNT
};

/// The values of one consumer.
struct options {
    char *texts[OPTION_COUNT]; ///< owned; NULL where there is no value
    int64_t
        numbers[OPTION_COUNT]; ///< of integers, booleans (0, 1) and choices (index into `choices`)
};

enum { OPTION_ERROR_BYTES = 256 };

/// The row of an option. Static.
const struct option_row *options_row(enum option_name name);

/// True for an option whose references are replaced each time it is used, and not when it is set.
bool options_is_late(enum option_name name);

/// The text of a value that is there and not empty; else NULL.
const char *options_given(const struct options *options, enum option_name name);

/// Every option at its default.
void options_init(struct options *options);

/// A deep copy into uninitialised storage.
void options_copy(struct options *to, const struct options *from);

/// Frees the values.
void options_dispose(struct options *options);

/// Parses and sets one value; NULL gives it its default again. On STATUS_INVALID_CONFIG `error`
/// names the key or value that is wrong and what is right.
enum status options_set(
    struct options *options, const char *key, const char *value, char error[OPTION_ERROR_BYTES]
);

/// Finds a row by its key; NULL when there is none.
const struct option_row *options_find(const char *key, enum option_name *name);

/// Checks what no single value shows (bootstrap.servers there and well-formed, heartbeat below
/// session timeout, a private key with a certificate…). Reads no files.
enum status options_check(const struct options *options, char error[OPTION_ERROR_BYTES]);

/// The number of an integer, boolean or choice.
int64_t options_number(const struct options *options, enum option_name name);

/// The text of a value; NULL when there is none.
const char *options_text(const struct options *options, enum option_name name);

/// Index of auto.offset.reset's choices.
enum offset_reset { RESET_EARLIEST, RESET_LATEST, RESET_NONE };

/// The `index`th host:port of bootstrap.servers; `host` is cut to `size`. IPv6 literals stand in
/// brackets and come without. False past the end, or when the entry is malformed (options_check()
/// has told so before).
bool options_bootstrap(
    const struct options *options, size_t index, char *host, size_t size, int32_t *port
);
