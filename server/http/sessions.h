// SPDX-License-Identifier: Apache-2.0
// Which instance of its application a consumer serves. An instance names its session in its calls;
// the first call of a new one fences the session before: what that was handed and did not process
// is undone, and its late calls are refused. One for each consumer; any thread.
#pragma once

#include "consumer/consumer.h"

#include <stdbool.h>
#include <stdint.h>

struct delivery;
struct events;
struct metrics;
struct out;
struct poller;
struct settings;

enum { SESSION_MOST_BYTES = 256 };

/// The session of a consumer, and those that it had.
struct sessions;

/// What sessions_ask() says.
enum session_answer {
    SESSION_ADMITTED, ///< the call goes on
    SESSION_WAIT,     ///< sessions_wait(), then ask again
    SESSION_IS_OVER,  ///< a newer session has fenced it
};

/// Who is told when a session changes. Borrowed parts of the same consumer.
struct sessions_parts {
    struct delivery *delivery; ///< it takes back what the old session did not process
    struct events *events;     ///< streams of the old one end
    struct poller *poller;     ///< the old one is not waited for
};

/// No session yet. The settings say how many old ones are remembered; parts and metrics must
/// outlive it.
struct sessions *sessions_new(
    const struct settings *settings, struct metrics *metrics, const struct sessions_parts *parts
);

/// Frees it. Nobody may wait any more. NULL is fine.
void sessions_free(struct sessions *sessions);

/// Whether a text can name a session: 1 to SESSION_MOST_BYTES visible ASCII characters.
bool session_is_id(const char *id);

/// A call has come, with a session (NULL: without). When it is admitted `number` gets the number by
/// which it knows its session from then on: 0 when it has none.
enum session_answer sessions_ask(struct sessions *sessions, const char *id, int64_t *number);

/// After SESSION_WAIT: begins the change to that session, or waits for the change that is under
/// way. Completes with KC_OK when the call can ask again, else with what the change has failed of:
/// then there is no current session, and the next call with one tries again.
void sessions_wait(struct sessions *sessions, const char *id, struct kc_call call);

/// Whether the session of that number has been fenced since its call was admitted. Never for 0.
bool sessions_is_over(struct sessions *sessions, int64_t number);

/// Writes the current session, and how many there were, as an object.
void sessions_write(struct sessions *sessions, struct out *out);
