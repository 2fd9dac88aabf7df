// SPDX-License-Identifier: Apache-2.0
// Does what the group member wants: requests to the coordinator, partitions taken over and given
// up. Engine thread.
#pragma once

#include <stdint.h>

struct engine;
struct position;

/// Makes the member of an engine with a group.
void membership_init(struct engine *engine, uint64_t seed);

/// Tells the member what happened and does what it wants.
void membership_step(struct engine *engine, int64_t now_ms);

/// The time of the next step that is needed without new input; INT64_MAX: none. Does what is wanted
/// until then.
int64_t membership_next_due_ms(struct engine *engine, int64_t now_ms);

/// Takes a partition over: it starts at the committed offset, or by auto.offset.reset.
struct position *membership_add_position(
    struct engine *engine, const char *topic, int32_t partition
);
