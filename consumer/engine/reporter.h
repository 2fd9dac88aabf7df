// SPDX-License-Identifier: Apache-2.0
// Tells the application's listener: what the other parts hand in, and, by comparing what is with
// what was told, changes of state and errors, each when it begins. A subscribed topic that is
// refused is put before polls too. Engine thread.
#pragma once

#include "consumer/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct commit;
struct engine;
struct event;
struct listener;
struct reporter;

/// A reporter to `listener` (NULL: nobody), which is copied. The caller frees it by free().
struct reporter *reporter_new(const struct listener *listener);

/// Tells an event; what the listener returned.
bool reporter_tell(const struct engine *engine, const struct event *event);

/// The consumer's state by its name: "unsubscribed", "assigned" or the member's. Static.
const char *reporter_state_name(const struct engine *engine);

/// Tells the state if it is another than was told last.
void reporter_on_state(struct engine *engine, const char *reason);

/// Tells what the last automatic commit came to, if that is new.
void reporter_on_automatic_commit(struct engine *engine, const struct commit *commit);

/// Tells that the subscription's pattern cannot be matched within its bounds.
void reporter_on_costly_pattern(const struct engine *engine);

/// A subscribed topic that cannot be read.
struct refused_topic {
    const char *topic; ///< borrowed until the engine's next step; NULL: there is none
    enum status status;
    int16_t kafka_error;
};

/// The first of them that the listener was told of.
struct refused_topic reporter_refused_topic(const struct engine *engine);

/// Tells the errors that have begun since the last step.
void reporter_step(struct engine *engine);
