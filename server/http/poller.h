// SPDX-License-Identifier: Apache-2.0
// The application that polls with a session, as one who is waited for when partitions go or come:
// an answer tells it, and its next poll acknowledges. One for each consumer; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct delivery;
struct events;

/// Whoever polls with the current session.
struct poller;

/// Nobody polls yet. The events and the delivery must outlive it. `linger_ms` says for how long
/// after a poll the next one is waited for.
struct poller *poller_new(struct events *events, struct delivery *delivery, int64_t linger_ms);

/// Frees it. NULL is fine.
void poller_free(struct poller *poller);

/// A poll begins.
void poller_on_poll(struct poller *poller);

/// The poll has ended, with an answer or not.
void poller_on_answer(struct poller *poller);

/// Its session is over: it is not waited for any more.
void poller_excuse(struct poller *poller);

/// The held rebalance that the next answer is to tell of; 0: none.
int64_t poller_notice(struct poller *poller);

/// The held rebalance of which an earlier answer has told: a poll that begins now acknowledges it.
/// 0: none.
int64_t poller_owed(struct poller *poller);
