// SPDX-License-Identifier: Apache-2.0
// The names of consumers that were closed since nobody called them, so that a client that comes
// back learns why its consumer is gone. Bounded: the oldest is forgotten first. One thread at a
// time.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { MOST_TOMBSTONES = 64 };

/// One of them.
struct tombstone {
    char *name;
    char *group_id; ///< NULL: it had none
};

/// All of them, the oldest first; zeroed: none.
struct tombstones {
    struct tombstone items[MOST_TOMBSTONES];
    size_t count;
};

/// Remembers a name, which must not be among them.
void tombstones_add(struct tombstones *tombstones, const char *name, const char *group_id);

/// Whether a name is among them.
bool tombstones_have(const struct tombstones *tombstones, const char *name);

/// Forgets a name; nothing happens when it is not among them.
void tombstones_remove(struct tombstones *tombstones, const char *name);

/// Forgets all.
void tombstones_dispose(struct tombstones *tombstones);
